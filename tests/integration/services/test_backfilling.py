"""Backfills through the real ATS: a dry run that changes nothing, then invitations once each, whatever comes between."""

import asyncio
import os
import sys
import uuid
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from orchestrator.db.models.application import ApplicationRow
from orchestrator.db.models.audit import AuditRow
from orchestrator.db.models.backfill import BackfillApplicationRow, BackfillRow
from orchestrator.db.models.intake import ConnectionRow
from orchestrator.db.models.stop import StopRow, StopScope
from orchestrator.errors import InputInvalid, Missing, Stale
from orchestrator.services.backfill.backfilling import BackfillView
from orchestrator.services.kinds import ApplyRetention
from orchestrator.work.queue import enqueue
from tests.fixtures.house import House, running_house
from tests.fixtures.timers import advance
from tests.integration.services.locks import somebody_waits
from tests.integration.services.people import (
    Candidate,
    Newcomer,
    interviews_of,
    mails_to,
    move_to,
    new_job,
    newcomer,
)
from tests.integration.services.rows import count, dump, settled

PROGRAM = "support-pilot"
QUICK = 3600
"""Invitations an hour: one a second."""
HOUR = 3600.0


@asynccontextmanager
async def house_of(url: str, folder: Path, *, changes: tuple[tuple[str, str], ...] = ()) -> AsyncIterator[House]:
    """A house that nobody tells of anything: no webhooks until a test wants them."""
    async with running_house(url, folder, subscribe=False, changes=changes) as house:
        # The worker writes down how fast it may ask.
        await house.work()
        yield house


async def went_live_later(house: House) -> None:
    """Everybody who stands somewhere now stood there before the connection went live."""
    async with house.runtime.database.transaction() as tx:
        await tx.session.execute(sa.update(ConnectionRow).values(live_since=datetime.now(UTC) + timedelta(hours=1)))


async def standing(house: House, many: int, *, stage: str = "First Interview") -> list[Newcomer]:
    """Newcomers in a stage."""
    made = [await newcomer(house) for _ in range(many)]
    for one in made:
        await move_to(house, one, stage)
    return made


async def begin(house: House, *, cap: int = 25, per_hour: int = QUICK, stage: str | None = None) -> uuid.UUID:
    """Begin a backfill of the pilot."""
    backfilling = house.runtime.looking.backfilling
    return await backfilling.begin(PROGRAM, stage=stage, cap=cap, per_hour=per_hour, actor="cli")


async def steps(house: House, id_: uuid.UUID, enough: Callable[[BackfillView], bool]) -> BackfillView:
    """Work, and let the pauses between the steps pass, until a backfill is as far as that."""
    for _ in range(1000):
        await house.work()
        view = await house.runtime.looking.backfilling.status(id_)
        if enough(view):
            return view
        await advance(house.runtime.database, 1.1)
    raise AssertionError(view)


async def through(house: House, id_: uuid.UUID) -> BackfillView:
    """Work until a backfill has ended and its invitations are sent."""
    view = await steps(house, id_, lambda one: one.state in {"done", "stopped"})
    await settled(house)
    return view


def told(view: BackfillView) -> dict[str, int]:
    """How many, by reason."""
    return {one.why: one.count for one in view.counts}


async def events(house: House, tag: str) -> list[tuple[str, str]]:
    """Actor and subject of audit events."""
    async with house.runtime.database.reading() as session:
        statement = sa.select(AuditRow.actor, AuditRow.subject).where(AuditRow.tag == tag).order_by(AuditRow.sequence)
        return [(row.actor, row.subject) for row in await session.execute(statement)]


