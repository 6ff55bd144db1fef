"""The main job against a vendor's simulator: a recruiter moves a card; invitation, interview, review, write-back, once each.

A vendor's test module makes a subclass of :class:`MainJob` and gives it a ``case`` and a ``life`` fixture.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest
import sqlalchemy as sa

from adapters.contract.manifest import Capability
from adapters.contract.model import FieldValue, StageKind
from orchestrator.db.models.account import Role
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.writeback import SyncRow
from orchestrator.demo.processes import Ports
from orchestrator.demo.script import decide, take_interview
from orchestrator.demo.show import read_answers
from orchestrator.domain.program import ReEntry
from orchestrator.mail.catching.store import MailStore
from orchestrator.main import Runtime, build, read_environment
from orchestrator.ports import SystemClock
from orchestrator.services.accounts import Accounts
from orchestrator.services.kinds import PollConnection
from orchestrator.work.limits import RateLimit
from orchestrator.work.queue import enqueue
from tests.adapters.case import Case, World
from tests.fixtures.house import QUICK, REVIEWER, free_port, lent_catcher, serving_product
from tests.fixtures.timers import advance

KEY = "customer"
SECRET = "whsec_dGhlLXNlY3JldC1vZi10aGUtd2ViaG9vaw=="
PRESENTED = "presented-by-the-ats-with-every-order"
"""What the ATS shows where an interview is ordered in it."""
JOB_TITLE = "Customer Support Specialist"
"""The application's job must be called this, so that the program fits."""

PATIENCE = 60.0
A_WHILE = 5.0
"""Seconds that timers are moved by where the test would only wait for a retry."""
LAST = 8
"""Entries of the sync log that a failure shows."""


class LiveWorld(World, Protocol):
    """A vendor's simulator with people in it. Everything here is done or seen by a person or by the vendor itself."""

    @property
    def resting_stage(self) -> str:
        """Where the application stands at first."""
        ...

    @property
    def trigger_stage(self) -> str: ...
    @property
    def stage_kinds(self) -> Mapping[str, StageKind]:
        """The customer's stage map: every stage (id or name) and what it is; the trigger stage is a first interview."""
        ...

    @property
    def field_map(self) -> Mapping[str, str]:
        """The custom field that each part goes to: ``completion``, ``band`` and ``link`` at least; empty without fields."""
        ...

    async def listen(self, url: str, secret: str) -> None:
        """The vendor sends its webhooks there from now on, signed with the secret."""
        ...

    async def recruit(self, stage: str) -> None:
        """A recruiter moves the application; the vendor announces it as it does."""
        ...

    async def misbehave(self, *, calm: bool = False) -> None:
        """Switch a mixture of faults on (doubled and late deliveries, 500s, 429s, answers lost after the write), or off."""
        ...

    async def shown(self) -> Mapping[str, FieldValue]:
        """The application's custom fields as the recruiter sees them."""
        ...

    async def notes(self) -> Sequence[str]:
        """The texts of every note, as the recruiter sees them."""
        ...

    async def contact(self) -> object:
        """Everything the vendor keeps of the candidate's person, to compare."""
        ...


Life = Callable[[], AbstractAsyncContextManager[LiveWorld]]


@dataclass
class Evenhand:
    """A whole Evenhand, connected to one vendor."""

    runtime: Runtime
    ports: Ports
    mails: MailStore

    @property
    def hook(self) -> str:
        """Where deliveries go."""
        return f"{self.ports.evenhand_url}/hooks/{KEY}"

    async def until(self, what: str, look: Callable[[], Awaitable[bool]]) -> None:
        """Work until something is to be seen; retries come at once, the vendor's deliveries in their own time."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self.work()
                while not await look():
                    await asyncio.sleep(0.02)
                    await advance(self.runtime.database, A_WHILE)
                    await self.work()
        except TimeoutError:
            seen = "".join(f"\n  {line}" for line in await self.told())
            raise AssertionError(f"{what} did not happen; the last at the ATS:{seen}") from None

    async def told(self) -> list[str]:
        """The last entries of the sync log as an operator reads them."""
        async with self.runtime.database.reading() as session:
            last = (await session.execute(sa.select(SyncRow).order_by(SyncRow.at.desc()).limit(LAST))).scalars().all()
        return [f"{row.operation} {', '.join(row.fields)}: {row.outcome} {row.detail}".rstrip() for row in last[::-1]]

    async def work(self) -> None:
        """Do everything that is due now."""
        await self.runtime.worker(name="test").run_until_idle()

    async def poll(self) -> None:
        """The clock's tick: ask the vendor what changed."""
        async with self.runtime.database.transaction() as tx:
            await enqueue(tx, PollConnection(connection=KEY), rate_key=KEY)

    def links(self) -> list[str]:
        """The link of every invitation that was accepted; its Message-ID has the name of the template."""
        mails = [mail for mail in self.mails.deliveries if mail.message_id.split(".")[1:2] == ["invitation"]]
        words = [word for mail in mails for word in mail.text.split()]
        return [word for word in words if word.startswith(f"{self.ports.evenhand_url}/i/")]

    async def invited(self, times: int = 1) -> bool:
        """Whether an invitation was accepted, or so many."""
        return len(self.links()) >= times

    async def interviews(self) -> int:
        """How many interviews there are."""
        async with self.runtime.database.reading() as session:
            return (await session.execute(sa.select(sa.func.count()).select_from(InterviewRow))).scalar_one()


