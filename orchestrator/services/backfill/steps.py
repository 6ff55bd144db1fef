"""The steps of a backfill: a page of its list, then one application after the other, slowly.

Everything that a backfill knows stands in its rows, and each step is one piece of work that commits what came of it
together with the next step: whatever dies in between, the next worker goes on where the last one committed.
"""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from adapters.contract.errors import NotFound
from adapters.contract.manifest import Capability
from adapters.contract.model import Application
from orchestrator.config.schema import Configuration
from orchestrator.db.models.backfill import BackfillRow, BackfillState
from orchestrator.db.repositories import backfills as rows
from orchestrator.db.repositories import intake, stops
from orchestrator.db.session import Database, Transaction
from orchestrator.domain.audit import AuditEvent
from orchestrator.domain.backfill import Judgement, Outcome, Why, Wish
from orchestrator.ports import Clock
from orchestrator.services.backfill.judging import BackfillJudge
from orchestrator.services.connections import AtsConnection, Connections, SyncLog
from orchestrator.services.intake import reading_lane
from orchestrator.services.kinds import AdvanceBackfill, ConsiderForBackfill
from orchestrator.services.steps import SYSTEM
from orchestrator.services.surveying import READ, UNREADABLE, pace
from orchestrator.services.triggering import Triggering
from orchestrator.work.job import Job
from orchestrator.work.lanes import lock_lanes
from orchestrator.work.outcome import Dead, Done
from orchestrator.work.outcome import Outcome as WorkOutcome
from orchestrator.work.queue import enqueue, hurry

STOP_LOOK = timedelta(minutes=5)
"""How often a backfill looks whether what people switched off is on again."""

HOUR = 3600.0
INVITED = (Outcome.INVITED.value, Why.INVITED.value)


