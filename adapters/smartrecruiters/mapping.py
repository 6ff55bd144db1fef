"""The only place, with the shapes in ``answers.py``, that knows both SmartRecruiters' words and the contract's. Pure.

Documented by the vendor: the types of properties and their batch. Not confirmed by the vendor: the event names but
``application.created`` and ``application.status.updated``, the statuses, the job statuses, how a message says whom it
is about (an old API description), and who may read it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from adapters.contract.delivery import Answer
from adapters.contract.errors import NotFound, PayloadInvalid, Refused, Transient
from adapters.contract.inspection import WebhookRegistration
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
from adapters.smartrecruiters.answers import (
    AssignmentAnswer,
    CandidateAnswer,
    Id,
    JobAnswer,
    MessageAnswer,
    OptionAnswer,
    ProcessAnswer,
    PropertyAnswer,
    SubscriptionAnswer,
    ValueAnswer,
    VisitAnswer,
    pair,
)

STAGE_EVENTS = frozenset({"application.status.updated", "application.created"})
CHANGE_EVENTS = frozenset(
    {
        "application.fields.updated",
        "application.attachment.created",
        "application.source.updated",
        "application.screening-answers.created",
        "application.screening-answers.updated",
        "application.onboarding-status.updated",
    }
)
SUBSCRIBED = "application.status.updated"

STATUS_NAMES = {
    "LEAD": "Lead",
    "NEW": "New",
    "IN_REVIEW": "In review",
    "INTERVIEW": "Interview",
    "OFFERED": "Offered",
    "HIRED": "Hired",
    "REJECTED": "Rejected",
    "WITHDRAWN": "Withdrawn",
    "TRANSFERRED": "Transferred",
}
STAGE_KINDS = {
    "HIRED": StageKind.HIRED,
    "REJECTED": StageKind.REJECTED,
    "WITHDRAWN": StageKind.WITHDRAWN,
    "TRANSFERRED": StageKind.ARCHIVED,
}
# Where an application begins; whether the history then has a line, nobody says.
UNMOVED = frozenset({"LEAD", "NEW"})
DISPOSITIONS = {"HIRED": Disposition.HIRED, "REJECTED": Disposition.REJECTED, "WITHDRAWN": Disposition.WITHDRAWN}
# A job on hold takes no new interviews; those that run go on.
JOB_STATUSES = {
    "CREATED": JobStatus.OPEN,
    "SOURCING": JobStatus.OPEN,
    "INTERVIEW": JobStatus.OPEN,
    "OFFER": JobStatus.OPEN,
    "ON_HOLD": JobStatus.CLOSED,
    "FILLED": JobStatus.CLOSED,
    "CANCELLED": JobStatus.CLOSED,
}
# Types that the contract has no kind for (BOOLEAN, COUNTRY, CURRENCY, DATE, REGION, USER) cannot be mapped.
FIELD_KINDS = {
    "TEXT": FieldKind.LONG_TEXT,
    "NUMBER": FieldKind.NUMBER,
    "PERCENT": FieldKind.NUMBER,
    "SINGLE_SELECT": FieldKind.SELECT,
}
ACTIVE = "active"
UNREADABLE = "(a value that cannot be read)"
RATE_HEADERS = ("x-ratelimit-limit", "x-ratelimit-concurrent-limit")


def split(application_id: str) -> tuple[str, str]:
    """Candidate id and job id of an application.

    Raises:
        NotFound: no such pair.
    """
    candidate_id, _, job_id = application_id.partition(":")
    try:
        return msgspec.convert(candidate_id, Id), msgspec.convert(job_id, Id)
    except msgspec.ValidationError:
        raise NotFound("an application of this ATS is a pair of ids, candidate:job") from None


def last_move(visits: Sequence[VisitAnswer], assignment: AssignmentAnswer) -> VisitAnswer | None:
    """The newest line of the history; of two at the same time the one where the application says that it stands."""
    here = _place(assignment)
    return max(visits, key=lambda one: (one.changed_on, _place(one) == here), default=None)


def lags(visits: Sequence[VisitAnswer], assignment: AssignmentAnswer) -> bool:
    """Whether the history ends elsewhere than where the application says that it stands.

    An application that has ended or never moved may have no line for that.
    """
    newest = last_move(visits, assignment)
    if newest is not None and _place(newest) == _place(assignment):
        return False
    return assignment.status not in STAGE_KINDS and not (newest is None and assignment.status in UNMOVED)


def to_application(candidate: CandidateAnswer, visits: Sequence[VisitAnswer], job: JobAnswer) -> Application:
    """Put an application together. Its entry is the newest line of the history, if that is about where it stands.

    Raises:
        NotFound: the candidate has no application to this job.
        PayloadInvalid: a job status that is not documented.
        Transient: somebody has moved, and the history does not show it yet.
    """
    assignment = candidate.assignment(job.id)
    if assignment is None:
        raise NotFound("the candidate has no application to this job")
    if lags(visits, assignment):
        # Told without its time now and with it later, one entry would be taken for two; told as the stage before, for none.
        raise Transient("the history of the application does not show its last move yet")
    newest = last_move(visits, assignment)
    entered_at = newest.changed_on if newest and _place(newest) == _place(assignment) else None
    return Application(
        id=pair(candidate.id, job.id),
        candidate=Candidate(
            id=candidate.id,
            first_name=candidate.first_name,
            last_name=candidate.last_name,
            emails=(candidate.email,) if candidate.email else (),
            phones=(candidate.phone_number,) if candidate.phone_number else (),
        ),
        job=to_job(job),
        stage=to_stage(*_place(assignment)),
        entry=StageEntryRef(entered_at=entered_at),
        disposition=DISPOSITIONS.get(assignment.status),
        source=assignment.source,
        updated_at=candidate.updated_on,
        # No application is older than its candidate; of its own time nothing is told.
        applied_at=candidate.created_on,
    )


def to_job(answer: JobAnswer) -> Job:
    """Turn a job into the contract's.

    Raises:
        PayloadInvalid: a status that is not documented.
    """
    if answer.status not in JOB_STATUSES:
        raise PayloadInvalid("the ATS used a job status that it does not document")
    return Job(
        id=answer.id,
        title=answer.title,
        status=JOB_STATUSES[answer.status],
        requisition_ref=answer.ref_number,
        department=answer.department.label if answer.department else None,
        location=answer.location.city if answer.location else None,
    )


def to_stage(status: str, sub_status: str | None) -> Stage:
    """A stage: the status, and below it the customer's own sub-status, such as ``IN_REVIEW/Phone screen``."""
    name = STATUS_NAMES.get(status, status)
    kind = STAGE_KINDS.get(status)
    if not sub_status:
        return Stage(id=status, name=name, kind=kind)
    return Stage(id=f"{status}/{sub_status}", name=f"{name}: {sub_status}", kind=kind)


