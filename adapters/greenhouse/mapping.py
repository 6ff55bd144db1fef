"""The only place that knows both Greenhouse's words and the contract's. Pure.

Confirmed by the vendor's own pages: the actions of webhooks, the values of the Assessment API, what a row of
``application_stages`` is, the form of date filters. NOT confirmed, read from other people's clients of Harvest v3, and
to be corrected here: STATUSES (that an active application reads ``in_process``), VISIBILITIES and VISIBILITY_WORDS,
FIELD_KINDS, the members of NOTE, the shape of a written custom field, how one is cleared, WHOLE_COLLECTION, CHANGED.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from adapters.contract.errors import NotFound, PayloadInvalid, Refused, Transient
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
    Visibility,
)
from adapters.greenhouse.rows import (
    ActivityRow,
    ApplicationRow,
    CandidateRow,
    FieldAnswer,
    FieldRow,
    JobRow,
    NoteRow,
    OptionRow,
    StageRow,
    VisitRow,
)
from adapters.kit.payload import OUR_MARK

T = TypeVar("T")

PING_ACTIONS = frozenset({"ping"})
MOVE_ACTIONS = frozenset({"candidate_stage_change"})
APPLICATION_ACTIONS = frozenset(
    {
        "application_updated",
        "new_candidate_application",
        "delete_application",
        "hire_candidate",
        "unhire_candidate",
        "reject_candidate",
        "unreject_candidate",
    }
)

STATUSES: Mapping[str, Disposition | None] = {
    "in_process": None,
    "active": None,  # the word of the query, of webhooks and of Harvest v1
    "converted": None,
    "hired": Disposition.HIRED,
    "rejected": Disposition.REJECTED,
}
JOB_STATUSES = {"open": JobStatus.OPEN, "closed": JobStatus.CLOSED, "draft": JobStatus.DRAFT}
# Fields of other types (yes_no, multi_select, currency, date, user, rich_text, ranges) are not offered for writing.
FIELD_KINDS = {
    "short_text": FieldKind.TEXT,
    "long_text": FieldKind.LONG_TEXT,
    "number": FieldKind.NUMBER,
    "url": FieldKind.URL,
    "single_select": FieldKind.SELECT,
}
# The vendor calls a short text one "with fewer than 255 characters".
LONGEST = {"short_text": 254}
APPLICATION_FIELDS = "application"
UNREADABLE = "(a value that cannot be read)"
VISIBILITIES = {
    "admin_only_visible": Visibility.PRIVATE,
    "privately_visible": Visibility.PRIVATE,
    "publicly_visible": Visibility.TEAM,
    # In these words a note is written; an answer may repeat them.
    "admin_only": Visibility.PRIVATE,
    "private": Visibility.PRIVATE,
    "public": Visibility.TEAM,
}
VISIBILITY_WORDS = {Visibility.PRIVATE: "admin_only", Visibility.TEAM: "public"}
NOTE = "NOTE"
CHANGED = "updated_at"
"""The filter of a poll. A move changes ``stage_id`` of the application, and with it this time."""
WHOLE_COLLECTION = True
"""Whether a written collection of custom fields replaces the one that is there, so that all must be sent again."""


def since_filter(moment: datetime) -> Mapping[str, str]:
    """The filter for what changed at or after a moment."""
    return {CHANGED: f"gte|{moment.isoformat()}"}


def job_number(row: ApplicationRow) -> int:
    """The id of an application's job.

    Raises:
        NotFound: a prospect: somebody who has not applied for a job.
    """
    if row.job_id is not None:
        return row.job_id
    if not row.jobs:
        raise NotFound("this is a prospect and no application for a job")
    return row.jobs[0].id


def is_prospect(row: ApplicationRow) -> bool:
    """Whether somebody is kept in view who has not applied for a job."""
    return row.job_id is None and not row.jobs


def current_visit(row: ApplicationRow, visits: Sequence[VisitRow]) -> VisitRow:
    """The visit that an application is in; of one that has ended, the last.

    Raises:
        Transient: the visits do not show yet where the application says that it stands; right after a move there may
            be none at all.
    """
    visits = [visit for visit in visits if visit.application_id == row.id]
    nested = row.current_stage.id if row.current_stage else None
    here = nested if row.stage_id is None else row.stage_id
    # Of the visit by the vendor's reference, of the stage by one client: both are looked for.
    shown = {visit.id for visit in visits} | {visit.job_interview_stage_id for visit in visits}
    if not visits or not {here} <= shown | {None}:
        # Greenhouse did answer: a history that lags must not count as an ATS that is down, nor as nobody's.
        raise Transient("the history of the application does not show its last move yet")
    return max(visits, key=lambda visit: (visit.current, visit.entered_at is not None, visit.entered_at, visit.id))


def told_stage_name(row: ApplicationRow, visit: VisitRow) -> str | None:
    """The name of the visit's stage, where the application was read in that very visit; else None."""
    nested = row.current_stage
    if row.stage_name is not None and row.stage_id in {None, visit.id}:
        return row.stage_name
    # Which of the two ids the nested shape has, nobody has confirmed.
    if nested is not None and nested.id in {visit.id, visit.job_interview_stage_id}:
        return nested.name
    return None


