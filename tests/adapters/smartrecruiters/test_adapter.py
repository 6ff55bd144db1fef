"""What is SmartRecruiters' own: pairs for ids, paging, properties, messages, limits, two ways to sign in."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from adapters.contract.adapter import Adapter
from adapters.contract.errors import (
    AuthRejected,
    Conflict,
    NotFound,
    OutcomeUnknown,
    PayloadInvalid,
    PermissionMissing,
    RateLimited,
    Refused,
    Transient,
)
from adapters.contract.inspection import Inspector
from adapters.contract.model import FieldKind, StageKind, Visibility
from adapters.kit.setup import CredentialMissing
from adapters.registry import create
from tests.adapters.case import Canned, connected, sweep
from tests.adapters.simulated import Limit
from tests.adapters.smartrecruiters.simulator import ALL_SCOPES, BEGAN, COMPLETIONS, Simulator
from tests.adapters.smartrecruiters.world import KEY, running
from tests.adapters.smartrecruiters.world import SMARTRECRUITERS_CASE as CASE

ONE = "cand-0001:job-0001"


def answering(*documents: object) -> Adapter:
    """An adapter that gets these answers in turn, the last one again and again."""
    left = list(documents)

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=json.dumps(left.pop(0) if len(left) > 1 else left[0]).encode())

    return create(CASE.key, base_url=CASE.base_url, credentials=CASE.credentials, transport=Canned(answer))


async def test_an_application_is_a_pair() -> None:
    """Each job of one candidate is an application of its own, and ids that are no pair are not found, unsent."""
    async with running() as world, connected(CASE, world) as adapter:
        first, second = [await adapter.read_application(f"cand-0001:job-000{n}") for n in (1, 2)]
        asked = len(world.sim.gate.asked)
        for wrong in ("", ":", "cand-0001", "cand-0001:", ":job-0001", "cand-0001:job-0001:x", "../jobs:job-0001"):
            with pytest.raises(NotFound):
                await adapter.read_application(wrong)
        assert len(world.sim.gate.asked) == asked
        with pytest.raises(NotFound):
            await adapter.read_application("cand-0002:job-0002")
    assert first.candidate == second.candidate
    assert (first.job.id, second.job.id) == ("job-0001", "job-0002")
    assert (first.stage.id, second.stage.id) == ("NEW", "LEAD")


async def test_a_second_visit_is_another_entry() -> None:
    """Back into the same stage is a new entry time; a person's decision is read as disposition and stage kind."""
    async with running() as world, connected(CASE, world) as adapter:
        entries = []
        for status, sub in (("INTERVIEW", "First interview"), ("IN_REVIEW", None), ("INTERVIEW", "First interview")):
            world.sim.move("cand-0001", "job-0001", status, sub)
            read = await adapter.read_application(ONE)
            entries.append((read.stage.id, read.entry.entered_at))
        world.sim.move("cand-0001", "job-0001", "REJECTED")
        ended = await adapter.read_application(ONE)
    assert [stage for stage, _ in entries] == ["INTERVIEW/First interview", "IN_REVIEW", "INTERVIEW/First interview"]
    assert [at for _, at in entries] == [BEGAN + timedelta(seconds=n) for n in (1, 2, 3)]
    assert (ended.disposition, ended.stage.kind) == ("rejected", StageKind.REJECTED)


async def test_stage_and_entry_are_of_one_moment() -> None:
    """A move between our two reads: the stage is that of the newest visit, never an old stage with a new time."""

    def candidate(status: str, sub: str | None = None) -> object:
        assignment = {"job": {"id": "j"}, "status": status, "subStatus": sub}
        return {"id": "c", "firstName": "A", "lastName": "B", "primaryAssignment": assignment}

    visits = [
        {"changedOn": "2026-03-02T09:31:00Z", "status": "INTERVIEW", "subStatus": "First interview"},
        {"changedOn": "2026-03-02T09:30:00Z", "status": "IN_REVIEW"},
    ]
    job = {"id": "j", "title": "T", "status": "SOURCING"}
    answers = (candidate("IN_REVIEW"), {"content": visits}, candidate("INTERVIEW", "First interview"), job)
    read = await answering(*answers).read_application("c:j")
    assert read.stage.id == "INTERVIEW/First interview"
    assert read.entry.entered_at is not None
    assert read.entry.entered_at.minute == 31