def to_stages(processes: tuple[ProcessAnswer, ...]) -> tuple[Stage, ...]:
    """Every status, and every sub-status of every hiring process."""
    found: dict[str, Stage] = {}
    for status in STATUS_NAMES:
        names = [name for process in processes for name in process.sub_statuses.get(status, ())]
        for stage in (to_stage(status, None), *(to_stage(status, name) for name in names)):
            found.setdefault(stage.id, stage)
    return tuple(found.values())


def writable(field: PropertyAnswer) -> bool:
    """Whether the contract has a kind for the type of this property."""
    return field.type in FIELD_KINDS


def chooses(field: PropertyAnswer) -> bool:
    """Whether a value of this property is one of its options."""
    return FIELD_KINDS[field.type] is FieldKind.SELECT


def to_field(answer: PropertyAnswer, options: tuple[OptionAnswer, ...]) -> FieldDefinition:
    """Turn a definition into the contract's; its type must be one of FIELD_KINDS."""
    return FieldDefinition(
        key=answer.id,
        name=answer.label,
        kind=FIELD_KINDS[answer.type],
        options=tuple(option.label for option in options),
    )


def to_value(answer: ValueAnswer, options: tuple[OptionAnswer, ...]) -> FieldValue:
    """Turn a value into the contract's; a chosen value is its label."""
    if isinstance(answer.value, dict | list):
        # An empty object is nothing; whatever else we cannot read is not, and read as nothing it would be written over.
        return UNREADABLE if answer.value else None
    return next((option.label for option in options if option.id == answer.value), answer.value)


def from_value(field: PropertyAnswer, value: FieldValue, options: tuple[OptionAnswer, ...]) -> Mapping[str, FieldValue]:
    """One line of a batch of properties. A line without a value empties the property.

    Raises:
        Refused: ``unknown_option`` or ``wrong_type``; the property cannot hold this.
    """
    if value is None:
        return {"id": field.id}
    kind = FIELD_KINDS[field.type]
    if kind is FieldKind.SELECT:
        chosen = next((option.id for option in options if option.label == value), None)
        if chosen is None:
            raise Refused("a value is not among the options of its property", code="unknown_option")
        return {"id": field.id, "value": chosen}
    right = isinstance(value, int | float) if kind is FieldKind.NUMBER else isinstance(value, str)
    if isinstance(value, bool) or not right:
        raise Refused("a value has another type than its property", code="wrong_type")
    return {"id": field.id, "value": value}


def from_note(body: str, *, candidate_id: str, job_id: str, visibility: Visibility) -> Mapping[str, object]:
    """A message about a candidate: to the hiring team of the job, or to everybody who may see the candidate.

    Mentions and tags in the text are spoiled, for they would send mail; tags of HTML are refused by the ATS.
    """
    plain = body.replace("@[", "@ [").replace("#[", "# [").replace("<", "\u2039")
    shared = {"openNote": True} if visibility is Visibility.TEAM else {"hiringTeamOf": [job_id]}
    return {"content": _tag(candidate_id) + plain, "shareWith": shared}


def to_note(answer: MessageAnswer, *, candidate_id: str) -> Note:
    """Turn a message into a note."""
    open_to_team = answer.share_with.open_note or answer.share_with.everyone
    creator = answer.creator
    return Note(
        id=answer.id,
        body=answer.content.removeprefix(_tag(candidate_id)),
        author=f"{creator.first_name} {creator.last_name}".strip() or creator.id,
        visibility=Visibility.TEAM if open_to_team else Visibility.PRIVATE,
        created_at=answer.created_on,
    )


def to_registration(answer: SubscriptionAnswer) -> WebhookRegistration:
    """Turn a subscription into the contract's."""
    events = tuple(event.name for event in answer.events)
    return WebhookRegistration(url=answer.callback_url, events=events, enabled=answer.status == ACTIVE)


def wait(headers: Mapping[str, str], _: datetime) -> float | None:
    """Seconds to wait after a refusal that names the limit: it is counted per second, and no header says until when."""
    return 1.0 if any(name in headers for name in RATE_HEADERS) else None


def echo(secret: str) -> Answer:
    """The answer to a handshake: its header, with its value."""
    return Answer(status=200, headers={"x-hook-secret": secret})


def _place(one: VisitAnswer | AssignmentAnswer) -> tuple[str, str | None]:
    return one.status, one.sub_status or None


def _tag(candidate_id: str) -> str:
    return f"#[CANDIDATE:{candidate_id}] "
