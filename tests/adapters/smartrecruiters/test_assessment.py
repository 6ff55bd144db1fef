"""SmartRecruiters' Assessment API: signing in to us, packages, orders, results."""

import json
from base64 import b64encode
from datetime import timedelta

import pytest

from adapters.contract.assessment import (
    AssessmentOffer,
    AssessmentReporter,
    AssessmentServer,
    CheckConnection,
    ListOffers,
    OrderReport,
    PlaceOrder,
    Progress,
)
from adapters.contract.errors import NotFound, OutcomeUnknown, PayloadInvalid, Refused, SignatureInvalid
from adapters.kit.setup import CredentialMissing, Setup
from adapters.smartrecruiters.assessment import SmartRecruitersAssessments
from adapters.smartrecruiters.vendor import make_reporter
from tests.adapters.smartrecruiters.world import running
from tests.adapters.suite import NOW

SECRET = "the-secret-that-we-gave"
FORM = f"grant_type=client_credentials&client_id=sr&client_secret={SECRET}".encode()
ORDER = (
    b'{"id":"order-1","packageId":"support-pilot","candidate":{"id":"cand-0001","firstName":"Amara","lastName":"Okafor",'
    b'"email":"amara.1@example.com"},"job":{"id":"job-0001","title":"Support agent"}}'
)


def server() -> SmartRecruitersAssessments:
    made: AssessmentServer = SmartRecruitersAssessments(clock=lambda: NOW)
    assert isinstance(made, SmartRecruitersAssessments)
    return made


def bearer(body: bytes = FORM, **headers: str) -> dict[str, str]:
    answer = server().token(headers, body, secrets=["another", SECRET])
    assert answer.status == 200
    return {"authorization": f"Bearer {json.loads(answer.body)['access_token']}"}


def test_signing_in() -> None:
    """The client secret, in the form or in a Basic header, gives a bearer that the other endpoints take."""
    server().authenticate(bearer(), secrets=[SECRET])
    basic = b64encode(f"sr:{SECRET}".encode()).decode()
    server().authenticate(bearer(b"grant_type=client_credentials", authorization=f"Basic {basic}"), secrets=[SECRET])


@pytest.mark.parametrize(
    ("body", "secrets", "status"),
    [
        (FORM, [], 401),
        (FORM, [""], 401),
        (FORM, ["another"], 401),
        (FORM.replace(b"the-secret-that-we-gave", b""), [""], 401),
        (b"grant_type=password", [SECRET], 400),
        (b"\xff\xfe", [SECRET], 400),
        (FORM + b"&x=" + b"y" * 20_000, [SECRET], 400),
        (FORM + b"&x=y" * 100, [SECRET], 400),
    ],
)
def test_not_signing_in(body: bytes, secrets: list[str], status: int) -> None:
    """Without the secret, or with another grant, there is no bearer; an empty secret admits nobody."""
    answer = server().token({}, body, secrets=secrets)
    assert answer.status == status
    assert b"access_token" not in answer.body


def test_every_changed_byte_of_a_bearer_is_refused() -> None:
    """A bearer with one bit changed, of another secret, past its end, or of no secret at all, is refused."""
    good = bearer()["authorization"]
    for at in range(len("Bearer "), len(good)):
        bent = good[:at] + chr(ord(good[at]) ^ 1) + good[at + 1 :]
        with pytest.raises(SignatureInvalid):
            server().authenticate({"authorization": bent}, secrets=[SECRET])
    late = SmartRecruitersAssessments(clock=lambda: NOW + timedelta(hours=1))
    with pytest.raises(SignatureInvalid):
        late.authenticate({"authorization": good}, secrets=[SECRET])
    for secrets in ([], [""], ["another"]):
        with pytest.raises(SignatureInvalid):
            server().authenticate({"authorization": good}, secrets=secrets)
    for header in ("", "Bearer", "Bearer .", f"Basic {good}", "Bearer é.0"):
        with pytest.raises(SignatureInvalid):
            server().authenticate({"authorization": header}, secrets=[SECRET])


