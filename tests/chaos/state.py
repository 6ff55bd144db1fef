"""The final state, read from where it lies: the ATS's own file, the mail catcher's, and Evenhand's database."""

import json
import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.application import ApplicationRow, StageEntryRow
from orchestrator.db.models.audit import AuditHead, AuditRow
from orchestrator.db.models.intake import DeliveryRow, DeliveryState
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.scoring import DecisionRow, DecisionVerdict, ResultRow, ScorecardRow
from orchestrator.db.models.writeback import WriteBackRow, WriteBackState
from orchestrator.db.session import Database
from orchestrator.domain.program import ReviewMode
from orchestrator.domain.result import Finality
from orchestrator.work.table import WorkState, work
from tests.chaos.checker import AtsRecord, Change, House, Interview, Result, Write
from tests.chaos.roles import SOURCE

TRIGGER_STAGE = "First Interview"
TIMERS_AFTER = 3600.0
"""Work that is due later than this (seconds) is a reminder or an expiry, days away."""
DECIDED = (DecisionVerdict.CONFIRM, DecisionVerdict.OVERRIDE)


class AtsFile:
    """The sandbox's SQLite file, opened for reading."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self._db.row_factory = sqlite3.Row

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def applications(self) -> dict[int, str]:
        """External application ids by the number of the person."""
        rows = self._db.execute(
            "SELECT a.id, c.last_name FROM applications a JOIN candidates c ON c.id = a.candidate_id WHERE a.source = ?",
            (SOURCE,),
        )
        return {int(row["last_name"]): _application_id(row["id"]) for row in rows}

    def stages(self) -> dict[tuple[str, str], str]:
        """Stage ids by job title and stage name."""
        rows = self._db.execute("SELECT s.id, s.name, j.title FROM stages s JOIN jobs j ON j.id = s.job_id")
        return {(row["title"], row["name"]): f"stg_{row['id']:06d}" for row in rows}

    def waiting(self) -> int:
        """Deliveries that are still to be sent."""
        row = self._db.execute("SELECT count(*) FROM deliveries WHERE status = 'pending'").fetchone()
        return int(row[0])

    def deliveries(self) -> int:
        """How many deliveries were acknowledged, copies and both subscriptions counted."""
        row = self._db.execute("SELECT count(*) FROM deliveries WHERE status = 'delivered'").fetchone()
        return int(row[0])

    def acknowledged(self) -> Iterator[str]:
        """Ids of the events that were answered with 2xx at least once."""
        for row in self._db.execute("SELECT DISTINCT event_id FROM deliveries WHERE status = 'delivered'"):
            yield f"evt_{row[0]:06d}"

    def records(self) -> Iterator[AtsRecord]:
        """Every application of the plan, in the order of the people."""
        visits = self._by_application(
            "SELECT h.application_id, h.left_at, s.name FROM stage_history h JOIN stages s ON s.id = h.stage_id"
        )
        values = self._by_application(
            "SELECT v.application_id, f.key, v.value FROM field_values v JOIN fields f ON f.id = v.field_id"
        )
        changes = self._by_application(
            "SELECT application_id, actor, coalesce(f.key, subject) AS key, old, new FROM activity"
            " LEFT JOIN fields f ON f.name = subject WHERE action = 'field.changed'",
            order="activity.id",
        )
        notes = self._by_application("SELECT application_id, body FROM notes")
        people = self._db.execute(
            "SELECT a.id, c.last_name FROM applications a JOIN candidates c ON c.id = a.candidate_id"
            " WHERE a.source = ? ORDER BY a.id",
            (SOURCE,),
        )
        for row in people:
            been = [visit for visit in visits.take(row["id"]) if visit["name"] == TRIGGER_STAGE]
            yield AtsRecord(
                person=int(row["last_name"]),
                application_id=_application_id(row["id"]),
                entries=len(been),
                in_trigger_stage=any(visit["left_at"] is None for visit in been),
                fields={value["key"]: json.loads(value["value"]) for value in values.take(row["id"])},
                changes=[
                    Change(line["actor"], line["key"], _json(line["old"]), _json(line["new"]))
                    for line in changes.take(row["id"])
                ],
                notes=[note["body"] for note in notes.take(row["id"])],
            )

    def _by_application(self, query: str, *, order: str = "2") -> "_Groups":
        return _Groups(self._db.execute(f"{query} ORDER BY application_id, {order}"))


class _Groups:
    """Rows that come ordered by application, taken application by application."""

    def __init__(self, rows: Iterator[sqlite3.Row]) -> None:
        self._groups = groupby(rows, key=lambda row: int(row["application_id"]))
        self._key = -1
        self._rows: list[sqlite3.Row] = []

    def take(self, application: int) -> Sequence[sqlite3.Row]:
        while self._key < application:
            key, rows = next(self._groups, (2**62, iter(())))
            self._key, self._rows = key, list(rows)
        return self._rows if self._key == application else ()


class Mail(Struct, frozen=True):
    """One mail as the catcher kept it."""

    to: str
    message_id: str
    link: str | None

    @property
    def is_invitation(self) -> bool:
        """The template stands in the Message-ID."""
        return self.message_id.split(".")[1:2] == ["invitation"]


class MailFile:
    """The catcher's file, read to its end again and again."""

    def __init__(self, path: Path) -> None:
        path.touch()
        self._file = path.open("r", encoding="utf-8")

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def news(self) -> Iterator[Mail]:
        """Mails that were not read yet."""
        while True:
            at = self._file.tell()
            line = self._file.readline()
            if not line.endswith("\n"):
                self._file.seek(at)
                return
            yield Mail(**json.loads(line))


