"""Greenhouse's Assessment API: Greenhouse asks us for tests, sends one, asks how it stands. All of it is documented.

Greenhouse gives no id to an order; the address at which it wants to hear of completion is one per test that was sent,
so that address tells an order that comes twice.
"""

import hmac
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
from msgspec import Struct

from adapters.contract.assessment import (
    AssessmentOffer,
    ListOffers,
    Order,
    OrderReport,
    PartnerRequest,
    PlaceOrder,
    Progress,
    ReadStatus,
    ReportProblem,
)
from adapters.contract.delivery import Answer
from adapters.contract.errors import PayloadInvalid, Refused, SignatureInvalid, Unsupported
from adapters.contract.model import Candidate
from adapters.kit.http import HttpClient
from adapters.kit.payload import Word, decode

APP = "https://app.greenhouse.io"
COMPLETE = "complete"
"""The one status that means something to Greenhouse; our own word stands for every other."""
TEST, INTERVIEW = "partner_test_id", "partner_interview_id"
JSON = {"content-type": "application/json"}
_PERSON = re.compile(r"/people/([0-9]{1,19})/?")
_NUMBER = re.compile(r"[0-9]{1,19}")
_PLAIN = re.compile(r"[!-~]{1,255}")


class _Person(Struct, frozen=True, kw_only=True):
    first_name: str
    last_name: str
    email: Word
    greenhouse_profile_url: Word
    phone_number: str | None = None


class _SendTest(Struct, frozen=True, kw_only=True):
    partner_test_id: Word
    candidate: _Person
    url: Word
    sent_by: str | None = None


class _ResponseError(Struct, frozen=True, kw_only=True):
    api_call: str
    errors: tuple[str, ...]
    partner_interview_id: Word | None = None


class GreenhouseAssessments:
    """The half that Greenhouse calls; implements ``AssessmentServer``."""

    names_applications = True

    @property
    def routes(self) -> tuple[tuple[str, str], ...]:
        """The four addresses that Greenhouse's partner team enters."""
        return (("GET", "list_tests"), ("POST", "send_test"), ("GET", "test_status"), ("POST", "response_error"))

    def authenticate(self, headers: Mapping[str, str], *, secrets: Sequence[str]) -> None:
        """Check the Basic header: the customer's key as user name, no password; raises SignatureInvalid."""
        given = headers.get("authorization", "").encode("utf-8", "surrogatepass")
        valid = False
        for secret in secrets:
            valid |= hmac.compare_digest(given, basic(secret).encode()) and bool(secret)
        if not valid:
            raise SignatureInvalid("the key of the request is none of this connection's")

    def read(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],  # noqa: ARG002 - the port's signature
        body: bytes,
    ) -> PartnerRequest:
        """What an authenticated request means; raises PayloadInvalid."""
        match (method, path.strip("/")):
            case ("GET", "list_tests"):
                return ListOffers()
            case ("POST", "send_test"):
                return PlaceOrder(order=to_order(decode(body, _SendTest, what="the order")))
            case ("GET", "test_status"):
                return ReadStatus(order_id=_asked(query))
            case ("POST", "response_error"):
                problem = decode(body, _ResponseError, what="the report")
                return ReportProblem(problems=problem.errors, order_id=problem.partner_interview_id)
        raise PayloadInvalid("Greenhouse's Assessment API has no such call")

    def offers(self, offers: Sequence[AssessmentOffer]) -> Answer:
        """Answer to list_tests."""
        return _json([{TEST: offer.id, "partner_test_name": offer.name} for offer in offers])

    def ordered(self, order_id: str) -> Answer:
        """Answer to send_test; no other key may be in it."""
        return _json({INTERVIEW: order_id})

    def refused(self, reason: str) -> Answer:
        """Answer to an order for a test that is not there, or a question about one; 404 is the documented status."""
        return _json({"errors": [reason]}, status=404)

    def status(self, report: OrderReport) -> Answer:
        """Answer to test_status. ``metadata`` may not be nested; Greenhouse shows its keys and values as they are."""
        if report.progress is not Progress.COMPLETED:
            return _json({"partner_status": report.progress.value, "partner_profile_url": report.link})
        finished = datetime.fromtimestamp(report.at / 1000, UTC)
        metadata: dict[str, str] = dict(report.subscores)
        metadata |= {f"Summary {number}": text for number, text in enumerate(report.bullets, start=1)}
        metadata |= {"Completed At": f"{finished:%Y-%m-%d %H:%M} UTC"}
        metadata |= {} if report.band is None else {"Band": report.band}
        score = {} if report.score is None else {"partner_score": report.score}
        return _json({"partner_status": COMPLETE, "partner_profile_url": report.link, **score, "metadata": metadata})

    def acknowledged(self, order_id: str | None = None) -> Answer:  # noqa: ARG002 - the port's signature
        """Answer to response_error."""
        return _json({"status": 200})

    def unauthorised(self) -> Answer:
        """Answer to a wrong key."""
        return Answer(status=401, headers={"www-authenticate": 'Basic realm="assessments"'})


