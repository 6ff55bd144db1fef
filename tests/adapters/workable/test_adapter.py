"""What only the Workable adapter does: names and slugs, the history, one attribute at a time, the window, both encodings."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from litestar import Litestar, Request, Response, post

from adapters.contract.errors import (
    Conflict,
    NotFound,
    OutcomeUnknown,
    PayloadInvalid,
    PermissionMissing,
    RateLimited,
    Refused,
    SignatureInvalid,
    Transient,
)
from adapters.contract.events import ApplicationChanged, Event, StageChanged
from adapters.contract.inspection import Inspector
from adapters.contract.model import FieldKind, JobStatus, Visibility
from adapters.workable.adapter import WorkableAdapter
from adapters.workable.pace import WINDOW
from adapters.workable.webhook import parse, verify
from tests.adapters.case import Canned, sweep
from tests.adapters.suite import NOW, SECRET
from tests.adapters.workable.simulator import TOKEN, Workable
from tests.adapters.workable.world import (
    AUDIT,
    CANDIDATE,
    COMPLETION,
    JOB,
    MEMBER,
    PAYLOADS,
    SCORE,
    WorkableWorld,
    account,
    running_world,
    sign,
)
from tests.fixtures.sandbox import serving

SUMMARY = "13e0eb11"


@pytest.fixture
async def world() -> AsyncIterator[WorkableWorld]:
    async with running_world() as running:
        yield running


@pytest.fixture
async def adapter(world: WorkableWorld) -> AsyncIterator[WorkableAdapter]:
    connected = WorkableAdapter(world.base_url, TOKEN, act_as=MEMBER)
    yield connected
    await connected.aclose()


def answering(document: object) -> WorkableAdapter:
    transport = Canned(lambda _: httpx.Response(200, content=json.dumps(document).encode()))
    return WorkableAdapter("https://acme.workable.com", TOKEN, act_as=MEMBER, transport=transport)


def patches(world: WorkableWorld) -> int:
    return sum(method == "PATCH" for method, _ in world.vendor.requests)


# Signatures


@pytest.mark.parametrize("encoding", ["hex", "base64"])
def test_every_byte_of_a_signature_counts(encoding: str) -> None:
    """Hex and base64 are both taken; any one byte changed in body, header or secret, and nothing is."""
    body = (PAYLOADS / "candidate_moved.json").read_bytes()
    headers = {name.lower(): value for name, value in Workable(encoding=encoding).signed(body, SECRET).items()}
    verify(headers, body, secrets=[SECRET], now=NOW)
    signature = headers["x-workable-signature"]
    spoiled = [(headers, body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :], SECRET) for at in range(len(body))]
    for at, flip in ((at, flip) for at in range(len(signature)) for flip in (1, 2, 32)):
        other = signature[:at] + chr(ord(signature[at]) ^ flip) + signature[at + 1 :]
        spoiled.append(({"x-workable-signature": other}, body, SECRET))
    spoiled += [(headers, body, SECRET[:at] + chr(ord(SECRET[at]) ^ 1) + SECRET[at + 1 :]) for at in range(len(SECRET))]
    for heads, sent, secret in spoiled:
        with pytest.raises(SignatureInvalid):
            verify(heads, sent, secrets=[secret], now=NOW)


def test_documented_payloads() -> None:
    """A move and somebody new are hints about a candidate; nothing but its id is taken from them."""
    moved, created = ((PAYLOADS / f"candidate_{name}.json").read_bytes() for name in ("moved", "created"))
    assert parse({}, moved) == (StageChanged(application_id="27273038"),)
    assert parse({}, created) == (ApplicationChanged(application_id="27273039"),)


async def test_deliveries_doubled_and_out_of_order(world: WorkableWorld, adapter: WorkableAdapter) -> None:
    """However deliveries come, all are verified and all lead to the one entry that the history shows."""
    got: list[Event] = []

    @post("/hook", status_code=200)
    async def hook(request: Request[Any, Any, Any]) -> Response[None]:
        body = await request.body()
        adapter.verify(dict(request.headers), body, secrets=["old", TOKEN], now=NOW)
        got.extend(adapter.parse(dict(request.headers), body))
        return Response(None)

    world.vendor.encoding = "base64"
    for stage in ("manager-review", "ai-interview"):
        world.vendor.move(CANDIDATE, stage)
    async with serving(Litestar([hook], openapi_config=None, logging_config=None)) as url:
        statuses = await world.vendor.deliver(f"{url}/hook", copies=3, shuffle=7, lose=1)
    assert statuses == [200] * 6
    assert set(got) == {StageChanged(application_id=CANDIDATE)}
    assert len({(await adapter.read_application(CANDIDATE)).entry for _ in got}) == 1


# Reading


async def test_an_application(adapter: WorkableAdapter) -> None:
    """The stage is known by its slug, the entry by the activity of the move."""
    found = await adapter.read_application(CANDIDATE)
    assert (found.stage.id, found.stage.name) == ("ai-interview", "AI Interview")
    assert (found.job.id, found.job.status, found.job.location) == (JOB, JobStatus.OPEN, "Vienna")
    assert (found.candidate.first_name, found.candidate.last_name) == ("Ada", "Quill")
    assert found.disposition is None
    assert found.entry.history_id


async def test_entries_tell_visits_apart(world: WorkableWorld, adapter: WorkableAdapter) -> None:
    """Away and back is another entry; a comment or a field in between is not."""
    first = (await adapter.read_application(CANDIDATE)).entry
    await adapter.add_note(CANDIDATE, "in between", visibility=Visibility.PRIVATE)
    await adapter.write_fields(CANDIDATE, {SCORE: 1}, expected={})
    assert (await adapter.read_application(CANDIDATE)).entry == first
    world.vendor.move(CANDIDATE, "manager-review")
    world.vendor.move(CANDIDATE, "ai-interview")
    second = (await adapter.read_application(CANDIDATE)).entry
    assert second.history_id != first.history_id
    assert second.entered_at is not None


async def test_never_moved(adapter: WorkableAdapter) -> None:
    """One who was never moved stands where the history begins."""
    found = await adapter.read_application(str(int(CANDIDATE) + 1))
    assert found.stage.id == "applied"
    assert found.entry.history_id


@pytest.mark.parametrize("newest_first", [False, True])
async def test_moves_of_one_second(world: WorkableWorld, adapter: WorkableAdapter, *, newest_first: bool) -> None:
    """Away and back within a second, whichever end of the list is the newest: the last move is the entry."""
    rows = world.vendor.activities[CANDIDATE]
    for stage in ("manager-review", "ai-interview", "manager-review", "ai-interview"):
        world.vendor.move(CANDIDATE, stage)
    last = rows[-1]["id"]
    for row in rows[-4:]:
        row["at"] = rows[-1]["at"]
    if newest_first:
        rows.reverse()
    assert (await adapter.read_application(CANDIDATE)).entry.history_id == last


async def test_a_renamed_stage_is_the_same_entry(world: WorkableWorld, adapter: WorkableAdapter) -> None:
    """Where activities keep an old name, the slug from the job's stages decides."""
    before = (await adapter.read_application(CANDIDATE)).entry
    document = json.loads((await world_activities(world)).content)
    world.vendor.rename("ai-interview", "First conversation")

    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}) as client:

        async def answer(request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("/activities"):
                return httpx.Response(200, json=document)
            got = await client.get(str(request.url).replace("https://acme.workable.com", world.base_url))
            return httpx.Response(got.status_code, content=got.content)

        adapted = WorkableAdapter(
            "https://acme.workable.com", TOKEN, act_as=MEMBER, transport=httpx.MockTransport(answer)
        )
        found = await adapted.read_application(CANDIDATE)
    assert (found.stage.id, found.stage.name, found.entry) == ("ai-interview", "First conversation", before)


async def world_activities(world: WorkableWorld) -> httpx.Response:
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        return await client.get(f"{world.base_url}/spi/v3/candidates/{CANDIDATE}/activities")


async def test_a_history_that_lags_is_waited_for(world: WorkableWorld, adapter: WorkableAdapter) -> None:
    """An entry that the history does not show yet is asked for again, and never guessed."""
    for hidden in (1, 2):
        world.vendor.lag = hidden
        with pytest.raises(Transient):
            await adapter.read_application(CANDIDATE)
    world.vendor.lag = 0
    assert (await adapter.read_application(CANDIDATE)).stage.id == "ai-interview"


async def test_endings_are_read(world: WorkableWorld, adapter: WorkableAdapter) -> None:
    """What people decided is read; a talent pool is no application; an undocumented job state is no guess."""
    for change, told in (
        ({"disqualified": True}, "rejected"),
        ({"withdrew": True}, "withdrawn"),
        ({"withdrew": False, "disqualified": False, "hired_at": "2026-03-02T09:00:00Z"}, "hired"),
    ):
        world.vendor.touch(CANDIDATE, **change)
        assert (await adapter.read_application(CANDIDATE)).disposition == told
    world.vendor.jobs[JOB]["state"] = "haunted"
    with pytest.raises(PayloadInvalid, match="job state"):
        await adapter.read_application(CANDIDATE)
    world.vendor.candidates[CANDIDATE]["shortcode"] = "POOL"
    with pytest.raises(NotFound):
        await adapter.read_application(CANDIDATE)


async def test_scopes(world: WorkableWorld, adapter: WorkableAdapter) -> None:
    """A token without the right to comment is told so."""
    world.vendor.scopes = frozenset({"r_jobs", "r_candidates"})
    with pytest.raises(PermissionMissing):
        await adapter.add_note(CANDIDATE, "x", visibility=Visibility.TEAM)


# Polling


async def test_sweeps(world: WorkableWorld) -> None:
    """Small pages add up; who changes after being passed is in the next sweep; ``since`` bounds the first."""
    for number in range(10, 16):
        world.vendor.add_candidate(str(int(CANDIDATE) + number), JOB)
    adapter = WorkableAdapter(world.base_url, TOKEN, act_as=MEMBER, page_size=4)
    first = await adapter.list_changed(None)
    assert (len(first.application_ids), first.more) == (4, True)
    world.vendor.move(CANDIDATE, "manager-review")
    rest, cursor = await sweep(adapter, first.cursor)
    assert len({*first.application_ids, *rest}) == 9 == len(first.application_ids) + len(rest)
    assert CANDIDATE not in rest
    assert CANDIDATE in (await sweep(adapter, cursor))[0]
    old = datetime(2020, 1, 1, tzinfo=UTC)
    for row in world.vendor.candidates.values():
        row["updated_at"] = old.isoformat()
    world.vendor.touch(CANDIDATE)
    recent = await adapter.list_changed(None, since=old + timedelta(days=1))
    assert recent.application_ids == (CANDIDATE,)
    for foreign in ("nonsense", '{"after": 3}'):
        with pytest.raises(PayloadInvalid):
            await adapter.list_changed(foreign)
    await adapter.aclose()


@pytest.mark.parametrize("next_page", ["https://acme.workable.com/spi/v3/candidates?since_id=1", "https://[", "x"])
async def test_paging_that_leads_nowhere(next_page: str) -> None:
    """A page that names itself, or an address that is none, is told and not followed."""
    adapter = answering({"candidates": [], "paging": {"next": next_page}})
    with pytest.raises(PayloadInvalid):
        await sweep(adapter, None)


async def test_a_page_of_another_host_is_asked_of_ours() -> None:
    """Only the query of a next page is used, so that the token goes to nobody else."""
    seen: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url)
        more = {"paging": {"next": "https://evil.example.net/?since_id=5"}} if len(seen) == 1 else {}
        return httpx.Response(200, json={"candidates": [], **more})

    adapter = WorkableAdapter("https://acme.workable.com", TOKEN, act_as=MEMBER, transport=Canned(answer))
    await sweep(adapter, None)
    assert [(url.host, dict(url.params)) for url in seen][1] == ("acme.workable.com", {"since_id": "5"})