def configuration(case: Case, world: LiveWorld, *, orders: bool = False, re_entry: ReEntry = ReEntry.NEVER) -> str:
    """evenhand.yaml for the world (JSON is YAML); with ``orders`` the program can be ordered in the ATS."""
    private = Capability.PRIVATE_NOTES in case.capabilities
    note = {"note": "private" if private else "team"} if Capability.NOTES in case.capabilities else {}
    variables = {name: {"env": variable(name)} for name in world.credentials}
    connection = {
        "key": KEY,
        "adapter": case.key,
        "base_url": world.base_url,
        "credentials": variables,
        "options": dict(case.options),
        "webhook_secrets": [{"env": "EVENHAND_TEST_WEBHOOK"}],
        "stages": [{"stage": stage, "kind": kind.value} for stage, kind in world.stage_kinds.items()],
        "fields": {**world.field_map, **note},
    }
    program = {
        "key": "pilot",
        "title": "Customer support, first interview",
        "version": 1,
        "connection": KEY,
        "when": {"stage": "first_interview", "role_families": ["support"]},
        "rubric": "customer-support/first-interview",
        "share": 1.0,
        "cap": {"total": 10, "per_day": 10},
        "re_entry": re_entry.value,
        "on_leave": "cancel",
        "invitation": {"valid_days": 7, "reminder_hours": []},
        "review": {"mode": "always", "due_hours": 24, "undo_seconds": 0},
    }
    if orders:
        connection["assessment_secrets"] = [{"env": "EVENHAND_TEST_ASSESSMENTS"}]
        program["orderable"] = True
    people = {"name": "Northwind", "contact_name": "Dana Whitfield", "contact_email": "hiring@northwind.example"}
    whole = {
        "version": 1,
        "company": people,
        "connections": [connection],
        "role_families": [{"key": "support", "titles": ["*Customer Support*"]}],
        "programs": [program],
        "notice": {"version": "2026-11"},
    }
    return json.dumps(whole, indent=1)


def variable(credential: str) -> str:
    """The environment variable of a credential."""
    return f"EVENHAND_TEST_{credential.upper()}"


@asynccontextmanager
async def connected_house(
    case: Case,
    world: LiveWorld,
    database_url: str,
    folder: Path,
    *,
    orders: bool = False,
    re_entry: ReEntry = ReEntry.NEVER,
) -> AsyncIterator[Evenhand]:
    """Evenhand on a migrated database, live, with mail catcher and a reviewer; the vendor does not know it yet."""
    async with lent_catcher() as catcher:
        config = folder / "evenhand.yaml"
        config.write_text(configuration(case, world, orders=orders, re_entry=re_entry), "utf-8")
        port = free_port()
        ports = Ports(port, 0, int(catcher.url.rpartition(":")[2]), catcher.smtp_port)
        variables = {
            "EVENHAND_DATABASE_URL": database_url,
            "EVENHAND_CONFIG": str(config),
            "EVENHAND_BASE_URL": ports.evenhand_url,
            "EVENHAND_SECRET_KEY": "a-secret-key-for-tests-that-is-long-enough",
            "EVENHAND_SMTP_PORT": str(catcher.smtp_port),
            "EVENHAND_MAIL_LOOKUP_URL": f"{catcher.url}/api/messages/by-id/",
            "EVENHAND_MAIL_FROM": "interviews@northwind.example",
            "EVENHAND_TEST_WEBHOOK": SECRET,
            "EVENHAND_TEST_ASSESSMENTS": PRESENTED,
            **{variable(name): value for name, value in world.credentials.items()},
        }
        runtime = build(read_environment(variables), variables)
        # The vendor's own limit would only make the test wait; the simulator enforces it on its own tests.
        runtime = replace(runtime, buckets={key: RateLimit(rate=1000, burst=1000) for key in runtime.buckets})
        accounts = Accounts(database=runtime.database, clock=SystemClock(), hasher=QUICK)
        runtime = replace(runtime, services=replace(runtime.services, accounts=accounts))
        await runtime.begin()
        await accounts.create(email=REVIEWER.email, name=REVIEWER.name, role=Role.ADMIN, password=REVIEWER.password)
        try:
            async with serving_product(runtime, port):
                yield Evenhand(runtime, ports, catcher.store)
        finally:
            await runtime.aclose()


