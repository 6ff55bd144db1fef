"""What only the Greenhouse adapter does: its cursor, stage entries, read-merge-write, private notes, limits."""

import json
from collections.abc import AsyncIterator, Mapping
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
    PermissionMissing,
    RateLimited,
    Refused,
    Transient,
    Unavailable,
)
from adapters.contract.inspection import Inspector
from adapters.contract.model import Disposition, FieldKind, JobStatus, Visibility
from adapters.registry import create
from tests.adapters.case import Canned, status, sweep
from tests.adapters.greenhouse.records import AI_INTERVIEW, APPLICATION, COMPLETION, JOB, RECRUITER, REVIEW, SITE_ADMIN
from tests.adapters.greenhouse.simulator import ApiClient
from tests.adapters.greenhouse.world import CREDENTIALS, GreenhouseWorld, running_world, tokens

ID = str(APPLICATION)


@pytest.fixture
async def world() -> AsyncIterator[GreenhouseWorld]:
    """A running model with seven applications."""
    async with running_world() as running:
        yield running


def connect(world: GreenhouseWorld, **options: str) -> Adapter:
    return create("greenhouse", base_url=world.base_url, credentials=CREDENTIALS, options=options)


def canned(answers: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Adapter:
    """A connection to an ATS that answers each path with a document."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=answers[request.url.path], headers=dict(headers or {}))

    transport = Canned(answer, prepared=tokens)
    return create("greenhouse", base_url="https://harvest.greenhouse.io", credentials=CREDENTIALS, transport=transport)


FLAT = {"id": 7, "candidate_id": 8, "job_id": 9, "status": "in_process", "stage_id": 70, "stage_name": "AI Interview"}
ANSWERS: dict[str, Any] = {
    "/v3/applications": [FLAT],
    "/v3/application_stages": [
        {"id": 70, "application_id": 7, "job_interview_stage_id": 71, "entered_at": None, "current": True}
    ],
    "/v3/candidates": [{"id": 8, "first_name": "Ada", "last_name": "Quill"}],
    "/v3/jobs": [{"id": 9, "name": "Data Engineer", "status": "closed"}],
    "/v3/job_interview_stages": [{"id": 71, "name": "AI Interview (renamed)"}],
}


async def test_an_application_is_read_whole(world: GreenhouseWorld) -> None:
    """Candidate, job, stage and entry come together from four listings."""
    entry = world.model.records.move(APPLICATION, AI_INTERVIEW)
    adapter = connect(world)
    found = await adapter.read_application(ID)
    await adapter.aclose()
    assert (found.candidate.first_name, found.candidate.emails) == ("Ada", ("ada.quill@example.org",))
    assert (found.job.id, found.job.title, found.job.status) == (str(JOB), "Data Engineer", JobStatus.OPEN)
    assert (found.stage.id, found.stage.name, found.disposition) == (str(AI_INTERVIEW), "AI Interview", None)
    assert found.entry.history_id == str(entry["id"])
    assert found.entry.entered_at == datetime.fromisoformat(entry["entered_at"])
    assert found.updated_at is not None
    assert world.model.asked == [
        f"GET /v3/{resource}" for resource in ("applications", "application_stages", "candidates", "jobs")
    ]


async def test_the_same_stage_again_is_another_entry(world: GreenhouseWorld) -> None:
    """Back and into the same stage again: same stage, another history id."""
    adapter = connect(world)
    entries = []
    for stage in (AI_INTERVIEW, REVIEW, AI_INTERVIEW):
        world.model.records.move(APPLICATION, stage)
        entries.append(await adapter.read_application(ID))
    await adapter.aclose()
    assert entries[0].stage == entries[2].stage
    assert len({one.entry.history_id for one in entries}) == 3


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({}, "AI Interview"),
        ({"stage_id": 69, "stage_name": "Review"}, "AI Interview (renamed)"),
        ({"stage_id": None, "stage_name": "Review"}, "Review"),
        ({"stage_id": None, "stage_name": None, "current_stage": {"id": 71, "name": "Nested"}}, "Nested"),
        ({"stage_id": None, "stage_name": None, "current_stage": {"id": 70, "name": "Nested"}}, "Nested"),
        ({"stage_name": None, "current_stage": {"id": 1, "name": "Nested"}}, "AI Interview (renamed)"),
        ({"job_id": None, "jobs": [{"id": 9, "name": "x"}], "stage_name": None}, "AI Interview (renamed)"),
    ],
)
async def test_flat_and_nested_rows(change: dict[str, Any], name: str) -> None:
    """Both reported shapes are read; a name that belongs to another visit (a move in between) is looked up."""
    before = {"id": 69, "application_id": 7, "job_interview_stage_id": 68, "entered_at": None, "current": False}
    visits = [before, *ANSWERS["/v3/application_stages"]]
    answers = {**ANSWERS, "/v3/applications": [FLAT | change], "/v3/application_stages": visits}
    found = await canned(answers).read_application("7")
    assert (found.stage.id, found.stage.name, found.entry.history_id) == ("71", name, "70")
    assert found.job.status is JobStatus.CLOSED


@pytest.mark.parametrize(
    ("word", "disposition"),
    [("active", None), ("converted", None), ("hired", Disposition.HIRED), ("rejected", Disposition.REJECTED)],
)
async def test_dispositions(word: str, disposition: Disposition | None) -> None:
    """A disposition is read, and the last visit stands where none is open any more."""
    visits = [
        {"id": number, "application_id": 7, "job_interview_stage_id": 71, "entered_at": at, "current": False}
        for number, at in ((72, "2026-11-03T00:00:00Z"), (73, "2026-11-02T00:00:00Z"), (74, None))
    ]
    adapter = canned(
        {**ANSWERS, "/v3/applications": [FLAT | {"status": word, "stage_id": 73}], "/v3/application_stages": visits}
    )
    found = await adapter.read_application("7")
    assert (found.disposition, found.entry.history_id) == (disposition, "72")


@pytest.mark.parametrize(
    ("resource", "document", "error"),
    [
        ("applications", [FLAT | {"status": "ghosted"}], PayloadInvalid),
        ("applications", [FLAT | {"job_id": None}], NotFound),
        ("applications", [], NotFound),
        ("application_stages", [], Transient),
        ("candidates", {"message": "The candidate is being created"}, Transient),
        ("candidates", [], NotFound),
        ("jobs", {"data": "none"}, PayloadInvalid),
        ("jobs", [{"id": 9, "name": "x", "status": "haunted"}], PayloadInvalid),
    ],
)
async def test_what_cannot_be_read(resource: str, document: object, error: type[Exception]) -> None:
    """Vanished records are NotFound, unknown words PayloadInvalid; a record in the making does not make the ATS down."""
    with pytest.raises(error) as caught:
        await canned({**ANSWERS, f"/v3/{resource}": document}).read_application("7")
    assert caught.type is error


async def test_the_visit_that_is_open_stands_whenever_it_began() -> None:
    """Which visit is the current one, Harvest says; a time that is missing or was corrected afterwards does not."""
    visits = [
        {"id": number, "application_id": 7, "job_interview_stage_id": 71, "entered_at": at, "current": number == 70}
        for number, at in ((72, "2026-11-03T00:00:00Z"), (70, "2026-11-02T00:00:00Z"), (74, None))
    ]
    found = await canned({**ANSWERS, "/v3/application_stages": visits}).read_application("7")
    assert found.entry.history_id == "70"


async def test_a_history_that_lags_is_read_again(world: GreenhouseWorld) -> None:
    """While the history does not show the visit that the application is in, there is nothing to say: not that it is gone."""
    adapter = connect(world)
    before = await adapter.read_application(ID)
    moved = world.model.records.move(APPLICATION, AI_INTERVIEW)
    visits = world.model.records.tables["application_stages"]
    visits.remove(moved)
    with pytest.raises(Transient) as caught:
        await adapter.read_application(ID)
    visits.append(moved)
    after = await adapter.read_application(ID)
    await adapter.aclose()
    assert caught.type is Transient
    assert (after.stage.id, after.entry.history_id) == (str(AI_INTERVIEW), str(moved["id"]))
    assert before.entry != after.entry


async def test_what_is_empty_is_not_sent_back() -> None:
    """Of the other fields only those go along that hold something: an empty value was refused in Harvest v1."""
    sent: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH":
            sent.append(json.loads(request.content))
            return httpx.Response(200, json={})
        return httpx.Response(200, json=answers[request.url.path])

    held: dict[str, Any] = {
        "mine": None,
        "theirs": "kept",
        "none": None,
        "many": [],
        "text": "",
        "no": False,
        "nought": 0,
    }
    rows = {key: {"type": "short_text", "value": value} for key, value in held.items()}
    definition = {"id": 1, "name_key": "mine", "value_type": "short_text"}
    answers = {"/v3/applications": [FLAT | {"custom_fields": rows}], "/v3/custom_fields": [definition]}
    transport = Canned(answer, prepared=tokens)
    adapter = create(
        "greenhouse", base_url="https://harvest.greenhouse.io", credentials=CREDENTIALS, transport=transport
    )
    await adapter.write_fields("7", {"mine": "x"}, expected={"mine": None})
    [body] = sent
    assert {one["name_key"]: one["value"] for one in body["custom_fields"]} == {
        "mine": "x",
        "theirs": "kept",
        "no": False,
        "nought": 0,
    }


async def test_a_value_of_an_unknown_shape_is_not_nothing() -> None:
    """What is read as nothing would be written over: a choice told as an object or a list is something that stands there."""
    held = {"band": {"id": 3, "name": "Strong"}, "tags": ["a"], "none": None, "empty": [], "ref": "r", "score": 0}
    rows = {key: {"type": "single_select", "value": value} for key, value in held.items()}
    found = await canned({**ANSWERS, "/v3/applications": [FLAT | {"custom_fields": rows}]}).read_fields("7")
    assert {key for key, value in found.items() if value is None} == {"none", "empty"}
    assert (found["ref"], found["score"]) == ("r", 0)
    assert "Strong" not in str(found)


async def test_wrapped_rows() -> None:
    """Rows inside an object would be read as well."""
    answers = {name: {"data": rows} for name, rows in ANSWERS.items()}
    assert (await canned(answers).read_application("7")).id == "7"


async def test_paging(world: GreenhouseWorld) -> None:
    """Pages of two make one sweep, the cursor alone is sent on, and prospects are left out."""
    world.model.page_size = 2
    prospect = dict(world.model.records.tables["candidates"][0]) | {"id": 1}
    world.model.records.apply(999_999, prospect, job_id=None)
    adapter = connect(world)
    found, cursor = await sweep(adapter, None)
    assert found == [str(APPLICATION + number) for number in (6, 5, 4, 3, 2, 1, 0)]
    # Nothing has changed for long; then one has.
    assert (await sweep(adapter, cursor))[0] == []
    world.model.records.move(APPLICATION + 3, AI_INTERVIEW)
    assert (await sweep(adapter, cursor))[0] == [str(APPLICATION + 3)]
    await adapter.aclose()


async def test_since(world: GreenhouseWorld) -> None:
    """The first sweep lists what changed since, across zones; the next one begins two minutes before it began."""
    now = datetime.now(UTC)
    for number, minutes in ((1, 10), (2, 3), (3, 1)):
        at = (now - timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")
        world.model.records.edit(APPLICATION + number, at=at)
    adapter = connect(world)
    page = await adapter.list_changed(None, since=now - timedelta(minutes=5))
    assert page.application_ids == (str(APPLICATION + 3), str(APPLICATION + 2))
    page = await adapter.list_changed(page.cursor)
    assert page.application_ids == (str(APPLICATION + 3),)
    for foreign in ("nonsense", '{"after": 3}', '{"after": "2026-01-01T00:00:00"}'):
        with pytest.raises(PayloadInvalid):
            await adapter.list_changed(foreign)
    await adapter.aclose()


@pytest.mark.parametrize("link", ["https://x/v3/applications?page=2", "https://x/?cursor=", "http://[x"])
async def test_a_next_page_without_a_cursor(link: str) -> None:
    """The address of a next page must have a cursor."""
    with pytest.raises(PayloadInvalid):
        await canned(ANSWERS, {"Link": f'<{link}>; rel="next"'}).list_changed(None)


async def test_going_in_circles() -> None:
    """A cursor that comes twice ends the sweep with an error; a plus sign in one stays one."""
    adapter = canned(ANSWERS, {"Link": '<https://x/v3/applications?cursor=a+b%2Bc>; rel="next"'})
    page = await adapter.list_changed(None)
    assert '"page":"a+b+c"' in page.cursor
    with pytest.raises(PayloadInvalid):
        await adapter.list_changed(page.cursor)


async def test_stages_and_fields(world: GreenhouseWorld) -> None:
    """Stages in use, and of applications' fields those that can be written, with their options and lengths."""
    adapter = connect(world)
    assert [stage.name for stage in await adapter.list_stages()] == ["Offer", "AI Interview", "Application Review"]
    fields = {field.key: field for field in await adapter.list_fields()}
    await adapter.aclose()
    assert set(fields) == {
        "notice_period",
        *(f"ai_interview_{word}" for word in ("completion", "band", "score", "summary", "ref", "link")),
    }
    assert sorted(fields["ai_interview_completion"].options) == sorted(COMPLETION)
    assert (fields["ai_interview_ref"].kind, fields["ai_interview_ref"].max_length) == (FieldKind.TEXT, 254)


async def test_other_fields_stay_as_they_are(world: GreenhouseWorld) -> None:
    """A write replaces the collection in the worst case: every other field is sent back, of whatever type."""
    before = {**world.model.records.one("applications", APPLICATION)["custom_fields"]}
    adapter = connect(world)
    await adapter.write_fields(ID, {"ai_interview_score": 71.5}, expected={"ai_interview_score": None})
    after = world.model.records.one("applications", APPLICATION)["custom_fields"]
    assert after["ai_interview_score"]["value"] == 71.5
    assert {**after, "ai_interview_score": None} == {**before, "ai_interview_score": None}
    await adapter.write_fields(ID, {"ai_interview_score": None}, expected={"ai_interview_score": 71.5})
    assert world.model.records.one("applications", APPLICATION)["custom_fields"] == before
    await adapter.aclose()


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"no_such_field": "x"}, "unknown_field"),
        ({"favourite_hat": "x"}, "unknown_field"),
        ({"languages": "Greek"}, "unknown_field"),
        ({"old_grade": "A"}, "unknown_field"),
        ({"ai_interview_ref": "x" * 255}, "too_long"),
        ({"ai_interview_completion": "Forgotten"}, "unknown_option"),
        ({"ai_interview_completion": 3}, "wrong_kind"),
        ({"ai_interview_score": "71"}, "wrong_kind"),
        ({"ai_interview_score": True}, "wrong_kind"),
    ],
)
async def test_what_no_field_holds_is_not_sent(world: GreenhouseWorld, values: dict[str, Any], code: str) -> None:
    """What the definition cannot hold is refused with its code before anything is written."""
    adapter = connect(world)
    with pytest.raises(Refused) as refused:
        await adapter.write_fields(ID, {"ai_interview_link": "https://e.example/r", **values}, expected={})
    await adapter.aclose()
    assert refused.value.code == code
    assert not [asked for asked in world.model.asked if not asked.startswith("GET")]


