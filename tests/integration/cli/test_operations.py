"""sync, quarantine, work, audit and user: what operations does, from the command line."""

import re
import uuid
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from adapters.contract.model import Application, Candidate, Job, JobStatus, Stage, StageEntryRef
from orchestrator.db.models.intake import DeliveryRow, DeliverySource
from orchestrator.db.models.writeback import Direction, SyncRow
from orchestrator.errors import Unauthenticated
from orchestrator.main import Runtime
from orchestrator.services.kinds import ApplyRetention, PollConnection
from orchestrator.work.queue import enqueue
from tests.integration.cli.terminal import Terminal

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
PASSWORD = "correct horse battery staple"


def give_work(terminal: Terminal) -> None:
    """Two items of work; the first is a dead letter."""

    async def action(runtime: Runtime) -> None:
        async with runtime.database.transaction() as tx:
            await enqueue(tx, PollConnection(connection="sandbox"), dedupe="one")
            await enqueue(tx, ApplyRetention(), dedupe="two")

    terminal.arrange(action)
    terminal.tamper(
        "UPDATE work SET state = 'dead', cause = 'given_up', error = 'Refused: no such field', finished_at = run_at "
        "WHERE id = 1"
    )


def hold_an_application(terminal: Terminal) -> None:
    """An application enters a stage that no table knows."""
    application = Application(
        id="app_000001",
        candidate=Candidate(id="cand_000001", first_name="Ada", last_name="Byron", emails=("ada@example.com",)),
        job=Job(id="job_000001", title="Customer Support Specialist", status=JobStatus.OPEN),
        stage=Stage(id="stg_000099", name="Coffee chat"),
        entry=StageEntryRef(history_id="7"),
    )

    async def action(runtime: Runtime) -> None:
        intake, connection = runtime.services.intake, runtime.connections.get("sandbox")
        async with runtime.database.transaction() as tx:
            await intake.announce(tx, "sandbox", application.id, DeliverySource.POLL, mark="1")
            delivery = (await tx.session.scalars(sa.select(DeliveryRow.id))).one()
            outcome = await intake._triggering.take_in(tx, connection, application, delivery)
        assert outcome == "hold: stage_unmapped"

    terminal.arrange(action)


def test_work_is_listed_newest_first(terminal: Terminal) -> None:
    """All work, or only that of a state or kind; an empty answer says so."""
    assert terminal.run("work", "list").out == "No work.\n"
    give_work(terminal)
    assert [row["id"] for row in terminal.run("work", "list", "--json").json] == [2, 1]
    assert [row["id"] for row in terminal.run("work", "list", "--state", "dead", "--json").json] == [1]
    assert [row["id"] for row in terminal.run("work", "list", "--kind", "retention.apply", "--json").json] == [2]
    assert len(terminal.run("work", "list", "--limit", "1", "--json").json) == 1
    assert "Refused: no such field" in terminal.run("work", "list").out


def test_one_item_of_work_is_shown_in_full(terminal: Terminal) -> None:
    """Payload and error are there; an unknown number is an error in words."""
    give_work(terminal)
    [row] = terminal.run("work", "show", "1", "--json").json
    assert (row["kind"], row["state"], row["error"]) == ("ats.poll", "dead", "Refused: no such field")
    assert "sandbox" in row["payload"]
    printed = terminal.run("work", "show", "77")
    assert (printed.status, printed.err) == (1, "evenhand: there is no work 77\n")


def test_dead_letter_is_replayed_once(terminal: Terminal) -> None:
    """It is queued again; a second replay is refused, for it is not dead any more."""
    give_work(terminal)
    assert terminal.run("work", "replay", "1").out == "Work 1 is in the queue again.\n"
    assert terminal.run("work", "list", "--state", "dead", "--json").json == []
    printed = terminal.run("work", "replay", "1")
    assert printed.status == 1
    assert "only dead work can be replayed" in printed.err
    assert terminal.run("audit", "verify", "--json").json["events"] == 1


def test_dead_letter_is_settled_with_a_reason(terminal: Terminal) -> None:
    """Without a reason nothing happens; with one, who and why are kept."""
    give_work(terminal)
    assert terminal.run("work", "done", "1").status == 2
    assert "say why" in terminal.run("work", "done", "1", "--reason", "  ").err
    assert terminal.run("work", "done", "1", "--reason", "typed it into the ATS").out == "Work 1 is settled.\n"
    [row] = terminal.run("work", "show", "1", "--json").json
    assert (row["state"], row["done_by"], row["done_reason"]) == ("done", "cli", "typed it into the ATS")


