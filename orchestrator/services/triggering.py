"""From a re-read application to a trigger decision, and from the decision to an interview."""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from msgspec import UNSET, structs
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.contract.assessment import Progress
from adapters.contract.errors import PayloadInvalid
from adapters.contract.events import StageChanged
from adapters.contract.model import Application, StageKind
from orchestrator.config.schema import Configuration
from orchestrator.db.base import new_id
from orchestrator.db.models.application import ApplicationRow, StageEntryRow, TriggerDecisionRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.ordering import OrderRow
from orchestrator.db.repositories import intake as rows
from orchestrator.db.repositories import interviews, orders, stock
from orchestrator.db.repositories.caps import Started
from orchestrator.db.session import Transaction
from orchestrator.domain.audit import AuditEvent
from orchestrator.domain.backfill import Judgement, Outcome
from orchestrator.domain.interview import Cancel
from orchestrator.domain.ordering import OrderState, application_of_order, order_entry_key
from orchestrator.domain.program import OnLeave, Program
from orchestrator.domain.stage import entry_key
from orchestrator.domain.transcript import plan
from orchestrator.domain.trigger import Evidence, History, Reason, TriggerDecision, Verdict, decide, decide_order
from orchestrator.errors import Stale
from orchestrator.ports import Clock
from orchestrator.services.connections import AtsConnection
from orchestrator.services.order_progress import note_report, progress
from orchestrator.services.steps import SYSTEM, Steps
from rubrics.loader import snapshot
from rubrics.schema import Rubric, content_hash

OLDER = "older than what we know"
"""The outcome of a reading that says nothing new, and nothing about what came in meanwhile."""


@dataclass(frozen=True, slots=True)
class _Entered:
    """An application in its stage: our row, locked; the entry and its canonical stage; whether the entry is new."""

    row: ApplicationRow
    entry_id: uuid.UUID
    kind: StageKind | None
    fresh: bool


