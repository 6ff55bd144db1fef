"""The only place, with the shapes in ``answers.py``, that knows both Teamtailor's words and the contract's. Pure.

Not confirmed by the vendor: every word below, except that the stages of an application have names and that a
rejection is a moment of its own (``rejected-at``), which recorded traffic shows.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from adapters.contract.errors import PayloadInvalid, Refused
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
from adapters.kit.limits import seconds_to_reset
from adapters.teamtailor.answers import (
    ApplicationAnswer,
    CandidateAttributes,
    FieldData,
    JobAttributes,
    NoteData,
    OptionAttributes,
    Reference,
    Resource,
    StageAttributes,
    ValueData,
    attributes_of,
)

CONTENT_TYPE = "application/vnd.api+json"
API_VERSION = "20240404"
RESET = "x-rate-limit-reset"

MOVED = frozenset({"job_application.create", "job_application.update"})
GONE = frozenset({"job_application.destroy"})

CHANGED_SINCE = "filter[updated-at][from]"
ABOUT_CANDIDATE = "filter[candidate]"
OWNED_BY_CANDIDATE = "Candidate"
UNREADABLE = "(a value that cannot be read)"
HIRED = "hired"
STAGE_KINDS = {HIRED: StageKind.HIRED}
JOB_STATUSES = {
    "published": JobStatus.OPEN,
    "open": JobStatus.OPEN,
    "unlisted": JobStatus.OPEN,
    "scheduled": JobStatus.DRAFT,
    "draft": JobStatus.DRAFT,
    "awaiting_approval": JobStatus.DRAFT,
    "expired": JobStatus.CLOSED,
    "archived": JobStatus.CLOSED,
}
# Kinds that the contract does not have (check box, date, several choices, file) cannot be mapped.
FIELD_KINDS = {
    "CustomField::Text": FieldKind.TEXT,
    "CustomField::Textarea": FieldKind.LONG_TEXT,
    "CustomField::Number": FieldKind.NUMBER,
    "CustomField::Url": FieldKind.URL,
    "CustomField::Select": FieldKind.SELECT,
}


def to_application(answer: ApplicationAnswer) -> Application:
    """Turn a job application into the contract's.

    Raises:
        PayloadInvalid: candidate, job or stage did not come along, or the job's status is not documented.
    """
    data, relations = answer.data, answer.data.relationships
    person = attributes_of(answer.included, relations.candidate.data, CandidateAttributes)
    job = attributes_of(answer.included, relations.job.data, JobAttributes)
    stage = attributes_of(answer.included, relations.stage.data, StageAttributes)
    return Application(
        id=data.id,
        candidate=Candidate(
            id=candidate_of(answer),
            first_name=person.first_name or "",
            last_name=person.last_name or "",
            emails=(person.email,) if person.email else (),
            phones=(person.phone,) if person.phone else (),
        ),
        job=Job(id=_id(relations.job.data), title=job.title, status=_job_status(job.human_status)),
        stage=to_stage(_id(relations.stage.data), stage),
        entry=StageEntryRef(entered_at=data.attributes.changed_stage_at),
        disposition=_disposition(data.attributes.rejected_at, stage),
        source=data.attributes.referring_site,
        updated_at=data.attributes.updated_at,
        applied_at=data.attributes.created_at,
    )


def candidate_of(answer: ApplicationAnswer) -> str:
    """The id of the candidate of an application.

    Raises:
        PayloadInvalid: the ATS did not say it.
    """
    return _id(answer.data.relationships.candidate.data)


def to_stage(stage_id: str, attributes: StageAttributes) -> Stage:
    """Turn a stage into the contract's; Teamtailor says of one kind only that it ends an application."""
    return Stage(id=stage_id, name=attributes.name, kind=STAGE_KINDS.get(attributes.stage_type or ""))


def writable(field: FieldData) -> bool:
    """Whether a custom field belongs to candidates and the contract has its kind."""
    return field.attributes.owner_type == OWNED_BY_CANDIDATE and field.attributes.field_type in FIELD_KINDS