def test_sync_log_is_listed(terminal: Terminal) -> None:
    """Field names and outcome of every exchange, for one connection if asked."""

    async def action(runtime: Runtime) -> None:
        async with runtime.database.transaction() as tx:
            tx.session.add(
                SyncRow(
                    connection="sandbox",
                    external_id="app_000001",
                    direction=Direction.PUSH,
                    operation="write_fields",
                    fields=["interview_band"],
                    at=NOW,
                    duration_ms=12.5,
                    outcome="ok",
                    detail="",
                )
            )

    assert terminal.run("sync", "list").out == "Nothing was pushed or pulled yet.\n"
    terminal.arrange(action)
    [row] = terminal.run("sync", "list", "--connection", "sandbox", "--json").json
    assert (row["operation"], row["fields"], row["outcome"]) == ("write_fields", ["interview_band"], "ok")
    assert terminal.run("sync", "list", "--connection", "other", "--json").json == []
    assert "interview_band" in terminal.run("sync", "list").out


def test_unknown_stage_is_mapped_and_what_it_held_goes_on(terminal: Terminal) -> None:
    """The quarantine shows the stage and who waits; mapping it empties the quarantine and puts one re-read to work."""
    assert terminal.run("quarantine", "list").out == "The quarantine is empty.\n"
    hold_an_application(terminal)
    [held] = terminal.run("quarantine", "list", "--json").json
    assert (held["stage_name"], held["waiting"]) == ("Coffee chat", 1)
    before = len(terminal.run("work", "list", "--json").json)
    assert terminal.run("quarantine", "map", held["id"], "recruiter_screen", "--json").json == [{"applications": 1}]
    assert terminal.run("quarantine", "list", "--json").json == []
    work = terminal.run("work", "list", "--json").json
    assert [row["kind"] for row in work[: len(work) - before]] == ["application.read"]
    assert terminal.run("quarantine", "map", held["id"], "offer").status == 1


def test_stage_is_mapped_only_to_a_kind_that_exists(terminal: Terminal) -> None:
    """A kind of one's own is refused with the list of kinds."""
    printed = terminal.run("quarantine", "map", str(uuid.uuid4()), "coffee")
    assert printed.status == 2
    assert "first_interview" in printed.err


def add_user(terminal: Terminal, email: str = "Sam@Example.com", password: str = PASSWORD) -> tuple[int, str, str]:
    """Add an account with the password on standard input."""
    printed = terminal.run("user", "add", email, "--name", "Sam Reed", "--password-stdin", typed=f"{password}\n")
    return printed.status, printed.out, printed.err


def test_account_is_added_and_can_sign_in(terminal: Terminal) -> None:
    """The password from standard input works, however the address is spelt; another does not."""
    assert add_user(terminal) == (0, "Sam Reed can sign in as recruiter.\n", "")

    async def sign_in(runtime: Runtime) -> str:
        with pytest.raises(Unauthenticated):
            await runtime.services.accounts.sign_in("sam@example.com", PASSWORD + "!")
        return await runtime.services.accounts.sign_in("sam@example.com", PASSWORD)

    assert terminal.arrange(sign_in)


def test_account_asks_for_a_password(terminal: Terminal) -> None:
    """Without --password-stdin it is asked for twice, and two that differ are not taken."""
    command = ("user", "add", "kim@example.com", "--name", "Kim", "--role", "admin")
    assert terminal.run(*command, typed=f"{PASSWORD}\nanother one altogether\n").status == 1
    printed = terminal.run(*command, typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert printed.status == 0
    assert printed.out.endswith("Kim can sign in as admin.\n")
    assert PASSWORD not in printed.out + printed.err


def test_short_password_is_refused(terminal: Terminal) -> None:
    """Eleven characters are too few, and nothing is stored."""
    status, _, err = add_user(terminal, password="eleven char")
    assert (status, err) == (1, "evenhand: A password needs at least 12 characters.\n")
    assert add_user(terminal)[0] == 0


def test_second_account_with_an_address_is_refused(terminal: Terminal) -> None:
    """One address, one account, however it is spelt; the message does not repeat it."""
    add_user(terminal)
    status, _, err = add_user(terminal, email="sam@example.COM")
    assert (status, err) == (1, "evenhand: There is an account with this e-mail.\n")


def test_untouched_log_verifies(terminal: Terminal) -> None:
    """Every event is counted and the last hash is shown."""
    add_user(terminal)
    assert re.fullmatch(r"1 events, unbroken\. Last hash [0-9a-f]{64}\n", terminal.run("audit", "verify").out)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("UPDATE audit_event SET event = replace(event, 'recruiter', 'admin') WHERE sequence = 2", "event 2"),
        ("UPDATE audit_event SET actor = 'account:nobody' WHERE sequence = 2", "event 2"),
        ("DELETE FROM audit_event WHERE sequence = 2", "event 2"),
        ("DELETE FROM audit_event WHERE sequence = 3", "event 2"),
    ],
    ids=["content", "column", "removed", "cut off"],
)
def test_tampering_is_found(terminal: Terminal, change: str, named: str) -> None:
    """An event that was changed or removed behind our back ends the command with status 1 and its number."""
    for name in ("a", "b", "c"):
        add_user(terminal, email=f"{name}@example.com")
    terminal.tamper(change)
    printed = terminal.run("audit", "verify")
    assert (printed.status, printed.out) == (1, "")
    assert named in printed.err


