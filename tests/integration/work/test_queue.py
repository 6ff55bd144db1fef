"""Work is enqueued with the caller's transaction, once for each key, and done in its order and at its time."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from orchestrator.db.session import Database, Transaction
from orchestrator.work.job import Job
from orchestrator.work.outcome import Dead, Retry
from orchestrator.work.queue import enqueue
from orchestrator.work.sql import DatabaseNow
from orchestrator.work.table import Cause, Priority, WorkState, work
from orchestrator.work.worker import BY_LOT, Worker
from tests.fixtures.timers import advance
from tests.fixtures.work import NewerNote, Note, all_work, create_effects, effects, leave, write_note


class Interrupted(Exception):
    """Something in the caller's transaction goes wrong."""


async def test_rollback_leaves_neither_effect_nor_work(database: Database) -> None:
    """Work exists if and only if what caused it was committed."""
    await create_effects(database)

    async def interrupted() -> None:
        async with database.transaction() as tx:
            await tx.session.execute(leave(1))
            assert await enqueue(tx, Note(number=1))
            raise Interrupted

    with pytest.raises(Interrupted):
        await interrupted()
    assert await all_work(database) == []
    assert await effects(database) == []
    async with database.transaction() as tx:
        await enqueue(tx, Note(number=2))
    assert [(item.kind, item.version, item.payload) for item in await all_work(database)] == [
        ("note.write", 1, '{"number":2}')
    ]


async def test_same_key_is_enqueued_once_for_ever(database: Database) -> None:
    """A key is used up, also in the same transaction and after the work is done."""
    await create_effects(database)
    async with database.transaction() as tx:
        assert await enqueue(tx, Note(number=1), dedupe="invite:1") is True
        assert await enqueue(tx, Note(number=2), dedupe="invite:1") is False
    await Worker(database, {Note: write_note}).run_until_idle()
    async with database.transaction() as tx:
        assert await enqueue(tx, Note(number=3), dedupe="invite:1") is False
    await Worker(database, {Note: write_note}).run_until_idle()
    assert await effects(database) == [1]


async def test_lane_keeps_order_through_retries_while_others_go_on(database: Database) -> None:
    """A failing item holds back its own lane only; when it is dead the lane goes on."""
    await create_effects(database)

    async def handler(payload: Note, job: Job) -> Retry | Dead | None:
        if payload.number == 1:
            return Retry(reason="not yet") if job.attempt == 1 else Dead("never")
        await write_note(payload, job)
        return None

    worker = Worker(database, {Note: handler}, concurrency=4)
    async with database.transaction() as tx:
        for number, lane in ((1, "a"), (2, "a"), (3, "b"), (4, None), (5, "a")):
            await enqueue(tx, Note(number=number), lane=lane)
    await worker.run_until_idle()
    assert sorted(await effects(database)) == [3, 4]
    await advance(database, 60)
    await worker.run_until_idle()
    assert (await effects(database))[2:] == [2, 5]
    first = (await all_work(database))[0]
    assert (first.state, first.error, first.cause) == (WorkState.DEAD, "never", Cause.GIVEN_UP)


async def test_priority_decides_among_what_is_due(database: Database) -> None:
    """What a candidate waits for goes before bulk work that is older."""
    await create_effects(database)
    async with database.transaction() as tx:
        await enqueue(tx, Note(number=1), priority=Priority.BULK)
        await enqueue(tx, Note(number=2))
        await enqueue(tx, Note(number=3), priority=Priority.CANDIDATE)
    await Worker(database, {Note: write_note}, concurrency=1).run_until_idle()
    assert await effects(database) == [3, 2, 1]


async def test_what_comes_last_is_reached_behind_an_endless_stream(database: Database) -> None:
    """However much a candidate waits for keeps coming, bulk work gets its turn, and still a small part only."""
    await create_effects(database)

    async def stream(payload: Note, job: Job) -> None:
        async with job.finish() as tx:
            await tx.session.execute(leave(payload.number))
            if 0 < payload.number < 400 and await waits(tx):
                await enqueue(tx, Note(number=payload.number + 1), priority=Priority.CANDIDATE)

    async def waits(tx: Transaction) -> bool:
        left = sa.select(sa.func.count()).where(work.c.priority == Priority.BULK, work.c.state == WorkState.QUEUED)
        return bool(await tx.session.scalar(left))

    async with database.transaction() as tx:
        for number in (-1, -2):
            await enqueue(tx, Note(number=number), priority=Priority.BULK)
        await enqueue(tx, Note(number=1), priority=Priority.CANDIDATE)
    await Worker(database, {Note: stream}, concurrency=1).run_until_idle()
    done = await effects(database)
    assert set(done) >= {-1, -2}
    assert len(done) < 400
    assert done[: BY_LOT - 1] == list(range(1, BY_LOT))


async def test_timer_fires_at_its_time_and_not_before(database: Database) -> None:
    """Both forms of a timer: an instant, and a delay from now."""
    await create_effects(database)
    async with database.transaction() as tx:
        await enqueue(tx, Note(number=1), run_at=datetime.now(UTC) + timedelta(hours=48))
        await enqueue(tx, Note(number=2), delay=timedelta(hours=24))
    worker = Worker(database, {Note: write_note})
    assert await worker.run_until_idle() == 0
    await advance(database, 24 * 3600)
    await worker.run_until_idle()
    assert await effects(database) == [2]
    await advance(database, 24 * 3600 + 1)
    await worker.run_until_idle()
    assert await effects(database) == [2, 1]


async def test_naive_run_at_is_refused(sqlite_database: Database) -> None:
    """An instant without a time zone is a mistake."""
    async with sqlite_database.transaction() as tx:
        with pytest.raises(ValueError, match="time zone"):
            await enqueue(tx, Note(number=1), run_at=datetime(2026, 1, 1))  # noqa: DTZ001 - the mistake


async def test_database_clock_is_the_time(database: Database) -> None:
    """Seconds since the epoch, with fractions, in UTC."""
    async with database.reading() as session:
        seconds = (await session.execute(sa.select(DatabaseNow()))).scalar_one()
    assert abs(seconds - datetime.now(UTC).timestamp()) < 5


async def test_payload_of_unknown_version_becomes_a_dead_letter(database: Database) -> None:
    """What a newer release wrote waits for a process that can read it, and then comes to light with its cause."""
    async with database.transaction() as tx:
        await enqueue(tx, NewerNote(number=1, colour="red"), max_attempts=2)
    worker = Worker(database, {Note: write_note})
    await worker.run_until_idle()
    assert [item.state for item in await all_work(database)] == [WorkState.QUEUED]
    await advance(database, 60)
    await worker.run_until_idle()
    (item,) = await all_work(database)
    assert (item.state, item.cause) == (WorkState.DEAD, Cause.ATTEMPTS_EXHAUSTED)
    assert item.error == "no handler for note.write version 2: this release reads versions [1]"


async def test_payload_that_does_not_fit_is_dead_at_once(database: Database) -> None:
    """What this release cannot read of its own or an older version will never fit."""
    async with database.transaction() as tx:
        await enqueue(tx, Note(number=1))
    await Worker(database, {NewerNote: write_note}).run_until_idle()
    (item,) = await all_work(database)
    assert (item.state, item.cause) == (WorkState.DEAD, Cause.GIVEN_UP)
    assert item.error == "no handler for note.write version 1: this release reads versions [2]"
