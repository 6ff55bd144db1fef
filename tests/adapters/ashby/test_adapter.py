"""What only the Ashby adapter does: codes in answers 200, sync tokens, history ids, notes on people."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from adapters.ashby.adapter import AshbyAdapter
from adapters.ashby.webhook import parse, verify
from adapters.contract.errors import (
    AdapterError,
    AuthRejected,
    Conflict,
    NotFound,
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
from tests.adapters.ashby.simulator import EVERYTHING, READ, uid
from tests.adapters.ashby.world import API_KEY, ASHBY_CASE, AshbyWorld, payload, running_world, sign
from tests.adapters.case import Canned, status, sweep
from tests.adapters.suite import NOW, SECRET

# Computed apart from the code under test: printf '%s' '{"action":"ping"}' | openssl dgst -sha256 -hmac <secret>
VECTOR = (
    "5e4ffdd9bb6e25c97ee2a1f9fa9b8a1c",
    b'{"action":"ping"}',
    "sha256=62d4f8083859b3642394b0c655e7515e68d644270ffa318c6e6ba61c01692a03",
)
Connect = Callable[..., AshbyAdapter]


@pytest.fixture
async def world() -> AsyncIterator[AshbyWorld]:
    async with running_world() as running:
        yield running


@pytest.fixture
async def connect(world: AshbyWorld) -> AsyncIterator[Connect]:
    made: list[AshbyAdapter] = []

    def connecting(**options: Any) -> AshbyAdapter:
        made.append(AshbyAdapter(world.base_url, options.pop("api_key", API_KEY), **options))
        return made[-1]

    yield connecting
    for adapter in made:
        await adapter.aclose()


def refusing(code: str, **more: object) -> AshbyAdapter:
    body = json.dumps({"success": False, "errors": [code], "errorInfo": {"code": code}, **more}).encode()
    return AshbyAdapter("https://ats.example.com", API_KEY, transport=status(200, body=body))


# Signatures


def test_vector() -> None:
    """A signature made by another tool verifies: the secret's characters are the key, also where they look like hex."""
    secret, body, signature = VECTOR
    verify({"ashby-signature": signature}, body, secrets=[secret], now=NOW)
    with pytest.raises(SignatureInvalid):
        verify({"ashby-signature": signature}, body, secrets=[bytes.fromhex(secret).decode("latin-1")], now=NOW)


def test_every_byte_counts() -> None:
    """Another value of any one byte of body, signature or secret is refused."""
    body = payload("application-update").strip()
    header = sign(body, SECRET, NOW)["ashby-signature"]
    verify({"ashby-signature": header}, body, secrets=[SECRET], now=NOW)
    mutants = [(header, body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :], SECRET) for at in range(len(body))]
    mutants += [(header[:at] + flip(header[at]) + header[at + 1 :], body, SECRET) for at in range(len(header))]
    mutants += [(header, body, SECRET[:at] + flip(SECRET[at]) + SECRET[at + 1 :]) for at in range(len(SECRET))]
    for signature, content, secret in mutants:
        with pytest.raises(SignatureInvalid):
            verify({"ashby-signature": signature}, content, secrets=[secret], now=NOW)


def flip(letter: str) -> str:
    return chr(ord(letter) ^ 1)


# Deliveries


def test_one_move_is_two_deliveries() -> None:
    """Related webhooks carry one id; with the action it names each, so that none hides the other."""
    [moved], [updated] = parse({}, payload("candidate-stage-change")), parse({}, payload("application-update"))
    assert isinstance(moved, StageChanged)
    assert isinstance(updated, ApplicationChanged)
    assert moved.application_id == updated.application_id
    assert moved.delivery_id == "75395d87-4044-4dc4-bc29-0cec185e5f06:candidateStageChange"
    assert updated.delivery_id == "75395d87-4044-4dc4-bc29-0cec185e5f06:applicationUpdate"