async def test_dry_run_says_who_and_changes_nothing(database_url: str, tmp_path: Path) -> None:
    """Invited, held and skipped are counted with reasons; nothing is kept but that we looked, and no mail goes out."""
    async with house_of(database_url, tmp_path) as house:
        early = await standing(house, 2)
        await newcomer(house)
        nobody = await newcomer(house, email="")
        await move_to(house, nobody, "First Interview")
        odd = await new_job(house, "Customer Support, nights", "Applied", "Coffee chat", "First Interview")
        await move_to(house, await newcomer(house, job_id=odd), "Coffee chat")
        await went_live_later(house)
        before = await dump(house.runtime.database)
        plan = await house.runtime.looking.backfilling.plan(PROGRAM, stage=None, cap=25, per_hour=2)
        after = await dump(house.runtime.database)
        by_reason = {one.why: one.count for one in plan.counts}
        assert by_reason["invited"] == plan.invited >= 2
        assert (by_reason["no_email"], by_reason["stage_unmapped"]) == (1, 1)
        assert sum(by_reason.values()) == plan.looked_at
        assert plan.hours == pytest.approx((plan.invited - 1) / 2, abs=0.1)
        assert all(one.meaning != one.why for one in plan.counts)
        changed = {table for table in after if after[table] != before[table]}
        assert changed == {"sync_entry", "audit_event", "audit_head", "rate_bucket"}
        assert [mails_to(house, one) for one in early] == [[], []]
        capped = await house.runtime.looking.backfilling.plan(PROGRAM, stage="First Interview", cap=1, per_hour=2)
        assert (capped.invited, {one.why for one in capped.counts} >= {"backfill_cap", "other_stage"}) == (1, True)


async def test_everybody_who_stood_there_is_invited_once(database_url: str, tmp_path: Path) -> None:
    """Also who was seen and left alone before; a second backfill, and deliveries and polls afterwards, find nothing."""
    async with house_of(database_url, tmp_path) as house:
        early = await standing(house, 3)
        await went_live_later(house)
        await house.sandbox.subscribe(f"{house.url}/hooks/sandbox")
        note = {"body": "A note", "visibility": "team"}
        await house.sandbox.admin.post(f"/applications/{early[0].id}/notes", data=note)
        await settled(house)
        assert mails_to(house, early[0]) == []
        view = await through(house, await begin(house))
        assert [mails_to(house, one) for one in early] == [["invitation"]] * 3
        assert view.invited >= 3
        await house.sandbox.admin.post(f"/applications/{early[1].id}/notes", data=note)
        await settled(house)
        again = await through(house, await begin(house))
        assert (again.invited, told(again)["decided_before"]) == (0, view.invited)
        assert [mails_to(house, one) for one in early] == [["invitation"]] * 3
        [started, second] = await events(house, "operations:backfill:started")
        assert (started[0], second[0]) == ("cli", "cli")
        invited = await events(house, "operations:backfill:invited")
        assert {("cli", f"sandbox/{one.id}") for one in early} <= set(invited)
        assert len(await events(house, "system:backfill:done")) == 2


async def test_a_delivery_in_between_invites_nobody_twice(database_url: str, tmp_path: Path) -> None:
    """Deliveries of the same applications come while the backfill runs, in every order."""
    async with house_of(database_url, tmp_path) as house:
        early = await standing(house, 4)
        await went_live_later(house)
        await house.sandbox.subscribe(f"{house.url}/hooks/sandbox")
        id_ = await begin(house, stage="First Interview")
        note = {"body": "A note", "visibility": "team"}
        for one in early:
            await steps(house, id_, lambda view: True)
            await house.sandbox.admin.post(f"/applications/{one.id}/notes", data=note)
            await asyncio.sleep(0.05)
        await through(house, id_)
        assert [mails_to(house, one) for one in early] == [["invitation"]] * 4
        assert [len(await interviews_of(house, one)) for one in early] == [1] * 4


async def test_it_waits_for_an_application_without_holding_the_programs_places(
    postgres_url: str, tmp_path: Path
) -> None:
    """Whoever holds the application may need a place of the program next: the two must not wait for each other."""
    async with house_of(postgres_url, tmp_path) as house:
        database = house.runtime.database
        [early] = await standing(house, 1)
        await went_live_later(house)
        await house.sandbox.subscribe(f"{house.url}/hooks/sandbox")
        note = {"body": "A note", "visibility": "team"}
        await house.sandbox.admin.post(f"/applications/{early.id}/notes", data=note)
        await settled(house)
        async with database.transaction() as tx:
            held = sa.select(ApplicationRow).where(ApplicationRow.external_id == early.id).with_for_update()
            (await tx.session.scalars(held)).one()
            backfill = asyncio.create_task(through(house, await begin(house, stage="First Interview")))
            await somebody_waits(database)
            place = sa.select(sa.func.pg_try_advisory_xact_lock(sa.func.hashtext(f"cap:{PROGRAM}")))
            assert (await tx.session.execute(place)).scalar_one()
        await backfill
        assert mails_to(house, early) == ["invitation"]


