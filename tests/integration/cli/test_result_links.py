"""result-links: what is listed, and how one is ended."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fixtures.ordering_sandbox import PRESENTED, SECRETS, ordering_sandbox
from tests.integration.cli.terminal import Terminal

OPEN, EXPIRED, ELSEWHERE = (uuid.UUID(int=number) for number in (1, 2, 3))


@pytest.fixture(autouse=True)
def orders() -> Iterator[None]:
    """The sandbox takes orders."""
    with ordering_sandbox():
        yield


def give_links(terminal: Terminal) -> None:
    """Three links: one that opens, one whose time is over, and one of a connection that gives none any more."""
    issued = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.000000")
    for link, connection, until in ((OPEN, "sandbox", 2999), (EXPIRED, "sandbox", 2026), (ELSEWHERE, "gone", 2999)):
        interview = uuid.uuid4().hex
        terminal.tamper(
            "INSERT INTO assessment_order (id, connection, dedupe, turn, program_key, received_at, state, ours, interview_id)"
            f" VALUES ('{uuid.uuid4().hex}', '{connection}', '{interview}', 1, 'support-pilot', "
            f"'2026-01-01 09:00:00.000000', 'placed', 0, '{interview}')"
        )
        terminal.tamper(
            "INSERT INTO result_link (id, interview_id, connection, generation, token_hash, issued_at, expires_at) VALUES "
            f"('{link.hex}', '{interview}', '{connection}', 1, 'hash-{link.hex}', "
            f"'{issued}', '{until}-01-02 09:00:00.000000')"
        )


def switch_on(terminal: Terminal, configuration: Path) -> None:
    """The connection takes orders and asks for links."""
    terminal.environment.update(PRESENTED)
    text = configuration.read_text("utf-8")
    configuration.write_text(
        text.replace("poll_minutes: 5", f"poll_minutes: 5\n    result_links: {{reachable: true}}\n    {SECRETS}"),
        "utf-8",
    )


def test_links_are_listed_with_their_state_and_no_token(terminal: Terminal, configuration: Path) -> None:
    """Newest first, narrowed down by connection and number; an empty answer says so."""
    assert terminal.run("result-links", "list").out == "No result links.\n"
    switch_on(terminal, configuration)
    give_links(terminal)
    rows = terminal.run("result-links", "list", "--json").json
    assert [(row["id"], row["state"]) for row in rows] == [
        (str(ELSEWHERE), "closed"),
        (str(EXPIRED), "expired"),
        (str(OPEN), "open"),
    ]
    assert "hash-" not in terminal.run("result-links", "list", "--json").out
    assert len(terminal.run("result-links", "list", "--connection", "sandbox", "--limit", "1", "--json").json) == 1
    assert str(OPEN) in terminal.run("result-links", "list").out


def test_a_link_is_ended_once_and_for_good(terminal: Terminal, configuration: Path) -> None:
    """It is in the audit log, once; what is not there is an error in words, and so is a missing reason."""
    switch_on(terminal, configuration)
    give_links(terminal)
    for _ in range(2):
        printed = terminal.run("result-links", "revoke", str(OPEN), "--reason", "It was posted.")
        assert (printed.status, printed.out) == (0, "Revoked. Who has an account still reads the result.\n")
    states = {row["id"]: row["state"] for row in terminal.run("result-links", "list", "--json").json}
    assert states[str(OPEN)] == "revoked"
    assert terminal.run("audit", "verify", "--json").json["events"] == 1
    for name in ("EH-UNKNOWN", str(uuid.uuid4())):
        printed = terminal.run("result-links", "revoke", name, "--reason", "Because.")
        assert (printed.status, printed.err) == (1, "evenhand: There is no result link of that name.\n")
    assert terminal.run("result-links", "revoke", str(EXPIRED), "--reason", " ").status == 1
    assert terminal.run("result-links", "revoke", str(EXPIRED)).status == 2
