"""The only place that knows both the sandbox's words and the contract's. Pure.

A word that is not in a table is a broken payload, never a guess.
"""

from collections.abc import Mapping
from typing import TypeVar

from adapters.contract.errors import PayloadInvalid
from adapters.contract.inspection import WebhookRegistration
from adapters.contract.model import (
    Application,
    Candidate,
    Disposition,
    FieldDefinition,
    FieldKind,
    Job,
    JobStatus,
    Note,
    Stage,
    StageEntryRef,
    StageKind,
    Visibility,
)
from adapters.sandbox.client import (
    ApplicationAnswer,
    FieldAnswer,
    JobAnswer,
    KeyAnswer,
    NoteAnswer,
    StageAnswer,
    WebhookAnswer,
)
from adapters.sandbox.manifest import MANIFEST

T = TypeVar("T")

STAGE_KINDS = {"hired": StageKind.HIRED, "rejected": StageKind.REJECTED, "withdrawn": StageKind.WITHDRAWN}
DISPOSITIONS = {"hired": Disposition.HIRED, "rejected": Disposition.REJECTED, "withdrawn": Disposition.WITHDRAWN}
JOB_STATUSES = {"open": JobStatus.OPEN, "closed": JobStatus.CLOSED}
FIELD_KINDS = {
    "text": FieldKind.TEXT,
    "long_text": FieldKind.LONG_TEXT,
    "number": FieldKind.NUMBER,
    "url": FieldKind.URL,
    "select": FieldKind.SELECT,
}
EVERY_SCOPE = (*MANIFEST.scopes, "applications:move")
VISIBILITIES = {"private": Visibility.PRIVATE, "team": Visibility.TEAM}
VISIBILITY_WORDS = {visibility: word for word, visibility in VISIBILITIES.items()}


def to_application(answer: ApplicationAnswer) -> Application:
    """Turn an application into the contract's.

    Raises:
        PayloadInvalid: a stage kind, job status or disposition that the sandbox does not document.
    """
    person = answer.candidate
    return Application(
        id=answer.id,
        candidate=Candidate(
            id=person.id,
            first_name=person.first_name,
            last_name=person.last_name,
            emails=person.emails,
            phones=person.phones,
            locale=person.locale,
            time_zone=person.time_zone,
        ),
        job=to_job(answer.job),
        stage=to_stage(answer.stage),
        entry=StageEntryRef(history_id=answer.stage_entry.id, entered_at=answer.stage_entry.entered_at),
        disposition=_word(DISPOSITIONS, answer.disposition, "disposition") if answer.disposition else None,
        source=answer.source,
        updated_at=answer.updated_at,
    )


def to_job(answer: JobAnswer) -> Job:
    """Turn a job into the contract's.

    Raises:
        PayloadInvalid: an undocumented status.
    """
    return Job(
        id=answer.id,
        title=answer.title,
        status=_word(JOB_STATUSES, answer.status, "job status"),
        requisition_ref=answer.requisition_ref,
        department=answer.department,
        location=answer.location,
    )


def to_stage(answer: StageAnswer) -> Stage:
    """Turn a stage into the contract's. The sandbox says the kind of stages that end an application, and of no other.

    Raises:
        PayloadInvalid: an undocumented kind.
    """
    kind = None if answer.kind is None else _word(STAGE_KINDS, answer.kind, "stage kind")
    return Stage(id=answer.id, name=answer.name, kind=kind)


def to_field(answer: FieldAnswer) -> FieldDefinition:
    """Turn a field definition into the contract's.

    Raises:
        PayloadInvalid: an undocumented kind.
    """
    return FieldDefinition(
        key=answer.key,
        name=answer.name,
        kind=_word(FIELD_KINDS, answer.kind, "field kind"),
        options=answer.options,
        max_length=answer.max_length,
    )


def to_scopes(answer: KeyAnswer) -> frozenset[str]:
    """What a key may do; ``admin`` holds every other scope."""
    return frozenset(answer.scopes) | (frozenset(EVERY_SCOPE) if "admin" in answer.scopes else frozenset())


def to_registration(answer: WebhookAnswer) -> WebhookRegistration:
    """Turn a subscription into the contract's."""
    return WebhookRegistration(url=answer.url, events=answer.events, enabled=answer.active)


def to_note(answer: NoteAnswer) -> Note:
    """Turn a note into the contract's.

    Raises:
        PayloadInvalid: an undocumented visibility.
    """
    return Note(
        id=answer.id,
        body=answer.body,
        author=answer.author,
        visibility=_word(VISIBILITIES, answer.visibility, "note visibility"),
        created_at=answer.created_at,
    )


def _word(table: Mapping[str, T], word: str, what: str) -> T:
    if word not in table:
        raise PayloadInvalid(f"the ATS used a {what} that it does not document")
    return table[word]
