"""What reaches the ATS, whatever the ATS does: once, in order, never over a person's words, and all of it in the log."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from adapters.sandbox.server.keys import ensure_key
from adapters.sandbox.server.seed import KEY_NAME
from orchestrator.db.models.writeback import Direction
from orchestrator.work.admin import Selection, list_work
from orchestrator.work.table import WorkState
from tests.fixtures.house import House, running_house
from tests.fixtures.sandbox import API_KEY, KEY_SCOPES
from tests.fixtures.timers import advance
from tests.integration.services.ats_record import OURS, sync_of, written_values
from tests.integration.services.people import (
    ANSWERS,
    ROOMY,
    Candidate,
    Colleague,
    Newcomer,
    fresh_sqlite,
    in_review,
    mails_to,
    newcomer,
    open_case,
)
from tests.integration.services.relay import behind_relay
from tests.integration.services.rows import count, holders, settled

pytestmark = pytest.mark.asyncio(loop_scope="module")
TIDY = "A colleague's own summary of the call."


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house that the tests of this module share, each with a newcomer of its own."""
    folder = tmp_path_factory.mktemp("write-back")
    async with running_house(fresh_sqlite(sqlite_template, folder), folder, changes=(ROOMY,)) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def colleague(house: House) -> AsyncIterator[Colleague]:
    """A colleague who is signed in."""
    with Colleague(house) as robin:
        await robin.sign_in()
        yield robin


async def write_by_hand(house: House, application: Newcomer, key: str, value: str) -> None:
    """A recruiter writes into a field, on the board of the ATS."""
    answer = await house.sandbox.admin.post(f"/applications/{application.id}/field", data={"key": key, "value": value})
    assert answer.status_code == 303


async def patiently(house: House, application: Newcomer) -> dict[str, Any]:
    """Let the waits of retries pass until the result is in the ATS with its note; the profile."""

    async def look() -> dict[str, Any] | None:
        await advance(house.runtime.database, 60.0)
        # Not asked over HTTP before all is written: the faults are for Evenhand, not for this test.
        if await count(house.runtime.database, "SELECT count(*) FROM write_back WHERE state = 'pending'"):
            return None
        profile = await house.sandbox.profile(application.id)
        done = profile["custom_fields"].get("interview_completion") == "Completed"
        return profile if done and profile["notes"] and "interview_band" in profile["custom_fields"] else None

    return await house.until("the result in the ATS", look)


async def test_everything_arrives_once_and_in_order(house: House, colleague: Colleague) -> None:
    """Completion at once, the band only after the decision, one note; the log has every exchange and no value."""
    application = await newcomer(house)
    case = await in_review(house, application)
    await settled(house)
    before = await house.sandbox.profile(application.id)
    assert set(before["custom_fields"]) == {"interview_completion", "interview_link"}
    assert before["custom_fields"]["interview_link"].startswith(f"{house.url}/review/applications/")
    await colleague.send(f"/review/{case}", "/decision")
    after = await patiently(house, application)
    await settled(house)

    assert set(after["custom_fields"]) == OURS
    assert after["candidate"] == before["candidate"]
    assert len(after["notes"]) == 1
    assert after["notes"][0]["visibility"] == "private"
    shown = await written_values(house, application, "Interview completion")
    assert shown == ["Invited", "In progress", "Completed", "In review", "Completed"]
    assert len(await written_values(house, application, "Interview band")) == 1

    log = await sync_of(house, application)
    pushes = [row for row in log if row.direction is Direction.PUSH]
    assert [row.operation for row in pushes] == ["write_fields"] * 5 + ["add_note"]
    assert [row.fields for row in pushes[:3]] == [["interview_completion"]] * 3
    assert set(pushes[3].fields) == {"interview_completion", "interview_link"}
    assert set(pushes[4].fields) == OURS
    assert all(row.fields and row.outcome == "ok" and row.duration_ms > 0 for row in log)
    assert {row.operation for row in log if row.direction is Direction.PULL} == {
        "read_application",
        "read_fields",
        "list_notes",
    }
    told = [*after["custom_fields"].values(), *after["candidate"]["emails"], after["candidate"]["last_name"]]
    for value in (value for value in told if isinstance(value, str)):
        assert not {place for place in await holders(house.runtime.database, value) if "sync_entry" in place}
    page = await colleague.open("/operations?show=sync")
    assert "interview_band" in page.text("main")


