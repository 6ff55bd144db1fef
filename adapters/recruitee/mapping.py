"""The only place that knows both Recruitee's words and the contract's. Pure.

The vendor documents its webhooks and little else. Where nothing is said, answers kept in other companies' tests and
clients show the name; a comment says "unconfirmed" where it comes from memory alone. Each is one line to correct. A word that is not in a table is
a broken payload, never a guess.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

from msgspec import Struct

from adapters.contract.errors import NotFound, PayloadInvalid, Unsupported
from adapters.contract.model import (
    Application,
    Candidate,
    Disposition,
    Job,
    JobStatus,
    Note,
    Stage,
    StageEntryRef,
    StageKind,
    Visibility,
)
from adapters.kit.payload import Moment

T = TypeVar("T")

MOVED = "candidate_moved"
STAGE_CHANGED = "stage_changed"
# The last three are unconfirmed.
OFFER_STATUSES = {
    "published": JobStatus.OPEN,
    "internal": JobStatus.OPEN,
    "closed": JobStatus.CLOSED,
    "archived": JobStatus.CLOSED,
    "draft": JobStatus.DRAFT,
}
HIRING = ("published", "internal")
POOL = "talent_pool"
# The category of the stage that ends an application well. No stage stands for being turned away.
STAGE_KINDS = {"hire": StageKind.HIRED}
# There is a level "private" too. Nobody says who reads it, and a result that only Evenhand can read helps nobody.
PUBLIC = "public"
_ID = re.compile(r"([1-9][0-9]{0,18})-([1-9][0-9]{0,18})", re.ASCII)


class PlacementAnswer(Struct, frozen=True, kw_only=True):
    """A candidate in a job: what the contract calls an application."""

    offer_id: int
    stage_id: int | None = None
    # When the candidate came into this job. Unconfirmed, as is every member of a placement.
    created_at: Moment | None = None
    updated_at: Moment | None = None
    hired_at: str | None = None
    # Both are there only where somebody was turned away.
    disqualify_kind: str | None = None
    disqualify_reason: str | None = None


class CandidateAnswer(Struct, frozen=True, kw_only=True):
    """A candidate. PII class: identity and contact."""

    id: int
    name: str
    placements: tuple[PlacementAnswer, ...]
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    source: str | None = None
    updated_at: Moment | None = None


class CandidateOne(Struct, frozen=True, kw_only=True):
    """One candidate, wrapped."""

    candidate: CandidateAnswer


class CandidateList(Struct, frozen=True, kw_only=True):
    """A page of candidates, newest first."""

    candidates: tuple[CandidateAnswer, ...]
    generated_at: Moment | None = None


class StageAnswer(Struct, frozen=True, kw_only=True):
    """A stage of a pipeline."""

    id: int
    name: str
    category: str | None = None


class PipelineAnswer(Struct, frozen=True, kw_only=True):
    """The pipeline of a job."""

    stages: tuple[StageAnswer, ...]


class OfferAnswer(Struct, frozen=True, kw_only=True):
    """A job, or a talent pool. Unconfirmed: department."""

    id: int
    title: str
    status: str
    pipeline_template: PipelineAnswer
    kind: str | None = None
    department: str | None = None
    location: str | None = None


class OfferOne(Struct, frozen=True, kw_only=True):
    """One job, wrapped."""

    offer: OfferAnswer


class OfferRow(Struct, frozen=True, kw_only=True):
    """A job in a list."""

    id: int


class OfferList(Struct, frozen=True, kw_only=True):
    """A page of jobs."""

    offers: tuple[OfferRow, ...]


class VisibilityAnswer(Struct, frozen=True, kw_only=True):
    """Who may read a note."""

    level: str


class NoteAnswer(Struct, frozen=True, kw_only=True):
    """A note. PII class: free text about a person."""

    id: int
    created_at: Moment
    body: str | None = None
    admin_id: int | None = None
    visibility: VisibilityAnswer | None = None


class NoteList(Struct, frozen=True, kw_only=True):
    """Every note on a candidate. Unconfirmed: that they come all at once."""

    notes: tuple[NoteAnswer, ...]


class NoteOne(Struct, frozen=True, kw_only=True):
    """One note, wrapped. Unconfirmed: that a new note is answered like this."""

    note: NoteAnswer


def application_id(candidate_id: int, offer_id: int) -> str:
    """Name the application of a candidate to a job; it has no id of its own in deliveries."""
    return f"{candidate_id}-{offer_id}"


def parts_of(name: str) -> tuple[int, int]:
    """Split it again: candidate and job.

    Raises:
        NotFound: no application has such a name.
    """
    found = _ID.fullmatch(name)
    if found is None:
        raise NotFound("no application has this id")
    return int(found[1]), int(found[2])


def placement_of(candidate: CandidateAnswer, offer_id: int) -> PlacementAnswer:
    """Find the candidate's place in a job.

    Raises:
        NotFound: the candidate is not in this job (any more).
    """
    found = next((each for each in candidate.placements if each.offer_id == offer_id), None)
    if found is None:
        raise NotFound("the candidate is not in this job")
    return found


def to_application(candidate: CandidateAnswer, placement: PlacementAnswer, offer: OfferAnswer) -> Application:
    """Put an application together. Its entry into the stage cannot be told from another one.

    Raises:
        PayloadInvalid: a status or a stage that Recruitee does not document or the job does not have.
    """
    stage = next((each for each in offer.pipeline_template.stages if each.id == placement.stage_id), None)
    if stage is None:
        raise PayloadInvalid("the candidate's stage is none of the job's pipeline")
    return Application(
        id=application_id(candidate.id, placement.offer_id),
        candidate=Candidate(
            id=str(candidate.id),
            # Where a name is one text, nobody can say where its parts begin.
            first_name=candidate.name,
            last_name="",
            emails=candidate.emails,
            phones=candidate.phones,
        ),
        job=Job(
            id=str(offer.id),
            title=offer.title,
            # Nobody is hired for a talent pool.
            status=JobStatus.CLOSED if offer.kind == POOL else _word(OFFER_STATUSES, offer.status, "job status"),
            department=offer.department,
            location=offer.location,
        ),
        stage=to_stage(stage),
        entry=StageEntryRef(),
        disposition=_disposition(placement, stage),
        source=candidate.source,
        updated_at=placement.updated_at,
        applied_at=placement.created_at,
    )


def to_stage(answer: StageAnswer) -> Stage:
    """Turn a stage into the contract's. Only an ending is taken from Recruitee; the rest is the stage map's."""
    return Stage(id=str(answer.id), name=answer.name, kind=STAGE_KINDS.get(answer.category or ""))


def to_body(body: str, visibility: Visibility) -> dict[str, object]:
    """Make the request that adds a note.

    Raises:
        Unsupported: a private note, for whoever would read it is not what was asked for.
    """
    if visibility is not Visibility.TEAM:
        raise Unsupported("private notes")
    return {"note": {"body": body, "visibility": {"level": PUBLIC}}}


def to_note(answer: NoteAnswer) -> Note:
    """Turn a note into the contract's; the author is an id."""
    private = answer.visibility is not None and answer.visibility.level != PUBLIC
    return Note(
        id=str(answer.id),
        body=answer.body or "",
        author="" if answer.admin_id is None else str(answer.admin_id),
        visibility=Visibility.PRIVATE if private else Visibility.TEAM,
        created_at=answer.created_at,
    )


def oldest_first(notes: Sequence[NoteAnswer]) -> list[NoteAnswer]:
    """Sort notes as the contract wants them."""
    return sorted(notes, key=lambda note: (note.created_at, note.id))


def _disposition(placement: PlacementAnswer, stage: StageAnswer) -> Disposition | None:
    if placement.disqualify_kind is not None or placement.disqualify_reason is not None:
        return Disposition.REJECTED
    return Disposition.HIRED if placement.hired_at is not None or stage.category in STAGE_KINDS else None


def _word(table: Mapping[str, T], word: str, what: str) -> T:
    if word not in table:
        raise PayloadInvalid(f"the ATS used a {what} that it does not document")
    return table[word]
