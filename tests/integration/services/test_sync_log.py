"""The sync log says what came of every exchange, also of one that nobody saw the end of."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.contract.errors import AdapterError, NotFound, Unavailable, Unsupported
from orchestrator.db.models.writeback import Direction, SyncRow
from orchestrator.db.session import Database
from orchestrator.services.connections import SyncLog
from orchestrator.services.exchange import Conversation
from orchestrator.work.job import Job
from orchestrator.work.limits import RateLimit, ensure_buckets
from orchestrator.work.outcome import Done, Outcome, Retry
from orchestrator.work.queue import enqueue
from orchestrator.work.worker import Worker
from tests.fixtures.commits import counted_commits
from tests.fixtures.house import House, running_house
from tests.fixtures.timers import advance
from tests.fixtures.work import Note
from tests.integration.services.rows import count


async def test_only_what_was_answered_is_called_ok(sqlite_url: str, tmp_path: Path) -> None:
    """Answered: ok. Refused: the error's name. Cut off by the end of the process: interrupted, never ok."""
    async with running_house(sqlite_url, tmp_path, subscribe=False) as house:
        log = SyncLog(house.runtime.database, house.clock)
        connection = house.runtime.connections.get("sandbox")

        async def exchange(error: BaseException | None) -> None:
            async with log.exchange(connection, Direction.PULL, "read_fields", external_id="app_1", fields=("a", "b")):
                if error is not None:
                    raise error

        await exchange(None)
        with pytest.raises(Unavailable):
            await exchange(Unavailable("the ATS is away"))
        with pytest.raises(asyncio.CancelledError):
            await exchange(asyncio.CancelledError())
        async with house.runtime.database.reading() as session:
            rows = list(await session.scalars(sa.select(SyncRow).order_by(SyncRow.id)))
    assert [(row.outcome, row.detail) for row in rows] == [
        ("ok", ""),
        ("Unavailable", "the ATS is away"),
        ("interrupted", ""),
    ]
    assert {tuple(row.fields) for row in rows} == {("a", "b")}


Script = Callable[[Conversation, Job], Awaitable[Outcome | None]]


async def lines(database: Database) -> list[tuple[str, str]]:
    """Operation and outcome of every line, in order, of the sync log and of the audit chain alike."""
    async with database.reading() as session:
        rows = list(await session.scalars(sa.select(SyncRow).order_by(SyncRow.id)))
    for direction in Direction:
        logged = sum(row.direction is direction and row.outcome != "begun" for row in rows)
        tag = f"system:sync:{direction.value}"
        assert logged == await count(database, "SELECT count(*) FROM audit_event WHERE tag = :tag", tag=tag)
    return [(row.operation, row.outcome) for row in rows]


async def attempt(house: House, script: Script) -> list[tuple[str, str]]:
    """Work on one item, in a conversation that follows a script; what the log says afterwards."""
    database = house.runtime.database
    log = SyncLog(database, house.clock)
    connection = house.runtime.connections.get("sandbox")

    async def handler(_payload: Note, job: Job) -> Outcome | None:
        async with log.conversation(connection, "app_1", job) as ats:
            return await script(ats, job)

    async with database.transaction() as tx:
        await enqueue(tx, Note(number=1), lane="a", rate_key=connection.key)
    await Worker(database, {Note: handler}).run_until_idle()
    return await lines(database)


async def test_what_was_read_is_written_down_with_what_came_of_it(sqlite_url: str, tmp_path: Path) -> None:
    """Two pulls, a push and the end cost three transactions, and every exchange has its line."""

    async def script(ats: Conversation, _job: Job) -> None:
        for operation in ("read_fields", "list_notes"):
            async with ats.pull(operation, turns=3):
                pass
        async with ats.push("write_fields"):
            pass
        async with ats.finish():
            pass

    async with running_house(sqlite_url, tmp_path, subscribe=False) as house:
        with counted_commits(house.runtime.database) as commits:
            found = await attempt(house, script)
    assert found == [("read_fields", "ok"), ("list_notes", "ok"), ("write_fields", "ok")]
    assert commits.of_kind("note.write") == [3]


async def raises(ats: Conversation, _job: Job) -> None:
    """The ATS answers once and then is away."""
    async with ats.pull("read_fields"):
        pass
    async with ats.pull("read_fields"):
        raise Unavailable("the ATS is away")