async def test_a_person_was_faster(world: GreenhouseWorld) -> None:
    """A field that changed since it was read is left alone."""
    adapter = connect(world)
    with pytest.raises(Conflict):
        await adapter.write_fields(ID, {"notice_period": "none"}, expected={"notice_period": "1 month"})
    await adapter.aclose()
    assert not [asked for asked in world.model.asked if asked.startswith("PATCH")]


async def test_notes(world: GreenhouseWorld) -> None:
    """A private note is for admins only, in the name of the chosen user; other activity is not read."""
    adapter = connect(world, act_as=str(SITE_ADMIN))
    note = await adapter.add_note(ID, "Band: Solid", visibility=Visibility.PRIVATE)
    (row,) = world.model.records.tables["notes"]
    assert (row["visibility"], row["user_id"], row["type"]) == ("admin_only_visible", SITE_ADMIN, "NOTE")
    world.model.records.tables["notes"].append(
        {**row, "id": 1, "type": "EMAIL", "body": "Dear Ada", "visibility": "sent"}
    )
    assert await adapter.list_notes(ID) == (note,)
    assert (note.author, note.visibility) == (str(SITE_ADMIN), Visibility.PRIVATE)
    await adapter.aclose()


async def test_our_notes_are_found_on_every_page(world: GreenhouseWorld) -> None:
    """What is ours is known by its mark, whatever type Harvest gives it; more notes than one page has are all read."""
    world.model.page_size = 2
    adapter = connect(world)
    for number in range(5):
        await adapter.add_note(ID, f"Band: Solid\n[evenhand {number}]", visibility=Visibility.PRIVATE)
    rows = world.model.records.tables["notes"]
    for row, kind in zip(rows, ("NOTE", "note", "ACTIVITY", None, "NOTE"), strict=True):
        row["type"] = kind
    rows.append({**rows[0], "id": 1, "type": "ACTIVITY", "body": "Ada was moved", "visibility": None})
    listed = await adapter.list_notes(ID)
    await adapter.aclose()
    assert [note.body[-2:] for note in listed] == [f"{number}]" for number in range(5)]
    theirs = {**rows[0], "application_id": 3}
    assert await canned({**ANSWERS, "/v3/notes": [theirs]}).list_notes("7") == ()


