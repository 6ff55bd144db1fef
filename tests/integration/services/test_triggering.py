"""What a stage change starts, and what it does not: every reason once, through the ATS and its deliveries."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa

from orchestrator.db.models.application import ApplicationRow, CandidateRow, StageEntryRow
from orchestrator.db.models.intake import DeliveryRow
from orchestrator.db.repositories.intake import key_of_visit
from orchestrator.domain.interview import InterviewState
from orchestrator.domain.stage import visit_of
from orchestrator.domain.trigger import in_share
from orchestrator.services.kinds import PollConnection
from orchestrator.work.queue import enqueue
from tests.fixtures.house import SDR, WAREHOUSE, House, running_house
from tests.fixtures.sandbox import WEBHOOK_SECRET
from tests.fixtures.timers import advance
from tests.integration.services.people import (
    ANSWERS,
    ROOMY,
    Candidate,
    Newcomer,
    fresh_sqlite,
    interviews_of,
    mails_to,
    move_to,
    new_job,
    newcomer,
    reasons_of,
)
from tests.integration.services.rows import count, settled

pytestmark = pytest.mark.asyncio(loop_scope="module")
CAP = "cap: {total: 125, per_day: 25}"
S = InterviewState


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house that most tests of this module share, each with newcomers of its own."""
    folder = tmp_path_factory.mktemp("triggering")
    async with running_house(fresh_sqlite(sqlite_template, folder), folder, changes=(ROOMY,)) as running:
        yield running


async def poll(house: House) -> None:
    """Ask the ATS what changed."""
    async with house.runtime.database.transaction() as tx:
        await enqueue(tx, PollConnection(connection="sandbox"))
    await settled(house)


async def moved(house: House, application: Newcomer, stage: str = "First Interview") -> list[str]:
    """Move somebody and let everything come of it; the reasons so far."""
    await move_to(house, application, stage)
    await settled(house)
    return await reasons_of(house, application)


async def test_a_job_outside_the_pilot_starts_nothing(house: House) -> None:
    """The stage fits, the role family does not."""
    application = await newcomer(house, job=WAREHOUSE)
    assert (await moved(house, application))[-1] == "role_family_not_in_program"
    assert mails_to(house, application) == []


async def test_a_closed_job_starts_nothing(house: House) -> None:
    """Closing is read from the ATS at the moment of the move."""
    job = await new_job(house, "Customer Support, seasonal", "Applied", "First Interview")
    application = await newcomer(house, job_id=job)
    answer = await house.sandbox.admin.patch(f"/api/v1/jobs/{job}", json={"status": "closed"})
    assert answer.status_code == 200
    assert (await moved(house, application))[-1] == "job_closed"
    assert mails_to(house, application) == []


async def test_somebody_without_an_address_is_not_invited(house: House) -> None:
    """No e-mail, no invitation, and the reason says so."""
    application = await newcomer(house, email="")
    assert (await moved(house, application))[-1] == "no_email"


async def test_an_ending_ends_the_invitation(house: House) -> None:
    """A terminal stage starts nothing; an invitation that nobody took up is cancelled, and no reminder will come."""
    fresh = await newcomer(house)
    assert (await moved(house, fresh, "Rejected"))[-1] == "terminal_stage"
    invited = await newcomer(house)
    link = await house.invite(invited.id)
    await moved(house, invited, "Rejected")
    assert await interviews_of(house, invited) == [S.CANCELLED]
    assert await house.field(invited.id, "interview_completion") == "Expired"
    with Candidate(link) as candidate:
        page = await candidate.open()
        assert page.status == 200
        assert not page.has_form("/begin")


async def test_a_second_entry_follows_the_program(house: House) -> None:
    """While an interview runs, or after one took place, moving back starts no other one."""
    application = await newcomer(house)
    with Candidate(await house.invite(application.id)) as candidate:
        await candidate.begin()
        await candidate.answer(1, ANSWERS[0])
        await moved(house, application, "Application Review")
        assert (await moved(house, application))[-1] == "interview_open"
        await candidate.withdraw()
    await moved(house, application, "Application Review")
    assert (await moved(house, application))[-1] == "re_entry"
    assert await interviews_of(house, application) == [S.WITHDRAWN]