def test_a_delivery_without_an_id() -> None:
    """Then the change itself is the id; without even a time, the payload is not what Ashby documents."""
    [event] = parse({}, payload("application-submit-without-id"))
    assert isinstance(event, ApplicationChanged)
    assert event.delivery_id == f"applicationSubmit:{event.application_id}:2026-10-12T20:29:56.964Z"
    with pytest.raises(PayloadInvalid):
        parse({}, b'{"action":"applicationUpdate","data":{"application":{"id":"a"}}}')
    with pytest.raises(PayloadInvalid):
        parse({}, b'{"action":"candidateStageChange","webhookActionId":"w","data":{}}')


# Answers 200 that are refusals


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("invalid_input", Refused),
        ("application_not_found", NotFound),
        ("missing_endpoint_permission", PermissionMissing),
        ("rate_limit_exceeded", RateLimited),
        ("internal_server_error", Unavailable),
        ("unauthorized", AuthRejected),
    ],
)
async def test_success_false_is_an_error(code: str, expected: type[AdapterError]) -> None:
    """An answer 200 that says success: false is judged by its code."""
    with pytest.raises(expected) as caught:
        await refusing(code).read_application("1")
    if isinstance(caught.value, Refused):
        assert caught.value.code == code
    if isinstance(caught.value, PermissionMissing):
        assert caught.value.scope == "candidatesRead"


@pytest.mark.parametrize(
    ("errors", "code"),
    [
        (["invalid_input"], "invalid_input"),
        ([{"message": "missing_thing", "parameter": "x"}], "missing_thing"),
        (["Ada Quill <ada@example.org> is wrong"], "refused"),
        ([{"parameter": "x"}], "refused"),
        ([], "refused"),
        ("odd", "refused"),
    ],
)
async def test_the_old_place_of_errors(errors: object, code: str) -> None:
    """Without errorInfo the code stands in errors, as text or object; what is no code is not repeated."""
    with pytest.raises(Refused) as refused:
        await refusing("ignored", errors=errors, errorInfo=None).read_application("1")
    assert refused.value.code == code


async def test_a_write_refused_in_an_answer_200(world: AshbyWorld, connect: Connect) -> None:
    """A refused write is refused and not unknown, and nothing is written."""
    adapter = connect()
    with pytest.raises(Refused) as refused:
        await adapter.write_fields(world.application_id, {uid("field AI interview link"): "no address"}, expected={})
    assert refused.value.code == "invalid_input"
    assert await adapter.read_fields(world.application_id) == {}


async def test_an_unreadable_answer_to_a_write() -> None:
    """Where nobody can say whether a note was written, the outcome is unknown."""
    for body in (b"", b"<html>", b"{}", b'{"success":true}', b'{"success":true,"results":{}}'):
        adapter = AshbyAdapter("https://ats.example.com", API_KEY, transport=status(200, body=body))
        with pytest.raises(OutcomeUnknown):
            await adapter._client.add_note("c", "text", private=True)


async def test_keys(world: AshbyWorld, connect: Connect) -> None:
    """Both are 403: a key that may not do this names the permission, a key that nobody knows is rejected."""
    world.ashby.keys["reader"] = READ
    with pytest.raises(PermissionMissing) as missing:
        await connect(api_key="reader").add_note(world.application_id, "text", visibility=Visibility.PRIVATE)
    assert missing.value.scope == "candidatesWrite"
    with pytest.raises(AuthRejected):
        await connect(api_key="nobody").list_stages()


@pytest.mark.parametrize(
    "error", ["missing_endpoint_permission", {"message": "Permission x is missing", "parameter": ""}]
)
async def test_where_a_missing_permission_is_told(error: object) -> None:
    """As a code or in words: such a key is not wrong."""
    body = json.dumps({"success": False, "errors": [error]}).encode()
    adapter = AshbyAdapter("https://ats.example.com", API_KEY, transport=status(403, body=body))
    with pytest.raises(PermissionMissing) as missing:
        await adapter.list_fields()
    assert missing.value.scope == "hiringProcessMetadataRead"


