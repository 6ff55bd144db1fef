"""The webhook receiver at its door: who may knock, how often, and what is looked at first."""

from dataclasses import dataclass, field

import pytest
from litestar import Litestar
from litestar.exceptions import TooManyRequestsException
from litestar.testing import TestClient
from litestar.types import Receive, Scope, Send

from adapters.contract.delivery import Answer
from adapters.contract.errors import PayloadInvalid, SignatureInvalid
from orchestrator.errors import Busy, Missing
from orchestrator.services.intake import Receipt
from orchestrator.web.app import HOOK_LIMIT, create_app
from orchestrator.web.gates import gates_of
from orchestrator.web.rate_limit import AddressLimit, Door
from orchestrator.web.webhooks import CAPABILITY, receive, receive_at_capability


@dataclass
class FakeIntake:
    """Knows one connection; ``seen`` and ``refused`` keep what came."""

    seen: list[bytes] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    capabilities: list[str] = field(default_factory=list)

    def greet(self, connection_key: str, headers: dict[str, str], body: bytes) -> Answer | None:
        self.known(connection_key)
        if body != b"hello":
            return None
        return Answer(status=200, headers={"x-hook-secret": headers["x-hook-secret"]}, body=b"hello yourself")

    def known(self, connection_key: str) -> None:
        if connection_key != "northlight":
            raise Missing("There is no such connection.")

    async def receive(self, connection_key: str, headers: dict[str, str], body: bytes) -> Receipt:
        self.known(connection_key)
        if body == b"unsigned":
            raise SignatureInvalid("the signature does not match")
        if body == b"too many":
            raise Busy("Evenhand is busy.", retry_after=1)
        if body == b"signed, but what?":
            raise PayloadInvalid("the delivery is not the documented shape")
        self.seen.append(body)
        self.capabilities.append(headers[CAPABILITY])
        return Receipt(202, stored=bool(headers))

    async def refuse(self, connection_key: str, reason: str) -> None:
        self.refused.append(f"{connection_key}: {reason}")


@dataclass
class FakeServices:
    """What the receiver needs of the services."""

    intake: FakeIntake = field(default_factory=FakeIntake)


def app(services: FakeServices) -> Litestar:
    secret = "a secret for tests only, long enough"
    return create_app(
        handlers=[receive, receive_at_capability], services=services, secret_key=secret, base_url="http://127.0.0.1"
    )


def test_an_unknown_connection_is_refused_before_its_body_is_read() -> None:
    """A stranger's large body is a 404 like any other, and leaves no counter behind; a known one's is a 413."""
    services = FakeServices()
    large = b" " * (HOOK_LIMIT + 1)
    with TestClient(app(services)) as client:
        assert client.post("/hooks/nowhere", content=large).status_code == 404
        assert client.post("/hooks/northlight", content=large).status_code == 413
        assert client.post("/hooks/northlight", content=b"{}").status_code == 202
    assert services.intake.refused == ["northlight: TooLarge"]
    assert services.intake.seen == [b"{}"]


def test_a_handshake_is_answered_in_the_vendors_way_and_nothing_is_stored() -> None:
    """Status, headers and body are the adapter's; the request goes no further."""
    services = FakeServices()
    with TestClient(app(services)) as client:
        answer = client.post("/hooks/northlight", content=b"hello", headers={"X-Hook-Secret": "random"})
        assert client.post("/hooks/nowhere", content=b"hello", headers={"X-Hook-Secret": "random"}).status_code == 404
    assert (answer.status_code, answer.headers["x-hook-secret"], answer.content) == (200, "random", b"hello yourself")
    assert services.intake.seen == []


def test_the_end_of_the_address_reaches_the_adapter_and_a_forged_header_does_not() -> None:
    """What a sender writes into the header itself is dropped: only the address counts."""
    services = FakeServices()
    forged = {CAPABILITY: "forged"}
    with TestClient(app(services)) as client:
        assert client.post("/hooks/northlight/a-capability", content=b"{}", headers=forged).status_code == 202
        assert client.post("/hooks/northlight", content=b"{}", headers=forged).status_code == 202
    assert services.intake.capabilities == ["a-capability", ""]


class Street:
    """One address that knocks at the door as shipped, with a clock of its own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.passed = 0
        self._limit = AddressLimit(clock=lambda: self.now)

    async def knock(self, path: str = "/hooks/northlight") -> None:
        """One post; raises where it is refused."""
        scope = {"type": "http", "method": "POST", "path": path, "client": ("192.0.2.1", 1)}
        await self._limit.handle(scope, _nothing, _nothing, self._inside)  # type: ignore[arg-type]  # all that it reads

    async def _inside(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.passed += 1


def test_one_connection_is_held_to_its_own_limit() -> None:
    """From however many addresses: 429 with Retry-After; what was not signed does not use it up."""
    services = FakeServices()
    application = app(services)
    gates_of(application).connections.set(Door("/hooks/", burst=2, per_minute=60))
    with TestClient(application) as client:
        for _ in range(10):
            assert client.post("/hooks/northlight", content=b"unsigned").status_code == 401
        assert [client.post("/hooks/northlight", content=b"{}").status_code for _ in range(3)] == [202, 202, 429]
        refused = client.post("/hooks/northlight", content=b"{}", headers={"accept": "text/html"})
        assert 1 <= int(refused.headers["retry-after"]) <= 2
        assert refused.json()["status"] == 429


@pytest.mark.parametrize("per_second", [1, 30])
def test_the_limits_on_deliveries_are_a_setting(per_second: int) -> None:
    """Six seconds' worth at once, for an address and for a connection."""
    application = app(FakeServices())
    gates_of(application).limit_hooks(per_second)
    with TestClient(application) as client:
        statuses = [client.post("/hooks/northlight", content=b"{}").status_code for _ in range(per_second * 12)]
    assert statuses[: per_second * 6] == [202] * per_second * 6
    assert 429 in statuses


