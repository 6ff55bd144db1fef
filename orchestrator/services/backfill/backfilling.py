"""Backfills: a dry run that changes nothing, then durable work that invites slowly, up to a cap, and can be stopped."""

import uuid
from collections import Counter
from datetime import datetime

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.config.schema import Configuration
from orchestrator.db.base import new_id
from orchestrator.db.models.backfill import BackfillRow, BackfillState
from orchestrator.db.repositories import backfills as rows
from orchestrator.db.repositories import stops
from orchestrator.db.session import Database
from orchestrator.domain.backfill import WORDS, Judgement, Outcome, Why, Wish
from orchestrator.domain.program import Program
from orchestrator.errors import InputInvalid, Missing, Stale
from orchestrator.ports import Clock
from orchestrator.services.backfill.judging import BackfillJudge, Promised
from orchestrator.services.backfill.steps import INVITED, end, event, put_next, settled, subject_of
from orchestrator.services.connections import Connections
from orchestrator.services.surveying import Surveying
from orchestrator.work import admin
from orchestrator.work.admin import Selection

LIMIT = 20


class Count(Struct, frozen=True, kw_only=True):
    """How many applications had one outcome for one reason."""

    outcome: str
    why: str
    count: int
    meaning: str


class BackfillPlan(Struct, frozen=True, kw_only=True):
    """What a backfill would do now. ``hours`` is how long its invitations would take at this pace."""

    program: str
    connection: str
    stage: str | None
    looked_at: int
    invited: int
    cap: int
    per_hour: int
    hours: float
    counts: tuple[Count, ...]


class BackfillView(Struct, frozen=True, kw_only=True):
    """A backfill that was begun. ``waiting`` were not looked at yet; ``trouble`` says why nothing goes on, if so."""

    id: uuid.UUID
    program: str
    connection: str
    stage: str | None
    state: str
    invited: int
    cap: int
    per_hour: int
    waiting: int
    actor: str
    started_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    trouble: str | None
    counts: tuple[Count, ...]


