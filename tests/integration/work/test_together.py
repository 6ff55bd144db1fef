"""With much to do, items are claimed, read and finished together, and nobody waits long for the others."""

import asyncio
import uuid
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from orchestrator.db.models.intake import DeliverySource, DeliveryState
from orchestrator.db.repositories.intake import Deliveries, store_delivery
from orchestrator.db.session import Database
from orchestrator.work.job import Job
from orchestrator.work.queue import enqueue
from orchestrator.work.worker import Worker
from tests.fixtures.work import Note, all_work

LEASE = 3600.0


def statements(database: Database) -> list[str]:
    """What is sent to the database from now on."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        sent.append(statement)

    for engine in {database.engine, database._reader}:  # on SQLite reads have one of their own
        sa.event.listen(engine.sync_engine, "before_cursor_execute", note)
    return sent


async def fill(database: Database, count: int) -> None:
    """Enqueue notes in lanes of their own."""
    async with database.transaction() as tx:
        for number in range(count):
            await enqueue(tx, Note(number=number), lane=f"lane-{number}")


async def test_a_backlog_is_claimed_and_finished_in_groups(database: Database) -> None:
    """Statements that change work are few for many items."""
    await fill(database, 64)
    sent = statements(database)

    async def nothing(_payload: Note, _job: Job) -> None:
        await asyncio.sleep(0)

    assert await Worker(database, {Note: nothing}, lease=LEASE, concurrency=16).run_until_idle() == 64
    assert {item.state for item in await all_work(database)} == {"done"}
    # Claimed, settled, promoted: three for each group of eight at least.
    assert len([one for one in sent if "UPDATE work SET" in one]) <= 30


async def test_a_free_place_is_filled_though_the_others_take_long(database: Database) -> None:
    """Who waits for company waits for a moment only."""
    await fill(database, 12)
    done: list[int] = []
    enough = asyncio.Event()

    async def work(payload: Note, _job: Job) -> None:
        if payload.number < 3:
            await enough.wait()
        done.append(payload.number)
        if len(done) == 9:
            enough.set()

    worker = Worker(database, {Note: work}, lease=LEASE, concurrency=4, poll=60.0)
    async with asyncio.timeout(20):
        await worker.run_until_idle()
    assert sorted(done[:9]) == list(range(3, 12))


async def test_deliveries_asked_for_at_once_are_read_at_once(database: Database) -> None:
    """Each gets its own, or none where there is none; one that is cut off takes no other with it."""
    ids = []
    async with database.transaction() as tx:
        for number in range(5):
            values: dict[str, object] = {
                "connection": "sandbox",
                "source": DeliverySource.WEBHOOK,
                "dedupe": f"id:{number}",
                "received_at": datetime.now(UTC),
                "headers": {"x-number": str(number)},
                "body": b"%d" % number,
                "state": DeliveryState.RECEIVED,
            }
            ids.append(await store_delivery(tx.session, values))
    sent = statements(database)
    deliveries = Deliveries(database)
    asking = [asyncio.create_task(deliveries.get(one)) for one in (*filter(None, ids), uuid.uuid4())]
    await asyncio.sleep(0)
    asking[0].cancel()
    await asyncio.wait(asking)
    found = [None if one.cancelled() else one.result() for one in asking]
    assert [None if one is None else one.body for one in found] == [None, b"1", b"2", b"3", b"4", None]
    assert len([one for one in sent if "FROM delivery" in one]) == 1
