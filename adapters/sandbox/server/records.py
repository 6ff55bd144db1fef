"""What the API answers: one struct per record. Ids are text with a prefix, times are UTC."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

FieldValue = str | int | float | bool | None
Visibility = Literal["private", "team"]
JobStatus = Literal["open", "closed"]
TerminalKind = Literal["hired", "rejected", "withdrawn"]
FieldKind = Literal["text", "long_text", "number", "url", "select"]


class Stage(Struct, frozen=True, kw_only=True):
    """One step of a job. ``kind`` is set for stages that end an application."""

    id: str
    name: str
    kind: TerminalKind | None


class Job(Struct, frozen=True, kw_only=True):
    """A role being hired for."""

    id: str
    title: str
    department: str | None
    location: str | None
    requisition_ref: str | None
    status: JobStatus
    updated_at: datetime


class Candidate(Struct, frozen=True, kw_only=True):
    """A person. PII class: identity and contact."""

    id: str
    first_name: str
    last_name: str
    emails: list[str]
    phones: list[str]
    locale: str | None
    time_zone: str | None


class StageEntry(Struct, frozen=True, kw_only=True):
    """The entry into the current stage."""

    id: str
    entered_at: datetime


class StageVisit(Struct, frozen=True, kw_only=True):
    """One visit of a stage, past or current. ``by`` is a person or an API key's name."""

    id: str
    stage: Stage
    entered_at: datetime
    left_at: datetime | None
    by: str


class Application(Struct, frozen=True, kw_only=True):
    """Candidate × job. ``custom_fields`` has only fields with a value. PII class: identity and contact."""

    id: str
    candidate: Candidate
    job: Job
    stage: Stage
    stage_entry: StageEntry
    stage_history: list[StageVisit]
    disposition: TerminalKind | None
    source: str | None
    updated_at: datetime
    custom_fields: dict[str, FieldValue] | None


class ApplicationRow(Struct, frozen=True, kw_only=True):
    """An application in a listing: ids only, no contact data."""

    id: str
    candidate_id: str
    job_id: str
    stage_id: str
    updated_at: datetime


class Field(Struct, frozen=True, kw_only=True):
    """A custom field of applications. ``max_length`` counts characters."""

    key: str
    name: str
    kind: FieldKind
    options: list[str]
    max_length: int | None


class Note(Struct, frozen=True, kw_only=True):
    """A note on an application. PII class: free text about a person."""

    id: str
    body: str
    author: str
    visibility: Visibility
    created_at: datetime


class Activity(Struct, frozen=True, kw_only=True):
    """Who changed what. PII class: may repeat field values."""

    id: str
    at: datetime
    actor: str
    action: str
    subject: str | None
    old: FieldValue
    new: FieldValue


class ContactCard(Struct, frozen=True, kw_only=True):
    """A candidate as the profile shows them. PII class: identity and contact."""

    id: str
    first_name: str
    last_name: str
    emails: list[str]
    phones: list[str]


class Profile(Struct, frozen=True, kw_only=True):
    """What a recruiter sees on one application. PII class: identity, contact, free text."""

    candidate: ContactCard
    custom_fields: dict[str, FieldValue]
    notes: list[Note]


class Webhook(Struct, frozen=True, kw_only=True):
    """A subscription. The secret is never answered."""

    id: str
    url: str
    events: list[str]
    active: bool


class Delivery(Struct, frozen=True, kw_only=True):
    """One event on its way to one webhook. ``last_answer`` is an HTTP status or the kind of network failure."""

    id: str
    event_id: str
    event_type: str
    status: Literal["pending", "delivered", "given_up"]
    attempts: int
    due_at: datetime
    last_answer: str | None


class Key(Struct, frozen=True, kw_only=True):
    """An API key without its value. ``expires_at`` is when it ends, None for one that never does."""

    id: str
    name: str
    scopes: list[str]
    expires_at: datetime | None = None