class Backfilling:
    """Plans, begins, shows and stops backfills."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        configuration: Configuration,
        connections: Connections,
        surveying: Surveying,
        judge: BackfillJudge,
    ) -> None:
        self._database = database
        self._clock = clock
        self._configuration = configuration
        self._connections = connections
        self._surveying = surveying
        self._judge = judge

    async def plan(self, program: str, *, stage: str | None, cap: int, per_hour: int) -> BackfillPlan:
        """Look at everybody and say what a backfill would do, changing nothing.

        Raises:
            Missing: there is no such program.
            AdapterError: the ATS did not let us look.
        """
        wish = Wish(program=self._program(program), stage=stage)
        connection = self._connections.get(wish.program.connection)
        counts: Counter[tuple[str, str]] = Counter()
        async for _name, application in self._surveying.applications(connection):
            found = Judgement(Outcome.SKIPPED, Why.UNREADABLE)
            if application is not None:
                async with self._database.reading() as session:
                    found = await self._judge.judge(
                        session, connection, wish, application, promised=Promised(counts[INVITED])
                    )
                if found.outcome is Outcome.INVITED and counts[INVITED] >= cap:
                    found = Judgement(Outcome.SKIPPED, Why.BACKFILL_CAP)
            counts[found.outcome.value, str(found.why)] += 1
        return BackfillPlan(
            program=wish.program.key,
            connection=connection.key,
            stage=stage,
            looked_at=counts.total(),
            invited=counts[INVITED],
            cap=cap,
            per_hour=per_hour,
            hours=_hours(counts[INVITED], per_hour=per_hour, per_day=wish.program.cap.per_day),
            counts=_counts(counts),
        )

    async def begin(self, program: str, *, stage: str | None, cap: int, per_hour: int, actor: str) -> uuid.UUID:
        """Begin a backfill; the workers do it.

        Raises:
            Missing: there is no such program.
            InputInvalid: the program is paused, or the cap or the pace is none.
            Stale: one of this program is under way.
        """
        wanted = self._program(program)
        if wanted.paused:
            raise InputInvalid(f"The program {program!r} is paused: nobody would be invited.")
        if cap < 1 or per_hour < 1:
            raise InputInvalid("The cap and the invitations per hour must be at least 1.")
        now, id_ = self._clock.now(), new_id()
        values = {
            "id": id_,
            "program": program,
            "connection": wanted.connection,
            "stage": stage,
            "cap": cap,
            "per_hour": per_hour,
            "state": BackfillState.LISTING,
            "step": 0,
            "actor": actor,
            "started_at": now,
        }
        async with self._database.transaction() as tx:
            if not await rows.add(tx.session, values):
                other = await rows.running(tx.session, program)
                raise Stale(f"A backfill of {program!r} is under way: {other}. Let it end, or stop it.")
            row = await rows.by_id(tx.session, id_, lock=True)
            assert row is not None  # noqa: S101 - stored a moment ago
            await put_next(tx, row)
            details: dict[str, object] = {"program": program, "stage": stage, "cap": cap, "per_hour": per_hour}
            tx.audit(event(now, actor, "operations:backfill:started", str(id_), details))
        return id_

    async def stop(self, backfill_id: uuid.UUID, *, actor: str) -> None:
        """Stop a backfill for good. Who was invited stays invited.

        Raises:
            Missing: there is none with this id, or it has ended.
        """
        now = self._clock.now()
        async with self._database.transaction() as tx:
            row = await rows.by_id(tx.session, backfill_id, lock=True)
            if row is None or row.state in rows.ENDED:
                raise Missing("There is no backfill with this id that has not ended.")
            await end(tx, row, BackfillState.STOPPED, actor=actor, now=now)

    async def status(self, backfill_id: uuid.UUID) -> BackfillView:
        """How far a backfill is.

        Raises:
            Missing: there is none with this id.
        """
        async with self._database.reading() as session:
            row = await rows.by_id(session, backfill_id)
            if row is None:
                raise Missing("There is no backfill with this id.")
            return await self._view(session, row)

    async def recent(self) -> tuple[BackfillView, ...]:
        """The newest backfills first."""
        async with self._database.reading() as session:
            return tuple([await self._view(session, row) for row in await rows.newest(session, limit=LIMIT)])

    async def _view(self, session: AsyncSession, row: BackfillRow) -> BackfillView:
        told = await rows.tally(session, row.id)
        counts = settled(told)
        return BackfillView(
            id=row.id,
            program=row.program,
            connection=row.connection,
            stage=row.stage,
            state=row.state.value,
            invited=counts[INVITED],
            cap=row.cap,
            per_hour=row.per_hour,
            waiting=told.get((None, None), 0),
            actor=row.actor,
            started_at=row.started_at,
            ended_at=row.ended_at,
            ended_by=row.ended_by,
            trouble=await self._trouble(session, row),
            counts=_counts(counts),
        )

    @staticmethod
    async def _trouble(session: AsyncSession, row: BackfillRow) -> str | None:
        if row.state in rows.ENDED:
            return None
        if await stops.holding(session, connection=row.connection, program=row.program):
            return "switched off by a stop; goes on when the stop is taken away"
        newest = await admin.list_work(session, Selection(subject=subject_of(row.id)), limit=1)
        if newest and newest[0].finished_at is not None:
            item = newest[0]
            return f"work {item.id} is {item.state.value}: {item.error or item.cause or 'no reason is kept'}"
        return None

    def _program(self, key: str) -> Program:
        for program in self._configuration.programs:
            if program.key == key:
                return program
        known = ", ".join(program.key for program in self._configuration.programs)
        raise Missing(f"There is no program {key!r} (there are: {known}).")


def _hours(invited: int, *, per_hour: int, per_day: int | None) -> float:
    """From the first invitation to the last."""
    days = 0 if per_day is None else max(0, invited - 1) // per_day
    return round(max(24.0 * days, max(0, invited - 1) / per_hour), 1)


def _counts(counts: Counter[tuple[str, str]]) -> tuple[Count, ...]:
    order = {outcome.value: place for place, outcome in enumerate(Outcome)}
    listed = sorted(((o, w, n) for (o, w), n in counts.items() if n), key=lambda row: (order[row[0]], -row[2], row[1]))
    return tuple(
        Count(outcome=outcome, why=why, count=count, meaning=WORDS.get(why, why)) for outcome, why, count in listed
    )
