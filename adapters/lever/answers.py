"""What Lever answers, as far as we read it: one struct per record, in Lever's own words, as recorded. Pure.

Moments are milliseconds since 1970.
"""

from typing import Annotated

from msgspec import Meta, Struct

# Up to the year 5138: what a datetime can hold.
Milliseconds = Annotated[int, Meta(ge=0, le=10**14)]


class Phone(Struct, frozen=True):
    """A number. PII class: contact."""

    value: str | None = None


class Archived(Struct, frozen=True, rename="camel"):
    """That an opportunity ended."""

    archived_at: Milliseconds
    reason: str | None = None


class StageChange(Struct, frozen=True, rename="camel"):
    """An entry into a stage."""

    to_stage_id: str
    updated_at: Milliseconds


class Opportunity(Struct, frozen=True, kw_only=True, rename="camel"):
    """An opportunity. PII class: identity and contact."""

    id: str
    name: str
    contact: str
    stage: str
    updated_at: Milliseconds
    created_at: Milliseconds | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[Phone, ...] = ()
    archived: Archived | None = None
    sources: tuple[str, ...] = ()
    origin: str | None = None
    stage_changes: tuple[StageChange, ...] = ()
    applications: tuple[str, ...] = ()


class OpportunityRow(Struct, frozen=True, rename="camel"):
    """An opportunity in a list."""

    id: str
    updated_at: Milliseconds


class ApplicationAnswer(Struct, frozen=True):
    """What ties an opportunity to a posting."""

    posting: str | None = None


class Categories(Struct, frozen=True):
    """Where a posting belongs."""

    department: str | None = None
    team: str | None = None
    location: str | None = None


class Posting(Struct, frozen=True, kw_only=True, rename="camel"):
    """A posting."""

    id: str
    text: str
    state: str
    categories: Categories = Categories()
    req_code: str | None = None
    requisition_codes: tuple[str, ...] = ()


class StageAnswer(Struct, frozen=True):
    """A stage of the account's one pipeline."""

    id: str
    text: str


class ReasonAnswer(Struct, frozen=True):
    """Why opportunities end."""

    type: str


class NoteField(Struct, frozen=True):
    """A part of a note."""

    value: str | None = None


class NoteAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """A note. PII class: free text about a person."""

    id: str
    created_at: Milliseconds
    secret: bool = False
    user: str | None = None
    deleted_at: Milliseconds | None = None
    fields: tuple[NoteField, ...] = ()


class UserAnswer(Struct, frozen=True):
    """A user of Lever."""

    name: str


class WebhookAnswer(Struct, frozen=True):
    """A webhook; its signature token is told only when it is made."""

    event: str
    url: str
