"""Two transactions at one lane, on PostgreSQL, where only locks keep them apart: it never gets stuck, nor out of order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import product

import pytest
import sqlalchemy as sa

from orchestrator.db.session import Database, Transaction
from orchestrator.work import admin
from orchestrator.work.admin import Selection
from orchestrator.work.claim import ClaimedRow, claim, sweep
from orchestrator.work.outcome import Dead, Done, Outcome
from orchestrator.work.queue import Item, enqueue, enqueue_many
from orchestrator.work.settle import settle, settle_done
from orchestrator.work.table import WorkState, work
from orchestrator.work.worker import Worker
from tests.fixtures.timers import advance
from tests.fixtures.work import Note, all_work, create_effects, effects, write_note

LEASE = 3600.0
LANE = "a"
Act = Callable[[Transaction, ClaimedRow], Awaitable[None]]


@pytest.fixture
async def other(postgres_database: Database) -> AsyncIterator[Database]:
    """The same server as another process sees it."""
    second = Database(postgres_database.url.render_as_string(hide_password=False))
    yield second
    await second.aclose()


def settling(outcome: Outcome) -> Act:
    """Settle the head."""

    async def act(tx: Transaction, head: ClaimedRow) -> None:
        assert await settle(tx, head, outcome)

    return act


async def settling_together(tx: Transaction, head: ClaimedRow) -> None:
    """Settle the head as one of many."""
    assert await settle_done(tx, [head])


async def sweeping(tx: Transaction, _head: ClaimedRow) -> None:
    """The head's lease ended on its last attempt."""
    await tx.session.execute(sa.update(work).where(work.c.state == "running").values(lease_until=1.0))
    assert await sweep(tx) == 1


async def cancelling(tx: Transaction, head: ClaimedRow) -> None:
    """A person cancels the head while it runs."""
    assert await admin.cancel(tx, Selection(subject=head.subject)) == 1


async def adding(tx: Transaction, _head: ClaimedRow) -> None:
    """One more."""
    assert await enqueue(tx, Note(number=8), lane=LANE)
    assert await enqueue(tx, Note(number=9), lane=LANE)


async def adding_many(tx: Transaction, _head: ClaimedRow) -> None:
    """A portion."""
    items = [Item(payload=Note(number=n), lane=LANE, rate_key=None, dedupe=f"note:{n}") for n in (8, 9)]
    await enqueue_many(tx, items)


async def replaying(tx: Transaction, _head: ClaimedRow) -> None:
    """A dead letter of the lane comes back, and one more behind it."""
    assert len(await admin.replay_many(tx, Selection(subject="the dead letter"), actor="test")) == 1
    assert await enqueue(tx, Note(number=9), lane=LANE)


TAKERS: dict[str, Act] = {
    "done": settling(Done()),
    "dead": settling(Dead("never")),
    "done together": settling_together,
    "lease ended": sweeping,
    "cancelled": cancelling,
}
ADDERS: dict[str, Act] = {"one": adding, "many": adding_many, "replayed": replaying}


async def lane_with_running_head(database: Database) -> ClaimedRow:
    """A dead letter, then an item that runs; nothing behind it."""
    async with database.transaction() as tx:
        await enqueue(tx, Note(number=8), lane=LANE, subject="the dead letter")
        (first,) = (await claim(tx, count=1, worker="w", lease=LEASE)).rows
        await settle(tx, first, Dead("never"))
        await enqueue(tx, Note(number=7), lane=LANE, subject="the head", max_attempts=1)
        (head,) = (await claim(tx, count=1, worker="w", lease=LEASE)).rows
    return head


async def waits_for_a_lock(database: Database) -> bool:
    """Whether anybody does."""
    statement = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with database.reading() as session:
        return bool((await session.execute(sa.text(statement))).scalar_one())


