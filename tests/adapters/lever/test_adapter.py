"""What only the Lever adapter does: signatures in bodies, ends beside stages, notes in somebody's name, two kinds of keys."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from adapters.contract.adapter import Adapter
from adapters.contract.errors import (
    AuthRejected,
    OutcomeUnknown,
    PayloadInvalid,
    PermissionMissing,
    RateLimited,
    Refused,
    SignatureInvalid,
    Transient,
    Unavailable,
)
from adapters.contract.events import ApplicationChanged, StageChanged
from adapters.contract.inspection import Inspector
from adapters.contract.model import Disposition, JobStatus, StageKind, Visibility
from adapters.contract.tokens import Tokens
from adapters.kit.http import HttpClient
from adapters.kit.oauth import MemoryTokens
from adapters.kit.setup import CredentialMissing
from adapters.lever.adapter import LeverAdapter
from adapters.lever.client import LeverClient
from adapters.lever.webhook import WINDOW, parse, verify
from adapters.registry import create
from tests.adapters.case import Canned, status, sweep
from tests.adapters.lever.simulator import READ, STAGES, Lever, Webhook, create_app, signature, stage_id, uid
from tests.adapters.lever.world import ACT_AS, API_KEY, LeverWorld, payload, running_world, seal
from tests.adapters.simulated import Limit
from tests.adapters.suite import NOW, SECRET
from tests.fixtures.sandbox import serving

Connect = Callable[..., Adapter]
BODY = payload("candidate-stage-change")


@pytest.fixture
async def world() -> AsyncIterator[LeverWorld]:
    async with running_world() as running:
        yield running


@pytest.fixture
async def connect(world: LeverWorld) -> AsyncIterator[Connect]:
    made: list[Adapter] = []

    def connecting(path: str = "", **more: Any) -> Adapter:
        more = {"credentials": {"api_key": API_KEY}, "options": {"act_as": ACT_AS}, **more}
        made.append(create("lever", base_url=world.base_url + path, **more))
        return made[-1]

    yield connecting
    for adapter in made:
        await adapter.aclose()


def answering(body: object) -> Adapter:
    transport = status(200, body=json.dumps(body).encode())
    return create("lever", base_url="https://ats.example.com", credentials={"api_key": API_KEY}, transport=transport)


# Signatures


def resealed(**changes: object) -> bytes:
    return json.dumps(json.loads(seal(BODY, SECRET, NOW)) | changes).encode()


def test_vector() -> None:
    """A signature made by another tool over token and time, with nothing between them, verifies."""
    document = json.loads(BODY)
    signed = json.dumps(
        document | {"signature": "97e3986ea0131464e608947efac9502b2cacdd496e553eb3a6bda4654cea5e7d"}
    ).encode()
    verify({}, signed, secrets=["signature-token-0001"], now=at(document["triggeredAt"]))


def at(milliseconds: int) -> Any:
    return type(NOW).fromtimestamp(milliseconds / 1000, NOW.tzinfo)


def test_every_signed_byte_counts() -> None:
    """Another value of any byte of token, time, signature or secret is refused."""
    sealed = json.loads(seal(BODY, SECRET, NOW))
    verify({}, resealed(), secrets=[SECRET], now=NOW)
    mutants = [
        (resealed(**{name: sealed[name][:at] + flip(sealed[name][at]) + sealed[name][at + 1 :]}), SECRET)
        for name in ("token", "signature")
        for at in range(len(sealed[name]))
    ]
    mutants += [(resealed(triggeredAt=sealed["triggeredAt"] + 10**power), SECRET) for power in range(13)]
    mutants += [(resealed(), SECRET[:at] + flip(SECRET[at]) + SECRET[at + 1 :]) for at in range(len(SECRET))]
    for body, secret in mutants:
        with pytest.raises(SignatureInvalid):
            verify({}, body, secrets=[secret], now=NOW)


def flip(letter: str) -> str:
    return chr(ord(letter) ^ 1)


@pytest.mark.parametrize("time", [-5, "1763629811222", 1.5, None, 10**17, True])
def test_times_that_are_none(time: object) -> None:
    """A time that is none is refused, even correctly signed."""
    document = json.loads(BODY) | {"triggeredAt": time}
    body = json.dumps(document | {"signature": signature(document, SECRET)}).encode()
    with pytest.raises(SignatureInvalid):
        verify({}, body, secrets=[SECRET], now=NOW)


def test_the_event_is_not_signed() -> None:
    """Lever's weakness, kept in sight: another opportunity under a fresh signature verifies, and is only a hint."""
    other = resealed(data={"opportunityId": "another"})
    verify({}, other, secrets=[SECRET], now=NOW)
    [event] = parse({}, other)
    [genuine] = parse({}, resealed())
    assert isinstance(event, StageChanged)
    assert isinstance(genuine, StageChanged)
    assert event.delivery_id != genuine.delivery_id
    with pytest.raises(SignatureInvalid):
        verify({}, other, secrets=[SECRET], now=NOW + WINDOW + timedelta(minutes=1))


