"""Greenhouse's Assessment API as it documents it: four calls in, one call out, one order per address of completion."""

import json
from base64 import b64encode
from typing import Any

import httpx
import msgspec
import pytest

from adapters.contract.assessment import (
    AssessmentOffer,
    AssessmentReporter,
    AssessmentServer,
    ListOffers,
    OrderReport,
    PlaceOrder,
    Progress,
    ReadStatus,
    ReportProblem,
)
from adapters.contract.errors import (
    AdapterError,
    NotFound,
    OutcomeUnknown,
    PayloadInvalid,
    PermissionMissing,
    Refused,
    SignatureInvalid,
    Unavailable,
    Unsupported,
)
from adapters.greenhouse.assessment import GreenhouseAssessments, GreenhouseReporter
from tests.adapters.case import failing, status
from tests.adapters.greenhouse.world import running_world

KEY = "the-key-that-the-customer-entered"
URL = "https://app.greenhouse.io/integrations/testing_partners/take_home_tests/12345"
SEND_TEST: dict[str, Any] = {
    "partner_test_id": "support-pilot",
    "candidate": {
        "first_name": "Ada",
        "last_name": "Quill",
        "preferred_name": None,
        "resume_url": "https://files.example.org/cv.pdf",
        "phone_number": "+15550100",
        "email": "ada.quill@example.org",
        "greenhouse_profile_url": "https://app.greenhouse.io/people/265772?application_id=265277",
    },
    "sent_by": "recruiter@example.org",
    "url": URL,
}
REPORT = OrderReport(
    order_id="order-1",
    progress=Progress.COMPLETED,
    link="https://interviews.example.org/r/1",
    at=1_772_443_800_000,
    report_to=URL,
    band="Solid",
    score=71.5,
    subscores=(("Empathy", "3 of 5"), ("Judgement", "4 of 5")),
    bullets=("Asked before she answered.", "Named a limit."),
)
server: AssessmentServer = GreenhouseAssessments()


def document(answer: Any) -> Any:
    assert answer.headers["content-type"] == "application/json"
    return json.loads(answer.body)


def order(**changes: object) -> bytes:
    return msgspec.json.encode({**SEND_TEST, **changes})


def placed(body: bytes) -> Any:
    request = server.read("POST", "send_test", {}, {}, body)
    assert isinstance(request, PlaceOrder)
    return request.order


def test_four_addresses() -> None:
    """There is an address for each of the four calls."""
    assert server.routes == (
        ("GET", "list_tests"),
        ("POST", "send_test"),
        ("GET", "test_status"),
        ("POST", "response_error"),
    )


