"""A connection that does not answer waits, costs nobody an attempt, and goes on in order when it is back."""

import pytest

from adapters.contract.errors import NotFound, Unavailable
from orchestrator.db.session import Database
from orchestrator.work.admin import pauses
from orchestrator.work.job import Job
from orchestrator.work.limits import pause, resume
from orchestrator.work.queue import enqueue
from orchestrator.work.table import WorkState
from orchestrator.work.trouble import THRESHOLD, WAITS
from orchestrator.work.worker import Worker
from tests.fixtures.timers import advance
from tests.fixtures.work import Note, all_work, create_effects, effects, leave

LEASE = 3600.0


class Ats:
    """Answers, or does not."""

    def __init__(self) -> None:
        self.down = True
        self.asked: list[int] = []

    async def handle(self, payload: Note, job: Job) -> None:
        """Ask the ATS, then leave an effect."""
        self.asked.append(payload.number)
        if self.down:
            raise Unavailable("503")
        job.answered = True
        async with job.finish() as tx:
            await tx.session.execute(leave(payload.number, job.lane))


async def put(database: Database, numbers: range, *, key: str = "one", max_attempts: int = 2) -> None:
    """Three lanes of work for one connection."""
    async with database.transaction() as tx:
        for number in numbers:
            lane = f"{key}/{number % 3}"
            await enqueue(tx, Note(number=number), lane=lane, rate_key=key, max_attempts=max_attempts)


async def test_an_outage_of_hours_costs_no_attempt_and_one_request_at_a_time(database: Database) -> None:
    """Thirty tries and more, of work that has two attempts: all of it is there when the ATS is back, in order."""
    await create_effects(database)
    ats = Ats()
    worker = Worker(database, {Note: ats.handle}, lease=LEASE, concurrency=1)
    await put(database, range(9))
    await worker.run_until_idle()
    assert len(ats.asked) == THRESHOLD
    for tries in range(1, 31):
        await advance(database, WAITS[-1] * 2)
        await worker.run_until_idle()
        assert len(ats.asked) == THRESHOLD + tries
    assert {item.state for item in await all_work(database)} == {WorkState.QUEUED}
    async with database.reading() as session:
        (entry,) = await pauses(session)
    assert (entry.rate_key, entry.reason) == ("one", "Unavailable: 503")
    ats.down = False
    await advance(database, WAITS[-1] * 2)
    await worker.run_until_idle()
    done = await effects(database)
    assert sorted(done) == list(range(9))
    assert all([n for n in done if n % 3 == lane] == [lane, lane + 3, lane + 6] for lane in range(3))
    async with database.reading() as session:
        assert await pauses(session) == []


async def test_another_connection_goes_on(database: Database) -> None:
    """One ATS is away, the other is not even slower."""
    await create_effects(database)
    ats = Ats()

    async def handle(payload: Note, job: Job) -> None:
        ats.down = job.rate_key == "one"
        await ats.handle(payload, job)

    await put(database, range(6))
    await put(database, range(10, 16), key="two")
    await Worker(database, {Note: handle}, lease=LEASE).run_until_idle()
    assert sorted(await effects(database)) == list(range(10, 16))


async def test_one_bad_record_is_not_an_outage(database: Database) -> None:
    """What fails alone while others succeed uses up its own attempts and is kept as a dead letter."""
    await create_effects(database)

    async def handle(payload: Note, job: Job) -> None:
        if payload.number == 0:
            raise Unavailable("500 for this one")
        job.answered = True
        async with job.finish() as tx:
            await tx.session.execute(leave(payload.number))

    worker = Worker(database, {Note: handle}, lease=LEASE, concurrency=1)
    async with database.transaction() as tx:
        await enqueue(tx, Note(number=0), rate_key="one", max_attempts=3)
    for number in range(1, 7):
        async with database.transaction() as tx:
            await enqueue(tx, Note(number=number), rate_key="one")
        await worker.run_until_idle()
        await advance(database, 3600)
        await worker.run_until_idle()
    assert [item.state for item in await all_work(database)] == [WorkState.DEAD, *[WorkState.DONE] * 6]


async def test_a_dead_letter_lets_its_lane_go_on(database: Database) -> None:
    """An answer that is final is an answer: the next of the lane runs."""
    await create_effects(database)

    async def handle(payload: Note, job: Job) -> None:
        if payload.number == 0:
            raise NotFound("gone")
        async with job.finish() as tx:
            await tx.session.execute(leave(payload.number))

    await put(database, range(0, 9, 3))
    await Worker(database, {Note: handle}, lease=LEASE).run_until_idle()
    assert await effects(database) == [3, 6]


@pytest.mark.parametrize("back", [True, False])
async def test_a_pause_by_hand_is_stronger_than_an_outage(database: Database, *, back: bool) -> None:
    """Neither failures nor time end what a person began; only a person does."""
    await create_effects(database)
    ats = Ats()
    worker = Worker(database, {Note: ats.handle}, lease=LEASE, concurrency=1)
    await put(database, range(6))
    for _ in range(THRESHOLD):
        await worker.run_until_idle()
        await advance(database, 20)
    async with database.transaction() as tx:
        await pause(tx, "one", reason="maintenance")
    ats.down = not back
    asked = len(ats.asked)
    await advance(database, 7200)
    await worker.run_until_idle()
    assert len(ats.asked) == asked
    async with database.transaction() as tx:
        assert await resume(tx, "one")
    await worker.run_until_idle()
    assert len(ats.asked) > asked
