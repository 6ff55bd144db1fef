"""The circuit breaker, one decision at a time: what counts as a failure, for how long it waits, and what ends it."""

import sqlalchemy as sa

from orchestrator.db.session import Database
from orchestrator.work.admin import ConnectionPause, pauses
from orchestrator.work.limits import pause
from orchestrator.work.table import work_pause
from orchestrator.work.trouble import JITTER, THRESHOLD, WAITS, answered, count_failure
from tests.fixtures.timers import advance

KEY = "one"


async def fail(database: Database) -> float | None:
    """The connection did not answer; the seconds that it is paused for."""
    async with database.transaction() as tx:
        return await count_failure(tx, KEY, "503")


async def paused(database: Database) -> ConnectionPause:
    """The pause as it stands."""
    async with database.reading() as session:
        found = await pauses(session)
    assert len(found) == 1, found
    return found[0]


async def test_failures_under_way_together_are_one(database: Database) -> None:
    """When it goes down with eight requests under way, the pause is as short as after three."""
    for _ in range(THRESHOLD):
        await fail(database)
    before = await paused(database)
    for _ in range(5):
        rest = await fail(database)
        assert rest is not None
        assert rest <= WAITS[0] * (1 + JITTER)
    assert await paused(database) == before
    assert before.failures == THRESHOLD


async def test_the_pause_grows_with_every_try(database: Database) -> None:
    """Seconds at first, a minute in the end, and never more than a quarter longer."""
    for _ in range(THRESHOLD - 1):
        assert await fail(database) is None
    waits = []
    for _ in range(len(WAITS) + 2):
        wait = await fail(database)
        assert wait is not None
        waits.append(wait)
        await advance(database, WAITS[-1] * 2)
    for wait, least in zip(waits, (*WAITS, WAITS[-1], WAITS[-1]), strict=True):
        assert least <= wait <= least * (1 + JITTER)


async def test_a_pause_by_hand_is_touched_by_nobody(database: Database) -> None:
    """What was under way when a person paused may fail or be answered: the pause and its reason stay."""
    async with database.transaction() as tx:
        await pause(tx, KEY, reason="maintenance")
    before = await paused(database)
    for _ in range(THRESHOLD + 1):
        await fail(database)
    assert await paused(database) == before
    async with database.transaction() as tx:
        await answered(tx, KEY)
    assert await paused(database) == before


async def test_an_answer_forgets_the_failures(database: Database) -> None:
    """Only failures in a row count: two, an answer and two more are no outage."""
    for _ in range(2):
        for _ in range(THRESHOLD - 1):
            assert await fail(database) is None
        async with database.transaction() as tx:
            await answered(tx, KEY)
    async with database.reading() as session:
        assert (await session.execute(sa.select(sa.func.count()).select_from(work_pause))).scalar_one() == 0