def header(pair: str) -> dict[str, str]:
    return {"authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def test_authentication() -> None:
    """The key is the user name and the password is empty; any current key counts."""
    server.authenticate(header(f"{KEY}:"), secrets=[KEY])
    server.authenticate(header(f"{KEY}:"), secrets=["next", KEY])
    for wrong in (
        {},
        header(KEY),
        header(f"{KEY}:x"),
        header(f":{KEY}"),
        header(f"{KEY} :"),
        header(":"),
        {"authorization": f"Bearer {KEY}"},
        {"authorization": header(f"{KEY}:")["authorization"] + "é\udc80"},
    ):
        with pytest.raises(SignatureInvalid):
            server.authenticate(wrong, secrets=[KEY])
    for nobody in ([], [""], ["", ""]):
        with pytest.raises(SignatureInvalid):
            server.authenticate(header(":"), secrets=nobody)


def test_every_changed_byte_of_the_key_is_refused() -> None:
    """One byte of the credentials changed is another key."""
    good = header(f"{KEY}:")["authorization"]
    for place in range(len(good)):
        bad = good[:place] + chr(ord(good[place]) ^ 1) + good[place + 1 :]
        with pytest.raises(SignatureInvalid):
            server.authenticate({"authorization": bad}, secrets=[KEY])


def test_list_tests() -> None:
    """An array of two texts each."""
    assert server.read("GET", "list_tests", {}, {}, b"") == ListOffers()
    offers = [AssessmentOffer(id="support-pilot", name="Support: first interview", description="20 minutes")]
    assert document(server.offers(offers)) == [
        {"partner_test_id": "support-pilot", "partner_test_name": "Support: first interview"}
    ]


def test_send_test() -> None:
    """Person and application come from the address of the profile; the address of completion tells orders apart."""
    found = placed(order())
    assert (found.dedupe, found.report_to, found.offer_id) == (URL, URL, "support-pilot")
    assert (found.candidate.id, found.application_id) == ("265772", "265277")
    assert (found.candidate.emails, found.candidate.phones) == (("ada.quill@example.org",), ("+15550100",))
    assert found.ordered_by == "recruiter@example.org"
    assert placed(order(sent_by="somebody.else@example.org")).dedupe == found.dedupe
    assert placed(order(url=f"{URL}6")).dedupe != found.dedupe
    assert document(server.ordered("order-1")) == {"partner_interview_id": "order-1"}
    assert server.ordered("order-1") == server.ordered("order-1")


@pytest.mark.parametrize(
    ("profile", "application"),
    [
        ("https://app.greenhouse.io/people/265772", None),
        ("https://app.greenhouse.io/people/265772/", None),
        ("https://app.greenhouse.io/people/265772?application_id=", None),
        ("https://app.greenhouse.io/people/265772?application_id=x", None),
        ("https://app.greenhouse.io/people/265772?a=b&application_id=7#tab", "7"),
    ],
)
def test_profiles(profile: str, application: str | None) -> None:
    """The application may be missing; the person may not."""
    found = placed(order(candidate={**SEND_TEST["candidate"], "greenhouse_profile_url": profile}))
    assert (found.candidate.id, found.application_id) == ("265772", application)


@pytest.mark.parametrize(
    "change",
    [
        *({"candidate": {**SEND_TEST["candidate"], "greenhouse_profile_url": bad}} for bad in ("", "x", "https://[x")),
        {"candidate": {**SEND_TEST["candidate"], "email": ""}},
        {"candidate": None},
        {"partner_test_id": 5},
        *({"url": bad} for bad in ("", None, "https://x:port/", "ftp://app.greenhouse.io/x", "take_home_tests/1")),
    ],
)
def test_orders_that_cannot_be_read(change: dict[str, object]) -> None:
    """An order in another shape is PayloadInvalid, and says no name and no address."""
    with pytest.raises(PayloadInvalid) as invalid:
        placed(order(**change))
    assert "quill" not in str(invalid.value).lower()


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        ("POST", "send_test", {}, b""),
        ("GET", "test_status", {}, b""),
        ("GET", "test_status", {"partner_interview_id": ""}, b""),
        ("GET", "test_status", {"partner_interview_id": "a\x00"}, b""),
        ("GET", "send_test", {}, b""),
        ("PATCH", "list_tests", {}, b""),
        ("POST", "response_error", {}, b'{"api_call":"x","errors":"y"}'),
    ],
)
def test_calls_that_are_none(method: str, path: str, query: dict[str, str], body: bytes) -> None:
    """Whatever is not one of the four calls is PayloadInvalid."""
    with pytest.raises(PayloadInvalid):
        server.read(method, path, query, {}, body)


def test_status_of_a_completed_test() -> None:
    """Status, link, score and metadata that is not nested, as the vendor checks it."""
    asked = server.read("GET", "test_status", {"partner_interview_id": "order-1"}, {}, b"")
    assert asked == ReadStatus(order_id="order-1")
    assert document(server.status(REPORT)) == {
        "partner_status": "complete",
        "partner_profile_url": "https://interviews.example.org/r/1",
        "partner_score": 71.5,
        "metadata": {
            "Band": "Solid",
            "Empathy": "3 of 5",
            "Judgement": "4 of 5",
            "Summary 1": "Asked before she answered.",
            "Summary 2": "Named a limit.",
            "Completed At": "2026-03-02 09:30 UTC",
        },
    }