async def returns(ats: Conversation, _job: Job) -> Outcome:
    """The handler reads and leaves it at that."""
    async with ats.pull("read_fields"):
        pass
    return Retry(reason="not yet")


async def cut_off(ats: Conversation, _job: Job) -> None:
    """The worker is stopped in the middle of a push."""
    async with ats.push("write_fields"):
        raise asyncio.CancelledError


async def taken_over(ats: Conversation, job: Job) -> None:
    """Somebody else has the work by the time of the push."""
    async with ats.pull("read_fields"):
        pass
    job_row = sa.text("UPDATE work SET token = 'another' WHERE id = :id")
    async with ats.transaction() as tx:
        await tx.session.execute(job_row, {"id": job.id})
    async with ats.push("write_fields"):
        raise AssertionError("not ours any more")


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (raises, [("read_fields", "ok"), ("read_fields", "Unavailable")]),
        (returns, [("read_fields", "ok")]),
        (cut_off, [("write_fields", "interrupted")]),
        (taken_over, [("read_fields", "ok")]),
    ],
    ids=["raises", "returns", "cut off", "taken over"],
)
async def test_however_an_attempt_ends_its_exchanges_are_in_the_log(
    script: Script, expected: list[tuple[str, str]], sqlite_url: str, tmp_path: Path
) -> None:
    """Also where nothing is committed afterwards; a push that was not ours to make was not made and has no line."""
    async with running_house(sqlite_url, tmp_path, subscribe=False) as house:
        assert await attempt(house, script) == expected


@pytest.mark.parametrize(
    ("error", "heard"),
    [
        (NotFound("gone"), True),
        (Unavailable("away"), False),
        # The adapter said it without asking: the ATS may still be down.
        (Unsupported("news of an order before its result"), False),
    ],
)
async def test_only_who_was_asked_has_answered(
    error: AdapterError, *, heard: bool, sqlite_url: str, tmp_path: Path
) -> None:
    """An ATS that does not answer is not up again because of something that it was never asked."""
    seen: list[bool] = []

    async def script(ats: Conversation, job: Job) -> Outcome:
        with suppress(AdapterError):
            async with ats.push("report_order"):
                raise error
        seen.append(job.answered)
        return Done()

    async with running_house(sqlite_url, tmp_path, subscribe=False) as house:
        assert await attempt(house, script) == [("report_order", type(error).__name__)]
    assert seen == [heard]


async def test_nothing_is_written_down_twice(sqlite_url: str, tmp_path: Path) -> None:
    """Where nobody knows whether a transaction was committed, writing the same down again changes nothing."""

    async def script(ats: Conversation, _job: Job) -> None:
        async with ats.pull("read_fields"):
            pass
        with pytest.raises(TimeoutError):
            await commit_and_complain(ats)

    async def commit_and_complain(ats: Conversation) -> None:
        async with ats.transaction() as tx:
            await tx.close()
            await tx.session.commit()
            raise TimeoutError

    async with running_house(sqlite_url, tmp_path, subscribe=False) as house:
        assert await attempt(house, script) == [("read_fields", "ok")]


async def test_a_push_that_waited_long_for_its_turn_makes_sure_again(sqlite_url: str, tmp_path: Path) -> None:
    """Between the transaction and the request the process slept: what was taken over meanwhile is not pushed."""
    pushed: list[int] = []

    async def script(ats: Conversation, job: Job) -> None:
        database = house.runtime.database
        async with ats.pull("read_fields"):
            pass

        async def take_over() -> None:
            await asyncio.sleep(0.3)
            await advance(database, 3600)
            async with database.transaction() as tx:
                await tx.session.execute(sa.text("UPDATE work SET token = 'another' WHERE id = :id"), {"id": job.id})

        other = asyncio.create_task(take_over())
        try:
            async with ats.push("write_fields"):
                pushed.append(1)
        finally:
            await other

    async with running_house(sqlite_url, tmp_path, subscribe=False) as house:
        await ensure_buckets(house.runtime.database, {"sandbox": RateLimit(rate=0.7, burst=1)})
        found = await attempt(house, script)
    assert found == [("read_fields", "ok"), ("write_fields", "not sent")]
    assert pushed == []