def test_packages_and_orders() -> None:
    """Our programs are the packages; an order names candidate, job, package and where its result goes, twice the same."""
    assert isinstance(server().read("GET", "packages", {}, {}, b""), ListOffers)
    assert isinstance(server().read("POST", "integration", {}, {}, b"{}"), CheckConnection)
    listed = json.loads(server().offers([AssessmentOffer(id="support-pilot", name="First interview")]).body)
    assert [row["id"] for row in listed["content"]] == ["support-pilot"]
    first, second = [server().read("POST", "/orders", {}, {}, ORDER) for _ in range(2)]
    assert first == second
    assert isinstance(first, PlaceOrder)
    assert (first.order.dedupe, first.order.offer_id) == ("order-1", "support-pilot")
    assert first.order.application_id == "cand-0001:job-0001"
    assert first.order.report_to == "/assessments/v1/orders/order-1/results"
    assert server().ordered("int_1").status == 201
    assert server().refused("no such program").status == 422
    for method, path, body in (("GET", "orders", b""), ("POST", "orders", b"{}"), ("POST", "orders", b'{"id":"../x"}')):
        with pytest.raises(PayloadInvalid):
            server().read(method, path, {}, {}, body)


def done(**changes: object) -> OrderReport:
    told = {"order_id": "int_1", "progress": Progress.COMPLETED, "link": "https://evenhand.example.com/r/1", "at": 0}
    more = {"report_to": "/assessments/v1/orders/order-1/results", "band": "Solid", "score": 71.5, "bullets": ("one",)}
    return OrderReport(**{**told, **more, **changes})  # type: ignore[arg-type] # the members have several types


async def test_results() -> None:
    """A result is put as a whole; an unfinished one tells no score; a lost answer is unknown, and no address is refused."""
    async with running() as world:
        setup = Setup(
            base_url=world.base_url,
            credentials={"client_id": "client-for-tests", "client_secret": "client-secret-for-tests-01"},
            options={"token_url": f"{world.base_url}/identity/oauth/token"},
        )
        world.sim.orders.add("order-1")
        reporter: AssessmentReporter = make_reporter(setup)
        await reporter.report(done(progress=Progress.STARTED))
        await reporter.report(done())
        world.sim.faults.lose = 1
        with pytest.raises(OutcomeUnknown):
            await reporter.report(done())
        with pytest.raises(NotFound):
            await reporter.report(done(report_to="/assessments/v1/orders/order-2/results"))
        with pytest.raises(Refused):
            await reporter.report(done(report_to=None))
        with pytest.raises(Refused) as away:
            await reporter.report(done(report_to="https://elsewhere.example.net/results"))
        await reporter.aclose()
        started, *finished = world.sim.results["order-1"]
    assert away.value.code == "host_not_allowed"
    assert "score" not in started
    assert [one["scoreLabel"] for one in finished] == ["Solid", "Solid"]
    assert finished[0] == finished[1]


def test_an_api_key_tells_no_result() -> None:
    """Whoever has an API key alone hears at the start, and not when the first result is refused, what is missing."""
    setup = Setup(base_url="https://api.smartrecruiters.com", credentials={"api_key": "key"})
    with pytest.raises(CredentialMissing) as missing:
        make_reporter(setup)
    assert missing.value.name == "client_id"


async def test_results_go_by_oauth_beside_an_api_key() -> None:
    """The adapter may use an API key; a result is told with the OAuth credentials."""
    async with running() as world:
        setup = Setup(
            base_url=world.base_url,
            credentials={
                "api_key": "smart-token-for-tests-01",
                "client_id": "client-for-tests",
                "client_secret": "client-secret-for-tests-01",
            },
            options={"token_url": f"{world.base_url}/identity/oauth/token"},
        )
        world.sim.orders.add("order-1")
        reporter = make_reporter(setup)
        await reporter.report(done())
        await reporter.aclose()
        assert [one["status"] for one in world.sim.results["order-1"]] == ["COMPLETED"]
