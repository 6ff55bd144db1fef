"""The only place that knows both Ashby's words and the contract's. Pure.

Tables marked "not confirmed" come from third parties or from memory; a first real account may correct them here.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from adapters.ashby.answers import (
    ApplicationAnswer,
    AuthorAnswer,
    CandidateAnswer,
    FieldAnswer,
    HistoryRow,
    JobAnswer,
    NoteAnswer,
    PersonAnswer,
    StageAnswer,
)
from adapters.contract.errors import (
    AdapterError,
    AuthRejected,
    NotFound,
    OutcomeUnknown,
    PayloadInvalid,
    PermissionMissing,
    RateLimited,
    Refused,
    Transient,
    Unavailable,
)
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

T = TypeVar("T")

PING_ACTION = "ping"
STAGE_ACTIONS = frozenset({"candidateStageChange"})
CHANGE_ACTIONS = frozenset({"applicationSubmit", "applicationUpdate", "candidateHire"})

# Every other type of stage has no meaning of its own: what it is for is in the customer's stage map.
STAGE_KINDS = {"Hired": StageKind.HIRED, "Archived": StageKind.ARCHIVED}
JOB_STATUSES = {
    "Draft": JobStatus.DRAFT,
    "Open": JobStatus.OPEN,
    "Closed": JobStatus.CLOSED,
    "Archived": JobStatus.CLOSED,
}
STATUSES = {"Hired": Disposition.HIRED, "Archived": None, "Active": None, "Lead": None}
OPEN_STATUSES = frozenset({"Active", "Lead"})
REASONS = {"RejectedByOrg": Disposition.REJECTED, "RejectedByCandidate": Disposition.WITHDRAWN, "Other": None}
FIELD_KINDS = {
    "String": FieldKind.TEXT,
    "LongText": FieldKind.LONG_TEXT,
    "Number": FieldKind.NUMBER,
    "Url": FieldKind.URL,
    "ValueSelect": FieldKind.SELECT,
}
FIELD_OBJECT = "Application"
UNREADABLE = "(a value that cannot be read)"

# Which permission a call needs: Ashby says only that one is missing.
PERMISSIONS = {
    "application.info": "candidatesRead",
    "application.list": "candidatesRead",
    "application.listHistory": "candidatesRead",
    "candidate.info": "candidatesRead",
    "candidate.listNotes": "candidatesRead",
    "candidate.createNote": "candidatesWrite",
    "customField.setValues": "candidatesWrite",
    "assessment.update": "candidatesWrite",
    "customField.list": "hiringProcessMetadataRead",
    "interviewPlan.list": "interviewsRead",
    "interviewStage.list": "interviewsRead",
    "job.info": "jobsRead",
    "apiKey.info": "apiKeysRead",
    "webhook.info": "apiKeysRead",
}
START_AGAIN = frozenset(
    {
        "sync_token_expired",
        "sync_token_invalid",
        "next_cursor_expired",
        "invalid_next_cursor",
        "incremental_sync_too_large",
    }
)
PERMISSION_CODES = frozenset({"missing_endpoint_permission"})
NOT_FOUND_ENDING = "_not_found"
# Not confirmed: the three tables and the word below.
CREDENTIAL_CODES = frozenset({"unauthorized", "invalid_api_key"})
LIMIT_CODES = frozenset({"rate_limit_exceeded", "too_many_requests"})
PERMISSION_WORD = b"permission"
BROKEN_CODES = frozenset({"internal_server_error", "server_error", "timeout"})


def to_application(
    answer: ApplicationAnswer, history: Iterable[HistoryRow], job: Job, person: CandidateAnswer | None
) -> Application:
    """Turn an application, its history, its job and (where asked for) its candidate's record into the contract's.

    Raises:
        PayloadInvalid: a status or a reason that Ashby does not document.
        Transient: the history does not show yet how an open application came into its stage.
    """
    stage = answer.current_interview_stage
    visits = [row for row in history if row.stage_id == stage.id]
    visit = max(visits, key=lambda row: (row.entered_stage_at, row.stage_number), default=None)
    if answer.status in OPEN_STATUSES and (visit is None or visit.left_stage_at is not None):
        # Without the visit, or with an earlier one, one entry would be taken for two, or a new one for an old one.
        raise Transient("the history of the application does not show its last move yet")
    return Application(
        id=answer.id,
        candidate=_to_candidate(answer.candidate, person),
        job=job,
        stage=to_stage(stage),
        entry=StageEntryRef(history_id=visit.id, entered_at=visit.entered_stage_at) if visit else StageEntryRef(),
        disposition=_to_disposition(answer),
        source=answer.source.title if answer.source else None,
        updated_at=answer.updated_at,
    )


def _to_disposition(answer: ApplicationAnswer) -> Disposition | None:
    told = _word(STATUSES, answer.status, "status")
    if told is not None or answer.archive_reason is None:
        return told
    return _word(REASONS, answer.archive_reason.reason_type, "reason")


def _to_candidate(answer: PersonAnswer, person: CandidateAnswer | None) -> Candidate:
    # Ashby has one name; the first word of it is how people are addressed.
    first, _, rest = answer.name.strip().partition(" ")
    emails = [answer.primary_email_address, *(person.email_addresses if person else ())]
    phones = [answer.primary_phone_number, *(person.phone_numbers if person else ())]
    return Candidate(
        id=answer.id,
        first_name=first,
        last_name=rest.strip(),
        emails=tuple(dict.fromkeys(one.value for one in emails if one)),
        phones=tuple(dict.fromkeys(one.value for one in phones if one)),
        time_zone=person.timezone if person else None,
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
        requisition_ref=answer.custom_requisition_id,
        location=answer.location.name if answer.location else None,
    )


def to_stage(answer: StageAnswer) -> Stage:
    """Turn a stage into the contract's; its type says only where an application ends."""
    return Stage(id=answer.id, name=answer.title, kind=STAGE_KINDS.get(answer.type))


