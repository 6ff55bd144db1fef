"""doctor from the command line: statuses, words and JSON, where neither ATS nor mail server nor worker is there."""

from pathlib import Path

import msgspec
import pytest

from orchestrator.domain.findings import Report
from tests.fixtures.house import free_port
from tests.integration.cli.terminal import Terminal

FIRST = "d55c7e2734a3"
NOBODY = {"EVENHAND_SMTP_PORT": str(free_port())}
"""A port at which no mail server is."""


@pytest.fixture(autouse=True)
def nobody_at_the_ats(configuration: Path) -> None:
    """Somebody may run a sandbox on this machine at its usual port."""
    text = configuration.read_text("utf-8")
    configuration.write_text(text.replace("127.0.0.1:8401", f"127.0.0.1:{free_port()}"), "utf-8")


def codes(report: Report) -> list[str]:
    return [finding.code.value for finding in report.findings]


def test_it_names_what_is_wrong_and_ends_with_one(terminal: Terminal) -> None:
    """Each finding in words with its mend, the worst first, and how many there are."""
    printed = terminal.run("doctor", env=NOBODY)
    assert printed.status == 1
    assert printed.err == ""
    assert "error   sandbox: base_url  [ats_unreachable]" in printed.out
    assert "To mend it: Start `evenhand worker`" in printed.out
    assert printed.out.index("[worker_missing]") < printed.out.index("[grader_embedded]")
    assert printed.out.endswith("3 errors, 0 warnings, 1 info.\n")


def test_json_is_the_whole_report(terminal: Terminal) -> None:
    """One document that reads back as what the page shows."""
    printed = terminal.run("doctor", "--json", env=NOBODY)
    report = msgspec.json.decode(printed.out, type=Report)
    assert printed.status == 1
    assert codes(report) == ["worker_missing", "mail_unreachable", "ats_unreachable", "grader_embedded"]
    assert report.connections == ("sandbox",)


def test_one_connection_only(terminal: Terminal) -> None:
    """Nothing is said of the installation; a connection that does not exist is an error in words."""
    report = msgspec.json.decode(terminal.run("doctor", "--connection", "sandbox", "--json").out, type=Report)
    assert codes(report) == ["ats_unreachable"]
    printed = terminal.run("doctor", "--connection", "sandbx")
    assert (printed.status, printed.out) == (1, "")
    assert "There is no connection 'sandbx'" in printed.err


def test_a_database_that_was_never_migrated(terminal: Terminal) -> None:
    """It says so and looks at what needs no database; nothing is asked of the ATS, because it could not be logged."""
    empty = terminal.file.parent / "empty.db"
    empty.touch()
    elsewhere = {"EVENHAND_DATABASE_URL": f"sqlite+aiosqlite:///{empty}"}
    report = msgspec.json.decode(terminal.run("doctor", "--json", env={**NOBODY, **elsewhere}).out, type=Report)
    assert codes(report) == ["database_not_migrated", "mail_unreachable", "grader_embedded"]


def test_a_database_of_an_older_release(terminal: Terminal) -> None:
    """The first migration alone is not enough; one that this release does not know is a newer one, which is fine."""
    terminal.tamper("UPDATE alembic_version SET version_num = 'a-newer-one'")
    assert "database_not_migrated" not in terminal.run("doctor", "--json").out
    terminal.tamper(f"UPDATE alembic_version SET version_num = '{FIRST}'")
    assert "database_not_migrated" in terminal.run("doctor", "--json").out
    terminal.tamper("DELETE FROM alembic_version")
    assert "database_not_migrated" in terminal.run("doctor", "--json").out


def test_a_database_that_is_not_there(terminal: Terminal) -> None:
    """One finding instead of a stack of errors."""
    away = terminal.file.parent / "nowhere" / "no.db"
    printed = terminal.run("doctor", "--json", env={**NOBODY, "EVENHAND_DATABASE_URL": f"sqlite+aiosqlite:///{away}"})
    report = msgspec.json.decode(printed.out, type=Report)
    assert printed.status == 1
    assert codes(report) == ["database_unreachable", "mail_unreachable", "grader_embedded"]


def test_a_setting_that_is_missing_is_two(terminal: Terminal) -> None:
    """What keeps every command from running keeps this one too, and is told in the same way."""
    printed = terminal.run("doctor", env={"EVENHAND_SANDBOX_API_KEY": None})
    assert printed.status == 2
    assert "EVENHAND_SANDBOX_API_KEY is not set" in printed.err
