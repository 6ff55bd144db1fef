"""What only the Recruitee adapter does: the unsigned test, places in jobs, sweeps over everybody, notes for the team."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count
from typing import Any

import httpx
import pytest
from litestar import Litestar, Request, Response, post

from adapters.contract.delivery import Answer, Greeter
from adapters.contract.errors import NotFound, OutcomeUnknown, PayloadInvalid, SignatureInvalid, Unsupported
from adapters.contract.events import ApplicationChanged, Event, Ping, StageChanged
from adapters.contract.inspection import Inspector
from adapters.contract.model import JobStatus, StageEntryRef, Visibility
from adapters.recruitee.adapter import MOST_BACKS, RecruiteeAdapter
from adapters.recruitee.webhook import greet, parse, verify
from tests.adapters.case import Canned, sweep
from tests.adapters.recruitee.simulator import COMPANY, TOKEN, Recruitee
from tests.adapters.recruitee.world import (
    APPLICATION,
    CANDIDATE,
    OFFER,
    OTHER,
    PAYLOADS,
    RecruiteeWorld,
    running_world,
    sign,
)
from tests.adapters.suite import NOW, SECRET
from tests.fixtures.sandbox import serving


@pytest.fixture
async def world() -> AsyncIterator[RecruiteeWorld]:
    async with running_world() as running:
        yield running


@pytest.fixture
async def adapter(world: RecruiteeWorld) -> AsyncIterator[RecruiteeAdapter]:
    connected = RecruiteeAdapter(world.base_url, TOKEN, company=COMPANY)
    yield connected
    await connected.aclose()


def answering(document: object) -> RecruiteeAdapter:
    transport = Canned(lambda _: httpx.Response(200, content=json.dumps(document).encode()))
    return RecruiteeAdapter("https://api.recruitee.com", TOKEN, company=COMPANY, transport=transport)


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


# Deliveries


def test_every_byte_of_a_signature_counts() -> None:
    """Any one byte changed in body, header or secret, and the delivery is refused."""
    body = payload("stage_changed")
    headers = sign(body, SECRET, NOW)
    verify(headers, body, secrets=[SECRET], now=NOW)
    signature = headers["x-recruitee-signature"]
    spoiled = [(headers, body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :], SECRET) for at in range(len(body))]
    for at, flip in ((at, flip) for at in range(len(signature)) for flip in (1, 2, 32)):
        other = signature[:at] + chr(ord(signature[at]) ^ flip) + signature[at + 1 :]
        spoiled.append(({"x-recruitee-signature": other}, body, SECRET))
    spoiled += [(headers, body, SECRET[:at] + chr(ord(SECRET[at]) ^ 1) + SECRET[at + 1 :]) for at in range(len(SECRET))]
    for heads, sent, secret in spoiled:
        with pytest.raises(SignatureInvalid):
            verify(heads, sent, secrets=[secret], now=NOW)


@pytest.mark.parametrize("name", ["test", "test_with_example"])
def test_the_set_up_test_is_answered_and_not_believed(name: str) -> None:
    """A test is answered 200 whoever signed it; it verifies nothing, and even signed it is only a ping."""
    assert greet(payload(name)) == Answer(status=200)
    assert parse({}, payload(name)) == (Ping(),)
    for secrets in ([], [SECRET]):
        with pytest.raises(SignatureInvalid):
            verify(sign(payload(name), "unknown", NOW), payload(name), secrets=secrets, now=NOW)


@pytest.mark.parametrize(
    "body",
    [
        payload("stage_changed"),
        payload("stage_changed").replace(b'{"event_type"', b'{"test": false, "event_type"', 1),
        b'{"test": "true"}',
        b'{"test": 1}',
        b'{"payload": {"test": true}}',
        b'["test", true]',
        b"",
        b"\xff",
    ],
)
def test_nothing_else_is_greeted(body: bytes) -> None:
    """Only a body that says itself, at its top, that it is a test is answered without a signature."""
    assert greet(body) is None


def test_documented_payloads() -> None:
    """A move and a disqualification are hints about one application; the stage is told where it can be read."""
    assert parse({}, payload("stage_changed")) == (StageChanged(application_id=APPLICATION, to_stage="1011"),)
    for otherwise in (b'"to": {"id": 1011', b'"to_stage": {"id": "x"', b'"to_stage": {"id": -1'):
        body = payload("stage_changed").replace(b'"to_stage": {"id": 1011', otherwise)
        assert parse({}, body) == (StageChanged(application_id=APPLICATION),)
    assert parse({}, payload("disqualified")) == (ApplicationChanged(application_id=APPLICATION),)
    for broken in (b'{"event_type": "candidate_moved"}', payload("stage_changed").replace(b'"id": 44', b'"id": -44')):
        with pytest.raises(PayloadInvalid):
            parse({}, broken)


async def test_from_set_up_to_delivery(world: RecruiteeWorld, adapter: RecruiteeAdapter) -> None:
    """The webhook can be made before its secret is known; then doubled and shuffled deliveries lead to one application."""
    got: list[Event] = []
    secrets: list[str] = []

    @post("/hook")
    async def hook(request: Request[Any, Any, Any]) -> Response[bytes]:
        body, headers = await request.body(), dict(request.headers)
        assert isinstance(adapter, Greeter)
        greeting = adapter.greet(headers, body, secrets=secrets)
        if greeting is not None:
            return Response(greeting.body, status_code=greeting.status)
        try:
            adapter.verify(headers, body, secrets=secrets, now=NOW)
        except SignatureInvalid:
            return Response(b"", status_code=401)
        got.extend(adapter.parse(headers, body))
        return Response(b"", status_code=adapter.manifest.answer_status)

    world.vendor.move(CANDIDATE, OFFER, "Manager Review")
    world.vendor.turn_away(CANDIDATE, OTHER)
    async with serving(Litestar([hook], openapi_config=None, logging_config=None)) as url:
        assert await world.vendor.register(f"{url}/hook")
        assert got == []
        assert await world.vendor.deliver(f"{url}/hook") == [401] * 3
        secrets.append(world.vendor.secret)
        assert await world.vendor.deliver(f"{url}/hook", copies=2, shuffle=3) == [200] * 6
        assert world.vendor.outbox == []
    assert set(got) == {
        StageChanged(application_id=APPLICATION, to_stage="1011"),
        StageChanged(application_id=APPLICATION, to_stage="1012"),
        ApplicationChanged(application_id=f"{CANDIDATE}-{OTHER}"),
    }
    assert (await adapter.read_application(APPLICATION)).stage.name == "Manager Review"
    assert (await adapter.read_application(f"{CANDIDATE}-{OTHER}")).disposition == "rejected"


# Reading


async def test_an_application(adapter: RecruiteeAdapter) -> None:
    """A place in a job, with the job's stage; there is no entry to be told, and the name stays whole."""
    found = await adapter.read_application(APPLICATION)
    assert (found.stage.id, found.stage.name) == ("1011", "AI Interview")
    assert (found.job.id, found.job.title, found.job.status) == ("101", "Data Engineer", JobStatus.OPEN)
    assert (found.candidate.first_name, found.candidate.last_name) == ("Ada Quill", "")
    assert found.entry == StageEntryRef()
    assert found.disposition is None
    other = await adapter.read_application(f"{CANDIDATE}-{OTHER}")
    assert (other.candidate.id, other.stage.name) == (found.candidate.id, "Applied")