class MainJob:
    """The main job of one vendor; see the module."""

    @pytest.mark.long
    async def test_main_job_with_faults(self, case: Case, life: Life, sqlite_url: str, tmp_path: Path) -> None:
        """With every fault on, one move makes one invitation, one interview and one write-back, and nothing else moves."""
        async with life() as world, connected_house(case, world, sqlite_url, tmp_path) as house:
            person = await world.contact()
            await world.listen(house.hook, SECRET)
            if not case.tells_moves:
                # What no delivery calls a move is one only of somebody who was seen elsewhere before.
                await noticed(case, house)
            await world.misbehave()
            await world.recruit(world.trigger_stage)
            await house.until("the invitation", house.invited)
            await interviewed(house)
            await world.misbehave(calm=True)
            await decided(house)
            await house.until("the write-back", lambda: written(case, world))
            # The vendor doubles a delivery late, and a poll finds the same move again.
            await house.poll()
            await house.work()
            await only_once(case, world, house)
            assert await world.contact() == person

    async def test_main_job_by_polling(self, case: Case, life: Life, sqlite_url: str, tmp_path: Path) -> None:
        """With no webhook at all, the poll finds the move."""
        if Capability.POLLING not in case.capabilities:
            return
        async with life() as world, connected_house(case, world, sqlite_url, tmp_path) as house:
            await house.poll()
            await house.work()
            await world.recruit(world.trigger_stage)
            await house.poll()
            await house.until("the invitation", house.invited)
            await interviewed(house)
            await decided(house)
            await house.until("the write-back", lambda: written(case, world))
            await only_once(case, world, house)

    @pytest.mark.long
    async def test_away_and_back(self, case: Case, life: Life, sqlite_url: str, tmp_path: Path) -> None:
        """Who comes back into the stage after an interview is interviewed once more, and that exactly once."""
        again = ReEntry.AFTER_FINISHED
        async with life() as world, connected_house(case, world, sqlite_url, tmp_path, re_entry=again) as house:
            await world.listen(house.hook, SECRET)
            for times in (1, 2):
                # A vendor without any identity of entries must be seen elsewhere first.
                await world.recruit(world.resting_stage)
                await noticed(case, house)
                if times > 1:
                    await world.misbehave()
                await world.recruit(world.trigger_stage)
                await noticed(case, house)
                await house.until("the invitation", partial(house.invited, times))
                await interviewed(house)
                await world.misbehave(calm=True)
                await decided(house)
                await house.until("the write-back", partial(written, case, world, times))
                await noticed(case, house)
            await only_once(case, world, house, times=2)


async def noticed(case: Case, house: Evenhand) -> None:
    """Evenhand takes in what the vendor told, and asks it where it can."""
    if Capability.POLLING in case.capabilities:
        await house.poll()
    await house.work()


async def interviewed(house: Evenhand) -> None:
    """The candidate takes the interview that they were invited to last."""
    await asyncio.to_thread(take_interview, house.ports, house.links()[-1], list(read_answers(None)))


async def decided(house: Evenhand) -> None:
    """A person confirms the case as soon as it is there."""

    async def waiting() -> bool:
        return bool(await house.runtime.services.reviewing.queue())

    await house.until("the case", waiting)
    await asyncio.to_thread(decide, house.ports, REVIEWER, "the candidate")


async def written(case: Case, world: LiveWorld, times: int = 1) -> bool:
    """Whether the band stands in the ATS: in its field, or in a note where there are no fields; and the notes are there."""
    notes = [note for note in await world.notes() if "A person decides" in note]
    if Capability.NOTES in case.capabilities and len(notes) < times:
        return False
    shown = await world.shown() if world.field_map else {}
    return not world.field_map or bool(shown.get(world.field_map["band"]))


async def only_once(case: Case, world: LiveWorld, house: Evenhand, *, times: int = 1) -> None:
    """For each entry one invitation, one interview, each note once, and the parts of the result where the mapping says."""
    assert len(set(house.links())) == len(house.links()) == times
    assert await house.interviews() == times
    notes = [note for note in await world.notes() if "[evenhand " in note]
    markers = [note.rpartition("[evenhand ")[2] for note in notes]
    assert len(markers) == len(set(markers))
    results = len([note for note in notes if "A person decides" in note])
    assert results == times * (Capability.NOTES in case.capabilities)
    if world.field_map:
        shown = await world.shown()
        assert shown[world.field_map["completion"]] == "Completed"
        assert shown[world.field_map["band"]]
        assert str(shown[world.field_map["link"]]).startswith(house.ports.evenhand_url)
