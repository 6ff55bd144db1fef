"""The assessment server and the results that go back. The names in orders and results are the unconfirmed ones."""

import json

import pytest

from adapters.contract.assessment import (
    AssessmentOffer,
    AssessmentReporter,
    AssessmentServer,
    ListOffers,
    OrderReport,
    PlaceOrder,
    Progress,
)
from adapters.contract.errors import PayloadInvalid, Refused, SignatureInvalid, Unsupported
from adapters.kit.setup import CredentialMissing, Setup
from adapters.workable.vendor import assessment_reporter, assessment_server
from tests.adapters.workable.simulator import ASSESSMENT_TOKEN, TOKEN
from tests.adapters.workable.world import WorkableWorld, running_world

SERVER: AssessmentServer = assessment_server()


def order(body: bytes) -> PlaceOrder:
    meant = SERVER.read("POST", "assessments", {}, {}, body)
    assert isinstance(meant, PlaceOrder)
    return meant


def reporter(world: WorkableWorld) -> AssessmentReporter:
    return assessment_reporter(Setup(base_url=world.base_url, credentials={"assessment_token": ASSESSMENT_TOKEN}))


def report(progress: Progress, address: str | None) -> OrderReport:
    return OrderReport(
        order_id="o1",
        progress=progress,
        link="https://evenhand.example.com/r/1",
        at=0,
        report_to=address,
        band="Strong",
        score=81.5,
        subscores=(("Empathy", "4 of 5"),),
        bullets=("Asked before acting.",),
    )


def test_tests_are_listed() -> None:
    """The documented list: ids and names, nothing else."""
    assert SERVER.read("GET", "/tests", {}, {}, b"") == ListOffers()
    answer = SERVER.offers([AssessmentOffer(id="sdr", name="SDR interview", description="ours")])
    assert (answer.status, json.loads(answer.body)) == (200, {"tests": [{"id": "sdr", "name": "SDR interview"}]})


def test_tokens() -> None:
    """The bearer token must be one of this connection's; empty ones admit nobody."""
    right = {"authorization": "Bearer one"}
    SERVER.authenticate(right, secrets=["two", "one"])
    for headers, secrets in (
        (right, ["two"]),
        (right, []),
        ({}, ["one"]),
        ({"authorization": "one"}, ["one"]),
        ({"authorization": "Basic one"}, ["one"]),
        ({"authorization": "Bearer "}, [""]),
        ({"authorization": "Bearer on\udce9"}, ["one"]),
    ):
        with pytest.raises(SignatureInvalid):
            SERVER.authenticate(headers, secrets=secrets)
    assert SERVER.unauthorised().status == 401


async def test_orders() -> None:
    """The same order sent twice is one; another is another; the answer names ours."""
    async with running_world() as world:
        first, again, other = (order(world.vendor.order_body(number, "sdr")).order for number in (1, 1, 2))
    assert first == again
    assert first.dedupe != other.dedupe
    assert (first.offer_id, first.candidate.emails) == ("sdr", ("ada.quill@example.org",))
    assert first.job is not None
    assert first.report_to is not None
    answer = SERVER.ordered("o1")
    assert (answer.status, json.loads(answer.body)) == (200, {"assessment_id": "o1"})
    assert json.loads(SERVER.refused("no such test").body) == {"error": "no such test"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "assessments", b"{}"),
        ("POST", "assessments", b"not json"),
        (
            "POST",
            "assessments",
            b'{"test_id": 1, "callback_url": "file:///etc", "candidate": {"email": "a@b.example"}}',
        ),
        ("POST", "tests", b""),
        ("GET", "assessments", b""),
    ],
)
def test_other_requests(method: str, path: str, body: bytes) -> None:
    """What is no documented request is refused."""
    with pytest.raises(PayloadInvalid):
        SERVER.read(method, path, {}, {}, body)


async def test_results_go_back() -> None:
    """Waiting first, then the result; telling it twice changes nothing."""
    async with running_world() as world:
        placed = order(world.vendor.order_body(1, "sdr")).order
        ours = reporter(world)
        await ours.report(report(Progress.WAITING, placed.report_to))
        assert world.vendor.results["1"] == {"status": "pending", "results_url": "https://evenhand.example.com/r/1"}
        for _ in range(2):
            await ours.report(report(Progress.COMPLETED, placed.report_to))
        await ours.aclose()
    told = world.vendor.results["1"]
    assert told["status"] == "completed"
    assert told["assessment"] == {
        "score": 81.5,
        "grade": "Strong",
        "summary": "Asked before acting.",
        "details": "Empathy: 4 of 5",
    }


async def test_results_go_nowhere_else() -> None:
    """No address, another host's, or none at all: refused unsent; a given-up order cannot be told."""
    async with running_world() as world:
        ours = reporter(world)
        for address, code in (
            (None, "no_callback"),
            ("https://", "no_callback"),
            ("/assessments/1", "no_callback"),
            ("http://[", "host_not_allowed"),
            ("https://evil.example.net/assessments/1", "host_not_allowed"),
        ):
            with pytest.raises(Refused) as refused:
                await ours.report(report(Progress.COMPLETED, address))
            assert refused.value.code == code
        with pytest.raises(Unsupported):
            await ours.report(report(Progress.CANCELLED, f"{world.base_url}/assessments/1"))
        assert world.vendor.results == {}
        await ours.aclose()


def test_the_other_token_is_needed() -> None:
    """Without the integration's own token, nothing can be told, and that is said by name."""
    with pytest.raises(CredentialMissing) as missing:
        assessment_reporter(Setup(base_url="https://acme.workable.com", credentials={"api_token": TOKEN}))
    assert missing.value.name == "assessment_token"
