"""The only place that knows both Kombo's words and the contract's. Pure.

Documented by the vendor: every name here, except where a comment says "unconfirmed". Nearly every member may be null:
Kombo shows what the ATS behind it tells. A word that is not in a table is a broken payload, never a guess.
"""

import re
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from msgspec import Struct

from adapters.contract.errors import (
    NotFound,
    PayloadInvalid,
    Unsupported,
)
from adapters.contract.model import (
    Application,
    Candidate,
    Disposition,
    Job,
    JobStatus,
    Stage,
    StageEntryRef,
    Visibility,
)
from adapters.kit.payload import Moment, Word

T = TypeVar("T")

ORDERED = ("assessment:order-received", "inline-assessment:order-received")
# An order names an application by the id of the ATS, everything else by Kombo's.
REMOTE = "remote:"
PLAIN_TEXT = "PLAIN_TEXT"
OUTCOMES = {"PENDING": None, "HIRED": Disposition.HIRED, "DECLINED": Disposition.REJECTED}
JOB_STATUSES = {
    "OPEN": JobStatus.OPEN,
    "CLOSED": JobStatus.CLOSED,
    "ARCHIVED": JobStatus.CLOSED,
    "DRAFT": JobStatus.DRAFT,
}
# Which member of remote_fields names the user, by tool. Unconfirmed: the words for the tools themselves.
TOOL_USERS: Mapping[str, Callable[[str], Mapping[str, object]]] = {
    "greenhouse": lambda user: {"post_headers": {"On-Behalf-Of": user}},
    "workable": lambda user: {"on_behalf_of_user_remote_id": user},
    "lever": lambda user: {"perform_as": user},
    "teamtailor": lambda user: {"user_id": user},
}
_ID = re.compile(r"[0-9A-Za-z]{1,64}", re.ASCII)
_REMOTE_ID = re.compile(r"[^,\x00-\x1f\x7f-\x9f]{1,200}")


class Enveloped(Struct, Generic[T], frozen=True):
    """What every answer is wrapped in."""

    data: T


class Page(Struct, Generic[T], frozen=True, kw_only=True):
    """A page of a list; ``next`` is a cursor."""

    results: tuple[T, ...]
    next: str | None = None


class Email(Struct, frozen=True):
    """An address of a candidate."""

    email_address: str | None = None


class Phone(Struct, frozen=True):
    """A number of a candidate."""

    phone_number: str | None = None


class CandidateAnswer(Struct, frozen=True, kw_only=True):
    """PII class: identity and contact."""

    id: Word
    first_name: str | None = None
    last_name: str | None = None
    email_addresses: tuple[Email, ...] | None = None
    phone_numbers: tuple[Phone, ...] | None = None
    source: str | None = None


class StageAnswer(Struct, frozen=True, kw_only=True):
    """A stage. Nothing says which end an application."""

    id: Word
    name: str | None = None
    remote_deleted_at: str | None = None


class JobName(Struct, frozen=True, kw_only=True):
    """A job as an application shows it."""

    id: Word
    name: str | None = None


class Place(Struct, frozen=True):
    """A location; ``raw`` is its whole text."""

    raw: str | None = None
    city: str | None = None


class JobAnswer(Struct, frozen=True, kw_only=True):
    """A job."""

    id: Word
    name: str | None = None
    job_code: str | None = None
    status: str | None = None
    department: str | None = None
    location: Place | None = None


class ApplicationAnswer(Struct, frozen=True, kw_only=True):
    """An application. PII class: identity and contact."""

    id: Word
    remote_id: str | None = None
    outcome: str | None = None
    candidate: CandidateAnswer | None = None
    current_stage: StageAnswer | None = None
    job: JobName | None = None
    changed_at: Moment | None = None
    # When it was made in the ATS behind Kombo, where that tells.
    remote_created_at: Moment | None = None
    remote_deleted_at: str | None = None


class ApplicationRow(Struct, frozen=True, kw_only=True):
    """An application in a list."""

    id: Word


class Success(Struct, frozen=True):
    """Answer to a write: nothing but that it happened."""

    status: str


