"""What an operator measures the engine by: what waits and for how long, who works, how fast, and what was given up.

Only open and dead work is counted, never what is finished, so that the answer costs the same after years. Everything
is read on the database's clock.
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct, field
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.intake import DeliveryRow
from orchestrator.db.models.worker import BOUNDS, KindTally, Spread, WorkerProcess
from orchestrator.work.admin import ConnectionPause, pauses
from orchestrator.work.lanes import IS_OPEN
from orchestrator.work.sql import DatabaseNow
from orchestrator.work.table import QUEUED, Cause, WorkState, work
from orchestrator.work.times import moment


class Backlog(Struct, frozen=True, kw_only=True):
    """Open work of one kind, state and connection (None: of no connection).

    ``due`` may run now as far as its time says; ``oldest_age`` is for how many seconds the oldest of it has been due.
    """

    kind: str
    state: WorkState
    connection: str | None
    count: int
    due: int
    oldest_age: float | None


class DeadLetters(Struct, frozen=True, kw_only=True):
    """How much of a kind was given up for one cause."""

    kind: str
    cause: Cause
    count: int


class Unread(Struct, frozen=True, kw_only=True):
    """Deliveries that are on disk and not made into work yet, and how many seconds ago the oldest came."""

    count: int
    oldest_age: float | None


class Times(Struct, frozen=True, kw_only=True):
    """How long something took, in seconds, estimated from a histogram; ``count`` is how often it happened."""

    count: int
    p50: float
    p90: float
    p99: float


class KindTimes(Struct, frozen=True, kw_only=True):
    """For one kind, over every worker that is listed: from due to claimed, and from claimed to the handler's end."""

    kind: str
    wait: Times
    handling: Times


class WorkerFacts(Struct, frozen=True, kw_only=True):
    """One worker. ``kinds`` None: it takes every kind. The numbers count from ``started_at``."""

    name: str
    alive: bool
    started_at: datetime
    seen_at: datetime
    concurrency: int
    kinds: tuple[str, ...] | None
    claimed: int
    finished: int
    failed: int
    leases_lost: int
    tallies: dict[str, KindTally] = field(default_factory=dict)


class Metrics(Struct, frozen=True, kw_only=True):
    """All of it, at one moment of the database's clock."""

    at: datetime
    backlog: tuple[Backlog, ...]
    dead: tuple[DeadLetters, ...]
    unread: Unread
    times: tuple[KindTimes, ...]
    connections: tuple[ConnectionPause, ...]
    workers: tuple[WorkerFacts, ...]


async def measure(session: AsyncSession) -> Metrics:
    """Look at everything once."""
    at: float = (await session.execute(sa.select(DatabaseNow()))).scalar_one()
    workers = await _workers(session, at)
    return Metrics(
        at=moment(at),
        backlog=await _backlog(session, at),
        dead=await _dead(session),
        unread=await _unread(session, at),
        times=_times(workers),
        connections=tuple(await pauses(session)),
        workers=workers,
    )


async def _backlog(session: AsyncSession, at: float) -> tuple[Backlog, ...]:
    due = sa.and_(work.c.state == QUEUED, work.c.run_at <= at)
    statement = (
        sa.select(
            work.c.kind,
            work.c.state,
            work.c.rate_key,
            sa.func.count().label("open"),
            sa.func.sum(sa.case((due, 1), else_=0)).label("due"),
            sa.func.min(sa.case((due, work.c.run_at))).label("oldest"),
        )
        .where(IS_OPEN)
        .group_by(work.c.kind, work.c.state, work.c.rate_key)
        .order_by(work.c.kind, work.c.state, work.c.rate_key)
    )
    return tuple(
        Backlog(
            kind=row.kind,
            state=WorkState(row.state),
            connection=row.rate_key,
            count=row.open,
            due=row.due,
            oldest_age=None if row.oldest is None else at - row.oldest,
        )
        for row in await session.execute(statement)
    )


async def _dead(session: AsyncSession) -> tuple[DeadLetters, ...]:
    statement = (
        sa.select(work.c.kind, work.c.cause, sa.func.count().label("number"))
        .where(work.c.state == sa.literal_column("'dead'"), work.c.finished_at.is_not(None))
        .group_by(work.c.kind, work.c.cause)
        .order_by(work.c.kind, work.c.cause)
    )
    return tuple(
        DeadLetters(kind=row.kind, cause=Cause(row.cause), count=row.number) for row in await session.execute(statement)
    )


async def _unread(session: AsyncSession, at: float) -> Unread:
    # The literal and not the bound value: SQLite compares the words of a partial index with those of the statement.
    unread = sa.and_(DeliveryRow.state == sa.literal_column("'received'"), ~DeliveryRow.queued)
    count = (await session.execute(sa.select(sa.func.count()).select_from(DeliveryRow).where(unread))).scalar_one()
    # Ids are in the order in which they were made.
    first = sa.select(DeliveryRow.received_at).where(unread).order_by(DeliveryRow.id).limit(1)
    received = (await session.execute(first)).scalar_one_or_none()
    return Unread(count=count, oldest_age=None if received is None else max(0.0, at - received.timestamp()))


async def _workers(session: AsyncSession, at: float) -> tuple[WorkerFacts, ...]:
    rows = await session.scalars(sa.select(WorkerProcess).order_by(WorkerProcess.started_at, WorkerProcess.name))
    return tuple(
        WorkerFacts(
            name=row.name,
            alive=row.seen_at + row.lease >= at,
            started_at=moment(row.started_at),
            seen_at=moment(row.seen_at),
            concurrency=row.concurrency,
            kinds=None if row.kinds is None else tuple(row.kinds.split(",")),
            claimed=row.claimed,
            finished=row.finished,
            failed=row.failed,
            leases_lost=row.leases_lost,
            tallies=row.tallies,
        )
        for row in rows
    )


def _times(workers: Sequence[WorkerFacts]) -> tuple[KindTimes, ...]:
    kinds = sorted({kind for worker in workers for kind in worker.tallies})
    found = []
    for kind in kinds:
        tallies = [worker.tallies[kind] for worker in workers if kind in worker.tallies]
        wait, handling = [tally.wait for tally in tallies], [tally.handling for tally in tallies]
        found.append(KindTimes(kind=kind, wait=spread_times(wait), handling=spread_times(handling)))
    return tuple(found)


def spread_times(spreads: Sequence[Spread]) -> Times:
    """The quantiles of several spreads together."""
    slots = [sum(column) for column in zip(*(spread.slots for spread in spreads), strict=True)]
    return Times(count=sum(slots), p50=_quantile(slots, 0.5), p90=_quantile(slots, 0.9), p99=_quantile(slots, 0.99))


def _quantile(slots: Sequence[int], share: float) -> float:
    """Between the bounds of its slot in proportion; the last bound where it lies beyond it, 0 where nothing was seen."""
    rank, below, lower = share * sum(slots), 0, 0.0
    for count, upper in zip(slots, BOUNDS, strict=False):
        if count and below + count >= rank:
            return lower + (upper - lower) * (rank - below) / count
        below, lower = below + count, upper
    return BOUNDS[-1] if below < sum(slots) else 0.0
