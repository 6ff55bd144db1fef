"""Retention of the engine's own rows: in portions, until nothing that is old enough is left, and nothing else."""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from orchestrator.db.models.audit import AuditRow
from orchestrator.db.models.intake import ClockSlot, DeliveryRow, DeliverySource, DeliveryState, RefusedCount
from orchestrator.db.models.worker import WorkerProcess
from orchestrator.db.session import Database
from orchestrator.domain.retention import Retention
from orchestrator.ports import SystemClock
from orchestrator.services.connections import Connections
from orchestrator.services.kinds import ApplyRetention
from orchestrator.services.links import LinkMaker
from orchestrator.services.retention import PORTION, Retaining
from orchestrator.services.steps import Steps
from orchestrator.work.outcome import Done
from orchestrator.work.queue import enqueue
from orchestrator.work.table import WorkState, work
from orchestrator.work.worker import Worker

NOW = datetime.now(UTC)


def retaining(database: Database) -> Retaining:
    """The service, with the periods of an installation that says nothing about them."""
    links = LinkMaker(base_url="http://127.0.0.1", secret_key="a secret for tests only, long enough")
    steps = Steps(connections=Connections([]), links=links)
    return Retaining(database=database, clock=SystemClock(), retention=Retention(), steps=steps)


async def apply(database: Database) -> None:
    """As the clock has it done every hour."""
    async with database.transaction() as tx:
        await enqueue(tx, ApplyRetention())
    assert await Worker(database, {ApplyRetention: retaining(database).apply}).run_until_idle() == 1


async def count(database: Database, statement: sa.Select[Any]) -> int:
    """One number."""
    async with database.reading() as session:
        return int((await session.execute(statement)).scalar_one())


async def test_all_finished_work_that_is_old_goes_in_one_run(database: Database) -> None:
    """More than several portions; what is dead, open or younger stays."""
    many = 3 * PORTION + 17
    long_ago = (NOW - timedelta(days=31)).timestamp()
    async with database.transaction() as tx:
        await tx.session.execute(
            sa.insert(work),
            [
                {
                    "kind": "note.write",
                    "version": 1,
                    "payload": "{}",
                    "priority": 1,
                    "state": WorkState.CANCELLED if number % 3 else WorkState.DONE,
                    "run_at": long_ago,
                    "max_attempts": 1,
                    "created_at": long_ago,
                    "finished_at": long_ago - number,
                }
                for number in range(many)
            ],
        )
        for state, finished_at in ((WorkState.DEAD, long_ago), (WorkState.DONE, NOW.timestamp())):
            values = {"kind": "note.write", "version": 1, "payload": "{}", "priority": 1, "max_attempts": 1}
            await tx.session.execute(
                sa.insert(work).values(
                    **values, state=state, run_at=long_ago, created_at=long_ago, finished_at=finished_at
                )
            )
    await apply(database)
    async with database.reading() as session:
        left = (await session.execute(sa.select(work.c.kind, work.c.state).order_by(work.c.id))).all()
    assert [tuple(row) for row in left] == [
        ("note.write", "dead"),
        ("note.write", "done"),
        ("retention.apply", "done"),
    ]


async def test_bodies_of_old_deliveries_go_in_portions_each_with_its_event(database: Database) -> None:
    """Many came at the same instant; all lose their words, those that still wait for a person keep them twice as long."""
    at = NOW - timedelta(days=40)

    def row(number: int, state: DeliveryState, received_at: datetime) -> DeliveryRow:
        return DeliveryRow(
            connection="one",
            source=DeliverySource.WEBHOOK,
            dedupe=str(number),
            received_at=received_at,
            headers={"x": "y"},
            body=b"words",
            state=state,
            queued=True,
        )

    many = 2 * PORTION + 5
    async with database.transaction() as tx:
        tx.session.add_all([row(number, DeliveryState.PROCESSED, at) for number in range(many)])
        tx.session.add(row(-1, DeliveryState.RECEIVED, at))
        tx.session.add(row(-2, DeliveryState.RECEIVED, NOW - timedelta(days=61)))
        tx.session.add(row(-3, DeliveryState.PROCESSED, NOW - timedelta(days=29)))
    await apply(database)
    async with database.reading() as session:
        kept = (await session.scalars(sa.select(DeliveryRow.dedupe).where(DeliveryRow.body.is_not(None)))).all()
        events = (await session.scalars(sa.select(AuditRow.event).order_by(AuditRow.sequence))).all()
    assert sorted(kept) == ["-1", "-3"]
    assert [event.details["count"] for event in events] == [PORTION, PORTION, 6]
    assert {event.tag for event in events} == {"system:deliveries:removed"}


async def test_small_tables_do_not_grow_for_ever(database: Database) -> None:
    """Slots of jobs that are not configured any more, old counts of refusals, workers that are long gone."""
    seconds = NOW.timestamp()

    def worker(name: str, seen_at: float) -> WorkerProcess:
        zero = {"claimed": 0, "finished": 0, "failed": 0, "leases_lost": 0}
        return WorkerProcess(
            name=name, started_at=seen_at, seen_at=seen_at, lease=30, concurrency=1, kinds=None, tallies={}, **zero
        )

    async with database.transaction() as tx:
        tx.session.add_all(
            [
                ClockSlot(job="poll:removed", slot=NOW - timedelta(days=91)),
                ClockSlot(job="poll:one", slot=NOW - timedelta(days=3)),
                RefusedCount(connection="one", day=(NOW - timedelta(days=366)).date(), reason="old", count=3),
                RefusedCount(connection="one", day=NOW.date(), reason="new", count=1),
                worker("gone", seconds - 2 * 86400),
                worker("just-gone", seconds - 3600),
            ]
        )
    await apply(database)
    async with database.reading() as session:
        assert (await session.scalars(sa.select(ClockSlot.job))).all() == ["poll:one"]
        assert (await session.scalars(sa.select(RefusedCount.reason))).all() == ["new"]
        assert (await session.scalars(sa.select(WorkerProcess.name))).all() == ["just-gone"]


async def test_nothing_to_remove_leaves_no_trace(database: Database) -> None:
    """A run every hour must not fill the audit log."""
    assert await retaining(database).apply(ApplyRetention(), None) == Done()  # type: ignore[arg-type]  # the job is not used
    assert await count(database, sa.select(sa.func.count()).select_from(AuditRow)) == 0
