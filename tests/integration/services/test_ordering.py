"""Orders on the database: how they are kept, what retention leaves of them, and what is told when."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from adapters.contract.assessment import Order, Progress
from adapters.contract.model import Candidate
from orchestrator.db.models.ordering import OrderReportRow, OrderRow, ReportState
from orchestrator.db.repositories import orders
from orchestrator.db.session import Database
from orchestrator.domain.ordering import OrderState
from orchestrator.services.kinds import ApplyRetention
from orchestrator.work.queue import enqueue
from orchestrator.work.worker import Worker
from tests.integration.services.test_retaining import retaining

NOW = datetime.now(UTC)
ORDER = Order(
    dedupe="a1:t1",
    offer_id="t1",
    candidate=Candidate(id="c1", first_name="Ada", last_name="Quill", emails=("ada@example.org",)),
)


async def stored(database: Database, dedupe: str, *, days: int, state: OrderState = OrderState.RECEIVED) -> uuid.UUID:
    """An order of so many days ago."""
    values = {
        "connection": "customer",
        "dedupe": dedupe,
        "turn": 1,
        "program_key": "pilot",
        "order": ORDER,
        "received_at": NOW - timedelta(days=days),
        "state": state,
        "ours": False,
    }
    async with database.transaction() as tx:
        order_id = await orders.store(tx.session, values)
        assert order_id is not None
        assert await orders.store(tx.session, values) is None
    return order_id


async def test_what_an_order_said_of_a_person_is_removed(database: Database) -> None:
    """After the days of deliveries; an order that nobody could take in by then is over, and is told so."""
    old = await stored(database, "old", days=31)
    done = await stored(database, "done", days=31, state=OrderState.CANCELLED)
    young = await stored(database, "young", days=29)
    for _ in range(2):
        async with database.transaction() as tx:
            await enqueue(tx, ApplyRetention())
        # What is to be told waits for a worker that has the connection.
        worker = Worker(database, {ApplyRetention: retaining(database).apply}, kinds=[ApplyRetention.kind])
        assert await worker.run_until_idle() == 1
    async with database.reading() as session:
        rows = {row.id: row for row in await session.scalars(sa.select(OrderRow))}
        told = (await session.scalars(sa.select(OrderReportRow))).all()
    assert {key: (row.order, row.state) for key, row in rows.items()} == {
        old: (None, OrderState.SKIPPED),
        done: (None, OrderState.CANCELLED),
        young: (ORDER, OrderState.RECEIVED),
    }
    assert rows[old].reason == "too_old"
    assert [(report.order_id, report.progress) for report in told] == [(old, Progress.CANCELLED)]


@pytest.mark.parametrize("end", [Progress.COMPLETED, Progress.CANCELLED])
async def test_each_state_is_noted_once_and_an_end_is_an_end(database: Database, end: Progress) -> None:
    """That somebody began is not told any more once the end was."""
    order_id = await stored(database, "one", days=0, state=OrderState.PLACED)
    async with database.transaction() as tx:
        for progress in (Progress.STARTED, end):
            report_id = await orders.add_report(tx.session, order_id=order_id, progress=progress, at=NOW)
            assert report_id is not None
            assert await orders.add_report(tx.session, order_id=order_id, progress=progress, at=NOW) is None
        assert not await orders.ended(tx.session, order_id)
        (await tx.session.get_one(OrderReportRow, report_id)).state = ReportState.TOLD
        await tx.session.flush()
        assert await orders.ended(tx.session, order_id)
        newest = await orders.newest(tx.session, connection="customer", dedupe="one")
        assert newest is not None
        assert newest.id == order_id
        assert await orders.newest(tx.session, connection="another", dedupe="one") is None


async def test_what_waits_too_long_is_counted(database: Database) -> None:
    """Orders that nobody took in, that wait for a stage to be mapped, and what could not be told; of this connection only."""
    assert await standing(database) == (None, 0, 0, 0)
    for number, (days, state) in enumerate([(2, OrderState.RECEIVED), (0, OrderState.RECEIVED), (2, OrderState.HELD)]):
        await stored(database, f"waits-{number}", days=days, state=state)
    placed = await stored(database, "placed", days=3, state=OrderState.PLACED)
    async with database.transaction() as tx:
        for progress, at in ((Progress.STARTED, NOW - timedelta(hours=2)), (Progress.COMPLETED, NOW)):
            assert await orders.add_report(tx.session, order_id=placed, progress=progress, at=at)
    assert await standing(database) == (NOW, 1, 1, 1)
    assert await standing(database, "another") == (None, 0, 0, 0)


async def test_retention_waits_for_nobody(postgres_database: Database) -> None:
    """An order that somebody is placing or cancelling is left for the next time: locks are never waited for in a circle."""
    busy = await stored(postgres_database, "busy", days=40)
    idle = await stored(postgres_database, "idle", days=31)
    async with postgres_database.transaction() as placing:
        assert await orders.by_id(placing.session, busy, lock=True) is not None
        async with asyncio.timeout(5), postgres_database.transaction() as tx:
            due = await orders.forget_contents(tx.session, before=NOW - timedelta(days=30), limit=10)
            assert [order.id for order in due] == [idle]


async def standing(database: Database, connection: str = "customer") -> orders.Waiting:
    """What the doctor reads."""
    hour, day = timedelta(hours=1), timedelta(days=1)
    async with database.reading() as session:
        return await orders.waiting(session, connection, stuck=NOW - hour, held=NOW - day, untold=NOW - hour)
