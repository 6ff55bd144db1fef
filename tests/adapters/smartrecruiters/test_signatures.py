"""SmartRecruiters' deliveries: the signature over six parts, the handshake, what is read of a delivery."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from adapters.contract.errors import PayloadInvalid, SignatureInvalid
from adapters.contract.events import ApplicationChanged, StageChanged
from adapters.smartrecruiters.webhook import greet, parse, verify
from tests.adapters.case import connected
from tests.adapters.simulated import Limit
from tests.adapters.smartrecruiters.simulator import Simulator, signed
from tests.adapters.smartrecruiters.world import SMARTRECRUITERS_CASE as CASE
from tests.adapters.smartrecruiters.world import STAGE_CHANGED, running, sign
from tests.adapters.suite import NOW, SECRET
from tests.fixtures.receiver import Receiver
from tests.fixtures.sandbox import serving

PUBLISHED = {
    "event-id": "123",
    "event-name": "application.created",
    "event-version": "v201910",
    "link": "<http://smartrecruiters.com/endpoint>; rel=self",
    "smartrecruiters-timestamp": "1574080897",
    "smartrecruiters-signature": "v1=2e9291f10d44ca10204a4cd81b05d73b6a316b2b605d4e2e0e0b37b40198ce1f",
}


def accepted(headers: Mapping[str, str], body: bytes, *secrets: str, at: datetime = NOW) -> bool:
    try:
        verify(headers, body, secrets=secrets, now=at)
    except SignatureInvalid:
        return False
    return True


def bent(text: str) -> list[str]:
    """The text with one bit of one character changed, at every place."""
    return [text[:at] + chr(ord(one) ^ 1) + text[at + 1 :] for at, one in enumerate(text)]


def test_the_published_vector() -> None:
    """The vendor's own example: its key, headers, body and digest, as its page on secret keys prints them."""
    body = b'{"job_id":"jid","candidate_id":"cid"}'
    assert accepted(PUBLISHED, body, "HeBVky2bccvvkcXPimH8c", at=datetime.fromtimestamp(1574080897, UTC))
    for name, value in PUBLISHED.items():
        for changed in bent(value):
            head = {**PUBLISHED, name: changed}
            assert not accepted(head, body, "HeBVky2bccvvkcXPimH8c", at=datetime.fromtimestamp(1574080897, UTC)), name


def test_every_changed_byte_is_refused() -> None:
    """One bit of any byte of body, header, time or secret, and the delivery is refused."""
    head = sign(STAGE_CHANGED, SECRET, NOW)
    assert accepted(head, STAGE_CHANGED, SECRET)
    assert not [body for body in bent(STAGE_CHANGED.decode()) if accepted(head, body.encode(), SECRET)]
    assert not [secret for secret in bent(SECRET) if accepted(head, STAGE_CHANGED, secret)]
    for name, value in head.items():
        assert not [one for one in bent(value) if accepted({**head, name: one}, STAGE_CHANGED, SECRET)], name
        assert not accepted({**head, name: ""}, STAGE_CHANGED, SECRET), name


def test_parts_cannot_change_places() -> None:
    """The order of the six parts is signed as well."""
    head = sign(STAGE_CHANGED, SECRET, NOW)
    swapped = {**head, "event-id": head["event-name"], "event-name": head["event-id"]}
    assert not accepted(swapped, STAGE_CHANGED, SECRET)


def test_one_good_segment_is_enough() -> None:
    """While keys are changed there is one segment for each; another scheme, or only strangers, do not count."""
    head = {name: value for name, value in sign(STAGE_CHANGED, SECRET, NOW).items() if "smart" not in name}
    both = signed(["another-key", SECRET, "third"], at=NOW, body=STAGE_CHANGED, head=head)
    assert both["smartrecruiters-signature"].count(";") == 2
    assert accepted(both, STAGE_CHANGED, SECRET)
    assert not accepted(both, STAGE_CHANGED, "a-stranger")
    other = {**both, "smartrecruiters-signature": both["smartrecruiters-signature"].replace("v1=", "v2=")}
    assert not accepted(other, STAGE_CHANGED, SECRET)


def test_missing_headers_count_as_empty() -> None:
    """A delivery without Link and version is signed as if they were empty."""
    head = signed([SECRET], at=NOW, body=b"{}", head={"event-id": "1", "event-name": "candidate.created"})
    assert accepted(head, b"{}", SECRET)
    assert not accepted({**head, "event-version": "v201910"}, b"{}", SECRET)


@pytest.mark.parametrize("stamp", ["", "soon", "-5", "9" * 40, "²"])
def test_impossible_times(stamp: str) -> None:
    """A time that is none is refused."""
    assert not accepted({**sign(STAGE_CHANGED, SECRET, NOW), "smartrecruiters-timestamp": stamp}, STAGE_CHANGED, SECRET)


