"""What only the Merge adapter does: padding, webhooks without ids, two credentials, notes that hang on a person."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from adapters.contract.delivery import SomethingChanged
from adapters.contract.errors import (
    AuthRejected,
    NotFound,
    PayloadInvalid,
    RateLimited,
    Refused,
    SignatureInvalid,
)
from adapters.contract.events import ApplicationChanged, Unknown
from adapters.contract.inspection import Inspector
from adapters.contract.model import JobStatus, StageEntryRef, Visibility
from adapters.merge.adapter import MergeAdapter
from adapters.merge.webhook import parse, verify
from tests.adapters.case import Canned, sweep
from tests.adapters.merge.simulator import ACCOUNT_TOKEN, API_KEY, ROOT, USER, Merge, uid
from tests.adapters.merge.world import PAYLOADS, MergeWorld, running_world, sign
from tests.adapters.suite import NOW, SECRET

SAMPLE = "521b18c2-4d01-4297-b451-19858d07c133"
HEADER = "x-merge-webhook-signature"


@pytest.fixture
async def world() -> AsyncIterator[MergeWorld]:
    async with running_world() as running:
        yield running


@pytest.fixture
async def adapter(world: MergeWorld) -> AsyncIterator[MergeAdapter]:
    connected = connect(world)
    yield connected
    await connected.aclose()


def connect(world: MergeWorld, *, key: str = API_KEY, token: str = ACCOUNT_TOKEN, **options: Any) -> MergeAdapter:
    return MergeAdapter(world.base_url, key, token, act_as=USER, **options)


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


# Deliveries


def test_padding_says_nothing() -> None:
    """Sources disagree on padding: with it and without it, the same signature is good. Other spellings are not."""
    body = payload("application_changed")
    signature = sign(body, SECRET, NOW)[HEADER]
    assert signature.endswith("=")
    for spelt in (signature, signature.rstrip("=")):
        verify({HEADER: spelt}, body, secrets=["another", SECRET], now=NOW)
    for spelt in (signature[1:], signature + "A", f"sha256={signature}", signature.swapcase(), signature[:-2] + "="):
        with pytest.raises(SignatureInvalid):
            verify({HEADER: spelt}, body, secrets=[SECRET], now=NOW)


def test_every_byte_of_a_signature_counts() -> None:
    """Any one byte changed in body, header or secret, and the delivery is refused."""
    body = payload("application_changed")
    signature = sign(body, SECRET, NOW)[HEADER].rstrip("=")
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


def test_documented_payloads() -> None:
    """An application that was added or changed may have moved; a sync that ended names nobody and is news to poll for."""
    for name in ("application_changed", "application_added", "application_removed"):
        assert parse({}, payload(name)) == (ApplicationChanged(application_id=SAMPLE),)
    assert parse({}, payload("synced")) == (SomethingChanged(kind="LinkedAccount.synced"),)
    for event, expected in (("application.synced", SomethingChanged), ("Candidate.synced", Unknown)):
        renamed = payload("synced").replace(b"LinkedAccount.synced", event.encode())
        assert parse({}, renamed) == (expected(kind=event),)


@pytest.mark.parametrize("missing", ["id", "modified_at"])
def test_a_model_without_what_tells_it_apart(missing: str) -> None:
    """Without the time of change two changes would be the same bytes, and the second taken for the first."""
    document = json.loads(payload("application_changed"))
    del document["data"][missing]
    with pytest.raises(PayloadInvalid):
        parse({}, json.dumps(document).encode())


# Reading


async def test_an_application(adapter: MergeAdapter, world: MergeWorld) -> None:
    """One request with everything expanded; no entry can be told; the account token goes with every request."""
    found = await adapter.read_application(world.application_id)
    assert (found.candidate.first_name, found.candidate.emails) == ("Ada", ("ada.quill@example.org",))
    assert (found.job.title, found.job.status, found.job.requisition_ref) == ("Data Engineer", JobStatus.OPEN, "R-1")
    assert (found.stage.name, found.entry, found.disposition) == ("Applied", StageEntryRef(), None)
    for key, token in (("other", ACCOUNT_TOKEN), (API_KEY, "other")):
        stranger = connect(world, key=key, token=token)
        with pytest.raises(AuthRejected):
            await stranger.read_application(world.application_id)
        await stranger.aclose()


async def test_what_an_ats_does_not_tell(adapter: MergeAdapter, world: MergeWorld) -> None:
    """Null nearly everywhere is an application all the same; without a stage it is none, and a deleted one is gone."""
    row = world.merge.applications[world.application_id]
    person = world.merge.candidates[row["candidate"]]
    person |= {"first_name": None, "last_name": None, "email_addresses": None, "phone_numbers": [{"value": None}]}
    world.merge.jobs[row["job"]] |= {"status": None, "code": None}
    row |= {"source": None, "rejected_at": "2026-03-01T09:00:00Z"}
    found = await adapter.read_application(world.application_id)
    assert (found.candidate.emails, found.candidate.phones, found.job.status) == ((), (), JobStatus.OPEN)
    assert found.disposition == "rejected"
    world.merge.jobs[row["job"]]["status"] = "HAUNTED"
    with pytest.raises(PayloadInvalid, match="job status"):
        await adapter.read_application(world.application_id)
    world.merge.jobs[row["job"]]["status"] = "ARCHIVED"
    row["current_stage"] = None
    with pytest.raises(PayloadInvalid, match="has no stage"):
        await adapter.read_application(world.application_id)
    row["remote_was_deleted"] = True
    with pytest.raises(NotFound):
        await adapter.read_application(world.application_id)


async def test_a_move_is_seen_after_the_sync(adapter: MergeAdapter, world: MergeWorld) -> None:
    """Before Merge looked at the ATS nothing is to be seen, by nobody."""
    _, cursor = await sweep(adapter, None)
    world.merge.now += timedelta(hours=1)
    world.merge.move(world.application_id, "AI Interview")
    assert (await adapter.read_application(world.application_id)).stage.name == "Applied"
    world.merge.sync()
    assert (await adapter.read_application(world.application_id)).stage.name == "AI Interview"
    assert world.application_id in (await sweep(adapter, cursor))[0]


# Polling


@pytest.mark.parametrize("page_size", [1, 2, 7, 100])
async def test_a_sweep_lists_everybody_once(world: MergeWorld, page_size: int) -> None:
    """Pages of any size add up to every application, the deleted ones too."""
    job = world.merge.add_job("Another")
    names = {world.merge.add_application(f"P{number}", job) for number in range(20)}
    world.merge.applications[min(names)]["remote_was_deleted"] = True
    adapter = connect(world, page_size=page_size)
    found, _ = await sweep(adapter, None)
    await adapter.aclose()
    assert len(found) == len(set(found)) == 23
    assert names <= set(found)


async def test_only_what_changed(adapter: MergeAdapter, world: MergeWorld) -> None:
    """The next sweep asks from before the last one began; ``since`` bounds the first; no two sweeps end alike."""
    for row in world.merge.applications.values():
        row["modified_at"] = "2026-01-01T00:00:00Z"
    _, first = await sweep(adapter, None)
    found, second = await sweep(adapter, first)
    assert found == []
    assert first != second
    world.merge.move(world.application_id, "AI Interview")
    world.merge.sync()
    assert (await sweep(adapter, second))[0] == [world.application_id]
    page = await adapter.list_changed(None, since=world.merge.now - timedelta(minutes=1))
    assert page.application_ids == (world.application_id,)
    for foreign in ("nonsense", '{"after": 3}'):
        with pytest.raises(PayloadInvalid):
            await adapter.list_changed(foreign)


async def test_paging_in_circles() -> None:
    """A cursor of Merge's that comes back is no paging."""
    canned = Canned(lambda _: httpx.Response(200, content=b'{"next": "p1", "results": []}'))
    adapter = MergeAdapter("https://api.merge.dev/api/ats/v1", "k", "t", act_as=USER, transport=canned)
    page = await adapter.list_changed(None)
    with pytest.raises(PayloadInvalid):
        await adapter.list_changed(page.cursor)