async def test_a_history_that_lags_is_read_again() -> None:
    """As long as the history ends elsewhere than where somebody stands, nobody says that this is where they stood before."""
    async with running() as world, connected(CASE, world) as adapter:
        world.sim.move("cand-0001", "job-0001", "IN_REVIEW")
        for status, sub in (("INTERVIEW", None), ("INTERVIEW", "First interview"), ("IN_REVIEW", None)):
            world.sim.move("cand-0001", "job-0001", status, sub)
            world.sim.lag = 1
            with pytest.raises(Transient) as caught:
                await adapter.read_application(ONE)
            assert caught.type is Transient
            world.sim.lag = 0
            assert (await adapter.read_application(ONE)).entry.entered_at == world.sim.now
        # Who was turned away by a person is, whatever the history shows.
        world.sim.move("cand-0001", "job-0001", "REJECTED")
        world.sim.lag = 1
        ended = await adapter.read_application(ONE)
    assert (ended.disposition, ended.stage.id, ended.entry.entered_at) == ("rejected", "REJECTED", None)


async def test_a_long_history_is_read_to_its_end() -> None:
    """The newest move may stand on any page."""
    async with running(Simulator(page=3)) as world, connected(CASE, world) as adapter:
        for status in ("IN_REVIEW", "INTERVIEW") * 5:
            world.sim.move("cand-0001", "job-0001", status)
        read = await adapter.read_application(ONE)
        assert (read.stage.id, read.entry.entered_at) == ("INTERVIEW", world.sim.now)
    cut = ({"content": [], "totalFound": 3}, {"id": "j", "title": "T", "status": "SOURCING"})
    candidate = {
        "id": "c", "firstName": "A", "lastName": "B",
        "primaryAssignment": {"job": {"id": "j"}, "status": "NEW"},
    }  # fmt: skip
    with pytest.raises(Transient):
        await answering(candidate, *cut).read_application("c:j")


@pytest.mark.parametrize(("status", "known"), [("NEW", True), ("IN_REVIEW", False), ("HIRED", True)])
async def test_an_empty_history(status: str, *, known: bool) -> None:
    """Whoever is past the first status has moved: without the time of that, one entry would be taken for two later."""
    assignment = {"job": {"id": "j"}, "status": status}
    candidate = {"id": "c", "firstName": "A", "lastName": "B", "primaryAssignment": assignment}
    again = () if known else (candidate,)
    adapter = answering(candidate, {"content": []}, *again, {"id": "j", "title": "T", "status": "SOURCING"})
    if known:
        read = await adapter.read_application("c:j")
        assert (read.stage.id, read.entry.entered_at) == (status, None)
        return
    with pytest.raises(Transient) as caught:
        await adapter.read_application("c:j")
    assert caught.type is Transient


async def test_an_undocumented_job_status() -> None:
    """A job status that nobody documents is a broken payload, and is not repeated."""
    candidate = {
        "id": "c",
        "firstName": "A",
        "lastName": "B",
        "primaryAssignment": {"job": {"id": "j"}, "status": "NEW"},
    }
    with pytest.raises(PayloadInvalid, match="job status") as broken:
        await answering(candidate, {"content": []}, {"id": "j", "title": "T", "status": "MOTHBALLED"}).read_application(
            "c:j"
        )
    assert "MOTHBALLED" not in str(broken.value)


async def test_pages_add_up() -> None:
    """Pages of two add up to every application once; the next sweep looks back ten minutes and not to the beginning."""
    async with running(Simulator(people=5, page=2)) as world, connected(CASE, world) as adapter:
        everything, cursor = await sweep(adapter, None)
        assert len(everything) == len(set(everything)) == 8
        world.sim.now += timedelta(hours=1)
        world.sim.move("cand-0004", "job-0001", "IN_REVIEW")
        changed, cursor = await sweep(adapter, cursor)
        assert "cand-0004:job-0001" in changed
        later, _ = await sweep(adapter, cursor)
        assert later == ["cand-0004:job-0001"]
        page = await adapter.list_changed(None, since=world.sim.now - timedelta(minutes=1))
        assert page.application_ids == ("cand-0004:job-0001",)


