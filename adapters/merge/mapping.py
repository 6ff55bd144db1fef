"""The only place that knows both Merge's words and the contract's. Pure.

Documented by the vendor: every name here, except where a comment says "unconfirmed". Nearly every member may be null:
Merge shows what the ATS behind it tells. A word that is not in a table is a broken payload, never a guess.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

from msgspec import Struct

from adapters.contract.errors import NotFound, PayloadInvalid, Refused
from adapters.contract.model import (
    Application,
    Candidate,
    Disposition,
    Job,
    JobStatus,
    Note,
    Stage,
    StageEntryRef,
    Visibility,
)
from adapters.kit.payload import OUR_MARK, Moment, Word

T = TypeVar("T")

# hook.event is "<model>.<verb>"; the vendor's own pages write the model with a capital and without.
APPLICATION_EVENT = re.compile(r"application\.(?:added|changed|removed)", re.IGNORECASE | re.ASCII)
EXPAND = "candidate,current_stage,job"
NOTE = "NOTE"
SUBJECT = "Evenhand"
SEEN_BY = {Visibility.PRIVATE: "PRIVATE", Visibility.TEAM: "PUBLIC"}
VISIBLE = {"PRIVATE": Visibility.PRIVATE, "ADMIN_ONLY": Visibility.PRIVATE, "PUBLIC": Visibility.TEAM}
JOB_STATUSES = {
    "OPEN": JobStatus.OPEN,
    "CLOSED": JobStatus.CLOSED,
    "ARCHIVED": JobStatus.CLOSED,
    "DRAFT": JobStatus.DRAFT,
    "PENDING": JobStatus.DRAFT,
}
_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}", re.ASCII)
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}", re.ASCII)


class Page(Struct, Generic[T], frozen=True, kw_only=True):
    """A page of a list; ``next`` is a cursor."""

    results: tuple[T, ...]
    next: str | None = None


class Contact(Struct, frozen=True):
    """An e-mail address or a phone number."""

    value: str | None = None


class CandidateAnswer(Struct, frozen=True, kw_only=True):
    """PII class: identity and contact."""

    id: Word
    first_name: str | None = None
    last_name: str | None = None
    email_addresses: tuple[Contact, ...] | None = None
    phone_numbers: tuple[Contact, ...] | None = None


class JobAnswer(Struct, frozen=True, kw_only=True):
    """A job. Its departments and offices are ids here and cost a request each; they are not read."""

    id: Word
    name: str | None = None
    code: str | None = None
    status: str | None = None


class StageAnswer(Struct, frozen=True, kw_only=True):
    """A stage of one job, or of all. Nothing says which end an application."""

    id: Word
    name: str | None = None
    remote_was_deleted: bool | None = None


class ApplicationAnswer(Struct, frozen=True, kw_only=True):
    """An application with its relations expanded. PII class: identity and contact."""

    id: Word
    candidate: CandidateAnswer
    job: JobAnswer
    current_stage: StageAnswer | None = None
    modified_at: Moment | None = None
    applied_at: Moment | None = None
    rejected_at: Moment | None = None
    # An id or an object.
    reject_reason: object = None
    source: str | None = None
    remote_was_deleted: bool | None = None


class ApplicationRow(Struct, frozen=True, kw_only=True):
    """An application in a list."""

    id: Word


class ActivityAnswer(Struct, frozen=True, kw_only=True):
    """Something done about a candidate. PII class: free text about a person."""

    id: str | None = None
    candidate: str | None = None
    # An id: nothing is asked to be expanded.
    user: str | None = None
    activity_type: str | None = None
    body: str | None = None
    visibility: str | None = None
    created_at: Moment | None = None
    remote_created_at: Moment | None = None
    remote_was_deleted: bool | None = None


class Problem(Struct, frozen=True):
    """What went wrong with a write that was answered 201 all the same; its free text may repeat what we sent."""

    problem_type: str | None = None
    error_code: str | None = None


class Written(Struct, frozen=True, kw_only=True):
    """Answer to a new activity."""

    model: ActivityAnswer | None = None
    errors: tuple[Problem, ...] = ()


class _Properties(Struct, frozen=True):
    properties: dict[str, object] = {}


class _ModelProperties(Struct, frozen=True):
    model: _Properties


class _Schema(Struct, frozen=True):
    properties: _ModelProperties


class Meta(Struct, frozen=True):
    """What the ATS behind Merge takes of a new activity."""

    request_schema: _Schema


class AccountAnswer(Struct, frozen=True, kw_only=True):
    """The linked account."""

    integration: str | None = None
    end_user_organization_name: str | None = None
    status: str | None = None


def checked(vendor_id: str) -> str:
    """An id as it may stand in an address.

    Raises:
        NotFound: nothing at Merge has such an id.
    """
    if not _ID.fullmatch(vendor_id):
        raise NotFound("nothing at Merge has this id")
    return vendor_id


def to_application(answer: ApplicationAnswer) -> Application:
    """Turn an application into the contract's. Its entry into the stage cannot be told from another one.

    Raises:
        NotFound: it was deleted in the ATS.
        PayloadInvalid: it has no stage, or a status that Merge does not document.
    """
    if answer.remote_was_deleted:
        raise NotFound("the application was deleted in the ATS")
    if answer.current_stage is None:
        raise PayloadInvalid("the application has no stage: this ATS does not tell Merge, or has not yet")
    person, job = answer.candidate, answer.job
    turned_away = answer.rejected_at is not None or answer.reject_reason is not None
    return Application(
        id=answer.id,
        candidate=Candidate(
            id=person.id,
            first_name=person.first_name or "",
            last_name=person.last_name or "",
            emails=_values(person.email_addresses),
            phones=_values(person.phone_numbers),
        ),
        job=Job(id=job.id, title=job.name or "", status=_status(job.status), requisition_ref=job.code),
        stage=to_stage(answer.current_stage),
        entry=StageEntryRef(),
        disposition=Disposition.REJECTED if turned_away else None,
        source=answer.source,
        updated_at=answer.modified_at,
        applied_at=answer.applied_at,
    )


def to_stage(answer: StageAnswer) -> Stage:
    """Turn a stage into the contract's."""
    return Stage(id=answer.id, name=answer.name or answer.id)


