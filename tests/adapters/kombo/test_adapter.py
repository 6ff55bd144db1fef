"""What only the Kombo adapter does: deliveries that name nobody, envelopes, codes, notes that cannot be read back."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from adapters.contract.delivery import SomethingChanged
from adapters.contract.errors import (
    AdapterError,
    AuthRejected,
    NotFound,
    OutcomeUnknown,
    PayloadInvalid,
    PermissionMissing,
    RateLimited,
    Refused,
    SignatureInvalid,
    Unavailable,
    Unsupported,
)
from adapters.contract.events import Unknown
from adapters.contract.inspection import Inspector
from adapters.contract.model import JobStatus, StageEntryRef, Visibility
from adapters.kit.setup import OptionMissing
from adapters.kombo.adapter import KomboAdapter
from adapters.kombo.webhook import parse, verify
from adapters.registry import create
from tests.adapters.case import Canned, status, sweep
from tests.adapters.kombo.simulator import API_KEY, INTEGRATION, refuse
from tests.adapters.kombo.world import CREDENTIALS, PAYLOADS, KomboWorld, running_world, sign
from tests.adapters.suite import NOW, SECRET

HEADER = "x-kombo-signature"


@pytest.fixture
async def world() -> AsyncIterator[KomboWorld]:
    async with running_world() as running:
        yield running


@pytest.fixture
async def adapter(world: KomboWorld) -> AsyncIterator[KomboAdapter]:
    connected = connect(world)
    yield connected
    await connected.aclose()


def connect(world: KomboWorld, **options: Any) -> KomboAdapter:
    return KomboAdapter(world.base_url, API_KEY, **({"integration_id": INTEGRATION} | options))


def canned(transport: httpx.AsyncBaseTransport) -> KomboAdapter:
    return KomboAdapter("https://api.kombo.dev/v1", "k", integration_id=INTEGRATION, transport=transport)


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


# Deliveries


def test_every_byte_of_a_signature_counts() -> None:
    """Any one byte changed in body, header or secret, and the delivery is refused; padding alone says nothing."""
    body = payload("data_changed")
    signature = sign(body, SECRET, NOW)[HEADER]
    verify({HEADER: signature + "="}, body, secrets=["another", SECRET], now=NOW)
    spoiled = [(signature, body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :], SECRET) for at in range(len(body))]
    for at in range(len(signature)):
        for flip in (1, 2, 4, 8, 16, 32):
            other = signature[:at] + chr(ord(signature[at]) ^ flip) + signature[at + 1 :]
            spoiled.append((other, body, SECRET))
    spoiled += [
        (signature, body, SECRET[:at] + chr(ord(SECRET[at]) ^ 1) + SECRET[at + 1 :]) for at in range(len(SECRET))
    ]
    for told, sent, secret in spoiled:
        with pytest.raises(SignatureInvalid):
            verify({HEADER: told}, sent, secrets=[secret], now=NOW)


def test_a_body_written_otherwise_is_another_body() -> None:
    """Kombo prints its bodies with an indent; the same JSON without it was never signed."""
    body = payload("data_changed")
    compact = json.dumps(json.loads(body)).encode()
    with pytest.raises(SignatureInvalid):
        verify(sign(body, SECRET, NOW), compact, secrets=[SECRET], now=NOW)


def test_documented_payloads() -> None:
    """Every delivery is kept under its name and id; none is taken for news of one application, and one is worth a poll."""
    for name, made, kind in (
        ("data_changed", SomethingChanged, "data-changed"),
        ("integration_state_changed", Unknown, "integration-state-changed"),
        ("order_received", Unknown, "assessment:order-received"),
    ):
        (event,) = parse({}, payload(name))
        assert event == made(kind=kind, delivery_id=json.loads(payload(name))["id"])


# Reading


async def test_an_application(adapter: KomboAdapter, world: KomboWorld) -> None:
    """The application, then its job; no entry can be told."""
    found = await adapter.read_application(world.application_id)
    assert (found.candidate.first_name, found.candidate.emails, found.source) == (
        "Ada",
        ("ada.quill@example.org",),
        "career page",
    )
    assert (found.job.title, found.job.status, found.job.location) == (
        "Data Engineer",
        JobStatus.OPEN,
        "Vienna, Austria",
    )
    assert (found.stage.name, found.entry, found.disposition) == ("Applied", StageEntryRef(), None)


async def test_by_the_id_of_the_ats(adapter: KomboAdapter, world: KomboWorld) -> None:
    """An order names an application so; what two applications have in common names neither."""
    rows = list(world.kombo.applications.values())
    found = await adapter.read_application(f"remote:{rows[1]['remote_id']}")
    assert found.id == rows[1]["id"]
    rows[0]["remote_id"] = rows[1]["remote_id"]
    with pytest.raises(NotFound):
        await adapter.read_application(f"remote:{rows[1]['remote_id']}")


async def test_what_an_ats_does_not_tell(adapter: KomboAdapter, world: KomboWorld) -> None:
    """Null nearly everywhere is an application all the same; without a stage it is none, and a deleted one is gone."""
    row = world.kombo.applications[world.application_id]
    row["candidate"] |= {"first_name": None, "email_addresses": None, "phone_numbers": [], "source": None}
    world.kombo.jobs[row["job"]["id"]] |= {"status": None, "location": None, "department": None}
    row["outcome"] = "DECLINED"
    found = await adapter.read_application(world.application_id)
    assert (found.candidate.emails, found.job.status, found.disposition) == ((), JobStatus.OPEN, "rejected")
    row["outcome"] = "HAUNTED"
    with pytest.raises(PayloadInvalid, match="outcome"):
        await adapter.read_application(world.application_id)
    for name in ("current_stage", "candidate", "job"):
        kept = row[name]
        row |= {name: None, "outcome": "PENDING"}
        with pytest.raises(PayloadInvalid, match="does not tell Kombo"):
            await adapter.read_application(world.application_id)
        row[name] = kept
    world.kombo.jobs.clear()
    with pytest.raises(NotFound):
        await adapter.read_application(world.application_id)
    row["remote_deleted_at"] = "2026-03-02T09:00:00.000Z"
    with pytest.raises(NotFound):
        await adapter.list_notes(world.application_id)


# Polling


@pytest.mark.parametrize("page_size", [1, 2, 7, 250])
async def test_a_sweep_lists_everybody_once(world: KomboWorld, page_size: int) -> None:
    """Pages of any size add up to every application, the deleted ones too."""
    job = world.kombo.add_job("Another")
    names = {world.kombo.add_application(f"P{number}", job) for number in range(20)}
    world.kombo.applications[min(names)]["remote_deleted_at"] = world.kombo.tick()
    adapter = connect(world, page_size=page_size)
    found, _ = await sweep(adapter, None)
    await adapter.aclose()
    assert len(found) == len(set(found)) == 23
    assert names <= set(found)


async def test_only_what_changed(adapter: KomboAdapter, world: KomboWorld) -> None:
    """The next sweep asks from before the last one began; ``since`` bounds the first; no two sweeps end alike."""
    for row in world.kombo.applications.values():
        row["changed_at"] = "2026-01-01T00:00:00.000Z"
    _, first = await sweep(adapter, None)
    found, second = await sweep(adapter, first)
    assert found == []
    assert first != second
    world.kombo.move(world.application_id, "AI Interview")
    assert (await sweep(adapter, second))[0] == []
    world.kombo.sync()
    assert (await sweep(adapter, second))[0] == [world.application_id]
    page = await adapter.list_changed(None, since=world.kombo.now - timedelta(minutes=1))
    assert page.application_ids == (world.application_id,)
    for foreign in ("nonsense", '{"after": 3}'):
        with pytest.raises(PayloadInvalid):
            await adapter.list_changed(foreign)


async def test_paging_in_circles() -> None:
    """A cursor of Kombo's that comes back is no paging."""
    adapter = canned(status(200, body=b'{"status": "success", "data": {"next": "c1", "results": []}}'))
    page = await adapter.list_changed(None)
    with pytest.raises(PayloadInvalid):
        await adapter.list_changed(page.cursor)