class GreenhouseReporter:
    """The half that we call; implements ``AssessmentReporter``.

    ``key`` is the credential that Greenhouse issued to us, not the one that the customer entered there. Only addresses
    of ``base_url`` are called, whatever an order says.
    """

    def __init__(self, key: str, *, base_url: str = APP, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._http = HttpClient(base_url, headers={"Authorization": basic(key)}, transport=transport)

    async def report(self, report: OrderReport) -> None:
        """Tell that a test is complete; Greenhouse then asks for its status.

        Raises:
            Unsupported: not complete; it wants to hear of nothing else.
            Refused: ``host_not_allowed`` where the address is not Greenhouse's, ``no_address`` where the order had none;
                nothing was sent.
            OutcomeUnknown: the request was sent and not answered.
        """
        if report.progress is not Progress.COMPLETED:
            raise Unsupported("telling anything but completion")
        if report.report_to is None:
            raise Refused("this order has no address for its completion", code="no_address")
        await self._http.write("PATCH", report.report_to, body=None)

    async def aclose(self) -> None:
        """Release connections."""
        await self._http.aclose()


def basic(key: str) -> str:
    """A Basic header with the key as user name and no password."""
    return f"Basic {b64encode(f'{key}:'.encode()).decode()}"


def to_order(sent: _SendTest) -> Order:
    """Turn an order into the contract's. Person and application are numbers in the address of the profile.

    Raises:
        PayloadInvalid: the address names nobody, or that of completion is none.
    """
    person, application = _profile(sent.candidate.greenhouse_profile_url)
    if not _is_address(sent.url):
        raise PayloadInvalid("the order: the address of completion is none")
    return Order(
        dedupe=sent.url,
        offer_id=sent.partner_test_id,
        candidate=Candidate(
            id=person,
            first_name=sent.candidate.first_name,
            last_name=sent.candidate.last_name,
            emails=(sent.candidate.email,),
            phones=(sent.candidate.phone_number,) if sent.candidate.phone_number else (),
        ),
        application_id=application,
        report_to=sent.url,
        ordered_by=sent.sent_by,
    )


def _profile(url: str) -> tuple[str, str | None]:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise PayloadInvalid("the order: the profile's address is none") from None
    person = _PERSON.fullmatch(parts.path)
    if person is None:
        raise PayloadInvalid("the order: the profile's address names nobody")
    told = parse_qs(parts.query).get("application_id", [""])[0]
    return person.group(1), told if _NUMBER.fullmatch(told) else None


def _is_address(text: str) -> bool:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        return False
    return url.scheme in {"http", "https"} and bool(url.host)


def _asked(query: Mapping[str, str]) -> str:
    asked = query.get(INTERVIEW, "")
    if not _PLAIN.fullmatch(asked):
        raise PayloadInvalid(f"{INTERVIEW} is none of ours")
    return asked


def _json(document: object, *, status: int = 200) -> Answer:
    return Answer(status=status, headers=JSON, body=msgspec.json.encode(document))