def to_fields(answers: Iterable[FieldAnswer]) -> tuple[FieldDefinition, ...]:
    """Turn the fields of applications that can hold a result into the contract's; others are left out."""
    return tuple(
        FieldDefinition(
            key=answer.id,
            name=answer.title,
            kind=FIELD_KINDS[answer.field_type],
            options=tuple(option.value for option in answer.selectable_values if not option.is_archived),
        )
        for answer in answers
        if answer.object_type == FIELD_OBJECT and answer.field_type in FIELD_KINDS and not answer.is_archived
    )


def to_values(answer: ApplicationAnswer) -> Mapping[str, FieldValue]:
    """Turn the custom fields of an application into the contract's.

    A list, an amount of money or whatever else we cannot read is not nothing: UNREADABLE stands in for it.
    """
    return {field.id: _to_value(field.value) for field in answer.custom_fields}


def _to_value(value: object) -> FieldValue:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return UNREADABLE if value else None


def to_note(answer: NoteAnswer) -> Note:
    """Turn a note into the contract's."""
    author = answer.author or AuthorAnswer()
    return Note(
        id=answer.id,
        body=answer.content or "",
        author=" ".join(part for part in (author.first_name, author.last_name) if part),
        visibility=Visibility.PRIVATE if answer.is_private else Visibility.TEAM,
        created_at=answer.created_at,
    )


def to_scope(word: str) -> str:
    """Turn ``candidates:read`` (apiKey.info) into ``candidatesRead`` (the documentation, the admin page)."""
    first, *rest = word.replace(":", "_").split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def to_error(code: str, call: str, *, writes: bool) -> AdapterError:
    """What a refused call means: Ashby says it by a code, in an answer 200 as well as in an answer 403."""
    if code in PERMISSION_CODES:
        return PermissionMissing("the API key may not do this", scope=PERMISSIONS.get(call))
    if code in CREDENTIAL_CODES:
        return AuthRejected("the ATS rejected the API key")
    if code.endswith(NOT_FOUND_ENDING):
        return NotFound("the ATS has no such record")
    if code in LIMIT_CODES:
        return RateLimited("the ATS asks for fewer requests")
    if code in BROKEN_CODES:
        failed = "the ATS failed while it worked on this"
        return OutcomeUnknown(failed) if writes else Unavailable(failed)
    return Refused("the ATS refused the request", code=code)


def _word(table: Mapping[str, T], word: str, what: str) -> T:
    if word not in table:
        raise PayloadInvalid(f"the ATS used a {what} that it does not document")
    return table[word]