def to_application(
    row: ApplicationRow, *, visit: VisitRow, stage_name: str, candidate: CandidateRow, job: JobRow
) -> Application:
    """Turn the rows of an application into the contract's.

    Raises:
        PayloadInvalid: a status that is in no table.
    """
    return Application(
        id=str(row.id),
        candidate=to_candidate(candidate),
        job=to_job(job),
        stage=Stage(id=str(visit.job_interview_stage_id), name=stage_name),
        entry=StageEntryRef(history_id=str(visit.id), entered_at=visit.entered_at),
        disposition=_word(STATUSES, row.status, "status"),
        updated_at=row.updated_at,
        applied_at=row.created_at,
    )


def to_candidate(row: CandidateRow) -> Candidate:
    """Turn a candidate into the contract's."""
    return Candidate(
        id=str(row.id),
        first_name=row.first_name or "",
        last_name=row.last_name or "",
        emails=tuple(each.value for each in row.email_addresses or () if each.value),
        phones=tuple(each.value for each in row.phone_numbers or () if each.value),
    )


def to_job(row: JobRow) -> Job:
    """Turn a job into the contract's; departments and offices are other records, and nobody needs them here.

    Raises:
        PayloadInvalid: a status that is in no table.
    """
    status = _word(JOB_STATUSES, row.status, "job status")
    return Job(id=str(row.id), title=row.name, status=status, requisition_ref=row.requisition_id)


def to_stage(row: StageRow) -> Stage:
    """Turn a stage into the contract's. No stage of Greenhouse ends an application: a status does."""
    return Stage(id=str(row.id), name=row.name)


def to_fields(rows: Sequence[FieldRow], options: Sequence[OptionRow]) -> dict[str, FieldDefinition]:
    """Turn the definitions of fields that can be written into the contract's, by key."""
    return {
        row.name_key: FieldDefinition(
            key=row.name_key,
            name=row.name or row.name_key,
            kind=FIELD_KINDS[row.value_type],
            options=tuple(each.name for each in options if each.custom_field_id == row.id and each.active),
            max_length=LONGEST.get(row.value_type),
        )
        for row in rows
        if row.active and row.value_type in FIELD_KINDS
    }


def has_options(row: FieldRow) -> bool:
    """Whether a field is a select."""
    return row.active and FIELD_KINDS.get(row.value_type) is FieldKind.SELECT


def to_values(row: ApplicationRow) -> dict[str, FieldValue]:
    """The values of custom fields; of one that is no text, number, yes or no, only that something stands there."""
    return {key: _to_value(answer.value) for key, answer in (row.custom_fields or {}).items()}


def _to_value(value: object) -> FieldValue:
    if value is None or isinstance(value, str | int | float):
        return value
    # Whatever we cannot read is not nothing: read as nothing, it would be written over.
    return UNREADABLE if value else None


def written_values(row: ApplicationRow, values: Mapping[str, FieldValue]) -> dict[str, object]:
    """The body that writes ``values`` and leaves the other fields as they were read."""
    kept: Mapping[str, FieldAnswer] = row.custom_fields or {} if WHOLE_COLLECTION else {}
    # Nothing is not sent back: an empty field is empty either way, and Harvest v1 refused nulls.
    before = {key: answer.value for key, answer in kept.items() if answer.value not in (None, [], "")}
    after = {**before, **values}
    return {"custom_fields": [{"name_key": key, "value": after[key]} for key in sorted(after)]}


def written_note(row: ApplicationRow, body: str, *, visibility: Visibility, act_as: int | None) -> dict[str, object]:
    """The body that adds a note to an application."""
    note: dict[str, object] = {
        "candidate_id": row.candidate_id,
        "application_id": row.id,
        "body": body,
        "note_type": NOTE,
        "visibility": VISIBILITY_WORDS[visibility],
    }
    return note if act_as is None else {**note, "user_id": act_as}


def is_note(row: ActivityRow, application_id: str) -> bool:
    """Whether a listed row is a note on this application. No filter is trusted, and a row that says no type may be one.

    One that is written in Evenhand's name has its mark, whatever type the vendor gives it.
    """
    theirs = row.application_id is not None and str(row.application_id) != application_id
    return not theirs and (row.type in {None, NOTE} or OUR_MARK in (row.body or ""))


def to_note(row: NoteRow) -> Note:
    """Turn a note into the contract's. Who wrote it is told by number.

    Raises:
        PayloadInvalid: a visibility that is in no table.
    """
    return Note(
        id=str(row.id),
        body=row.body or "",
        author="" if row.user_id is None else str(row.user_id),
        visibility=_word(VISIBILITIES, row.visibility, "note visibility"),
        created_at=row.created_at,
    )


def check_values(values: Mapping[str, FieldValue], fields: Mapping[str, FieldDefinition]) -> None:
    """Refuse what a field cannot hold. Nothing (None) clears a field of any kind.

    Raises:
        Refused: ``unknown_field``, ``wrong_kind``, ``too_long`` or ``unknown_option``; never says the value.
    """
    for key, value in values.items():
        field = fields.get(key)
        if field is None:
            raise Refused(f"applications have no custom field {key!r} that can be written", code="unknown_field")
        if value is None:
            continue
        wanted = int | float if field.kind is FieldKind.NUMBER else str
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise Refused(f"the custom field {key!r} holds something else", code="wrong_kind")
        if isinstance(value, str) and field.max_length is not None and len(value) > field.max_length:
            raise Refused(f"the custom field {key!r} holds {field.max_length} characters", code="too_long")
        if field.kind is FieldKind.SELECT and value not in field.options:
            raise Refused(f"the custom field {key!r} has no such option", code="unknown_option")


def _word(table: Mapping[str, T], word: str, what: str) -> T:
    if word not in table:
        raise PayloadInvalid(f"Greenhouse used a {what} that nobody knows")
    return table[word]