async def at_once(one: Database, two: Database, acts: tuple[Act, Act], head: ClaimedRow) -> None:
    """The second goes as far as it gets while the first has not committed."""
    first, second = acts

    async def follow() -> None:
        async with two.transaction() as tx:
            await second(tx, head)

    async with one.transaction() as tx:
        await first(tx, head)
        following = asyncio.create_task(follow())
        for _ in range(5000):
            if following.done() or await waits_for_a_lock(two):
                break
    await following


async def left_open(database: Database) -> list[tuple[str, WorkState]]:
    """What did not come to its end."""
    return [(item.payload, item.state) for item in await all_work(database) if item.state in {"queued", "running"}]


async def test_a_lane_goes_on_whoever_adds_to_it_meanwhile(postgres_database: Database, other: Database) -> None:
    """Every way out of a lane against every way into it, each of them first once: one head, and all is done in order."""
    await create_effects(postgres_database)
    for taker, adder in product(TAKERS, ADDERS):
        for acts in ((TAKERS[taker], ADDERS[adder]), (ADDERS[adder], TAKERS[taker])):
            head = await lane_with_running_head(postgres_database)
            before = len(await effects(postgres_database))
            await at_once(postgres_database, other, acts, head)
            await Worker(postgres_database, {Note: write_note}, lease=LEASE).run_until_idle()
            assert await left_open(postgres_database) == [], (taker, adder)
            assert (await effects(postgres_database))[before:] == [8, 9], (taker, adder)
            async with postgres_database.transaction() as tx:
                await tx.session.execute(sa.delete(work))


@pytest.mark.parametrize("seed", [1])
async def test_many_rounds_at_one_lane(postgres_database: Database, other: Database, seed: int) -> None:
    """Three workers take the head out, two processes add behind it: each number once, in the order of the ids."""
    await create_effects(postgres_database)
    total = 90
    workers = [Worker(one, {Note: write_note}, lease=LEASE, poll=0.02) for one in (postgres_database, other, other)]
    running = [asyncio.create_task(worker.run()) for worker in workers]

    async def add(database: Database, numbers: range) -> None:
        for number in numbers:
            async with database.transaction() as tx:
                if (number + seed) % 3:
                    await enqueue(tx, Note(number=number), lane=LANE)
                else:
                    item = Item(payload=Note(number=number), lane=LANE, rate_key=None, dedupe=f"note:{number}")
                    await enqueue_many(tx, [item])

    await asyncio.gather(add(postgres_database, range(0, total, 2)), add(other, range(1, total, 2)))
    for _ in range(2000):
        if len(await effects(other)) >= total:
            break
        await asyncio.sleep(0.01)
    await asyncio.gather(*(worker.stop() for worker in workers))
    await asyncio.gather(*running)
    assert await left_open(other) == []
    order = [int(item.payload.partition(":")[2].rstrip("}")) for item in await all_work(other)]
    assert await effects(other) == order
    assert sorted(order) == list(range(total))


@pytest.mark.parametrize("first", ["done", "cancelled"])
async def test_what_is_behind_the_head_is_cancelled_while_the_head_is_done(
    postgres_database: Database, other: Database, first: str
) -> None:
    """Whoever is first: neither gets in the other's way, and what is behind both of them runs."""
    await create_effects(postgres_database)
    head = await lane_with_running_head(postgres_database)
    async with other.transaction() as tx:
        await enqueue(tx, Note(number=1), lane=LANE, subject="behind")
        await enqueue(tx, Note(number=2), lane=LANE)

    async def cancel(tx: Transaction, _head: ClaimedRow) -> None:
        assert await admin.cancel(tx, Selection(subject="behind")) == 1

    acts = (TAKERS["done"], cancel) if first == "done" else (cancel, TAKERS["done"])
    await at_once(postgres_database, other, acts, head)
    await Worker(postgres_database, {Note: write_note}, lease=LEASE).run_until_idle()
    await advance(postgres_database, 1)
    assert await effects(postgres_database) == [2]