async def test_an_entry_keeps_one_key_when_the_ats_tells_its_id_later(house: House) -> None:
    """Told without an id, then with it, then without it again: one entry, under the better key. Another stage is another."""
    application = await newcomer(house)
    await moved(house, application)
    async with house.runtime.database.transaction() as tx:
        row = (await tx.session.scalars(entries_of(application))).one()
        told, counted = row.entry_key, entry_key_without_mark(row.entry_key)
        row.entry_key = counted
        await tx.session.flush()
        assert await key_of_visit(tx.session, application_id=row.application_id, key=told) == told
        assert (await tx.session.scalars(entries_of(application))).one().entry_key == told
        assert await key_of_visit(tx.session, application_id=row.application_id, key=counted) == told
        elsewhere = counted.replace("/v:", "0/v:")
        assert await key_of_visit(tx.session, application_id=row.application_id, key=elsewhere) == elsewhere


def entries_of(application: Newcomer) -> sa.Select[StageEntryRow]:
    """The entry into the trigger stage."""
    statement = sa.select(StageEntryRow).join(ApplicationRow, ApplicationRow.id == StageEntryRow.application_id)
    return statement.where(ApplicationRow.external_id == application.id, StageEntryRow.stage_name == "First Interview")


def entry_key_without_mark(key: str) -> str:
    """The key that the same entry has where the ATS says neither id nor time."""
    return f"{visit_of(key)}v:1"


async def test_an_application_that_is_gone_is_noted(house: House) -> None:
    """It is looked for twice more; then the delivery is processed with that outcome: no retry without end, no dead letter."""
    event = {
        "id": "evt_999999",
        "type": "application.stage_changed",
        "occurred_at": "2026-11-01T10:00:00Z",
        "application_id": "app_999999",
    }
    body, at = json.dumps(event).encode(), str(int(time.time()))
    digest = hmac.new(WEBHOOK_SECRET.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-Sandbox-Timestamp": at,
        "X-Sandbox-Event-Id": "evt_999999",
        "X-Sandbox-Signature": f"v1={digest}",
    }
    async with httpx.AsyncClient() as ats:
        answer = await ats.post(f"{house.url}/hooks/sandbox", content=body, headers=headers)
    assert answer.status_code == 202
    for seconds in (120, 1200, 0):
        await settled(house)
        await advance(house.runtime.database, seconds)
    async with house.runtime.database.reading() as session:
        row = (await session.scalars(sa.select(DeliveryRow).where(DeliveryRow.dedupe == "id:evt_999999"))).one()
    assert (row.state, row.outcome) == ("processed", "the application is gone")
    assert await house.runtime.services.operating.dead_letters() == ()


async def test_two_people_with_one_address_stay_two(house: House) -> None:
    """Identity is the id in the ATS: a couple that shares an address gets two interviews with two links (N7)."""
    shared = "a-couple@applicants.example"
    one, two = await newcomer(house, email=shared), await newcomer(house, email=shared)
    for application in (one, two):
        assert (await moved(house, application))[-1] == "started"
    async with house.runtime.database.reading() as session:
        rows = (await session.scalars(sa.select(CandidateRow))).all()
    assert {row.external_id for row in rows if row.emails == [shared]} == {one.candidate_id, two.candidate_id}
    mails = [mail for mail in house.mails.deliveries if mail.to == shared]
    links = {word for mail in mails for word in mail.text.split() if "/i/" in word}
    assert (len(mails), len(links)) == (2, 2)