async def test_what_a_person_wrote_stays(house: House, colleague: Colleague) -> None:
    """A filled field is a conflict: kept and shown; every other field is written, and the note once."""
    application = await newcomer(house)
    case = await in_review(house, application)
    await write_by_hand(house, application, "interview_summary", TIDY)
    await colleague.send(f"/review/{case}", "/decision")
    profile = await patiently(house, application)
    await settled(house)

    assert profile["custom_fields"]["interview_summary"] == TIDY
    assert set(profile["custom_fields"]) == OURS
    assert len((await house.sandbox.profile(application.id))["notes"]) == 1
    conflicts = await house.runtime.services.operating.conflicts()
    assert conflicts[0].fields == ("interview_summary",)
    page = await colleague.open("/operations")
    assert "Fields that a colleague changed" in page.text("main")
    assert "interview_summary" in page.text("main")
    assert TIDY not in page.text("main")


async def test_a_changed_value_of_ours_is_a_conflict_as_well(house: House) -> None:
    """Completion was ours until somebody wrote over it: from then on it is theirs, and the interview goes on."""
    application = await newcomer(house)
    link = await house.invite(application.id)
    await settled(house)
    await write_by_hand(house, application, "interview_completion", "Not scored by AI")
    with Candidate(link) as candidate:
        await candidate.begin()
        await settled(house)
        assert await house.field(application.id, "interview_completion") == "Not scored by AI"
        await write_by_hand(house, application, "interview_completion", "")
        await candidate.answer(1, ANSWERS[0])
        await candidate.submit()
    await house.until_field(application.id, "interview_completion", "In review")


async def test_contact_data_that_changes_meanwhile_is_left_alone(house: House, colleague: Colleague) -> None:
    """A recruiter corrects the phone number while the interview runs: it stays corrected, byte for byte."""
    application = await newcomer(house)
    case = await in_review(house, application)
    number = int(application.candidate_id.rpartition("_")[2])
    store = house.sandbox.store
    with store.transaction():
        store.write("UPDATE candidates SET phones = ? WHERE id = ?", '["+44 7700 900111"]', number)
    before = await house.sandbox.profile(application.id)
    await colleague.send(f"/review/{case}", "/decision")
    after = await patiently(house, application)
    assert after["candidate"] == before["candidate"]
    assert after["candidate"]["phones"] == ["+44 7700 900111"]


