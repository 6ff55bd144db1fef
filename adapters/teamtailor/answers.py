"""The JSON:API documents that Teamtailor sends, one struct each: a wrong name is corrected in one line.

Seen in recorded traffic of others: job applications with ``changed-stage-at``, ``rejected-at`` and ``updated-at``, and
the person's members of candidates. Not confirmed by the vendor: ``human-status`` of jobs, ``stage-type``, every member of
custom fields, options and values, of notes that are read, and the members of a webhook.
"""

from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import Meta, Struct

from adapters.contract.errors import PayloadInvalid
from adapters.kit.payload import Moment, Word

T = TypeVar("T")
Id = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\A[A-Za-z0-9_-]+\Z")]


class Reference(Struct, frozen=True):
    """One record named by another."""

    id: Id
    type: str


class ToOne(Struct, frozen=True):
    """A relationship to one record; ``data`` is there where the record was asked for."""

    data: Reference | None = None


class ToMany(Struct, frozen=True):
    """A relationship to many records."""

    data: tuple[Reference, ...] = ()


class Resource(Struct, frozen=True):
    """A record that came along; what it is made of is read by its type."""

    id: Id
    type: str
    attributes: msgspec.Raw = msgspec.Raw(b"{}")
    relationships: msgspec.Raw = msgspec.Raw(b"{}")


class Links(Struct, frozen=True):
    """Where the next page is."""

    next: str | None = None


class ApplicationAttributes(Struct, frozen=True, kw_only=True, rename="kebab"):
    """A job application."""

    # Unconfirmed.
    created_at: Moment | None = None
    updated_at: Moment | None = None
    changed_stage_at: Moment | None = None
    rejected_at: Moment | None = None
    referring_site: str | None = None


class ApplicationRelations(Struct, frozen=True, kw_only=True):
    """Whose application it is, for what, and where it stands."""

    candidate: ToOne
    job: ToOne
    stage: ToOne


class ApplicationData(Struct, frozen=True, kw_only=True):
    """A job application with its relationships."""

    id: Id
    attributes: ApplicationAttributes
    relationships: ApplicationRelations


class ApplicationAnswer(Struct, frozen=True, kw_only=True):
    """A job application and what came along."""

    data: ApplicationData
    included: tuple[Resource, ...] = ()


class RowData(Struct, frozen=True, kw_only=True):
    """A job application in a listing."""

    id: Id
    attributes: ApplicationAttributes


class CandidateAttributes(Struct, frozen=True, kw_only=True, rename="kebab"):
    """A candidate. PII class: identity and contact."""

    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None


class JobAttributes(Struct, frozen=True, kw_only=True, rename="kebab"):
    """A job."""

    title: str
    human_status: str


class StageAttributes(Struct, frozen=True, kw_only=True, rename="kebab"):
    """A stage."""

    name: str
    stage_type: str | None = None


class StageData(Struct, frozen=True, kw_only=True):
    """A stage in a listing."""

    id: Id
    attributes: StageAttributes


class FieldAttributes(Struct, frozen=True, kw_only=True, rename="kebab"):
    """The definition of a custom field."""

    api_name: Word
    name: str
    field_type: str
    owner_type: str


class FieldRelations(Struct, frozen=True, kw_only=True, rename="kebab"):
    """The options of a custom field."""

    custom_field_options: ToMany = ToMany()


class FieldData(Struct, frozen=True, kw_only=True):
    """A custom field."""

    id: Id
    attributes: FieldAttributes
    relationships: FieldRelations = FieldRelations()


class OptionAttributes(Struct, frozen=True):
    """An option of a custom field."""

    value: str


class ValueAttributes(Struct, frozen=True):
    """The value of a custom field; of other kinds than we write it may be anything."""

    value: str | int | float | bool | list[object] | dict[str, object] | None = None


class ValueRelations(Struct, frozen=True, kw_only=True, rename="kebab"):
    """Which custom field a value is of."""

    custom_field: ToOne


class ValueData(Struct, frozen=True, kw_only=True):
    """The value of a custom field on one candidate."""

    id: Id
    attributes: ValueAttributes
    relationships: ValueRelations


class NoteAttributes(Struct, frozen=True, kw_only=True, rename="kebab"):
    """A note. PII class: free text about a person."""

    note: str
    created_at: Moment


class NoteRelations(Struct, frozen=True, kw_only=True):
    """Whom a note is about, and who wrote it."""

    candidate: ToOne = ToOne()
    user: ToOne = ToOne()


class NoteData(Struct, frozen=True, kw_only=True):
    """A note with its relationships."""

    id: Id
    attributes: NoteAttributes
    relationships: NoteRelations = NoteRelations()


class CompanyAttributes(Struct, frozen=True):
    """The customer's account."""

    name: str


class CompanyData(Struct, frozen=True):
    """The customer's account."""

    attributes: CompanyAttributes


class One(Struct, Generic[T], frozen=True):
    """A document with one record."""

    data: T


class Page(Struct, Generic[T], frozen=True):
    """A document with a page of records."""

    data: tuple[T, ...]
    included: tuple[Resource, ...] = ()
    links: Links = Links()


class Subject(Struct, frozen=True):
    """The record that a webhook is about."""

    id: str | int


class Notice(Struct, frozen=True):
    """A company webhook, bare."""

    event_name: Word
    data: Subject | None = None
    id: str | int | None = None


class Wrapped(Struct, frozen=True):
    """A company webhook that came in a wrapping."""

    payload: Notice


class ProblemItem(Struct, frozen=True):
    """One of the mistakes of a request (JSON:API)."""

    code: str | int | None = None


class ProblemAnswer(Struct, frozen=True):
    """The body of an error (JSON:API)."""

    errors: tuple[ProblemItem, ...] = ()


def attributes_of(included: tuple[Resource, ...], reference: Reference | None, shape: type[T]) -> T:
    """The attributes of a record that came along.

    Raises:
        PayloadInvalid: it did not come, or is of another shape.
    """
    for one in included:
        if reference is not None and (one.type, one.id) == (reference.type, reference.id):
            try:
                return msgspec.json.decode(one.attributes, type=shape)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                raise PayloadInvalid("a record that came along is not what the ATS documents") from None
    raise PayloadInvalid("a record that was asked for did not come along")
