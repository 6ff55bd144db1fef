"""The only place that knows both Workable's words and the contract's. Pure.

Recorded traffic or the vendor's pages show these names, unless a comment says "unconfirmed": each of those is one line
to correct. A word that is not in a table is a broken payload, never a guess.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC
from math import isfinite, nan
from typing import TypeVar

from msgspec import Struct

from adapters.contract.errors import PayloadInvalid, Refused, Transient
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
from adapters.kit.payload import Word
from adapters.workable.client import ActivityAnswer, CandidateAnswer, JobAnswer, StageAnswer, StageRef

T = TypeVar("T")

# Whether an event says that somebody moved. Being turned away, taken back and hired come as candidate_moved as well.
EVENTS = {"candidate_moved": True, "candidate_created": False}
JOB_STATUSES = {
    "published": JobStatus.OPEN,
    "closed": JobStatus.CLOSED,
    "archived": JobStatus.CLOSED,
    "draft": JobStatus.DRAFT,
}
STAGE_KINDS = {"hired": StageKind.HIRED}
COMMENT = "comment"
CHANGED_SINCE = "updated_after"
# Roles that may read a comment. Those who run hiring as a whole read private ones; the others see their own jobs only.
ROLES = {
    Visibility.PRIVATE: ("admin", "recruiting_admin", "recruiter"),
    Visibility.TEAM: ("admin", "recruiting_admin", "recruiter", "hiring_manager", "reviewer", "simple"),
}

# Unconfirmed: the words of `type` in an attribute's definition. Kinds that are not here hold nothing of ours.
FIELD_KINDS = {
    "short_text": FieldKind.TEXT,
    "free_text": FieldKind.LONG_TEXT,
    "numeric": FieldKind.NUMBER,
    "dropdown": FieldKind.SELECT,
    "multiple_choice": FieldKind.SELECT,
}
SHORT_TEXT = 128
# Unconfirmed: that an empty text empties an attribute.
EMPTY = ""
ATTRIBUTE_KEY = "custom_attribute_key"
ATTRIBUTE_VALUE = "value"
# Unconfirmed: that choices are sent as a list of ids.
ATTRIBUTE_CHOICES = "choices"


class ChoiceAnswer(Struct, frozen=True, kw_only=True):
    """One choice of an attribute (seen in another product's client)."""

    id: Word
    body: str


class AttributeAnswer(Struct, frozen=True, kw_only=True):
    """The definition of a custom attribute (seen in another product's client)."""

    id: Word
    type: str
    label: str
    enabled: bool = True
    single_answer: bool | None = None
    choices: tuple[ChoiceAnswer, ...] = ()


class AttributeList(Struct, frozen=True, kw_only=True):
    """Every definition."""

    custom_attributes: tuple[AttributeAnswer, ...]


class AttributeValueAnswer(Struct, frozen=True, kw_only=True):
    """What one attribute of a candidate holds. Unconfirmed, every name."""

    custom_attribute_key: Word
    value: str | int | float | bool | None = None
    choices: tuple[str, ...] = ()


class ValuesAnswer(Struct, frozen=True, kw_only=True):
    """The attributes of a candidate. Unconfirmed: that the candidate shows them, and under this name."""

    custom_attributes: tuple[AttributeValueAnswer, ...]


class CandidateValues(Struct, frozen=True, kw_only=True):
    """One candidate, wrapped."""

    candidate: ValuesAnswer


def to_application(answer: CandidateAnswer, job: JobAnswer, stage: Stage, entry: StageEntryRef) -> Application:
    """Put an application together.

    Raises:
        PayloadInvalid: a job state that Workable does not document.
    """
    named = answer.firstname or answer.lastname
    place = job.location
    return Application(
        id=answer.id,
        candidate=Candidate(
            id=answer.id,
            first_name=(answer.firstname if named else answer.name) or "",
            last_name=answer.lastname or "",
            emails=(answer.email,) if answer.email else (),
            phones=(answer.phone,) if answer.phone else (),
        ),
        job=Job(
            id=job.shortcode,
            title=job.title,
            status=_word(JOB_STATUSES, job.state, "job state"),
            requisition_ref=job.code,
            department=job.department,
            location=(place.city or place.country) if place else None,
        ),
        stage=stage,
        entry=entry,
        disposition=_disposition(answer),
        source=answer.outlet,
        updated_at=answer.updated_at,
    )


def to_stage(slug: str, name: str, kind: str | None) -> Stage:
    """Turn a stage into the contract's. Only an ending is taken from Workable's kinds; the rest is the stage map's."""
    return Stage(id=slug, name=name, kind=STAGE_KINDS.get(kind or ""))


def slug_of(name: str, stages: Sequence[StageAnswer]) -> str:
    """Find the one stage of this name.

    Raises:
        PayloadInvalid: there is none, or there are several.
    """
    slugs = {stage.slug for stage in stages if stage.name == name}
    if len(slugs) != 1:
        raise PayloadInvalid("the candidate's stage is not exactly one stage of its job")
    return slugs.pop()


def in_order(activities: Sequence[ActivityAnswer]) -> list[ActivityAnswer]:
    """Activities, oldest first. Those of one second stay as the list has them, whichever end of it is the newest."""
    newest_first = bool(activities) and activities[0].created_at > activities[-1].created_at
    return sorted(reversed(activities) if newest_first else activities, key=lambda activity: activity.created_at)


def last_entry(activities: Sequence[ActivityAnswer]) -> tuple[StageRef, StageEntryRef]:
    """Find where the history says that the candidate is, and since which entry.

    That is the target of the last move; one who was never moved stands where the first activity of all happened.

    Raises:
        Transient: there is no such activity yet.
    """
    ordered = in_order(activities)
    moves = [(each, each.target_stage) for each in ordered if each.target_stage is not None]
    begins = [(each, each.action_stage) for each in ordered if each.action_stage is not None]
    if not moves and not begins:
        raise Transient("the history of the application does not show yet how it came into its stage")
    activity, stage = moves[-1] if moves else begins[0]
    return stage, StageEntryRef(history_id=activity.id, entered_at=activity.created_at.astimezone(UTC))


def to_fields(answer: AttributeList) -> dict[str, tuple[FieldDefinition, Mapping[str, str]]]:
    """Turn definitions into the contract's, by key, each with the ids of its choices by their text.

    Switched off attributes, several choices at once, dates, files and ticks are left out: nothing of ours goes there.
    """
    fields: dict[str, tuple[FieldDefinition, Mapping[str, str]]] = {}
    for one in answer.custom_attributes:
        if not one.enabled or one.type not in FIELD_KINDS or one.single_answer is False:
            continue
        kind = FIELD_KINDS[one.type]
        options = tuple(choice.body for choice in one.choices) if kind is FieldKind.SELECT else ()
        length = SHORT_TEXT if kind is FieldKind.TEXT else None
        definition = FieldDefinition(key=one.id, name=one.label, kind=kind, options=options, max_length=length)
        fields[one.id] = (definition, {choice.body: choice.id for choice in one.choices})
    return fields


def to_values(
    answer: CandidateValues, fields: Mapping[str, tuple[FieldDefinition, Mapping[str, str]]]
) -> dict[str, FieldValue]:
    """Turn what a candidate's attributes hold into the contract's values; what is empty is left out."""
    values: dict[str, FieldValue] = {}
    for one in answer.candidate.custom_attributes:
        definition, ids = fields.get(one.custom_attribute_key, (None, {}))
        if definition is None:
            continue
        texts = {choice: text for text, choice in ids.items()}
        if definition.kind is FieldKind.SELECT:
            # A choice that is in no list is a choice all the same: read as nothing, it would be written over.
            value: FieldValue = next((texts.get(each, each) for each in one.choices), None)
        else:
            value = _number(one.value) if definition.kind is FieldKind.NUMBER else one.value
        if value not in (None, EMPTY):
            values[definition.key] = value
    return values


def to_update(
    key: str, value: FieldValue, fields: Mapping[str, tuple[FieldDefinition, Mapping[str, str]]]
) -> dict[str, object]:
    """Make the request that sets one attribute.

    Raises:
        Refused: ``unknown_field``, ``too_long``, ``unknown_option`` or ``not_a_number``: nothing would hold the value.
    """
    if key not in fields:
        raise Refused("Workable has no such custom attribute that can hold a result", code="unknown_field")
    definition, ids = fields[key]
    if definition.kind is FieldKind.SELECT:
        if value is not None and value not in ids:
            raise Refused("the custom attribute has no such choice", code="unknown_option")
        return {ATTRIBUTE_KEY: key, ATTRIBUTE_CHOICES: [] if value is None else [ids[str(value)]]}
    if value is None:
        return {ATTRIBUTE_KEY: key, ATTRIBUTE_VALUE: EMPTY}
    if definition.kind is FieldKind.NUMBER and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise Refused("the custom attribute holds numbers only", code="not_a_number")
    if definition.max_length is not None and len(str(value)) > definition.max_length:
        raise Refused("the value is longer than the custom attribute", code="too_long")
    return {ATTRIBUTE_KEY: key, ATTRIBUTE_VALUE: value}


def to_comment(body: str, *, member_id: str, visibility: Visibility) -> dict[str, object]:
    """Make the request that adds a comment in a member's name."""
    return {"member_id": member_id, "comment": {"body": body, "policy": list(ROLES[visibility])}}


def to_note(answer: ActivityAnswer) -> Note:
    """Turn a comment into the contract's; private is what nobody outside the private roles may read."""
    readers = answer.visibility_roles
    private = readers is not None and set(readers) <= set(ROLES[Visibility.PRIVATE])
    return Note(
        id=answer.id,
        body=answer.body or "",
        author=(answer.member.name if answer.member else None) or "",
        visibility=Visibility.PRIVATE if private else Visibility.TEAM,
        created_at=answer.created_at,
    )


def _number(value: FieldValue) -> FieldValue:
    try:
        number = float(value) if isinstance(value, str) and value else value
    except ValueError:
        number = nan
    if isinstance(number, float) and not isfinite(number):
        raise PayloadInvalid("a numeric custom attribute holds no number")
    return number


def _disposition(answer: CandidateAnswer) -> Disposition | None:
    if answer.withdrew:
        return Disposition.WITHDRAWN
    if answer.disqualified:
        return Disposition.REJECTED
    return Disposition.HIRED if answer.hired_at or answer.stage_kind in STAGE_KINDS else None


def _word(table: Mapping[str, T], word: str, what: str) -> T:
    if word not in table:
        raise PayloadInvalid(f"the ATS used a {what} that it does not document")
    return table[word]