async def test_paging_that_is_not_as_expected() -> None:
    """A repeated cursor, a list cut off without a next page, and a cursor of somebody else are broken payloads."""
    row = {"id": "c", "primaryAssignment": {"job": {"id": "j"}}}
    circle = answering({"content": [row], "totalFound": 9, "nextPageId": "same"})
    page = await circle.list_changed(None)
    with pytest.raises(PayloadInvalid, match="circles"):
        await circle.list_changed(page.cursor)
    with pytest.raises(PayloadInvalid, match="no next page"):
        await answering({"content": [row], "totalFound": 9}).list_changed(None)
    with pytest.raises(PayloadInvalid):
        await circle.list_changed('{"after": 3}')


async def test_a_value_of_an_unknown_shape_is_not_nothing() -> None:
    """What is read as nothing would be written over; an empty object is nothing."""
    async with running() as world, connected(CASE, world) as adapter:
        properties = world.sim.people["cand-0001"].applications["job-0001"].properties
        properties |= {"prop-bullets": {"label": "Strong"}, "prop-link": {}, "prop-ref": ["a"]}
        found = await adapter.read_fields(ONE)
    assert found.keys() == {"prop-bullets", "prop-ref"}
    assert "Strong" not in str(found)


async def test_fields_are_those_that_can_be_written() -> None:
    """Properties of other types are neither listed nor read; options come as labels, over as many pages as there are."""
    async with running(Simulator(page=1)) as world, connected(CASE, world) as adapter:
        world.sim.people["cand-0001"].applications["job-0001"].properties |= {"prop-visa": True}
        fields = {field.key: field for field in await adapter.list_fields()}
        assert await adapter.read_fields(ONE) == {}
    assert fields.keys() == {f"prop-{name}" for name in ("completion", "band", "bullets", "link", "score", "ref")}
    assert fields["prop-completion"].kind is FieldKind.SELECT
    assert fields["prop-completion"].options == tuple(COMPLETIONS.values())


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"nothing": "x"}, "unknown_field"),
        ({"prop-visa": True}, "unknown_field"),
        ({"prop-completion": "Perhaps", "prop-ref": "r"}, "unknown_option"),
        ({"prop-score": "71"}, "wrong_type"),
        ({"prop-score": True}, "wrong_type"),
        ({"prop-ref": 3}, "wrong_type"),
    ],
)
async def test_refused_before_sending(values: dict[str, Any], code: str) -> None:
    """What a property cannot hold is refused with its code, and no write is sent."""
    async with running() as world, connected(CASE, world) as adapter:
        with pytest.raises(Refused) as refused:
            await adapter.write_fields(ONE, values, expected={})
        assert refused.value.code == code
        assert not [method for method, _ in world.sim.gate.asked if method != "GET"]


async def test_what_a_person_wrote_meanwhile_is_not_written_over() -> None:
    """Another value than was read a moment ago is a conflict, and nothing is written; the value that was read is none."""
    wanted = {"prop-completion": "Completed", "prop-ref": "r"}
    async with running() as world, connected(CASE, world) as adapter:
        held = world.sim.people["cand-0001"].applications["job-0001"].properties
        held |= {"prop-completion": "opt-1", "prop-ref": "by hand"}
        before = dict(held)
        with pytest.raises(Conflict):
            await adapter.write_fields(ONE, wanted, expected={"prop-completion": "Invited", "prop-ref": None})
        assert held == before
        await adapter.write_fields(ONE, wanted, expected={"prop-completion": "Invited", "prop-ref": "by hand"})
        assert await adapter.read_fields(ONE) == wanted


async def test_a_property_is_emptied_alone() -> None:
    """None empties a property, and the others keep what people wrote, of any type."""
    async with running() as world, connected(CASE, world) as adapter:
        held = world.sim.people["cand-0001"].applications["job-0001"].properties
        held |= {"prop-visa": True, "prop-ref": "by hand", "prop-score": 3}
        await adapter.write_fields(ONE, {"prop-score": None, "prop-completion": "Invited"}, expected={})
        assert held == {"prop-visa": True, "prop-ref": "by hand", "prop-completion": "opt-1"}


async def test_messages_mention_nobody() -> None:
    """Text from an interview sends no mail to anybody, has no markup, and is tagged with its candidate only."""
    async with running() as world, connected(CASE, world) as adapter:
        text = "said @[USER:1] and #[CANDIDATE:cand-0002], a < b <b>bold</b>\nmarker-1"
        note = await adapter.add_note(ONE, text, visibility=Visibility.PRIVATE)
        (sent,) = world.sim.messages
        assert sent["shareWith"] == {"hiringTeamOf": ["job-0001"]}
        assert sent["content"].startswith("#[CANDIDATE:cand-0001] said @ [USER:1]")
        assert "marker-1" in note.body
        assert not note.body.startswith("#[")
        assert await adapter.list_notes("cand-0002:job-0001") == ()
    assert (note.author, note.visibility) == ("Interview Integration", Visibility.PRIVATE)