# Notes


async def test_notes_hang_on_the_candidate(adapter: MergeAdapter, world: MergeWorld) -> None:
    """A note is an activity of the chosen user; those of others, of other kinds and of other people are not ours."""
    note = await adapter.add_note(world.application_id, "a remark", visibility=Visibility.PRIVATE)
    (sent,) = world.merge.activities
    assert (sent["visibility"], sent["user"], sent["activity_type"]) == ("PRIVATE", USER, "NOTE")
    for other in ({"user": uid("someone")}, {"candidate": uid("candidate Grace")}, {"activity_type": "EMAIL"}):
        world.merge.activities.append(sent | {"id": uid(str(other))} | other)
    assert await adapter.list_notes(world.application_id) == (note,)
    # An ATS that knows no notes shows ours as something else: by its mark it is found, and not written twice.
    world.merge.activities.append(sent | {"id": uid("ours"), "activity_type": "OTHER", "body": "Band\n[evenhand 7]"})
    assert {one.body for one in await adapter.list_notes(world.application_id)} == {"a remark", "Band\n[evenhand 7]"}


async def test_private_or_not_at_all(adapter: MergeAdapter, world: MergeWorld) -> None:
    """Where the ATS takes no visibility a private note is refused unsent; one for the team is not."""
    world.merge.private = False
    with pytest.raises(Refused) as refused:
        await adapter.add_note(world.application_id, "hush", visibility=Visibility.PRIVATE)
    assert (refused.value.code, world.merge.activities) == ("private_notes_unsupported", [])
    await adapter.add_note(world.application_id, "for all", visibility=Visibility.TEAM)
    assert world.merge.activities[0]["visibility"] == "PUBLIC"


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        ({"title": "t", "detail": "very private", "problem_type": "MISSING_REQUIRED_FIELD"}, "missing_required_field"),
        ({"title": "t", "detail": "d", "problem_type": "A", "error_code": "E_42"}, "e_42"),
        ({"title": "t", "detail": "d", "problem_type": "very private!"}, "merge_errors"),
    ],
)
async def test_a_created_with_errors_is_a_refusal(
    adapter: MergeAdapter, world: MergeWorld, problem: dict[str, Any], code: str
) -> None:
    """201 with errors says that nothing was written; what it says in words is not repeated."""
    world.merge.errors.append(problem)
    with pytest.raises(Refused) as refused:
        await adapter.add_note(world.application_id, "x", visibility=Visibility.TEAM)
    assert refused.value.code == code
    assert "very private" not in str(refused.value)
    assert world.merge.activities == []