def invitations(path: Path) -> Mapping[str, Sequence[str]]:
    """Message-IDs of every invitation by recipient."""
    found: dict[str, list[str]] = defaultdict(list)
    file = MailFile(path)
    for mail in file.news():
        if mail.is_invitation:
            found[mail.to].append(mail.message_id)
    file.close()
    return found


class Backlog(Struct, frozen=True):
    """What Evenhand still has to do, and what it gave up."""

    deliveries: int
    work: int
    dead: int

    @property
    def open(self) -> int:
        """Everything that is due within the hour."""
        return self.deliveries + self.work


async def backlog(database: Database) -> Backlog:
    """Count what is left to do."""
    soon = work.c.run_at < time.time() + TIMERS_AFTER
    async with database.reading() as session:
        return Backlog(
            await _count(session, DeliveryRow, DeliveryRow.state == DeliveryState.RECEIVED),
            await _count(session, work, work.c.state.in_([WorkState.QUEUED, WorkState.RUNNING]), soon),
            await _count(session, work, work.c.state == WorkState.DEAD),
        )


async def done(database: Database) -> int:
    """Count the work that was ever done; a whole look at the table, so not for every probe."""
    async with database.reading() as session:
        return await _count(session, work, work.c.state == WorkState.DONE)


async def read_house(database: Database) -> House:
    """Read Evenhand's database."""
    left = await backlog(database)
    async with database.reading() as session:
        return House(
            interviews=await _interviews(session),
            stored_events=frozenset(await _stored_events(session)),
            unprocessed=left.deliveries,
            open_work=left.work,
            dead_work=left.dead,
            broken_audit_links=await _broken_audit_links(session),
        )


async def _interviews(session: AsyncSession) -> dict[str, list[Interview]]:
    writes = await _writes(session)
    results = await _results(session)
    rows = await session.execute(
        sa.select(ApplicationRow.external_id, InterviewRow.id, InterviewRow.state, StageEntryRow.entered_at)
        .join(ApplicationRow, ApplicationRow.id == InterviewRow.application_id)
        .join(StageEntryRow, StageEntryRow.id == InterviewRow.stage_entry_id)
        .order_by(StageEntryRow.entered_at)
    )
    found: dict[str, list[Interview]] = defaultdict(list)
    for row in rows:
        interview = Interview(
            id=row.id.hex,
            state=row.state.value,
            entered_at=row.entered_at,
            writes=writes[row.id.hex],
            results=results[row.id.hex],
        )
        found[row.external_id].append(interview)
    return found


async def _writes(session: AsyncSession) -> dict[str, list[Write]]:
    found: dict[str, list[Write]] = defaultdict(list)
    w = WriteBackRow
    for row in await session.execute(sa.select(w.interview_id, w.sequence, w.fields, w.note_marker, w.state)):
        write = Write(
            sequence=row.sequence,
            fields=row.fields,
            marker=row.note_marker,
            settled=row.state in {WriteBackState.WRITTEN, WriteBackState.CONFLICT},
        )
        found[row.interview_id.hex].append(write)
    return found


async def _results(session: AsyncSession) -> dict[str, list[Result]]:
    """Whether a person decided is read from the decisions, not from what the result says of itself."""
    decided = {
        (row.interview_id, row.band)
        for row in await session.execute(
            sa.select(DecisionRow.interview_id, DecisionRow.band).where(DecisionRow.verdict.in_(DECIDED))
        )
    }
    rows = await session.execute(
        sa.select(
            ResultRow.interview_id, ResultRow.finality, ResultRow.result, ScorecardRow.reasons, InterviewRow.program
        )
        .join(ScorecardRow, ScorecardRow.id == ResultRow.scorecard_id)
        .join(InterviewRow, InterviewRow.id == ResultRow.interview_id)
    )
    found: dict[str, list[Result]] = defaultdict(list)
    for row in rows:
        by_person = row.finality is Finality.PERSON and (row.interview_id, row.result.band) in decided
        result = Result(
            band=row.result.band_label,
            by_person=by_person,
            policy_allows=row.finality is Finality.POLICY and row.program.review.mode is not ReviewMode.ALWAYS,
            reasons=row.reasons,
        )
        found[row.interview_id.hex].append(result)
    return found


async def _stored_events(session: AsyncSession) -> list[str]:
    rows = await session.execute(sa.select(DeliveryRow.dedupe).where(DeliveryRow.dedupe.startswith("id:")))
    return [event for row in rows for event in row.dedupe.removeprefix("id:").split("+")]


async def _broken_audit_links(session: AsyncSession) -> int:
    """Events whose predecessor is another one than they say, or missing (the hashes themselves: evenhand audit verify)."""
    one, before = sa.orm.aliased(AuditRow), sa.orm.aliased(AuditRow)
    broken = await session.scalar(
        sa.select(sa.func.count())
        .select_from(one)
        .outerjoin(before, before.sequence == one.sequence - 1)
        .where(one.sequence > 1, sa.func.coalesce(before.hash, "") != one.previous_hash)
    )
    head = await session.scalar(sa.select(AuditHead.sequence)) or 0
    last = await session.scalar(sa.select(sa.func.max(AuditRow.sequence))) or 0
    return (broken or 0) + int(head != last)


async def _count(session: AsyncSession, table: Any, *conditions: sa.ColumnElement[bool]) -> int:
    return await session.scalar(sa.select(sa.func.count()).select_from(table).where(*conditions)) or 0


def _application_id(number: int) -> str:
    return f"app_{number:06d}"


def _json(text: str | None) -> Any:
    return None if text is None else json.loads(text)
