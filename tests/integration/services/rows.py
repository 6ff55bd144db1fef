"""Looking at a whole database at once, and letting time pass in it."""

import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from orchestrator.db.session import Database
from orchestrator.work.table import WorkState, work
from tests.fixtures.house import House

Dump = dict[str, list[str]]
SOON = 5.0
"""Seconds: work that waits no longer than this waits for its turn, not for its time."""


async def dump(database: Database) -> Dump:
    """Every row of every table, as text."""
    return {name: sorted(repr(tuple(row)) for row in rows) for name, rows in (await _everything(database)).items()}


async def holders(database: Database, text: str) -> set[str]:
    """The columns (table.column) in which a text occurs, whatever their type."""
    found: set[str] = set()
    for table, rows in (await _everything(database)).items():
        for row in rows:
            found |= {f"{table}.{name}" for name, value in row._mapping.items() if text in _readable(value)}
    return found


async def still_held(database: Database, texts: Iterable[str]) -> set[str]:
    """Which of these texts occur anywhere at all."""
    values = [_readable(value) for rows in (await _everything(database)).values() for row in rows for value in row]
    return {text for text in texts if any(text in value for value in values)}


async def count(database: Database, statement: str, **values: object) -> int:
    """The number that a SELECT gives."""
    async with database.reading() as session:
        return int((await session.execute(sa.text(statement), values)).scalar_one() or 0)


async def pass_time(house: House, **by: float) -> None:
    """Move the clock (keywords as of timedelta), and do what was planned for the time until then.

    Deliveries are signed by the real clock and look stale afterwards: let the ATS speak before, not after.
    """
    house.clock.ahead += timedelta(**by)
    ahead = house.clock.ahead.total_seconds()
    async with house.runtime.database.transaction() as tx:
        await tx.session.execute(
            sa.update(work)
            .where(work.c.state == WorkState.QUEUED, work.c.run_at <= house.clock.now().timestamp())
            .values(run_at=work.c.run_at - ahead)
        )
    await house.work()


@asynccontextmanager
async def later(house: House, **by: float) -> AsyncIterator[None]:
    """Let time pass, and at the end of the block turn the clock back, for whoever shares the house."""
    before = house.clock.ahead
    try:
        await pass_time(house, **by)
        yield
    finally:
        house.clock.ahead = before


@contextmanager
def clock_moved(house: House, **by: float) -> Iterator[None]:
    """Move only the clock, as if no worker had run since; turned back at the end."""
    before = house.clock.ahead
    house.clock.ahead += timedelta(**by)
    try:
        yield
    finally:
        house.clock.ahead = before


async def settled(house: House) -> None:
    """Work until the ATS has delivered everything and nothing is due any more."""

    async def look() -> bool | None:
        waiting = house.sandbox.store.rows("SELECT 1 FROM deliveries WHERE status = 'pending'")
        due = await count(
            house.runtime.database,
            "SELECT count(*) FROM work WHERE state IN ('queued', 'running') AND run_at <= :soon",
            soon=time.time() + SOON,
        )
        unread = await count(
            house.runtime.database, "SELECT count(*) FROM delivery WHERE state = 'received' AND NOT queued"
        )
        return True if not waiting and not due and not unread else None

    await house.until("quiet", look)


async def _everything(database: Database) -> dict[str, Sequence[sa.Row[Any]]]:
    async with database.reading() as session:
        connection = await session.connection()
        names = await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names())
        return {name: (await session.execute(sa.text(f'SELECT * FROM "{name}"'))).all() for name in names}


def _readable(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
