"""What an operator sees: workers that live, what waits and for how long, what was given up; and what it costs to look."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.db.models.intake import DeliveryRow, DeliverySource, DeliveryState
from orchestrator.db.models.worker import BOUNDS, Spread, WorkerProcess
from orchestrator.db.session import Database
from orchestrator.work.admin import Selection, clear_finished, clear_gone, list_work, replay_many
from orchestrator.work.job import Job
from orchestrator.work.limits import pause
from orchestrator.work.metrics import DeadLetters, Metrics, measure, spread_times
from orchestrator.work.outcome import Dead, Done, Outcome
from orchestrator.work.queue import enqueue
from orchestrator.work.sql import DatabaseNow
from orchestrator.work.table import Cause, WorkState, work
from orchestrator.work.trouble import THRESHOLD, count_failure
from orchestrator.work.worker import Worker
from tests.fixtures.work import Note

DAY = 86400


async def measured(database: Database) -> Metrics:
    """Look once."""
    async with database.reading() as session:
        return await measure(session)


async def put(database: Database, count: int, *, connection: str | None = None, lane: str | None = None) -> None:
    """Enqueue notes."""
    async with database.transaction() as tx:
        for number in range(count):
            await enqueue(tx, Note(number=number), rate_key=connection, lane=lane)


@asynccontextmanager
async def working(database: Database, worker: Worker) -> AsyncIterator[None]:
    """Run a worker while the block lasts."""
    running = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        await worker.stop()
        await running


async def test_a_worker_has_a_row_for_as_long_as_it_works(database: Database) -> None:
    """With what it does at once and what it has seen; none is left after a clean stop."""
    last_begun, go_on = asyncio.Event(), asyncio.Event()

    async def handler(payload: Note, job: Job) -> Outcome:
        if payload.number == 3:
            last_begun.set()
            await go_on.wait()
        return Dead("no") if payload.number == 0 else Done()

    worker = Worker(database, {Note: handler}, name="desk", concurrency=1, kinds=["note.write", "mail.send"])
    await put(database, 4)
    async with database.transaction() as tx:
        await tx.session.execute(sa.update(work).values(run_at=work.c.run_at - 7))
    async with working(database, worker):
        await asyncio.wait_for(last_begun.wait(), timeout=20)
        await worker.keep_leases()
        metrics = await measured(database)
        go_on.set()
    [found] = metrics.workers
    assert (found.name, found.alive, found.concurrency) == (worker.name, True, 1)
    assert found.kinds == ("mail.send", "note.write")
    assert (found.claimed, found.finished, found.failed, found.leases_lost) == (4, 2, 1, 0)
    [times] = metrics.times
    assert (times.kind, times.wait.count, times.handling.count) == ("note.write", 4, 3)
    assert 5 <= times.wait.p50 <= 10
    assert times.handling.p50 < times.wait.p50
    assert (await measured(database)).workers == ()


async def test_a_worker_that_only_settles_what_is_there_has_no_row(database: Database) -> None:
    """``run_until_idle`` is for tests and errands: nobody would find it alive a moment later."""

    async def handler(payload: Note, job: Job) -> None:
        assert (await measured(database)).workers == ()

    await put(database, 1)
    assert await Worker(database, {Note: handler}).run_until_idle() == 1


async def add_worker(database: Database, name: str, *, seen_ago: float) -> None:
    """The row of a worker with a lease of half a minute that was last seen so many seconds ago."""
    async with database.transaction() as tx:
        now: float = (await tx.session.execute(sa.select(DatabaseNow()))).scalar_one()
        tx.session.add(
            WorkerProcess(
                name=name,
                started_at=now - DAY,
                seen_at=now - seen_ago,
                lease=30,
                concurrency=1,
                kinds=None,
                claimed=0,
                finished=0,
                failed=0,
                leases_lost=0,
                tallies={},
            )
        )


async def test_a_killed_worker_is_gone_after_its_lease_and_cleared_after_a_day(database: Database) -> None:
    """Nobody takes its row away: its age tells, and retention ends it. One that lives is never cleared."""
    for name, seen_ago in (("living", 20), ("killed", 40), ("forgotten", DAY + 60)):
        await add_worker(database, name, seen_ago=seen_ago)
    assert {one.name: one.alive for one in (await measured(database)).workers} == {
        "living": True,
        "killed": False,
        "forgotten": False,
    }
    async with database.transaction() as tx:
        assert await clear_gone(tx, older_than=timedelta(days=1)) == 1
    assert {one.name for one in (await measured(database)).workers} == {"living", "killed"}


async def test_a_worker_that_was_cleared_while_it_slept_comes_back(database: Database) -> None:
    """A process that was stopped for a day and goes on writes its row anew, with what it has seen."""

    async def handler(payload: Note, job: Job) -> None:
        return None

    worker = Worker(database, {Note: handler})
    async with working(database, worker):
        await worker.keep_leases()
        async with database.transaction() as tx:
            await tx.session.execute(sa.delete(WorkerProcess))
        await worker.keep_leases()
        assert [one.name for one in (await measured(database)).workers] == [worker.name]


async def test_open_work_is_counted_by_kind_state_and_connection(database: Database) -> None:
    """What is due and since when, also behind the head of a lane; what is for later is counted, not due."""
    await put(database, 2, connection="one", lane="a")
    await put(database, 1)
    async with database.transaction() as tx:
        await tx.session.execute(sa.update(work).values(run_at=work.c.run_at - 100))
        await tx.session.execute(sa.update(work).where(work.c.lane.is_(None)).values(run_at=work.c.run_at + 1000))
    one, nowhere = sorted((await measured(database)).backlog, key=lambda row: row.connection or "", reverse=True)
    assert (one.kind, one.state, one.connection, one.count, one.due) == ("note.write", WorkState.QUEUED, "one", 2, 2)
    assert one.oldest_age is not None
    assert 100 <= one.oldest_age < 110
    assert (nowhere.connection, nowhere.count, nowhere.due, nowhere.oldest_age) == (None, 1, 0, None)


async def test_dead_letters_are_counted_by_cause_and_done_work_not_at_all(database: Database) -> None:
    """Only what a person has to look at."""

    async def handler(payload: Note, job: Job) -> Outcome:
        return Done() if payload.number == 0 else Dead("the field is gone")

    await put(database, 3)
    await Worker(database, {Note: handler}).run_until_idle()
    metrics = await measured(database)
    assert metrics.dead == (DeadLetters(kind="note.write", cause=Cause.GIVEN_UP, count=2),)
    assert metrics.backlog == ()


async def test_unread_deliveries_are_counted_with_the_age_of_the_oldest(database: Database) -> None:
    """Those that work was made of are read."""
    assert (await measured(database)).unread.oldest_age is None
    now = datetime.now(UTC)
    async with database.transaction() as tx:
        for number, queued in ((3, False), (2, False), (9, True)):
            tx.session.add(
                DeliveryRow(
                    connection="one",
                    source=DeliverySource.WEBHOOK,
                    dedupe=str(number),
                    received_at=now - timedelta(minutes=number),
                    headers={},
                    body=b"",
                    state=DeliveryState.RECEIVED,
                    queued=queued,
                )
            )
            await tx.session.flush()
    unread = (await measured(database)).unread
    assert unread.count == 2
    assert unread.oldest_age is not None
    assert 179 <= unread.oldest_age < 190


async def test_connections_that_wait_say_why_and_until_when(database: Database) -> None:
    """A pause by hand has no end of its own; an outage counts its failures; two failures are no outage yet."""
    async with database.transaction() as tx:
        await pause(tx, "by-hand", reason="new key")
        for _ in range(THRESHOLD):
            await count_failure(tx, "down", "503")
        for _ in range(THRESHOLD - 1):
            await count_failure(tx, "stumbling", "503")
    by_hand, down = (await measured(database)).connections
    assert (by_hand.rate_key, by_hand.reason, by_hand.failures, by_hand.until) == ("by-hand", "new key", 0, None)
    assert (down.rate_key, down.failures) == ("down", THRESHOLD)
    assert down.until is not None
    assert down.until > down.since


@given(st.lists(st.floats(0, 4000), min_size=1, max_size=60), st.integers(1, 3))
def test_quantiles_lie_in_the_slot_of_the_true_value(seconds: list[float], parts: int) -> None:
    """However many workers share the counts; what is longer than the last bound counts as the last bound."""
    spreads = [Spread() for _ in range(parts)]
    for number, value in enumerate(seconds):
        slot = next((i for i, bound in enumerate(BOUNDS) if value <= bound), len(BOUNDS))
        spreads[number % parts].slots[slot] += 1
    times = spread_times(spreads)
    assert times.count == len(seconds)
    for share, estimate in ((0.5, times.p50), (0.9, times.p90), (0.99, times.p99)):
        true = sorted(seconds)[max(0, -(-int(share * 100) * len(seconds) // 100) - 1)]
        upper = next((bound for bound in BOUNDS if true <= bound), BOUNDS[-1])
        lower = max((bound for bound in BOUNDS if bound < true), default=0.0)
        assert min(lower, BOUNDS[-1]) <= estimate <= upper
    assert times.p50 <= times.p90 <= times.p99


def test_quantiles_of_nothing_are_zero() -> None:
    """A worker that has done nothing yet has no times."""
    assert spread_times([Spread()]).p99 == 0


async def fill(database: Database, state: WorkState, count: int, *, days_ago: float) -> None:
    """Finished rows in bulk, the way years leave them."""
    async with database.transaction() as tx:
        now: float = (await tx.session.execute(sa.select(DatabaseNow()))).scalar_one()
        cause = Cause.GIVEN_UP if state is WorkState.DEAD else None
        rows: list[dict[str, Any]] = [
            {
                "kind": f"kind.{number % 5}",
                "version": 1,
                "payload": "{}",
                "priority": 1,
                "state": state,
                "run_at": now,
                "max_attempts": 1,
                "created_at": now,
                "finished_at": now - days_ago * DAY - number,
                "cause": cause,
            }
            for number in range(count)
        ]
        await tx.session.execute(sa.insert(work), rows)


async def plans(database: Database, statements: list[tuple[str, Any]]) -> str:
    """How the database would run them."""
    explain = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "
    async with database.transaction() as tx:
        connection = await tx.session.connection()
        if database.dialect == "postgresql":
            await connection.exec_driver_sql("ANALYZE work")
        lines: list[str] = []
        for statement, parameters in statements:
            rows = await connection.exec_driver_sql(explain + statement, parameters)
            lines += [str(row[-1]) for row in rows]
    return "\n".join(lines)


@asynccontextmanager
async def overheard(database: Database) -> AsyncIterator[list[tuple[str, Any]]]:
    """The statements that are sent while the block lasts."""
    heard: list[tuple[str, Any]] = []

    def listen(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        heard.append((statement, parameters))

    engines = {database.engine.sync_engine, database._reader.sync_engine}
    for engine in engines:
        sa.event.listen(engine, "before_cursor_execute", listen)
    try:
        yield heard
    finally:
        for engine in engines:
            sa.event.remove(engine, "before_cursor_execute", listen)


async def test_no_look_reads_what_is_finished(database: Database) -> None:
    """With 20,000 finished rows, every statement of the metrics and of retention finds its rows by an index."""
    await fill(database, WorkState.DONE, 20_000, days_ago=1)
    await fill(database, WorkState.DEAD, 20, days_ago=1)
    await put(database, 20, connection="one")
    async with overheard(database) as heard:
        await measured(database)
        async with database.transaction() as tx:
            await clear_finished(tx, older_than=timedelta(days=30), limit=50)
    async with overheard(database) as listing, database.reading() as session:
        await list_work(session, Selection(states=[WorkState.DEAD]))
    on_work = [one for one in [*heard, *listing] if re.search(r"FROM work\b", one[0])]
    assert len(on_work) >= 4
    plan = await plans(database, on_work)
    assert "ix_work_finished" in plan
    assert re.findall(r"Seq Scan on work\b|SCAN work$", plan, flags=re.MULTILINE) == []


async def test_finished_work_is_cleared_in_portions_until_nothing_is_left(database: Database) -> None:
    """Each portion takes the oldest; dead letters and what is younger stay."""
    await fill(database, WorkState.DONE, 2_300, days_ago=31)
    await fill(database, WorkState.CANCELLED, 700, days_ago=31)
    await fill(database, WorkState.DONE, 5, days_ago=1)
    await fill(database, WorkState.DEAD, 7, days_ago=90)
    portions: list[int] = []
    while not portions or portions[-1]:
        async with database.transaction() as tx:
            portions.append(await clear_finished(tx, older_than=timedelta(days=30), limit=1000))
    assert portions == [1000, 1000, 1000, 0]
    async with database.reading() as session:
        left = (await session.execute(sa.select(work.c.state, sa.func.count()).group_by(work.c.state))).all()
    assert {row.state: row[1] for row in left} == {"done": 5, "dead": 7}


async def test_dead_letters_are_found_and_replayed_among_much_that_is_done(database: Database) -> None:
    """A list or a replay of dead letters means the dead ones only."""
    await fill(database, WorkState.DONE, 50, days_ago=1)
    await fill(database, WorkState.DEAD, 3, days_ago=1)
    async with database.reading() as session:
        assert len(await list_work(session, Selection(states=[WorkState.DEAD]))) == 3
        assert len(await list_work(session, Selection(states=[WorkState.QUEUED]))) == 0
        assert len(await list_work(session, Selection(states=[WorkState.DEAD, WorkState.QUEUED]))) == 3
    async with database.transaction() as tx:
        assert len(await replay_many(tx, Selection(kinds=["kind.0", "kind.1"]), actor="cli")) == 2
    async with database.reading() as session:
        assert len(await list_work(session, Selection(states=[WorkState.QUEUED]))) == 2
