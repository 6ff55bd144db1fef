"""Work that waits for a person goes on in the order that everybody keeps."""

import asyncio

import sqlalchemy as sa

from orchestrator.db.session import Database
from orchestrator.work.holds import holds, let_held_go
from orchestrator.work.lanes import lock_lanes
from orchestrator.work.queue import enqueue
from orchestrator.work.sql import DatabaseNow
from orchestrator.work.table import work
from tests.fixtures.work import Note
from tests.integration.services.locks import somebody_waits

KEY, MARK = "customer", "held: "


async def held(database: Database, *lanes: str | None) -> None:
    """Work that waits so, for an hour."""
    async with database.transaction() as tx:
        for number, lane in enumerate(lanes):
            await enqueue(tx, Note(number=number), lane=lane, rate_key=KEY)
        await tx.session.execute(sa.update(work).values(error=f"{MARK}why", run_at=DatabaseNow() + 3600.0))


async def go_on(database: Database) -> int:
    """Let it go on; how many did."""
    async with database.transaction() as tx:
        return await let_held_go(tx, KEY, MARK)


async def test_all_that_waits_goes_on_once(database: Database) -> None:
    """In lanes and beside them; the second time nothing waits any more."""
    await held(database, "a", "b", None)
    async with database.reading() as session:
        assert [hold.count for hold in await holds(session, MARK)] == [3]
    assert (await go_on(database), await go_on(database)) == (3, 0)


async def test_lanes_come_before_rows(postgres_database: Database) -> None:
    """Who holds the lane finishes first: nobody holds rows of it and waits for its lock."""
    await held(postgres_database, "a")
    async with postgres_database.transaction() as tx:
        await lock_lanes(tx, ["a"])
        going = asyncio.create_task(go_on(postgres_database))
        await somebody_waits(postgres_database)
        await tx.session.execute(sa.update(work).values(priority=work.c.priority))
    assert await going == 1
