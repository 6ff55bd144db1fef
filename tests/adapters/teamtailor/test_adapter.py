"""What is Teamtailor's own: its signature, JSON:API pages, one field in a request, notes in somebody's name, its limit."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from adapters.contract.adapter import Adapter
from adapters.contract.errors import (
    Conflict,
    NotFound,
    OutcomeUnknown,
    PayloadInvalid,
    RateLimited,
    Refused,
    SignatureInvalid,
    Unsupported,
)
from adapters.contract.events import ApplicationChanged, StageChanged, Unknown
from adapters.contract.inspection import Inspector
from adapters.contract.model import FieldKind, FieldValue, StageKind, Visibility
from adapters.kit.http import HttpClient
from adapters.registry import create
from adapters.teamtailor.adapter import TeamtailorAdapter
from adapters.teamtailor.client import TeamtailorClient
from adapters.teamtailor.webhook import parse, verify
from tests.adapters.case import Canned, connected, sweep
from tests.adapters.simulated import COMPLETIONS, Limit
from tests.adapters.suite import NOW, SECRET
from tests.adapters.teamtailor.simulator import BEGAN, Simulator
from tests.adapters.teamtailor.world import STAGE_CHANGED, running, sign
from tests.adapters.teamtailor.world import TEAMTAILOR_CASE as CASE
from tests.fixtures.receiver import Receiver
from tests.fixtures.sandbox import serving

GOLDEN = "dD0xNzcyNDQzODAwLHYyPTg1ZDA5NDNlMmE1NTE3ZjJhN2Q0NjhhNjgxMTlkMTJiMDFhYmQ4YmUxZTNkYzFiYTdjNjQzYjcyMTcwYTNkYmY="
BOTH: Mapping[str, FieldValue] = {
    "interview-completion": "Completed",
    "interview-band": "Solid",
    "interview-score": 71.5,
}


def answering(*documents: object) -> Adapter:
    """An adapter that gets these answers in turn, the last one again and again."""
    left = list(documents)

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=json.dumps(left.pop(0) if len(left) > 1 else left[0]).encode())

    return create(
        CASE.key, base_url=CASE.base_url, credentials=CASE.credentials, options=CASE.options, transport=Canned(answer)
    )


def accepted(headers: Mapping[str, str], body: bytes, *secrets: str) -> bool:
    try:
        verify(headers, body, secrets=secrets, now=NOW)
    except SignatureInvalid:
        return False
    return True


def test_written_by_hand() -> None:
    """The header as it is described, put together apart from our code."""
    assert accepted({"tt-signature": GOLDEN}, b'{"event_name":"job.update","data":{"id":"7"}}', "signature-key")
    assert not accepted({"tt-signature": GOLDEN}, b'{"event_name":"job.update","data":{"id":"8"}}', "signature-key")


def test_every_changed_byte_is_refused() -> None:
    """Any bit of any byte of body, header or secret, and the delivery is refused; so is another spelling of base64."""
    head = sign(STAGE_CHANGED, SECRET, NOW)["tt-signature"]
    assert accepted({"tt-signature": head}, STAGE_CHANGED, SECRET)
    for bit in range(7):
        for at in range(len(head)):
            bent = head[:at] + chr(ord(head[at]) ^ (1 << bit)) + head[at + 1 :]
            assert not accepted({"tt-signature": bent}, STAGE_CHANGED, SECRET)
    for at, byte in enumerate(STAGE_CHANGED):
        body = STAGE_CHANGED[:at] + bytes([byte ^ 1]) + STAGE_CHANGED[at + 1 :]
        assert not accepted({"tt-signature": head}, body, SECRET)
    for at, one in enumerate(SECRET):
        assert not accepted({"tt-signature": head}, STAGE_CHANGED, SECRET[:at] + chr(ord(one) ^ 1) + SECRET[at + 1 :])
    for other in (head.rstrip("="), head + "\n", " " + head, head * 4, "é", "\ud800"):
        assert not accepted({"tt-signature": other}, STAGE_CHANGED, SECRET)


def test_bare_and_wrapped() -> None:
    """Both forms of a delivery mean the same; ids come as text or number; what is no application is only counted."""
    bare = parse({}, b'{"event_name":"job_application.update","data":{"id":101}}')
    wrapped = parse({}, b'{"payload":{"event_name":"job_application.update","data":{"id":"101"}}}')
    assert bare == wrapped == (StageChanged(application_id="101"),)
    gone = b'{"event_name":"job_application.destroy","id":"101"}'
    assert parse({}, gone) == (ApplicationChanged(application_id="101"),)
    assert parse({}, b'{"event_name":"job.update","data":{"id":"7"}}') == (Unknown(kind="job.update"),)


@pytest.mark.parametrize("record", [b'""', b'"a b"', b"null", b"true", b'"' + b"9" * 200 + b'"', b'"..%2f"'])
def test_ids_that_are_none(record: bytes) -> None:
    """An id that no address can hold is a broken payload."""
    with pytest.raises(PayloadInvalid):
        parse({}, b'{"event_name":"job_application.update","data":{"id":' + record + b"}}")


async def test_deliveries_of_the_simulator() -> None:
    """Each copy of each delivery, in any order, verifies and names its application."""
    async with (
        running(Simulator(wrapped=True)) as world,
        serving(receiver := Receiver()) as hook,
        connected(CASE, world) as adapter,
    ):
        world.sim.hooks.append((hook, SECRET))
        world.sim.post.copies, world.sim.post.shuffled = 2, True
        for number in ("101", "102", "103"):
            world.sim.move(number, "13")
        assert await world.sim.post.deliver() == [202] * 6
        found = set()
        for one in receiver.got:
            adapter.verify(one.headers, one.body, secrets=[SECRET], now=datetime.now(UTC))
            found |= set(adapter.parse(one.headers, one.body))
    assert found == {StageChanged(application_id=number) for number in ("101", "102", "103")}


async def test_a_second_visit_is_another_entry() -> None:
    """Back into the same stage has a new entry time; a rejection and a hire that people made are read."""
    async with running() as world, connected(CASE, world) as adapter:
        entries = []
        for stage in ("13", "12", "13"):
            world.sim.move("101", stage)
            read = await adapter.read_application("101")
            entries.append((read.stage.name, read.entry.entered_at))
        world.sim.move("102", "15")
        world.sim.cards["103"].rejected = world.sim.tick()
        hired, rejected = [await adapter.read_application(number) for number in ("102", "103")]
        asked = len(world.sim.gate.asked)
        for wrong in ("", "..", "1/2", "a b", "9" * 200):
            with pytest.raises(NotFound):
                await adapter.read_application(wrong)
        assert len(world.sim.gate.asked) == asked
    assert [name for name, _ in entries] == ["AI interview", "Screening", "AI interview"]
    assert len({at for _, at in entries}) == 3
    assert (hired.disposition, hired.stage.kind) == ("hired", StageKind.HIRED)
    assert (rejected.disposition, rejected.stage.kind) == ("rejected", None)


async def test_records_that_did_not_come_along() -> None:
    """Without the candidate, or with a job status that nobody describes, the answer is a broken payload."""
    names = ("candidate", "job", "stage")
    relations = {name: {"data": {"id": "1", "type": f"{name}s"}} for name in names}
    data = {"id": "1", "attributes": {}, "relationships": relations}
    parts: dict[str, dict[str, Any]] = {
        "candidate": {}, "job": {"title": "T", "human-status": "published"}, "stage": {"name": "S"},
    }  # fmt: skip
    included = [{"id": "1", "type": f"{name}s", "attributes": parts[name]} for name in names]
    assert (await answering({"data": data, "included": included}).read_application("1")).entry.entered_at is None
    strange = [*included[:1], {**included[1], "attributes": {"title": "T", "human-status": "mothballed"}}, included[2]]
    for broken in (included[:2], included[1:], strange):
        with pytest.raises(PayloadInvalid) as invalid:
            await answering({"data": data, "included": broken}).read_application("1")
        assert "mothballed" not in str(invalid.value)


async def test_pages_add_up() -> None:
    """Pages of two add up to every application once; the next sweep looks back ten minutes; ``since`` is honoured."""
    async with running(Simulator(page=2)) as world, connected(CASE, world) as adapter:
        everything, cursor = await sweep(adapter, None)
        assert everything == ["101", "102", "103", "104", "105"]
        world.sim.now += timedelta(hours=1)
        world.sim.move("104", "12")
        _, cursor = await sweep(adapter, cursor)
        assert (await sweep(adapter, cursor))[0] == ["104"]
        page = await adapter.list_changed(None, since=world.sim.now - timedelta(minutes=1))
        assert page.application_ids == ("104",)


async def test_who_moved_while_a_sweep_ran_is_in_the_next() -> None:
    """A long sweep ends with a later change than one that it had passed already: the next begins before both."""
    times = iter([NOW - timedelta(days=1), NOW + timedelta(minutes=30), NOW - timedelta(days=1)])

    def answer(request: httpx.Request) -> httpx.Response:
        at, whole = next(times), "page" in request.url.params
        links = {} if whole else {"next": f"{CASE.base_url}/v1/job-applications?page=2"}
        row = {"id": "2" if whole else "1", "attributes": {"updated-at": at.isoformat()}}
        return httpx.Response(200, content=json.dumps({"data": [row], "links": links}).encode())

    http = HttpClient(CASE.base_url, headers={}, transport=Canned(answer))
    clock = iter([NOW, *[NOW + timedelta(minutes=30)] * 2])
    _, cursor = await sweep(TeamtailorAdapter(TeamtailorClient(http), act_as="2", clock=lambda: next(clock)), None)
    assert NOW - timedelta(minutes=11) < datetime.fromisoformat(json.loads(cursor)["after"]) < NOW


async def test_a_page_that_shifts_tells_nothing_twice() -> None:
    """A record that slips from one page to the next while we read is told once."""
    rows = [{"id": str(n), "attributes": {}} for n in range(4)]
    first = {"data": rows[:2], "links": {"next": f"{CASE.base_url}/v1/x?page=2"}}
    adapter = answering(first, {"data": rows[1:4]}, first)
    everything, _ = await sweep(adapter, None)
    assert everything == ["0", "1", "2", "3"]


@pytest.mark.parametrize("gone", ["101", "102", "103", "104"])
@pytest.mark.parametrize("after", [1, 2, 3, 4])
async def test_somebody_deleted_while_a_sweep_runs_hides_nobody(gone: str, after: int) -> None:
    """Whoever is deleted between two pages, everybody who is left is told, once, and one request asks for one page."""
    async with running(Simulator(page=2, people=6)) as world, connected(CASE, world) as adapter:
        page = await adapter.list_changed(None)
        found = list(page.application_ids)
        for turn in range(1, 20):
            if turn == after:
                del world.sim.cards[gone]
            if not page.more:
                break
            page = await adapter.list_changed(page.cursor)
            found += page.application_ids
        assert len(world.sim.gate.asked) <= 5
    assert not page.more
    assert set(found) >= set(world.sim.cards)
    assert len(found) == len(set(found))


async def test_a_list_that_moved_too_far_is_swept_anew() -> None:
    """When a whole page of people is deleted at once, nobody knows who slipped where: the next sweep begins as this one did."""
    async with running(Simulator(page=2, people=7)) as world, connected(CASE, world) as adapter:
        page = await adapter.list_changed(None, since=BEGAN)
        found = set(page.application_ids)
        for gone in ("101", "102", "103"):
            del world.sim.cards[gone]
        again, cursor = await sweep(adapter, page.cursor)
        assert not found | set(again) >= set(world.sim.cards)
        assert datetime.fromisoformat(json.loads(cursor)["after"]) == BEGAN
        found |= {*again, *(await sweep(adapter, cursor))[0]}
    assert found >= set(world.sim.cards)


async def test_paging_that_is_not_as_expected() -> None:
    """Circles and foreign cursors are broken payloads, and a next page on another host is not asked for."""
    circle = answering({"data": [], "links": {"next": f"{CASE.base_url}/v1/x"}})
    page = await circle.list_changed(None)
    with pytest.raises(PayloadInvalid, match="circles"):
        await circle.list_changed(page.cursor)
    with pytest.raises(PayloadInvalid):
        await circle.list_changed('{"after": 3}')
    away = answering({"data": [], "links": {"next": "https://elsewhere.example.net/v1/x"}})
    page = await away.list_changed(None)
    with pytest.raises(Refused) as refused:
        await away.list_changed(page.cursor)
    assert refused.value.code == "host_not_allowed"
    with pytest.raises(PayloadInvalid):
        await circle.list_stages()


async def test_fields_are_those_that_can_be_written() -> None:
    """Fields of jobs and of other kinds are not listed; options come along."""
    async with running() as world, connected(CASE, world) as adapter:
        fields = {field.key: field for field in await adapter.list_fields()}
    assert fields.keys() == {"interview-completion", "interview-band", "interview-score", "interview-link"}
    assert fields["interview-completion"].kind is FieldKind.SELECT
    assert fields["interview-completion"].options == COMPLETIONS


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"nothing": "x"}, "unknown_field"),
        ({"driving-licence": True}, "unknown_field"),
        ({"cost-centre": "x"}, "unknown_field"),
        ({"interview-band": "Solid", "interview-completion": "Perhaps"}, "unknown_option"),
        ({"interview-score": "71"}, "wrong_type"),
        ({"interview-score": True}, "wrong_type"),
        ({"interview-band": 3}, "wrong_type"),
    ],
)
async def test_refused_before_sending(values: dict[str, Any], code: str) -> None:
    """What a field cannot hold is refused with its code, and no write is sent."""
    async with running() as world, connected(CASE, world) as adapter:
        with pytest.raises(Refused) as refused:
            await adapter.write_fields("101", values, expected={})
        assert refused.value.code == code
        assert not [method for method, _ in world.sim.gate.asked if method != "GET"]


def written(world: Any) -> list[str]:
    return [method for method, _ in world.sim.gate.asked if method != "GET"]


async def test_only_what_differs_is_written() -> None:
    """New values are added, other values changed in their place, equal ones not sent; other candidates keep theirs."""
    async with running() as world, connected(CASE, world) as adapter:
        await adapter.write_fields("101", BOTH, expected={})
        await adapter.write_fields("101", {**BOTH, "interview-completion": "In review"}, expected=BOTH)
        await adapter.write_fields("101", {"interview-score": None, "interview-link": None}, expected={})
        assert written(world) == ["POST", "POST", "POST", "PATCH", "PATCH"]
        read = await adapter.read_fields("101")
        assert await adapter.read_fields("102") == {}
    assert read == {"interview-completion": "In review", "interview-band": "Solid", "interview-score": None}


async def test_what_a_person_wrote_meanwhile_is_not_written_over() -> None:
    """Another value than was read a moment ago is a conflict, and none of the fields is written; the same one is none."""
    async with running() as world, connected(CASE, world) as adapter:
        await adapter.write_fields("101", {"interview-band": "Solid"}, expected={})
        before = await adapter.read_fields("101")
        [held] = world.sim.values.values()
        held["value"] = "Weak, says the recruiter"
        expected = {key: before.get(key) for key in BOTH}
        asked = len(written(world))
        with pytest.raises(Conflict):
            await adapter.write_fields("101", {**BOTH, "interview-band": "Strong"}, expected=expected)
        assert len(written(world)) == asked
        held["value"] = "Strong"
        await adapter.write_fields("101", {**BOTH, "interview-band": "Strong"}, expected=expected)
        assert await adapter.read_fields("101") == {**BOTH, "interview-band": "Strong"}


async def test_a_value_of_an_unknown_shape_is_not_nothing() -> None:
    """What is read as nothing would be written over: a choice told as a list is something that stands there."""
    async with running() as world, connected(CASE, world) as adapter:
        await adapter.write_fields(
            "101", {"interview-band": "Solid", "interview-link": "https://x.example.org/1"}, expected={}
        )
        for held, value in zip(world.sim.values.values(), (["Strong"], []), strict=True):
            held["value"] = value
        found = await adapter.read_fields("101")
    assert found["interview-link"] is None
    assert found["interview-band"] not in (None, "")
    assert "Strong" not in str(found)


@pytest.mark.parametrize("status", [422, 429, 500])
async def test_half_written_is_unknown(status: int) -> None:
    """Once one field is written, whatever stops the rest leaves an unknown outcome; reading back and writing again mends it."""
    async with running() as world, connected(CASE, world) as adapter:
        await adapter.write_fields("101", {"interview-completion": "Invited"}, expected={})
        # Three reads and the first write pass; the second write is answered with the status.
        world.sim.faults.answer.extend([0, 0, 0, 0, status])
        with pytest.raises(OutcomeUnknown):
            await adapter.write_fields("101", BOTH, expected={})
        assert (await adapter.read_fields("101"))["interview-completion"] == "Completed"
        await adapter.write_fields("101", BOTH, expected={})
        assert await adapter.read_fields("101") == BOTH


async def test_refused_before_anything_is_written() -> None:
    """The first write refused by the vendor: nothing was changed, and the refusal is one."""
    async with running() as world, connected(CASE, world) as adapter:
        world.sim.faults.answer.extend([0, 0, 0, 422])
        with pytest.raises(Refused):
            await adapter.write_fields("101", BOTH, expected={})
        assert not world.sim.values


async def test_notes() -> None:
    """A note stands in the name of the chosen user; notes of other candidates are not listed, whatever the filter does."""
    async with running(Simulator(page=2)) as world, connected(CASE, world) as adapter:
        for number in range(5):
            note = await adapter.add_note("101", f"note {number}", visibility=Visibility.TEAM)
            await adapter.add_note("102", "of somebody else", visibility=Visibility.TEAM)
        assert [one.body for one in await adapter.list_notes("101")] == [f"note {number}" for number in range(5)]
        assert note.author == "2"
        asked = len(world.sim.gate.asked)
        with pytest.raises(Unsupported):
            await adapter.add_note("101", "for few", visibility=Visibility.PRIVATE)
        assert len(world.sim.gate.asked) == asked
    row = {"id": "1", "attributes": {"note": "n", "created-at": "2026-03-02T09:30:00Z"}}
    about = {**row, "relationships": {"candidate": {"data": {"id": "9", "type": "candidates"}}}}
    relations = {name: {"data": {"id": "1", "type": name}} for name in ("candidate", "job", "stage")}
    application = {"data": {"id": "1", "attributes": {}, "relationships": relations}}
    assert await answering(application, {"data": [row, about]}).list_notes("1") == ()


async def test_a_note_whose_answer_cannot_be_read() -> None:
    """The note is there, only the answer is strange: nobody knows."""
    relations = {name: {"data": {"id": "1", "type": name}} for name in ("candidate", "job", "stage")}
    application = {"data": {"id": "1", "attributes": {}, "relationships": relations}}
    with pytest.raises(OutcomeUnknown):
        await answering(application, {"data": {}}).add_note("1", "text", visibility=Visibility.TEAM)


async def test_the_limit_says_when_it_ends() -> None:
    """A refusal carries the seconds until the window ends."""
    async with running(Simulator(limit=Limit(most=1, window=10.0))) as world, connected(CASE, world) as adapter:
        await adapter.read_application("101")
        with pytest.raises(RateLimited) as limited:
            await adapter.read_application("101")
    assert limited.value.retry_after is not None
    assert 0 <= limited.value.retry_after <= 10


async def test_inspection() -> None:
    """The account, the user that we act as, and the clock."""
    async with running() as world, connected(CASE, world) as adapter:
        assert isinstance(adapter, Inspector)
        told = await adapter.inspect()
    assert (told.account, told.acting_as, told.webhooks) == ("Quill AB", "2", None)
    assert told.server_time is not None
    assert told.server_time > BEGAN
