"""Settling: what became of claimed work, written down under the fence."""

import random
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from orchestrator.db.session import Transaction
from orchestrator.work import schedule
from orchestrator.work.claim import ClaimedRow
from orchestrator.work.lanes import lock_lanes, promote
from orchestrator.work.limits import pause
from orchestrator.work.outcome import REASON_LENGTH, Dead, Done, Outcome, Pause, Retry, Unreachable
from orchestrator.work.sql import DatabaseNow, padded
from orchestrator.work.table import RUNNING, Cause, WorkState, work
from orchestrator.work.trouble import answered, count_failure


async def settle(tx: Transaction, row: ClaimedRow, outcome: Outcome, *, troubled: bool = False) -> bool:
    """Write down what became of a claimed row; False if it is no longer ours (nothing was changed).

    ``troubled`` says that its connection did not answer lately, and does now, so that being done is news.
    """
    wait = None
    last = row.attempt >= row.max_attempts
    leaves = row.lane is not None and (last or not isinstance(outcome, Retry | Pause | Unreachable))
    if leaves:
        await lock_lanes(tx, [row.lane])
    if isinstance(outcome, Unreachable) and row.rate_key is not None:
        wait = await count_failure(tx, row.rate_key, outcome.reason[:REASON_LENGTH])
    values = _settled(row, outcome, down_for=wait)
    statement = (
        sa.update(work)
        .where(work.c.id == row.id, work.c.token == row.token, work.c.state == RUNNING)
        .values(token=None, lease_until=None, **values)
        .returning(work.c.id)
    )
    if (await tx.session.execute(statement)).first() is None:
        return False
    if isinstance(outcome, Pause) and row.rate_key is not None:
        await pause(tx, row.rate_key, reason=outcome.reason[:REASON_LENGTH])
    if troubled and row.rate_key is not None and isinstance(outcome, Done):
        await answered(tx, row.rate_key)
    if leaves:
        await promote(tx, [row.lane])
    return True


async def settle_done(tx: Transaction, rows: Sequence[ClaimedRow]) -> set[int]:
    """Many rows at once that are done without any effect of their own; the ids of those that were still ours."""
    pairs = padded([(row.id, row.token) for row in rows])
    if every := {row.lane for row in rows if row.lane is not None}:
        await lock_lanes(tx, every)
    statement = (
        sa.update(work)
        .where(sa.tuple_(work.c.id, work.c.token).in_(pairs), work.c.state == RUNNING)
        .values(token=None, lease_until=None, state=WorkState.DONE, finished_at=DatabaseNow())
        .returning(work.c.id)
    )
    ours = set((await tx.session.execute(statement)).scalars())
    lanes = {row.lane for row in rows if row.id in ours and row.lane is not None}
    if lanes:
        await promote(tx, lanes)
    return ours


def _settled(row: ClaimedRow, outcome: Outcome, *, down_for: float | None) -> dict[str, Any]:
    match outcome:
        case Done():
            return {"state": WorkState.DONE, "finished_at": DatabaseNow()}
        case Dead():
            return _dead(outcome.reason, Cause.GIVEN_UP)
        case Retry() | Pause() | Unreachable():
            counted = _counts(row, outcome, down_for=down_for)
            if counted and row.attempt >= row.max_attempts:
                return _dead(outcome.reason, Cause.ATTEMPTS_EXHAUSTED)
            return _again(row, outcome.reason, wait=_wait(row, outcome, down_for=down_for), counted=counted)


def _counts(row: ClaimedRow, outcome: Retry | Pause | Unreachable, *, down_for: float | None) -> bool:
    """Whether it is the work's own failure, or one that all of its connection shares."""
    match outcome:
        case Retry():
            return outcome.counted
        case Pause():
            return row.rate_key is None
        case Unreachable():
            return down_for is None


def _wait(row: ClaimedRow, outcome: Retry | Pause | Unreachable, *, down_for: float | None) -> float:
    if isinstance(outcome, Pause) and row.rate_key is not None:
        return 0.0
    if down_for is not None:
        # Later than everything that waited before it: the next attempt is somebody else's.
        return down_for
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
