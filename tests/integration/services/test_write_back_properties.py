"""Whatever goes wrong and whoever writes beside us: one write per revision, one note, never over a person (N4)."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import sqlalchemy as sa
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import Struct, structs
from sqlalchemy.ext.asyncio import create_async_engine

from adapters.contract.model import Application, FieldValue, Job, JobStatus, Stage, StageEntryRef
from adapters.contract.model import Candidate as AtsCandidate
from orchestrator.config.load import load
from orchestrator.config.schema import Vocabulary
from orchestrator.db.base import new_id
from orchestrator.db.models.application import ApplicationRow, CandidateRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.writeback import WriteBackKind, WriteBackRow, WriteBackState
from orchestrator.db.repositories.audit import verify_chain
from orchestrator.services.connections import AtsConnection, Connections, SyncLog
from orchestrator.services.kinds import WriteBack
from orchestrator.services.writing import writing_back
from orchestrator.work.queue import enqueue
from orchestrator.work.worker import Worker
from tests.fixtures.fickle_ats import PERSON, US, Fault, FickleAts, MortalDatabase
from tests.fixtures.house import MovableClock, configuration_text
from tests.fixtures.timers import advance
from tests.integration.services.rows import count

FIELDS = ("interview_band", "interview_score")
RUBRICS = ("customer-support/first-interview", "sales/sdr-first-interview")
EXTERNAL_ID = "app_1"
LONG = 20_000.0
LEASE = 4.0
MANY = 100
EXAMPLES, FEWER = 24, 6


def faults_of(kinds: Iterable[Fault]) -> st.SearchStrategy[list[Fault | None]]:
    """What happens to the next requests, one after the other; None is nothing."""
    return st.lists(st.none() | st.sampled_from(list(kinds)), max_size=3)


class Chapter(Struct, frozen=True):
    """A result goes out (no ``keys``: none does), requests fail, then a person edits a field, then time passes.

    ``emptied`` says that the result has no value for one of its fields any more.
    """

    keys: frozenset[str]
    emptied: bool
    note: bool
    pushes: list[Fault | None]
    pulls: list[Fault | None]
    edit: str | None
    seconds: float


stories = st.lists(
    st.builds(
        Chapter,
        keys=st.frozensets(st.sampled_from(FIELDS)),
        emptied=st.booleans(),
        note=st.booleans(),
        pushes=faults_of(Fault),
        pulls=faults_of([Fault.AWAY, Fault.DIES_BEFORE]),
        edit=st.none() | st.sampled_from(FIELDS),
        seconds=st.sampled_from([6.0, 80.0, LONG]),
    ),
    min_size=1,
    max_size=5,
)


class Theatre:
    """One application in an ATS that misbehaves, and the processes that write back to it, one after the other."""

    def __init__(self, folder: Path, url: str) -> None:
        config = folder / "evenhand.yaml"
        config.write_text(configuration_text("http://127.0.0.1:1"), "utf-8")
        file = load(config, Vocabulary(adapters=("sandbox",), rubrics=RUBRICS))
        self.connection = file.connections[0]
        self.whole = structs.replace(file, programs=())
        self.url = url
        self.clock = MovableClock()
        self.database = MortalDatabase(self.url)
        self.ats = FickleAts(self.clock, self.database)
        self.application_id, self.interview_id = new_id(), new_id()

    async def play(self, story: list[Chapter]) -> None:
        """Play a story to its end, and judge after every turn of it."""
        try:
            await self._store_application()
            for number, chapter in enumerate(story, start=1):
                await self._play(number, chapter)
            await self._judge()
        finally:
            await self.database.aclose()

    async def _play(self, number: int, chapter: Chapter) -> None:
        self.ats.push_faults.extend(chapter.pushes)
        self.ats.pull_faults.extend(chapter.pulls)
        if chapter.keys:
            fields: dict[str, FieldValue] = {key: f"{key} {number}" for key in sorted(chapter.keys)}
            if chapter.emptied:
                fields[min(fields)] = None
            await self._enqueue(number, fields, note=chapter.note)
        await self._work()
        # Nobody could tell what a person does now from a write that never arrived.
        if chapter.edit is not None and not self.ats.uncertain:
            self.ats.edit(chapter.edit, f"a person's words {number}")
        await self._pass(chapter.seconds)
        await self._work()
        self._check_changes()

    def _check_changes(self) -> None:
        """What we changed was empty or ours; each value of each revision was written once, each note sent once."""
        author: dict[str, str] = {}
        for change in self.ats.changes:
            if change.actor == US:
                assert change.old is None or author[change.key] == US, change
            author[change.key] = change.actor
        written = Counter((c.key, c.new) for c in self.ats.changes if c.actor == US and c.new is not None)
        assert not [value for value, times in written.items() if times > 1]
        assert len(set(self.ats.notes)) == len(self.ats.notes)

    async def _judge(self) -> None:
        """When all is well again everything arrives, in order, and the log knows of every push."""
        self.ats.push_faults.clear()
        self.ats.pull_faults.clear()
        for _ in range(MANY):
            await self._work()
            if not await count(self.database, "SELECT count(*) FROM write_back WHERE state = 'pending'"):
                break
            await self._pass(LONG)
        await self._check_end()
        async with self.database.reading() as session:
            await verify_chain(session)
        begun = await count(self.database, "SELECT count(*) FROM audit_event WHERE tag = 'system:sync:begun'")
        assert begun >= self.ats.pushes
        assert begun == await count(self.database, "SELECT count(*) FROM sync_entry WHERE direction = 'push'")

    async def _check_end(self) -> None:
        async with self.database.reading() as session:
            rows = list(await session.scalars(sa.select(WriteBackRow).order_by(WriteBackRow.sequence)))
        assert {row.state for row in rows} <= {WriteBackState.WRITTEN, WriteBackState.CONFLICT}
        assert len(self.ats.notes) == sum(row.note is not None for row in rows)
        for key in FIELDS:
            last = next((change for change in self.ats.changes[::-1] if change.key == key), None)
            wanted = [row for row in rows if key in row.fields]
            if last is not None and last.actor == PERSON and wanted and last.new is not None:
                assert self.ats.values[key] == last.new
            elif wanted and key not in wanted[-1].conflicts and (last is None or last.actor == US):
                assert self.ats.values.get(key) == wanted[-1].fields[key]

    async def _work(self) -> None:
        await self._live_again()
        connections = Connections([AtsConnection(settings=self.connection, adapter=self.ats, webhook_secrets=())])
        sync = SyncLog(self.database, self.clock)
        writing = writing_back(self.database, self.clock, self.whole, {}, connections, sync, "http://127.0.0.1:1")
        worker = Worker(self.database, {WriteBack: writing.write}, lease=LEASE)
        try:
            await worker.keep_leases()
            await worker.run_until_idle()
        except ConnectionError:
            assert self.database.dead

    async def _live_again(self) -> None:
        if self.database.dead:
            await self.database.aclose()
            self.database = self.ats.database = MortalDatabase(self.url)

    async def _pass(self, seconds: float) -> None:
        await self._live_again()
        self.clock.ahead += timedelta(seconds=seconds)
        await advance(self.database, seconds)

    async def _enqueue(self, number: int, fields: dict[str, FieldValue], *, note: bool) -> None:
        await self._live_again()
        row = WriteBackRow(
            id=new_id(),
            interview_id=self.interview_id,
            application_id=self.application_id,
            connection=self.connection.key,
            kind=WriteBackKind.RESULT,
            sequence=number,
            fields=fields,
            created_at=self.clock.now(),
        )
        if note:
            row.note_marker = f"[result {number}]"
            row.note, row.note_visibility = f"What was said. {row.note_marker}", "private"
        async with self.database.transaction() as tx:
            tx.session.add(row)
            await tx.session.flush()
            lane = f"{self.connection.key}/{EXTERNAL_ID}"
            payload = WriteBack(write_back_id=row.id)
            await enqueue(tx, payload, lane=lane, rate_key=self.connection.key, max_attempts=MANY)

    async def _store_application(self) -> None:
        now, key = self.clock.now(), self.connection.key
        person = AtsCandidate(id="can_1", first_name="Wren", last_name="Newcomer")
        job = Job(id="job_1", title="Support", status=JobStatus.OPEN)
        stage = Stage(id="stg_1", name="First Interview")
        shown = Application(id=EXTERNAL_ID, candidate=person, job=job, stage=stage, entry=StageEntryRef())
        candidate = CandidateRow(
            id=uuid.uuid4(),
            connection=key,
            external_id="can_1",
            first_name="Wren",
            last_name="Newcomer",
            emails=[],
            phones=[],
            updated_at=now,
        )
        application = ApplicationRow(
            id=self.application_id,
            connection=key,
            external_id=EXTERNAL_ID,
            candidate_id=candidate.id,
            job_external_id="job_1",
            job_title="Support",
            stage_id="stg_1",
            stage_name="First Interview",
            snapshot=shown,
            seen_at=now,
        )
        async with self.database.transaction() as tx:
            tx.session.add(candidate)
            await tx.session.flush()
            tx.session.add(application)
        await self._store_interview()

    async def _store_interview(self) -> None:
        """Only its id matters here; through a connection that does not look at foreign keys, it needs no ancestors."""
        statement = sa.insert(InterviewRow).values(
            id=self.interview_id,
            application_id=self.application_id,
            stage_entry_id=uuid.uuid4(),
            program_key="support-pilot",
            program={},
            rubric_hash="none",
            plan={},
            state="final",
            version=1,
            round=1,
            created_at=self.clock.now(),
            expires_at=self.clock.now() + timedelta(days=7),
        )
        engine = create_async_engine(self.url)
        async with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                await connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
            await connection.execute(statement)
        await engine.dispose()


def told(*pushes: Fault | None, edit: str | None = None) -> list[Chapter]:
    """One result with a note, of which the requests fail like this; then a few seconds pass."""
    keys = frozenset(FIELDS[:1])
    return [Chapter(keys=keys, emptied=False, note=True, pushes=list(pushes), pulls=[], edit=edit, seconds=6.0)]


@settings(max_examples=EXAMPLES)
@given(story=stories)
@example(story=told(Fault.LAGS, edit=FIELDS[0]))
@example(story=told(Fault.OVERWRITTEN))
@example(story=told(None, Fault.DIES_AFTER))
@example(story=told(None, Fault.SILENT))
@example(story=told(Fault.DIES_AFTER, Fault.DIES_BEFORE, Fault.DIES_AFTER))
@pytest.mark.long
def test_no_write_is_doubled_and_nobody_overwritten(make_sqlite_url: Callable[[], str], story: list[Chapter]) -> None:
    """Whatever order of results, edits, faults, deaths and waits."""
    with TemporaryDirectory() as folder:
        asyncio.run(Theatre(Path(folder), make_sqlite_url()).play(story))


@settings(max_examples=FEWER)
@given(story=stories)
@example(story=told(None, Fault.DIES_AFTER))
@example(story=told(Fault.DIES_AFTER, Fault.DIES_BEFORE, Fault.DIES_AFTER))
def test_the_same_holds_on_postgresql(make_postgres_url: Callable[[], str], story: list[Chapter]) -> None:
    """Fewer stories, for each needs a database: what is different there are locks, clocks and aborted transactions."""
    with TemporaryDirectory() as folder:
        asyncio.run(Theatre(Path(folder), make_postgres_url()).play(story))
