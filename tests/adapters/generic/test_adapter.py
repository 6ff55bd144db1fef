"""What only the generic adapter does: Standard Webhooks both ways, one id for one wish, and where requests may go."""

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from adapters.contract.errors import (
    AuthRejected,
    Conflict,
    OutcomeUnknown,
    PayloadInvalid,
    RateLimited,
    Refused,
)
from adapters.contract.events import ApplicationChanged, Ping, StageChanged, Unknown
from adapters.contract.inspection import Inspector
from adapters.contract.model import FieldValue, StageEntryRef, Visibility
from adapters.generic.adapter import GenericAdapter
from adapters.generic.egress import Reach
from adapters.generic.standard import verify
from adapters.generic.webhook import parse
from adapters.kit.setup import OptionMissing
from adapters.registry import create
from tests.adapters.case import Canned, connected, status, sweep
from tests.adapters.generic.simulator import SIGNING, TOKEN
from tests.adapters.generic.world import APPLICATION, CREDENTIALS, GENERIC_CASE, PAYLOADS, GenericWorld, running_world
from tests.adapters.suite import NOW

HOOK = "https://ats.example.com/hook/abc?key=1"
NEXT = f"whsec_{b64encode(b'another secret for the time of change').decode()}"


@pytest.fixture
async def world() -> AsyncIterator[GenericWorld]:
    async with running_world() as running:
        yield running


def make(
    transport: httpx.AsyncBaseTransport | None = None, *, base_url: str = HOOK, secrets: Sequence[str] = (SIGNING,)
) -> GenericAdapter:
    return GenericAdapter(
        base_url,
        TOKEN,
        read_url="/read",
        signing_secrets=secrets,
        transport=transport or status(200),
        clock=lambda: NOW,
    )


@pytest.fixture
async def adapter(world: GenericWorld) -> AsyncIterator[GenericAdapter]:
    connected = GenericAdapter(
        world.base_url, TOKEN, read_url="records", signing_secrets=(SIGNING,), reach=Reach.LOOPBACK
    )
    yield connected
    await connected.aclose()


# Deliveries to us


def test_documented_payloads() -> None:
    """Each kind means what the README says; the id is the one that was signed."""
    headers = {"webhook-id": "msg_1"}
    moved, updated, ping, other = (
        parse(headers, (PAYLOADS / f"{name}.json").read_bytes())
        for name in ("stage_changed", "updated", "ping", "unknown")
    )
    at = datetime(2026, 3, 2, 9, 29, 58, tzinfo=UTC)
    assert moved == (StageChanged(application_id=APPLICATION, delivery_id="msg_1", occurred_at=at),)
    assert updated == (ApplicationChanged(application_id=APPLICATION, delivery_id="msg_1", occurred_at=at),)
    assert ping == (Ping(),)
    assert other == (Unknown(kind="offer.signed", delivery_id="msg_1"),)


@pytest.mark.parametrize("data", [{}, {"application_id": 7}, {"application_id": ""}, {"application_id": "a\n"}, None])
def test_a_move_of_nobody(data: object) -> None:
    """A move names its application in text that can be kept."""
    with pytest.raises(PayloadInvalid):
        parse({}, json.dumps({"type": "application.stage_changed", "data": data}).encode())
    with pytest.raises(PayloadInvalid):
        parse({"webhook-id": "x" * 256}, b'{"type": "offer.signed"}')


# Deliveries from us


