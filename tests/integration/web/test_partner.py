"""The door through which an ATS orders: whose requests are looked at, and what the others read."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import pytest
from litestar.testing import TestClient

from adapters.ashby.assessment import AshbyAssessments
from adapters.contract.assessment import CheckConnection, ListOffers, PartnerRequest
from adapters.contract.delivery import Answer
from adapters.kit.signatures import as_base64url
from adapters.kombo.assessment import KomboAssessments
from adapters.smartrecruiters.assessment import SmartRecruitersAssessments
from orchestrator.errors import Missing
from orchestrator.services.connections import OrderDesk
from orchestrator.web.app import HOOK_LIMIT, create_app
from orchestrator.web.gates import gates_of
from orchestrator.web.partner import partner
from orchestrator.web.rate_limit import Door

SECRET = "what-the-ats-shows"
BEARER = {"authorization": f"Bearer {SECRET}"}


@dataclass
class FakeStrangers:
    """Counts."""

    counted: list[str] = field(default_factory=list)

    async def count(self, connection: str) -> None:
        self.counted.append(connection)


@dataclass
class FakeOrdering:
    """Answers everything with 200 and remembers it."""

    server: Any
    asked: list[PartnerRequest] = field(default_factory=list)
    strangers: FakeStrangers = field(default_factory=FakeStrangers)

    def desk(self, connection: str) -> OrderDesk:
        if connection != "customer":
            raise Missing("There is no such connection.")
        return OrderDesk(self.server, None, (SECRET,))  # type: ignore[arg-type]  # nothing is told in these tests

    async def answer(self, _connection: str, request: PartnerRequest) -> Answer:
        self.asked.append(request)
        return Answer(status=200, headers={"content-type": "application/json", "x-vendor": "yes"}, body=b"[1]")


@dataclass
class FakeIntake:
    refused: list[tuple[str, str]] = field(default_factory=list)

    async def refuse(self, connection: str, reason: str) -> None:
        self.refused.append((connection, reason))


@dataclass
class FakeServices:
    ordering: FakeOrdering
    intake: FakeIntake = field(default_factory=FakeIntake)


def client(services: FakeServices, *doors: Door) -> TestClient[Any]:
    return TestClient(
        create_app(handlers=[partner], services=services, secret_key="x" * 40, base_url="http://127.0.0.1", doors=doors)
    )


@pytest.fixture
def services() -> FakeServices:
    return FakeServices(FakeOrdering(AshbyAssessments()))


def test_the_vendor_decides_how_an_answer_looks(services: FakeServices) -> None:
    """Status, headers and body are the server's own; no form of ours is asked for."""
    with client(services) as http:
        answer = http.post("/partner/customer/assessment.list", content=b"{}", headers=BEARER)
    assert (answer.status_code, answer.content, answer.headers["x-vendor"]) == (200, b"[1]", "yes")
    assert answer.headers["content-type"] == "application/json"
    assert services.ordering.asked == [ListOffers()]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/partner/nobody/assessment.list", 404),
        ("POST", "/partner/customer/assessment.other", 404),
        ("POST", "/partner/customer/", 404),
        ("GET", "/partner/customer/assessment.list", 404),
        ("DELETE", "/partner/customer/assessment.list", 405),
        ("POST", "/partner/customer/assessment.start", 400),
        ("POST", "/partner/%00/assessment.list", 404),
    ],
)
def test_what_fits_nowhere_is_a_problem(services: FakeServices, method: str, path: str, status: int) -> None:
    """Only the routes of the vendor are there, and only what can be read is done."""
    with client(services) as http:
        answer = http.request(method, path, content=b"[]", headers={**BEARER, "accept": "text/html"})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert services.ordering.asked == []
    # What may have been an order is not lost without a trace.
    assert services.intake.refused == [("customer", "OrderUnreadable")] * (status == 400)


def test_a_stranger_is_counted_and_not_heard(services: FakeServices) -> None:
    """Wrong keys are answered as the vendor reads it, and use up nothing of what the ATS may send."""
    with client(services) as http:
        gates_of(http.app).connections.set(Door("/hooks/", burst=2, per_minute=1))
        for header in ("", "Bearer wrong", "Basic eHg6", f"Bearer {SECRET}x"):
            answer = http.post("/partner/customer/assessment.list", headers={"authorization": header})
            assert (answer.status_code, answer.json()["success"]) == (401, False)
        statuses = [
            http.post("/partner/customer/assessment.list", content=b"{}", headers=BEARER).status_code for _ in range(3)
        ]
    assert statuses == [200, 200, 429]
    assert services.ordering.strangers.counted == ["customer"] * 4


def test_whoever_signs_wrongly_is_a_stranger() -> None:
    """Kombo signs the body: a signature that is none is refused, counted, and uses up nothing of what Kombo may send."""
    services = FakeServices(FakeOrdering(KomboAssessments()))
    body = b'{"id":"d-1","type":"data-changed","data":{}}'
    with client(services) as http:
        gates_of(http.app).connections.set(Door("/hooks/", burst=1, per_minute=1))
        for signature in ("none", signed(body, "another secret")):
            answer = http.post("/partner/customer/orders", content=body, headers={"x-kombo-signature": signature})
            assert (answer.status_code, answer.json()) == (401, {"error": "unauthorized"})
        answer = http.post(
            "/partner/customer/orders", content=body, headers={"x-kombo-signature": signed(body, SECRET)}
        )
    assert answer.status_code == 200
    assert services.ordering.asked == [CheckConnection()]
    assert services.ordering.strangers.counted == ["customer"] * 2


