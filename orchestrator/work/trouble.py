"""When a connection does not answer: its work waits, a little longer each time, and then one attempt tells.

An outage of hours must cost nobody an attempt, and its end must be noticed soon. So failures are counted for the
connection, not for the work: from the third in a row on the connection is paused for seconds, later for a minute; then
one item is tried; the first success lets everything go on in order.
"""

import random

import sqlalchemy as sa

from orchestrator.db.session import Transaction
from orchestrator.db.upsert import insert_into
from orchestrator.work.sql import DatabaseNow
from orchestrator.work.table import work_pause
from orchestrator.work.wakeup import ring_after_commit

THRESHOLD = 3
"""Failures in a row before a connection counts as down."""

WAITS: tuple[float, ...] = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
"""Seconds of pause after the third, fourth, … failure; the last one repeats."""

JITTER = 0.25


async def count_failure(tx: Transaction, rate_key: str, reason: str) -> float | None:
    """Count that a connection did not answer; the seconds that it is paused for, None while it is not down yet.

    A pause that a person or rejected credentials began stays as it is.
    """
    proposed = insert_into(work_pause, tx.dialect).values(
        rate_key=rate_key, reason=reason, since=DatabaseNow(), until=DatabaseNow(), failures=1
    )
    # Those that were under way together when it went down are one failure, not many.
    # A pause by hand that has ended is nothing any more.
    below = sa.and_(work_pause.c.failures > 0, work_pause.c.failures < THRESHOLD)
    fresh = sa.or_(below, work_pause.c.until <= DatabaseNow())
    statement = proposed.on_conflict_do_update(
        index_elements=["rate_key"],
        set_={"failures": work_pause.c.failures + 1, "reason": proposed.excluded.reason},
        where=fresh,
    ).returning(work_pause.c.failures)
    failures = (await tx.session.execute(statement)).scalar_one_or_none()
    if failures is None:
        return await _still_paused(tx, rate_key)
    if failures < THRESHOLD:
        return None
    wait: float = WAITS[min(failures - THRESHOLD, len(WAITS) - 1)] * (1 + JITTER * random.random())  # noqa: S311 - jitter, no secret
    await tx.session.execute(
        sa.update(work_pause).where(work_pause.c.rate_key == rate_key).values(until=DatabaseNow() + wait)
    )
    return wait


async def _still_paused(tx: Transaction, rate_key: str) -> float:
    statement = sa.select(work_pause.c.until - DatabaseNow()).where(work_pause.c.rate_key == rate_key)
    return max(0.0, (await tx.session.execute(statement)).scalar_one_or_none() or 0.0)


async def answered(tx: Transaction, rate_key: str) -> None:
    """The connection works again: nothing waits for it any more."""
    statement = (
        sa.delete(work_pause)
        .where(work_pause.c.rate_key == rate_key, work_pause.c.failures > 0)
        .returning(work_pause.c.failures)
    )
    if (await tx.session.execute(statement)).first() is not None:
        await ring_after_commit(tx)
