"""The statements that move work from state to state. Every one of them is a compare-and-set in the database."""

import random
import uuid
from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningUpdate

from orchestrator.db.session import Transaction
from orchestrator.work import schedule
from orchestrator.work.limits import level, pause
from orchestrator.work.outcome import REASON_LENGTH, Dead, Done, Outcome, Pause, Retry
from orchestrator.work.sql import DatabaseNow
from orchestrator.work.table import QUEUED, RUNNING, Cause, Priority, WorkState, rate_bucket, work, work_pause

ClaimedRow = sa.Row[Any]


async def claim(
    tx: Transaction, *, count: int, worker: str, lease: float, kinds: Collection[str] | None = None
) -> list[ClaimedRow]:
    """Take up to ``count`` items that are due, first lane by lane, then by priority and age, for ``lease`` seconds."""
    rows: list[ClaimedRow] = []
    for priority in Priority:
        if len(rows) < count:
            statement = _claim_statement(
                priority, tx.dialect, count=count - len(rows), worker=worker, lease=lease, kinds=kinds
            )
            rows.extend((await tx.session.execute(statement)).all())
    return rows


def _claim_statement(
    priority: Priority, dialect: str, *, count: int, worker: str, lease: float, kinds: Collection[str] | None
) -> ReturningUpdate[Any]:
    # One statement for each priority, so that the index on (priority, run_at, id) never walks over future timers.
    due = (
        sa.select(work.c.id)
        .where(work.c.state == QUEUED, work.c.priority == priority, work.c.run_at <= DatabaseNow())
        .where(_lane_is_free(), _connection_is_free())
        .order_by(work.c.run_at, work.c.id)
        .limit(count)
        .with_for_update(skip_locked=True)
    )
    if kinds is not None:
        due = due.where(work.c.kind.in_(kinds))
    if dialect == "postgresql":
        # Without MATERIALIZED the planner may run the sub-select again and lock more than it takes.
        due = sa.select(due.cte("due").prefix_with("MATERIALIZED").c.id)
    return (
        sa.update(work)
        .where(work.c.id.in_(due), work.c.state == QUEUED)
        .values(
            state=WorkState.RUNNING,
            token=str(uuid.uuid4()),
            worker=worker,
            attempt=work.c.attempt + 1,
            lease_until=DatabaseNow() + lease,
        )
        .returning(work)
    )


def _lane_is_free() -> sa.ColumnElement[bool]:
    # A replayed item has a low id and may come back while a later one runs: hence the second half.
    other = work.alias("other")
    earlier = sa.and_(other.c.id < work.c.id, other.c.state == QUEUED)
    blocking = sa.exists().where(other.c.lane == work.c.lane, sa.or_(earlier, other.c.state == RUNNING))
    return sa.or_(work.c.lane.is_(None), ~blocking)


def _connection_is_free() -> sa.ColumnElement[bool]:
    drained = sa.exists().where(rate_bucket.c.key == work.c.rate_key, level() < 1)
    still = sa.or_(work_pause.c.until.is_(None), work_pause.c.until > DatabaseNow())
    paused = sa.exists().where(work_pause.c.rate_key == work.c.rate_key, still)
    return sa.or_(work.c.rate_key.is_(None), sa.and_(~drained, ~paused))


async def extend(session: AsyncSession, held: Iterable[tuple[int, str]], *, lease: float) -> set[int]:
    """Extend the leases of ``held`` (id, token); returns the ids that are still ours."""
    pairs = list(held)
    statement = (
        sa.update(work)
        .where(
            work.c.id.in_([identity for identity, _ in pairs]),
            work.c.token.in_({token for _, token in pairs}),
            work.c.state == RUNNING,
        )
        .values(lease_until=DatabaseNow() + lease)
        .returning(work.c.id)
    )
    return set((await session.execute(statement)).scalars())


async def sweep(session: AsyncSession) -> int:
    """Put work whose lease ended back into the queue, or give it up after its last attempt; returns how many."""
    ended = (
        sa.select(work.c.id)
        .where(work.c.state == RUNNING, work.c.lease_until < DatabaseNow())
        .with_for_update(skip_locked=True)
    )
    last = work.c.attempt >= work.c.max_attempts
    statement = (
        sa.update(work)
        .where(work.c.id.in_(ended), work.c.state == RUNNING, work.c.lease_until < DatabaseNow())
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
    return len((await session.execute(statement)).all())


async def settle(tx: Transaction, row: ClaimedRow, outcome: Outcome) -> bool:
    """Write down what became of a claimed row; False if it is no longer ours (nothing was changed)."""
    statement = (
        sa.update(work)
        .where(work.c.id == row.id, work.c.token == row.token, work.c.state == RUNNING)
        .values(token=None, lease_until=None, **_settled(row, outcome))
        .returning(work.c.id)
    )
    ours = (await tx.session.execute(statement)).first() is not None
    if ours and isinstance(outcome, Pause) and row.rate_key is not None:
        await pause(tx, row.rate_key, reason=outcome.reason[:REASON_LENGTH])
    return ours


def _settled(row: ClaimedRow, outcome: Outcome) -> dict[str, Any]:
    match outcome:
        case Done():
            return {"state": WorkState.DONE, "finished_at": DatabaseNow()}
        case Dead():
            return _dead(outcome.reason, Cause.GIVEN_UP)
        case Pause() if row.rate_key is not None:
            return _again(row, outcome.reason, wait=0.0, counted=False)
        case Retry(counted=False):
            return _again(row, outcome.reason, wait=_wait(row, outcome), counted=False)
        case Retry() | Pause():
            if row.attempt >= row.max_attempts:
                return _dead(outcome.reason, Cause.ATTEMPTS_EXHAUSTED)
            return _again(row, outcome.reason, wait=_wait(row, outcome), counted=True)


def _wait(row: ClaimedRow, outcome: Retry | Pause) -> float:
    after = outcome.after if isinstance(outcome, Retry) else None
    return schedule.delay(row.attempt, retry_after=after, random=random.random)


def _again(row: ClaimedRow, reason: str, *, wait: float, counted: bool) -> dict[str, Any]:
    return {
        "state": WorkState.QUEUED,
        "run_at": DatabaseNow() + wait,
        "attempt": row.attempt if counted else row.attempt - 1,
        "error": reason[:REASON_LENGTH],
    }


def _dead(reason: str, cause: Cause) -> dict[str, Any]:
    return {"state": WorkState.DEAD, "cause": cause, "error": reason[:REASON_LENGTH], "finished_at": DatabaseNow()}
