"""Much work at once, heads of lanes, and the shelves that a claim looks at."""

import asyncio
from collections.abc import Sequence

import pytest
import sqlalchemy as sa

from orchestrator.db.session import Database, Transaction
from orchestrator.work.claim import claim
from orchestrator.work.job import Job
from orchestrator.work.limits import pause
from orchestrator.work.queue import Item, enqueue, enqueue_many
from orchestrator.work.table import work
from orchestrator.work.wakeup import ring_after_commit
from orchestrator.work.worker import Worker
from tests.fixtures.timers import advance
from tests.fixtures.work import Note, all_work, create_effects, effects, write_note

LEASE = 3600.0


def items(numbers: Sequence[int], *, lanes: int = 2, key: str | None = None) -> list[Item]:
    """Notes in a few lanes."""
    return [
        Item(payload=Note(number=n), lane=f"lane-{n % lanes}" if lanes else None, rate_key=key, dedupe=f"note:{n}")
        for n in numbers
    ]


async def heads(database: Database) -> list[bool]:
    """Which items are heads, the oldest first."""
    async with database.reading() as session:
        return list((await session.execute(sa.select(work.c.head).order_by(work.c.id))).scalars())


async def test_of_many_at_once_the_first_of_each_lane_is_its_head(database: Database) -> None:
    """Also where the lane had open work before."""
    async with database.transaction() as tx:
        await enqueue(tx, Note(number=100), lane="lane-1")
        await enqueue_many(tx, items(range(4)))
        await enqueue_many(tx, items([4, 5], lanes=0))
    assert await heads(database) == [True, True, False, False, False, True, True]


async def test_many_at_once_run_in_order_and_once(database: Database) -> None:
    """Two portions in two lanes."""
    await create_effects(database)
    async with database.transaction() as tx:
        await enqueue_many(tx, items(range(10)))
    async with database.transaction() as tx:
        await enqueue_many(tx, items(range(10, 20)))
    await Worker(database, {Note: write_note}, lease=LEASE).run_until_idle()
    done = await effects(database)
    assert sorted(done) == list(range(20))
    assert [n for n in done if n % 2] == list(range(1, 20, 2))


async def test_news_for_a_lane_wakes_what_failed_in_it(database: Database) -> None:
    """What sleeps for hours at the head of the lane is tried now; other lanes sleep on."""
    async with database.transaction() as tx:
        for lane in ("lane-0", "lane-1"):
            await enqueue(tx, Note(number=50), lane=lane)
        await tx.session.execute(sa.update(work).values(run_at=work.c.run_at + 7200))
    async with database.transaction() as tx:
        await enqueue_many(tx, items([2]))
        taken = await claim(tx, count=10, worker="w", lease=LEASE)
    assert [row.lane for row in taken.rows] == ["lane-0"]


async def test_a_shelf_is_skipped_while_its_connection_is_paused_or_its_kind_is_not_mine(database: Database) -> None:
    """Priority first, then age, over every shelf that is open."""
    async with database.transaction() as tx:
        await enqueue_many(tx, items([0, 1], lanes=0, key="paused"))
        await enqueue_many(tx, items([2, 3], lanes=0, key="free"))
        await enqueue_many(tx, items([4], lanes=0))
        await pause(tx, "paused", reason="maintenance")
    async with database.transaction() as tx:
        assert not (await claim(tx, count=10, worker="w", lease=LEASE, kinds=["other.kind"])).rows
        taken = await claim(tx, count=2, worker="w", lease=LEASE)
        rest = await claim(tx, count=10, worker="w", lease=LEASE)
    assert sorted(row.id for row in (*taken.rows, *rest.rows)) == [3, 4, 5]
    assert len(taken.rows) == 2


async def test_a_rate_key_with_a_slash_is_refused(sqlite_database: Database) -> None:
    """The name of a shelf is taken apart at its slashes."""
    with pytest.raises(ValueError, match="slash"):
        async with sqlite_database.transaction() as tx:
            await enqueue(tx, Note(number=1), rate_key="a/b")


async def test_the_worker_feeds_itself_until_nothing_is_left(database: Database) -> None:
    """Portion by portion, before it looks for work."""
    await create_effects(database)
    portions = [range(2), range(2, 4), range(4, 5)]

    async def feed(tx: Transaction) -> bool:
        if portions:
            await enqueue_many(tx, items(portions.pop(0)))
        return bool(portions)

    await Worker(database, {Note: write_note}, lease=LEASE, feed=feed).run_until_idle()
    assert sorted(await effects(database)) == list(range(5))


async def test_lanes_that_are_fed_and_finished_at_once_never_get_stuck(database: Database) -> None:
    """One adds to a lane while others take its head out of it: whoever is first, there is a next one."""
    await create_effects(database)
    total = 60
    finished = asyncio.Event()

    async def write(payload: Note, job: Job) -> None:
        await write_note(payload, job)
        if payload.number == total - 1:
            finished.set()

    workers = [Worker(database, {Note: write}, lease=LEASE, poll=0.02) for _ in range(2)]
    running = [asyncio.create_task(worker.run()) for worker in workers]
    for number in range(total):
        async with database.transaction() as tx:
            await enqueue_many(tx, items([number], lanes=1)) if number % 2 else await enqueue(
                tx, Note(number=number), lane="lane-0"
            )
    await asyncio.wait_for(finished.wait(), timeout=30)
    await asyncio.gather(*(worker.stop() for worker in workers))
    await asyncio.gather(*running)
    assert await effects(database) == list(range(total))


async def test_done_together_is_done_each(database: Database) -> None:
    """Handlers without an effect of their own are settled many at a time; lanes go on."""
    seen: list[int] = []

    async def handle(payload: Note, _job: object) -> None:
        seen.append(payload.number)

    async with database.transaction() as tx:
        await enqueue_many(tx, items(range(30), lanes=3))
        await enqueue_many(tx, items(range(30, 60), lanes=0))
    await Worker(database, {Note: handle}, lease=LEASE, concurrency=20).run_until_idle()
    assert sorted(seen) == list(range(60))
    assert {item.state for item in await all_work(database)} == {"done"}
    assert [n for n in seen if n < 30 and n % 3 == 0] == list(range(0, 30, 3))


async def test_a_zombie_that_is_done_together_changes_nothing(database: Database) -> None:
    """The fence holds for what is settled in a crowd as well."""
    release = asyncio.Event()
    started = asyncio.Event()

    async def slow(_payload: Note, _job: object) -> None:
        started.set()
        await release.wait()

    async with database.transaction() as tx:
        await enqueue(tx, Note(number=1))
    zombie = Worker(database, {Note: slow}, lease=LEASE)
    running = asyncio.create_task(zombie.run_until_idle())
    await started.wait()
    await advance(database, LEASE * 2)
    thief = Worker(database, {}, lease=LEASE)
    await thief.keep_leases()
    release.set()
    await running
    assert zombie.counts.leases_lost == 1


async def test_news_is_told_once_for_a_transaction(sqlite_database: Database) -> None:
    """However often it is asked for."""
    async with sqlite_database.transaction() as tx:
        await ring_after_commit(tx)
        await ring_after_commit(tx)
        assert [key for key in tx.session.sync_session.info if "rung" in str(key)] == ["evenhand_work_rung"]