def signed(body: bytes, secret: str) -> str:
    """As Kombo signs."""
    return as_base64url(hmac.new(secret.encode(), body, sha256).digest())


def test_every_request_of_an_address_counts(services: FakeServices) -> None:
    """Guessing keys is slowed down, by GET as well."""
    with client(services, Door("/partner/", burst=2, per_minute=1, every=True)) as http:
        assert [http.get("/partner/customer/x").status_code for _ in range(3)] == [404, 404, 429]


def test_a_body_has_an_end(services: FakeServices) -> None:
    """As for a delivery."""
    with client(services) as http:
        body = b" " * (HOOK_LIMIT + 1)
        assert http.post("/partner/customer/assessment.list", content=body, headers=BEARER).status_code == 413


def as_kombo(body: bytes, secret: str) -> tuple[str, dict[str, Any]]:
    """An address below the connection's, and the rest of a request of Kombo's."""
    return "orders", {"content": body, "headers": {"x-kombo-signature": signed(body, secret)}}


def as_sign_in(_body: bytes, secret: str) -> tuple[str, dict[str, Any]]:
    """How SmartRecruiters signs in."""
    return "oauth/token", {"data": {"grant_type": "client_credentials", "client_secret": secret}}


@pytest.mark.parametrize(
    ("server", "asks"), [(KomboAssessments(), as_kombo), (SmartRecruitersAssessments(), as_sign_in)]
)
def test_what_is_too_large_uses_up_nothing(
    server: Any, asks: Callable[[bytes, str], tuple[str, dict[str, Any]]]
) -> None:
    """Where only the body shows who asks, a stranger's endless ones are counted and leave the ATS its share."""
    services = FakeServices(FakeOrdering(server))
    with client(services) as http:
        gates_of(http.app).connections.set(Door("/hooks/", burst=1, per_minute=1))
        path, request = asks(b'{"id":"d-1","type":"data-changed","data":{}}', SECRET)
        for _ in range(3):
            junk, headers = b" " * (HOOK_LIMIT + 1), {"x-kombo-signature": "junk"}
            assert http.post(f"/partner/customer/{path}", content=junk, headers=headers).status_code == 413
        statuses = [http.post(f"/partner/customer/{path}", **request).status_code for _ in range(2)]
    assert statuses == [200, 429]
    assert services.intake.refused == [("customer", "TooLarge")] * 3


def test_whoever_leaves_in_the_middle_uses_up_nothing() -> None:
    """A body that ends before its end is no request of the ATS."""
    services = FakeServices(FakeOrdering(KomboAssessments()))
    body = b'{"id":"d-1","type":"data-changed","data":{}}'
    with client(services) as http:
        gates_of(http.app).connections.set(Door("/hooks/", burst=1, per_minute=1))
        app, path = http.app, "/partner/customer/orders"

        async def leave() -> None:
            sent: list[Any] = []
            scope = {
                "type": "http",
                "asgi": {"version": "3.0"},
                "http_version": "1.1",
                "scheme": "http",
                "method": "POST",
                "path": path,
                "raw_path": path.encode(),
                "query_string": b"",
                "root_path": "",
                "headers": [(b"x-kombo-signature", b"junk"), (b"host", b"127.0.0.1")],
                "state": {},
                "client": ("127.0.0.1", 1),
                "server": ("127.0.0.1", 80),
                "extensions": {},
            }
            messages = iter([{"type": "http.request", "body": b"{", "more_body": True}])

            async def receive() -> Any:
                return next(messages, {"type": "http.disconnect"})

            async def send(message: Any) -> None:
                sent.append(message)

            await app(scope, receive, send)

        http.blocking_portal.call(leave)
        headers = {"x-kombo-signature": signed(body, SECRET)}
        assert http.post(path, content=body, headers=headers).status_code == 200


def test_a_vendor_that_signs_in_first() -> None:
    """SmartRecruiters gets a bearer for the secret, and nothing without it."""
    services = FakeServices(FakeOrdering(SmartRecruitersAssessments()))
    form = {"grant_type": "client_credentials", "client_secret": SECRET}
    with client(services) as http:
        assert http.post("/partner/customer/oauth/token", data={**form, "client_secret": "no"}).status_code == 401
        bearer = http.post("/partner/customer/oauth/token", data=form).json()["access_token"]
        assert http.post("/partner/customer/integration", headers=BEARER).status_code == 401
        answer = http.post("/partner/customer/integration", headers={"authorization": f"Bearer {bearer}"})
    assert answer.status_code == 200
    assert services.ordering.asked == [CheckConnection()]
    assert services.ordering.strangers.counted == ["customer"] * 2