@pytest.mark.parametrize("number", ["0", str(2**63), "9" * 20])
@pytest.mark.parametrize(
    "command", [("show",), ("replay",), ("done", "--reason", "Written by hand.")], ids=lambda c: c[0]
)
def test_work_that_cannot_exist_is_not_there(terminal: Terminal, command: tuple[str, ...], number: str) -> None:
    """One line and status 1, as for a number that nothing has."""
    name, *options = command
    printed = terminal.run("work", name, number, *options)
    assert (printed.status, printed.out) == (1, "")
    assert len(printed.err.splitlines()) == 1
    assert "no work" in printed.err


def states(terminal: Terminal) -> dict[int, str]:
    """The state of every item by its number."""
    return {row["id"]: row["state"] for row in terminal.run("work", "list", "--json").json}


def give_up_everything(terminal: Terminal) -> None:
    """Two items, both dead letters."""
    give_work(terminal)
    terminal.tamper("UPDATE work SET state = 'dead', cause = 'given_up', finished_at = run_at")


def test_many_dead_letters_are_replayed_by_what_they_have_in_common(terminal: Terminal) -> None:
    """Numbers and options narrow down together; nothing given is an error, and so is everything beside something."""
    give_up_everything(terminal)
    assert terminal.run("work", "replay").status == 2
    assert terminal.run("work", "replay", "--all", "--kind", "ats.poll").status == 2
    answer = terminal.run("work", "replay", "1", "2", "--kind", "retention.apply", "--json")
    assert answer.json == {"count": 1, "ids": [2]}
    assert states(terminal) == {1: "dead", 2: "queued"}
    assert terminal.run("work", "replay", "--all").out == "Work 1 is in the queue again.\n"
    assert terminal.run("work", "replay", "--all").out == "0 pieces of work are in the queue again.\n"


def test_work_is_cancelled_with_a_reason(terminal: Terminal) -> None:
    """First looked at, then done; who and why are kept, and dead letters are left alone."""
    give_work(terminal)
    assert terminal.run("work", "cancel", "--reason", "no").status == 2
    assert terminal.run("work", "cancel", "2").status == 2
    dry = terminal.run("work", "cancel", "--kind", "retention.apply", "--reason", "tried", "--dry-run", "--json")
    assert dry.json == {"count": 1, "ids": [2]}
    assert states(terminal)[2] == "queued"
    assert "say why" in terminal.run("work", "cancel", "2", "--reason", " ").err
    assert terminal.run("work", "cancel", "1", "2", "--reason", "not now").out == "Work 2 is cancelled.\n"
    assert states(terminal) == {1: "dead", 2: "cancelled"}
    [row] = terminal.run("work", "show", "2", "--json").json
    assert (row["done_by"], row["done_reason"]) == ("cli", "not now")
    assert terminal.run("work", "cancel", "2", "--reason", "again", "--json").json == {"count": 0, "ids": []}
    assert terminal.run("audit", "verify", "--json").json["events"] == 1


def test_settling_answers_machines_too(terminal: Terminal) -> None:
    """The same shape as the other commands that change work."""
    give_work(terminal)
    assert terminal.run("work", "done", "1", "--reason", "by hand", "--json").json == {"count": 1, "ids": [1]}


def test_metrics_say_what_waits_and_who_works(terminal: Terminal) -> None:
    """In words with a heading for each part, and all of it as JSON."""
    give_work(terminal)
    terminal.tamper("UPDATE work SET run_at = run_at - 90 WHERE id = 2")
    found = terminal.run("work", "metrics", "--json").json
    [row] = found["backlog"]
    assert (row["kind"], row["state"], row["count"], row["due"]) == ("retention.apply", "queued", 1, 1)
    assert row["oldest_age"] >= 90
    assert found["dead"] == [{"kind": "ats.poll", "cause": "given_up", "count": 1}]
    assert (found["workers"], found["connections"], found["unread"]["count"]) == ([], [], 0)
    printed = terminal.run("work", "metrics").out
    assert "No worker runs." in printed
    assert "retention.apply" in printed