async def test_a_note_that_cannot_be_read_was_sent() -> None:
    """An answer in another shape leaves the outcome unknown."""
    adapter = canned({**ANSWERS, "/v3/notes": {"id": "x"}})
    with pytest.raises(OutcomeUnknown):
        await adapter.add_note("7", "x", visibility=Visibility.TEAM)


async def test_limits(world: GreenhouseWorld) -> None:
    """Beyond the window's requests comes RateLimited with the seconds that are left of it."""
    now = datetime.now(UTC)
    world.model.limit, world.model.clock = 2, lambda: now
    adapter = connect(world)
    with pytest.raises(RateLimited) as limited:
        await adapter.read_application(ID)
    await adapter.aclose()
    assert limited.value.retry_after is not None
    assert 0 < limited.value.retry_after <= 30


@pytest.mark.parametrize(
    ("reset", "least", "most"),
    [("soon", None, None), ("nan", None, None), ("0", 0, 0), ("9999999999", 60, 60)],
)
async def test_limits_without_retry_after(reset: str, least: float | None, most: float | None) -> None:
    """Without Retry-After the end of the window tells the wait, within reason."""
    transport = status(429, headers={"X-RateLimit-Reset": reset})
    transport.prepared = tokens
    adapter = create(
        "greenhouse", base_url="https://harvest.greenhouse.io", credentials=CREDENTIALS, transport=transport
    )
    with pytest.raises(RateLimited) as limited:
        await adapter.list_stages()
    wait = limited.value.retry_after
    assert wait == least if least is None or wait is None else least <= wait <= (most or least)


