"""Rows of Harvest v3, one struct per resource: the members that are used here."""

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct

from adapters.kit.payload import Moment, Word

# An id: what a database can hold and an address too.
Number = Annotated[int, Meta(ge=1, le=2**63 - 1)]


class JobReference(Struct, frozen=True):
    """The job of an application, in the nested shape."""

    id: Number


class StageReference(Struct, frozen=True):
    """The stage of an application, in the nested shape."""

    id: Number
    name: str | None = None


class FieldAnswer(Struct, frozen=True):
    """The value of a custom field, in whatever shape its type has."""

    value: Any = None
    type: str | None = None


class ApplicationRow(Struct, frozen=True, kw_only=True):
    """An application. ``stage_id`` is the id of the visit (``application_stages``), not of the stage.

    The vendor's reference shows flat rows, one client nested ones (``jobs``, ``current_stage``): both are read.
    """

    id: Number
    candidate_id: Number
    status: str
    job_id: Number | None = None
    jobs: tuple[JobReference, ...] | None = None
    stage_id: Number | None = None
    stage_name: str | None = None
    current_stage: StageReference | None = None
    custom_fields: Mapping[str, FieldAnswer] | None = None
    # What Harvest v1 and webhooks call applied_at.
    created_at: Moment | None = None
    updated_at: Moment | None = None


class VisitRow(Struct, frozen=True, kw_only=True):
    """One visit of a stage."""

    id: Number
    application_id: Number
    job_interview_stage_id: Number
    entered_at: Moment | None = None
    current: bool = False


class ContactRow(Struct, frozen=True):
    """An e-mail address or a telephone number. PII class: contact."""

    value: str | None = None


class CandidateRow(Struct, frozen=True, kw_only=True):
    """A candidate. PII class: identity and contact."""

    id: Number
    first_name: str | None
    last_name: str | None
    email_addresses: tuple[ContactRow, ...] | None = None
    phone_numbers: tuple[ContactRow, ...] | None = None


class JobRow(Struct, frozen=True, kw_only=True):
    """A job."""

    id: Number
    name: str
    status: str
    requisition_id: str | None = None


class StageRow(Struct, frozen=True, kw_only=True):
    """A stage of a job's interview plan."""

    id: Number
    name: str
    active: bool = True


class FieldRow(Struct, frozen=True, kw_only=True):
    """The definition of a custom field."""

    id: Number
    name_key: Word
    value_type: str
    name: str | None = None
    active: bool = True


class OptionRow(Struct, frozen=True, kw_only=True):
    """An option of a select."""

    custom_field_id: Number
    name: str
    active: bool = True


class ActivityRow(Struct, frozen=True, kw_only=True):
    """What every row of ``notes`` has, whether it is a note, an e-mail or something else."""

    application_id: Number | None = None
    type: str | None = None
    body: str | None = None


class NoteRow(Struct, frozen=True, kw_only=True):
    """A note. PII class: free text about a person."""

    id: Number
    visibility: str
    created_at: Moment
    body: str | None = None
    user_id: Number | None = None