async def test_endings_and_pools(world: RecruiteeWorld, adapter: RecruiteeAdapter) -> None:
    """Hired and turned away are read; a talent pool is no open job; unknown words and stages are no guesses."""
    world.vendor.move(CANDIDATE, OFFER, "Hired")
    found = await adapter.read_application(APPLICATION)
    assert (found.disposition, found.stage.kind) == ("hired", "hired")
    world.vendor.offers[OFFER]["kind"] = "talent_pool"
    assert (await adapter.read_application(APPLICATION)).job.status is JobStatus.CLOSED
    world.vendor.offers[OFFER].update(kind="job", status="haunted")
    with pytest.raises(PayloadInvalid, match="job status"):
        await adapter.read_application(APPLICATION)
    world.vendor.offers[OFFER]["status"] = "published"
    world.vendor.placement(CANDIDATE, OFFER)["stage_id"] = 7
    with pytest.raises(PayloadInvalid, match="none of the job's pipeline"):
        await adapter.read_application(APPLICATION)
    world.vendor.candidates[CANDIDATE]["placements"].clear()
    with pytest.raises(NotFound):
        await adapter.read_application(APPLICATION)


async def test_another_company_is_not_found(world: RecruiteeWorld) -> None:
    """The company is part of every address, whatever it looks like."""
    for company in ("1", "../c/89564", "89564/candidates"):
        elsewhere = RecruiteeAdapter(world.base_url, TOKEN, company=company)
        with pytest.raises(NotFound):
            await elsewhere.read_application(APPLICATION)
        await elsewhere.aclose()


