"""What Ashby answers, as far as we read it: one struct per record, in Ashby's own words. Pure."""

from msgspec import Struct

from adapters.kit.payload import Moment


class Contact(Struct, frozen=True):
    """An address or a number. PII class: contact."""

    value: str


class StageAnswer(Struct, frozen=True):
    """A stage of an application, a row of interviewStage.list."""

    id: str
    title: str
    type: str


class NamedAnswer(Struct, frozen=True):
    """Anything of which the title is all we need."""

    title: str


class ReasonAnswer(Struct, frozen=True, rename="camel"):
    """Why an application ended."""

    reason_type: str


class FieldValueAnswer(Struct, frozen=True):
    """A custom field of an application; the value is of any kind."""

    id: str
    value: object = None


class PersonAnswer(Struct, frozen=True, rename="camel"):
    """A candidate inside an application. PII class: identity and contact."""

    id: str
    name: str
    primary_email_address: Contact | None = None
    primary_phone_number: Contact | None = None


class JobRef(Struct, frozen=True):
    """The job of an application."""

    id: str


class ApplicationAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """Results of application.info. PII class: identity and contact."""

    id: str
    updated_at: Moment
    status: str
    candidate: PersonAnswer
    current_interview_stage: StageAnswer
    job: JobRef
    source: NamedAnswer | None = None
    archive_reason: ReasonAnswer | None = None
    custom_fields: tuple[FieldValueAnswer, ...] = ()


class ApplicationRow(Struct, frozen=True, rename="camel"):
    """A row of application.list."""

    id: str
    updated_at: Moment


class HistoryRow(Struct, frozen=True, rename="camel"):
    """A row of application.listHistory."""

    id: str
    stage_id: str
    entered_stage_at: Moment
    stage_number: int
    left_stage_at: Moment | None = None


class CandidateAnswer(Struct, frozen=True, rename="camel"):
    """Results of candidate.info. PII class: contact."""

    email_addresses: tuple[Contact, ...] = ()
    phone_numbers: tuple[Contact, ...] = ()
    timezone: str | None = None


class LocationAnswer(Struct, frozen=True):
    """A place."""

    name: str


class JobAnswer(Struct, frozen=True, rename="camel"):
    """Results of job.info with its location."""

    id: str
    title: str
    status: str
    custom_requisition_id: str | None = None
    location: LocationAnswer | None = None


class PlanAnswer(Struct, frozen=True):
    """A row of interviewPlan.list."""

    id: str


class OptionAnswer(Struct, frozen=True, rename="camel"):
    """An option of a field."""

    value: str
    is_archived: bool = False


class FieldAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """A row of customField.list."""

    id: str
    title: str
    object_type: str
    field_type: str
    is_archived: bool = False
    selectable_values: tuple[OptionAnswer, ...] = ()


class AuthorAnswer(Struct, frozen=True, rename="camel"):
    """Who wrote a note."""

    first_name: str | None = None
    last_name: str | None = None


class NoteAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """A row of candidate.listNotes, results of candidate.createNote. PII class: free text about a person."""

    id: str
    created_at: Moment
    is_private: bool
    content: str | None = None
    author: AuthorAnswer | None = None


class KeyAnswer(Struct, frozen=True):
    """Results of apiKey.info."""

    title: str | None = None
    scopes: tuple[str, ...] | None = None


class WebhookAnswer(Struct, frozen=True, rename="camel"):
    """Results of webhook.info."""

    enabled: bool
    request_url: str
    webhook_type: str
