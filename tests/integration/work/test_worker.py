"""Workers: retries, dead letters, leases and the fence, limits, pauses, wake-up and stopping."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from time import monotonic

import pytest
import sqlalchemy as sa

from adapters.contract.errors import AuthRejected, RateLimited
from orchestrator.db.session import Database
from orchestrator.work import admin
from orchestrator.work.job import Job
from orchestrator.work.limits import RateLimit, ensure_buckets, pause, resume, take_token
from orchestrator.work.outcome import Done, LeaseLost, Outcome, Retry, TokenDenied
from orchestrator.work.queue import enqueue
from orchestrator.work.table import Cause, WorkState
from orchestrator.work.wakeup import wakeups
from orchestrator.work.worker import Worker
from tests.fixtures.timers import advance
from tests.fixtures.work import Note, all_work, create_effects, effects, leave, write_note

LONG = 3600.0


@pytest.fixture
async def other(database: Database) -> AsyncIterator[Database]:
    """The same database as another process sees it: an engine of its own."""
    second = Database(database.url.render_as_string(hide_password=False))
    yield second
    await second.aclose()


async def put(database: Database, number: int, **options: object) -> None:
    """Enqueue one note."""
    async with database.transaction() as tx:
        await enqueue(tx, Note(number=number), **options)  # type: ignore[arg-type] # handed through as they are


async def test_failures_are_retried_and_then_kept_as_a_dead_letter(database: Database) -> None:
    """Every attempt counts; a foreign error leaves its class name only, for its text may hold personal data."""

    async def handler(payload: Note, job: Job) -> Outcome:
        raise OSError("ada@example.org refused")

    worker = Worker(database, {Note: handler})
    await put(database, 1, max_attempts=3)
    for attempt in (1, 2):
        await worker.run_until_idle()
        (item,) = await all_work(database)
        assert (item.state, item.attempt, item.error) == (WorkState.QUEUED, attempt, "OSError")
        await advance(database, 3600)
    await worker.run_until_idle()
    (item,) = await all_work(database)
    assert (item.state, item.attempt, item.cause) == (WorkState.DEAD, 3, Cause.ATTEMPTS_EXHAUSTED)
    assert item.error == "OSError"


async def test_retry_waits_as_long_as_the_ats_asks(database: Database) -> None:
    """Retry-After is a lower bound."""

    async def handler(payload: Note, job: Job) -> Outcome:
        raise RateLimited("too many requests", retry_after=100)

    await put(database, 1)
    worker = Worker(database, {Note: handler})
    await worker.run_until_idle()
    await advance(database, 99)
    assert await worker.run_until_idle() == 0
    await advance(database, 27)
    assert await worker.run_until_idle() == 1


async def test_handler_that_does_not_finish_is_finished(database: Database) -> None:
    """Returning None or Done without finish() settles the work all the same."""

    async def handler(payload: Note, job: Job) -> Outcome | None:
        return Done() if payload.number == 1 else None

    await put(database, 1)
    await put(database, 2)
    await Worker(database, {Note: handler}).run_until_idle()
    assert [(item.state, item.finished_at is not None) for item in await all_work(database)] == [
        (WorkState.DONE, True)
    ] * 2


async def test_failing_effect_is_rolled_back_and_retried(database: Database) -> None:
    """What raises inside finish() leaves nothing and is not done."""
    await create_effects(database)

    async def handler(payload: Note, job: Job) -> None:
        async with job.finish() as tx:
            await tx.session.execute(leave(payload.number))
            if job.attempt == 1:
                raise OSError

    await put(database, 1)
    worker = Worker(database, {Note: handler})
    await worker.run_until_idle()
    assert await effects(database) == []
    await advance(database, 60)
    await worker.run_until_idle()
    assert await effects(database) == [1]


async def test_zombie_leaves_no_effect(database: Database, other: Database) -> None:
    """A worker that was held up past its lease is refused by the fence; its successor's effect stands alone."""
    await create_effects(database)
    stalled, go_on = asyncio.Event(), asyncio.Event()
    refused: list[type[Exception]] = []

    async def zombie(payload: Note, job: Job) -> None:
        stalled.set()
        await go_on.wait()
        try:
            async with job.finish() as tx:
                await tx.session.execute(leave(99))
        except LeaseLost as error:
            refused.append(type(error))
            raise

    await put(database, 1, lane="a")
    await put(database, 2, lane="a")
    first = Worker(database, {Note: zombie}, lease=LONG, concurrency=1)
    running = asyncio.create_task(first.run_until_idle())
    await stalled.wait()
    await advance(database, LONG + 1)
    successor = Worker(other, {Note: write_note}, lease=LONG)
    await successor.keep_leases()
    await successor.run_until_idle()
    go_on.set()
    await running
    assert refused == [LeaseLost]
    assert first.counts.leases_lost == 1
    assert await effects(database) == [1, 2]
    assert [(item.state, item.attempt) for item in await all_work(database)] == [
        (WorkState.DONE, 2),
        (WorkState.DONE, 1),
    ]


