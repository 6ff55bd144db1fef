"""An application that the ATS suddenly does not show: nobody loses an interview, people are told, and we look again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from typing_extensions import override

from adapters.contract.errors import NotFound
from adapters.contract.model import Application
from adapters.sandbox.adapter import SandboxAdapter
from orchestrator.db.repositories import absences
from orchestrator.domain.findings import Code
from orchestrator.domain.interview import InterviewState
from orchestrator.services.absences import Absences, Announce
from orchestrator.services.intake import Intake, reading_lane
from orchestrator.services.kinds import PollConnection, ProcessDelivery, ReadApplication
from orchestrator.services.watching import watch_troubles
from orchestrator.work.job import Handler
from orchestrator.work.lanes import lock_lanes
from orchestrator.work.payload import Payload
from orchestrator.work.queue import enqueue
from orchestrator.work.worker import Worker
from tests.fixtures.house import House, running_house
from tests.fixtures.sandbox import API_KEY
from tests.integration.services.people import Candidate, Newcomer, interviews_of, mails_to, newcomer
from tests.integration.services.rows import count, settled
from tests.integration.services.test_riders import intake_with

READINGS = "SELECT count(*) FROM sync_entry WHERE operation = 'read_application' AND external_id = :external_id"


class Hiding(SandboxAdapter):
    """An ATS that took a permission away."""

    hidden: frozenset[str] = frozenset()

    @override
    async def read_application(self, application_id: str) -> Application:
        if application_id in self.hidden:
            raise NotFound("no such application")
        return await super().read_application(application_id)


class Watched:
    """A house whose ATS can hide an application."""

    def __init__(self, house: House, adapter: Hiding, intake: Intake) -> None:
        self.house, self.adapter, self.intake = house, adapter, intake

    async def work(self) -> None:
        """Do everything that is due, with readings and polls through the adapter that hides."""
        handlers: dict[type[Payload], Handler] = {
            **self.house.runtime.handlers,
            ProcessDelivery: self.intake.process_delivery,
            ReadApplication: self.intake.read_application,
            PollConnection: self.intake.poll,
        }
        await Worker(self.house.runtime.database, handlers, name="hiding", feed=self.intake.feed).run_until_idle()

    async def poll(self) -> None:
        """The clock's tick."""
        async with self.house.runtime.database.transaction() as tx:
            await enqueue(tx, PollConnection(connection="sandbox"), rate_key="sandbox")
        await self.work()

    async def missed(self) -> int:
        """How many applications are out of sight, as the doctor reads it."""
        async with self.house.runtime.database.reading() as session:
            return sum(one.count for one in (await absences.missed(session)).values())

    async def look(self, application: Newcomer) -> None:
        """Let somebody say that it changed."""
        body = {"body": "A", "visibility": "team"}
        before = await count(self.house.runtime.database, "SELECT count(*) FROM delivery")
        await self.house.sandbox.admin.post(f"/applications/{application.id}/notes", data=body)

        async def delivered() -> bool | None:
            stored = await count(self.house.runtime.database, "SELECT count(*) FROM delivery")
            return True if stored > before else None

        await self.house.until("a delivery", delivered, work=False)
        await self.work()


@asynccontextmanager
async def watching(url: str, folder: Path) -> AsyncIterator[Watched]:
    """A house on a database."""
    async with running_house(url, folder) as house:
        adapter = Hiding(house.sandbox.base_url, API_KEY)
        yield Watched(house, adapter, intake_with(house, adapter))
        await adapter.aclose()


@pytest.fixture
async def watched(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Watched]:
    """A house on SQLite."""
    async with watching(sqlite_url, tmp_path) as house:
        yield house


@pytest.fixture
async def watched_on_each(database_url: str, tmp_path: Path) -> AsyncIterator[Watched]:
    """A house on a database of each kind."""
    async with watching(database_url, tmp_path) as house:
        yield house


async def invited(watched: Watched) -> tuple[Newcomer, str]:
    """Somebody with an open interview and its link."""
    application = await newcomer(watched.house)
    link = await watched.house.invite(application.id)
    await settled(watched.house)
    return application, link


async def test_an_open_interview_goes_on_and_people_are_told(watched_on_each: Watched) -> None:
    """Gone from the ATS: the link opens, nothing is cancelled; doctor, operations and the delivery say so, until it is back."""
    watched = watched_on_each
    application, link = await invited(watched)
    watched.adapter.hidden = frozenset({application.id})
    await watched.look(application)
    assert await interviews_of(watched.house, application) == [InterviewState.INVITED]
    assert mails_to(watched.house, application) == ["invitation"]
    with Candidate(link) as candidate:
        assert (await candidate.begin()).status == 200
    outcome = "SELECT count(*) FROM delivery WHERE outcome LIKE 'the ATS shows it no more%'"
    assert await count(watched.house.runtime.database, outcome) == 1
    doctor, database = watched.house.runtime.services.doctor, watched.house.runtime.database
    codes = [one.code for one in (await doctor.examine(actor="cli", connection="sandbox")).findings]
    assert codes.count(Code.APPLICATION_MISSED) == 1
    async with database.reading() as session:
        [trouble] = await watch_troubles(session, now=watched.house.clock.now() + timedelta(hours=2))
    assert trouble.startswith("sandbox has not shown 1 application with an open interview for 2 hours")
    watched.adapter.hidden = frozenset()
    await watched.look(application)
    assert await watched.missed() == 0
    async with database.reading() as session:
        assert await watch_troubles(session, now=watched.house.clock.now()) == []