# Fields


async def test_definitions(adapter: WorkableAdapter) -> None:
    """Only attributes that can hold a result are fields, each with its kind, length and choices."""
    fields = {field.key: field for field in await adapter.list_fields()}
    assert set(fields) == {COMPLETION, SCORE, AUDIT, SUMMARY}
    assert (fields[COMPLETION].kind, fields[COMPLETION].options) == (FieldKind.SELECT, ("Invited", "Completed"))
    assert fields[AUDIT].max_length == 128


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"nothing": "x"}, "unknown_field"),
        ({"13e0eb12": "2026-03-02"}, "unknown_field"),
        ({"13e0eb13": "x"}, "unknown_field"),
        ({AUDIT: "x" * 129}, "too_long"),
        ({COMPLETION: "Maybe"}, "unknown_option"),
        ({SCORE: "many"}, "not_a_number"),
        ({SCORE: True}, "not_a_number"),
        ({AUDIT: "fine", COMPLETION: "Maybe", SUMMARY: "fine"}, "unknown_option"),
    ],
)
async def test_what_no_attribute_holds_is_not_sent(
    world: WorkableWorld, adapter: WorkableAdapter, values: dict[str, Any], code: str
) -> None:
    """One value that cannot be held, and none of the set is sent."""
    with pytest.raises(Refused) as refused:
        await adapter.write_fields(CANDIDATE, values, expected={})
    assert refused.value.code == code
    assert patches(world) == 0


