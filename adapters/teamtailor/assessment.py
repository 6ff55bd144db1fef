"""The two halves of Teamtailor's partner API: the one that it calls (no I/O), and the one that we call."""

import hmac
from collections.abc import Mapping, Sequence

import msgspec

from adapters.contract.assessment import (
    AssessmentOffer,
    CheckConnection,
    ListOffers,
    OrderReport,
    PartnerRequest,
    PlaceOrder,
)
from adapters.contract.delivery import Answer
from adapters.contract.errors import PayloadInvalid, Refused, SignatureInvalid
from adapters.kit.http import HttpClient
from adapters.kit.payload import decode
from adapters.teamtailor import orders


class TeamtailorAssessments:
    """Implements ``AssessmentServer``. The secrets are the provider keys of the customer."""

    names_applications = False

    @property
    def routes(self) -> tuple[tuple[str, str], ...]:
        """What Teamtailor calls."""
        return (orders.WEBHOOK, orders.CONFIG, orders.ACTIVATION)

    def authenticate(self, headers: Mapping[str, str], *, secrets: Sequence[str]) -> None:
        """Check the provider key.

        Raises:
            SignatureInvalid: none, or not one of ours.
        """
        scheme, _, value = headers.get("authorization", "").partition(" ")
        given = value.encode("utf-8", "surrogatepass")
        # Every key is looked at, so that the time taken does not tell which one it was.
        matches = [hmac.compare_digest(secret.encode(), given) for secret in secrets if secret]
        if scheme.lower() != "bearer" or not any(matches):
            raise SignatureInvalid("the request has no provider key of ours")

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
            PayloadInvalid: no such request, or not the shape of an order.
        """
        match (method.upper(), path.strip("/")):
            case orders.WEBHOOK:
                return PlaceOrder(order=orders.to_order(decode(body, orders.OrderBody, what="the order")))
            case orders.CONFIG:
                return ListOffers()
            case orders.ACTIVATION:
                return CheckConnection()
            case _:
                raise PayloadInvalid("the ATS asked for something that is not part of its assessments")

    def offers(self, offers: Sequence[AssessmentOffer]) -> Answer:
        """The form with our interviews."""
        return _json(200, orders.from_offers(offers))

    def ordered(self, order_id: str) -> Answer:
        """The order is taken."""
        return _json(200, {"id": order_id})

    def refused(self, reason: str) -> Answer:
        """The order cannot be carried out."""
        return _json(422, {"error": reason})

    def status(self, report: OrderReport) -> Answer:
        """How far an order is."""
        return _json(200, orders.from_report(report))

    def acknowledged(self, order_id: str | None = None) -> Answer:  # noqa: ARG002 - the port's signature
        """Taken note of."""
        return _json(200, {})

    def unauthorised(self) -> Answer:
        """Wrong credentials."""
        return _json(401, {"error": "unauthorized"})


class TeamtailorReporter:
    """Implements ``AssessmentReporter``: sets the result at the address that came with the order."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    async def report(self, report: OrderReport) -> None:
        """Tell how an order stands.

        Raises:
            Refused: ``no_address`` where the order named none, ``host_not_allowed`` where it is not Teamtailor's.
            OutcomeUnknown: the request was sent and not answered.
        """
        if report.report_to is None:
            raise Refused("this order has no address for results", code="no_address")
        await self._http.write(orders.RESULT_METHOD, report.report_to, body=orders.from_report(report))

    async def aclose(self) -> None:
        """Release connections."""
        await self._http.aclose()


def _json(status: int, document: object) -> Answer:
    return Answer(status=status, headers={"content-type": "application/json"}, body=msgspec.json.encode(document))
