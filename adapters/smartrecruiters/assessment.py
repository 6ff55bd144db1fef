"""The two halves of SmartRecruiters' Assessment API: the one that it calls (no I/O), and the one that we call.

SmartRecruiters signs in to us with OAuth 2 client credentials: ``token`` gives it a bearer that needs no store, for it
is a time and its HMAC by the client secret.
"""

import hmac
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import parse_qs, unquote_plus

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
from adapters.kit.http import HttpClient, utc_now
from adapters.kit.oauth import OAuth
from adapters.kit.payload import decode
from adapters.kit.signatures import as_hex, signed_at_unix, verify_hmac
from adapters.smartrecruiters import orders

LIFETIME = timedelta(hours=1)
MOST_FORM = 10_000
MOST_FIELDS = 20
PURPOSE = b"evenhand.smartrecruiters.assessment."


class SmartRecruitersAssessments:
    """Implements ``AssessmentServer``. The secrets are the client secrets that Evenhand gave to SmartRecruiters."""

    names_applications = True

    def __init__(self, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._clock = clock

    @property
    def routes(self) -> tuple[tuple[str, str], ...]:
        """What SmartRecruiters calls with a bearer; ``token_route`` comes before."""
        return (orders.INTEGRATION, orders.PACKAGES, orders.ORDERS)

    @property
    def token_route(self) -> tuple[str, str]:
        """Where SmartRecruiters signs in."""
        return orders.TOKEN

    def token(self, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str]) -> Answer:
        """Answer a sign-in (RFC 6749, §4.4): the client secret stands in the form or in a Basic header."""
        form = _form(body)
        if form.get("grant_type") != ["client_credentials"]:
            return _json(400, {"error": "unsupported_grant_type"})
        given = _basic(headers.get("authorization", "")) or form.get("client_secret", [""])[0]
        matching = [secret for secret in secrets if secret and hmac.compare_digest(secret.encode(), given.encode())]
        if not matching:
            return _json(401, {"error": "invalid_client"})
        ends = str(int((self._clock() + LIFETIME).timestamp()))
        digest = hmac.new(matching[0].encode(), PURPOSE + ends.encode(), sha256).hexdigest()
        seconds = int(LIFETIME.total_seconds())
        return _json(200, {"access_token": f"{ends}.{digest}", "token_type": "Bearer", "expires_in": seconds})

    def authenticate(self, headers: Mapping[str, str], *, secrets: Sequence[str]) -> None:
        """Check the bearer that ``token`` gave.

        Raises:
            SignatureInvalid: none, not ours, or past its end.
        """
        scheme, _, value = headers.get("authorization", "").partition(" ")
        ends, _, digest = value.partition(".")
        if scheme.lower() != "bearer" or not ends.isascii():
            raise SignatureInvalid("the request has no bearer of ours")
        keys = [secret.encode() for secret in secrets]
        verify_hmac(PURPOSE + ends.encode(), signatures=[digest], keys=keys, encode=as_hex)
        if signed_at_unix(ends) <= self._clock():
            raise SignatureInvalid("the bearer has ended")

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
            case orders.PACKAGES:
                return ListOffers()
            case orders.ORDERS:
                return PlaceOrder(order=orders.to_order(decode(body, orders.OrderBody, what="the order")))
            case orders.INTEGRATION:
                return CheckConnection()
            case _:
                raise PayloadInvalid("the ATS asked for something that is not part of its assessments")

    def offers(self, offers: Sequence[AssessmentOffer]) -> Answer:
        """The packages."""
        return _json(200, orders.from_offers(offers))

    def ordered(self, order_id: str) -> Answer:
        """The order is taken."""
        return _json(201, orders.from_order(order_id))

    def refused(self, reason: str) -> Answer:
        """The order cannot be carried out."""
        return _json(422, {"message": reason})

    def status(self, report: OrderReport) -> Answer:
        """How far an order is."""
        return _json(200, orders.from_report(report))

    def acknowledged(self, order_id: str | None = None) -> Answer:  # noqa: ARG002 - the port's signature
        """Taken note of."""
        return _json(200, {})

    def unauthorised(self) -> Answer:
        """Wrong credentials."""
        return Answer(
            status=401, headers={"www-authenticate": "Bearer", "content-type": "application/json"}, body=b"{}"
        )


class SmartRecruitersReporter:
    """Implements ``AssessmentReporter``: puts the result of an order, whole, so that twice is once."""

    def __init__(self, http: HttpClient, *, oauth: OAuth | None = None) -> None:
        self._http = http
        self._oauth = oauth

    async def report(self, report: OrderReport) -> None:
        """Tell how an order stands.

        Raises:
            Refused: ``no_address``; the order did not come from SmartRecruiters.
            OutcomeUnknown: the request was sent and not answered.
        """
        if report.report_to is None:
            raise Refused("this order has no address for results", code="no_address")
        await self._http.write(orders.RESULT_METHOD, report.report_to, body=orders.from_report(report))

    async def aclose(self) -> None:
        """Release connections."""
        await self._http.aclose()
        if self._oauth is not None:
            await self._oauth.aclose()


def _form(body: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(body.decode("utf-8", "replace"), max_num_fields=MOST_FIELDS) if len(body) <= MOST_FORM else {}
    except ValueError:
        # More members than any sign-in has.
        return {}


def _basic(header: str) -> str:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return unquote_plus(b64decode(value, validate=True).decode().partition(":")[2])
    except ValueError:
        return ""


def _json(status: int, document: object) -> Answer:
    return Answer(status=status, headers={"content-type": "application/json"}, body=msgspec.json.encode(document))