async def test_emptied_fields(world: WorkableWorld, adapter: WorkableAdapter) -> None:
    """None empties an attribute of any kind, and what is empty is no value."""
    await adapter.write_fields(CANDIDATE, world.writable, expected={})
    await adapter.write_fields(CANDIDATE, dict.fromkeys(world.writable), expected={})
    assert set(await adapter.read_fields(CANDIDATE)) == {SUMMARY}
    world.vendor.values[CANDIDATE][SCORE] = {"value": "71.5"}
    assert (await adapter.read_fields(CANDIDATE))[SCORE] == 71.5
    for odd in ("many", "nan", "1e999"):
        world.vendor.values[CANDIDATE][SCORE] = {"value": odd}
        with pytest.raises(PayloadInvalid):
            await adapter.read_fields(CANDIDATE)


async def test_what_a_person_wrote_meanwhile_is_not_written_over(
    world: WorkableWorld, adapter: WorkableAdapter
) -> None:
    """Another value than was read a moment ago is a conflict, and nothing is written; the value that was read is none."""
    world.vendor.values[CANDIDATE][SCORE] = {"value": 3}
    before = await adapter.read_fields(CANDIDATE)
    with pytest.raises(Conflict):
        await adapter.write_fields(CANDIDATE, world.writable, expected=dict.fromkeys(world.writable))
    assert patches(world) == 0
    await adapter.write_fields(CANDIDATE, world.writable, expected={key: before.get(key) for key in world.writable})
    assert world.writable.items() <= dict(await adapter.read_fields(CANDIDATE)).items()