async def test_many_messages_come_oldest_first() -> None:
    """Messages over several pages are all listed, oldest first."""
    async with running(Simulator(page=2)) as world, connected(CASE, world) as adapter:
        for number in range(5):
            await adapter.add_note(ONE, f"note {number}", visibility=Visibility.TEAM)
        assert [note.body for note in await adapter.list_notes(ONE)] == [f"note {number}" for number in range(5)]


async def test_a_message_that_is_not_listed_yet() -> None:
    """The message is there, only the list lags: nobody knows, and the caller looks again before it writes again."""
    with pytest.raises(OutcomeUnknown):
        await answering({"id": "m1"}, {"content": []}).add_note(ONE, "text", visibility=Visibility.TEAM)
    with pytest.raises(OutcomeUnknown):
        await answering({"id": "m1"}, {"messages": []}).add_note(ONE, "text", visibility=Visibility.TEAM)


async def test_not_too_much_at_once() -> None:
    """However much is asked of it, the adapter stays below the vendor's eight at once, and searches one at a time."""
    async with running() as world, connected(CASE, world) as adapter:
        world.sim.faults.slow = 0.01
        reads = [adapter.read_application(ONE) for _ in range(20)]
        await asyncio.gather(*reads, *[adapter.list_changed(None) for _ in range(6)])
        assert 1 < world.sim.gate.most_at_once <= 4


async def test_a_refusal_that_names_the_limit() -> None:
    """No header says until when, but the limit is counted by the second: wait one."""
    async with running(Simulator(limit=Limit(most=2, window=30.0))) as world, connected(CASE, world) as adapter:
        with pytest.raises(RateLimited) as limited:
            await adapter.read_application(ONE)
    assert limited.value.retry_after == 1.0


async def test_client_credentials() -> None:
    """With OAuth the token is got once and renewed when it is refused; a wrong secret is AuthRejected, half a pair is missing."""
    async with running() as world:
        pair = {"client_id": "client-for-tests", "client_secret": "client-secret-for-tests-01"}
        options = {"token_url": f"{world.base_url}/identity/oauth/token"}
        adapter = create(CASE.key, base_url=world.base_url, credentials=pair, options=options)
        assert (await adapter.read_application(ONE)).id == ONE
        world.sim.tokens.clear()
        assert (await adapter.read_application(ONE)).id == ONE
        assert len([path for _, path in world.sim.gate.asked if path.endswith("/token")]) == 2
        await adapter.aclose()
        wrong = create(CASE.key, base_url=world.base_url, credentials={**pair, "client_secret": "no"}, options=options)
        with pytest.raises(AuthRejected):
            await wrong.read_application(ONE)
        await wrong.aclose()
    for credentials in ({}, {"client_id": "only"}, {"client_secret": "only"}):
        with pytest.raises(CredentialMissing):
            create(CASE.key, base_url=CASE.base_url, credentials=credentials)


async def test_a_missing_scope() -> None:
    """A key without the right to write may read; writing is PermissionMissing, and nothing changes."""
    sim = Simulator()
    sim.keys[KEY] = ALL_SCOPES - {"candidates_manage"}
    async with running(sim) as world, connected(CASE, world) as adapter:
        with pytest.raises(PermissionMissing):
            await adapter.write_fields(ONE, {"prop-ref": "r"}, expected={})
        assert not sim.people["cand-0001"].applications["job-0001"].properties


async def test_inspection() -> None:
    """The account, the user, the clock and the webhooks are told; what the key may not see is None."""
    sim = Simulator()
    async with running(sim) as world, connected(CASE, world) as adapter:
        assert isinstance(adapter, Inspector)
        told = await adapter.inspect()
        assert (told.account, told.acting_as, told.webhooks) == ("Quill & Co", "user-1", ())
        assert told.server_time is not None
        sim.keys[KEY] = frozenset({"jobs_read"})
        less = await adapter.inspect()
    assert (less.account, less.acting_as, less.webhooks) == (None, "user-1", None)
