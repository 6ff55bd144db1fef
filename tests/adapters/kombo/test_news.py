"""Kombo says that something changed and names nobody: Evenhand polls at once, and once for a burst."""

from pathlib import Path

import sqlalchemy as sa

from orchestrator.services.kinds import ProcessDelivery
from orchestrator.work.table import work
from tests.adapters.kombo.test_main_job import living
from tests.adapters.kombo.world import KOMBO_CASE
from tests.adapters.main_job import SECRET, Evenhand, connected_house


async def polls(house: Evenhand) -> int:
    """How many polls were ever put on the table."""
    async with house.runtime.database.reading() as session:
        statement = sa.select(sa.func.count()).select_from(work).where(work.c.kind == "ats.poll")
        return (await session.execute(statement)).scalar_one()


async def test_news_is_polled_for_at_once(sqlite_url: str, tmp_path: Path) -> None:
    """No tick of the clock: the delivery alone leads to the invitation; what it was about is noted with it."""
    async with living() as world, connected_house(KOMBO_CASE, world, sqlite_url, tmp_path) as house:
        await house.poll()
        await house.work()
        await world.listen(house.hook, SECRET)
        await world.recruit(world.trigger_stage)
        await house.until("the invitation", house.invited)
        async with house.runtime.database.reading() as session:
            told = await session.execute(sa.text("SELECT DISTINCT state, outcome FROM delivery WHERE lane IS NULL"))
            outcomes = {tuple(row) for row in told if row.outcome and "something changed" in row.outcome}
        assert outcomes == {("processed", "it says that something changed, so the ATS is polled")}


async def take_in(house: Evenhand) -> None:
    """Take in what was delivered, and begin no poll."""
    await house.runtime.worker(name="reader", kinds=(ProcessDelivery.kind,)).run_until_idle()


async def test_a_burst_is_one_poll(database_url: str, tmp_path: Path) -> None:
    """While a poll waits to begin, further news needs none; news that comes after it does."""
    async with living() as world, connected_house(KOMBO_CASE, world, database_url, tmp_path) as house:
        await house.poll()
        await house.work()
        before = await polls(house)
        await world.listen(house.hook, SECRET)
        for stage in (world.trigger_stage, world.resting_stage, world.trigger_stage):
            await world.recruit(stage)
        await take_in(house)
        assert await polls(house) == before + 1
        await house.work()
        await world.recruit(world.resting_stage)
        await take_in(house)
        assert await polls(house) == before + 2