async def _leaves_in_the_middle(application: Litestar) -> list[object]:
    """Begin a delivery and hang up; what was answered."""
    messages: list[dict[str, object]] = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[object] = []

    async def receive_one() -> dict[str, object]:
        return messages.pop(0)

    async def send(message: object) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/hooks/northlight",
        "raw_path": b"/hooks/northlight",
        "query_string": b"",
        "headers": [],
        "client": ("192.0.2.1", 1),
    }
    await application(scope, receive_one, send)  # type: ignore[arg-type]  # what an ASGI server gives
    return sent


async def test_half_a_body_is_no_delivery() -> None:
    """A sender who leaves in the middle is not answered, and nothing is taken in or counted."""
    services = FakeServices()
    sent = await _leaves_in_the_middle(app(services))
    assert (sent, services.intake.seen, services.intake.refused) == ([], [], [])


async def test_who_hangs_up_does_not_use_up_what_the_ats_may_send() -> None:
    """However often a stranger begins a delivery and leaves, the next one of the ATS is taken in."""
    application = app(FakeServices())
    gates_of(application).connections.set(Door("/hooks/", burst=2, per_minute=1))
    for _ in range(10):
        await _leaves_in_the_middle(application)
    with TestClient(application) as client:
        assert [client.post("/hooks/northlight", content=b"{}").status_code for _ in range(3)] == [202, 202, 429]


@pytest.mark.parametrize(
    ("body", "length", "status"),
    [
        (b"", str(HOOK_LIMIT + 1), 413),
        (b" " * (HOOK_LIMIT + 1), None, 413),
        (b"unsigned", None, 401),
        (b"too many", None, 503),
    ],
    ids=["announced too large", "too large", "unsigned", "busy"],
)
def test_what_was_not_taken_in_does_not_use_up_what_the_ats_may_send(
    body: bytes, length: str | None, status: int
) -> None:
    """Announcing, sending too much or not signing is free for the connection; so is what we had no room for."""
    application = app(FakeServices())
    gates_of(application).connections.set(Door("/hooks/", burst=2, per_minute=1))
    with TestClient(application) as client:
        headers = {"content-length": length} if length else {}
        for _ in range(5):
            assert client.post("/hooks/northlight", content=body, headers=headers).status_code == status
        assert [client.post("/hooks/northlight", content=b"{}").status_code for _ in range(3)] == [202, 202, 429]


def test_a_signed_delivery_that_cannot_be_read_counts() -> None:
    """The ATS itself sent it."""
    application = app(FakeServices())
    gates_of(application).connections.set(Door("/hooks/", burst=2, per_minute=1))
    with TestClient(application) as client:
        posts = [client.post("/hooks/northlight", content=b"signed, but what?").status_code for _ in range(3)]
    assert posts == [400, 400, 429]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_only_posts_are_deliveries(method: str) -> None:
    """405 for everything else."""
    with TestClient(app(FakeServices())) as client:
        assert client.request(method, "/hooks/northlight").status_code == 405


@pytest.mark.parametrize("chunks", [1, 700])
def test_a_body_in_chunks_is_put_together_up_to_the_limit(chunks: int) -> None:
    """Also where no length was announced."""
    services = FakeServices()
    with TestClient(app(services)) as client:
        size = HOOK_LIMIT // chunks
        assert client.post("/hooks/northlight", content=(b" " * size for _ in range(chunks))).status_code == 202
        assert client.post("/hooks/northlight", content=(b" " * size for _ in range(chunks + 2))).status_code == 413
    assert [len(body) for body in services.intake.seen] == [size * chunks]
    assert services.intake.refused == ["northlight: TooLarge"]


async def _nothing(*_: object) -> None:
    return None


async def test_a_busy_ats_passes() -> None:
    """A hundred deliveries a second for two minutes, on top of a burst: not one is refused."""
    street = Street()
    for _ in range(500):
        await street.knock()
    for _ in range(12_000):
        street.now += 0.01
        await street.knock()
    assert street.passed == 12_500


async def test_a_flood_from_one_address_is_stopped() -> None:
    """Whoever sends thousands at once waits."""
    street = Street()
    for _ in range(600):
        await street.knock()
    with pytest.raises(TooManyRequestsException):
        await street.knock()
    assert street.passed == 600