async def test_no_window_ends_between_the_last_look_and_the_writes() -> None:
    """Ten seconds are long enough for somebody to write: they are waited for before the look, never after it."""
    vendor = account(limit=10)
    log = vendor.requests

    async def sleep(_: float) -> None:
        log.append(("slept", ""))
        vendor.window = (0.0, 0)

    async with running_world(vendor) as world:
        adapter = WorkableAdapter(world.base_url, TOKEN, act_as=MEMBER, sleep=sleep)
        for _ in range(4):
            before = await adapter.read_fields(CANDIDATE)
        await adapter.write_fields(CANDIDATE, world.writable, expected={key: before.get(key) for key in world.writable})
        await adapter.aclose()
    count = len(world.writable)
    assert [method for method, _ in log[-count - 2 :]] == ["slept", "GET", *["PATCH"] * count]


async def test_a_choice_that_is_in_no_list_is_a_choice() -> None:
    """What is read as nothing would be written over, so a choice that was taken out of the list still stands there."""
    attributes = {"custom_attributes": [{"id": "k", "type": "dropdown", "label": "Band", "choices": []}]}
    held = {"custom_attributes": [{"custom_attribute_key": "k", "choices": ["c-77"]}]}
    transport = Canned(
        lambda request: httpx.Response(
            200, json=attributes if request.url.path.endswith("/custom_attributes") else {"candidate": held}
        )
    )
    adapter = WorkableAdapter("https://acme.workable.com", TOKEN, act_as=MEMBER, transport=transport)
    assert (await adapter.read_fields("1")).get("k") == "c-77"


@pytest.mark.parametrize("status", [422, 429, 500])
async def test_a_partly_written_set_is_found_by_read_back(
    world: WorkableWorld, adapter: WorkableAdapter, status: int
) -> None:
    """Whatever stops the second attribute, the outcome is unknown; the read-back shows the first, the rest is written."""
    world.vendor.fail = [0, 0, status]
    with pytest.raises(OutcomeUnknown):
        await adapter.write_fields(CANDIDATE, world.writable, expected={})
    found = await adapter.read_fields(CANDIDATE)
    written = {key for key in world.writable if found.get(key) == world.writable[key]}
    assert len(written) == 1
    rest = {key: value for key, value in world.writable.items() if key not in written}
    await adapter.write_fields(CANDIDATE, rest, expected={})
    assert world.writable.items() <= dict(await adapter.read_fields(CANDIDATE)).items()


async def test_a_refused_first_attribute_is_refused(world: WorkableWorld, adapter: WorkableAdapter) -> None:
    """Where nothing was written, the error is what the vendor said."""
    world.vendor.fail = [0, 422]
    with pytest.raises(Refused):
        await adapter.write_fields(CANDIDATE, world.writable, expected={})


async def test_attributes_that_the_vendor_does_not_show() -> None:
    """A candidate without its attributes is a broken payload: fields that nobody can read back are not written."""
    with pytest.raises(PayloadInvalid, match="custom_attributes is missing"):
        await answering({"candidate": {"id": "1", "stage": "Applied"}}).read_fields("1")