# Deliveries


def test_an_old_name_of_the_opportunity() -> None:
    """The deprecated name is as good; without any the delivery is broken."""
    [event] = parse({}, payload("candidate-archive-change"))
    assert isinstance(event, ApplicationChanged)
    assert event.application_id == "6408dc54-7015-4e5b-8d60-23afff2b1efc"
    with pytest.raises(PayloadInvalid, match="opportunityId"):
        parse({}, resealed(data={"contactId": "c"}))


# Reading


async def test_opportunity(world: LeverWorld, connect: Connect) -> None:
    """An opportunity has its person, its posting, the name of its stage and the time of its last entry there."""
    adapter = connect()
    world.lever.move(world.application_id, "AI interview")
    first = await adapter.read_application(world.application_id)
    world.lever.move(world.application_id, "New applicant")
    world.lever.move(world.application_id, "AI interview")
    found = await adapter.read_application(world.application_id)
    assert (found.candidate.id, found.candidate.first_name) == (uid("contact Ada Quill0"), "Ada")
    assert (found.candidate.emails, found.candidate.phones) == (("ada0@example.org",), ("+4930123",))
    assert (found.job.status, found.job.requisition_ref) == (JobStatus.OPEN, "REQ-7")
    assert (found.job.department, found.job.location) == ("Operations", "Berlin")
    assert (found.stage.id, found.stage.name) == (stage_id("AI interview"), "AI interview")
    assert first.entry.entered_at is not None
    assert found.entry.entered_at is not None
    assert found.entry.entered_at > first.entry.entered_at
    assert (found.disposition, found.source) == (None, "Referral")


@pytest.mark.parametrize(("reason", "disposition"), [("Hired", Disposition.HIRED), ("Timing", None)])
async def test_an_ended_opportunity(
    world: LeverWorld, connect: Connect, reason: str, disposition: Disposition | None
) -> None:
    """Ended, it stands in no stage of Lever's; brought back, it is in its stage by the same entry as before."""
    adapter = connect()
    before = await adapter.read_application(world.application_id)
    world.lever.end(world.application_id, reason)
    ended = await adapter.read_application(world.application_id)
    assert (ended.stage.kind, ended.disposition) == (StageKind.ARCHIVED, disposition)
    assert ended.entry != before.entry
    assert ended.stage in await adapter.list_stages()
    world.lever.end(world.application_id, None)
    after = await adapter.read_application(world.application_id)
    assert (after.stage, after.entry, after.disposition) == (before.stage, before.entry, None)


async def test_whoever_never_moved_entered_when_they_came(world: LeverWorld, connect: Connect) -> None:
    """So whoever stood in the first stage before Evenhand came is known; a later edit does not make it later."""
    record = world.lever.opportunities[world.application_id]
    record["stageChanges"] = []
    world.lever.touch(world.application_id)
    found = await connect().read_application(world.application_id)
    assert found.entry.entered_at == at(record["createdAt"])


async def test_a_history_that_lags_is_waited_for(world: LeverWorld, connect: Connect) -> None:
    """One entry never has two names: it is asked for again until the history shows when it was made."""
    world.lever.move(world.application_id, STAGES[-1][1])
    newest = world.lever.opportunities[world.application_id]["stageChanges"].pop()
    with pytest.raises(Transient) as caught:
        await connect().read_application(world.application_id)
    assert caught.type is Transient
    world.lever.opportunities[world.application_id]["stageChanges"].append(newest)
    assert (await connect().read_application(world.application_id)).entry.entered_at == at(newest["updatedAt"])


async def test_a_lead_has_no_job(world: LeverWorld, connect: Connect) -> None:
    """Who has applied for nothing is read all the same, with a job that nobody is hired for."""
    found = await connect().read_application(world.lever.apply("Bo", None, lead=True))
    assert (found.job.id, found.job.status) == ("no-posting", JobStatus.DRAFT)
    assert (found.candidate.first_name, found.candidate.last_name, found.candidate.emails) == ("Bo", "", ())