def to_field(field: FieldData, included: tuple[Resource, ...]) -> FieldDefinition:
    """Turn a custom field into the contract's; it must be writable."""
    options = [
        attributes_of(included, one, OptionAttributes).value for one in field.relationships.custom_field_options.data
    ]
    return FieldDefinition(
        key=field.attributes.api_name,
        name=field.attributes.name,
        kind=FIELD_KINDS[field.attributes.field_type],
        options=tuple(options),
    )


def to_value(value: ValueData) -> FieldValue:
    """Turn a value into the contract's."""
    held = value.attributes.value
    if isinstance(held, dict | list):
        # Whatever we cannot read is not nothing: read as nothing, it would be written over.
        return UNREADABLE if held else None
    return held


def check_value(field: FieldDefinition, value: FieldValue) -> None:
    """Whether a field can hold a value.

    Raises:
        Refused: ``unknown_option`` or ``wrong_type``.
    """
    if value is None:
        return
    if field.kind is FieldKind.SELECT and value not in field.options:
        raise Refused("a value is not among the options of its custom field", code="unknown_option")
    right = isinstance(value, int | float) if field.kind is FieldKind.NUMBER else isinstance(value, str)
    if isinstance(value, bool) or not right:
        raise Refused("a value has another type than its custom field", code="wrong_type")


def new_value(value: FieldValue, *, field_id: str, candidate_id: str) -> Mapping[str, object]:
    """A value that a candidate does not have yet."""
    owners = {"custom-field": _one("custom-fields", field_id), "owner": _one("candidates", candidate_id)}
    return {"data": {"type": "custom-field-values", "attributes": {"value": value}, "relationships": owners}}


def changed_value(value: FieldValue, *, value_id: str) -> Mapping[str, object]:
    """Another value in the place of one that is there."""
    return {"data": {"type": "custom-field-values", "id": value_id, "attributes": {"value": value}}}


def new_note(body: str, *, candidate_id: str, user_id: str) -> Mapping[str, object]:
    """A note about a candidate in the name of a user."""
    people = {"candidate": _one("candidates", candidate_id), "user": _one("users", user_id)}
    return {"data": {"type": "notes", "attributes": {"note": body}, "relationships": people}}


def about(note: NoteData, candidate_id: str) -> bool:
    """Whether a listed note is about this candidate; the filter of the list is not trusted."""
    named = note.relationships.candidate.data
    return named is not None and named.id == candidate_id


def to_note(note: NoteData) -> Note:
    """Turn a note into the contract's. Everybody who may see the candidate may read it."""
    author = note.relationships.user.data
    return Note(
        id=note.id,
        body=note.attributes.note,
        author=author.id if author else "",
        visibility=Visibility.TEAM,
        created_at=note.attributes.created_at,
    )


def by_key(fields: Sequence[tuple[str, FieldDefinition]]) -> Mapping[str, tuple[str, FieldDefinition]]:
    """Ids and definitions of custom fields by their API name."""
    return {definition.key: (field_id, definition) for field_id, definition in fields}


def wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds until the window of the limit ends."""
    return seconds_to_reset(headers.get(RESET), now=now)


def _one(kind: str, record_id: str) -> Mapping[str, object]:
    return {"data": {"type": kind, "id": record_id}}


def _id(reference: Reference | None) -> str:
    if reference is None:
        raise PayloadInvalid("the application does not name its candidate, job and stage")
    return reference.id


def _job_status(word: str) -> JobStatus:
    if word not in JOB_STATUSES:
        raise PayloadInvalid("the ATS used a job status that it does not document")
    return JOB_STATUSES[word]


def _disposition(rejected_at: datetime | None, stage: StageAttributes) -> Disposition | None:
    if rejected_at is not None:
        return Disposition.REJECTED
    return Disposition.HIRED if stage.stage_type == HIRED else None