async def test_live_worker_keeps_its_lease(database: Database, other: Database) -> None:
    """A heartbeat moves the end of the lease, so a long handler is not taken over."""
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow(payload: Note, job: Job) -> None:
        started.set()
        await go_on.wait()

    await put(database, 1)
    worker = Worker(database, {Note: slow}, lease=LONG)
    running = asyncio.create_task(worker.run_until_idle())
    await started.wait()
    await advance(database, LONG - 60)
    await worker.keep_leases()
    await advance(database, 120)
    assert await Worker(other, {Note: write_note}, lease=LONG).run_until_idle() == 0
    go_on.set()
    await running
    (item,) = await all_work(database)
    assert (item.state, item.attempt) == (WorkState.DONE, 1)


async def test_lease_that_ends_on_the_last_attempt_makes_a_dead_letter(database: Database, other: Database) -> None:
    """Work that kills its worker each time must not do so for ever."""
    started = asyncio.Event()

    async def stuck(payload: Note, job: Job) -> None:
        started.set()
        await asyncio.Event().wait()

    await put(database, 1, max_attempts=1)
    worker = Worker(database, {Note: stuck}, lease=LONG)
    running = asyncio.create_task(worker.run())
    await started.wait()
    await advance(database, LONG + 1)
    await Worker(other, {Note: write_note}, lease=LONG).run_until_idle()
    (item,) = await all_work(database)
    assert (item.state, item.cause) == (WorkState.DEAD, Cause.LEASE_EXPIRED)
    await worker.stop(drain=0)
    await running
    (item,) = await all_work(database)
    assert (item.state, item.cause) == (WorkState.DEAD, Cause.LEASE_EXPIRED)


async def test_token_bucket_holds_for_the_fleet(database: Database, other: Database) -> None:
    """Two processes together never exceed burst + rate × time; patience decides between waiting and giving back."""
    await ensure_buckets(database, {"sandbox": RateLimit(rate=20, burst=4)})
    taken: list[float] = []

    async def client(engine: Database) -> None:
        for _ in range(8):
            await take_token(engine, "sandbox", patience=10)
            taken.append(monotonic())

    begun = monotonic()
    await asyncio.gather(client(database), client(other))
    taken.sort()
    # The sixteenth token exists 12 / 20 s after the burst of four.
    assert taken[-1] - begun >= 0.58
    assert all(moment - begun >= (index - 4) / 20 - 0.02 for index, moment in enumerate(taken, start=1))


async def test_impatient_caller_is_told_when_to_come_back(database: Database) -> None:
    """A turn that is too far away is refused with its distance; a key without a limit is always free."""
    await ensure_buckets(database, {"slow": RateLimit(rate=0.01, burst=1)})
    await take_token(database, "slow", patience=0)
    with pytest.raises(TokenDenied) as denied:
        await take_token(database, "slow", patience=0)
    assert 50 < denied.value.retry_after <= 200
    await take_token(database, "no such limit", patience=0)


