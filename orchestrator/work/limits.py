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
from orchestrator.work.table import RUNNING, rate_bucket, work, work_pause
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

    Raises:
        TokenDenied: the turn would be more than ``patience`` seconds away; no place was taken.
    """
    async with database.transaction() as tx:
        wait = await reserve_turn(tx, key, patience=patience)
    await asyncio.sleep(wait)


async def reserve_turn(tx: Transaction, key: str, *, patience: float = PATIENCE) -> float:
    """Take one place in this connection's queue; see ``reserve_turns``."""
    return (await reserve_turns(tx, key, count=1, patience=patience))[0]


async def reserve_turns(tx: Transaction, key: str, *, count: int, patience: float = PATIENCE) -> tuple[float, ...]:
    """Take the next ``count`` places in this connection's queue, in the caller's transaction.

    A place is taken at once and slept for after the commit, so that processes do not race for the same token. The
    bucket stays locked until ``tx`` ends, so this comes last in it: domain rows, work, bucket, the chain's head.

    Returns:
        Seconds from now until each turn. Zeros where the key has no bucket: such a key has no limit.

    Raises:
        TokenDenied: the first turn would be more than ``patience`` seconds away; no place was taken.
    """
    taken = (
        await tx.session.execute(
            sa.update(rate_bucket)
            .where(rate_bucket.c.key == key, level() - 1 >= -patience * rate_bucket.c.rate)
            .values(tokens=level() - count, at=DatabaseNow())
            .returning(rate_bucket.c.tokens, rate_bucket.c.rate)
        )
    ).first()
    if taken is not None:
        return tuple(max(0.0, -(taken.tokens + count - 1 - place) / taken.rate) for place in range(count))
    short = await _seconds_short(tx.session, key)
    if short is None:
        return (0.0,) * count
    raise TokenDenied(key, retry_after=max(0.05, short) * random.uniform(1, 2))  # noqa: S311 - jitter, no secret


async def allowed_rate(session: AsyncSession, key: str) -> float | None:
    """Requests per second of a connection, as the workers wrote them down; None where no worker ran yet."""
    return (await session.execute(sa.select(rate_bucket.c.rate).where(rate_bucket.c.key == key))).scalar()


async def keep_lease(tx: Transaction, held: tuple[int, str], *, seconds: float) -> bool:
    """Make sure, in the caller's transaction, that claimed work (id, token) is still ours and stays so for ``seconds``.

    False where it was taken over or cancelled meanwhile. A lease is never shortened.
    """
    until = DatabaseNow() + seconds
    statement = (
        sa.update(work)
        .where(work.c.id == held[0], work.c.token == held[1], work.c.state == RUNNING)
        .values(lease_until=sa.case((work.c.lease_until > until, work.c.lease_until), else_=until))
        .returning(work.c.id)
    )
    return (await tx.session.execute(statement)).first() is not None


async def seconds_to_turn(session: AsyncSession, key: str) -> float:
    """In how many seconds the next request of this connection would have its turn; 0 where nothing stands in line."""
    return max(0.0, await _seconds_short(session, key) or 0.0)


async def _seconds_short(session: AsyncSession, key: str) -> float | None:
    statement = sa.select((1 - level()) / rate_bucket.c.rate).where(rate_bucket.c.key == key)
    return (await session.execute(statement)).scalar()


async def pause(tx: Transaction, rate_key: str, *, reason: str, until: datetime | None = None) -> None:
    """Let all work of a connection wait, without burning attempts, until ``until`` or until it is resumed."""
    statement = insert_into(work_pause, tx.dialect).values(
        rate_key=rate_key, reason=reason, since=DatabaseNow(), until=until.timestamp() if until else None
    )
    news = {name: statement.excluded[name] for name in ("reason", "since", "until")}
    changed = {**news, "failures": 0}
    await tx.session.execute(statement.on_conflict_do_update(index_elements=["rate_key"], set_=changed))


async def resume(tx: Transaction, rate_key: str) -> bool:
    """Let the work of a connection go on; False if it was not paused."""
    statement = sa.delete(work_pause).where(work_pause.c.rate_key == rate_key).returning(work_pause.c.rate_key)
    resumed = (await tx.session.execute(statement)).first() is not None
    if resumed:
        await ring_after_commit(tx)
    return resumed