def test_characters_that_no_header_has() -> None:
    """What cannot have come in a header is refused, and is no crash."""
    assert not accepted({**sign(STAGE_CHANGED, SECRET, NOW), "event-id": "\ud800→"}, STAGE_CHANGED, SECRET)


def test_the_signed_link_names_the_application_too() -> None:
    """Where the body has other names than we believe, the signed Link says whom it is about; nothing else is taken."""
    link = "<https://api.smartrecruiters.com/candidates/c1/jobs/j1>; rel=self"
    head = {"event-name": "application.fields.updated", "event-id": "e", "link": link}
    assert parse(head, b'{"id":"c1"}') == (ApplicationChanged(application_id="c1:j1", delivery_id="e"),)
    for link in ("", "<https://api.smartrecruiters.com/jobs/j1>; rel=self", "<x/candidates/a%2Fb/jobs/j>; rel=self"):
        with pytest.raises(PayloadInvalid):
            parse({**head, "link": link}, b'{"id":"c1"}')


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 300, "\ud800", "é"])
def test_event_names_that_cannot_be_kept(name: str) -> None:
    """A name that no database can hold is a broken payload."""
    with pytest.raises(PayloadInvalid):
        parse({"event-name": name, "event-id": "1"}, b"{}")


def test_handshake() -> None:
    """The secret of the handshake comes back as it came; a delivery, or what no header may hold, is not greeted."""
    answer = greet({"x-hook-secret": "a1B2-c3"}, b"", secrets=())
    assert answer is not None
    assert (answer.status, dict(answer.headers), answer.body) == (200, {"x-hook-secret": "a1B2-c3"}, b"")
    for head in ({}, {"x-hook-secret": ""}, {"x-hook-secret": "a\r\nset-cookie: b"}, {"x-hook-secret": "x" * 300}):
        assert greet(head, b"", secrets=()) is None
    assert greet({"x-hook-secret": "a", "smartrecruiters-signature": "v1=00"}, b"", secrets=()) is None


class Greeting(Receiver):
    """Answers handshakes as the adapter says, and takes everything else."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        head = {name.decode(): value.decode() for name, value in scope.get("headers", ())}
        answer = greet(head, b"", secrets=()) if scope["type"] == "http" else None
        if answer is None:
            await super().__call__(scope, receive, send)
            return
        told = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": told})
        await send({"type": "http.response.body", "body": answer.body})


async def test_from_subscription_to_delivery() -> None:
    """A subscription is activated by our handshake; then each copy of a delivery verifies and names the application."""
    async with running() as world, serving(listener := Greeting()) as hook, connected(CASE, world) as adapter:
        head = {"X-SmartToken": world.credentials["api_key"]}
        async with httpx.AsyncClient(base_url=world.base_url, headers=head) as admin:
            body = {"callbackUrl": hook, "events": [{"name": "application.status.updated", "version": "v201910"}]}
            number = (await admin.post("/webhooks-api/v201907/subscriptions", json=body)).json()["id"]
            activated = await admin.put(f"/webhooks-api/v201907/subscriptions/{number}/activation")
        assert activated.status_code == 204
        world.sim.subscriptions[number].keys += ["old-key", SECRET]
        world.sim.post.copies, world.sim.post.shuffled = 2, True
        for job in ("job-0001", "job-0002"):
            world.sim.move("cand-0001", job, "INTERVIEW", "First interview")
        assert await world.sim.post.deliver() == [202] * 4
        found = set()
        for one in listener.got:
            adapter.verify(one.headers, one.body, secrets=[SECRET], now=datetime.now(UTC))
            (event,) = adapter.parse(one.headers, one.body)
            assert isinstance(event, StageChanged)
            found.add((event.application_id, event.delivery_id))
        assert {name for name, _ in found} == {"cand-0001:job-0001", "cand-0001:job-0002"}
        assert len(found) == 2


async def test_nobody_listens() -> None:
    """A receiver that does not answer the handshake is not activated: the simulator is strict."""
    async with running(Simulator(limit=Limit(500, 1.0))) as world, serving(Receiver()) as hook:
        head = {"X-SmartToken": world.credentials["api_key"]}
        async with httpx.AsyncClient(base_url=world.base_url, headers=head) as admin:
            body = {"callbackUrl": hook, "events": [{"name": "application.created", "version": "v201910"}]}
            number = (await admin.post("/webhooks-api/v201907/subscriptions", json=body)).json()["id"]
            activated = await admin.put(f"/webhooks-api/v201907/subscriptions/{number}/activation")
        assert activated.status_code == 400
        assert not world.sim.subscriptions[number].active