@pytest.mark.parametrize("answer", [b"[]", b"{}", b'{"model": {"id": null}, "errors": []}'])
async def test_an_answer_that_cannot_be_read_is_unknown(world: MergeWorld, answer: bytes) -> None:
    """The note may be there: nobody sends it again before a person has looked."""
    row = world.merge.applications[world.application_id]
    whole = row | {"candidate": {"id": row["candidate"]}, "job": {"id": "j"}, "current_stage": {"id": "s"}}

    def answered(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=json.dumps(whole).encode() if request.method == "GET" else answer)

    adapter = MergeAdapter(f"https://api.merge.dev{ROOT}", "k", "t", act_as=USER, transport=Canned(answered))
    with pytest.raises(Refused) as refused:
        await adapter.add_note(world.application_id, "x", visibility=Visibility.TEAM)
    assert refused.value.code == "outcome_unknown"


# The rest


async def test_stages(adapter: MergeAdapter, world: MergeWorld) -> None:
    """Deleted stages are no stages, and a stage without a name has at least one."""
    first, second = list(world.merge.stages.values())[:2]
    first["remote_was_deleted"], second["name"] = True, None
    listed = {stage.id: stage.name for stage in await adapter.list_stages()}
    assert first["id"] not in listed
    assert listed[second["id"]] == second["id"]
    assert len(listed) == 5


async def test_the_limit(world: MergeWorld) -> None:
    """Too many requests are told as such."""
    world.merge.limit.most = 1
    adapter = connect(world)
    await adapter.list_changed(None)
    with pytest.raises(RateLimited):
        await adapter.list_changed(None)
    await adapter.aclose()


async def test_inspection(adapter: MergeAdapter) -> None:
    """The account is the ATS and whose it is; nobody's address is told."""
    assert isinstance(adapter, Inspector)
    told = await adapter.inspect()
    assert (told.account, told.acting_as) == ("Some ATS: Northwind", USER)
    assert told.server_time is not None
    assert "@" not in repr(told)


def test_the_simulator_may_leave_padding_out() -> None:
    """What the simulator sends is good in both spellings."""
    for padded in (True, False):
        headers = {name.lower(): value for name, value in Merge(padded=padded).signed(b"{}", SECRET).items()}
        verify(headers, b"{}", secrets=[SECRET], now=NOW)
