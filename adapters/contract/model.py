"""Records as Evenhand sees them, whatever the vendor calls them (the glossary is in docs/glossary.md).

Identity is (connection, external id), invariant N7: e-mail is contact data, never a key.
All datetimes are timezone-aware UTC. Ids are the vendor's, as text.
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

FieldValue = str | int | float | bool | None


class StageKind(StrEnum):
    """Canonical stages. A connection's stage map says which of the customer's stages is which."""

    APPLIED = "applied"
    APPLICATION_REVIEW = "application_review"
    FIRST_INTERVIEW = "first_interview"
    RECRUITER_SCREEN = "recruiter_screen"
    ASSESSMENT = "assessment"
    MANAGER_REVIEW = "manager_review"
    INTERVIEW = "interview"
    REFERENCE_CHECK = "reference_check"
    OFFER = "offer"
    HIRED = "hired"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    ARCHIVED = "archived"

    @property
    def terminal(self) -> bool:
        """True where an application ends: Evenhand never moves anyone there (N1)."""
        return self in _TERMINAL


_TERMINAL = frozenset({StageKind.HIRED, StageKind.REJECTED, StageKind.WITHDRAWN, StageKind.ARCHIVED})


class Disposition(StrEnum):
    """Final outcome of an application. Evenhand reads it and has no verb that sets it (N1)."""

    HIRED = "hired"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class JobStatus(StrEnum):
    """Whether people are still hired for the job."""

    OPEN = "open"
    CLOSED = "closed"
    DRAFT = "draft"


class Visibility(StrEnum):
    """Who may read a note in the ATS. Evenhand writes private notes unless the mapping says otherwise."""

    PRIVATE = "private"
    TEAM = "team"


class FieldKind(StrEnum):
    """Data type of a custom field."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    URL = "url"
    SELECT = "select"


class Stage(Struct, frozen=True, kw_only=True):
    """A step of a job's pipeline. ``kind`` is set only where the vendor itself says it (terminal stages, mostly)."""

    id: str
    name: str
    kind: StageKind | None = None


class StageEntryRef(Struct, frozen=True, kw_only=True):
    """What identifies one entry into a stage on the re-read application (N3): a history id, an entry time, or neither."""

    history_id: str | None = None
    entered_at: datetime | None = None


class Candidate(Struct, frozen=True, kw_only=True):
    """A person. PII class: identity and contact."""

    id: str
    first_name: str
    last_name: str
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    locale: str | None = None
    time_zone: str | None = None


class Job(Struct, frozen=True, kw_only=True):
    """A role being hired for."""

    id: str
    title: str
    status: JobStatus
    requisition_ref: str | None = None
    department: str | None = None
    location: str | None = None


class Application(Struct, frozen=True, kw_only=True):
    """Candidate × job, as re-read from the ATS. PII class: identity and contact (through ``candidate``).

    ``applied_at`` is asked for only where the ATS does not say when a stage was entered.
    """

    id: str
    candidate: Candidate
    job: Job
    stage: Stage
    entry: StageEntryRef
    disposition: Disposition | None = None
    source: str | None = None
    updated_at: datetime | None = None
    applied_at: datetime | None = None


class FieldDefinition(Struct, frozen=True, kw_only=True):
    """A custom field as the ATS defines it. ``max_length`` counts characters."""

    key: str
    name: str
    kind: FieldKind
    options: tuple[str, ...] = ()
    max_length: int | None = None


class Note(Struct, frozen=True, kw_only=True):
    """A note on an application. PII class: free text about a person."""

    id: str
    body: str
    author: str
    visibility: Visibility
    created_at: datetime


class ChangedPage(Struct, frozen=True, kw_only=True):
    """One page of application ids that changed. ``cursor`` is opaque; ask again with it. ``more`` ends the loop.

    What was told under one cursor is not looked at again under the same one: a cursor is the same only where nothing can
    have changed since (a clock in whole seconds is not fine enough to say so).
    """

    application_ids: tuple[str, ...]
    cursor: str
    more: bool
