"""What Odoo sends, one struct for each kind of record; the members of an answer are the fields that are asked for.

All were seen on a running Odoo 19.0. Odoo says ``false`` where it has no value, and ``[id, name]`` for what a record points at.
"""

from typing import Annotated

from msgspec import Meta, Struct

from adapters.kit.payload import Word

LARGEST_ID = 2**31 - 1
RecordId = Annotated[int, Meta(ge=1, le=LARGEST_ID)]
Link = tuple[RecordId, str] | bool
Text = str | bool


class SentAnything(Struct, frozen=True, rename={"model": "_model"}):
    """Of the body of an automation rule: which kind of record it is about."""

    model: Word


class SentApplicant(Struct, frozen=True, rename={"id": "_id"}):
    """Of the body of an automation rule on applicants: which one, and when it was written."""

    id: RecordId
    write_date: Word


class ApplicantAnswer(Struct, frozen=True, kw_only=True):
    """An applicant: its members are the fields that are asked for. PII class: identity and contact."""

    id: RecordId
    partner_id: Link
    partner_name: Text
    email_from: Text
    partner_phone: Text
    job_id: Link
    stage_id: Link
    application_status: str
    source_id: Link
    create_date: str
    write_date: str
    message_ids: tuple[RecordId, ...]


class ChangedAnswer(Struct, frozen=True, kw_only=True):
    """An applicant in a listing."""

    id: RecordId
    write_date: str


class JobAnswer(Struct, frozen=True, kw_only=True):
    """A job position."""

    id: RecordId
    name: str
    active: bool
    department_id: Link
    address_id: Link


class StageAnswer(Struct, frozen=True, kw_only=True):
    """A stage of recruitment."""

    id: RecordId
    name: str
    hired_stage: bool


class MessageAnswer(Struct, frozen=True, kw_only=True):
    """A message below an applicant. PII class: free text about a person."""

    id: RecordId
    body: Text
    author_id: Link
    date: str


class StageMessageAnswer(Struct, frozen=True, kw_only=True):
    """A message that says that the stage changed."""

    id: RecordId
    date: str


class SubtypeAnswer(Struct, frozen=True, kw_only=True):
    """Of a record's metadata: its external id."""

    id: RecordId
    xmlid: Text


class UserAnswer(Struct, frozen=True, kw_only=True):
    """The user of the credentials."""

    id: RecordId
    name: str
    company_id: Link


class ContextAnswer(Struct, frozen=True):
    """Of the user's context: who it is."""

    uid: RecordId


class KeyAnswer(Struct, frozen=True, kw_only=True):
    """One of the user's own API keys."""

    expiration_date: Text


class ErrorAnswer(Struct, frozen=True):
    """Of an error: the Python class, by its full name. What else stands there may repeat what we sent."""

    name: str
