"""The shapes that SmartRecruiters sends, one struct each: a wrong name is corrected in one line.

Not confirmed by the vendor: the members of :class:`DeliveryIds` (an example shows that there are a job id and a candidate
id, not their names), of candidates, histories, jobs and properties (an old API description), of messages that are read,
``nextPageId``, and of errors (nobody but our memory).
"""

from typing import Annotated

from msgspec import Meta, Struct

from adapters.kit.payload import Moment, Word

# Half of what a stage entry or a cursor can hold: an application is a pair of these.
Id = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\A[A-Za-z0-9_-]+\Z")]


def pair(candidate_id: str, job_id: str) -> str:
    """The id of an application: SmartRecruiters has none, but a pair of ids."""
    return f"{candidate_id}:{job_id}"


class DeliveryIds(Struct, frozen=True, kw_only=True):
    """Whom a delivery is about; where the body does not say it, the signed Link header does."""

    job_id: Id | None = None
    candidate_id: Id | None = None


class JobRef(Struct, frozen=True):
    """The job of an assignment."""

    id: Id


class AssignmentAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """One application of a candidate."""

    job: JobRef | None = None
    status: Word
    sub_status: str | None = None
    source: str | None = None


class CandidateAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """A candidate with every application. PII class: identity and contact."""

    id: Id
    first_name: str
    last_name: str
    email: str | None = None
    phone_number: str | None = None
    # Unconfirmed.
    created_on: Moment | None = None
    updated_on: Moment | None = None
    primary_assignment: AssignmentAnswer | None = None
    secondary_assignments: tuple[AssignmentAnswer, ...] = ()

    def assignment(self, job_id: str) -> AssignmentAnswer | None:
        """The application to one job."""
        everything = (self.primary_assignment, *self.secondary_assignments)
        return next((one for one in everything if one and one.job and one.job.id == job_id), None)


class RowAssignment(Struct, frozen=True):
    """An application in a listing."""

    job: JobRef | None = None


class CandidateRow(Struct, frozen=True, kw_only=True, rename="camel"):
    """A candidate in a listing."""

    id: Id
    updated_on: Moment | None = None
    primary_assignment: RowAssignment | None = None
    secondary_assignments: tuple[RowAssignment, ...] = ()

    @property
    def application_ids(self) -> tuple[str, ...]:
        """Every application of the candidate."""
        everything = (self.primary_assignment, *self.secondary_assignments)
        return tuple(pair(self.id, one.job.id) for one in everything if one and one.job)


class CandidatePage(Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of candidates."""

    content: tuple[CandidateRow, ...]
    total_found: int = 0
    next_page_id: Word | None = None


class VisitAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """One line of the history of statuses."""

    changed_on: Moment
    status: Word
    sub_status: str | None = None


class HistoryAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of the history of statuses, or all of it."""

    content: tuple[VisitAnswer, ...]
    total_found: int = 0


class Labelled(Struct, frozen=True):
    """Something with a label."""

    label: str | None = None


class PlaceAnswer(Struct, frozen=True):
    """Where a job is."""

    city: str | None = None


class JobAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """A job."""

    id: Id
    title: str
    status: str
    ref_number: str | None = None
    department: Labelled | None = None
    location: PlaceAnswer | None = None


class ProcessAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """A hiring process; ``sub_statuses`` is by status."""

    sub_statuses: dict[str, tuple[Word, ...]] = {}


class ProcessPage(Struct, frozen=True):
    """Every hiring process."""

    content: tuple[ProcessAnswer, ...]


class PropertyAnswer(Struct, frozen=True):
    """The definition of a candidate property."""

    id: Word
    label: str
    type: str


class PropertyPage(Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of definitions."""

    content: tuple[PropertyAnswer, ...]
    total_found: int = 0


class OptionAnswer(Struct, frozen=True):
    """A value that may be chosen."""

    id: Word
    label: str


class OptionPage(Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of values that may be chosen."""

    content: tuple[OptionAnswer, ...]
    total_found: int = 0


class ValueAnswer(Struct, frozen=True):
    """The value of a property; an object where there is none, or where it is of a type that we do not map."""

    id: Word
    value: str | int | float | bool | dict[str, object] | list[object] | None = None


class ValuePage(Struct, frozen=True):
    """The properties of one application."""

    content: tuple[ValueAnswer, ...]


class ShareAnswer(Struct, frozen=True, rename="camel"):
    """Who may read a message."""

    everyone: bool = False
    open_note: bool = False


class AuthorAnswer(Struct, frozen=True, rename="camel"):
    """Who wrote a message."""

    id: str = ""
    first_name: str = ""
    last_name: str = ""


class MessageAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """A message. PII class: free text about a person."""

    id: Word
    content: str
    created_on: Moment
    creator: AuthorAnswer = AuthorAnswer()
    share_with: ShareAnswer = ShareAnswer()


class MessagePage(Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of messages."""

    content: tuple[MessageAnswer, ...]
    next_page_id: Word | None = None


class CreatedAnswer(Struct, frozen=True):
    """What a new message answers."""

    id: Word


class UserAnswer(Struct, frozen=True):
    """The user of the credentials."""

    id: Word


class CompanyAnswer(Struct, frozen=True):
    """The customer's account."""

    name: str


class SubscriptionEvent(Struct, frozen=True):
    """An event of a subscription."""

    name: str


class SubscriptionAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """A webhook subscription."""

    callback_url: str
    status: str
    events: tuple[SubscriptionEvent, ...] = ()


class SubscriptionPage(Struct, frozen=True):
    """Every webhook subscription."""

    content: tuple[SubscriptionAnswer, ...]


class ProblemItem(Struct, frozen=True):
    """One of the mistakes of a request."""

    code: str | None = None


class ProblemAnswer(Struct, frozen=True):
    """The body of an error."""

    errors: tuple[ProblemItem, ...] = ()