@pytest.mark.parametrize("progress", [one for one in Progress if one is not Progress.COMPLETED])
def test_status_before_the_end(progress: Progress) -> None:
    """Nothing of a result is told before it is final."""
    told = document(server.status(msgspec.structs.replace(REPORT, progress=progress)))
    assert set(told) == {"partner_status", "partner_profile_url"}
    assert told["partner_status"] == progress.value != "complete"


def test_a_result_without_a_score() -> None:
    """An interview that nobody scored is complete without number or band."""
    told = document(server.status(msgspec.structs.replace(REPORT, score=None, band=None, subscores=(), bullets=())))
    assert set(told) == {"partner_status", "partner_profile_url", "metadata"}
    assert set(told["metadata"]) == {"Completed At"}


def test_response_error() -> None:
    """What Greenhouse could not read is told in its words, without the candidate's address."""
    body = {
        "api_call": "test_status",
        "errors": ["partner_status is missing"],
        "partner_interview_id": "order-1",
        "candidate_email": "ada.quill@example.org",
    }
    found = server.read("POST", "response_error", {}, {}, msgspec.json.encode(body))
    assert found == ReportProblem(problems=("partner_status is missing",), order_id="order-1")
    bare = server.read("POST", "response_error", {}, {}, b'{"api_call":"list_tests","errors":[]}')
    assert bare == ReportProblem(problems=())
    assert (server.acknowledged().status, document(server.acknowledged())) == (200, {"status": 200})


def test_refusals() -> None:
    """The two documented refusals: 404 and 401."""
    assert server.refused("there is no such test").status == 404
    assert server.unauthorised().status == 401


async def test_completion_over_http() -> None:
    """The key that Greenhouse issued completes, twice if need be; the customer's own key may not."""
    async with running_world() as world:
        report = msgspec.structs.replace(REPORT, report_to=f"{world.base_url}{httpx.URL(URL).path}")
        reporter: AssessmentReporter = GreenhouseReporter(world.model.partner_key, base_url=world.base_url)
        for _ in range(2):
            await reporter.report(report)
        assert world.model.completed == [12345, 12345]
        world.model.lose = 1
        with pytest.raises(OutcomeUnknown):
            await reporter.report(report)
        await reporter.aclose()
        customer = GreenhouseReporter(KEY, base_url=world.base_url)
        with pytest.raises(PermissionMissing):
            await customer.report(report)
        await customer.aclose()


@pytest.mark.parametrize(
    ("report", "refusal"),
    [
        (msgspec.structs.replace(REPORT, report_to=None), Refused),
        *(
            (msgspec.structs.replace(REPORT, progress=one), Unsupported)
            for one in Progress
            if one is not Progress.COMPLETED
        ),
    ],
)
async def test_nothing_else_is_told(report: OrderReport, refusal: type[AdapterError]) -> None:
    """Only a completed test is told, and only where Greenhouse said where; nobody claims that more was told."""
    transport = status(200)
    with pytest.raises(refusal):
        await GreenhouseReporter("key", transport=transport).report(report)
    assert transport.requests == []


async def test_the_key_goes_nowhere_else() -> None:
    """An order that names another host does not get our key."""
    transport = status(200)
    reporter = GreenhouseReporter("key", transport=transport)
    for elsewhere in (
        "https://evil.example/x",
        "http://app.greenhouse.io/x",
        "https://app.greenhouse.io@evil.example/",
    ):
        with pytest.raises(Refused) as refused:
            await reporter.report(msgspec.structs.replace(REPORT, report_to=elsewhere))
        assert refused.value.code == "host_not_allowed"
    assert transport.requests == []
    await reporter.report(REPORT)
    (request,) = transport.requests
    assert (request.method, str(request.url), request.content) == ("PATCH", URL, b"")


async def test_errors_of_completion() -> None:
    """Not sent is Unavailable, gone is NotFound, and a server error leaves the outcome unknown."""
    for transport, error in (
        (failing(httpx.ConnectError("no")), Unavailable),
        (status(404), NotFound),
        (status(500), OutcomeUnknown),
    ):
        with pytest.raises(error):
            await GreenhouseReporter("key", transport=transport).report(REPORT)
