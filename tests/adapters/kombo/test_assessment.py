"""Kombo's assessments: signed orders in, packages and one final result out."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from litestar import Litestar, Request, Response, post

from adapters.contract.assessment import (
    AssessmentOffer,
    AssessmentReporter,
    AssessmentServer,
    CheckConnection,
    Order,
    OrderReport,
    PartnerRequest,
    PlaceOrder,
    Progress,
)
from adapters.contract.errors import (
    NotFound,
    OutcomeUnknown,
    PayloadInvalid,
    Refused,
    SignatureInvalid,
    Unsupported,
)
from adapters.kit.setup import Setup
from adapters.kombo.assessment import KomboAssessments, KomboReporter
from adapters.kombo.vendor import make_reporter
from tests.adapters.case import failing
from tests.adapters.kombo.simulator import INTEGRATION
from tests.adapters.kombo.world import CREDENTIALS, PAYLOADS, KomboWorld, running_world, sign
from tests.adapters.suite import NOW, SECRET
from tests.fixtures.sandbox import serving

ORDER = (PAYLOADS / "order_received.json").read_bytes()
OFFER = AssessmentOffer(id="3fbe1f0e-1111-4222-8333-444455556666", name="First interview")


def report(progress: Progress, **more: Any) -> OrderReport:
    facts = {"order_id": "ours", "progress": progress, "link": "https://evenhand.example.org/r/1", "at": 1763633511222}
    return OrderReport(**{**facts, **more})


def completed(order_id: str) -> OrderReport:
    return report(
        Progress.COMPLETED,
        report_to=order_id,
        score=71.5,
        band="Solid evidence",
        subscores=(("Empathy", "3 of 5"),),
        bullets=("One remark", "Another"),
    )


def asked(body: bytes, *, secret: str = SECRET, path: str = "orders") -> PartnerRequest:
    """One request, as the orchestrator gives it to the server."""
    server: AssessmentServer = KomboAssessments()
    headers = sign(body, secret, NOW)
    server.authenticate(headers, secrets=["another", SECRET])
    return server.read("POST", path, {}, headers, body)


def changed(**members: object) -> bytes:
    document = json.loads(ORDER)
    document["data"] |= members
    return json.dumps(document).encode()


@asynccontextmanager
async def reporting(world: KomboWorld) -> AsyncIterator[KomboReporter]:
    reporter = make_reporter(
        Setup(base_url=world.base_url, credentials=CREDENTIALS, options={"integration_id": INTEGRATION})
    )
    yield reporter
    await reporter.aclose()


# In


def test_an_order() -> None:
    """A signed order means: interview this candidate; its id at Kombo is where the result goes."""
    placed = asked(ORDER)
    assert placed == asked(ORDER)
    assert isinstance(placed, PlaceOrder)
    order: Order = placed.order
    assert (order.dedupe, order.report_to) == ("B5hQKhbqrFVJCtmRBFhPq9zz", "B5hQKhbqrFVJCtmRBFhPq9zz")
    assert (order.offer_id, order.application_id) == (OFFER.id, "remote:98796")
    assert (order.candidate.id, order.candidate.emails) == ("5001", ("ada.quill@example.org",))
    assert order.job is not None
    assert (order.job.id, order.job.title) == ("32", "Data Engineer")
    assert not order.reusable
    assert KomboAssessments().routes == (("POST", "orders"),)


def test_an_order_of_nobody_in_the_ats() -> None:
    """Whoever has no id in the ATS is known by the order alone; a job without an id is none."""
    empty = changed(
        candidate={"email": "a@example.org", "remote_id": None},
        application={"remote_id": None},
        job={"remote_id": None},
    )
    placed = asked(empty)
    assert isinstance(placed, PlaceOrder)
    assert placed.order.candidate.id == "order:B5hQKhbqrFVJCtmRBFhPq9zz"
    assert (placed.order.application_id, placed.order.job) == (None, None)


def test_what_asks_nothing_of_us() -> None:
    """Inline orders are orders; other deliveries and orders that have ended are answered and no more."""
    inline = json.loads(ORDER) | {"type": "inline-assessment:order-received"}
    assert isinstance(asked(json.dumps(inline).encode()), PlaceOrder)
    assert asked((PAYLOADS / "data_changed.json").read_bytes()) == CheckConnection()
    for ended in ("COMPLETED", "CANCELLED", "REJECTED"):
        assert asked(changed(status=ended)) == CheckConnection()


def test_nobody_else_orders() -> None:
    """No signature, another secret, no secret, another body, one byte: nothing is read."""
    server = KomboAssessments()
    for headers, secrets in (({}, [SECRET]), (sign(ORDER, SECRET, NOW), []), (sign(ORDER, "", NOW), [""])):
        with pytest.raises(SignatureInvalid):
            server.authenticate(headers, secrets=secrets)
    with pytest.raises(SignatureInvalid):
        asked(ORDER, secret="wrong")
    with pytest.raises(SignatureInvalid):
        # Nobody was authenticated: there is no secret to check with.
        KomboAssessments().read("POST", "orders", {}, sign(ORDER, "", NOW), ORDER)
    headers = sign(ORDER, SECRET, NOW)
    server.authenticate(headers, secrets=[SECRET])
    for at in range(0, len(ORDER), 7):
        with pytest.raises(SignatureInvalid):
            server.read("POST", "orders", {}, headers, ORDER[:at] + bytes([ORDER[at] ^ 1]) + ORDER[at + 1 :])


@pytest.mark.parametrize("missing", ["id", "package_id", "candidate", "status"])
def test_broken_orders(missing: str) -> None:
    """What Kombo requires and does not send, and addresses that are none."""
    document = json.loads(ORDER)
    del document["data"][missing]
    with pytest.raises(PayloadInvalid):
        asked(json.dumps(document).encode())
    with pytest.raises(PayloadInvalid):
        asked(ORDER, path="elsewhere")


def test_answers() -> None:
    """Kombo looks at the status alone."""
    server: AssessmentServer = KomboAssessments()
    assert [
        server.ordered("1").status,
        server.acknowledged().status,
        server.status(report(Progress.STARTED)).status,
    ] == [200] * 3
    assert (server.refused("No").status, server.unauthorised().status) == (422, 401)
    assert json.loads(server.offers([OFFER]).body)["packages"][0]["id"] == OFFER.id
    assert json.loads(server.acknowledged("1").body) == {"id": "1"}


async def test_an_order_over_the_wire() -> None:
    """A recruiter orders; the delivery, signed by the simulator, is an order that Evenhand can read the application of."""
    got: list[PartnerRequest] = []
    server = KomboAssessments()

    @post("/orders")
    async def hook(request: Request[Any, Any, Any]) -> Response[bytes]:
        server.authenticate(dict(request.headers), secrets=[SECRET])
        got.append(server.read("POST", "orders", {}, dict(request.headers), await request.body()))
        return Response(server.acknowledged().body, status_code=200)

    async with running_world() as world, serving(Litestar([hook], openapi_config=None)) as url:
        world.kombo.hook = (f"{url}/orders", SECRET)
        order_id = world.kombo.order(OFFER.id, world.application_id)
        assert await world.kombo.post.deliver() == [200]
        async with reporting(world) as reporter:
            (open_order,) = (await reporter.open_orders(None)).orders
    (placed,) = got
    assert isinstance(placed, PlaceOrder)
    assert placed.order == open_order
    assert placed.order.report_to == order_id


# Out


async def test_one_result() -> None:
    """The result is put once, however often it is told; before it there is no news."""
    async with running_world() as world, reporting(world) as reporter:
        teller: AssessmentReporter = reporter
        order_id = world.kombo.order(OFFER.id, None)
        for early in (Progress.WAITING, Progress.STARTED):
            with pytest.raises(Unsupported):
                await teller.report(report(early, report_to=order_id))
        for _ in range(3):
            await teller.report(completed(order_id))
        (told,) = world.kombo.results[order_id]
        assert told == {
            "status": "COMPLETED",
            "result_url": "https://evenhand.example.org/r/1",
            "completed_at": "2025-11-20T10:11:51.222Z",
            "score": 71.5,
            "max_score": 100,
            "attributes": [
                {"type": "TEXT", "label": "Result", "value": "Solid evidence"},
                {"type": "TEXT", "label": "Empathy", "value": "3 of 5"},
                {"type": "TEXT", "label": "Remark 1", "value": "One remark"},
                {"type": "TEXT", "label": "Remark 2", "value": "Another"},
            ],
        }
        with pytest.raises(Refused) as refused:
            await teller.report(report(Progress.CANCELLED, report_to=order_id))
        assert refused.value.code == "order_closed"


async def test_a_result_whose_answer_was_lost() -> None:
    """It was put; told again, it is seen that it stands there."""
    async with running_world() as world, reporting(world) as reporter:
        order_id = world.kombo.order(OFFER.id, None)
        await world.lose_next_answer()
        with pytest.raises(OutcomeUnknown):
            await reporter.report(completed(order_id))
        await reporter.report(completed(order_id))
        assert len(world.kombo.results[order_id]) == 1


async def test_without_a_score() -> None:
    """A person who chose another band leaves no number; a cancelled order has nothing but its end."""
    async with running_world() as world, reporting(world) as reporter:
        first, second = world.kombo.order(OFFER.id, None), world.kombo.order(OFFER.id, None)
        await reporter.report(report(Progress.COMPLETED, report_to=first))
        await reporter.report(report(Progress.CANCELLED, report_to=second))
        assert set(world.kombo.results[first][0]) == {"status", "result_url", "completed_at", "attributes"}
        assert set(world.kombo.results[second][0]) == {"status", "result_url", "completed_at"}


async def test_orders_that_are_none() -> None:
    """An order without an id, of another shape or that Kombo does not show."""
    async with running_world() as world, reporting(world) as reporter:
        with pytest.raises(Refused):
            await reporter.report(report(Progress.COMPLETED))
        for nobody in ("../../packages", "none"):
            with pytest.raises(NotFound):
                await reporter.report(report(Progress.COMPLETED, report_to=nobody))


async def test_packages_are_replaced_whole() -> None:
    """What is not in the list any more is gone; the same list again changes nothing."""
    async with running_world() as world, reporting(world) as reporter:
        second = AssessmentOffer(id="2", name="Second", description="With words")
        await reporter.publish([OFFER, second])
        await reporter.publish([second])
        assert world.kombo.packages == [
            {"id": "2", "type": "VIDEO_INTERVIEW", "name": "Second", "description": "With words"}
        ]


async def test_every_open_order() -> None:
    """Orders whose delivery was lost are found, page by page; those that ended are not."""
    async with running_world() as world, reporting(world) as reporter:
        made = [world.kombo.order(OFFER.id, None) for _ in range(300)]
        world.kombo.orders[made[0]]["status"] = "CANCELLED"
        first = await reporter.open_orders(None)
        assert first.cursor is not None
        rest = await reporter.open_orders(first.cursor)
        assert rest.cursor is None
        assert [order.dedupe for order in (*first.orders, *rest.orders)] == made[1:]


async def test_a_kombo_that_does_not_answer() -> None:
    """Nothing was put before the order was looked at."""
    setup = Setup(
        base_url="https://api.kombo.dev/v1",
        credentials=CREDENTIALS,
        options={"integration_id": INTEGRATION},
        transport=failing(httpx.ReadTimeout("slow")),
    )
    reporter = make_reporter(setup)
    with pytest.raises(OutcomeUnknown):
        await reporter.publish([OFFER])