async def test_a_posting_in_an_unknown_state(world: LeverWorld, connect: Connect) -> None:
    """A word that nobody knows is a broken payload, and is not repeated."""
    world.lever.posting_state = "haunted"
    with pytest.raises(PayloadInvalid, match="state") as invalid:
        await connect().read_application(world.application_id)
    assert "haunted" not in str(invalid.value)


# Polling


async def test_small_pages_make_one_sweep(world: LeverWorld, connect: Connect) -> None:
    """Small pages add up to a sweep in which nobody is twice; the next one begins five minutes earlier."""
    world.lever.page = 1
    everything, cursor = await sweep(connect(), None)
    assert sorted(everything) == sorted(world.lever.opportunities)
    again, _ = await sweep(connect(), cursor)
    assert len(again) == len(set(again)) == 3


async def test_who_moved_while_a_sweep_ran_is_in_the_next() -> None:
    """A long sweep ends with a later change than one that it had passed already: the next begins before both."""
    began, first, last = NOW, NOW + timedelta(minutes=1), NOW + timedelta(minutes=20)
    rows = iter([(began - timedelta(days=1), "more"), (last, None)])

    def answer(_: httpx.Request) -> httpx.Response:
        at, following = next(rows)
        row = {"id": following or "last", "updatedAt": round(at.timestamp() * 1000)}
        return httpx.Response(200, json={"data": [row], "hasNext": following is not None, "next": following})

    http = HttpClient("https://ats.example.com", headers={}, transport=Canned(answer))
    clock = iter([began, last])
    _, cursor = await sweep(LeverAdapter(LeverClient(http), clock=lambda: next(clock)), None)
    after = datetime.fromisoformat(json.loads(cursor)["after"])
    assert began - timedelta(minutes=6) < after < first


async def test_since(world: LeverWorld, connect: Connect) -> None:
    """The first sweep tells only of what changed since a moment."""
    world.lever.touch(world.application_id)
    last = (await connect().read_application(world.application_id)).updated_at
    assert last is not None
    page = await connect().list_changed(None, since=last)
    assert page.application_ids == (world.application_id,)
    later = await connect().list_changed(None, since=last + timedelta(days=1))
    assert (later.application_ids, later.more) == ((), False)


async def test_paging_that_does_not_end() -> None:
    """A promised page without an offset, a repeated offset and a foreign cursor are told, not followed."""
    with pytest.raises(PayloadInvalid):
        await answering({"data": [], "hasNext": True}).list_changed(None)
    circle = answering({"data": [], "hasNext": True, "next": "same"})
    once = await circle.list_changed(None)
    for cursor in (once.cursor, "nonsense", '{"after": 3}'):
        with pytest.raises(PayloadInvalid):
            await circle.list_changed(cursor)


# Notes


async def test_notes(world: LeverWorld, connect: Connect) -> None:
    """Notes of several pages come oldest first, in whose name they are, without the deleted ones; private is secret."""
    adapter = connect()
    for number in range(3):
        visibility = Visibility.PRIVATE if number else Visibility.TEAM
        await adapter.add_note(world.application_id, f"note {number}", visibility=visibility)
    await connect(options={}).add_note(world.application_id, "by the key itself", visibility=Visibility.TEAM)
    world.lever.notes[world.application_id][2]["deletedAt"] = world.lever.now()
    world.lever.page = 1
    notes = await adapter.list_notes(world.application_id)
    assert [note.body for note in notes] == ["note 0", "note 2", "by the key itself"]
    assert [note.visibility for note in notes] == [Visibility.TEAM, Visibility.PRIVATE, Visibility.TEAM]
    assert [note.author for note in notes] == [uid("user"), uid("user"), uid("api")]


async def test_an_unreadable_answer_to_a_note() -> None:
    """The note may be there: the outcome is unknown."""
    bodies: list[object] = [{}, {"data": {}}, []]
    for body in bodies:
        with pytest.raises(OutcomeUnknown):
            await answering(body).add_note("1", "text", visibility=Visibility.TEAM)


async def test_a_user_that_is_none(world: LeverWorld, connect: Connect) -> None:
    """A user that Lever does not know is refused with Lever's code, and nothing is written."""
    with pytest.raises(Refused) as refused:
        await connect(options={"act_as": "nobody"}).add_note(world.application_id, "x", visibility=Visibility.TEAM)
    assert refused.value.code == "BadRequestError"
    assert world.lever.notes == {}


async def test_a_key_that_may_only_read(world: LeverWorld, connect: Connect) -> None:
    """Missing permissions are told apart from wrong keys."""
    world.lever.keys["reader"] = READ
    with pytest.raises(PermissionMissing):
        await connect(credentials={"api_key": "reader"}).add_note(world.application_id, "x", visibility=Visibility.TEAM)


