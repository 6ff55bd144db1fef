"""stock: what is said where there is none to take."""

from tests.integration.cli.terminal import Terminal


def test_retaking_stock_where_there_is_none(terminal: Terminal) -> None:
    """An ATS that dates every entry needs none, and of a connection that nobody knows there is none."""
    for key, words in (("sandbox", "no stock to take"), ("nobody", "no connection 'nobody'")):
        ended = terminal.run("stock", "retake", key)
        assert ended.status == 1
        assert words in ended.err