async def test_polling_finds_what_webhooks_missed_and_never_doubles(sqlite_url: str, tmp_path: Path) -> None:
    """Without any webhook a poll starts the interview; further polls and late deliveries of the same start no other."""
    async with running_house(sqlite_url, tmp_path, subscribe=False) as house:
        await poll(house)
        application = await newcomer(house)
        await move_to(house, application, "First Interview")
        await settled(house)
        assert mails_to(house, application) == []
        await poll(house)
        assert mails_to(house, application) == ["invitation"]
        for _ in range(2):
            await poll(house)
        await house.sandbox.subscribe(f"{house.url}/hooks/sandbox")
        note = {"body": "A note", "visibility": "team"}
        await house.sandbox.admin.post(f"/applications/{application.id}/notes", data=note)
        await settled(house)
        await poll(house)
        assert await interviews_of(house, application) == [S.INVITED]
        assert mails_to(house, application) == ["invitation"]
        deliveries = await count(house.runtime.database, "SELECT count(*) FROM delivery WHERE source = 'poll'")
        await poll(house)
        await poll(house)
        # A poll that learns nothing new leaves nothing behind.
        assert deliveries + 2 >= await count(
            house.runtime.database, "SELECT count(*) FROM delivery WHERE source = 'poll'"
        )


async def test_the_share_is_chosen_by_stable_hash(sqlite_url: str, tmp_path: Path) -> None:
    """Half of support are interviewed, always the same; of sales nobody (share 0); who is left out has the reason."""
    changes = (
        (
            "rubric: customer-support/first-interview\n    share: 1.0",
            "rubric: customer-support/first-interview\n    share: 0.5",
        ),
        ("rubric: sales/sdr-first-interview\n    share: 1.0", "rubric: sales/sdr-first-interview\n    share: 0.0"),
    )
    async with running_house(sqlite_url, tmp_path, changes=changes) as house:
        support = [await newcomer(house) for _ in range(12)]
        sales = [await newcomer(house, job=SDR) for _ in range(3)]
        for application in (*support, *sales):
            await move_to(house, application, "First Interview")
        await settled(house)
        chosen = [person for person in support if in_share("support-pilot", person.id, 0.5)]
        assert 0 < len(chosen) < len(support)
        for person in support:
            expected = "started" if person in chosen else "outside_share"
            assert (await reasons_of(house, person))[-1] == expected
            assert mails_to(house, person) == (["invitation"] if person in chosen else [])
        assert {(await reasons_of(house, person))[-1] for person in sales} == {"outside_share"}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_cap_holds_when_many_decide_at_once(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Ten moves, two workers with eight hands each, three places a day and five in all: three start, then two."""
    url: str = request.getfixturevalue("sqlite_url" if kind == "sqlite" else "postgres_url")
    changes = ((CAP, "cap: {total: 5, per_day: 3}"),)
    async with running_house(url, tmp_path, changes=changes, subscribe=False) as house:
        # Noon, so that the day does not end meanwhile; polls do not mind a clock that is moved.
        noon = house.clock.now().replace(hour=12, minute=0, second=0, microsecond=0)
        house.clock.ahead = noon - house.clock.now()
        await poll(house)
        for people, started in (
            ([await newcomer(house) for _ in range(10)], 3),
            ([await newcomer(house) for _ in range(10)], 2),
            ([await newcomer(house) for _ in range(2)], 0),
        ):
            for application in people:
                await move_to(house, application, "First Interview")
            async with house.runtime.database.transaction() as tx:
                await enqueue(tx, PollConnection(connection="sandbox"))
            await both_workers(house)
            await settled(house)
            reasons = [(await reasons_of(house, person))[-1] for person in people]
            assert sorted(reasons) == ["cap_reached"] * (len(people) - started) + ["started"] * started
            house.clock.ahead += timedelta(days=1)
        assert await count(house.runtime.database, "SELECT count(*) FROM interview") == 5


async def both_workers(house: House) -> None:
    """Two workers at once, as two processes would."""
    await asyncio.gather(*(house.runtime.worker(name=name).run_until_idle() for name in ("one", "two")))