class Triggering:
    """Decides about stage entries. Works inside the transaction that finishes the delivery."""

    def __init__(
        self, *, configuration: Configuration, rubrics: Mapping[str, Rubric], clock: Clock, steps: Steps
    ) -> None:
        self._configuration = configuration
        self._started = Started()
        self._rubrics = rubrics
        self._clock = clock
        self._steps = steps

    async def take_in(
        self, tx: Transaction, connection: AtsConnection, application: Application, delivery_id: uuid.UUID
    ) -> str:
        """Take a re-read application in; returns the outcome in a few words. The row stays locked until the end."""
        entered = await self._enter(tx, connection, application, delivery_id)
        if entered is None:
            await self._hear(tx, connection, application.id, delivery_id)
            return OLDER
        now, row, kind = self._clock.now(), entered.row, entered.kind
        if entered.fresh:
            await self._cancel_left(tx, row, application, entered.entry_id, now)
            await self._place_held(tx, connection, entered)
            return await self._decide(tx, connection, row, entered.entry_id, kind, delivery_id)
        entry = await tx.session.get_one(StageEntryRow, entered.entry_id)
        if application.disposition is not None:
            await self._cancel_left(tx, row, application, None, now)
        dated = application.entry.entered_at
        # Left alone only because nobody could say since when: what is known now may say it.
        again = entry.entered_at is None and kind is not None and await rows.left_alone(tx.session, entry.id)
        entry.entered_at = entry.entered_at or dated
        if entry.kind is None and kind is not None and not again:
            entry.kind, again = kind, True
        # Also where nothing is new: whoever read this entry first may have had no order to place.
        await self._place_held(tx, connection, entered)
        if again:
            return await self._decide(tx, connection, row, entry.id, kind, delivery_id)
        duplicate = TriggerDecision(Verdict.SKIP, Reason.DUPLICATE, None, ())
        self._store(tx, row.id, entry.id, delivery_id, duplicate, now)
        return Reason.DUPLICATE.value

    @staticmethod
    async def may_lag(session: AsyncSession, connection: str, found: Application) -> bool:
        """Whether an undated reading may show where somebody stood before a move that was just told: it says nothing new.

        Then the move may have led out of this stage, and whoever left it would be invited into it.
        """
        row = await rows.application_if_known(session, connection=connection, external_id=found.id)
        if row is None:
            stood = await stock.stood(session, connection=connection, external_id=found.id)
            return stood.stage_id == found.stage.id
        if row.snapshot.entry.entered_at is not None:
            return False
        another = found.stage.id != row.stage_id or found.entry.history_id != row.snapshot.entry.history_id
        if another and not _older(found, row.snapshot):
            return False
        known = await rows.key_of_visit(session, application_id=row.id, key=entry_key(row.snapshot, visits=row.visits))
        entry = await rows.stage_entry(session, application_id=row.id, entry_key=known)
        return await rows.left_alone(session, entry.id)

    async def _hear(self, tx: Transaction, connection: AtsConnection, external_id: str, delivery_id: uuid.UUID) -> None:
        """An older reading says nothing new, but the delivery that led to it may: of the entry as we know it."""
        row = await rows.application(tx.session, connection=connection.key, external_id=external_id)
        if row.snapshot.entry.entered_at is not None:
            return
        key = entry_key(row.snapshot, visits=row.visits)
        known = await rows.key_of_visit(tx.session, application_id=row.id, key=key)
        entry = await rows.stage_entry(tx.session, application_id=row.id, entry_key=known)
        if entry.kind is None:
            duplicate = TriggerDecision(Verdict.SKIP, Reason.DUPLICATE, None, ())
            self._store(tx, row.id, entry.id, delivery_id, duplicate, self._clock.now())
        elif entry.entered_at is None and await rows.left_alone(tx.session, entry.id):
            await self._decide(tx, connection, row, entry.id, entry.kind, delivery_id)

    async def take_in_early(
        self,
        tx: Transaction,
        connection: AtsConnection,
        application: Application,
        judge: Callable[[], Awaitable[Judgement]],
    ) -> Judgement | None:
        """Take in an application that a backfill may invite; None where what was read is older than what we know.

        ``judge`` is asked once more when the row is locked, so that whoever was faster (a delivery, a person) counts.
        """
        entered = await self._enter(tx, connection, application, None)
        if entered is None:
            return None
        now = self._clock.now()
        if entered.fresh:
            await self._cancel_left(tx, entered.row, application, entered.entry_id, now)
        await self._place_held(tx, connection, entered)
        judgement = await judge()
        if judgement.outcome is Outcome.INVITED and judgement.decision is not None:
            program = _named(self._configuration.programs, judgement.decision.program)
            self._store(tx, entered.row.id, entered.entry_id, None, judgement.decision, now)
            await self._start(tx, entered.row, entered.entry_id, program, now)
        return judgement

    async def take_order(
        self, tx: Transaction, connection: AtsConnection, order: OrderRow, found: Application | None
    ) -> None:
        """Start or join the interview that an order means, or say in the order why not. The caller holds the order.

        ``found`` is the application as read from the ATS; where there is none, what the order says takes its place.

        Raises:
            Stale: what was read is older than what we know.
        """
        program = self._ordered(connection, order)
        if program is None or order.order is None:
            order.state, order.reason = OrderState.SKIPPED, Reason.NO_PROGRAM.value
            await note_report(tx, order, Progress.CANCELLED, now=self._clock.now())
            return
        application = found or application_of_order(order.order, order_id=str(order.id), program=program)
        entered = await self._enter(tx, connection, application, None)
        if entered is None:
            raise Stale("The ATS answered with an older state of this application than we know.")
        order.application_id, order.ours = entered.row.id, found is None
        if entered.fresh:
            await self._cancel_left(tx, entered.row, application, entered.entry_id, self._clock.now())
        await self._place(tx, connection, entered, order)
        await self._place_held(tx, connection, entered)
        # The move that the order came with, if nobody told us of it yet, is one entry with it.
        if entered.fresh and found is not None:
            await self._decide(tx, connection, entered.row, entered.entry_id, entered.kind, None)

    async def _place_held(self, tx: Transaction, connection: AtsConnection, entered: _Entered) -> None:
        """The orders of an application that waited in a stage without a meaning, now that it has one or was left."""
        if entered.kind is not None and connection.desk is not None:
            for order in await orders.held(tx.session, entered.row.id):
                await self._place(tx, connection, entered, order)

    async def _place(self, tx: Transaction, connection: AtsConnection, entered: _Entered, order: OrderRow) -> None:
        now, row, program = self._clock.now(), entered.row, self._ordered(connection, order)
        if entered.kind is None:
            order.state = OrderState.HELD
            return
        interview = await orders.interview_to_join(
            tx.session, application_id=row.id, entry_id=entered.entry_id, program=order.program_key
        )
        if interview is None and program is not None:
            interview = await self._start_ordered(tx, connection, entered, order, program)
        order.state = OrderState.SKIPPED if interview is None else OrderState.PLACED
        order.interview_id = interview.id if interview else None
        await tx.session.flush()
        reached = progress(interview) if interview else Progress.CANCELLED
        if reached is not Progress.WAITING:
            await note_report(tx, order, reached, now=now)
        details: dict[str, object] = {"state": order.state.value, "reason": order.reason, "program": order.program_key}
        tx.audit(AuditEvent(at=now, actor=SYSTEM, tag="system:order:taken-in", subject=str(order.id), details=details))

    async def _start_ordered(
        self, tx: Transaction, connection: AtsConnection, entered: _Entered, order: OrderRow, program: Program
    ) -> InterviewRow | None:
        now, row, stage = self._clock.now(), entered.row, entered.row.snapshot.stage
        assert entered.kind is not None  # noqa: S101 - an order in an unmapped stage is held
        history = await self._history(tx, connection, row, Evidence())
        decision = decide_order(row.snapshot, entered.kind, program, history)
        key = order_entry_key(order.dedupe, turn=order.turn)
        entry = {"stage_id": stage.id, "stage_name": stage.name, "kind": entered.kind, "seen_at": now}
        entry_id = await rows.add_stage_entry(tx.session, application_id=row.id, entry={"entry_key": key, **entry})
        if entry_id is None:
            entry_id = (await rows.stage_entry(tx.session, application_id=row.id, entry_key=key)).id
        self._store(tx, row.id, entry_id, None, decision, now)
        if decision.verdict is not Verdict.START:
            order.reason = decision.reason.value
            return None
        # A recruiter asked for it, whatever stage the application was in: leaving that stage says nothing about it.
        return await self._start(tx, row, entry_id, structs.replace(program, on_leave=OnLeave.KEEP), now)

    def _ordered(self, connection: AtsConnection, order: OrderRow) -> Program | None:
        programs = (p for p in self._configuration.programs if p.connection == connection.key)
        return next((program for program in programs if program.key == order.program_key), None)

    async def _enter(
        self, tx: Transaction, connection: AtsConnection, application: Application, delivery_id: uuid.UUID | None
    ) -> _Entered | None:
        """Bring our shadow up to date and note the stage entry, once; None where the reading is an older one."""
        now = self._clock.now()
        candidate_id, fresh = await rows.save_candidate(
            tx.session, connection=connection.key, candidate=application.candidate, at=now, refresh=False
        )
        row, created = await rows.lock_application(
            tx.session, connection=connection.key, application=application, candidate_id=candidate_id, at=now
        )
        if not created and _older(application, row.snapshot):
            return None
        if not fresh:
            await rows.save_candidate(
                tx.session, connection=connection.key, candidate=application.candidate, at=now, refresh=True
            )
        moved = not created and row.stage_id != application.stage.id
        row.visits += moved
        self._refresh(row, application, candidate_id, now)
        learnt = await rows.learnt_stages(tx.session, connection.key)
        kind = connection.stage_map(learnt).kind_of(application.stage)
        key = entry_key(application, visits=row.visits)
        if not created and not moved:
            key = await rows.key_of_visit(tx.session, application_id=row.id, key=key)
        entry_id = await rows.add_stage_entry(
            tx.session,
            application_id=row.id,
            entry={
                "entry_key": key,
                "stage_id": application.stage.id,
                "stage_name": application.stage.name,
                "kind": kind,
                "entered_at": application.entry.entered_at,
                "seen_at": now,
                "delivery_id": delivery_id,
            },
        )
        if entry_id is not None:
            return _Entered(row, entry_id, kind, fresh=True)
        known = await rows.stage_entry(tx.session, application_id=row.id, entry_key=key)
        return _Entered(row, known.id, kind, fresh=False)

    async def _decide(
        self,
        tx: Transaction,
        connection: AtsConnection,
        row: ApplicationRow,
        entry_id: uuid.UUID,
        kind: StageKind | None,
        delivery_id: uuid.UUID | None,
    ) -> str:
        now = self._clock.now()
        programs = [p for p in self._configuration.programs if p.connection == connection.key]
        evidence = Evidence()
        if row.snapshot.entry.entered_at is None:
            evidence = await self._evidence(tx, connection, row, entry_id, delivery_id)
        history = await self._history(tx, connection, row, evidence)
        decision = decide(row.snapshot, kind, programs, self._configuration.role_families, history)
        self._store(tx, row.id, entry_id, delivery_id, decision, now)
        if decision.verdict is Verdict.HOLD:
            await rows.quarantine(tx.session, connection=connection.key, stage=row.snapshot.stage, at=now)
        if decision.verdict is Verdict.START:
            program = _named(programs, decision.program)
            await self._start(tx, row, entry_id, program, now)
        return f"{decision.verdict.value}: {decision.reason.value}"

    @staticmethod
    async def _evidence(
        tx: Transaction,
        connection: AtsConnection,
        row: ApplicationRow,
        entry_id: uuid.UUID,
        delivery_id: uuid.UUID | None,
    ) -> Evidence:
        """What speaks for an entry being newer than the launch: asked only where the ATS does not date it."""
        moves: list[datetime | None] = []
        for headers, body in await rows.told_of(tx.session, entry_id, delivery_id):
            # What an earlier release could read, and this one cannot, says nothing.
            with suppress(PayloadInvalid):
                moves += [
                    event.occurred_at
                    for event in connection.adapter.parse(headers, body)
                    if isinstance(event, StageChanged)
                    and event.application_id == row.external_id
                    # Of a move out of a stage, read from a replica that lags, the stage knows nothing.
                    and event.to_stage in {None, row.stage_id}
                ]
        stood = await stock.stood(tx.session, connection=connection.key, external_id=row.external_id)
        if stood.moved_at is not None:
            moves.append(stood.moved_at)
        elsewhere = stood.stage_id is not None and stood.stage_id != row.stage_id
        return Evidence(seen_elsewhere=elsewhere or await rows.seen_elsewhere(tx.session, entry_id), moves=tuple(moves))

    async def _history(
        self, tx: Transaction, connection: AtsConnection, row: ApplicationRow, evidence: Evidence
    ) -> History:
        now = self._clock.now()
        found = await interviews.history(
            tx.session,
            application_id=row.id,
            # All of them, always: their caps are locked in the order of the file, so that nobody waits in a circle.
            programs=[p for p in self._configuration.programs if p.connection == connection.key],
            started=self._started,
            now=now,
            live_since=await rows.live_since(tx.session, connection.key, now=now),
        )
        return structs.replace(found, evidence=evidence)

    async def _start(
        self, tx: Transaction, row: ApplicationRow, entry_id: uuid.UUID, program: Program, now: datetime
    ) -> InterviewRow:
        rubric = self._rubrics[program.rubric]
        digest = content_hash(rubric)
        await interviews.keep_rubric(
            tx.session,
            {
                "content_hash": digest,
                "rubric_id": rubric.id,
                "version": rubric.version,
                "content": snapshot(rubric),
                "stored_at": now,
            },
        )
        interview = InterviewRow(
            id=new_id(),
            application_id=row.id,
            stage_entry_id=entry_id,
            program_key=program.key,
            # What the release before does not know is not stored.
            program=structs.replace(program, orderable=UNSET),
            rubric_hash=digest,
            plan=plan(rubric),
            created_at=now,
            round=1,
            version=1,
        )
        await self._steps.begin(tx, interview, now=now)
        return interview

    async def _cancel_left(
        self,
        tx: Transaction,
        row: ApplicationRow,
        application: Application,
        entry_id: uuid.UUID | None,
        now: datetime,
    ) -> None:
        """The application is elsewhere, or its outcome is known: an invitation that nobody took up ends."""
        for interview in await interviews.not_begun(tx.session, application_id=row.id, stage_entry_id=entry_id):
            ends = application.disposition is not None
            if not ends and interview.program.on_leave is OnLeave.CANCEL:
                # Who ordered it wants it wherever the application stands, also where its move came first.
                ends = not await orders.wanted(tx.session, interview.id)
            if ends:
                await self._steps.take(tx, interview, Cancel(), actor=SYSTEM, now=now)

    @staticmethod
    def _store(
        tx: Transaction,
        application_id: uuid.UUID,
        entry_id: uuid.UUID,
        delivery_id: uuid.UUID | None,
        decision: TriggerDecision,
        now: datetime,
    ) -> None:
        tx.session.add(
            TriggerDecisionRow(
                application_id=application_id,
                stage_entry_id=entry_id,
                delivery_id=delivery_id,
                at=now,
                verdict=decision.verdict,
                reason=decision.reason,
                program=decision.program,
                decision=decision,
            )
        )
        details = {"verdict": decision.verdict.value, "reason": decision.reason.value, "program": decision.program}
        tx.audit(
            AuditEvent(at=now, actor=SYSTEM, tag="system:trigger:decided", subject=str(application_id), details=details)
        )

    @staticmethod
    def _refresh(row: ApplicationRow, application: Application, candidate_id: uuid.UUID, now: datetime) -> None:
        row.candidate_id = candidate_id
        row.job_external_id, row.job_title = application.job.id, application.job.title
        row.stage_id, row.stage_name = application.stage.id, application.stage.name
        row.snapshot, row.seen_at = application, now


def _named(programs: Sequence[Program], key: str | None) -> Program:
    return next(program for program in programs if program.key == key)


def _older(read: Application, known: Application) -> bool:
    """Two reads can be finished in the other order than they were made; the later state of the ATS wins."""
    return read.updated_at is not None and known.updated_at is not None and read.updated_at < known.updated_at
