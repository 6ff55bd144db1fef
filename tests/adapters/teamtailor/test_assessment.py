"""Teamtailor's partner API: the provider key, the form, orders, results."""

import json

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
from adapters.contract.errors import OutcomeUnknown, PayloadInvalid, Refused, SignatureInvalid
from adapters.kit.setup import CredentialMissing, Setup
from adapters.teamtailor.assessment import TeamtailorAssessments
from adapters.teamtailor.vendor import make_reporter
from tests.adapters.teamtailor.world import running

KEY = "provider-key-1"
ORDER = (
    b'{"partner-event":{"id":"f3d7","webhook-data":{"test":"support-pilot","threshold":"75"},"partner-result":'
    b'{"id":"1a6d","status":"sending","update-url":"https://api.teamtailor.com/partner/v1/partner-results/1a6d"},'
    b'"candidate":{"id":54321,"uuid":"092f","first-name":"Ada","last-name":"Quill","email":"ada@example.org","phone":null,'
    b'"tags":[],"job":{"id":12345,"title":"Data engineer","stage-id":1,"stage":"AI interview","tags":[],"trigger-id":1},'
    b'"recruiter":{"name":"R","email":"r@example.org"},"locations":[],"questions":[],"custom-fields":[]}}}'
)


def server() -> AssessmentServer:
    return TeamtailorAssessments()


def test_the_provider_key() -> None:
    """Any current key is taken; another, a changed, an empty one, another scheme or none is not."""
    server().authenticate({"authorization": f"Bearer {KEY}"}, secrets=["older-key", KEY])
    bent = [KEY[:at] + chr(ord(one) ^ 1) + KEY[at + 1 :] for at, one in enumerate(KEY)]
    for header in ("", "Bearer", "Bearer ", f"Basic {KEY}", KEY, "Bearer \ud800", *(f"Bearer {one}" for one in bent)):
        with pytest.raises(SignatureInvalid):
            server().authenticate({"authorization": header}, secrets=[KEY])
    for secrets in ((), ("",)):
        with pytest.raises(SignatureInvalid):
            server().authenticate({"authorization": "Bearer "}, secrets=secrets)


def test_orders() -> None:
    """An order names candidate, job, interview and where its result goes; twice it is the same order."""
    first, second = [server().read("POST", "webhook", {}, {}, ORDER) for _ in range(2)]
    assert first == second
    assert isinstance(first, PlaceOrder)
    order = first.order
    assert (order.dedupe, order.offer_id, order.application_id) == ("1a6d", "support-pilot", None)
    assert (order.candidate.id, order.candidate.emails) == ("54321", ("ada@example.org",))
    assert order.job is not None
    assert (order.job.id, order.report_to) == ("12345", "https://api.teamtailor.com/partner/v1/partner-results/1a6d")
    assert server().ordered("int_1").status == 200
    assert server().refused("no such program").status == 422


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "webhook", ORDER),
        ("POST", "config", b""),
        ("POST", "webhook", b"{}"),
        ("POST", "webhook", ORDER.replace(b'"test":"support-pilot",', b"")),
        ("POST", "webhook", ORDER.replace(b'"id":"1a6d"', b'"id":""')),
    ],
)
def test_what_is_no_order(method: str, path: str, body: bytes) -> None:
    """Other requests, other shapes, and an order that names no interview are broken payloads."""
    with pytest.raises(PayloadInvalid):
        server().read(method, path, {}, {}, body)


def test_the_form() -> None:
    """The customer chooses among our programs; the choice comes back with the order."""
    assert isinstance(server().read("GET", "/config", {}, {}, b""), ListOffers)
    assert isinstance(server().read("GET", "activation", {}, {}, b""), CheckConnection)
    form = json.loads(server().offers([AssessmentOffer(id="support-pilot", name="First interview")]).body)
    (field,) = form["config"]["fields"]
    assert (field["id"], field["options"]) == ("test", [{"value": "support-pilot", "label": "First interview"}])


def done(address: str | None, progress: Progress = Progress.COMPLETED) -> OrderReport:
    return OrderReport(
        order_id="int_1",
        progress=progress,
        link="https://evenhand.example.com/r/1",
        at=0,
        report_to=address,
        band="Solid",
        score=71.5,
        subscores=(("Listening", "3 of 4"),),
        bullets=("Asked before answering.",),
    )


async def test_results() -> None:
    """Results go to the address of the order and nowhere else; an unfinished one tells no score; a lost answer is unknown."""
    async with running() as world:
        setup = Setup(base_url=world.base_url, credentials={"partner_key": world.sim.partner_key}, options={})
        reporter: AssessmentReporter = make_reporter(setup)
        address = f"{world.base_url}/partner/v1/partner-results/1a6d"
        await reporter.report(done(address, Progress.STARTED))
        await reporter.report(done(address))
        world.sim.faults.lose = 1
        with pytest.raises(OutcomeUnknown):
            await reporter.report(done(address))
        for wrong, code in ((None, "no_address"), ("https://elsewhere.example.net/x", "host_not_allowed")):
            with pytest.raises(Refused) as refused:
                await reporter.report(done(wrong))
            assert refused.value.code == code
        await reporter.aclose()
        started, *finished = world.sim.results["1a6d"]
    assert "assessment-score" not in started
    assert finished[0] == finished[1]
    assert finished[0]["summary"] == "Solid\nListening: 3 of 4\nAsked before answering."
    with pytest.raises(CredentialMissing):
        make_reporter(Setup(base_url="https://api.teamtailor.com", credentials={}))
