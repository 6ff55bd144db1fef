"""Bodies that the API takes."""

from datetime import datetime

import msgspec

from adapters.sandbox.server.records import FieldKind, JobStatus, TerminalKind, Visibility


class NewStage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One stage of a new job."""

    name: str
    kind: TerminalKind | None = None


class NewJob(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A job to open."""

    title: str
    stages: list[NewStage]
    department: str | None = None
    location: str | None = None
    requisition_ref: str | None = None


class JobChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Open or close a job."""

    status: JobStatus


class NewCandidate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person to add. PII class: identity and contact."""

    first_name: str
    last_name: str
    emails: list[str] = []
    phones: list[str] = []
    locale: str | None = None
    time_zone: str | None = None


class NewApplication(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Let a candidate apply."""

    candidate_id: str
    job_id: str
    stage_id: str | None = None
    source: str | None = None


class Move(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where an application goes."""

    stage_id: str


class NewNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A note to add."""

    body: str
    visibility: Visibility = "private"


class NewField(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A custom field to define."""

    key: str
    name: str
    kind: FieldKind
    options: list[str] = []
    max_length: int | None = None


class NewKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An API key to make; the value is answered once."""

    name: str
    scopes: list[str]
    expires_at: datetime | None = None


class NewWebhook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A subscription. Without a secret one is made; it is answered once."""

    url: str
    secret: str | None = None
    events: list[str] | None = None


class WebhookChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pause or resume a subscription."""

    active: bool