FAULTS: dict[str, dict[str, object]] = {
    "500 on reads": {"error_500": {"next": 2}},
    "500 on writes": {"error_500": {"next": 3}, "writes_only": True},
    "429 with Retry-After": {"rate_limited": {"next": 2, "retry_after": 30}},
    "429 without": {"rate_limited": {"next": 2, "retry_after": None}},
    "429 on writes": {"rate_limited": {"next": 1, "retry_after": 1}, "writes_only": True},
    "silence after the fields": {"timeout_after_commit": {"next": 1}, "writes_only": True},
    "silence after fields and note": {"timeout_after_commit": {"next": 2}, "writes_only": True},
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_faults_of_the_ats_lose_nothing_and_double_nothing(
    fault: str, house: House, colleague: Colleague
) -> None:
    """Whatever goes wrong on the way, the result stands there once, with one note."""
    application = await newcomer(house)
    case = await in_review(house, application)
    await settled(house)
    await house.sandbox.set_faults(**FAULTS[fault])
    await colleague.send(f"/review/{case}", "/decision")
    await house.work()
    if fault == "429 with Retry-After":
        async with house.runtime.database.reading() as session:
            waiting = await list_work(session, Selection(states=(WorkState.QUEUED,), kinds=("ats.write",)))
        assert waiting[0].run_at.timestamp() > time.time() + 20
    profile = await patiently(house, application)
    await house.sandbox.set_faults()
    await settled(house)

    assert len((await house.sandbox.profile(application.id))["notes"]) == 1
    assert set(profile["custom_fields"]) == OURS
    assert len(await written_values(house, application, "Interview band")) == 1
    outcomes = {row.outcome for row in await sync_of(house, application)}
    assert outcomes - {"ok"} == {
        "500 on reads": {"Unavailable"},
        "500 on writes": {"OutcomeUnknown"},
        "silence after the fields": {"OutcomeUnknown"},
        "silence after fields and note": {"OutcomeUnknown"},
    }.get(fault, {"RateLimited"})
    assert await house.runtime.services.operating.dead_letters() == ()


async def test_an_ats_that_speaks_otherwise_is_seen_and_mended(house: House, colleague: Colleague) -> None:
    """An answer in another shape is a dead letter on the operations page; run again after the mend, all is there once."""
    application = await newcomer(house)
    case = await in_review(house, application)
    await settled(house)
    await house.sandbox.set_faults(schema_drift={"rename": {"items": "entries"}})
    await colleague.send(f"/review/{case}", "/decision")
    await house.work()
    dead = await house.runtime.services.operating.dead_letters()
    assert [item.kind for item in dead] == ["ats.write"]
    assert dead[0].subject.startswith("Wren Newcomer")
    page = await colleague.open("/operations")
    assert "Work that was given up" in page.text("main")
    assert "PayloadInvalid" in page.text("main")

    await house.sandbox.set_faults()
    await colleague.send_from(page, f"/operations/work/{dead[0].id}/replay")
    profile = await patiently(house, application)
    await settled(house)
    assert len((await house.sandbox.profile(application.id))["notes"]) == 1
    assert set(profile["custom_fields"]) == OURS
    assert await house.runtime.services.operating.dead_letters() == ()


async def test_a_dead_letter_that_is_run_again_does_not_turn_time_back(house: House, colleague: Colleague) -> None:
    """A missing scope makes "Invited" a dead letter; run again when "In review" stands there, it changes nothing."""
    application = await newcomer(house)
    without = [scope for scope in KEY_SCOPES if scope != "fields:write"]
    ensure_key(house.sandbox.store, name=KEY_NAME, value=API_KEY, scopes=without)
    link = await house.invite(application.id)

    async def dead() -> int | None:
        found = await house.runtime.services.operating.dead_letters()
        return found[0].id if found else None

    work_id = await house.until("a dead letter", dead)
    shown = await house.runtime.services.operating.one_work(work_id)
    assert "PermissionMissing" in (shown.error or "")
    ensure_key(house.sandbox.store, name=KEY_NAME, value=API_KEY, scopes=KEY_SCOPES)
    with Candidate(link) as candidate:
        await candidate.begin()
        await candidate.answer(1, ANSWERS[0])
        await candidate.submit()
    await house.until_field(application.id, "interview_completion", "In review")
    await settled(house)
    await colleague.send("/operations", f"/operations/work/{work_id}/replay")
    await settled(house)
    assert await house.field(application.id, "interview_completion") == "In review"
    assert await house.runtime.services.operating.dead_letters() == ()


async def test_a_revoked_key_pauses_the_connection(house: House, colleague: Colleague) -> None:
    """401: everything of the connection waits without using attempts up, operations says so, and resuming goes on."""
    application = await newcomer(house)
    case = await in_review(house, application)
    await settled(house)
    ensure_key(house.sandbox.store, name=KEY_NAME, value="another-key-than-ours-0001", scopes=KEY_SCOPES)
    await colleague.send(f"/review/{case}", "/decision")
    for _ in range(3):
        await house.work()
        await advance(house.runtime.database, 600.0)
    page = await colleague.open("/operations")
    assert "Sandbox is paused: AuthRejected" in page.text("main")
    async with house.runtime.database.reading() as session:
        waiting = await list_work(session, Selection(states=(WorkState.QUEUED,), kinds=("ats.write",)))
    assert [item.attempt for item in waiting] == [0]

    ensure_key(house.sandbox.store, name=KEY_NAME, value=API_KEY, scopes=KEY_SCOPES)
    await house.work()
    assert await house.field(application.id, "interview_band") is None
    await house.runtime.services.operating.resume("sandbox", actor="cli")
    profile = await patiently(house, application)
    assert set(profile["custom_fields"]) == OURS
    assert "is paused" not in (await colleague.open("/operations")).text("main")


async def test_an_outage_holds_up_only_the_ats(house: House, colleague: Colleague, tmp_path: Path) -> None:
    """While the ATS is away candidates answer, get mail and are scored; when it is back all arrives in order."""
    async with behind_relay(house, tmp_path) as (relayed, relay):
        people = [await newcomer(house) for _ in range(2)]
        links = [await relayed.invite(person.id) for person in people]
        await settled(relayed)
        await relay.shut()
        for person, link in zip(people, links, strict=True):
            with Candidate(link) as candidate:
                await candidate.begin()
                for number, answer in enumerate(ANSWERS, start=1):
                    await candidate.answer(number, answer)
                await candidate.submit()
            await relayed.work()
            assert mails_to(house, person) == ["invitation", "completion"]
            case = await open_case(house, person)
            await colleague.send(f"/review/{case}", "/decision")
            await relayed.work()
            assert await house.field(person.id, "interview_completion") == "Invited"
            outcomes = [row.outcome for row in await sync_of(house, person)]
            assert outcomes[-1] == "Unavailable"
        assert await house.runtime.services.operating.dead_letters() == ()

        relay.requests.clear()
        await relay.open()
        for person in people:
            profile = await patiently(relayed, person)
            assert set(profile["custom_fields"]) == OURS
            assert await written_values(house, person, "Interview completion") == [
                "Invited",
                "In progress",
                "Completed",
                "In review",
                "Completed",
            ]
        await settled(relayed)
        for person in people:
            assert len((await house.sandbox.profile(person.id))["notes"]) == 1
            logged = [row for row in await sync_of(house, person) if row.outcome == "ok"]
            asked = [line for line in relay.requests if f"/applications/{person.id}" in line]
            pushed = [line for line in asked if not line.startswith("GET")]
            assert len(pushed) == sum(row.direction is Direction.PUSH for row in logged) - 1