# Comments


async def test_comments(world: WorkableWorld, adapter: WorkableAdapter) -> None:
    """A private comment keeps hiring managers out; who wrote it is shown; an unknown member is refused."""
    await adapter.add_note(CANDIDATE, "private", visibility=Visibility.PRIVATE)
    await adapter.add_note(CANDIDATE, "team", visibility=Visibility.TEAM)
    rows = [row for row in world.vendor.activities[CANDIDATE] if row["action"] == "comment"]
    assert ["hiring_manager" in row["roles"] for row in rows] == [False, True]
    assert {note.author for note in await adapter.list_notes(CANDIDATE)} == {"Rita Recruiter"}
    stranger = WorkableAdapter(world.base_url, TOKEN, act_as="nobody")
    with pytest.raises(Refused):
        await stranger.add_note(CANDIDATE, "x", visibility=Visibility.TEAM)
    await stranger.aclose()


async def test_a_comment_that_the_list_does_not_show_yet(world: WorkableWorld, adapter: WorkableAdapter) -> None:
    """An acknowledged comment is a comment, whether or not the list shows it or answers."""
    world.vendor.lag = 1
    assert (await adapter.add_note(CANDIDATE, "late", visibility=Visibility.TEAM)).body == "late"
    world.vendor.fail = [0, 500]
    assert (await adapter.add_note(CANDIDATE, "later", visibility=Visibility.TEAM)).body == "later"
    with pytest.raises(OutcomeUnknown):
        await answering([]).add_note(CANDIDATE, "x", visibility=Visibility.TEAM)


# Limits and inspection


async def test_a_used_up_window_is_waited_for() -> None:
    """With ten requests in ten seconds, a long listing waits for the next window and meets no 429."""
    vendor = account(limit=3)
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        vendor.window = (0.0, 0)

    async with running_world(vendor) as world:
        adapter = WorkableAdapter(world.base_url, TOKEN, act_as=MEMBER, sleep=sleep)
        assert len(await adapter.list_stages()) > 5
        await adapter.write_fields(CANDIDATE, world.writable, expected={})
        await adapter.aclose()
    assert len(slept) >= 2
    assert all(0 < seconds <= WINDOW.total_seconds() for seconds in slept)


async def test_the_end_of_the_window_is_told() -> None:
    """A 429 says when the window ends."""
    async with running_world(account(limit=0)) as world:
        adapter = WorkableAdapter(world.base_url, TOKEN, act_as=MEMBER)
        with pytest.raises(RateLimited) as limited:
            await adapter.list_fields()
        await adapter.aclose()
    assert limited.value.retry_after is not None
    assert 0 < limited.value.retry_after <= 12


async def test_inspection(world: WorkableWorld, adapter: WorkableAdapter) -> None:
    """The account, the member, the clock and every webhook, with those whose time has run out."""
    world.vendor.subscriptions = [
        {"id": 1, "target": "https://e.example/1", "event": "candidate_moved", "valid_until": None},
        {"id": 2, "target": "https://e.example/2", "event": "candidate_created", "valid_until": "2020-01-01T00:00:00Z"},
    ]
    assert isinstance(adapter, Inspector)
    told = await adapter.inspect()
    assert (told.account, told.acting_as, told.scopes) == ("Acme", "Rita Recruiter", None)
    assert told.server_time is not None
    assert told.webhooks is not None
    assert [(hook.events, hook.enabled) for hook in told.webhooks] == [
        (("candidate_moved",), True),
        (("candidate_created",), False),
    ]


def test_signing_helper_signs_with_the_token() -> None:
    """The key of a webhook is the API token itself."""
    verify(sign(b"{}", TOKEN, NOW), b"{}", secrets=[TOKEN], now=NOW)


async def test_people_in_no_job_are_not_listed(world: WorkableWorld, adapter: WorkableAdapter) -> None:
    """A talent pool is no application: nobody need be asked to read what cannot be read."""
    world.vendor.candidates[CANDIDATE]["shortcode"] = "POOL"
    found, _ = await sweep(adapter, None)
    assert CANDIDATE not in found
    assert len(found) == 2


async def test_no_two_sweeps_leave_the_same_cursor(adapter: WorkableAdapter) -> None:
    """What is found by two polls within one second of the vendor's clock is found twice, and not taken for one."""
    _, first = await sweep(adapter, None)
    _, second = await sweep(adapter, first)
    assert first != second
    assert CANDIDATE in (await sweep(adapter, first))[0]
