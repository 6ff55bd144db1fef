"""The words of our own JSON, and their meaning in the contract. Pure.

Nothing here is anybody else's: the README documents every member, and whoever answers follows it. A word that is not in
the README is a broken payload, never a guess.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

import msgspec
from msgspec import Struct

from adapters.contract.errors import AdapterError, PayloadInvalid, Refused
from adapters.contract.model import (
    Application,
    Candidate,
    Disposition,
    FieldDefinition,
    FieldKind,
    FieldValue,
    Job,
    JobStatus,
    Note,
    Stage,
    StageEntryRef,
    StageKind,
    Visibility,
)
from adapters.kit.http import AnswerHints
from adapters.kit.payload import Moment, Word

MOVED = "application.stage_changed"
CHANGED = "application.updated"
PING = "ping"
FIELDS_TOLD = "application.fields"
NOTE_TOLD = "application.note"
AUTHOR = "evenhand"
GONE = 410
_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)


class CandidateRecord(Struct, frozen=True, kw_only=True):
    """PII class: identity and contact."""

    id: Word
    first_name: str
    last_name: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    locale: str | None = None
    time_zone: str | None = None


class JobRecord(Struct, frozen=True, kw_only=True):
    """A role being hired for."""

    id: Word
    title: str
    status: JobStatus
    requisition_ref: str | None = None
    department: str | None = None
    location: str | None = None


class StageRecord(Struct, frozen=True, kw_only=True):
    """A stage; ``kind`` only where it ends an application, the rest is the stage map's."""

    id: Word
    name: str
    kind: StageKind | None = None


class EntryRecord(Struct, frozen=True, kw_only=True):
    """One entry into a stage; its id is new each time somebody enters."""

    id: Word
    entered_at: Moment | None = None


class ApplicationRecord(Struct, frozen=True, kw_only=True):
    """An application. PII class: identity and contact."""

    id: Word
    candidate: CandidateRecord
    job: JobRecord
    stage: StageRecord
    entry: EntryRecord
    disposition: Disposition | None = None
    source: str | None = None
    updated_at: Moment | None = None
    applied_at: Moment | None = None


class ApplicationOne(Struct, frozen=True):
    """Answer to ``read=application``."""

    application: ApplicationRecord


class Changes(Struct, frozen=True, kw_only=True):
    """Answer to ``read=changes``; the cursor is theirs."""

    application_ids: tuple[Word, ...]
    cursor: Word
    more: bool


class StageList(Struct, frozen=True):
    """Answer to ``read=stages``."""

    stages: tuple[StageRecord, ...]


class DefinitionRecord(Struct, frozen=True, kw_only=True):
    """A custom field."""

    key: Word
    name: str
    kind: FieldKind
    options: tuple[str, ...] = ()
    max_length: int | None = None


class DefinitionList(Struct, frozen=True):
    """Answer to ``read=definitions``."""

    definitions: tuple[DefinitionRecord, ...]


class Values(Struct, frozen=True):
    """Answer to ``read=fields``."""

    fields: dict[str, FieldValue]


class NoteRecord(Struct, frozen=True, kw_only=True):
    """A note. PII class: free text about a person."""

    id: Word
    body: str
    created_at: Moment
    author: str = ""
    visibility: Visibility = Visibility.TEAM


class NoteList(Struct, frozen=True):
    """Answer to ``read=notes``."""

    notes: tuple[NoteRecord, ...]


class NoteOne(Struct, frozen=True):
    """What a receiver may answer to a note; it need not answer anything."""

    note: NoteRecord


class _Problem(Struct, frozen=True):
    code: str | None = None


def to_application(record: ApplicationRecord, asked: str) -> Application:
    """Turn a record into the contract's.

    Raises:
        PayloadInvalid: it is another one than was asked for.
    """
    if record.id != asked:
        raise PayloadInvalid("the answer is about another application")
    person, job = record.candidate, record.job
    return Application(
        id=record.id,
        candidate=Candidate(
            id=person.id,
            first_name=person.first_name,
            last_name=person.last_name,
            emails=person.emails,
            phones=person.phones,
            locale=person.locale,
            time_zone=person.time_zone,
        ),
        job=Job(
            id=job.id,
            title=job.title,
            status=job.status,
            requisition_ref=job.requisition_ref,
            department=job.department,
            location=job.location,
        ),
        stage=to_stage(record.stage),
        entry=StageEntryRef(history_id=record.entry.id, entered_at=record.entry.entered_at),
        disposition=record.disposition,
        source=record.source,
        updated_at=record.updated_at,
        applied_at=record.applied_at,
    )


def to_stage(record: StageRecord) -> Stage:
    """Turn a stage into the contract's."""
    return Stage(id=record.id, name=record.name, kind=record.kind)


def to_definition(record: DefinitionRecord) -> FieldDefinition:
    """Turn a definition into the contract's."""
    return FieldDefinition(
        key=record.key, name=record.name, kind=record.kind, options=record.options, max_length=record.max_length
    )


def to_note(record: NoteRecord) -> Note:
    """Turn a note into the contract's."""
    return Note(
        id=record.id,
        body=record.body,
        author=record.author,
        visibility=record.visibility,
        created_at=record.created_at,
    )


def fields_message(application_id: str, values: Mapping[str, FieldValue], expected: Mapping[str, FieldValue]) -> bytes:
    """The body that asks for field values, the same bytes for the same wish."""
    wish = {"application_id": application_id, "values": dict(values), "expected": dict(expected)}
    return _message(FIELDS_TOLD, wish)


def note_message(application_id: str, body: str, visibility: Visibility) -> bytes:
    """The body that asks for a note, the same bytes for the same wish."""
    return _message(NOTE_TOLD, {"application_id": application_id, "body": body, "visibility": visibility.value})


def message_id(body: bytes) -> str:
    """The ``webhook-id`` of a note: made of the body, the same however often and from wherever it is sent."""
    return f"evh_{sha256(body).hexdigest()[:48]}"


def wish_id(body: bytes, asked_at: datetime) -> str:
    """The ``webhook-id`` of a wish for field values, which is sent only after a look that showed others.

    Somebody comes back into a stage, and a field goes through the same values again: a receiver that passes over ids
    that it has seen would leave the second round out.
    """
    return message_id(b"%d\n%b" % (int(asked_at.timestamp() * 1_000_000), body))


def hints(body: bytes) -> AnswerHints:
    """The ``code`` of an answer that refuses; never a free text."""
    try:
        code = msgspec.json.decode(body, type=_Problem).code
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return AnswerHints()
    return AnswerHints(code=code if code and _CODE.fullmatch(code) else None)


def judge_delivery(status: int, _: bytes) -> AdapterError | None:
    """Read 410 as Standard Webhooks does: this address wants no more deliveries, ever."""
    if status == GONE:
        return Refused("the receiver answered that it takes no deliveries any more", code="endpoint_gone")
    return None


def _message(kind: str, wish: Mapping[str, object]) -> bytes:
    return msgspec.json.encode({"type": kind, "data": wish}, order="sorted")