async def test_empty_bucket_and_denied_token_burn_no_attempt(database: Database) -> None:
    """Work of a drained connection is not claimed, and a handler without a token gives its work back uncounted."""
    await create_effects(database)

    async def handler(payload: Note, job: Job) -> None:
        for _ in range(2):
            await take_token(database, "sandbox", patience=0)
        await write_note(payload, job)

    await put(database, 1, rate_key="sandbox", max_attempts=1)
    worker = Worker(database, {Note: handler}, buckets={"sandbox": RateLimit(rate=0.001, burst=1)})
    assert await worker.run_until_idle() == 1
    (item,) = await all_work(database)
    assert (item.state, item.attempt) == (WorkState.QUEUED, 0)
    await advance(database, 10_000, buckets=False)
    assert await worker.run_until_idle() == 0


async def test_rejected_credentials_pause_the_connection(database: Database) -> None:
    """No attempt is burnt, other connections go on, and everything comes in order when the pause ends."""
    await create_effects(database)
    valid = False

    async def handler(payload: Note, job: Job) -> None:
        if job.rate_key == "one" and not valid:
            raise AuthRejected("the key was revoked")
        await write_note(payload, job)

    for number, key in ((1, "one"), (2, "one"), (3, "two")):
        await put(database, number, lane=f"{key}:7", rate_key=key, max_attempts=1)
    worker = Worker(database, {Note: handler})
    await worker.run_until_idle()
    assert await effects(database) == [3]
    async with database.reading() as session:
        (entry,) = await admin.pauses(session)
    assert (entry.rate_key, entry.reason, entry.until) == ("one", "AuthRejected: the key was revoked", None)
    assert await worker.run_until_idle() == 0
    valid = True
    async with database.transaction() as tx:
        assert await resume(tx, "one") is True
        assert await resume(tx, "one") is False
    await worker.run_until_idle()
    assert await effects(database) == [3, 1, 2]


async def test_pause_is_set_by_hand(database: Database) -> None:
    """Maintenance: work of the connection waits from the moment the pause is committed."""
    await create_effects(database)
    await put(database, 1, rate_key="one")
    async with database.transaction() as tx:
        await pause(tx, "one", reason="maintenance")
    worker = Worker(database, {Note: write_note})
    assert await worker.run_until_idle() == 0
    async with database.transaction() as tx:
        await resume(tx, "one")
    assert await worker.run_until_idle() == 1


async def test_enqueue_wakes_a_worker_of_the_same_process(database: Database) -> None:
    """A commit is enough; the worker's poll is an hour."""
    await create_effects(database)
    done = asyncio.Event()

    async def handler(payload: Note, job: Job) -> None:
        await write_note(payload, job)
        done.set()

    worker = Worker(database, {Note: handler}, poll=LONG)
    running = asyncio.create_task(worker.run())
    for number in (1, 2):
        await put(database, number)
        await asyncio.wait_for(done.wait(), timeout=10)
        done.clear()
    await worker.stop()
    await running
    assert await effects(database) == [1, 2]


async def test_commit_rings_and_rollback_does_not(sqlite_database: Database) -> None:
    """Inside a process the bell is rung by the commit itself, before the block is left."""
    event = asyncio.Event()
    async with wakeups(sqlite_database, event, poll=LONG):
        async with sqlite_database.transaction() as tx:
            await enqueue(tx, Note(number=1), dedupe="once")
            assert not event.is_set()
        assert event.is_set()
        event.clear()
        async with sqlite_database.transaction() as tx:
            await enqueue(tx, Note(number=2))
            await tx.session.rollback()
        await put(sqlite_database, 3, delay=timedelta(hours=1))
        await put(sqlite_database, 1, dedupe="once")
        assert not event.is_set()


async def test_notify_reaches_another_process(postgres_database: Database) -> None:
    """LISTEN/NOTIFY carries the news; the two engines share nothing but the server."""
    elsewhere = Database(postgres_database.url.render_as_string(hide_password=False))
    event = asyncio.Event()
    async with wakeups(elsewhere, event, poll=LONG):
        await asyncio.wait_for(event.wait(), timeout=10)  # it listens now
        for number in (1, 2):
            event.clear()
            await put(postgres_database, number)
            await asyncio.wait_for(event.wait(), timeout=10)
    await elsewhere.aclose()


