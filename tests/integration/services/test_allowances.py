"""What an ATS says is left of its limit binds every process that shares the database."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import sqlalchemy as sa

from adapters.contract.allowance import Allowance, tell
from adapters.contract.errors import RateLimited
from orchestrator.db.session import Database
from orchestrator.ports import SystemClock
from orchestrator.services.exchange import Conversation
from orchestrator.work.allowance import FEW, MENTIONED, Allowances, closed, lower
from orchestrator.work.job import Job
from orchestrator.work.limits import RateLimit, ensure_buckets, level, reserve_turns
from orchestrator.work.outcome import Outcome, TokenDenied
from orchestrator.work.queue import enqueue
from orchestrator.work.table import rate_bucket
from orchestrator.work.worker import Worker
from tests.fixtures.commits import counted_commits
from tests.fixtures.work import Note
from tests.integration.services.test_settling_by_hand import operating

KEY = "customer"
Script = Callable[[Conversation], Awaitable[None]]


async def tokens(database: Database) -> float:
    """What the bucket holds now."""
    async with database.reading() as session:
        return float((await session.execute(sa.select(level()).where(rate_bucket.c.key == KEY))).scalar_one())


@asynccontextmanager
async def conversing(database: Database, allowances: Allowances, job: Job) -> AsyncIterator[Conversation]:
    """A conversation as the sync log opens it."""
    talk = Conversation(database, SystemClock(), job, connection=KEY, allowances=allowances)
    try:
        yield talk
    finally:
        await talk.close()


async def attempt(database: Database, script: Script, *, burst: float = 50.0, rate: float = 0.001) -> int:
    """Work on one item that follows a script; how many transactions it took."""
    await ensure_buckets(database, {KEY: RateLimit(rate=rate, burst=burst)})
    allowances = Allowances()

    async def handler(_payload: Note, job: Job) -> Outcome | None:
        async with conversing(database, allowances, job) as ats:
            await script(ats)
            async with ats.finish():
                pass
        return None

    async with database.transaction() as tx:
        await enqueue(tx, Note(number=1), rate_key=KEY)
    with counted_commits(database) as commits:
        await Worker(database, {Note: handler}).run_until_idle()
    (count,) = commits.of_kind("note.write")
    return count


async def test_the_bucket_holds_no_more_than_is_left(database: Database) -> None:
    """Others use the same credentials: eleven are left by the answer to the first request, ten after the second."""

    async def script(ats: Conversation) -> None:
        async with ats.pull("read_fields"):
            tell(Allowance(left=11, seconds=20.0))
        async with ats.pull("read_fields"):
            pass

    assert await attempt(database, script) == 3
    assert await tokens(database) == pytest.approx(10, abs=0.1)


async def test_promised_turns_are_not_left(database: Database) -> None:
    """Two turns were taken ahead and not used yet: what is left is less by those."""

    async def script(ats: Conversation) -> None:
        async with ats.pull("read_fields", turns=3):
            tell(Allowance(left=11, seconds=20.0))
        async with ats.transaction():
            pass

    await attempt(database, script)
    assert await tokens(database) == pytest.approx(9, abs=0.1)


@pytest.mark.parametrize(("left", "more"), [(FEW, 0), (FEW - 1, 1)])
async def test_little_left_is_told_at_once(database: Database, left: int, more: int) -> None:
    """Where much is left the next request tells the others; where little is, a transaction more is worth it."""

    async def script(ats: Conversation) -> None:
        async with ats.pull("read_fields"):
            tell(Allowance(left=left, seconds=20.0))

    assert await attempt(database, script) == 2 + more
    assert await tokens(database) == pytest.approx(left if more else 49, abs=0.1)


async def test_a_refusal_holds_everybody_until_its_time(database: Database) -> None:
    """429 with thirty seconds to wait: no other process has a turn before, and the bucket is open after."""

    async def script(ats: Conversation) -> None:
        async with ats.pull("read_fields"):
            tell(Allowance(left=0, seconds=30.0, refused=True))
            raise RateLimited("less, please", retry_after=30.0)

    assert await attempt(database, script, rate=10.0) == 3
    async with database.transaction() as tx:
        with pytest.raises(TokenDenied) as denied:
            await reserve_turns(tx, KEY, count=1)
    assert 29 <= denied.value.retry_after <= 62
    async with database.transaction() as tx:
        await tx.session.execute(sa.update(rate_bucket).values(at=rate_bucket.c.at - 30))
        assert await reserve_turns(tx, KEY, count=1) == (0.0,)


@pytest.mark.parametrize(("left", "after"), [(60, 50.0), (50, 50.0), (7, 7.0)])
async def test_a_bucket_is_never_filled_by_the_word_of_an_ats(database: Database, left: int, after: float) -> None:
    """More than the manifest allows is not believed."""
    await ensure_buckets(database, {KEY: RateLimit(rate=0.001, burst=50)})
    async with database.transaction() as tx:
        await lower(tx, KEY, left=left, seconds=20.0)
    assert await tokens(database) == pytest.approx(after, abs=0.1)


async def test_what_was_said_long_ago_counts_no_more(database: Database) -> None:
    """The window has ended since: nothing is held back by it."""
    await ensure_buckets(database, {KEY: RateLimit(rate=0.001, burst=50)})
    allowances = Allowances()
    allowances.hear(KEY, Allowance(left=1, seconds=0.0))
    async with database.transaction() as tx:
        await allowances.feed(tx, KEY)
        await allowances.feed(tx, "another")
    assert await tokens(database) == pytest.approx(50, abs=0.1)


@pytest.mark.parametrize("then", ["pull", "push"])
async def test_a_refusal_is_heard_though_the_next_turn_is_denied(database: Database, then: str) -> None:
    """The turn that is too far away rolls its transaction back, and not what the others must know."""

    async def script(ats: Conversation) -> None:
        async with ats.pull("read_fields"):
            tell(Allowance(left=0, seconds=60.0, refused=True))
        async with ats.push("write_fields") if then == "push" else ats.pull("read_fields"):
            pass

    await attempt(database, script, rate=1.0)
    assert await tokens(database) == pytest.approx(-59, abs=1)


async def test_what_was_heard_is_kept_until_it_is_stored(database: Database) -> None:
    """A transaction that fails takes nothing along: the next one does, once."""
    await ensure_buckets(database, {KEY: RateLimit(rate=0.001, burst=50)})
    allowances = Allowances()
    allowances.hear(KEY, Allowance(left=1, seconds=60.0))

    async def denied() -> None:
        async with database.transaction() as tx:
            await allowances.feed(tx, KEY)
            await reserve_turns(tx, KEY, count=1, patience=-100_000.0)

    with pytest.raises(TokenDenied):
        await denied()
    assert allowances.pressing(KEY)
    async with database.transaction() as tx:
        heard = await allowances.feed(tx, KEY)
    allowances.hear(KEY, Allowance(left=2, seconds=60.0))
    allowances.taken(KEY, heard)
    assert allowances.pressing(KEY)
    assert await tokens(database) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("refused", [True, False], ids=["refused", "mentioned"])
async def test_a_mention_is_believed_for_a_while_only(database: Database, *, refused: bool) -> None:
    """Nothing left for two minutes: after a refusal all of it is waited for, after an answer half a minute."""

    async def script(ats: Conversation) -> None:
        async with ats.pull("read_fields"):
            tell(Allowance(left=0, seconds=120.0, refused=refused))

    await attempt(database, script, rate=1.0)
    assert await tokens(database) == pytest.approx(1 - (120.0 if refused else MENTIONED), abs=1)


@pytest.mark.parametrize("refused", [True, False], ids=["refused", "mentioned"])
async def test_a_better_word_opens_what_a_mention_closed(database: Database, *, refused: bool) -> None:
    """One kind of request has nothing left and the next has: the bucket opens, for one at first; a refusal stands."""
    await ensure_buckets(database, {KEY: RateLimit(rate=1.0, burst=50)})
    for left in (0, 40, 40):
        async with database.transaction() as tx:
            await lower(tx, KEY, left=left, seconds=30.0, refused=refused)
    assert await tokens(database) == pytest.approx(-29 if refused else 1, abs=1)


async def test_turns_that_are_promised_are_not_given_back(database: Database) -> None:
    """A bucket that stands in debt by those in line is not opened by a good word."""
    await ensure_buckets(database, {KEY: RateLimit(rate=1.0, burst=1)})
    async with database.transaction() as tx:
        await reserve_turns(tx, KEY, count=3)
        await lower(tx, KEY, left=40, seconds=30.0)
    assert await tokens(database) == pytest.approx(-2, abs=0.5)
    async with database.reading() as session:
        assert await closed(session) == {}


async def test_a_closed_bucket_is_seen(database: Database) -> None:
    """Who looks learns which connection waits, and for how long."""
    await ensure_buckets(database, {KEY: RateLimit(rate=5.0, burst=50), "another": RateLimit(rate=5.0, burst=50)})
    async with database.transaction() as tx:
        await lower(tx, KEY, left=0, seconds=240.0, refused=True)
    async with database.reading() as session:
        assert await closed(session) == {KEY: pytest.approx(240, abs=2)}
    (said,) = (await operating(database).overview()).troubles
    assert said.startswith(f"{KEY} asks for fewer requests: its work waits for 4 minutes")
