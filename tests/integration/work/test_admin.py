"""What a person can do to work: look, replay, settle by hand, cancel, clear away; what changes it is in the audit log."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from orchestrator.db.models.audit import AuditRow
from orchestrator.db.session import Database
from orchestrator.errors import InputInvalid, Missing, Stale
from orchestrator.work import admin
from orchestrator.work.admin import Selection
from orchestrator.work.job import Job
from orchestrator.work.outcome import Dead
from orchestrator.work.queue import enqueue
from orchestrator.work.table import WorkState, work
from orchestrator.work.worker import Worker
from tests.fixtures.work import Note, all_work, create_effects, effects, leave, write_note


async def give_up(payload: Note, job: Job) -> Dead:
    """A handler that makes a dead letter of everything."""
    return Dead("the field is gone")


async def audit_trail(database: Database) -> list[tuple[str, str, str]]:
    """Actor, tag and subject of every event."""
    async with database.reading() as session:
        rows = await session.execute(
            sa.select(AuditRow.actor, AuditRow.tag, AuditRow.subject).order_by(AuditRow.sequence)
        )
        return [(row.actor, row.tag, row.subject) for row in rows]


async def put(database: Database, *numbers: int, subject: str | None = None, dedupe: str | None = None) -> list[int]:
    """Enqueue notes; returns the ids of all work."""
    async with database.transaction() as tx:
        for number in numbers:
            key = f"{dedupe}:{number}" if dedupe else None
            await enqueue(tx, Note(number=number), subject=subject, dedupe=key, lane=f"lane-{number}")
    return [item.id for item in await all_work(database)]


async def test_replay_gives_a_dead_letter_all_its_attempts_again(database: Database) -> None:
    """Same id, same key, attempt 0; only dead work can be replayed; who did it is recorded."""
    await create_effects(database)
    (work_id,) = await put(database, 1, dedupe="note")
    await Worker(database, {Note: give_up}).run_until_idle()
    async with database.transaction() as tx:
        await admin.replay(tx, work_id, actor="account:7")
    (item,) = await all_work(database)
    assert (item.id, item.dedupe, item.state, item.attempt, item.cause) == (
        work_id,
        "note:1",
        WorkState.QUEUED,
        0,
        None,
    )
    await Worker(database, {Note: write_note}).run_until_idle()
    assert await effects(database) == [1]
    with pytest.raises(Stale):
        async with database.transaction() as tx:
            await admin.replay(tx, work_id, actor="account:7")
    with pytest.raises(Missing):
        async with database.transaction() as tx:
            await admin.replay(tx, work_id + 1, actor="account:7")
    assert await audit_trail(database) == [("account:7", "operations:work:replayed", f"work:{work_id}")]


async def test_replayed_item_never_runs_beside_a_later_one_of_its_lane(database: Database) -> None:
    """Replay brings a low id back while a later item runs; the lane still does one at a time."""
    await create_effects(database)
    running_now: list[int] = []
    started, go_on = asyncio.Event(), asyncio.Event()

    async def handler(payload: Note, job: Job) -> Dead | None:
        if payload.number == 1 and not started.is_set():
            return Dead("no")
        running_now.append(payload.number)
        assert len(running_now) == 1
        started.set()
        await go_on.wait()
        running_now.remove(payload.number)
        await write_note(payload, job)
        return None

    async with database.transaction() as tx:
        for number in (1, 2):
            await enqueue(tx, Note(number=number), lane="a")
    worker = Worker(database, {Note: handler})
    running = asyncio.create_task(worker.run_until_idle())
    await started.wait()
    async with database.transaction() as tx:
        assert len(await admin.replay_many(tx, Selection(lane="a"), actor="account:7")) == 1
    async with database.transaction() as tx:
        await enqueue(tx, Note(number=3))
    assert await Worker(database, {Note: write_note}).run_until_idle() == 1
    assert await effects(database) == [3]
    go_on.set()
    await running
    await worker.run_until_idle()
    assert await effects(database) == [3, 2, 1]


async def test_replay_many_takes_only_what_is_meant(database: Database) -> None:
    """By subject, each with its own audit event."""
    first = await put(database, 1, 2, subject="interview:a")
    await put(database, 3, subject="interview:b")
    await Worker(database, {Note: give_up}).run_until_idle()
    async with database.transaction() as tx:
        assert await admin.replay_many(tx, Selection(subject="interview:a"), actor="cli") == first
    assert [item.state for item in await all_work(database)] == [WorkState.QUEUED, WorkState.QUEUED, WorkState.DEAD]
    assert len(await audit_trail(database)) == 2


async def test_done_by_hand_needs_a_reason_and_keeps_it(database: Database) -> None:
    """A person did it elsewhere: the row says who and why, the audit log says who."""
    (work_id,) = await put(database, 1)
    await Worker(database, {Note: give_up}).run_until_idle()
    with pytest.raises(InputInvalid):
        async with database.transaction() as tx:
            await admin.done_by_hand(tx, work_id, actor="account:7", reason="  ")
    async with database.transaction() as tx:
        await admin.done_by_hand(tx, work_id, actor="account:7", reason="typed it into the ATS")
    async with database.reading() as session:
        item = await admin.show_work(session, work_id)
    assert (item.state, item.done_by, item.done_reason) == (WorkState.DONE, "account:7", "typed it into the ATS")
    with pytest.raises(Stale):
        async with database.transaction() as tx:
            await admin.done_by_hand(tx, work_id, actor="account:7", reason="again")
    assert await audit_trail(database) == [("account:7", "operations:work:done_by_hand", f"work:{work_id}")]


async def test_cancel_takes_queued_and_running_work_of_a_selection(database: Database) -> None:
    """A running handler finds its lease gone and leaves no effect; other work is untouched."""
    await create_effects(database)
    started, go_on = asyncio.Event(), asyncio.Event()

    async def handler(payload: Note, job: Job) -> None:
        started.set()
        await go_on.wait()
        async with job.finish() as tx:
            await tx.session.execute(leave(payload.number))

    await put(database, 1, 2, subject="interview:a", dedupe="remind:a")
    await put(database, 3, subject="interview:b", dedupe="remind:a_b")
    worker = Worker(database, {Note: handler}, concurrency=1)
    running = asyncio.create_task(worker.run_until_idle())
    await started.wait()
    async with database.transaction() as tx:
        assert await admin.cancel(tx, Selection(kinds=["note.write"], dedupe_prefix="remind:a:")) == 2
    go_on.set()
    await running
    assert await effects(database) == [3]
    assert worker.counts.leases_lost == 1
    async with database.transaction() as tx:
        with pytest.raises(ValueError, match="refusing to cancel all work"):
            await admin.cancel(tx, Selection())


async def test_finished_work_is_cleared_away_and_dead_letters_stay(database: Database) -> None:
    """Retention takes what is done and old, nothing else."""
    await create_effects(database)
    await put(database, 1, 2)
    await Worker(database, {Note: write_note}).run_until_idle()
    await put(database, 3)
    await Worker(database, {Note: give_up}).run_until_idle()
    await put(database, 4)
    async with database.transaction() as tx:
        await tx.session.execute(
            sa.update(work).where(work.c.payload != '{"number":2}').values(finished_at=work.c.finished_at - 40 * 86400)
        )
    async with database.transaction() as tx:
        assert await admin.clear_finished(tx, older_than=timedelta(days=30)) == 1
    states = [(item.payload, item.state) for item in await all_work(database)]
    assert states == [
        ('{"number":2}', WorkState.DONE),
        ('{"number":3}', WorkState.DEAD),
        ('{"number":4}', WorkState.QUEUED),
    ]


async def test_lists_narrow_by_state_lane_kind_number_and_limit(database: Database) -> None:
    """Every condition that is given holds; the newest come first."""
    (first, *_) = await put(database, 1)
    await Worker(database, {Note: give_up}).run_until_idle()
    await put(database, 2, 3)
    async with database.reading() as session:
        dead = await admin.list_work(session, Selection(states=[WorkState.DEAD]))
        lane = await admin.list_work(session, Selection(lane="lane-3", kinds=["note.write"]))
        newest = await admin.list_work(session, Selection(), limit=2)
        one = await admin.list_work(session, Selection(ids=[first]))
        both = await admin.list_work(session, Selection(ids=[first], states=[WorkState.QUEUED]))
    assert [item.error for item in dead] == ["the field is gone"]
    assert [item.payload for item in lane] == ['{"number":3}']
    assert [item.payload for item in newest] == ['{"number":3}', '{"number":2}']
    assert [item.id for item in one] == [first]
    assert both == []


async def test_cancelling_by_hand_keeps_who_and_why(database: Database) -> None:
    """On every item, and once in the audit log; without a reason, and without a condition, nothing happens."""
    ids = await put(database, 1, 2, subject="interview:a")
    with pytest.raises(InputInvalid):
        async with database.transaction() as tx:
            await admin.cancel_by_hand(tx, Selection(subject="interview:a"), actor="cli", reason=" ")
    with pytest.raises(ValueError, match="refusing to cancel all work"):
        async with database.transaction() as tx:
            await admin.cancel_by_hand(tx, Selection(states=[WorkState.QUEUED]), actor="cli", reason="no")
    async with database.reading() as session:
        assert await admin.open_ids(session, Selection(subject="interview:a")) == ids
    async with database.transaction() as tx:
        cancelled = await admin.cancel_by_hand(tx, Selection(subject="interview:a"), actor="cli", reason="she called")
    assert [item.id for item in cancelled] == ids
    assert {(item.state, item.done_by, item.done_reason) for item in await all_work(database)} == {
        (WorkState.CANCELLED, "cli", "she called")
    }
    assert await audit_trail(database) == [("cli", "operations:work:cancelled", "work")]
