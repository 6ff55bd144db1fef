"""Kill switches: while one is on nothing leaves for its scope, nothing is lost, and afterwards all goes on in order (G03)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from orchestrator.db.models.audit import AuditRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.stop import StopRow, StopScope
from orchestrator.db.models.writeback import Direction, SyncRow, WriteBackKind, WriteBackRow
from orchestrator.db.session import Database
from orchestrator.domain.interview import InterviewState
from orchestrator.errors import InputInvalid, Missing, Stale
from orchestrator.services.stopping import Reach, reach_of
from orchestrator.work.outcome import Stopped
from orchestrator.work.queue import enqueue
from orchestrator.work.stops import refuse_if_stopped
from orchestrator.work.table import work
from orchestrator.work.worker import Worker
from tests.fixtures.house import SDR, House, running_house
from tests.fixtures.work import Note
from tests.integration.services.people import ANSWERS, Candidate, Newcomer, newcomer
from tests.integration.services.rows import count, pass_time

EVERYTHING = Reach(StopScope.EVERYTHING)
SANDBOX = Reach(StopScope.CONNECTION, "sandbox")
SUPPORT = Reach(StopScope.PROGRAM, "support-pilot")
REASON = "The wrong people were invited."
ACTOR = "account:1"


@asynccontextmanager
async def stopped(house: House, reach: Reach) -> AsyncIterator[None]:
    """A stop for as long as the block lasts."""
    await house.runtime.services.stopping.stop(reach, reason=REASON, actor=ACTOR)
    yield
    await house.runtime.services.stopping.resume(reach, reason="It is mended.", actor=ACTOR)


async def stored(house: House, number: int) -> None:
    """Wait until so many deliveries are on disk."""

    async def look() -> bool | None:
        return await count(house.runtime.database, "SELECT count(*) FROM delivery") >= number or None

    await house.until(f"{number} deliveries", look)


async def pushes(house: House) -> list[str]:
    """What was pushed to the ATS, in order."""
    async with house.runtime.database.reading() as session:
        rows = await session.scalars(sa.select(SyncRow).where(SyncRow.direction == Direction.PUSH).order_by(SyncRow.at))
        return [row.operation for row in rows]


async def invited(house: House, person: Newcomer) -> str:
    """The link of the invitation."""
    mail = await house.mail_to(person.email)
    return next(word for word in mail.text.split() if word.startswith(f"{house.url}/i/"))


@pytest.mark.parametrize("reach", [EVERYTHING, SANDBOX, SUPPORT], ids=lambda reach: reach.scope.value)
async def test_nothing_leaves_and_nothing_is_lost(database_url: str, tmp_path: Path, reach: Reach) -> None:
    """A stage move during a stop is kept; its mail and its write-back leave after it, once, without a lost attempt."""
    async with running_house(database_url, tmp_path) as house:
        person = await newcomer(house)
        async with stopped(house, reach):
            await house.sandbox.move(person.id, "First Interview")
            await stored(house, 1)
            for _ in range(3):
                await house.work()
            assert list(house.mails.deliveries) == []
            assert await house.field(person.id, "interview_completion") is None
            assert await pushes(house) == []
        assert await invited(house, person)
        await house.until_field(person.id, "interview_completion", "Invited")
        assert len(house.mails.deliveries) == 1
        assert await count(house.runtime.database, "SELECT count(*) FROM work WHERE attempt > 1") == 0


async def test_another_program_goes_on(sqlite_url: str, tmp_path: Path) -> None:
    """A stop of one program holds nothing of the next one."""
    async with running_house(sqlite_url, tmp_path) as house:
        held, free = await newcomer(house), await newcomer(house, job=SDR)
        async with stopped(house, SUPPORT):
            await house.sandbox.move(held.id, "First Interview")
            await house.sandbox.move(free.id, "First Interview", job=SDR)
            await house.until_field(free.id, "interview_completion", "Invited")
            assert [mail.to for mail in house.mails.deliveries] == [free.email]
        assert await invited(house, held)


@pytest.mark.parametrize("reach", [EVERYTHING, SANDBOX, SUPPORT], ids=lambda reach: reach.scope.value)
async def test_an_interview_goes_on_and_what_it_writes_waits_in_order(
    sqlite_url: str, tmp_path: Path, reach: Reach
) -> None:
    """A candidate with a link answers during the stop; afterwards the ATS hears everything in the order it happened."""
    async with running_house(sqlite_url, tmp_path) as house:
        person = await newcomer(house)
        await house.sandbox.move(person.id, "First Interview")
        link = await invited(house, person)
        await house.until_field(person.id, "interview_completion", "Invited")
        async with stopped(house, reach):
            with Candidate(link) as candidate:
                await candidate.begin()
                for number, answer in enumerate(ANSWERS, 1):
                    await candidate.answer(number, answer)
                await candidate.submit()
            await house.work()
            assert await house.field(person.id, "interview_completion") == "Invited"
            assert len(house.mails.deliveries) == 1
        await house.until_field(person.id, "interview_completion", "In review")
        async with house.runtime.database.reading() as session:
            rows = (
                await session.scalars(
                    sa.select(WriteBackRow)
                    .where(WriteBackRow.kind == WriteBackKind.COMPLETION)
                    .order_by(WriteBackRow.settled_at)
                )
            ).all()
        assert [row.sequence for row in rows] == sorted(row.sequence for row in rows)
        assert [mail.to for mail in house.mails.deliveries] == [person.email] * 2


async def test_candidates_get_the_time_back(database_url: str, tmp_path: Path) -> None:
    """A link does not run out while its mails are held: its end moves by as long as the stop lasted."""
    async with running_house(database_url, tmp_path) as house:
        person = await newcomer(house)
        await house.sandbox.move(person.id, "First Interview")
        await invited(house, person)
        database = house.runtime.database

        async def interview() -> InterviewRow:
            async with database.reading() as session:
                return (await session.scalars(sa.select(InterviewRow))).one()

        before = await interview()
        async with stopped(house, SUPPORT):
            await pass_time(house, days=8)
            assert (await interview()).state is InterviewState.INVITED
        after = await interview()
        assert after.expires_at - before.expires_at >= timedelta(days=8)
        await house.work()
        assert (await interview()).state is InterviewState.INVITED
        async with database.reading() as session:
            due = (await session.scalars(sa.select(work.c.run_at).where(work.c.kind == "interview.expire"))).one()
        assert due == pytest.approx(after.expires_at.timestamp(), abs=0.01)
        await pass_time(house, days=8)
        assert (await interview()).state is InterviewState.EXPIRED


async def test_two_stops_at_once_give_the_time_back_once(database_url: str, tmp_path: Path) -> None:
    """What a program's stop and a stop of everything both held is given back when the last one ends."""
    async with running_house(database_url, tmp_path) as house:
        person = await newcomer(house)
        await house.sandbox.move(person.id, "First Interview")
        await invited(house, person)
        stopping = house.runtime.services.stopping

        async def end() -> datetime:
            async with house.runtime.database.reading() as session:
                return (await session.scalars(sa.select(InterviewRow.expires_at))).one()

        before = await end()
        await stopping.stop(SUPPORT, reason=REASON, actor=ACTOR)
        await pass_time(house, days=2)
        await stopping.stop(EVERYTHING, reason=REASON, actor=ACTOR)
        await pass_time(house, days=3)
        await stopping.resume(SUPPORT, reason=REASON, actor=ACTOR)
        assert await end() - before == pytest.approx(timedelta(days=2), abs=timedelta(minutes=1))
        await pass_time(house, days=1)
        await stopping.resume(EVERYTHING, reason=REASON, actor=ACTOR)
        assert await end() - before == pytest.approx(timedelta(days=6), abs=timedelta(minutes=1))


