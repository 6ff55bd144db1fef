"""Lanes: order within one application, and only the head of a lane in reach of a claim.

What waits behind the head is invisible to ``claim``, so a blocked or huge lane costs nobody anything. The price is that
whoever adds to a lane, and whoever takes the head out of it, must agree on who is next: on PostgreSQL they hold the
lane's advisory lock until they commit; SQLite has one writer at a time anyway. Lanes are locked before rows of work,
by everybody, or two would wait for each other.
"""

import hashlib
from collections.abc import Collection
from functools import lru_cache
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningUpdate

from orchestrator.db.session import Transaction
from orchestrator.work.sql import DatabaseNow
from orchestrator.work.table import QUEUED, RUNNING, WorkState, work
from orchestrator.work.wakeup import ring_after_commit

MOST_LOCKS = 500
"""Lanes that a transaction locks one by one; for more it locks the table."""

IS_OPEN: sa.ColumnElement[bool] = work.c.state.in_([QUEUED, RUNNING])
HEAD: sa.ColumnElement[bool] = sa.and_(work.c.state == QUEUED, work.c.head)
"""What a claim can see: work without a lane, and the first of each lane."""


def shelf_of(priority: int, rate_key: str | None, kind: str) -> str:
    """Work that is claimed alike stands on one shelf: same priority, same connection, same kind.

    Raises:
        ValueError: the key has a slash in it.
    """
    if "/" in (rate_key or ""):
        raise ValueError(f"a rate key has no slash in it: {rate_key!r}")
    return f"{priority}/{rate_key or ''}/{kind}"


def bounded(name: str, longest: int) -> str:
    """A name that a vendor chose, as it is where it is short and plain, else by its hash: two never become one."""
    if len(name) <= longest and name.isprintable():
        return name
    return "sha256:" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def lock_number(lane: str) -> int:
    """The number of a lane's advisory lock, signed 64 bits, the same in every process."""
    return int.from_bytes(hashlib.blake2b(lane.encode(), digest_size=8).digest(), "big", signed=True)


async def lock_lanes(tx: Transaction, lanes: Collection[str]) -> None:
    """Hold the locks of lanes until ``tx`` ends, taken in one order so that nobody waits in a circle."""
    if tx.dialect != "postgresql" or not lanes:
        return
    if len(lanes) > MOST_LOCKS:
        # Each lock takes a place in the server's memory, which thousands would fill for everybody.
        await tx.session.execute(sa.text("LOCK TABLE work IN SHARE ROW EXCLUSIVE MODE"))
        return
    numbers = sorted({lock_number(lane) for lane in lanes})
    each = sa.func.unnest(sa.literal(numbers, postgresql.ARRAY(sa.BigInteger))).column_valued("number")
    await tx.session.execute(sa.select(sa.func.pg_advisory_xact_lock(each)))


async def lanes_of(tx: Transaction, conditions: Collection[sa.ColumnElement[bool]]) -> set[str]:
    """The lanes of the work that is meant, locked until ``tx`` ends."""
    found = await tx.session.execute(sa.select(work.c.lane).where(*conditions, work.c.lane.is_not(None)).distinct())
    lanes = {str(lane) for lane in found.scalars()}
    if lanes:
        await lock_lanes(tx, lanes)
    return lanes


async def open_lanes(tx: Transaction, lanes: Collection[str]) -> set[str]:
    """Which of these lanes, all locked by the caller, have open work."""
    found = await tx.session.execute(_opened(tx.dialect), _names(tx, lanes))
    return {str(lane) for lane in found.scalars()}


async def unfinished(tx: Transaction, lanes: Collection[str]) -> set[str]:
    """Which of these lanes, all locked by the caller, have open work, or work that was given up and waits for a person."""
    given_up = sa.select(work.c.lane).where(
        work.c.state == WorkState.DEAD, work.c.finished_at.is_not(None), work.c.lane.in_(sorted(lanes))
    )
    return await open_lanes(tx, lanes) | {str(lane) for lane in (await tx.session.execute(given_up)).scalars()}


async def behind(session: AsyncSession, lane: str, *, after: int, kinds: Collection[str], most: int = 200) -> list[int]:
    """What waits in a lane behind item ``after`` and nobody has begun: work that the same look at the world may answer."""
    statement = (
        sa.select(work.c.id)
        .where(work.c.lane == lane, work.c.state == QUEUED, work.c.id > after, ~work.c.head, work.c.kind.in_(kinds))
        .order_by(work.c.id)
        .limit(most)
    )
    return list((await session.execute(statement)).scalars())


async def settle_behind(tx: Transaction, ids: Collection[int]) -> list[str]:
    """Settle as done what still waits of ``ids`` in a lane that the caller has locked; the payloads of what it was."""
    statement = (
        sa.update(work)
        .where(work.c.id.in_(ids), work.c.state == QUEUED, ~work.c.head)
        .values(state=WorkState.DONE, finished_at=DatabaseNow())
        .returning(work.c.payload)
    )
    return list((await tx.session.execute(statement)).scalars())


async def promote(tx: Transaction, lanes: Collection[str]) -> None:
    """Make the first open item of each lane, all locked by the caller, its head where the head was just taken out."""
    promoted = await tx.session.execute(_promotion(tx.dialect), _names(tx, lanes))
    if promoted.first() is not None:
        await ring_after_commit(tx)


# Built once for each database: that costs the processor more than running them.
@lru_cache
def _opened(dialect: str) -> sa.Select[str]:
    named, lane = _named(dialect)
    return sa.select(lane).select_from(named).where(_any(work.c.lane == lane, IS_OPEN).is_not(None))


@lru_cache
def _promotion(dialect: str) -> ReturningUpdate[Any]:
    named, lane = _named(dialect)
    first, headed = work.alias("first"), work.alias("headed")
    # One look-up for each lane: a grouping would walk through all that waits in it.
    earliest = (
        sa.select(first.c.id)
        .where(first.c.lane == lane, first.c.state.in_([QUEUED, RUNNING]))
        .order_by(first.c.id)
        .limit(1)
        .scalar_subquery()
    )
    headless = _any(headed.c.lane == lane, headed.c.state.in_([QUEUED, RUNNING]), headed.c.head).is_(None)
    return (
        sa.update(work)
        .where(work.c.id.in_(sa.select(earliest).select_from(named).where(headless)))
        .values(head=True)
        .returning(work.c.id)
    )


def _any(*conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    """1 where such work is there, else NULL: one look-up for each lane.

    As EXISTS it may become a join, and where the server last counted while little was open it then walks through all
    open work for every statement.
    """
    one: sa.ColumnElement[int] = sa.literal_column("1")
    return sa.select(one).where(*conditions).limit(sa.literal_column("1")).scalar_subquery()


def _names(tx: Transaction, lanes: Collection[str]) -> dict[str, object]:
    names = sorted(set(lanes))
    return {"names": names if tx.dialect == "postgresql" else msgspec.json.encode(names).decode()}


def _named(dialect: str) -> tuple[sa.FromClause, sa.ColumnElement[str]]:
    """The lanes as a table of one column, handed over as one parameter: the statement is the same whatever they are."""
    if dialect == "postgresql":
        array = sa.bindparam("names", type_=postgresql.ARRAY(sa.Text))
        table = sa.func.unnest(array).table_valued(sa.column("lane", sa.Text)).render_derived(name="named")
        return table, table.c.lane
    table = sa.func.json_each(sa.bindparam("names", type_=sa.Text)).table_valued(sa.column("value", sa.Text))
    return table, table.c.value
