"""The server that Workable's assessment integration calls, and the result that goes back. The words are in orders.py."""

import hmac
from collections.abc import Mapping, Sequence

import httpx
import msgspec

from adapters.contract.assessment import AssessmentOffer, ListOffers, OrderReport, PartnerRequest, PlaceOrder
from adapters.contract.delivery import Answer
from adapters.contract.errors import PayloadInvalid, Refused, SignatureInvalid, Unsupported
from adapters.kit.http import HttpClient
from adapters.kit.payload import decode
from adapters.workable import orders

BEARER = "bearer"
JSON = {"content-type": "application/json"}


class WorkableAssessments:
    """What Workable asks: which tests there are, and to assess somebody. It neither asks how far one is nor gives up."""

    names_applications = False
    routes = (("GET", "tests"), ("POST", "assessments"))

    def authenticate(self, headers: Mapping[str, str], *, secrets: Sequence[str]) -> None:
        """Check the bearer token that the customer's admin gave to Workable.

        Raises:
            SignatureInvalid: no token, or none of ours.
        """
        scheme, _, rest = headers.get("authorization", "").partition(" ")
        token = rest.encode("utf-8", "surrogatepass") if scheme.lower() == BEARER else b""
        valid = False
        for secret in secrets:
            # No early end: the time taken must not tell which token matched.
            valid |= hmac.compare_digest(secret.encode(), token) and bool(secret)
        if not valid:
            raise SignatureInvalid("the token is not the one of this connection")

    def read(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],  # noqa: ARG002 - the port's signature
        headers: Mapping[str, str],  # noqa: ARG002 - the port's signature
        body: bytes,
    ) -> PartnerRequest:
        """What a request means.

        Raises:
            PayloadInvalid: none of the routes, or an order in another shape.
        """
        match (method, path.strip("/")):
            case ("GET", "tests"):
                return ListOffers()
            case ("POST", "assessments"):
                return PlaceOrder(order=orders.to_order(decode(body, orders.OrderBody, what="the order")))
            case _:
                raise PayloadInvalid("Workable has no such request")

    def offers(self, offers: Sequence[AssessmentOffer]) -> Answer:
        """The tests that can be chosen for a job."""
        tests = [{orders.TEST_ID: offer.id, orders.TEST_NAME: offer.name} for offer in offers]
        return _answer(200, {orders.TESTS: tests})

    def ordered(self, order_id: str) -> Answer:
        """The order is taken."""
        return _answer(200, {orders.ORDER_ID: order_id})

    def refused(self, reason: str) -> Answer:
        """The order is not taken."""
        return _answer(422, {"error": reason})

    def status(self, report: OrderReport) -> Answer:  # noqa: ARG002 - the port's signature
        """Nothing: Workable does not ask."""
        return _answer(404, {"error": "not found"})

    def acknowledged(self, order_id: str | None = None) -> Answer:  # noqa: ARG002 - the port's signature
        """Nothing to say."""
        return _answer(200, {})

    def unauthorised(self) -> Answer:
        """The token is wrong."""
        return _answer(401, {"error": "unauthorized"})


class WorkableReporter:
    """Sends results to the address that came with the order. ``http`` carries the token of the integration."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    async def report(self, report: OrderReport) -> None:
        """Tell how an order stands; PUT, so that twice changes nothing.

        Raises:
            Unsupported: an order that was given up: Workable has no word for it.
            Refused: the order had no address, or not one of Workable's.
            OutcomeUnknown: the request was sent and not answered.
        """
        if report.progress not in orders.PROGRESS:
            raise Unsupported("telling that an assessment was given up")
        try:
            address = httpx.URL(report.report_to or "")
        except httpx.InvalidURL:
            address = httpx.URL("")
        if not address.host:
            raise Refused("the order came without an address for its result", code="no_callback")
        await self._http.write("PUT", str(address), body=orders.to_result(report))

    async def aclose(self) -> None:
        """Release connections."""
        await self._http.aclose()


def _answer(status: int, document: object) -> Answer:
    return Answer(status=status, headers=JSON, body=msgspec.json.encode(document))