@pytest.mark.parametrize("body", [b"{}", b"", b"<html>Forbidden</html>", b'{"success":false,"errors":["forbidden"]}'])
async def test_a_revoked_key_pauses_the_connection(body: bytes) -> None:
    """A 403 that names no permission is a key that nobody knows any more: nothing is given up, reading or writing."""
    adapter = AshbyAdapter("https://ats.example.com", API_KEY, transport=status(403, body=body))
    for verb in (*ASHBY_CASE.reads().values(), *ASHBY_CASE.writes().values()):
        with pytest.raises(AuthRejected):
            await verb(adapter)


# Reading


async def test_application(world: AshbyWorld, connect: Connect) -> None:
    """An application has its candidate, its job with requisition and place, its stage, and the visit of that stage."""
    world.ashby.move(world.application_id, "AI Interview")
    found = await connect().read_application(world.application_id)
    assert (found.candidate.first_name, found.candidate.last_name) == ("Ada", "Quill0")
    assert found.candidate.emails == ("ada0@example.org",)
    assert (found.job.status, found.job.requisition_ref, found.job.location) == (JobStatus.OPEN, "REQ-7", "Berlin")
    assert (found.stage.name, found.stage.kind) == ("AI Interview", None)
    assert found.entry.history_id == uid(f"visit {world.application_id} 1")
    assert (found.disposition, found.source) == (None, "Applied")
    assert "candidate.info" not in world.ashby.requests


async def test_a_second_visit_is_another_entry(world: AshbyWorld, connect: Connect) -> None:
    """Back into a stage is a new entry; history over several pages is read to the end."""
    world.ashby.faults.page = 1
    adapter = connect()
    entries = []
    for stage in ("AI Interview", "Application Review", "AI Interview"):
        world.ashby.move(world.application_id, stage)
        entries.append((await adapter.read_application(world.application_id)).entry)
    assert len(set(entries)) == 3


async def test_what_a_person_wrote_meanwhile_is_not_written_over(world: AshbyWorld, connect: Connect) -> None:
    """Another value than was read a moment ago is a conflict, and nothing is written; the value that was read is none."""
    key, adapter = uid("field AI interview score"), connect()
    await adapter.write_fields(world.application_id, {key: 50}, expected={key: None})
    sent = world.ashby.requests.count("customField.setValues")
    with pytest.raises(Conflict):
        await adapter.write_fields(world.application_id, {key: 71.5}, expected={key: None})
    assert world.ashby.requests.count("customField.setValues") == sent == 1
    await adapter.write_fields(world.application_id, {key: 71.5}, expected={key: 50})
    assert (await adapter.read_fields(world.application_id))[key] == 71.5


@pytest.mark.parametrize("stages", [("AI Interview",), ("AI Interview", "Application Review", "AI Interview")])
async def test_a_history_that_lags_is_waited_for(world: AshbyWorld, connect: Connect, stages: tuple[str, ...]) -> None:
    """One entry never has two names: where its visit is not to be seen yet, neither nothing nor an older visit stands for it."""
    for stage in stages:
        world.ashby.move(world.application_id, stage)
    visits = world.ashby.history[world.application_id]
    newest = visits.pop()
    with pytest.raises(Transient) as caught:
        await connect().read_application(world.application_id)
    assert caught.type is Transient
    visits.append(newest)
    assert (await connect().read_application(world.application_id)).entry.history_id == newest["id"]


async def test_the_latest_visit_is_known_by_its_time(world: AshbyWorld, connect: Connect) -> None:
    """What ``stageNumber`` counts is not documented; when a stage was entered is."""
    for stage in ("AI Interview", "Application Review", "AI Interview"):
        world.ashby.move(world.application_id, stage)
    visits = world.ashby.history[world.application_id]
    for visit in visits:
        visit["stageNumber"] = 0
    assert (await connect().read_application(world.application_id)).entry.history_id == visits[-1]["id"]


async def test_a_value_of_an_unknown_shape_is_not_nothing(world: AshbyWorld, connect: Connect) -> None:
    """What is read as nothing would be written over: a choice told as an object or a list is something that stands there."""
    held = {"band": {"label": "Strong"}, "tags": ["a"], "none": None, "empty": [], "ref": "r", "score": 0}
    fields = [{"id": key, "title": key, "value": value} for key, value in held.items()]
    world.ashby.applications[world.application_id]["customFields"] = fields
    found = await connect().read_fields(world.application_id)
    assert {key for key, value in found.items() if value is None} == {"none", "empty"}
    assert (found["ref"], found["score"]) == ("r", 0)
    assert "Strong" not in str(found)