async def test_one_wish_has_one_id_and_one_body() -> None:
    """However often a note is sent, and from whichever process: the same bytes and id, a time and signature of its own."""
    canned = status(200)
    for minutes in (0, 1):
        sender = GenericAdapter(
            HOOK,
            TOKEN,
            read_url="/read",
            signing_secrets=(SIGNING, NEXT),
            transport=canned,
            clock=lambda: NOW + timedelta(minutes=minutes),  # noqa: B023 - called within the same turn of the loop
        )
        note = await sender.add_note(APPLICATION, "a remark", visibility=Visibility.PRIVATE)
        await sender.aclose()
    first, second = canned.requests
    assert first.content == second.content
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == note.id
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    for request, minutes in ((first, 0), (second, 1)):
        told = {name: request.headers[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
        for secret in (SIGNING, NEXT):
            verify(told, request.content, secrets=[secret], now=NOW + timedelta(minutes=minutes))
        assert "authorization" not in request.headers
    await make(canned).add_note(APPLICATION, "another remark", visibility=Visibility.PRIVATE)
    assert canned.requests[-1].headers["webhook-id"] != note.id


async def test_values_that_come_again() -> None:
    """Somebody comes back, and a field goes through the same values: a receiver that passes over seen ids sets them again."""
    async with running_world() as world, connected(GENERIC_CASE, world) as adapter:
        before: FieldValue = None
        for value in ("Strong evidence", "Solid evidence") * 2:
            await adapter.write_fields(APPLICATION, {"band": value}, expected={"band": before})
            assert (await adapter.read_fields(APPLICATION))["band"] == value
            before = value


async def test_deliveries_go_to_the_very_address() -> None:
    """The address is used as it stands, its query included; what is read may stand elsewhere."""
    canned = status(200, body=b'{"stages": []}')
    await make(canned).write_fields(APPLICATION, {"band": "x"}, expected={"band": None})
    await make(canned).list_stages()
    written, asked = canned.requests
    assert (written.method, str(written.url)) == ("POST", HOOK)
    assert json.loads(written.content) == {
        "type": "application.fields",
        "data": {"application_id": APPLICATION, "values": {"band": "x"}, "expected": {"band": None}},
    }
    assert (asked.method, str(asked.url)) == ("GET", "https://ats.example.com/read?read=stages")
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"


async def test_a_second_note_of_the_same_id_is_none(world: GenericWorld, adapter: GenericAdapter) -> None:
    """A receiver that follows the README has the note once, though it was sent three times."""
    for _ in range(3):
        await adapter.add_note(APPLICATION, "once", visibility=Visibility.TEAM)
    assert len(world.receiver.taken) == 3
    assert [note.body for note in await adapter.list_notes(APPLICATION)] == ["once"]


async def test_middleware_that_says_nothing(world: GenericWorld, adapter: GenericAdapter) -> None:
    """A 2xx is enough: then the note's id is the delivery's, by which it is found again."""
    world.receiver.speaks = False
    note = await adapter.add_note(APPLICATION, "hush", visibility=Visibility.PRIVATE)
    assert (note.id, note.body, note.visibility) == (world.receiver.seen[-1], "hush", Visibility.PRIVATE)


async def test_what_a_person_wrote_meanwhile_stays(world: GenericWorld, adapter: GenericAdapter) -> None:
    """A receiver that compares refuses with 409; a field or value that it does not know is refused with its code."""
    world.receiver.fields[APPLICATION]["band"] = "by hand"
    with pytest.raises(Conflict):
        await adapter.write_fields(APPLICATION, {"band": "Strong evidence"}, expected={"band": None})
    assert world.receiver.fields[APPLICATION]["band"] == "by hand"
    for values, code in (
        ({"nothing": "x"}, "unknown_field"),
        ({"summary": "x" * 2001}, "too_long"),
        ({"band": "Splendid"}, "unknown_option"),
    ):
        with pytest.raises(Refused) as refused:
            await adapter.write_fields(APPLICATION, values, expected={})
        assert refused.value.code == code


async def test_the_end_of_an_endpoint() -> None:
    """410 gives deliveries up for good; the same answer to a reading says that a record is gone."""
    with pytest.raises(Refused) as refused:
        await make(status(410)).add_note(APPLICATION, "x", visibility=Visibility.TEAM)
    assert refused.value.code == "endpoint_gone"


@pytest.mark.parametrize("code", [502, 503, 504])
async def test_patience(code: int) -> None:
    """After 502, 503 and 504 nobody knows; until Retry-After is over nothing is sent, and reading goes on."""
    now = [NOW]
    answers = [httpx.Response(code, headers={"Retry-After": "30"}), *(httpx.Response(200, content=b"{}") for _ in "ab")]
    canned = Canned(lambda _: answers.pop(0))
    sender = GenericAdapter(
        HOOK, TOKEN, read_url="/read", signing_secrets=(SIGNING,), transport=canned, clock=lambda: now[0]
    )
    with pytest.raises(OutcomeUnknown):
        await sender.add_note(APPLICATION, "x", visibility=Visibility.TEAM)
    now[0] += timedelta(seconds=12)
    with pytest.raises(RateLimited) as limited:
        await sender.add_note(APPLICATION, "x", visibility=Visibility.TEAM)
    assert limited.value.retry_after == 18.0
    assert len(canned.requests) == 1
    with pytest.raises(PayloadInvalid):
        await sender.list_notes(APPLICATION)
    now[0] += timedelta(seconds=18)
    await sender.add_note(APPLICATION, "x", visibility=Visibility.TEAM)
    assert len({request.headers["webhook-id"] for request in canned.requests if request.method == "POST"}) == 1


@pytest.mark.parametrize("secret", ["plain text of good length, but no whsec", "whsec_c2hvcnQ=", "whsec_!"])
async def test_weak_signing_secrets(secret: str) -> None:
    """Nothing is sent with a signature that is worth nothing."""
    canned = status(200)
    with pytest.raises(Refused) as refused:
        await make(canned, secrets=(secret,)).add_note(APPLICATION, "x", visibility=Visibility.TEAM)
    assert (refused.value.code, canned.requests) == ("bad_signing_secret", [])
    assert secret not in str(refused.value)


async def test_a_wrong_signature_is_told(world: GenericWorld) -> None:
    """The receiver really checks: another secret is rejected credentials."""
    stranger = GenericAdapter(world.base_url, TOKEN, read_url="records", signing_secrets=(NEXT,), reach=Reach.LOOPBACK)
    with pytest.raises(AuthRejected):
        await stranger.add_note(APPLICATION, "x", visibility=Visibility.TEAM)
    await stranger.aclose()


@pytest.mark.parametrize(
    "body", [b'{"code": "Ada Quill"}', b'{"code": 7}', b"[", b"\xff", b'{"code": "' + b"a" * 80 + b'"}']
)
async def test_free_text_is_no_code(body: bytes) -> None:
    """What a receiver says in other words than a code is not repeated."""
    with pytest.raises(Refused) as refused:
        await make(status(422, body=body)).write_fields(APPLICATION, {"a": "b"}, expected={})
    assert refused.value.code == "http_422"


# Reading


async def test_an_application(adapter: GenericAdapter) -> None:
    """What the README describes arrives whole."""
    found = await adapter.read_application(APPLICATION)
    assert (found.stage.name, found.job.title, found.candidate.emails) == (
        "AI Interview",
        "Data Engineer",
        ("ada.quill@example.org",),
    )
    assert found.entry.history_id
    assert found.entry != StageEntryRef()


async def test_another_application_is_none(world: GenericWorld, adapter: GenericAdapter) -> None:
    """An answer about somebody else, or in words that are not documented, is refused."""
    world.receiver.applications[APPLICATION]["id"] = "app-2"
    with pytest.raises(PayloadInvalid, match="another application"):
        await adapter.read_application(APPLICATION)
    world.receiver.applications[APPLICATION] |= {"id": APPLICATION, "disposition": "ghosted"}
    with pytest.raises(PayloadInvalid):
        await adapter.read_application(APPLICATION)


async def test_sweeps(world: GenericWorld, adapter: GenericAdapter) -> None:
    """Pages of any size add up, ``since`` bounds the first sweep, and the next one begins where the last ended."""
    for size in (1, 2, 50):
        world.receiver.page = size
        found, cursor = await sweep(adapter, None)
        assert sorted(found) == [APPLICATION, "app-2", "app-3"]
    assert (await sweep(adapter, cursor))[0] == []
    world.receiver.move("app-3", "Manager Review")
    assert (await sweep(adapter, cursor))[0] == ["app-3"]
    page = await adapter.list_changed(None, since=world.receiver.now - timedelta(seconds=1))
    assert page.application_ids == ("app-3",)


async def test_paging_in_circles() -> None:
    """More behind the very cursor we came with is no paging."""
    canned = status(200, body=b'{"application_ids": ["a", "a"], "cursor": "c", "more": true}')
    page = await make(canned).list_changed("b")
    assert page.application_ids == ("a",)
    with pytest.raises(PayloadInvalid):
        await make(canned).list_changed("c")


async def test_inspection(adapter: GenericAdapter) -> None:
    """The clock is told, where the answer has one."""
    assert isinstance(adapter, Inspector)
    assert (await adapter.inspect()).server_time is not None
    assert (await make(status(200, body=b'{"stages": []}')).inspect()).server_time is None


@pytest.mark.parametrize("options", [{"read_url": "r", "reach": "far"}, {"read_url": "https://[broken"}, {}])
def test_options_that_mean_nothing(options: dict[str, str]) -> None:
    """An option that cannot be understood is told when the connection is made."""
    with pytest.raises(OptionMissing):
        create("generic", base_url="https://ats.example.com", credentials=CREDENTIALS, options=options)
