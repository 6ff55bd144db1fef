"""Looking who waits for whom in PostgreSQL."""

import asyncio

import sqlalchemy as sa

from orchestrator.db.session import Database

_WAITING = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


async def somebody_waits(database: Database) -> None:
    """Until somebody stands before what another transaction holds."""
    for _ in range(1000):
        async with database.reading() as session:
            if (await session.execute(_WAITING)).scalar_one():
                return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")
