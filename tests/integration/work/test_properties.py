"""Whatever is enqueued and whatever fails: each lane in its order, each effect once."""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from orchestrator.db.session import Database
from orchestrator.work.job import Job
from orchestrator.work.outcome import Dead, Retry
from orchestrator.work.queue import enqueue
from orchestrator.work.table import WorkState
from orchestrator.work.worker import Worker
from tests.fixtures.timers import advance
from tests.fixtures.work import Note, all_work, create_effects, effect, leave

LEASE = 3600.0
ROUNDS = 12


class Plan(Struct, frozen=True):
    """How one item behaves: what goes wrong on its first attempts, one letter each."""

    lane: str | None
    faults: str


plans = st.lists(
    st.builds(Plan, lane=st.sampled_from([None, "a", "b", "c"]), faults=st.text("refd", max_size=2)),
    min_size=1,
    max_size=9,
)


class Trouble(Exception):
    """A handler that breaks."""


async def misbehave(plan: Plan, payload: Note, job: Job) -> Retry | Dead | None:
    """r returns Retry, e raises before, f raises inside the transaction, d gives up; then the effect is left."""
    fault = plan.faults[job.attempt - 1 : job.attempt]
    if fault == "r":
        return Retry(reason="not yet")
    if fault == "d":
        return Dead("never")
    if fault == "e":
        raise Trouble
    async with job.finish() as tx:
        await tx.session.execute(leave(payload.number, job.lane))
        if fault == "f":
            raise Trouble
    return None


async def check(url: str, items: list[Plan]) -> None:
    """Run the plan with two processes and look at what they left."""
    async with AsyncExitStack() as stack:
        processes = [Database(url), Database(url)]
        for process in processes:
            stack.push_async_callback(process.aclose)
        database = processes[0]
        await create_effects(database)
        keys = [str(uuid.uuid4()) for _ in items]
        async with database.transaction() as tx:
            for _ in range(2):
                for number, (plan, key) in enumerate(zip(items, keys, strict=True)):
                    await enqueue(tx, Note(number=number), lane=plan.lane, dedupe=key)

        async def handler(payload: Note, job: Job) -> Retry | Dead | None:
            return await misbehave(items[payload.number], payload, job)

        workers = [Worker(process, {Note: handler}, concurrency=3, lease=LEASE) for process in processes]
        for _ in range(ROUNDS):
            await asyncio.gather(*(worker.run_until_idle() for worker in workers))
            if all(item.state in {WorkState.DONE, WorkState.DEAD} for item in await all_work(database)):
                break
            await advance(database, 1000)
        await judge(database, items)


async def judge(database: Database, items: list[Plan]) -> None:
    """Dead exactly where the plan gives up; every other item has one effect; lanes are in order."""
    states = [item.state for item in await all_work(database)]
    assert states == [WorkState.DEAD if "d" in plan.faults else WorkState.DONE for plan in items]
    async with database.reading() as session:
        rows = (await session.execute(sa.select(effect).order_by(effect.c.id))).all()
    assert sorted(row.number for row in rows) == [n for n, plan in enumerate(items) if "d" not in plan.faults]
    lanes = defaultdict(list)
    for row in rows:
        lanes[row.lane].append(row.number)
    assert all(numbers == sorted(numbers) for lane, numbers in lanes.items() if lane is not None)


@settings(max_examples=25)
@given(items=plans)
def test_lanes_in_order_and_one_effect_each_on_sqlite(make_sqlite_url: Callable[[], str], items: list[Plan]) -> None:
    """Two processes on one file."""
    asyncio.run(check(make_sqlite_url(), items))


@pytest.mark.long
@settings(max_examples=25)
@given(items=plans)
def test_lanes_in_order_and_one_effect_each_on_postgresql(
    make_postgres_url: Callable[[], str], items: list[Plan]
) -> None:
    """Two processes on one server."""
    asyncio.run(check(make_postgres_url(), items))


@pytest.mark.parametrize("processes", [4])
async def test_contention_on_one_lane(database_url: str, processes: int) -> None:
    """Many processes at one lane: one at a time, in order, each once."""
    async with AsyncExitStack() as stack:
        databases = [Database(database_url) for _ in range(processes)]
        for database in databases:
            stack.push_async_callback(database.aclose)
        await create_effects(databases[0])
        finished = asyncio.Event()

        async def handler(payload: Note, job: Job) -> None:
            async with job.finish() as tx:
                await tx.session.execute(leave(payload.number, job.lane))
            if payload.number == 29:
                finished.set()

        async with databases[0].transaction() as tx:
            for number in range(30):
                await enqueue(tx, Note(number=number), lane="a")
        workers = [Worker(database, {Note: handler}, poll=0.05) for database in databases]
        running = [asyncio.create_task(worker.run()) for worker in workers]
        await asyncio.wait_for(finished.wait(), timeout=30)
        await asyncio.gather(*(worker.stop() for worker in workers))
        await asyncio.gather(*running)
        async with databases[0].reading() as session:
            rows = list((await session.execute(sa.select(effect.c.number).order_by(effect.c.id))).scalars())
    assert rows == list(range(30))