async def test_too_many_requests() -> None:
    """More than Lever takes at once is refused, and Lever does not say how long to wait."""
    async with serving(create_app(Lever(keys={API_KEY: READ}), Limit(most=20, window=60.0))) as base_url:
        adapter = create("lever", base_url=base_url, credentials={"api_key": API_KEY})
        for _ in range(20):
            await adapter.list_changed(None)
        with pytest.raises(RateLimited) as limited:
            await adapter.list_changed(None)
        await adapter.aclose()
    assert limited.value.retry_after is None


# Credentials


async def test_the_documented_address_works(world: LeverWorld, connect: Connect) -> None:
    """The version in the base URL, as Lever's documentation has it, is not doubled."""
    assert (await connect("/v1/").read_application(world.application_id)).id == world.application_id


@pytest.mark.parametrize(
    ("base_url", "options", "host"),
    [
        ("https://api.lever.co/v1", {}, "auth.lever.co"),
        ("https://api.sandbox.lever.co", {}, "sandbox-lever.auth0.com"),
        ("https://api.eu.lever.co", {"token_url": "https://auth.eu.example.com"}, "auth.eu.example.com"),
        ("https://ats.example.com", {}, "ats.example.com"),
    ],
)
async def test_token_endpoints(base_url: str, options: Mapping[str, str], host: str) -> None:
    """Tokens are asked for where the address of the API, or the option, says."""
    canned: Canned = status(500)
    adapter = create(
        "lever",
        base_url=base_url,
        credentials={"client_id": "id", "client_secret": "secret"},
        options=options,
        tokens=MemoryTokens(Tokens(access="", refresh="refresh-0", expires_at=NOW)),
        transport=canned,
    )
    with pytest.raises(Unavailable):
        await adapter.read_application("1")
    assert [(request.url.host, request.url.path) for request in canned.requests] == [(host, "/oauth/token")]


async def test_refresh_tokens_rotate(world: LeverWorld, connect: Connect) -> None:
    """A refresh token is used once; the next one is kept, also when Lever ends the access token early."""
    kept = MemoryTokens(Tokens(access="old", refresh="refresh-0"))
    oauth = {"credentials": {"client_id": "id", "client_secret": "secret"}, "tokens": kept}
    adapter = connect(**oauth)
    await adapter.read_application(world.application_id)
    tokens = await kept.read()
    assert tokens is not None
    assert (tokens.access, tokens.refresh) == ("access-1", "refresh-1")
    world.lever.tokens.clear()
    await adapter.add_note(world.application_id, "once", visibility=Visibility.PRIVATE)
    assert len(world.lever.notes[world.application_id]) == 1
    with pytest.raises(AuthRejected):
        await connect(**{**oauth, "tokens": MemoryTokens(Tokens(access="old", refresh="refresh-0"))}).list_stages()


def test_neither_key_nor_app() -> None:
    """A connection without credentials says what it needs."""
    for credentials, name in (({}, "api_key"), ({"client_id": "id"}, "client_secret")):
        with pytest.raises(CredentialMissing) as missing:
            create("lever", base_url="https://ats.example.com", credentials=credentials)
        assert missing.value.name == name


# What the connection says of itself


async def test_inspection(world: LeverWorld, connect: Connect) -> None:
    """The user in whose name is written, the clock, and where webhooks go."""
    world.lever.webhooks.append(Webhook("candidateStageChange", "https://evenhand.example.org/hooks/x", SECRET))
    adapter, nobody = connect(), connect(options={})
    assert isinstance(adapter, Inspector)
    assert isinstance(nobody, Inspector)
    told = await adapter.inspect()
    assert (told.acting_as, (await nobody.inspect()).acting_as) == ("Robin Recruiter", None)
    assert told.webhooks is not None
    assert [(hook.url, hook.events) for hook in told.webhooks] == [
        ("https://evenhand.example.org/hooks/x", ("candidateStageChange",))
    ]
    assert told.server_time is not None
    assert told.server_time.tzinfo is not None


@pytest.mark.parametrize("date", [None, "soon", ""])
async def test_a_clock_that_is_none(date: str | None) -> None:
    """Without a readable Date header the clock is not known."""
    headers = {} if date is None else {"Date": date}
    adapter = create(
        "lever",
        base_url="https://ats.example.com",
        credentials={"api_key": API_KEY},
        transport=status(200, headers=headers, body=b'{"data": []}'),
    )
    assert isinstance(adapter, Inspector)
    assert (await adapter.inspect()).server_time is None
