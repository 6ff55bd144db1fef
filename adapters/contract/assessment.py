"""Assessments that a recruiter orders in the ATS: the ATS asks us which there are, orders one, and is told of the result.

Vendors differ in addresses, words and order of calls; the five requests below are what all of them mean.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol, runtime_checkable

from msgspec import Struct

from adapters.contract.delivery import Answer
from adapters.contract.model import Candidate, Job


class AssessmentOffer(Struct, frozen=True, kw_only=True):
    """An interview that can be ordered: ``id`` is ours and stable, ``name`` is what the recruiter chooses by."""

    id: str
    name: str
    description: str = ""


class Order(Struct, frozen=True, kw_only=True):
    """An order as the vendor sent it. PII class: identity and contact (through ``candidate``).

    ``dedupe`` is the same for the same order sent twice; ``report_to`` is where results go, if the vendor says it with
    the order; ``application_id`` is the vendor's, None where the order does not name one. ``reusable`` where the vendor
    has no id of an order and ``dedupe`` is made of what is ordered for whom: once such an order is over, the same key
    is a new order.
    """

    dedupe: str
    offer_id: str
    candidate: Candidate
    job: Job | None = None
    application_id: str | None = None
    report_to: str | None = None
    ordered_by: str | None = None
    reusable: bool = False


class ListOffers(Struct, frozen=True, tag=True):
    """Which interviews can be ordered?"""


class PlaceOrder(Struct, frozen=True, tag=True):
    """Interview this candidate."""

    order: Order


class ReadStatus(Struct, frozen=True, tag=True):
    """How far is the order with our id?"""

    order_id: str


class CancelOrder(Struct, frozen=True, tag=True):
    """The order with our id is not wanted any more."""

    order_id: str


class ReportProblem(Struct, frozen=True, tag=True):
    """The vendor could not read what we answered; ``problems`` are its words, ``order_id`` ours where it names one."""

    problems: tuple[str, ...]
    order_id: str | None = None


class CheckConnection(Struct, frozen=True, tag=True):
    """Is anybody there, and are these credentials right?"""


PartnerRequest = ListOffers | PlaceOrder | ReadStatus | CancelOrder | ReportProblem | CheckConnection


class Progress(StrEnum):
    """How far an order is."""

    WAITING = "waiting"  # the candidate was invited
    STARTED = "started"  # the candidate has begun
    COMPLETED = "completed"  # a result is final
    CANCELLED = "cancelled"  # nothing will come


class OrderReport(Struct, frozen=True, kw_only=True):
    """What is told about an order. ``score`` is in percent; ``band``, ``subscores`` and ``bullets`` only when completed.

    ``link`` is where a recruiter reads more, ``at`` the time of this state in milliseconds since 1970.
    """

    order_id: str
    progress: Progress
    link: str
    at: int
    offer_id: str = ""
    report_to: str | None = None
    band: str | None = None
    score: float | None = None
    subscores: tuple[tuple[str, str], ...] = ()
    bullets: tuple[str, ...] = ()


class AssessmentServer(Protocol):
    """The half that the vendor calls. No I/O: requests in, meanings out; meanings in, answers out."""

    @property
    def names_applications(self) -> bool:
        """Whether its orders say for which application they are."""
        ...

    @property
    def routes(self) -> tuple[tuple[str, str], ...]:
        """Method and path below the connection's own address, such as ``("GET", "tests")``."""
        ...

    def authenticate(self, headers: Mapping[str, str], *, secrets: Sequence[str]) -> None:
        """Check the vendor's credentials in constant time; raises SignatureInvalid. Empty secrets admit nobody."""
        ...

    def read(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> PartnerRequest:
        """What an authenticated request means.

        Raises:
            PayloadInvalid: no such request, or not the documented shape.
            SignatureInvalid: the credentials are over the body, and they are wrong.
        """
        ...

    def offers(self, offers: Sequence[AssessmentOffer]) -> Answer:
        """Answer to ListOffers."""
        ...

    def ordered(self, order_id: str) -> Answer:
        """Answer to PlaceOrder, the same for the same order however often it comes."""
        ...

    def refused(self, reason: str) -> Answer:
        """Answer to an order that cannot be carried out; the recruiter reads ``reason``."""
        ...

    def status(self, report: OrderReport) -> Answer:
        """Answer to ReadStatus."""
        ...

    def acknowledged(self, order_id: str | None = None) -> Answer:
        """Answer to CancelOrder (with the order's id), ReportProblem and CheckConnection."""
        ...

    def unauthorised(self) -> Answer:
        """Answer to wrong credentials."""
        ...


@runtime_checkable
class TokenIssuer(Protocol):
    """An assessment server to which the vendor signs in first: the token that it gets is what authenticates it."""

    @property
    def token_route(self) -> tuple[str, str]:
        """Method and path of the sign-in, beside the routes."""
        ...

    def token(self, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str]) -> Answer:
        """Answer a sign-in, a wrong one too; empty secrets admit nobody."""
        ...


class AssessmentReporter(Protocol):
    """The half that we call: tells the ATS how an order stands."""

    async def report(self, report: OrderReport) -> None:
        """Tell it; telling it twice changes nothing.

        Raises:
            OutcomeUnknown: the request was sent and not answered.
        """
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...


class OrderPage(Struct, frozen=True, kw_only=True):
    """A page of open orders; ``cursor`` asks for the next, None where there is none.

    ``unreadable`` is how many more it has that are not as the vendor documents them: none of them hides the others.
    """

    orders: tuple[Order, ...]
    cursor: str | None = None
    unreadable: int = 0


@runtime_checkable
class OrderBook(Protocol):
    """A reporter of an ATS that keeps the list of what can be ordered, and its open orders, for us to look at."""

    async def publish(self, offers: Sequence[AssessmentOffer]) -> None:
        """Put the whole list in place of the one before; putting the same list again changes nothing.

        Raises:
            OutcomeUnknown: the request was sent and not answered.
        """
        ...

    async def open_orders(self, cursor: str | None) -> OrderPage:
        """A page of orders that nobody answered yet; None asks for the first."""
        ...