@pytest.mark.long
async def test_it_goes_on_in_another_process_after_kill_9(database_url: str, tmp_path: Path) -> None:
    """What was claimed and not committed when the process died is done by the next one; nothing is lost or doubled."""
    async with house_of(database_url, tmp_path) as house:
        early = await standing(house, 3)
        await went_live_later(house)
        id_ = await begin(house, stage="First Interview")
        await _killed_at_work(house, id_)
        # Its leases end.
        await advance(house.runtime.database, 600)
        view = await through(house, id_)
        assert (view.state, view.trouble) == ("done", None)
        assert [mails_to(house, one) for one in early] == [["invitation"]] * 3
        assert [len(await interviews_of(house, one)) for one in early] == [1] * 3


async def _killed_at_work(house: House, id_: uuid.UUID) -> None:
    """A worker of its own begins the backfill and is killed in the middle of a step, after its first invitation."""
    command = (sys.executable, "-m", "orchestrator", "worker", "--kinds", "backfill.advance,backfill.consider")
    environment = {**os.environ, **house.environment, "EVENHAND_LOG_FORMAT": "json"}
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=DEVNULL, stderr=DEVNULL)
    running = "SELECT count(*) FROM work WHERE state = 'running' AND kind = 'backfill.consider'"
    try:
        async with asyncio.timeout(20):
            while (await house.runtime.looking.backfilling.status(id_)).invited < 1:  # noqa: ASYNC110 - another process works; only its rows tell
                await asyncio.sleep(0.02)
            while not await count(house.runtime.database, running):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.001)
    finally:
        process.kill()
        await process.wait()


async def test_caps(sqlite_url: str, tmp_path: Path) -> None:
    """The backfill's own cap ends it; the program's daily cap makes it wait for tomorrow."""
    daily = ("cap: {total: 125, per_day: 25}", "cap: {total: 125, per_day: 2}")
    async with house_of(sqlite_url, tmp_path, changes=(daily,)) as house:
        await standing(house, 4)
        await went_live_later(house)
        one = await through(house, await begin(house, cap=1))
        assert (one.invited, one.state, one.waiting > 0) == (1, "done", True)
        id_ = await begin(house)
        two = await steps(house, id_, lambda view: view.invited == 1)
        for _ in range(60):
            await house.work()
            await advance(house.runtime.database, 1.1)
        two = await house.runtime.looking.backfilling.status(id_)
        assert (two.invited, two.state) == (1, "inviting")
        house.clock.ahead += timedelta(days=1)
        await advance(house.runtime.database, 86_400)
        assert (await steps(house, id_, lambda view: view.invited == 2)).state in {"inviting", "done"}


async def test_invitations_are_paced(sqlite_url: str, tmp_path: Path) -> None:
    """At ten an hour the next invitation waits six minutes, whatever else there is to look at."""
    async with house_of(sqlite_url, tmp_path) as house:
        await standing(house, 2)
        await went_live_later(house)
        id_ = await begin(house, per_hour=10, stage="First Interview")
        await steps(house, id_, lambda view: view.invited == 1)
        await advance(house.runtime.database, 350)
        await house.work()
        assert (await house.runtime.looking.backfilling.status(id_)).invited == 1
        await advance(house.runtime.database, 20)
        await steps(house, id_, lambda view: view.invited == 2)