async def test_two_people_stop_in_the_same_moment(postgres_url: str, tmp_path: Path) -> None:
    """The second is told that it is stopped already, in words, also where the first has not committed yet."""
    async with running_house(postgres_url, tmp_path, subscribe=False) as house:
        since = datetime(2026, 3, 2, tzinfo=UTC)
        async with house.runtime.database.transaction() as tx:
            tx.session.add(StopRow(scope=StopScope.EVERYTHING, name="", reason="why", actor="who", since=since))
            await tx.session.flush()
            second = asyncio.create_task(house.runtime.services.stopping.stop(EVERYTHING, reason=REASON, actor=ACTOR))
            await asyncio.sleep(0.3)
            assert not second.done()
        with pytest.raises(Stale, match="Everything is stopped already"):
            await second


async def test_who_and_why_are_kept(sqlite_url: str, tmp_path: Path) -> None:
    """Both ends are in the audit chain; the operations page says that something is stopped."""
    async with running_house(sqlite_url, tmp_path) as house:
        async with stopped(house, SUPPORT):
            view = await house.runtime.services.operating.overview()
            assert [(one.scope, one.name, one.reason) for one in view.stops] == [("program", "support-pilot", REASON)]
            assert view.troubles[0].startswith(f"program support-pilot is stopped: {REASON}")
        async with house.runtime.database.reading() as session:
            events = (
                await session.scalars(sa.select(AuditRow).where(AuditRow.tag.startswith("operations:sending:")))
            ).all()
        assert [(row.tag, row.actor, row.subject) for row in events] == [
            ("operations:sending:stopped", ACTOR, "program:support-pilot"),
            ("operations:sending:resumed", ACTOR, "program:support-pilot"),
        ]
        assert events[0].event.details["reason"] == REASON