# Notes


async def test_notes_are_for_the_team(adapter: KomboAdapter, world: KomboWorld) -> None:
    """A private note is refused unsent: who would read it is not ours to say."""
    with pytest.raises(Unsupported):
        await adapter.add_note(world.application_id, "x", visibility=Visibility.PRIVATE)
    assert world.kombo.notes == []


@pytest.mark.parametrize(
    ("tool", "told"),
    [
        ("greenhouse", {"post_headers": {"On-Behalf-Of": "77"}}),
        ("workable", {"on_behalf_of_user_remote_id": "77"}),
        ("lever", {"perform_as": "77"}),
        ("teamtailor", {"user_id": "77"}),
        (None, None),
    ],
)
async def test_in_whose_name(world: KomboWorld, tool: str | None, told: object) -> None:
    """The chosen user is named as each ATS wants it, and nobody where nobody was chosen."""
    adapter = connect(world, tool=tool, act_as="77" if tool else None)
    await adapter.add_note(world.application_id, "x", visibility=Visibility.TEAM)
    await adapter.aclose()
    ((_, note),) = world.kombo.notes
    assert note.get("remote_fields") == ({tool: told} if tool else None)


@pytest.mark.parametrize("tool", [None, "icims"])
def test_a_user_without_a_tool(tool: str | None) -> None:
    """In whose name is said together with an ATS that has a word for it."""
    options = {"integration_id": INTEGRATION, "act_as": "77"} | ({"tool": tool} if tool else {})
    with pytest.raises(OptionMissing):
        create("kombo", base_url="https://api.kombo.dev/v1", credentials=CREDENTIALS, options=options)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("PLATFORM.TASK_TIMED_OUT", OutcomeUnknown),
        ("PLATFORM.UNKNOWN_ERROR", OutcomeUnknown),
        ("REMOTE.UNKNOWN_HTTP_ERROR", OutcomeUnknown),
        ("REMOTE.INPUT_INVALID", Refused),
    ],
)
async def test_errors_after_which_nobody_knows(world: KomboWorld, code: str, error: type[AdapterError]) -> None:
    """An error that says that something went wrong does not say that nothing was written."""
    world.kombo.refusal = (400, code)
    adapter = connect(world)
    with pytest.raises(error) as raised:
        await adapter.add_note(world.application_id, "very private", visibility=Visibility.TEAM)
    await adapter.aclose()
    assert raised.type is error
    assert "private" not in str(raised.value)