async def test_too_few_rights(world: GreenhouseWorld) -> None:
    """A user who is no Site Admin, and a credential without a scope, are PermissionMissing."""
    adapter = connect(world, act_as=str(RECRUITER))
    with pytest.raises(PermissionMissing):
        await adapter.read_application(ID)
    await adapter.aclose()
    world.model.clients[CREDENTIALS["client_id"]] = ApiClient(CREDENTIALS["client_secret"], frozenset())
    adapter = connect(world)
    with pytest.raises(PermissionMissing):
        await adapter.list_stages()
    await adapter.aclose()


async def test_a_fault_is_told_apart_from_a_refusal(world: GreenhouseWorld) -> None:
    """A 500 on a read before a write leaves nothing unknown."""
    world.model.fail = 1
    adapter = connect(world)
    with pytest.raises(Unavailable):
        await adapter.add_note(ID, "x", visibility=Visibility.PRIVATE)
    await adapter.aclose()
    assert world.model.records.tables["notes"] == []


async def test_inspection(world: GreenhouseWorld) -> None:
    """The connection tells the ATS's clock and in whose name it acts, and claims to know no more."""
    for options, acting in (({}, "service user"), ({"act_as": str(SITE_ADMIN)}, f"user {SITE_ADMIN}")):
        adapter = connect(world, **options)
        assert isinstance(adapter, Inspector)
        found = await adapter.inspect()
        await adapter.aclose()
        assert found.server_time is not None
        assert abs(found.server_time - datetime.now(UTC)) < timedelta(seconds=30)
        assert acting in (found.acting_as or "")
        assert (found.scopes, found.webhooks) == (None, None)
