"""Fields that do not fit make write-backs wait in sight, before anything is written; what is mended goes on."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from typing_extensions import override

from adapters.contract.errors import (
    AdapterError,
    AuthRejected,
    PayloadInvalid,
    PermissionMissing,
    RateLimited,
    Timeout,
    Unavailable,
    Unsupported,
)
from adapters.contract.manifest import Capability
from adapters.contract.model import FieldDefinition
from adapters.sandbox.adapter import SandboxAdapter
from orchestrator.db.models.writeback import Direction, SyncRow, WriteBackRow, WriteBackState
from orchestrator.demo.script import take_interview
from orchestrator.errors import Missing
from orchestrator.main import build, read_environment, vocabulary
from orchestrator.services.connections import AtsConnection, Connections, SyncLog
from orchestrator.services.field_check import DOUBTED, LOOKS, TRUSTED
from orchestrator.services.kinds import WriteBack
from orchestrator.services.writing import writing_back
from orchestrator.work.admin import Selection, list_work
from orchestrator.work.admin import WorkItem as Item
from orchestrator.work.job import Handler
from orchestrator.work.outcome import TokenDenied
from orchestrator.work.payload import Payload
from orchestrator.work.table import WorkState
from tests.fixtures.house import House, configuration_text, running_house
from tests.fixtures.sandbox import API_KEY
from tests.fixtures.timers import advance
from tests.integration.services.ats_record import OURS, sync_of
from tests.integration.services.people import ANSWERS, Candidate, Colleague, Newcomer, in_review, newcomer, open_case
from tests.integration.services.rows import settled

BAND = "interview_band"
COMPLETION = "interview_completion"


class CountingList(SandboxAdapter):
    """The sandbox, with a word about how often it was asked for its fields; ``refuses`` is what it says instead."""

    asked = 0
    refuses: AdapterError | TokenDenied | None = None

    @override
    async def list_fields(self) -> tuple[FieldDefinition, ...]:
        self.asked += 1
        if self.refuses is not None:
            raise self.refuses
        return await super().list_fields()


@asynccontextmanager
async def through(house: House, adapter: CountingList) -> AsyncIterator[House]:
    """The house with write-backs through another adapter."""
    runtime = house.runtime
    settings = runtime.configuration.connections[0]
    connections = Connections([AtsConnection(settings=settings, adapter=adapter, webhook_secrets=())])
    _, rubrics = vocabulary()
    sync = SyncLog(runtime.database, house.clock)
    writing = writing_back(runtime.database, house.clock, runtime.configuration, rubrics, connections, sync, house.url)
    handlers: dict[type[Payload], Handler] = {**runtime.handlers, WriteBack: writing.write}
    try:
        yield replace(house, runtime=replace(runtime, handlers=handlers))
    finally:
        await adapter.aclose()


def set_options(house: House, options: Sequence[str], field: str = COMPLETION) -> Sequence[str]:
    """An admin of the ATS changes what can be chosen in a field; what there was before."""
    store = house.sandbox.store
    row = store.row("SELECT options FROM fields WHERE key = ?", field)
    assert row is not None
    with store.transaction():
        store.write("UPDATE fields SET options = ? WHERE key = ?", json.dumps(list(options)), field)
    before: Sequence[str] = json.loads(row["options"])
    return before


async def writes(house: House, state: WorkState = WorkState.QUEUED) -> list[Item]:
    """Write-backs in a state."""
    async with house.runtime.database.reading() as session:
        return await list_work(session, Selection(states=(state,), kinds=(WriteBack.kind,)))


async def until_held(house: House) -> Item:
    """Work until a write-back waits for its fields."""

    async def look() -> Item | None:
        return next((item for item in await writes(house) if (item.error or "").startswith("fields do not fit")), None)

    return await house.until("a write-back that waits", look)


async def decide(house: House, application: Newcomer) -> None:
    """Take somebody to the end, result and all, without waiting for the write-back of it."""
    case = await in_review(house, application)
    with Colleague(house) as robin:
        await robin.sign_in()
        await robin.send(f"/review/{case}", "/decision")


async def test_what_does_not_fit_waits_in_sight_and_goes_on_when_mended(sqlite_url: str, tmp_path: Path) -> None:
    """Nothing is written, no attempt is used up; operations says what and the exact mend; "go on" brings it there."""
    async with running_house(sqlite_url, tmp_path) as house:
        before = set_options(house, ["Completed"])
        people = [await newcomer(house) for _ in range(2)]
        for person in people:
            await house.invite(person.id)
        item = await until_held(house)
        await settled(house)
        assert len(await writes(house)) == 2
        assert item.attempt == 0
        assert [
            row for person in people for row in await sync_of(house, person) if row.direction is Direction.PUSH
        ] == []

        with Colleague(house) as robin:
            await robin.sign_in()
            page = await robin.open("/operations")
            text = page.text("main")
            assert "2 write-backs wait" in text
            assert "it lacks: “" in text
            assert "add these options, letter by letter" in text
            await robin.send_from(page, "/operations/connections/sandbox/resume")
            await settled(house)
            assert await house.field(people[0].id, "interview_completion") is None
            set_options(house, before)
            await robin.send("/operations", "/operations/connections/sandbox/resume")
        for person in people:
            await house.until_field(person.id, "interview_completion", "Invited")
        assert (await house.runtime.services.operating.overview()).pauses == ()
        with pytest.raises(Missing):
            await house.runtime.services.operating.resume("sandbox", actor="cli")


async def test_what_waits_looks_again_by_itself(sqlite_url: str, tmp_path: Path) -> None:
    """Nobody says "go on": after a while it is looked at again, and written."""
    async with running_house(sqlite_url, tmp_path) as house:
        before = set_options(house, [])
        application = await newcomer(house)
        await house.invite(application.id)
        await until_held(house)
        set_options(house, before)
        house.clock.ahead += 2 * DOUBTED
        await advance(house.runtime.database, 2 * LOOKS)
        await house.until_field(application.id, "interview_completion", "Invited")


async def test_many_writes_ask_once_for_the_fields(sqlite_url: str, tmp_path: Path) -> None:
    """One pull serves every write-back of the connection until it is too old; it is about no application."""
    async with (
        running_house(sqlite_url, tmp_path) as house,
        through(house, CountingList(house.sandbox.base_url, API_KEY)) as counted,
    ):
        for _ in range(2):
            await decide(counted, await newcomer(counted))
        await settled(counted)
        async with counted.runtime.database.reading() as session:
            pulls = sa.select(SyncRow).where(SyncRow.operation == "list_fields")
            rows = list(await session.scalars(pulls))
        assert [(row.external_id, row.outcome) for row in rows] == [(None, "ok")]


async def test_old_definitions_are_asked_for_again(sqlite_url: str, tmp_path: Path) -> None:
    """What fitted a while ago may not fit now: it is looked at again, and nothing is refused."""
    async with running_house(sqlite_url, tmp_path) as house:
        application = await newcomer(house)
        link = await house.invite(application.id)
        await house.until_field(application.id, "interview_completion", "Invited")
        await settled(house)
        set_options(house, [])
        house.clock.ahead += 2 * TRUSTED
        with Candidate(link) as candidate:
            await candidate.begin()
        await until_held(house)
        pushes = [row for row in await sync_of(house, application) if row.direction is Direction.PUSH]
        assert [row.outcome for row in pushes] == ["ok"]


async def test_a_refusal_ends_the_trust(sqlite_url: str, tmp_path: Path) -> None:
    """The ATS refuses what fitted before: one refusal, then it waits; others do not; mended, all arrives, one note."""
    async with running_house(sqlite_url, tmp_path) as house:
        application = await newcomer(house)
        case = await in_review(house, application)
        await settled(house)
        before = set_options(house, ["Another band"], BAND)
        with Colleague(house) as robin:
            await robin.sign_in()
            await robin.send(f"/review/{case}", "/decision")
        await until_held(house)
        other = await newcomer(house)
        await house.invite(other.id)
        await house.until_field(other.id, COMPLETION, "Invited")
        await settled(house)
        assert await writes(house, WorkState.DEAD) == []
        refused = [row for person in (application, other) for row in await sync_of(house, person)]
        assert [row.outcome for row in refused if row.outcome != "ok"] == ["Refused"]

        set_options(house, before, BAND)
        await house.runtime.services.operating.resume("sandbox", actor="cli")
        await house.until_field(application.id, "interview_completion", "Completed")
        await settled(house)
        profile = await house.sandbox.profile(application.id)
        assert set(profile["custom_fields"]) == OURS
        assert len(profile["notes"]) == 1


@pytest.mark.parametrize(
    "answer",
    [Unsupported(Capability.CUSTOM_FIELDS), PermissionMissing("no", scope="fields"), PayloadInvalid("what")],
    ids=lambda error: type(error).__name__,
)
async def test_who_cannot_tell_is_not_held_up(answer: AdapterError, sqlite_url: str, tmp_path: Path) -> None:
    """An ATS that does not show its fields is written to, and asked once."""
    async with running_house(sqlite_url, tmp_path) as house:
        adapter = CountingList(house.sandbox.base_url, API_KEY)
        adapter.refuses = answer
        async with through(house, adapter) as counted:
            await decide(counted, await newcomer(counted))
            await settled(counted)
            assert adapter.asked == 1
            assert await writes(counted) == []


@pytest.mark.parametrize(
    "answer",
    [Unavailable("away"), Timeout("no answer"), RateLimited("not now"), AuthRejected("not this")],
    ids=lambda error: type(error).__name__,
)
async def test_who_cannot_tell_now_is_written_to(answer: AdapterError, sqlite_url: str, tmp_path: Path) -> None:
    """Only the question for the fields fails: everything is written at the first attempt, and no connection pauses."""
    async with running_house(sqlite_url, tmp_path) as house:
        adapter = CountingList(house.sandbox.base_url, API_KEY)
        adapter.refuses = answer
        async with through(house, adapter) as counted:
            application = await newcomer(counted)
            await decide(counted, application)
            await counted.until_field(application.id, COMPLETION, "Completed")
            await settled(counted)
            done = await writes(counted, WorkState.DONE)
            assert {item.attempt for item in done} == {1}
            assert adapter.asked == 1
            assert (await counted.runtime.services.operating.overview()).pauses == ()


async def test_a_key_that_is_mended_in_the_file_frees_what_waits(sqlite_url: str, tmp_path: Path) -> None:
    """The file names fields that are not there; mended and started anew, what waited goes to the right fields."""
    wrong = (
        ("completion: interview_completion", "completion: interview_status"),
        ("band: interview_band", "band: interview_verdict"),
    )
    async with running_house(sqlite_url, tmp_path, changes=wrong) as house:
        application = await newcomer(house)
        link = await house.invite(application.id)
        await until_held(house)
        shown = (await house.runtime.services.operating.overview()).troubles
        assert any("`fields.completion`" in trouble for trouble in shown)
        assert not any("`fields.band`" in trouble for trouble in shown)
        await asyncio.to_thread(take_interview, house.ports, link, ANSWERS)

        async def scored() -> bool | None:
            return True if await house.runtime.services.reviewing.queue() else None

        await house.until("a case", scored)
        case = await open_case(house, application)
        with Colleague(house) as robin:
            await robin.sign_in()
            await robin.send(f"/review/{case}", "/decision")
        (tmp_path / "evenhand.yaml").write_text(configuration_text(house.sandbox.base_url), "utf-8")
        mended = build(read_environment(house.environment), house.environment, clock=house.clock)
        try:
            mended = replace(mended, buckets=house.runtime.buckets)
            await mended.services.operating.resume("sandbox", actor="cli")
            for _ in range(3):
                await mended.worker(name="mended").run_until_idle()
                await advance(house.runtime.database, 60.0)
        finally:
            await mended.aclose()
        profile = await house.sandbox.profile(application.id)
        assert set(profile["custom_fields"]) == OURS
        assert profile["custom_fields"]["interview_completion"] == "Completed"
        async with house.runtime.database.reading() as session:
            rows = list(await session.scalars(sa.select(WriteBackRow)))
        assert {row.state for row in rows} == {WriteBackState.WRITTEN}
        assert {key for row in rows for key in row.fields} == OURS


def set_longest(house: House, key: str, characters: int | None) -> None:
    """An admin of the ATS changes how long a text may be."""
    store = house.sandbox.store
    with store.transaction():
        store.write("UPDATE fields SET max_length = ? WHERE key = ?", characters, key)


async def test_a_value_that_does_not_fit_goes_on_when_mended(sqlite_url: str, tmp_path: Path) -> None:
    """The map is well and only this text is too long: mended, "go on" looks at once, whoever looked a moment ago."""
    async with running_house(sqlite_url, tmp_path) as house:
        set_longest(house, "interview_summary", 5)
        application = await newcomer(house)
        await decide(house, application)
        item = await until_held(house)
        assert "interview_summary" in (item.error or "")
        set_longest(house, "interview_summary", None)
        await house.runtime.services.operating.resume("sandbox", actor="cli")
        await settled(house)
        assert set((await house.sandbox.profile(application.id))["custom_fields"]) == OURS


async def test_keys_that_changed_places_in_the_file(sqlite_url: str, tmp_path: Path) -> None:
    """Two keys were mixed up while a result waited: it goes to where the file says now, though both keys were ours."""
    mixed_up = (
        ("subscores: interview_subscores", "subscores: interview_summary"),
        ("bullets: interview_summary", "bullets: interview_subscores"),
    )
    async with running_house(sqlite_url, tmp_path, changes=mixed_up) as house:
        application = await newcomer(house)
        case = await in_review(house, application)
        await settled(house)
        before = set_options(house, [], BAND)
        house.clock.ahead += 2 * TRUSTED
        with Colleague(house) as robin:
            await robin.sign_in()
            await robin.send(f"/review/{case}", "/decision")
        await until_held(house)
        set_options(house, before, BAND)
        (tmp_path / "evenhand.yaml").write_text(configuration_text(house.sandbox.base_url), "utf-8")
        mended = build(read_environment(house.environment), house.environment, clock=house.clock)
        try:
            mended = replace(mended, buckets=house.runtime.buckets)
            await mended.services.operating.resume("sandbox", actor="cli")
            await mended.worker(name="mended").run_until_idle()
        finally:
            await mended.aclose()
        fields = (await house.sandbox.profile(application.id))["custom_fields"]
        assert fields["interview_summary"].startswith("•")
        assert " of 5" in fields["interview_subscores"]