async def test_stop_and_kill_switch(database_url: str, tmp_path: Path) -> None:
    """While something is switched off nobody is invited; what is stopped stays so, and who asked and stopped is kept."""
    async with house_of(database_url, tmp_path) as house:
        early = await standing(house, 2)
        await went_live_later(house)
        async with house.runtime.database.transaction() as tx:
            stop = StopRow(
                scope=StopScope.PROGRAM, name=PROGRAM, reason="holiday", actor="cli", since=datetime.now(UTC)
            )
            tx.session.add(stop)
        # One an hour: however slow the machine is, time alone brings no second invitation.
        id_ = await begin(house, stage="First Interview", per_hour=1)
        for _ in range(5):
            await house.work()
            await advance(house.runtime.database, 400)
        backfilling = house.runtime.looking.backfilling
        view = await backfilling.status(id_)
        assert (view.invited, view.waiting, "switched off" in (view.trouble or "")) == (0, 0, True)
        async with house.runtime.database.transaction() as tx:
            await tx.session.execute(sa.delete(StopRow))
        await advance(house.runtime.database, 400)
        await steps(house, id_, lambda view: view.invited == 1)
        await backfilling.stop(id_, actor="cli")
        for _ in range(3):
            await house.work()
            await advance(house.runtime.database, HOUR)
        assert (await backfilling.status(id_)).invited == 1
        assert sum(len(mails_to(house, one)) for one in early) == 1
        assert await events(house, "operations:backfill:stopped") == [("cli", str(id_))]
        with pytest.raises(Missing):
            await backfilling.stop(id_, actor="cli")


async def test_who_withdrew_is_not_asked_again(sqlite_url: str, tmp_path: Path) -> None:
    """Also on another application of theirs, and where the program would let people in again."""
    again = ("re_entry: never", "re_entry: after_finished")
    async with house_of(sqlite_url, tmp_path, changes=(again,)) as house:
        await house.sandbox.subscribe(f"{house.url}/hooks/sandbox")
        person = await newcomer(house)
        with Candidate(await house.invite(person.id)) as candidate:
            await candidate.withdraw()
        await settled(house)
        job = house.sandbox.pilot.job_ids[1]
        made = await house.sandbox.admin.post(
            "/api/v1/applications", json={"candidate_id": person.candidate_id, "job_id": job}
        )
        other = Newcomer(str(made.json()["id"]), person.email, person.candidate_id)
        await went_live_later(house)
        await move_to(house, other, "First Interview")
        await settled(house)
        backfilling = house.runtime.looking.backfilling
        plan = await backfilling.plan("sdr-pilot", stage="First Interview", cap=5, per_hour=5)
        assert "withdrew" in {one.why for one in plan.counts}


async def test_beginning_is_checked(sqlite_url: str, tmp_path: Path) -> None:
    """One at a time of each program; a program that is not there or paused, and a cap of nothing, are refused."""
    paused = ("  - key: sdr-pilot\n", "  - key: sdr-pilot\n    paused: true\n")
    async with house_of(sqlite_url, tmp_path, changes=(paused,)) as house:
        backfilling = house.runtime.looking.backfilling
        id_ = await begin(house)
        with pytest.raises(Stale, match=str(id_)):
            await begin(house)
        with pytest.raises(Missing, match="support-pilot"):
            await backfilling.begin("nothing", stage=None, cap=1, per_hour=1, actor="cli")
        with pytest.raises(InputInvalid, match="paused"):
            await backfilling.begin("sdr-pilot", stage=None, cap=1, per_hour=1, actor="cli")
        await backfilling.stop(id_, actor="cli")
        with pytest.raises(InputInvalid, match="at least 1"):
            await begin(house, cap=0)
        [view] = await backfilling.recent()
        assert (view.id, view.state, view.ended_by) == (id_, "stopped", "cli")


async def test_ended_backfills_go_with_retention(database_url: str, tmp_path: Path) -> None:
    """With their lists; one that runs stays."""
    async with house_of(database_url, tmp_path) as house:
        await standing(house, 1)
        old = await begin(house)
        await through(house, old)
        house.clock.ahead += timedelta(days=31)
        young = await begin(house)
        async with house.runtime.database.transaction() as tx:
            await enqueue(tx, ApplyRetention())
        await house.work()
        async with house.runtime.database.reading() as session:
            assert (await session.scalars(sa.select(BackfillRow.id))).all() == [young]
            lists = (await session.scalars(sa.select(BackfillApplicationRow.backfill_id).distinct())).all()
        assert old not in lists
        assert await count(house.runtime.database, "SELECT count(*) FROM audit_event WHERE tag LIKE '%backfills%'") == 1