@pytest.mark.parametrize(
    ("stage", "reason", "disposition", "kind"),
    [
        ("Hired", None, Disposition.HIRED, StageKind.HIRED),
        ("Archived", "RejectedByOrg", Disposition.REJECTED, StageKind.ARCHIVED),
        ("Archived", "RejectedByCandidate", Disposition.WITHDRAWN, StageKind.ARCHIVED),
        ("Archived", "Other", None, StageKind.ARCHIVED),
    ],
)
async def test_how_an_application_ended(
    world: AshbyWorld,
    connect: Connect,
    stage: str,
    reason: str | None,
    disposition: Disposition | None,
    kind: StageKind,
) -> None:
    """What a person decided is read; an end for another reason claims no outcome, and the stage still says it ended."""
    world.ashby.move(world.application_id, stage, reason=reason)
    found = await connect().read_application(world.application_id)
    assert (found.disposition, found.stage.kind) == (disposition, kind)


async def test_no_address_in_the_application(world: AshbyWorld, connect: Connect) -> None:
    """Where the application has no address, the candidate's own record is asked."""
    application = world.ashby.apply("Bo", None)
    found = await connect().read_application(application)
    assert (found.candidate.first_name, found.candidate.last_name) == ("Bo", "")
    assert (found.candidate.emails, found.candidate.phones) == ((), ("+4930123",))
    assert found.candidate.time_zone == "Europe/Berlin"


async def test_fields_that_can_hold_a_result(connect: Connect) -> None:
    """Dates, and fields of people, are not offered."""
    names = {field.name for field in await connect().list_fields()}
    assert "AI interview score" in names
    assert not names & {"Start date", "Favourite colour"}


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("AI interview band", "Superb", "unknown_option"),
        ("Start date", "2026-01-01", "unknown_field"),
        ("Favourite colour", "red", "unknown_field"),
        ("AI interview score", None, "cannot_clear"),
    ],
)
async def test_refused_before_anything_is_sent(
    world: AshbyWorld, connect: Connect, field: str, value: str | None, code: str
) -> None:
    """What a field cannot hold is not even tried."""
    with pytest.raises(Refused) as refused:
        await connect().write_fields(world.application_id, {uid(f"field {field}"): value}, expected={})
    assert refused.value.code == code
    assert "customField.setValues" not in world.ashby.requests


async def test_notes_are_on_the_person(world: AshbyWorld, connect: Connect) -> None:
    """Notes of several pages come oldest first, whatever order Ashby lists them in, with who may read them."""
    adapter = connect()
    for number in range(3):
        visibility = Visibility.PRIVATE if number else Visibility.TEAM
        await adapter.add_note(world.application_id, f"note {number}", visibility=visibility)
    world.ashby.faults.page = 2
    notes = await adapter.list_notes(world.application_id)
    assert [note.body for note in notes] == ["note 0", "note 1", "note 2"]
    assert [note.visibility for note in notes] == [Visibility.TEAM, Visibility.PRIVATE, Visibility.PRIVATE]
    assert notes[0].author == "API Key"


# Polling


async def test_small_pages_make_one_sweep(world: AshbyWorld, connect: Connect) -> None:
    """Small pages add up; then only what changed since is told, once."""
    adapter = connect(page_size=1)
    everything, cursor = await sweep(adapter, None)
    assert sorted(everything) == sorted(world.ashby.applications)
    nothing, cursor = await sweep(adapter, cursor)
    assert nothing == []
    world.ashby.move(world.application_id, "AI Interview")
    changed, _ = await sweep(adapter, cursor)
    assert changed == [world.application_id]


async def test_since(world: AshbyWorld, connect: Connect) -> None:
    """The first sweep tells only of what changed since a moment, also of applications made long before."""
    world.ashby.move(world.application_id, "AI Interview")
    last = (await connect().read_application(world.application_id)).updated_at
    assert last is not None
    page = await connect().list_changed(None, since=last)
    assert page.application_ids == (world.application_id,)
    late = await connect().list_changed(None, since=last + timedelta(days=1))
    assert (late.application_ids, late.more) == ((), False)