async def test_stages_are_those_of_open_jobs(world: RecruiteeWorld, adapter: RecruiteeAdapter) -> None:
    """Only jobs for which people are hired are asked for their pipelines, however small the pages are."""
    world.vendor.add_offer(103, "Old job", status="archived")
    world.vendor.largest_page = 1
    listed = await adapter.list_stages()
    assert len(listed) == len(set(listed)) == 8
    assert not [stage for stage in listed if stage.id.startswith("103")]


# Polling


async def listed(world: RecruiteeWorld, page_size: int) -> tuple[list[str], str]:
    adapter = RecruiteeAdapter(world.base_url, TOKEN, company=COMPANY, page_size=page_size)
    try:
        return await sweep(adapter, None)
    finally:
        await adapter.aclose()


@pytest.mark.parametrize("page_size", [1, 2, 3, 7, 50, 500])
async def test_a_sweep_lists_everybody_once(world: RecruiteeWorld, page_size: int) -> None:
    """Pages of any size add up to every place in every job, each once; a candidate in no job is in none."""
    for number in range(50, 110):
        world.vendor.add_candidate(number, OFFER)
    for largest in (1000, 5):
        world.vendor.largest_page = largest
        found, _ = await listed(world, page_size)
        assert len(found) == len(set(found)) == 63


async def test_people_who_come_and_go_during_a_sweep(world: RecruiteeWorld) -> None:
    """Somebody new or deleted between two pages moves the rows; nobody is passed over or listed twice."""
    for number in range(50, 110):
        world.vendor.add_candidate(number, OFFER)
    adapter = RecruiteeAdapter(world.base_url, TOKEN, company=COMPANY, page_size=20)
    first = await adapter.list_changed(None)
    for number in (200, 201, 202):
        world.vendor.add_candidate(number, OFFER)
    second = await adapter.list_changed(first.cursor)
    for number in (105, 106, 107, 108, 200):
        del world.vendor.candidates[number]
    rest, _ = await sweep(adapter, second.cursor)
    await adapter.aclose()
    found = [*first.application_ids, *second.application_ids, *rest]
    assert len(found) == len(set(found))
    assert {f"{number}-{OFFER}" for number in range(50, 110)} <= set(found)


def listing(rows: list[int], *, deleted: int = 0) -> RecruiteeAdapter:
    """A list of candidates, of whom so many of the first are deleted after the first page; of strangers, where empty."""
    strangers = count(1)

    def answer(request: httpx.Request) -> httpx.Response:
        offset, limit = int(request.url.params["offset"]), int(request.url.params["limit"])
        part = rows[offset : offset + limit]
        if deleted and not offset and len(rows) == PEOPLE:
            del rows[:deleted]
        if not rows:
            part = [next(strangers) for _ in range(limit)]
        place = {"offer_id": 1, "stage_id": 1}
        return httpx.Response(200, json={"candidates": [{"id": n, "name": "n", "placements": [place]} for n in part]})

    return RecruiteeAdapter(
        "https://api.recruitee.com", TOKEN, company=COMPANY, transport=Canned(answer), page_size=100
    )


