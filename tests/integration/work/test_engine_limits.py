"""What holds a connection back, whatever is asked of it: its bucket, a pause that ended, an outage."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.contract.errors import Unavailable
from orchestrator.db.session import Database
from orchestrator.work.job import Job
from orchestrator.work.limits import RateLimit, ensure_buckets, pause, reserve_turns
from orchestrator.work.outcome import TokenDenied
from orchestrator.work.queue import enqueue
from orchestrator.work.table import WorkState, rate_bucket
from orchestrator.work.worker import Worker
from tests.fixtures.work import Note, all_work

KEY = "one"
BURST = 4.0
RATE = 0.01
"""So slow that what the test itself takes makes no token."""

REST = 151.0
"""Seconds for one token and a half."""

PATIENCE = 250.0
NIGHT = 10.0 * 86400
rests = st.sampled_from([0.0, REST, NIGHT])
asked = st.lists(st.tuples(rests, st.integers(1, 3), st.booleans()), min_size=1, max_size=14)


async def turns(database: Database, *, count: int, patience: float) -> tuple[float, ...] | None:
    """Seconds until each turn, None where there is no room."""
    try:
        async with database.transaction() as tx:
            return await reserve_turns(tx, KEY, count=count, patience=patience)
    except TokenDenied:
        return None


async def play(database: Database, steps: list[tuple[float, int, bool]]) -> None:
    """Rest and take, and compare with a bucket of water."""
    async with database.transaction() as tx:
        await tx.session.execute(sa.delete(rate_bucket))
    await ensure_buckets(database, {KEY: RateLimit(rate=RATE, burst=BURST)})
    level = BURST
    for rest, count, patient in steps:
        async with database.transaction() as tx:
            await tx.session.execute(sa.update(rate_bucket).values(at=rate_bucket.c.at - rest))
        level = min(BURST, level + rest * RATE)
        patience = PATIENCE if patient else 0.0
        taken = await turns(database, count=count, patience=patience)
        assert (taken is not None) is (level - 1 >= -patience * RATE), f"with {level} tokens: {taken}"
        if taken is not None:
            expected = [max(0.0, -(level - 1 - place) / RATE) for place in range(count)]
            assert list(taken) == pytest.approx(expected, abs=30)
            level -= count


def check(url: str) -> None:
    """Play many lists of steps on one database."""
    with asyncio.Runner() as runner:
        database = Database(url)

        @settings(max_examples=30)
        @given(asked)
        def examples(steps: list[tuple[float, int, bool]]) -> None:
            runner.run(play(database, steps))

        try:
            examples()
        finally:
            runner.run(database.aclose())


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_no_more_turns_than_rate_and_burst_allow(kind: str, request: pytest.FixtureRequest) -> None:
    """After any rest at most a burst; every turn beyond it a token's time after the one before."""
    make: Callable[[], str] = request.getfixturevalue(f"make_{'postgres' if kind == 'postgresql' else kind}_url")
    check(make())


async def test_an_outage_after_a_pause_that_ended_is_an_outage(database: Database) -> None:
    """A pause until a moment leaves no trace once that has passed: failures count, and tries become rare."""
    tries = 0

    async def unavailable(_payload: Note, _job: Job) -> None:
        nonlocal tries
        tries += 1
        # The bound of this test: were every failure tried again at once, it would never end.
        if tries < 50:
            raise Unavailable("503")

    async with database.transaction() as tx:
        await enqueue(tx, Note(number=1), rate_key=KEY)
        await pause(tx, KEY, reason="maintenance", until=datetime.now(UTC) - timedelta(seconds=1))
    await Worker(database, {Note: unavailable}, lease=3600.0).run_until_idle()
    assert tries == 1
    assert [item.state for item in await all_work(database)] == [WorkState.QUEUED]
