"""Ashby Assessments: what Ashby asks, what we answer, and what we tell."""

import json
from base64 import b64encode
from typing import Any

import httpx
import pytest

from adapters.ashby.assessment import AshbyAssessments, AshbyReporter
from adapters.ashby.reports import to_update
from adapters.contract.assessment import (
    AssessmentOffer,
    AssessmentReporter,
    AssessmentServer,
    CancelOrder,
    ListOffers,
    OrderReport,
    PlaceOrder,
    Progress,
)
from adapters.contract.errors import OutcomeUnknown, PayloadInvalid, SignatureInvalid
from tests.adapters.ashby.simulator import uid
from tests.adapters.ashby.world import API_KEY, running_world
from tests.adapters.case import failing
from tests.adapters.suite import SECRET

ORDER = uid("order")
START = {
    "assessment_type_id": uid("offer"),
    "candidate": {
        "ashby_id": uid("candidate"),
        "first_name": "Ada",
        "last_name": "Quill",
        "email": "ada@example.org",
        "ashby_profile_url": "https://app.ashbyhq.com/candidates/1",
    },
    "application": {"ashby_id": uid("application"), "status": "Active"},
    "job": {"ashby_id": uid("job"), "name": "Data Engineer", "ashby_job_url": "https://app.ashbyhq.com/jobs/1"},
}
server: AssessmentServer = AshbyAssessments()


def asked(call: str, body: object) -> Any:
    return server.read("POST", call, {}, {}, json.dumps(body).encode())


def report(progress: Progress, **more: Any) -> OrderReport:
    facts = {"order_id": ORDER, "progress": progress, "link": "https://evenhand.example.org/r/1", "at": 1763633511222}
    return OrderReport(**{**facts, **more})


COMPLETED = report(
    Progress.COMPLETED,
    score=71.5,
    band="Solid evidence",
    subscores=(("C", "3 of 5"), ("C++", "4 of 5"), ("日本語", "2 of 5")),
    bullets=("One remark", "Another"),
)


@pytest.mark.parametrize(
    "header", [f"Basic {b64encode(f'{SECRET}:'.encode()).decode()}", f"Bearer {SECRET}", f"bearer {SECRET}"]
)
def test_the_key_admits(header: str) -> None:
    """Basic with the key as user name, or Bearer: while a key is changed, both keys are good."""
    server.authenticate({"authorization": header}, secrets=["another", SECRET])


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic é",
        "Basic !!!!",
        "Bearer ",
        "Bearer wrong",
        f"Digest {SECRET}",
        SECRET,
        "Basic Og==",
        "Bearer \udc80",
    ],
)
def test_nothing_else_admits(header: str) -> None:
    """No key, another one, or an empty one where a secret is empty."""
    for secrets in ([SECRET], ["", SECRET], [""], []):
        with pytest.raises(SignatureInvalid):
            server.authenticate({"authorization": header}, secrets=secrets)
    with pytest.raises(SignatureInvalid):
        server.authenticate({}, secrets=[SECRET])


def test_calls() -> None:
    """Each call means what Ashby documents; the same order twice has one key, another offer another."""
    assert {path for _, path in server.routes} == {"assessment.list", "assessment.start", "assessment.cancel"}
    assert asked("assessment.list", {}) == ListOffers()
    placed = asked("/assessment.start", START | {"additional_fields": {}})
    assert placed == asked("assessment.start", START)
    assert isinstance(placed, PlaceOrder)
    assert placed.order.application_id == uid("application")
    assert placed.order.candidate.emails == ("ada@example.org",)
    assert placed.order.offer_id == uid("offer")
    other = asked("assessment.start", START | {"assessment_type_id": uid("other")})
    assert other.order.dedupe != placed.order.dedupe
    assert asked("assessment.cancel", {"assessment_id": ORDER}) == CancelOrder(ORDER)


@pytest.mark.parametrize("missing", ["assessment_type_id", "candidate", "application", "job"])
def test_broken_calls(missing: str) -> None:
    """What Ashby requires and does not send, and calls that it does not have, are refused."""
    with pytest.raises(PayloadInvalid):
        asked("assessment.start", {key: value for key, value in START.items() if key != missing})
    with pytest.raises(PayloadInvalid):
        asked("assessment.end", START)
    with pytest.raises(PayloadInvalid):
        asked("assessment.cancel", {"assessment_id": ""})


def test_answers() -> None:
    """Answers have Ashby's envelope; a refusal is a 422 whose message the user reads."""
    offer = AssessmentOffer(id=uid("offer"), name="First interview", description="45 minutes")
    told = {"assessment_type_id": offer.id, "name": "First interview", "description": "45 minutes"}
    assert json.loads(server.offers([offer]).body) == {"success": True, "results": [told]}
    assert json.loads(server.ordered(ORDER).body) == {"success": True, "results": {"assessment_id": ORDER}}
    refusal = server.refused("There is no address")
    assert (refusal.status, json.loads(refusal.body)) == (422, {"message": "There is no address"})
    assert (server.unauthorised().status, server.acknowledged().status) == (401, 200)
    assert json.loads(server.status(COMPLETED).body)["results"]["update_request"] == to_update(COMPLETED)
    assert json.loads(AshbyAssessments().acknowledged(ORDER).body)["results"] == {"assessment_id": ORDER}


def test_updates_in_order() -> None:
    """Two states in one millisecond still have their order, and the same report is the same update."""
    times = [to_update(report(each))["timestamp"] for each in (Progress.WAITING, Progress.STARTED, Progress.COMPLETED)]
    assert times == sorted(set(times), key=str)
    assert to_update(COMPLETED) == to_update(COMPLETED)


async def test_the_life_of_an_order() -> None:
    """Ashby takes every update: invited, started, completed with everything, and cancelled; identifiers are unique."""
    async with running_world() as world:
        reporter = AshbyReporter(world.base_url, API_KEY)
        teller: AssessmentReporter = reporter
        states = [report(Progress.WAITING), report(Progress.STARTED), COMPLETED]
        for state in (*states, report(Progress.COMPLETED, band=None), report(Progress.CANCELLED)):
            await teller.report(state)
        await reporter.aclose()
        updates = world.ashby.assessments[ORDER]
    assert [update.get("assessment_status", {}).get("value") for update in updates] == [
        "Invited",
        "Started",
        "Completed",
        "Completed",
        None,
    ]
    assert ["assessment_result" in update for update in updates] == [False, False, True, True, False]
    assert updates[2]["assessment_result"]["value"] == 71.5
    assert updates[3]["assessment_result"]["value"] == "Not scored"
    assert {item["value"] for item in updates[2]["metadata"]} == {
        "Solid evidence",
        "3 of 5",
        "4 of 5",
        "2 of 5",
        "One remark",
        "Another",
    }
    assert "cancelled_reason" in updates[4]


async def test_an_update_without_an_answer() -> None:
    """Nobody knows whether Ashby has it; the same update may be told again."""
    reporter = AshbyReporter("https://ats.example.com", API_KEY, transport=failing(httpx.ReadTimeout("slow")))
    with pytest.raises(OutcomeUnknown):
        await reporter.report(COMPLETED)
