"""check, rubrics lint, adapters list: what can be said without a database."""

from pathlib import Path

import pytest

from adapters.registry import VENDORS
from tests.integration.cli.terminal import Terminal
from tests.unit.rubrics import samples


def test_good_configuration_is_in_order(terminal: Terminal, configuration: Path) -> None:
    """A good file is confirmed in one line, with nothing on standard error."""
    printed = terminal.run("check", str(configuration))
    assert (printed.status, printed.err) == (0, "")
    assert printed.out == f"{configuration} is in order: 1 connection(s), 2 program(s).\n"


def test_check_prints_the_configuration_as_json(terminal: Terminal, configuration: Path) -> None:
    """--json gives the file as it was understood, defaults included."""
    understood = terminal.run("check", str(configuration), "--json").json
    assert [program["key"] for program in understood["programs"]] == ["support-pilot", "sdr-pilot"]
    assert understood["programs"][0]["invitation"]["extension_days"] == 7


def test_check_needs_no_environment(terminal: Terminal, configuration: Path) -> None:
    """A file can be checked where no secret is."""
    nothing: dict[str, str | None] = dict.fromkeys(terminal.environment)
    assert terminal.run("check", str(configuration), env=nothing).status == 0


def test_every_error_of_a_bad_file_is_listed(terminal: Terminal, configuration: Path) -> None:
    """Three mistakes in three places are three lines on standard error, each with its line, and status 2."""
    text = configuration.read_text("utf-8")
    mistakes = (
        ("adapter: sandbox", "adapter: sandbx"),
        ("rubric: sales/sdr-first-interview", "rubric: sales/sdr-first-intervew"),
        ("role_families: [customer-support]", "role_families: [support]"),
    )
    lines = []
    for right, wrong in mistakes:
        assert right in text
        lines.append(text[: text.index(right)].count("\n") + 1)
        text = text.replace(right, wrong, 1)
    configuration.write_text(text, "utf-8")
    printed = terminal.run("check", str(configuration))
    assert (printed.status, printed.out) == (2, "")
    found = printed.err.splitlines()
    assert sorted(int(line.split(":")[1]) for line in found) == sorted(lines)
    assert "did you mean 'sandbox'?" in printed.err
    assert "did you mean 'sales/sdr-first-interview'?" in printed.err


@pytest.mark.parametrize(
    ("option", "field"),
    [("delay: 2", "delay"), ("quiet_hours: {start: '20:00', end: '08:00'}", "quiet_hours"), ("typo: 1", "typo")],
)
def test_what_would_not_be_obeyed_is_refused(terminal: Terminal, configuration: Path, option: str, field: str) -> None:
    """An option that does not work yet, and a key that does not exist, are errors and never ignored."""
    text = configuration.read_text("utf-8").replace("    share: 1.0\n", f"    share: 1.0\n    {option}\n", 1)
    configuration.write_text(text, "utf-8")
    printed = terminal.run("check", str(configuration))
    assert printed.status == 2
    assert f"programs[0].{field}" in printed.err


def test_missing_file_is_an_error_in_words(terminal: Terminal, tmp_path: Path) -> None:
    """A path that leads nowhere gives one line and status 2."""
    printed = terminal.run("check", str(tmp_path / "nothing.yaml"))
    assert printed.status == 2
    assert printed.err == f"{tmp_path / 'nothing.yaml'}:1:1: cannot be read; is the path right?\n"


def test_shipped_rubrics_are_clean(terminal: Terminal) -> None:
    """The library passes its own linter."""
    printed = terminal.run("rubrics", "lint")
    assert (printed.status, printed.out) == (0, "2 rubric(s), 0 finding(s).\n")


def test_rubric_with_an_error_fails_the_lint(terminal: Terminal, tmp_path: Path) -> None:
    """A rubric of one's own that breaks a rule is named, and the status is 1."""
    file = tmp_path / "own" / "bakery" / "first-interview.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(samples.spoiled("weight: 1", "weight: 10")[0], "utf-8")
    printed = terminal.run("rubrics", "lint", str(tmp_path / "own"))
    assert printed.status == 1
    assert "weight-share" in printed.out
    codes = {finding["code"] for finding in terminal.run("rubrics", "lint", str(tmp_path / "own"), "--json").json}
    assert "weight-share" in codes


def test_rubric_that_cannot_be_read_is_an_error(terminal: Terminal, tmp_path: Path) -> None:
    """A file that is not a rubric is listed with its line, and the status is 2: it must be mended."""
    file = tmp_path / "own" / "bakery" / "first-interview.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("id: bakery/first-interview\nnonsense: 1\n", "utf-8")
    printed = terminal.run("rubrics", "lint", str(tmp_path / "own"))
    assert printed.status == 2
    assert "first-interview.yaml:2:1: nonsense" in printed.err


def test_adapters_are_listed(terminal: Terminal) -> None:
    """Every vendor of the registry is there, with what it can do."""
    rows = terminal.run("adapters", "list", "--json").json
    assert [row["key"] for row in rows] == sorted(VENDORS)
    assert {"notes", "polling", "signed_webhooks"} <= set(rows[0]["capabilities"])
    assert "Sandbox ATS" in terminal.run("adapters", "list").out


def test_unknown_command_shows_the_usage(terminal: Terminal) -> None:
    """A slip of the fingers is status 2, with the usage."""
    printed = terminal.run("serv")
    assert printed.status == 2
    assert "Usage: evenhand" in printed.err
