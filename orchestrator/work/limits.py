"""What holds a connection back: its fleet-wide token bucket, and pauses."""

import asyncio
import random
from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.session import Database, Transaction
from orchestrator.db.upsert import insert_into
from orchestrator.work.outcome import TokenDenied
from orchestrator.work.sql import DatabaseNow, Least
from orchestrator.work.table import rate_bucket, work_pause
from orchestrator.work.wakeup import ring_after_commit

PATIENCE = 2.0
"""Seconds that a handler waits for its turn in place, rather than giving its work back."""


class RateLimit(Struct, frozen=True, kw_only=True):
    """``rate`` requests per second on average, ``burst`` of them at once after a rest."""

    rate: float
    burst: float


class PauseEntry(Struct, frozen=True, kw_only=True):
    """A connection whose work waits."""

    rate_key: str
    reason: str
    since: datetime
    until: datetime | None


def level() -> sa.ColumnElement[float]:
    """Tokens in a bucket now; below zero where requests are promised a place already."""
    refilled = rate_bucket.c.tokens + (DatabaseNow() - rate_bucket.c.at) * rate_bucket.c.rate
    return Least(rate_bucket.c.burst, refilled)


async def ensure_buckets(database: Database, buckets: Mapping[str, RateLimit]) -> None:
    """Write the limits down; a bucket that exists keeps its tokens."""
    if not buckets:
        return
    async with database.transaction() as tx:
        for key, limit in sorted(buckets.items()):
            statement = insert_into(rate_bucket, tx.dialect).values(
                key=key, rate=limit.rate, burst=limit.burst, tokens=limit.burst, at=DatabaseNow()
            )
            changed = {"rate": statement.excluded.rate, "burst": statement.excluded.burst}
            await tx.session.execute(statement.on_conflict_do_update(index_elements=["key"], set_=changed))


async def take_token(database: Database, key: str, *, patience: float = PATIENCE) -> None:
    """Wait for this connection's turn; to be called just before each request to it, outside any transaction.

    A place is taken at once and then slept for, so that processes do not race for the same token. A key without a
    bucket has no limit.

    Raises:
        TokenDenied: the turn would be more than ``patience`` seconds away; no place was taken.
    """
    async with database.transaction() as tx:
        taken = (
            await tx.session.execute(
                sa.update(rate_bucket)
                .where(rate_bucket.c.key == key, level() - 1 >= -patience * rate_bucket.c.rate)
                .values(tokens=level() - 1, at=DatabaseNow())
                .returning(rate_bucket.c.tokens, rate_bucket.c.rate)
            )
        ).first()
        short = None if taken else await _seconds_short(tx.session, key)
    if taken is not None:
        await asyncio.sleep(max(0.0, -taken.tokens / taken.rate))
    elif short is not None:
        raise TokenDenied(key, retry_after=max(0.05, short) * random.uniform(1, 2))  # noqa: S311 - jitter, no secret


async def _seconds_short(session: AsyncSession, key: str) -> float | None:
    statement = sa.select((1 - level()) / rate_bucket.c.rate).where(rate_bucket.c.key == key)
    return (await session.execute(statement)).scalar()


async def pause(tx: Transaction, rate_key: str, *, reason: str, until: datetime | None = None) -> None:
    """Let all work of a connection wait, without burning attempts, until ``until`` or until it is resumed."""
    statement = insert_into(work_pause, tx.dialect).values(
        rate_key=rate_key, reason=reason, since=DatabaseNow(), until=until.timestamp() if until else None
    )
    changed = {"reason": statement.excluded.reason, "until": statement.excluded.until}
    await tx.session.execute(statement.on_conflict_do_update(index_elements=["rate_key"], set_=changed))


async def resume(tx: Transaction, rate_key: str) -> bool:
    """Let the work of a connection go on; False if it was not paused."""
    statement = sa.delete(work_pause).where(work_pause.c.rate_key == rate_key).returning(work_pause.c.rate_key)
    resumed = (await tx.session.execute(statement)).first() is not None
    if resumed:
        await ring_after_commit(tx)
    return resumed