async def test_what_cannot_be_stopped(sqlite_url: str, tmp_path: Path) -> None:
    """A reason, something that exists, and only once."""
    async with running_house(sqlite_url, tmp_path, subscribe=False) as house:
        stopping = house.runtime.services.stopping
        with pytest.raises(InputInvalid):
            await stopping.stop(EVERYTHING, reason=" ", actor=ACTOR)
        with pytest.raises(Missing):
            await stopping.stop(Reach(StopScope.PROGRAM, "nobody"), reason=REASON, actor=ACTOR)
        with pytest.raises(Missing):
            await stopping.resume(EVERYTHING, reason=REASON, actor=ACTOR)
        async with stopped(house, SANDBOX):
            with pytest.raises(Stale):
                await stopping.stop(SANDBOX, reason=REASON, actor=ACTOR)


@pytest.mark.parametrize("text", ["", "everything:x", "program:", "connection", "jobs:x"])
def test_a_reach_that_means_nothing(text: str) -> None:
    """Nothing is guessed: a misread stop would be none."""
    with pytest.raises(InputInvalid):
        reach_of(text)


@pytest.mark.parametrize(
    ("reach", "held"),
    [(EVERYTHING, {"north", "south"}), (Reach(StopScope.CONNECTION, "north"), {"north"}), (SUPPORT, set())],
    ids=lambda value: value.scope.value if isinstance(value, Reach) else "",
)
async def test_work_of_a_stopped_connection_is_not_even_claimed(
    database: Database, reach: Reach, held: set[str]
) -> None:
    """It waits as under a pause; work of no connection goes on."""
    ran: list[int] = []

    async def handle(payload: Note, _job: object) -> None:
        ran.append(payload.number)

    keys = ("north", "south", None)
    async with database.transaction() as tx:
        for number, key in enumerate(keys):
            await enqueue(tx, Note(number=number), rate_key=key)
        since = datetime(2026, 3, 2, tzinfo=UTC)
        tx.session.add(StopRow(scope=reach.scope, name=reach.name, reason="why", actor="who", since=since))
    worker = Worker(database, {Note: handle})
    await worker.run_until_idle()
    assert {keys[number] for number in ran} == set(keys) - held
    async with database.reading() as session:
        for key in ("north", "south"):
            if key in held:
                with pytest.raises(Stopped, match="stopped by hand"):
                    await refuse_if_stopped(session, connection=key)
            else:
                await refuse_if_stopped(session, connection=key)
    async with database.transaction() as tx:
        await tx.session.execute(sa.text("DELETE FROM stop"))
    await worker.run_until_idle()
    assert {keys[number] for number in ran} == set(keys)