class Tool(Struct, frozen=True):
    """An ATS as Kombo calls it."""

    label: str | None = None


class EndUser(Struct, frozen=True):
    """Whose integration it is."""

    organization_name: str | None = None


class IntegrationAnswer(Struct, frozen=True, kw_only=True):
    """The integration."""

    tool: Tool | None = None
    end_user: EndUser | None = None
    data_expired_at: str | None = None


def filter_of(application_id: str) -> Mapping[str, str | int]:
    """The query that finds one application, by Kombo's id or by the ATS's.

    Raises:
        NotFound: no application has such an id.
    """
    remote = application_id.removeprefix(REMOTE)
    if remote != application_id and _REMOTE_ID.fullmatch(remote):
        return {"remote_ids": remote}
    return {"ids": checked(application_id)}


def checked(vendor_id: str) -> str:
    """An id of Kombo's as it may stand in an address.

    Raises:
        NotFound: nothing at Kombo has such an id.
    """
    if not _ID.fullmatch(vendor_id):
        raise NotFound("nothing at Kombo has this id")
    return vendor_id


def only(found: tuple[ApplicationAnswer, ...], asked: str) -> ApplicationAnswer:
    """The one application that was asked for.

    Raises:
        NotFound: there is none, more than one, or it was deleted in the ATS.
    """
    wanted = [one for one in found if asked in {one.id, f"{REMOTE}{one.remote_id}"}]
    if len(wanted) != 1 or wanted[0].remote_deleted_at is not None:
        raise NotFound("Kombo shows no such application")
    return wanted[0]


def to_application(answer: ApplicationAnswer, job: JobAnswer) -> Application:
    """Turn an application into the contract's. Its entry into the stage cannot be told from another one.

    Raises:
        PayloadInvalid: it has no candidate or no stage, or a word that Kombo does not document.
    """
    person, stage = answer.candidate, answer.current_stage
    if person is None or stage is None:
        raise PayloadInvalid("the application has no candidate or no stage: this ATS does not tell Kombo")
    return Application(
        id=answer.id,
        candidate=Candidate(
            id=person.id,
            first_name=person.first_name or "",
            last_name=person.last_name or "",
            emails=tuple(one.email_address for one in person.email_addresses or () if one.email_address),
            phones=tuple(one.phone_number for one in person.phone_numbers or () if one.phone_number),
        ),
        job=Job(
            id=job.id,
            title=job.name or "",
            # An ATS that does not say it has one kind of job: those for which people are hired.
            status=JobStatus.OPEN if job.status is None else _word(JOB_STATUSES, job.status, "job status"),
            requisition_ref=job.job_code,
            department=job.department,
            location=(job.location.raw or job.location.city) if job.location else None,
        ),
        stage=to_stage(stage),
        entry=StageEntryRef(),
        disposition=None if answer.outcome is None else _word(OUTCOMES, answer.outcome, "outcome"),
        source=person.source,
        updated_at=answer.changed_at,
        applied_at=answer.remote_created_at,
    )


def to_stage(answer: StageAnswer) -> Stage:
    """Turn a stage into the contract's."""
    return Stage(id=answer.id, name=answer.name or answer.id)


def to_note(body: str, visibility: Visibility, *, tool: str | None, act_as: str | None) -> Mapping[str, object]:
    """Make the request that adds a note.

    Raises:
        Unsupported: a private note, for who reads it is the ATS's own rule.
    """
    if visibility is not Visibility.TEAM:
        raise Unsupported("private notes")
    note: dict[str, object] = {"content": body, "content_type": PLAIN_TEXT}
    if tool and act_as:
        note["remote_fields"] = {tool: TOOL_USERS[tool](act_as)}
    return note


def account_of(answer: IntegrationAnswer) -> str | None:
    """Name the integration: the ATS, and whose it is."""
    tool = answer.tool.label if answer.tool else None
    owner = answer.end_user.organization_name if answer.end_user else None
    return ": ".join(part for part in (tool, owner) if part) or None


def _word(table: Mapping[str, T], word: str, what: str) -> T:
    if word not in table:
        raise PayloadInvalid(f"the ATS used a {what} that it does not document")
    return table[word]