async def test_a_token_that_expired(world: AshbyWorld, connect: Connect) -> None:
    """An expired token, and a cursor that expired inside a sweep, begin a whole sweep again; nothing is left out."""
    adapter = connect(page_size=1)
    _, cursor = await sweep(adapter, None)
    world.ashby.move(world.application_id, "AI Interview")
    world.ashby.faults.expire = True
    again = await adapter.list_changed(cursor)
    assert (again.application_ids, again.more) == ((), True)
    first = await adapter.list_changed(again.cursor)
    lost = await adapter.list_changed(first.cursor)
    assert (lost.application_ids, lost.more) == ((), True)
    world.ashby.faults.expire = False
    found, _ = await sweep(adapter, lost.cursor)
    assert world.application_id in found


async def test_paging_that_does_not_end() -> None:
    """A promised page without a cursor, a repeated cursor and a foreign cursor are told, not followed."""
    row = {"id": "a", "updatedAt": "2026-03-02T09:30:00Z"}
    pages: list[dict[str, object]] = [
        {"success": True, "results": [row], "moreDataAvailable": True},
        {"success": True, "results": [row], "moreDataAvailable": True, "nextCursor": "same"},
    ]
    promised, circle = (
        AshbyAdapter("https://ats.example.com", API_KEY, transport=status(200, body=json.dumps(page).encode()))
        for page in pages
    )
    with pytest.raises(PayloadInvalid):
        await promised.list_changed(None)
    once = await circle.list_changed(None)
    with pytest.raises(PayloadInvalid):
        await circle.list_changed(once.cursor)
    for foreign in ("nonsense", '{"after": 3}'):
        with pytest.raises(PayloadInvalid):
            await circle.list_changed(foreign)


async def test_a_change_in_the_year_one() -> None:
    """A broken record does not end polling."""
    page = {"success": True, "results": [{"id": "a", "updatedAt": "0001-01-01T00:00:00Z"}], "moreDataAvailable": False}
    adapter = AshbyAdapter("https://ats.example.com", API_KEY, transport=status(200, body=json.dumps(page).encode()))
    once = await adapter.list_changed(None)
    assert (await adapter.list_changed(once.cursor)).application_ids == ("a",)


async def test_words_that_are_not_documented() -> None:
    """A status that Ashby does not document is a broken payload, and is not repeated."""
    document = json.loads(payload("candidate-stage-change"))["data"]["application"] | {"status": "Ghosted"}
    answers = iter([document, [], {"id": "j", "title": "T", "status": "Open"}])
    canned = Canned(lambda _: httpx.Response(200, json={"success": True, "results": next(answers)}))
    with pytest.raises(PayloadInvalid, match="status") as invalid:
        await AshbyAdapter("https://ats.example.com", API_KEY, transport=canned).read_application("1")
    assert "Ghosted" not in str(invalid.value)


# What the connection says of itself


async def test_inspection(world: AshbyWorld, connect: Connect) -> None:
    """The key's name and permissions in the words of the manifest; the webhook where its id is known."""
    adapter = connect()
    assert isinstance(adapter, Inspector)
    told = await adapter.inspect()
    assert (told.acting_as, told.webhooks) == ("Evenhand", None)
    assert told.scopes == frozenset({"candidatesRead", "hiringProcessMetadataRead"})
    assert set(adapter.manifest.scopes) == EVERYTHING


async def test_inspection_of_the_webhook(world: AshbyWorld, connect: Connect) -> None:
    """A webhook whose ping nobody answered is disabled, and the doctor can see it."""
    hook = await world.ashby.subscribe("candidateStageChange", f"{world.base_url}/nowhere", SECRET)
    told = await connect(webhook_id=hook.id).inspect()
    assert told.webhooks is not None
    assert (told.webhooks[0].url, told.webhooks[0].enabled) == (f"{world.base_url}/nowhere", False)
    assert told.webhooks[0].events == ("candidateStageChange",)
