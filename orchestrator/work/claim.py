"""Claiming: which work may run now, and taking it. A claim costs the same however much waits behind it, and why."""

import random
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningUpdate

from orchestrator.db.models.stop import StopRow, StopScope
from orchestrator.db.session import Transaction
from orchestrator.work.lanes import HEAD, lanes_of, promote
from orchestrator.work.limits import level
from orchestrator.work.sql import DatabaseNow
from orchestrator.work.table import RUNNING, Cause, WorkState, rate_bucket, work, work_pause
from orchestrator.work.trouble import THRESHOLD

ClaimedRow = sa.Row[Any]

EVERYTHING = "*"
"""Among closed connections: every one of them. No connection has this key."""


class Shelf(Struct, frozen=True):
    """Work that is claimed alike: one priority, one connection, one kind."""

    name: str
    priority: int
    rate_key: str
    kind: str


class Gates(Struct, frozen=True):
    """What holds connections back now. ``trouble`` counts how often each did not answer in a row."""

    closed: frozenset[str]
    trouble: Mapping[str, int]


class Claimed(Struct, frozen=True):
    """What was taken, and the connections among it that did not answer lately: there, a success is news."""

    rows: Sequence[ClaimedRow] = ()
    troubled: Collection[str] = ()


async def claim(
    tx: Transaction,
    *,
    count: int,
    worker: str,
    lease: float,
    kinds: Collection[str] | None = None,
    draw: random.Random | None = None,
) -> Claimed:
    """Take up to ``count`` items that are due, by priority and then by age, for ``lease`` seconds.

    Only heads of lanes are looked at, and only on shelves that are open. A connection that did not answer lately gets
    one attempt at a time until one succeeds. With ``draw``, shelves take part by lot and in equal parts instead of by
    priority, so that a steady stream of what comes first cannot keep what comes last waiting for ever; then fewer than
    ``count`` may be taken though more is due.
    """
    shelves, gates = await _look(tx)
    open_ = [
        shelf for shelf in shelves if shelf.rate_key not in gates.closed and (kinds is None or shelf.kind in kinds)
    ]
    if EVERYTHING in gates.closed:
        open_ = [shelf for shelf in open_ if not shelf.rate_key]
    takes: list[tuple[Shelf, int]] = []
    tried: set[str] = set()
    for shelf in open_:
        if gates.trouble.get(shelf.rate_key, 0) < THRESHOLD:
            takes.append((shelf, count))
        elif shelf.rate_key not in tried:
            tried.add(shelf.rate_key)
            takes.append((shelf, 1))
    if not takes:
        return Claimed()
    if draw is not None and len({shelf.priority for shelf, _ in takes}) > 1:
        drawn = draw.sample(takes, min(count, len(takes)))
        takes = [(shelf, min(most, count // len(drawn))) for shelf, most in drawn]
    values: dict[str, object] = {"most": count, "fence": str(uuid.uuid4()), "taker": worker, "seconds": lease}
    for number, (shelf, most) in enumerate(takes):
        values |= {f"shelf_{number}": shelf.name, f"most_{number}": most}
    rows = (await tx.session.execute(_take(len(takes), tx.dialect), values)).all()
    return Claimed(rows, frozenset(gates.trouble))


async def anything_due(session: AsyncSession) -> bool:
    """Whether a claim could find anything; asked of SQLite first, where a claim that finds nothing would still lock."""
    return any(row.what == "shelf" and row.name for row in await session.execute(_LOOK))


async def _look(tx: Transaction) -> tuple[Sequence[Shelf], Gates]:
    rows = (await tx.session.execute(_LOOK)).all()
    shelves = []
    for row in rows:
        # Without a shelf: written by a release before there were any. It is taken once it has one.
        if row.what == "shelf" and row.name:
            priority, rate_key, kind = row.name.split("/", 2)
            shelves.append(Shelf(row.name, int(priority), rate_key, kind))
    closed = frozenset(row.name for row in rows if row.what == "closed")
    trouble = {row.name: row.number for row in rows if row.what == "trouble"}
    return sorted(shelves, key=lambda shelf: shelf.priority), Gates(closed, trouble)


def _looking() -> sa.CompoundSelect[Any]:
    """One statement: every shelf with something due on it, found by leaps through the index, and every gate."""
    first = sa.select(sa.func.min(work.c.shelf).label("name")).where(HEAD)
    shelf = first.cte("shelf", recursive=True)
    beyond = work.alias("beyond")
    leap = (
        sa.select(sa.func.min(beyond.c.shelf))
        .where(beyond.c.state == sa.literal_column("'queued'"), beyond.c.head, beyond.c.shelf > shelf.c.name)
        .scalar_subquery()
    )
    shelf = shelf.union_all(sa.select(leap).where(shelf.c.name.is_not(None)))
    on_it = work.alias("on_it")
    earliest = (
        sa.select(sa.func.min(on_it.c.run_at))
        .where(on_it.c.state == sa.literal_column("'queued'"), on_it.c.head, on_it.c.shelf == shelf.c.name)
        .scalar_subquery()
    )
    nothing: sa.ColumnElement[int] = sa.literal_column("0")
    attempt = work.alias("attempt")
    trying = sa.exists().where(
        attempt.c.state == sa.literal_column("'running'"), attempt.c.rate_key == work_pause.c.rate_key
    )
    still = sa.or_(work_pause.c.until.is_(None), work_pause.c.until > DatabaseNow())
    paused = sa.or_(
        sa.and_(work_pause.c.failures == 0, still),
        sa.and_(work_pause.c.failures >= THRESHOLD, work_pause.c.until > DatabaseNow()),
    )
    return sa.union_all(
        sa.select(
            sa.literal_column("'shelf'").label("what"), shelf.c.name.label("name"), nothing.label("number")
        ).where(earliest <= DatabaseNow()),
        sa.select(sa.literal_column("'closed'"), rate_bucket.c.key, nothing).where(level() < 1),
        sa.select(sa.literal_column("'closed'"), work_pause.c.rate_key, nothing).where(paused),
        # Half open: one attempt at a time, whoever makes it.
        sa.select(sa.literal_column("'closed'"), work_pause.c.rate_key, nothing).where(
            work_pause.c.failures >= THRESHOLD, trying
        ),
        # A stop by hand. That of a program is known to what would send something only, for a shelf has many programs.
        sa.select(
            sa.literal_column("'closed'"),
            sa.case((StopRow.scope == StopScope.EVERYTHING, EVERYTHING), else_=StopRow.name),
            nothing,
        ).where(StopRow.scope != StopScope.PROGRAM),
        sa.select(sa.literal_column("'trouble'"), work_pause.c.rate_key, work_pause.c.failures).where(
            work_pause.c.failures > 0
        ),
    )


_LOOK = _looking()

_CLAIMED = tuple(
    work.c[name]
    for name in (
        *("id", "kind", "version", "payload", "subject", "lane", "rate_key", "dedupe", "run_at"),
        *("attempt", "max_attempts", "lease_until", "token", "created_at"),
    )
)
"""What an attempt and its settling ask of a row."""


@lru_cache(maxsize=64)
def _take(shelves: int, dialect: str) -> ReturningUpdate[Any]:
    """Take from so many shelves. Built once for each number of them: that costs the processor more than running it."""
    parts = []
    for number in range(shelves):
        part = (
            sa.select(work.c.id, work.c.priority, work.c.run_at)
            # As a sub-select the time is read once, and so bounds the walk through the index; what may change from row to
            # row would be compared with every timer that lies in the future.
            .where(
                HEAD,
                work.c.shelf == sa.bindparam(f"shelf_{number}"),
                work.c.run_at <= sa.select(DatabaseNow()).scalar_subquery(),
            )
            .order_by(work.c.run_at, work.c.id)
            .limit(sa.bindparam(f"most_{number}", type_=sa.Integer))
            .with_for_update(skip_locked=True)
            .cte(f"part_{number}")
        )
        # Without MATERIALIZED the planner may run the sub-select again and lock more than it takes.
        parts.append(part.prefix_with("MATERIALIZED") if dialect == "postgresql" else part)
    due = sa.union_all(*(sa.select(part) for part in parts)).subquery("due")
    chosen = sa.select(due.c.id).order_by(due.c.priority, due.c.run_at, due.c.id)
    return (
        sa.update(work)
        .where(work.c.id.in_(chosen.limit(sa.bindparam("most", type_=sa.Integer))), HEAD)
        .values(
            state=WorkState.RUNNING,
            token=sa.bindparam("fence"),
            worker=sa.bindparam("taker"),
            attempt=work.c.attempt + 1,
            lease_until=DatabaseNow() + sa.bindparam("seconds", type_=sa.Double),
        )
        .returning(*_CLAIMED)
    )


async def extend(session: AsyncSession, held: Iterable[tuple[int, str]], *, lease: float) -> set[int]:
    """Extend the leases of ``held`` (id, token); returns the ids that are still ours."""
    statement = (
        sa.update(work)
        .where(sa.tuple_(work.c.id, work.c.token).in_(list(held)), work.c.state == RUNNING)
        .values(lease_until=DatabaseNow() + lease)
        .returning(work.c.id)
    )
    return set((await session.execute(statement)).scalars())


async def sweep(tx: Transaction) -> int:
    """Put work whose lease ended back into the queue, or give it up after its last attempt; returns how many."""
    last = work.c.attempt >= work.c.max_attempts
    over = (work.c.state == RUNNING, work.c.lease_until < DatabaseNow())
    lanes = await lanes_of(tx, (*over, last))
    ended = (
        sa.select(work.c.id)
        .where(*over, sa.or_(~last, work.c.lane.is_(None), work.c.lane.in_(lanes)))
        .order_by(work.c.id)
        .with_for_update(skip_locked=True)
    )
    statement = (
        sa.update(work)
        .where(work.c.id.in_(ended), *over)
        .values(
            state=sa.case((last, WorkState.DEAD), else_=WorkState.QUEUED),
            cause=sa.case((last, Cause.LEASE_EXPIRED), else_=None),
            finished_at=sa.case((last, DatabaseNow()), else_=None),
            run_at=DatabaseNow(),
            token=None,
            lease_until=None,
            error="the worker stopped answering before its lease ended",
        )
        .returning(work.c.id)
    )
    swept = (await tx.session.execute(statement)).all()
    if lanes:
        await promote(tx, lanes)
    return len(swept)
