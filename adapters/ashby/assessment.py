"""Ashby Assessments: Ashby asks us which interviews there are and orders one; we tell it how the order stands.

Ids of offers and orders must be UUIDs: Ashby's schema says so. Ashby sends no id of an order, so the same application and
the same offer are the same order for as long as it is open.
"""

import hmac
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping, Sequence

import httpx
import msgspec
from msgspec import Struct

from adapters.ashby import reports
from adapters.ashby.client import connect
from adapters.contract.assessment import (
    AssessmentOffer,
    CancelOrder,
    ListOffers,
    Order,
    OrderReport,
    PartnerRequest,
    PlaceOrder,
)
from adapters.contract.delivery import Answer
from adapters.contract.errors import PayloadInvalid, SignatureInvalid
from adapters.contract.model import Candidate, Job, JobStatus
from adapters.kit.payload import Word, decode

LIST, START, CANCEL = "assessment.list", "assessment.start", "assessment.cancel"


class _Candidate(Struct, frozen=True):
    """PII class: identity and contact."""

    ashby_id: Word
    first_name: str
    last_name: str
    email: str


class _Application(Struct, frozen=True):
    ashby_id: Word


class _Job(Struct, frozen=True):
    ashby_id: Word
    name: str
    req_id: str | None = None


class _Start(Struct, frozen=True):
    assessment_type_id: Word
    candidate: _Candidate
    application: _Application
    job: _Job


class _Cancel(Struct, frozen=True):
    assessment_id: Word


class AshbyAssessments:
    """The half that Ashby calls; implements ``AssessmentServer``."""

    names_applications = True

    @property
    def routes(self) -> tuple[tuple[str, str], ...]:
        """Three calls over POST."""
        return (("POST", LIST), ("POST", START), ("POST", CANCEL))

    def authenticate(self, headers: Mapping[str, str], *, secrets: Sequence[str]) -> None:
        """Check the key that the customer gave to Ashby. Basic (key as user name) or Bearer: which, is not confirmed.

        Raises:
            SignatureInvalid: no key, or another one.
        """
        presented = _presented(headers.get("authorization", "")).encode("utf-8", "surrogatepass")
        valid = False
        for secret in secrets:
            # No early end: the time taken must not tell which secret matched.
            valid |= hmac.compare_digest(presented, secret.encode()) and bool(secret)
        if not valid:
            raise SignatureInvalid("the key is not the one of this connection")

    def read(
        self,
        method: str,  # noqa: ARG002 - the port's signature; the routes allow POST only
        path: str,
        query: Mapping[str, str],  # noqa: ARG002 - the port's signature; Ashby sends none
        headers: Mapping[str, str],  # noqa: ARG002 - the port's signature
        body: bytes,
    ) -> PartnerRequest:
        """What a call means.

        Raises:
            PayloadInvalid: no such call, or not the documented shape.
        """
        match path.strip("/"):
            case "assessment.list":
                return ListOffers()
            case "assessment.start":
                return PlaceOrder(_order(decode(body, _Start, what="the order")))
            case "assessment.cancel":
                return CancelOrder(decode(body, _Cancel, what="the cancellation").assessment_id)
            case _:
                raise PayloadInvalid("Ashby has no such call")

    def offers(self, offers: Sequence[AssessmentOffer]) -> Answer:
        """Answer to assessment.list."""
        return _results(
            [{"assessment_type_id": one.id, "name": one.name, "description": one.description} for one in offers]
        )

    def ordered(self, order_id: str) -> Answer:
        """Answer to assessment.start."""
        return _results({"assessment_id": order_id})

    def refused(self, reason: str) -> Answer:
        """Answer to an order that cannot be carried out: Ashby shows the message of a 422 to the user."""
        return _json(422, {"message": reason})

    def status(self, report: OrderReport) -> Answer:
        """How an order stands; Ashby never asks, so this is what it would be told."""
        return _results({"assessment_id": report.order_id, "update_request": reports.to_update(report)})

    def acknowledged(self, order_id: str | None = None) -> Answer:
        """Answer to assessment.cancel; with the order's id it is the documented envelope to the letter."""
        return _results({} if order_id is None else {"assessment_id": order_id})

    def unauthorised(self) -> Answer:
        """Answer to a wrong key."""
        return _json(401, {"success": False, "errors": ["unauthorized"]})


class AshbyReporter:
    """The half that we call; implements ``AssessmentReporter``. ``api_key`` is the customer's (candidatesWrite)."""

    def __init__(self, base_url: str, api_key: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._client = connect(base_url, api_key, transport=transport)

    async def report(self, report: OrderReport) -> None:
        """Tell how the order stands. The same report is the same update, under the same time.

        Raises:
            OutcomeUnknown: the request was sent and not answered.
        """
        await self._client.update_assessment(reports.to_update(report))

    async def aclose(self) -> None:
        """Release connections."""
        await self._client.aclose()


def _order(start: _Start) -> Order:
    person, job = start.candidate, start.job
    return Order(
        dedupe=f"{start.application.ashby_id}:{start.assessment_type_id}",
        offer_id=start.assessment_type_id,
        candidate=Candidate(
            id=person.ashby_id,
            first_name=person.first_name,
            last_name=person.last_name,
            emails=(person.email,) if person.email else (),
        ),
        # An order can be placed for a job in work only.
        job=Job(id=job.ashby_id, title=job.name, status=JobStatus.OPEN, requisition_ref=job.req_id),
        application_id=start.application.ashby_id,
        reusable=True,
    )


def _presented(header: str) -> str:
    scheme, _, rest = header.strip().partition(" ")
    match scheme.lower():
        case "bearer":
            return rest.strip()
        case "basic":
            try:
                return b64decode(rest.strip(), validate=True).decode().removesuffix(":")
            except (NotBase64, ValueError):
                return ""
        case _:
            return ""


def _results(results: object) -> Answer:
    return _json(200, {"success": True, "results": results})


def _json(status: int, document: object) -> Answer:
    return Answer(status=status, headers={"content-type": "application/json"}, body=msgspec.json.encode(document))