# Codes


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("PLATFORM.AUTHENTICATION_INVALID", AuthRejected),
        ("INTEGRATION.AUTHENTICATION_INVALID", AuthRejected),
        ("INTEGRATION.PERMISSION_MISSING", PermissionMissing),
        ("REMOTE.RATE_LIMIT_EXCEEDED", RateLimited),
        ("INTEGRATION.SETUP_SYNC_PENDING", Unavailable),
        ("INTEGRATION.MODEL_NOT_AVAILABLE", Unsupported),
        ("INTEGRATION.INACTIVE", Refused),
        ("something else", Refused),
    ],
)
async def test_codes(code: str, error: type[AdapterError]) -> None:
    """Kombo's code says more than its status, and a code that we do not know is a refusal."""
    body = json.dumps(refuse(400, code).body).encode()
    with pytest.raises(error) as raised:
        await canned(status(400, body=body)).list_stages()
    assert type(raised.value) is error


async def test_a_429_keeps_its_wait() -> None:
    """The code of a 429 does not hide how long to wait."""
    body = json.dumps(refuse(429, "PLATFORM.RATE_LIMIT_EXCEEDED").body).encode()
    with pytest.raises(RateLimited) as limited:
        await canned(status(429, headers={"Retry-After": "9"}, body=body)).list_stages()
    assert limited.value.retry_after == 9.0


@pytest.mark.parametrize("body", [b"[", b"\xff", b'{"error": "text"}', b'{"error": {"code": 7}}', b"null"])
async def test_errors_in_no_envelope(body: bytes) -> None:
    """An error without Kombo's envelope is read by its status."""
    with pytest.raises(Refused) as refused:
        await canned(status(400, body=body)).list_stages()
    assert refused.value.code == "http_400"


async def test_another_integration(world: KomboWorld) -> None:
    """The id of the integration goes with every request."""
    stranger = connect(world, integration_id="lever:other")
    with pytest.raises(NotFound):
        await stranger.read_application(world.application_id)
    await stranger.aclose()


async def test_stages_that_are_gone() -> None:
    """Deleted stages are no stages, and a stage without a name has at least one."""
    rows = [{"id": "a", "name": None}, {"id": "b", "name": "B", "remote_deleted_at": "2026-03-02"}]
    body = json.dumps({"status": "success", "data": {"next": None, "results": rows}}).encode()
    (stage,) = await canned(Canned(lambda _: httpx.Response(200, content=body))).list_stages()
    assert (stage.id, stage.name) == ("a", "a")


async def test_inspection(adapter: KomboAdapter) -> None:
    """The account is the ATS and whose it is; nobody's address is told."""
    assert isinstance(adapter, Inspector)
    told = await adapter.inspect()
    assert told.account == "Greenhouse: Northwind"
    assert told.server_time is not None
    assert "@" not in repr(told)
