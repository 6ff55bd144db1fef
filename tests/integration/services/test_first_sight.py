"""Stage entries that the ATS does not date: who may have stood there before the launch gets no interview by surprise."""

import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.contract.model import Application, Candidate, Job, JobStatus, Stage, StageEntryRef
from orchestrator.db.base import new_id
from orchestrator.db.models.application import StageEntryRow, TriggerDecisionRow
from orchestrator.db.models.intake import DeliveryRow, DeliverySource, DeliveryState
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.watching import StandingRow, StockRow
from orchestrator.db.repositories import stock
from orchestrator.domain.backfill import Judgement, Outcome, Wish
from orchestrator.main import Runtime
from orchestrator.ports import SystemClock
from orchestrator.services.backfill.judging import BackfillJudge
from orchestrator.services.operating import Operating
from orchestrator.services.triggering import OLDER
from tests.integration.services.test_doctor import runtime_on

MOVED, CHANGED = "application.stage_changed", "application.updated"
TRIGGER = "First Interview"
NAME = "app_000001"


class Desk:
    """The trigger of a house whose ATS is never asked: what it would answer is handed over."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def see(
        self,
        stage: str = TRIGGER,
        *,
        by: DeliverySource = DeliverySource.POLL,
        told: str | None = None,
        occurred: datetime | None = None,
        entered: datetime | None = None,
        **more: Any,
    ) -> str:
        """Read the application in a stage, because of a poll or because of a delivery of the kind ``told``."""
        delivery_id = new_id()
        async with self.runtime.database.transaction() as tx:
            tx.session.add(
                DeliveryRow(
                    id=delivery_id,
                    connection="sandbox",
                    source=DeliverySource.WEBHOOK if told else by,
                    dedupe=str(delivery_id),
                    received_at=datetime.now(UTC),
                    headers={},
                    body=None if told is None else _event(told, occurred or datetime.now(UTC)),
                    state=DeliveryState.RECEIVED,
                )
            )
            await tx.session.flush()
            return await self._take_in(tx, _found(stage, entered, **more), delivery_id)

    async def _take_in(self, tx: object, found: Application, delivery_id: uuid.UUID) -> str:
        connection = self.runtime.connections.get("sandbox")
        return await self.runtime.services.intake._triggering.take_in(tx, connection, found, delivery_id)  # type: ignore[arg-type]  # a Transaction

    async def interviews(self) -> int:
        """How many were started."""
        async with self.runtime.database.reading() as session:
            return (await session.execute(sa.select(sa.func.count()).select_from(InterviewRow))).scalar_one()

    async def take_stock(self, stood_in: str | None, *, unread: bool = False) -> None:
        """Stock as it was taken at the launch; ``stood_in`` None: the application was not on the list."""
        now = datetime.now(UTC)
        async with self.runtime.database.transaction() as tx:
            tx.session.add(StockRow(connection="sandbox", began_at=now, listed_at=now, ended_at=now))
            if stood_in is not None:
                stage_id = None if unread else _stage(stood_in).id
                tx.session.add(StandingRow(connection="sandbox", external_id=NAME, stage_id=stage_id, seen_at=now))

    @property
    def operating(self) -> Operating:
        """Where people map stages."""
        return self.runtime.services.operating


@pytest.fixture
async def desk(database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """A house of each kind, live since now."""
    runtime = runtime_on(database_url, tmp_path)
    await runtime.services.intake.go_live()
    yield Desk(runtime)
    await runtime.aclose()


async def test_a_poll_alone_proves_nothing(desk: Desk) -> None:
    """Found standing there, however often; or told that something else about it changed."""
    assert await desk.see() == "skip: before_launch"
    assert await desk.see() == "skip: before_launch"
    assert await desk.see(told=CHANGED) == "skip: before_launch"
    assert await desk.interviews() == 0


async def test_a_delivery_of_the_move_starts_it_once(desk: Desk) -> None:
    """The move is told: one interview, however often it is told and polled."""
    assert await desk.see(told=MOVED) == "start: started"
    assert [await desk.see(told=MOVED), await desk.see()] == ["duplicate", "duplicate"]
    assert await desk.interviews() == 1


async def test_an_old_delivery_that_is_sent_again_starts_nothing(desk: Desk) -> None:
    """The vendor says when it moved: before the launch."""
    long_ago = datetime.now(UTC) - timedelta(days=3)
    assert await desk.see(told=MOVED, occurred=long_ago) == "skip: before_launch"


@pytest.mark.parametrize("late", ["delivery", "time"])
async def test_a_poll_that_was_faster_takes_nothing_away(desk: Desk, late: str) -> None:
    """The poll finds the move first; the delivery, or the time that the ATS tells later, still starts the interview, once."""
    assert await desk.see() == "skip: before_launch"
    now = datetime.now(UTC)
    assert await (desk.see(told=MOVED) if late == "delivery" else desk.see(entered=now)) == "start: started"
    assert await desk.see(told=MOVED, entered=None if late == "delivery" else now) == "duplicate"
    assert await desk.interviews() == 1


async def test_a_time_that_is_told_later_may_be_an_old_one(desk: Desk) -> None:
    """Then it stays as it was, and is kept with the entry."""
    then = datetime.now(UTC) - timedelta(days=30)
    assert [await desk.see(), await desk.see(entered=then), await desk.see(entered=then)] == [
        "skip: before_launch",
        "skip: before_launch",
        "duplicate",
    ]
    async with desk.runtime.database.reading() as session:
        assert (await session.scalars(sa.select(StageEntryRow.entered_at))).all() == [then]


async def test_who_was_seen_elsewhere_has_moved(desk: Desk) -> None:
    """Every look counts, also at somebody who leaves and comes back."""
    assert await desk.see() == "skip: before_launch"
    await desk.see("Application Review")
    assert await desk.see() == "start: started"
    assert await desk.interviews() == 1


@pytest.mark.parametrize(
    ("stood_in", "more", "outcome"),
    [
        ("Application Review", {}, "start: started"),
        (TRIGGER, {}, "skip: before_launch"),
        (TRIGGER, {"unread": True}, "skip: before_launch"),
        (None, {}, "skip: before_launch"),
    ],
)
async def test_what_stock_says(desk: Desk, stood_in: str | None, more: dict[str, bool], outcome: str) -> None:
    """It stood elsewhere: then it is new here. Not read, or not on a list that permissions and syncs cut: nobody knows."""
    await desk.take_stock(stood_in, **more)
    assert await desk.see() == outcome


@pytest.mark.parametrize(("told", "started"), [(MOVED, 1), (CHANGED, 0)])
async def test_what_was_told_while_the_stage_was_unknown_is_not_forgotten(desk: Desk, told: str, started: int) -> None:
    """Held, told of once more, mapped: the delivery of the move still speaks for it; that of another change does not."""
    assert await desk.see("Coffee chat") == "hold: stage_unmapped"
    assert await desk.see("Coffee chat", told=told) == "duplicate"
    [waiting] = await desk.operating.quarantine()
    async with desk.runtime.database.transaction() as tx:
        await tx.session.execute(sa.text("UPDATE quarantine SET state = 'mapped', kind = 'first_interview'"))
    assert waiting.stage_name == "Coffee chat"
    await desk.see("Coffee chat", by=DeliverySource.REPLAY)
    assert await desk.interviews() == started


async def test_who_applied_since_the_launch_is_new(desk: Desk) -> None:
    """Where the ATS says when somebody applied, one look is enough; who applied before is left alone."""
    now = datetime.now(UTC)
    assert await desk.see(applied_at=now - timedelta(days=1)) == "skip: before_launch"
    assert await desk.see(applied_at=now) == "start: started"


async def test_a_delivery_whose_reading_came_from_a_replica_that_lags_is_heard(desk: Desk) -> None:
    """The poll was faster; the delivery of the move reads an older state: it still speaks for the entry that we know."""
    now = datetime.now(UTC)
    assert await desk.see(updated_at=now) == "skip: before_launch"
    late: dict[str, Any] = {"updated_at": now - timedelta(seconds=5)}
    assert await desk.see(told=CHANGED, **late) == OLDER
    assert await desk.interviews() == 0
    assert await desk.see(told=MOVED, **late) == OLDER
    assert await desk.see(told=MOVED, **late) == OLDER
    assert await desk.interviews() == 1


async def test_an_older_reading_in_the_quarantine_is_not_forgotten(desk: Desk) -> None:
    """Nobody knows the stage yet: what was told of meanwhile counts when somebody does, and later too."""
    now = datetime.now(UTC)
    assert await desk.see("Coffee chat", updated_at=now) == "hold: stage_unmapped"
    assert await desk.see("Coffee chat", told=MOVED, updated_at=now - timedelta(seconds=5)) == OLDER
    await _map(desk)
    assert await desk.see("Coffee chat", by=DeliverySource.REPLAY, updated_at=now) == "start: started"


async def test_what_was_held_first_and_left_alone_then_may_still_be_told_of(desk: Desk) -> None:
    """An entry that was in the quarantine is decided anew like any other."""
    assert await desk.see("Coffee chat") == "hold: stage_unmapped"
    await _map(desk)
    assert await desk.see("Coffee chat") == "skip: before_launch"
    assert await desk.see("Coffee chat", told=MOVED) == "start: started"


@pytest.mark.parametrize(("told_at", "outcome"), [(0, "start: started"), (-3, "skip: before_launch")])
async def test_a_move_that_no_reading_showed_counts_at_the_next_sight(desk: Desk, told_at: int, outcome: str) -> None:
    """A delivery told of a move, the ATS showed nobody; a poll finds them later. A move of long ago proves nothing."""
    now = datetime.now(UTC)
    moved_at = now + timedelta(days=told_at)
    async with desk.runtime.database.transaction() as tx:
        for _ in range(2):
            await stock.note_move(tx.session, connection="sandbox", external_id=NAME, moved_at=moved_at, at=now)
    assert await desk.see() == outcome


async def test_another_visit_of_the_same_stage_is_a_move(desk: Desk) -> None:
    """A vendor that normally dates entries tells ids without times: one id proves nothing, another one does."""
    assert await desk.see(history="h1") == "skip: before_launch"
    assert await desk.see(history="h1") == "skip: before_launch"
    assert await desk.see(history="h2") == "start: started"
    assert await desk.see(history="h1") == "skip: before_launch"
    assert await desk.interviews() == 1


async def test_an_id_that_a_history_tells_late_is_no_move(desk: Desk) -> None:
    """First without an id, then with one: the same visit."""
    assert [await desk.see(), await desk.see(history="h1")] == ["skip: before_launch"] * 2


async def test_the_clock_of_another_process_hides_no_move(desk: Desk) -> None:
    """The first look was made by a process whose clock is ahead: its id is the greater one."""
    await desk.see("Application Review")
    ahead = uuid.UUID(int=new_id().int + (60_000 << 80))
    async with desk.runtime.database.transaction() as tx:
        await tx.session.execute(sa.delete(TriggerDecisionRow))
        await tx.session.execute(sa.update(StageEntryRow).values(id=ahead))
    assert await desk.see() == "start: started"


@pytest.mark.parametrize("told", ["nothing", "an id", "a time"])
async def test_a_backfill_takes_in_whom_nobody_can_date(desk: Desk, told: str) -> None:
    """Left alone, however often seen: a person may invite them on purpose, also when the ATS says more by then."""
    for _ in range(2):
        assert await desk.see() == "skip: before_launch"
    entered = datetime.now(UTC) if told == "a time" else None
    found = _found(TRIGGER, entered, history="h1" if told == "an id" else None)
    configuration = desk.runtime.configuration
    judge = BackfillJudge(configuration=configuration, clock=SystemClock())
    connection, wish = desk.runtime.connections.get("sandbox"), Wish(program=configuration.programs[0])

    async def judged(session: AsyncSession) -> Judgement:
        return await judge.judge(session, connection, wish, found)

    async with desk.runtime.database.reading() as session:
        assert (await judged(session)).outcome is Outcome.INVITED
    triggering = desk.runtime.services.intake._triggering
    async with desk.runtime.database.transaction() as tx:
        await triggering.take_in_early(tx, connection, found, lambda: judged(tx.session))
    assert await desk.interviews() == 1
    assert await desk.see(told=MOVED) == "duplicate"


async def _map(desk: Desk) -> None:
    async with desk.runtime.database.transaction() as tx:
        await tx.session.execute(sa.text("UPDATE quarantine SET state = 'mapped', kind = 'first_interview'"))


def _event(kind: str, at: datetime) -> bytes:
    stamp = at.isoformat()
    event = {"id": f"evt_{uuid.uuid4().hex}", "type": kind, "occurred_at": stamp, "application_id": NAME}
    return json.dumps(event).encode()


def _stage(name: str) -> Stage:
    return Stage(id=f"stg_{name.casefold().replace(' ', '_')}", name=name)


def _found(stage: str, entered: datetime | None, *, history: str | None = None, **more: Any) -> Application:
    return Application(
        id=NAME,
        candidate=Candidate(id="cand_000001", first_name="Ada", last_name="Byron", emails=("ada@example.com",)),
        job=Job(id="job_000001", title="Customer Support Specialist", status=JobStatus.OPEN),
        stage=_stage(stage),
        entry=StageEntryRef(history_id=history, entered_at=entered),
        **more,
    )