async def test_listener_comes_back_after_its_connection_was_cut(postgres_database: Database) -> None:
    """A server that drops the connection is asked again, and news arrives as before."""
    elsewhere = Database(postgres_database.url.render_as_string(hide_password=False))
    event = asyncio.Event()
    async with wakeups(elsewhere, event, poll=0.01):
        await asyncio.wait_for(event.wait(), timeout=10)
        event.clear()
        async with postgres_database.transaction() as tx:
            await tx.session.execute(
                sa.text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE pid <> pg_backend_pid() AND datname = current_database()"
                )
            )
        await asyncio.wait_for(event.wait(), timeout=10)  # it listens again
        event.clear()
        await put(postgres_database, 1)
        await asyncio.wait_for(event.wait(), timeout=10)
    await elsewhere.aclose()


async def test_poll_finds_what_no_wake_up_announced(database: Database, other: Database) -> None:
    """Work that another process stored, and a timer that came due, are found by looking."""
    arrived = asyncio.Event()

    async def handler(payload: Note, job: Job) -> None:
        arrived.set()

    worker = Worker(database, {Note: handler}, poll=0.02)
    running = asyncio.create_task(worker.run())
    async with other.transaction() as tx:
        await enqueue(tx, Note(number=1), delay=timedelta(milliseconds=400))
    await asyncio.wait_for(arrived.wait(), timeout=10)
    await worker.stop()
    await running


async def test_stop_waits_for_what_runs_and_gives_the_rest_back(database: Database) -> None:
    """A handler within the drain time ends as usual; one beyond it is given back uncounted, nothing new is claimed."""
    await create_effects(database)
    started: list[int] = []
    both, go_on = asyncio.Event(), asyncio.Event()

    async def handler(payload: Note, job: Job) -> None:
        started.append(payload.number)
        if len(started) == 2:
            both.set()
        await (go_on if payload.number == 1 else asyncio.Event()).wait()
        await write_note(payload, job)

    for number in (1, 2, 3):
        await put(database, number)
    worker = Worker(database, {Note: handler}, concurrency=2)
    running = asyncio.create_task(worker.run())
    await both.wait()
    stopping = asyncio.create_task(worker.stop(drain=0.5))
    go_on.set()
    await stopping
    await running
    assert await effects(database) == [1]
    assert [(item.state, item.attempt) for item in await all_work(database)] == [
        (WorkState.DONE, 1),
        (WorkState.QUEUED, 0),
        (WorkState.QUEUED, 0),
    ]


async def test_only_named_kinds_are_claimed(database: Database) -> None:
    """A worker for other kinds leaves this work where it is."""
    await put(database, 1)
    assert await Worker(database, {Note: write_note}, kinds=["mail.send"]).run_until_idle() == 0


async def test_outcome_and_effect_commit_together(database: Database) -> None:
    """A handler may keep a row about a failed attempt in the transaction that puts the work back."""
    await create_effects(database)

    async def handler(payload: Note, job: Job) -> None:
        async with job.finish(Retry(reason="the field was locked")) as tx:
            await tx.session.execute(leave(job.attempt))

    await put(database, 1)
    await Worker(database, {Note: handler}).run_until_idle()
    (item,) = await all_work(database)
    assert (item.state, item.error) == (WorkState.QUEUED, "the field was locked")
    assert await effects(database) == [1]


async def test_who_slept_through_the_lease_reaches_nothing_outside(database: Database, other: Database) -> None:
    """Right before an outside effect a handler asks whether the work is still its own; a zombie is told no."""
    reached: list[str] = []
    refused: list[str] = []
    asleep, awake = asyncio.Event(), asyncio.Event()

    async def sleeper(_payload: Note, job: Job) -> None:
        asleep.set()
        await awake.wait()
        try:
            await job.hold()
        except LeaseLost:
            refused.append("sleeper")
            raise
        reached.append("sleeper")

    async def successor(_payload: Note, job: Job) -> None:
        await job.hold()
        reached.append("successor")

    await put(database, 1)
    first = Worker(database, {Note: sleeper}, lease=LONG, concurrency=1)
    running = asyncio.create_task(first.run_until_idle())
    await asleep.wait()
    await advance(database, LONG + 1)
    second = Worker(other, {Note: successor}, lease=LONG, concurrency=1)
    await second.keep_leases()
    await second.run_until_idle()
    awake.set()
    await running
    assert (reached, refused) == (["successor"], ["sleeper"])
