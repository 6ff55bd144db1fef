"""The only place that knows both Lever's words and the contract's. Pure.

Tables marked "not confirmed" come from third parties or from memory; a first real account may correct them here.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from adapters.contract.errors import PayloadInvalid, Transient
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
from adapters.lever.answers import NoteAnswer, Opportunity, Posting, ReasonAnswer, StageAnswer

STAGE_EVENTS = frozenset({"candidateStageChange"})
# Not confirmed: that the first has an opportunity's id in it.
CHANGE_EVENTS = frozenset({"applicationCreated", "candidateArchiveChange", "candidateHired"})

# Not confirmed: "internal" and "published" were seen, the others are from memory.
JOB_STATES = {
    "published": JobStatus.OPEN,
    "internal": JobStatus.OPEN,
    "closed": JobStatus.CLOSED,
    "rejected": JobStatus.CLOSED,
    "draft": JobStatus.DRAFT,
    "pending": JobStatus.DRAFT,
}
# "non-hired" is a rejection or a withdrawal: Lever does not say which, so neither is claimed.
REASON_TYPES = {"hired": Disposition.HIRED, "non-hired": None}
# In Lever an ended opportunity keeps its stage. For us it stands in this stage, which Lever does not have.
ENDED = Stage(id="archived", name="Archived", kind=StageKind.ARCHIVED)
# An opportunity without a posting is a lead: nobody has applied for anything yet.
NO_JOB = Job(id="no-posting", title="", status=JobStatus.DRAFT)

# Not confirmed: hosts of the token endpoint by host of the API, and its path.
TOKEN_HOSTS = {
    "api.lever.co": "https://auth.lever.co",
    "api.sandbox.lever.co": "https://sandbox-lever.auth0.com",
}
TOKEN_PATH = "/oauth/token"  # noqa: S105 - an address
# Not confirmed: how consent is asked for. The audience is the API's own address; the sandbox wants to be asked each time.
AUTHORIZE_PATH = "/authorize"
AUDIENCE_PATH = "/v1/"
OFFLINE = "offline_access"
CONSENT_MORE = {"api.sandbox.lever.co": {"prompt": "consent"}}
# Not confirmed: a list tells what changed since this moment, and who a write is by.
CHANGED_SINCE = "updated_at_start"
WRITTEN_BY = "perform_as"


def to_application(
    answer: Opportunity, *, job: Job, stages: Iterable[StageAnswer], reason: ReasonAnswer | None
) -> Application:
    """Turn an opportunity, its job, the account's stages and the reason why it ended into the contract's application.

    Raises:
        PayloadInvalid: a type of reason that is not known.
        Transient: the history of the opportunity does not show its last move yet.
    """
    first, _, rest = answer.name.strip().partition(" ")
    return Application(
        id=answer.id,
        candidate=Candidate(
            id=answer.contact,
            first_name=first,
            last_name=rest.strip(),
            emails=answer.emails,
            phones=tuple(phone.value for phone in answer.phones if phone.value),
        ),
        job=job,
        stage=_stage_of(answer, stages),
        entry=StageEntryRef(entered_at=_entered_at(answer)),
        disposition=_to_disposition(reason),
        source=next(iter(answer.sources), answer.origin),
        updated_at=to_moment(answer.updated_at),
    )


def _stage_of(answer: Opportunity, stages: Iterable[StageAnswer]) -> Stage:
    if answer.archived is not None:
        return ENDED
    return next(
        (to_stage(stage) for stage in stages if stage.id == answer.stage), Stage(id=answer.stage, name=answer.stage)
    )


def _entered_at(answer: Opportunity) -> datetime | None:
    if answer.archived is not None:
        return to_moment(answer.archived.archived_at)
    entries = [change.updated_at for change in answer.stage_changes if change.to_stage_id == answer.stage]
    if entries:
        return to_moment(max(entries))
    if answer.stage_changes:
        # Told without its time now and with it later, one entry would be taken for two.
        raise Transient("the history of the opportunity does not show its last move yet")
    return to_moment(answer.created_at) if answer.created_at is not None else None


def _to_disposition(reason: ReasonAnswer | None) -> Disposition | None:
    if reason is None:
        return None
    if reason.type not in REASON_TYPES:
        raise PayloadInvalid("the ATS used a type of reason that is not known")
    return REASON_TYPES[reason.type]


def to_job(answer: Posting) -> Job:
    """Turn a posting into the contract's job.

    Raises:
        PayloadInvalid: a state that is not known.
    """
    if answer.state not in JOB_STATES:
        raise PayloadInvalid("the ATS used a state of a posting that is not known")
    return Job(
        id=answer.id,
        title=answer.text,
        status=JOB_STATES[answer.state],
        requisition_ref=answer.req_code or next(iter(answer.requisition_codes), None),
        department=answer.categories.department or answer.categories.team,
        location=answer.categories.location,
    )


def to_stage(answer: StageAnswer) -> Stage:
    """Turn a stage into the contract's. No stage of Lever's ends anything."""
    return Stage(id=answer.id, name=answer.text)


def to_note(answer: NoteAnswer) -> Note:
    """Turn a note into the contract's; its author is the id of a user."""
    return Note(
        id=answer.id,
        body="\n".join(field.value for field in answer.fields if field.value),
        author=answer.user or "",
        visibility=Visibility.PRIVATE if answer.secret else Visibility.TEAM,
        created_at=to_moment(answer.created_at),
    )


def to_moment(milliseconds: int) -> datetime:
    """Read a moment as Lever writes it."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def to_milliseconds(at: datetime) -> int:
    """Write a moment as Lever does."""
    return round(at.timestamp() * 1000)
