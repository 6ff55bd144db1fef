"""Guards that only a crash, a lag or a neighbour can test: each fails without the code that it is about."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from typing_extensions import override

from adapters.contract.model import Note, Stage, StageKind
from adapters.sandbox.adapter import SandboxAdapter
from orchestrator.db.repositories.audit import verify_chain
from orchestrator.db.session import Database
from orchestrator.domain.audit import AuditEvent
from orchestrator.errors import Missing
from orchestrator.main import build, read_environment, vocabulary
from orchestrator.services.connections import AtsConnection, Connections, SyncLog
from orchestrator.services.kinds import WriteBack
from orchestrator.services.writing import writing_back
from orchestrator.work.worker import Worker
from tests.fixtures.house import House, running_house
from tests.fixtures.sandbox import API_KEY
from tests.fixtures.timers import advance
from tests.integration.services.people import Colleague, in_review, newcomer
from tests.integration.services.rows import count, settled

SECRET_WORD = "my-secret-medical-story"


class LaggingList(SandboxAdapter):
    """An ATS whose list of notes never shows the newest, though it took it."""

    @override
    async def list_notes(self, application_id: str) -> tuple[Note, ...]:
        return ()


def handlers_with(house: House, adapter: SandboxAdapter) -> Worker:
    """A worker whose write-backs go through another adapter."""
    runtime = house.runtime
    settings = runtime.configuration.connections[0]
    connections = Connections([AtsConnection(settings=settings, adapter=adapter, webhook_secrets=())])
    _, rubrics = vocabulary()
    sync = SyncLog(runtime.database, house.clock)
    writing = writing_back(runtime.database, house.clock, runtime.configuration, rubrics, connections, sync, house.url)
    return Worker(runtime.database, {**runtime.handlers, WriteBack: writing.write}, name="lagging")


async def test_a_note_that_was_acknowledged_is_never_sent_again(sqlite_url: str, tmp_path: Path) -> None:
    """The ATS said yes; that its list does not show the note yet, or never will, is no reason for a second one (N4)."""
    async with running_house(sqlite_url, tmp_path) as house:
        application = await newcomer(house)
        case = await in_review(house, application)
        await settled(house)
        with Colleague(house) as robin:
            await robin.sign_in()
            await robin.send(f"/review/{case}", "/decision")
        adapter = LaggingList(house.sandbox.base_url, API_KEY)
        try:
            worker = handlers_with(house, adapter)
            for _ in range(4):
                await worker.run_until_idle()
                await advance(house.runtime.database, 3600)
        finally:
            await adapter.aclose()

        notes = (await house.sandbox.profile(application.id))["notes"]
        assert len(notes) == 1


async def test_what_came_before_the_first_worker_is_not_before_launch(sqlite_url: str, tmp_path: Path) -> None:
    """A delivery that only the web process took in starts its interview, however late the first worker comes (N2)."""
    async with running_house(sqlite_url, tmp_path) as house:
        application = await newcomer(house)
        await house.sandbox.move(application.id, "First Interview")

        async def stored() -> bool | None:
            return True if await count(house.runtime.database, "SELECT count(*) FROM delivery") else None

        await house.until("a stored delivery", stored, work=False)
        house.clock.ahead = timedelta(minutes=30)
        await house.runtime.services.intake.go_live()
        await house.until_field(application.id, "interview_completion", "Invited")


@pytest.mark.parametrize("rounds", [15])
async def test_verifying_beside_a_writer_finds_no_tampering(postgres_database: Database, rounds: int) -> None:
    """Events that are appended while the chain is read come after its end and break nothing (N9)."""
    enough = asyncio.Event()

    async def write() -> None:
        while not enough.is_set():
            async with postgres_database.transaction() as tx:
                tx.audit(AuditEvent(at=datetime.now(UTC), actor="test", tag="test:event:written", subject="1"))

    writer = asyncio.create_task(write())
    lengths: list[int] = []
    while len(lengths) < rounds or lengths[-1] - lengths[0] < rounds:
        async with postgres_database.reading() as session:
            lengths.append((await verify_chain(session))[0])
    enough.set()
    await writer
    assert lengths == sorted(lengths)


async def test_an_error_of_the_database_does_not_repeat_what_was_written(sqlite_database: Database) -> None:
    """Statements may stand in an error, their parameters never do: they are what candidates said."""
    with pytest.raises(sa.exc.SQLAlchemyError) as raised:
        async with sqlite_database.transaction() as tx:
            await tx.session.execute(sa.text("INSERT INTO nowhere VALUES (:word)"), {"word": SECRET_WORD})
    assert SECRET_WORD not in str(raised.value)


async def test_another_secret_key_ends_every_link(sqlite_url: str, tmp_path: Path) -> None:
    """After a leak the operator changes the key: old links are dead, and the next mail has one that opens."""
    async with running_house(sqlite_url, tmp_path) as house:
        application = house.sandbox.pilot.application_ids[0]
        link = await house.invite(application)
        old = link.rpartition("/")[2]
        changed = {**house.environment, "EVENHAND_SECRET_KEY": "another-secret-key-that-is-long-enough-too"}
        runtime = build(read_environment(changed), changed, clock=house.clock)
        try:
            with pytest.raises(Missing, match="does not open"):
                await runtime.services.interviewing.view(old)
        finally:
            await runtime.aclose()
        assert (await house.runtime.services.interviewing.view(old)).first_name


async def test_every_push_is_in_the_chain(sqlite_url: str, tmp_path: Path) -> None:
    """Each push and pull leaves an event that cannot be altered silently, beside its line in the sync log (N9)."""
    async with running_house(sqlite_url, tmp_path) as house:
        await house.invite(house.sandbox.pilot.application_ids[0])
        await settled(house)
        database = house.runtime.database
        for direction in ("push", "pull"):
            logged = await count(database, f"SELECT count(*) FROM sync_entry WHERE direction = '{direction}'")
            chained = await count(database, f"SELECT count(*) FROM audit_event WHERE tag = 'system:sync:{direction}'")
            assert logged == chained > 0


async def test_a_new_interview_does_not_stand_beside_an_old_band(sqlite_url: str, tmp_path: Path) -> None:
    """Where re-entry is allowed, the band, score and bullets of the first interview are emptied when the second begins."""
    again = ("re_entry: never", "re_entry: after_finished")
    async with running_house(sqlite_url, tmp_path, changes=(again,)) as house:
        application = await newcomer(house)
        case = await in_review(house, application)
        with Colleague(house) as robin:
            await robin.sign_in()
            await robin.send(f"/review/{case}", "/decision")
        await house.until_field(application.id, "interview_completion", "Completed")
        await settled(house)
        before = (await house.sandbox.profile(application.id))["custom_fields"]
        await house.sandbox.move(application.id, "Application Review")
        await house.sandbox.move(application.id, "First Interview")
        await house.until_field(application.id, "interview_completion", "Invited")
        await settled(house)
        after = (await house.sandbox.profile(application.id))["custom_fields"]

        assert before["interview_band"]
        assert {key: value for key, value in after.items() if value is not None} == {"interview_completion": "Invited"}


async def test_news_does_not_wait_behind_an_old_failure(sqlite_url: str, tmp_path: Path) -> None:
    """A read that failed often sleeps for hours; the next delivery about that application wakes it at once."""
    async with running_house(sqlite_url, tmp_path) as house:
        application = await newcomer(house)
        await settled(house)
        await house.sandbox.set_faults(error_500={"next": 1})
        await house.sandbox.move(application.id, "First Interview")

        async def failed() -> bool | None:
            tried = "SELECT count(*) FROM work WHERE kind = 'delivery.process' AND state = 'queued' AND attempt = 1"
            return True if await count(house.runtime.database, tried) else None

        await house.until("a failed read", failed)
        await advance(house.runtime.database, -6 * 3600)
        note = {"body": "A note", "visibility": "team"}
        await house.sandbox.admin.post(f"/applications/{application.id}/notes", data=note)
        await house.until_field(application.id, "interview_completion", "Invited")


async def test_a_name_that_was_mapped_two_ways_is_not_guessed(sqlite_url: str, tmp_path: Path) -> None:
    """Two jobs may use one name for two things; each stage keeps its own kind, and a third of that name is held."""
    async with running_house(sqlite_url, tmp_path) as house:
        connection = house.runtime.connections.get("sandbox")
        one, two = Stage(id="STG_A", name="Phone Screen"), Stage(id="STG_B", name="phone  screen")
        table = connection.stage_map([(one, StageKind.APPLICATION_REVIEW), (two, StageKind.FIRST_INTERVIEW)])
        assert table.kind_of(one) is StageKind.APPLICATION_REVIEW
        assert table.kind_of(two) is StageKind.FIRST_INTERVIEW
        assert table.kind_of(Stage(id="STG_C", name="Phone Screen")) is None