async def test_it_is_looked_for_again_soon_then_rarely_then_daily(watched: Watched) -> None:
    """By polls alone: after a quarter of an hour, then when it has been gone as long again, at least once a day."""
    application, _ = await invited(watched)
    watched.adapter.hidden = frozenset({application.id})
    await watched.look(application)
    readings = await reads(watched, application)
    looked: list[float] = []
    passed = 0.0
    # The MovableClock decides when; the polls come every few minutes and change nothing in between.
    for hours in (0.1, 0.26, 0.4, 0.6, 0.9, 1.2, 30.0, 31.0, 53.0, 55.0, 60.0):
        watched.house.clock.ahead += timedelta(hours=hours - passed)
        passed = hours
        await watched.poll()
        if (now := await reads(watched, application)) > readings:
            looked.append(hours)
            readings = now
    # The first poll lists it anyway. Due after that: at 0.35, at 0.8, at 1.8, and a day after 30.
    assert looked == [0.1, 0.4, 0.9, 30.0, 55.0]
    assert await watched.missed() == 1


async def test_it_is_forgotten_when_it_is_back_or_over(watched_on_each: Watched) -> None:
    """Seen again by the look itself, or its interview ended: the row goes, and the audit chain has both."""
    watched = watched_on_each
    back, over = await invited(watched), await invited(watched)
    watched.adapter.hidden = frozenset({back[0].id, over[0].id})
    for application, _ in (back, over):
        await watched.look(application)
    assert await watched.missed() == 2
    watched.adapter.hidden = frozenset()
    watched.house.clock.ahead += timedelta(minutes=20)
    with Candidate(over[1]) as candidate:
        await candidate.withdraw()
    await watched.poll()
    await watched.poll()
    database = watched.house.runtime.database
    assert await count(database, "SELECT count(*) FROM absence") == 0
    for verb in ("missed", "missed-no-more"):
        events = "SELECT count(*) FROM audit_event WHERE tag = :tag"
        assert await count(database, events, tag=f"system:application:{verb}") == 2


async def test_strangers_and_ended_interviews_concern_nobody(watched: Watched) -> None:
    """Without an open interview, gone is gone."""
    application = await newcomer(watched.house)
    await settled(watched.house)
    watched.adapter.hidden = frozenset({application.id})
    await watched.look(application)
    assert await watched.missed() == 0
    gone = "SELECT count(*) FROM delivery WHERE outcome = 'the application is gone'"
    assert await count(watched.house.runtime.database, gone) == 1


async def test_one_that_waits_for_a_person_is_not_looked_for_again(watched: Watched) -> None:
    """Its reading was given up: another every quarter of an hour would only be given up as well."""
    application, _ = await invited(watched)
    watched.adapter.hidden = frozenset({application.id})
    await watched.look(application)
    database = watched.house.runtime.database
    looks = "SELECT count(*) FROM delivery WHERE source = 'replay'"
    for state, announced in (("dead", 0), ("done", 1)):
        statement = "UPDATE work SET state = :state WHERE lane LIKE :lane AND finished_at IS NOT NULL"
        async with database.transaction() as tx:
            await tx.session.execute(sa.text(statement), {"state": state, "lane": f"%/{application.id}"})
        watched.house.clock.ahead += timedelta(minutes=20)
        await watched.intake._absences.look_again("sandbox", watched.intake._look_again)
        assert await count(database, looks) == announced


async def test_who_is_noted_just_now_holds_up_nobody(postgres_url: str, tmp_path: Path) -> None:
    """A reading holds an absence and then wants the lane; a poll that waited for the one with the other would close a circle."""
    async with watching(postgres_url, tmp_path) as watched:
        application, _ = await invited(watched)
        watched.adapter.hidden = frozenset({application.id})
        await watched.look(application)
        watched.house.clock.ahead += timedelta(minutes=20)
        looking = watched.intake._absences
        async with watched.house.runtime.database.transaction() as tx:
            assert await looking.note(tx, "sandbox", application.id) is not None
            async with asyncio.timeout(5):
                await looking.look_again("sandbox", watched.intake._look_again)
            await lock_lanes(tx, [reading_lane("sandbox", application.id)])
        assert await watched.missed() == 1


class Failing(Absences):
    """The database refuses its statements."""

    @override
    async def look_again(self, connection: str, announce: Announce) -> None:
        raise OperationalError("select", {}, Exception("deadlock detected"))


async def test_watching_holds_up_no_poll(watched: Watched) -> None:
    """What changed is found, and the poll is done, whatever becomes of the look at who is missed."""
    application = await newcomer(watched.house)
    database = watched.house.runtime.database
    watched.intake._absences = Failing(database=database, clock=watched.house.clock, lane=reading_lane)
    await watched.poll()
    polls = "SELECT count(*) FROM work WHERE kind = 'ats.poll' AND state = 'done' AND attempt = 1"
    assert await count(database, polls) == 1
    assert await reads(watched, application) >= 1


async def reads(watched: Watched, application: Newcomer) -> int:
    """How often the ATS was asked for it."""
    return await count(watched.house.runtime.database, READINGS, external_id=application.id)