PEOPLE = 500


@pytest.mark.parametrize("deleted", [19, 20, 21, 60, 150])
async def test_many_deleted_at_once_hide_nobody(deleted: int) -> None:
    """However many of the first are deleted while a sweep runs, whoever is left is told."""
    rows = list(range(PEOPLE, 0, -1))
    found, _ = await sweep(listing(rows, deleted=deleted), None)
    assert {f"{number}-1" for number in rows} <= set(found)


async def test_a_list_in_no_order_is_not_gone_back_for_ever() -> None:
    """Going back has an end, so that a list which never shows the same people again holds up nobody for ever."""
    adapter, cursor, backs = listing([]), None, []
    for _ in range(3 * MOST_BACKS):
        cursor = (await adapter.list_changed(cursor)).cursor
        backs.append(json.loads(cursor)["backs"])
    assert max(backs) == MOST_BACKS


async def test_only_what_changed(world: RecruiteeWorld, adapter: RecruiteeAdapter) -> None:
    """The next sweep passes on what changed since the last began; ``since`` bounds the first; cursors are ours."""
    world.vendor.now += timedelta(hours=1)
    since = world.vendor.now
    _, cursor = await sweep(adapter, None)
    world.vendor.now += timedelta(hours=1)
    world.vendor.move(CANDIDATE, OTHER, "AI Interview")
    assert (await sweep(adapter, cursor))[0] == [f"{CANDIDATE}-{OTHER}"]
    page = await adapter.list_changed(None, since=since)
    assert page.application_ids == (f"{CANDIDATE}-{OTHER}",)
    for foreign in ("nonsense", '{"after": 3}'):
        with pytest.raises(PayloadInvalid):
            await adapter.list_changed(foreign)


# Notes


async def test_notes_are_for_the_team(world: RecruiteeWorld, adapter: RecruiteeAdapter) -> None:
    """A private note is refused unsent; a private one of somebody else is read as private."""
    with pytest.raises(Unsupported):
        await adapter.add_note(APPLICATION, "x", visibility=Visibility.PRIVATE)
    assert [method for method, _ in world.vendor.requests] == []
    written = await adapter.add_note(APPLICATION, "for the team", visibility=Visibility.TEAM)
    world.vendor.notes[CANDIDATE].append(
        {"id": 99, "body": "hush", "visibility": {"level": "private"}, "created_at": world.vendor.tick()}
    )
    notes = await adapter.list_notes(f"{CANDIDATE}-{OTHER}")
    assert notes[0] == written
    assert [(note.body, note.visibility) for note in notes] == [
        ("for the team", Visibility.TEAM),
        ("hush", Visibility.PRIVATE),
    ]


async def test_a_note_whose_answer_cannot_be_read_is_unknown() -> None:
    """The note is there: nobody may be told that it was refused."""
    with pytest.raises(OutcomeUnknown):
        await answering([]).add_note(APPLICATION, "x", visibility=Visibility.TEAM)


async def test_inspection(adapter: RecruiteeAdapter) -> None:
    """The clock is told; account, scopes and webhooks are not."""
    assert isinstance(adapter, Inspector)
    told = await adapter.inspect()
    assert told.server_time is not None
    assert (told.account, told.scopes, told.webhooks) == (None, None, None)


def test_the_simulator_signs_with_its_secret() -> None:
    """What the tests above send is signed with the secret that the world shows."""
    vendor = Recruitee()
    headers = {name.lower(): value for name, value in vendor.signed(b"{}").items()}
    verify(headers, b"{}", secrets=[vendor.secret], now=NOW)


async def test_no_two_sweeps_leave_the_same_cursor(adapter: RecruiteeAdapter) -> None:
    """What is found by two polls within one second of the vendor's clock is found twice, and not taken for one."""
    _, first = await sweep(adapter, None)
    _, second = await sweep(adapter, first)
    assert first != second
    assert APPLICATION in (await sweep(adapter, first))[0]
