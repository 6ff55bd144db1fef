"""Who was in an ATS when stock was taken, and where each stood."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.watching import StandingRow, StockRow
from orchestrator.db.repositories.intake import insert

PORTION = 500
"""Rows of one INSERT."""


class Stood(Struct, frozen=True, kw_only=True):
    """What is known of an application from elsewhere than a reading of it that was taken in.

    ``stage_id``: where it stood when stock was taken; ``moved_at``: when it is said to have moved since. None: not known.
    """

    stage_id: str | None = None
    moved_at: datetime | None = None


class Unseen(Struct, frozen=True):
    """An application that is to be looked at, and how often it could not be read."""

    external_id: str
    missed: int


async def of(session: AsyncSession, connection: str, *, lock: bool = False) -> StockRow | None:
    """How far taking stock is; None where it was never begun."""
    statement = sa.select(StockRow).where(StockRow.connection == connection)
    return await session.scalar(statement.with_for_update() if lock else statement)


async def begin(session: AsyncSession, connection: str, *, at: datetime) -> bool:
    """Note that stock is being taken; True where it was not before."""
    statement = insert(session, StockRow).values(connection=connection, step=0, began_at=at)
    added = statement.on_conflict_do_nothing(index_elements=["connection"]).returning(StockRow.connection)
    return (await session.scalar(added)) is not None


async def note_names(session: AsyncSession, *, connection: str, external_ids: Sequence[str]) -> None:
    """Add applications to the list; those that stand there stay as they are."""
    for begin_at in range(0, len(external_ids), PORTION):
        portion = external_ids[begin_at : begin_at + PORTION]
        statement = insert(session, StandingRow).values([{"connection": connection, "external_id": n} for n in portion])
        await session.execute(statement.on_conflict_do_nothing(index_elements=["connection", "external_id"]))


async def next_unseen(session: AsyncSession, connection: str) -> Unseen | None:
    """An application that nobody has looked at yet; then those that could not be read, once more."""
    # A literal condition: SQLite uses a partial index only where it can read it in the statement.
    found = await session.execute(
        sa.select(StandingRow.external_id, StandingRow.missed)
        .where(StandingRow.connection == connection, StandingRow.seen_at.is_(None))
        .order_by(StandingRow.missed, StandingRow.external_id)
        .limit(1)
    )
    row = found.first()
    return None if row is None else Unseen(*row)


async def anybody_seen(session: AsyncSession, connection: str) -> bool:
    """Whether an application was read at all since stock is being taken."""
    read = sa.select(StandingRow.external_id).where(
        StandingRow.connection == connection, StandingRow.stage_id.is_not(None)
    )
    return await session.scalar(read.limit(1)) is not None


async def note_stage(session: AsyncSession, *, connection: str, external_id: str, stage_id: str, at: datetime) -> None:
    """Note where an application stands."""
    await session.execute(
        sa.update(StandingRow).where(*_one(connection, external_id)).values(stage_id=stage_id, seen_at=at)
    )


async def note_missed(session: AsyncSession, *, connection: str, external_id: str) -> None:
    """Note that an application could not be read: once more when everybody else was looked at."""
    await session.execute(
        sa.update(StandingRow).where(*_one(connection, external_id)).values(missed=StandingRow.missed + 1)
    )


async def give_up(session: AsyncSession, *, connection: str, external_id: str, at: datetime) -> None:
    """Look no more at one that cannot be read: nothing is known of it, but what a delivery told stays."""
    mine = _one(connection, external_id)
    await session.execute(sa.delete(StandingRow).where(*mine, StandingRow.moved_at.is_(None)))
    await session.execute(sa.update(StandingRow).where(*mine).values(seen_at=at))


async def note_move(
    session: AsyncSession, *, connection: str, external_id: str, moved_at: datetime, at: datetime
) -> None:
    """Remember that a delivery told of a move which no reading has shown."""
    statement = insert(session, StandingRow).values(
        connection=connection, external_id=external_id, seen_at=at, missed=0, moved_at=moved_at
    )
    key = ["connection", "external_id"]
    await session.execute(statement.on_conflict_do_update(index_elements=key, set_={"moved_at": moved_at}))


async def look_anew(session: AsyncSession, connection: str) -> None:
    """Have everybody looked at again whose stage is not known."""
    unknown = sa.update(StandingRow).where(StandingRow.connection == connection, StandingRow.stage_id.is_(None))
    await session.execute(unknown.values(seen_at=None, missed=0))


async def stood(session: AsyncSession, *, connection: str, external_id: str) -> Stood:
    """What is known of an application."""
    row = await session.get(StandingRow, (connection, external_id))
    return Stood() if row is None else Stood(stage_id=row.stage_id, moved_at=row.moved_at)


async def forget_others(session: AsyncSession, connections: Collection[str]) -> Sequence[str]:
    """Forget what is known of connections that are none of these; returns which."""
    gone = sa.delete(StockRow).where(StockRow.connection.not_in(connections)).returning(StockRow.connection)
    forgotten = (await session.scalars(gone)).all()
    await session.execute(sa.delete(StandingRow).where(StandingRow.connection.not_in(connections)))
    return forgotten


def _one(connection: str, external_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (StandingRow.connection == connection, StandingRow.external_id == external_id)