def notes_of(candidate_id: str, activities: Iterable[ActivityAnswer]) -> tuple[Note, ...]:
    """The notes on one candidate, oldest first."""
    found = [
        to_note(one)
        for one in activities
        if one.candidate == candidate_id and _is_note(one) and not one.remote_was_deleted
    ]
    return tuple(sorted(found, key=lambda note: (note.created_at, note.id)))


def to_note(answer: ActivityAnswer) -> Note:
    """Turn an activity into a note; the author is an id.

    Raises:
        PayloadInvalid: nobody knows when it was made.
    """
    at = answer.remote_created_at or answer.created_at
    if at is None or not answer.id:
        raise PayloadInvalid("a note without an id or a time")
    return Note(
        id=answer.id,
        body=answer.body or "",
        author=answer.user or "",
        # What an ATS does not tell is what everybody may see.
        visibility=VISIBLE.get(answer.visibility or "", Visibility.TEAM),
        created_at=at,
    )


def to_activity(candidate_id: str, body: str, visibility: Visibility, *, act_as: str) -> Mapping[str, object]:
    """Make the request for a note."""
    model = {
        "user": act_as,
        "activity_type": NOTE,
        "subject": SUBJECT,
        "body": body,
        "visibility": SEEN_BY[visibility],
        "candidate": candidate_id,
    }
    return {"model": model, "remote_user_id": act_as}


def check_private(meta: Meta) -> None:
    """Make sure that a private note would stay private.

    Raises:
        Refused: the ATS behind Merge does not take a visibility.
    """
    if "visibility" not in meta.request_schema.properties.model.properties:
        raise Refused("the ATS behind Merge has no private notes", code="private_notes_unsupported")


def check_written(written: Written) -> None:
    """Read an answer of success that says that nothing was written.

    Raises:
        Refused: with Merge's code or the type of its first problem.
    """
    for problem in written.errors:
        told = problem.error_code or problem.problem_type or ""
        code = told.lower() if _CODE.fullmatch(told) else "merge_errors"
        raise Refused("Merge took the request, and the ATS behind it did not", code=code)


def account_of(answer: AccountAnswer) -> str | None:
    """Name the linked account: the ATS, and whose it is."""
    return ": ".join(part for part in (answer.integration, answer.end_user_organization_name) if part) or None


def _is_note(activity: ActivityAnswer) -> bool:
    # An ATS without a type for notes may show ours under another one: by its mark it is ours all the same.
    return activity.activity_type == NOTE or OUR_MARK in (activity.body or "")


def _values(contacts: tuple[Contact, ...] | None) -> tuple[str, ...]:
    return tuple(contact.value for contact in contacts or () if contact.value)


def _status(word: str | None) -> JobStatus:
    # An ATS that does not say it has one kind of job: those for which people are hired.
    if word is None:
        return JobStatus.OPEN
    if word not in JOB_STATUSES:
        raise PayloadInvalid("the ATS used a job status that it does not document")
    return JOB_STATUSES[word]
