"""What ends is said in good time, the most pressing first."""

from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.services.endings import ending_troubles

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=15), None),
        (timedelta(days=13, hours=1), "ends on 15 March 2026, in 13 days; plan a new one"),
        (timedelta(days=2, hours=1), "in 2 days: nothing goes to the ATS after that; make a new one"),
        (timedelta(hours=3), "in less than a day: nothing goes to the ATS after that"),
        (timedelta(days=-1), "ended on 01 March 2026; make a new one in the ATS and store it"),
    ],
)
def test_the_nearer_the_end_the_clearer_the_words(left: timedelta, words: str | None) -> None:
    """Nothing before 14 days, a plan until 3, then that it presses."""
    said = list(ending_troubles([("north", "api_key", NOW + left)], now=NOW))
    assert len(said) == (0 if words is None else 1)
    assert all(words is not None and words in one and "'api_key' of north" in one for one in said)


def test_the_first_to_end_comes_first() -> None:
    """Also where the ATS says an end and does not say of what."""
    ends = [("north", "api_key", NOW + timedelta(days=9)), ("south", None, NOW + timedelta(days=1))]
    said = list(ending_troubles(ends, now=NOW))
    assert ["of south" in said[0], "of north" in said[1]] == [True, True]
    assert "evenhand credentials set south NAME" in said[0]
