"""calibration: sessions are listed, and their reports printed for people and for machines."""

import asyncio
import uuid

from orchestrator.db.session import Database
from tests.integration.cli.terminal import Terminal
from tests.integration.services.calibration_team import ADA, BEN, rate_all, session_of, staffed


def hold_session(terminal: Terminal, *, reveal: bool) -> uuid.UUID:
    """Two raters over two gold items, one level apart; without ``reveal`` the second has not handed in."""

    async def hold() -> uuid.UUID:
        database = Database(terminal.url)
        try:
            calibrating = await staffed(database)
            session_id = await session_of(calibrating, ADA, BEN)
            await rate_all(calibrating, session_id, ADA, 3)
            if reveal:
                await rate_all(calibrating, session_id, BEN, 4)
        finally:
            await database.aclose()
        return session_id

    return asyncio.run(hold())


def test_a_report_is_printed(terminal: Terminal) -> None:
    """As tables, and whole as JSON with its intervals; the list shows the session."""
    assert terminal.run("calibration", "list").out == "No calibration sessions.\n"
    session_id = hold_session(terminal, reveal=True)
    [line] = terminal.run("calibration", "list", "--json").json
    assert (line["id"], line["state"], line["handed_in"]) == (str(session_id), "revealed", 2)
    printed = terminal.run("calibration", "report", str(session_id))
    assert printed.status == 0
    assert "Practice: customer-support/first-interview 1.0.0, revealed" in printed.out
    assert "0/2 (0% to 66%)" in printed.out
    assert "-1.00" in printed.out
    report = terminal.run("calibration", "report", str(session_id), "--json").json
    assert (report["session"]["id"], report["session"]["gold_items"]) == (str(session_id), 2)
    assert [one["name"] for one in report["raters"]] == ["Ada", "Ben"]
    assert report["competencies"][0]["within_one"]["value"] == 1
    assert report["raters"][1]["severity"]["value"] == 1


def test_there_is_no_report_before_the_reveal(terminal: Terminal) -> None:
    """Nor of a session that does not exist: an error in words, and status 1."""
    session_id = hold_session(terminal, reveal=False)
    printed = terminal.run("calibration", "report", str(session_id))
    assert (printed.status, printed.out) == (1, "")
    assert "not revealed yet" in printed.err
    assert "no such calibration session" in terminal.run("calibration", "report", str(uuid.uuid4())).err
    assert terminal.run("calibration", "report", "first").status == 2