class BackfillSteps:
    """Handles the work of backfills."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        configuration: Configuration,
        connections: Connections,
        sync: SyncLog,
        triggering: Triggering,
        judge: BackfillJudge,
    ) -> None:
        self._database = database
        self._clock = clock
        self._configuration = configuration
        self._connections = connections
        self._sync = sync
        self._triggering = triggering
        self._judge = judge

    async def advance(self, payload: AdvanceBackfill, job: Job) -> WorkOutcome | None:
        """Ask for a page of the list, or put the next application on the table."""
        async with self._database.reading() as session:
            row = await rows.by_id(session, payload.backfill_id)
            if row is None or row.state in rows.ENDED or row.step != payload.step:
                return Done()
            resting = await stops.holding(session, connection=row.connection, program=row.program)
            chosen = await rows.next_waiting(session, row.id)
        connection = self._connections.get(row.connection)
        if resting:
            async with job.finish() as tx:
                await self._rest(tx, payload)
        elif row.state is BackfillState.LISTING:
            await self._list(row, connection, payload, job)
        else:
            await self._choose(chosen, connection, payload, job)
        return None

    async def consider(self, payload: ConsiderForBackfill, job: Job) -> WorkOutcome | None:
        """Read one application again; invite its candidate if the backfill may. Then the next step."""
        async with self._database.reading() as session:
            row = await rows.by_id(session, payload.backfill_id)
            if row is None or row.state in rows.ENDED or row.step != payload.step:
                return Done()
        program = next((one for one in self._configuration.programs if one.key == row.program), None)
        if program is None:
            return Dead(f"evenhand.yaml has no program {row.program!r} any more; stop this backfill")
        connection = self._connections.get(row.connection)
        wish = Wish(program=program, stage=row.stage)
        wait = timedelta(seconds=await pace(self._database, connection))
        found: Application | None = None
        missing = Why.GONE
        async with self._sync.conversation(connection, payload.external_id, job) as ats:
            try:
                async with ats.pull("read_application", fields=READ):
                    found = await connection.adapter.read_application(payload.external_id)
            except NotFound:
                pass
            except UNREADABLE:
                missing = Why.UNREADABLE
            judged = Judgement(Outcome.SKIPPED, missing)
            if found is not None:
                # In a transaction of its own: it looks at the program's places, and whoever invites locks them after
                # the application. The other way round, two of them would wait for each other.
                async with self._database.reading() as session:
                    judged = await self._judge.judge(session, connection, wish, found)
            async with ats.finish() as tx:
                await self._settle(tx, payload, connection, Seen(wish, found, judged), wait=wait)
        return None

    async def _settle(
        self,
        tx: Transaction,
        payload: ConsiderForBackfill,
        connection: AtsConnection,
        seen: "Seen",
        *,
        wait: timedelta,
    ) -> None:
        now = self._clock.now()
        row = await rows.by_id(tx.session, payload.backfill_id, lock=True)
        if row is None or row.state in rows.ENDED or row.step != payload.step:
            return
        if await stops.holding(tx.session, connection=row.connection, program=row.program):
            # Somebody switched it off while we read: nobody is invited, and this one is looked at again later.
            await put_next(tx, row, delay=STOP_LOOK)
            return
        judgement = await self._invite(tx, connection, seen)
        if judgement is None or judgement.outcome is Outcome.LATER:
            # An older reading proves nothing; and where today's places are taken, there are new ones tomorrow.
            until = wait if judgement is None else _tomorrow(now) - now
            await put_next(tx, row, delay=until)
            return
        await rows.settle(tx.session, row.id, payload.external_id, outcome=judgement.outcome, why=judgement.why, at=now)
        if judgement.outcome is Outcome.INVITED:
            wait = max(wait, timedelta(seconds=HOUR / row.per_hour))
            subject = f"{connection.key}/{payload.external_id}"
            details: dict[str, object] = {"backfill": row.id.hex, "program": row.program}
            tx.audit(event(now, row.actor, "operations:backfill:invited", subject, details))
            if settled(await rows.tally(tx.session, row.id))[INVITED] >= row.cap:
                await end(tx, row, BackfillState.DONE, actor=SYSTEM, now=now)
                return
        await put_next(tx, row, delay=wait)

    async def _invite(self, tx: Transaction, connection: AtsConnection, seen: "Seen") -> Judgement | None:
        found, judgement = seen.found, seen.judged
        if found is not None and judgement.outcome is Outcome.HELD:
            # The stage is shown where people map stages; of a person who is not concerned yet, nothing is kept.
            await intake.quarantine(tx.session, connection=connection.key, stage=found.stage, at=self._clock.now())
        if found is None or judgement.outcome is not Outcome.INVITED:
            return judgement
        return await self._triggering.take_in_early(
            tx, connection, found, lambda: self._judge.judge(tx.session, connection, seen.wish, found)
        )

    async def _list(self, row: BackfillRow, connection: AtsConnection, payload: AdvanceBackfill, job: Job) -> None:
        wait = timedelta(seconds=await pace(self._database, connection))
        polls = Capability.POLLING in connection.adapter.manifest.capabilities
        async with self._sync.conversation(connection, None, job) as ats:
            ids: Sequence[str] = ()
            cursor, more = row.cursor, False
            if polls:
                async with ats.pull("list_changed"):
                    page = await connection.adapter.list_changed(row.cursor)
                ids, cursor, more = page.application_ids, page.cursor, page.more
            async with ats.finish() as tx:
                held = await rows.by_id(tx.session, row.id, lock=True)
                if held is None or held.state in rows.ENDED or held.step != payload.step:
                    return
                # Those that we have seen come first: of some ATSs we shall hear of nobody else.
                early = await rows.stored_early(tx.session, connection.key) if row.cursor is None else ()
                await rows.note_applications(tx.session, row.id, [*early, *ids])
                held.cursor = cursor
                if not more:
                    held.state = BackfillState.INVITING
                await put_next(tx, held, delay=wait)

    async def _choose(self, chosen: str | None, connection: AtsConnection, payload: AdvanceBackfill, job: Job) -> None:
        lane = reading_lane(connection.key, chosen) if chosen is not None else None
        async with job.finish() as tx:
            # Lanes before rows, as everywhere. One reading of an application at a time, whoever wants it.
            await lock_lanes(tx, [lane] if lane else [])
            row = await rows.by_id(tx.session, payload.backfill_id, lock=True)
            if row is None or row.state in rows.ENDED or row.step != payload.step:
                return
            if chosen is None or lane is None:
                await end(tx, row, BackfillState.DONE, actor=SYSTEM, now=self._clock.now())
                return
            row.step += 1
            await hurry(tx, lane)
            await enqueue(
                tx,
                ConsiderForBackfill(backfill_id=row.id, external_id=chosen, step=row.step),
                lane=lane,
                rate_key=connection.key,
                dedupe=f"backfill:{row.id}:{row.step}",
                subject=subject_of(row.id),
            )

    @staticmethod
    async def _rest(tx: Transaction, payload: AdvanceBackfill) -> None:
        row = await rows.by_id(tx.session, payload.backfill_id, lock=True)
        if row is not None and row.state not in rows.ENDED and row.step == payload.step:
            await put_next(tx, row, delay=STOP_LOOK)


class Seen(Struct, frozen=True):
    """An application as it was read a moment ago (None: it could not be), and what seemed to become of it then."""

    wish: Wish
    found: Application | None
    judged: Judgement


async def put_next(tx: Transaction, row: BackfillRow, *, delay: timedelta | None = None) -> None:
    """Put the next step of a backfill, whose row is locked, on the table."""
    row.step += 1
    await enqueue(
        tx,
        AdvanceBackfill(backfill_id=row.id, step=row.step),
        rate_key=row.connection,
        dedupe=f"backfill:{row.id}:{row.step}",
        subject=subject_of(row.id),
        delay=delay,
    )


async def end(tx: Transaction, row: BackfillRow, state: BackfillState, *, actor: str, now: datetime) -> None:
    """End a backfill, whose row is locked, and say in the audit chain what came of it."""
    row.state, row.ended_at, row.ended_by = state, now, actor
    counts = {f"{outcome}:{why}": n for (outcome, why), n in settled(await rows.tally(tx.session, row.id)).items()}
    source = "system" if actor == SYSTEM else "operations"
    details: dict[str, object] = {"program": row.program, "asked_by": row.actor, "counts": counts}
    tx.audit(event(now, actor, f"{source}:backfill:{state.value}", str(row.id), details))


def settled(told: Mapping[tuple[str | None, str | None], int]) -> Counter[tuple[str, str]]:
    """How many by outcome and reason, without those that were not looked at."""
    return Counter({(outcome, why): count for (outcome, why), count in told.items() if outcome and why})


def subject_of(backfill_id: uuid.UUID) -> str:
    """What the work of a backfill is about."""
    return f"backfill:{backfill_id}"


def event(at: datetime, actor: str, tag: str, subject: str, details: Mapping[str, object]) -> AuditEvent:
    """An audit event of a backfill."""
    return AuditEvent(at=at, actor=actor, tag=tag, subject=subject, details=details)


def _tomorrow(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
