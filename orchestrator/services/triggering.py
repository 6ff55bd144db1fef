"""From a re-read application to a trigger decision, and from the decision to an interview."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from adapters.contract.model import Application, StageKind
from orchestrator.config.schema import Configuration
from orchestrator.db.base import new_id
from orchestrator.db.models.application import ApplicationRow, TriggerDecisionRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.repositories import intake as rows
from orchestrator.db.repositories import interviews
from orchestrator.db.session import Transaction
from orchestrator.domain.audit import AuditEvent
from orchestrator.domain.interview import Cancel
from orchestrator.domain.program import OnLeave, Program
from orchestrator.domain.stage import entry_key
from orchestrator.domain.transcript import plan
from orchestrator.domain.trigger import Reason, TriggerDecision, Verdict, decide
from orchestrator.ports import Clock
from orchestrator.services.connections import AtsConnection
from orchestrator.services.steps import SYSTEM, Steps
from rubrics.loader import snapshot
from rubrics.schema import Rubric, content_hash

OLDER = "older than what we know"
"""The outcome of a reading that says nothing new, and nothing about what came in meanwhile."""


class Triggering:
    """Decides about stage entries. Works inside the transaction that finishes the delivery."""

    def __init__(
        self, *, configuration: Configuration, rubrics: Mapping[str, Rubric], clock: Clock, steps: Steps
    ) -> None:
        self._configuration = configuration
        self._rubrics = rubrics
        self._clock = clock
        self._steps = steps

    async def take_in(
        self, tx: Transaction, connection: AtsConnection, application: Application, delivery_id: uuid.UUID
    ) -> str:
        """Take a re-read application in; returns the outcome in a few words. The row stays locked until the end."""
        now = self._clock.now()
        candidate_id, fresh = await rows.save_candidate(
            tx.session, connection=connection.key, candidate=application.candidate, at=now, refresh=False
        )
        row, created = await rows.lock_application(
            tx.session, connection=connection.key, application=application, candidate_id=candidate_id, at=now
        )
        if not created and _older(application, row.snapshot):
            return OLDER
        if not fresh:
            await rows.save_candidate(
                tx.session, connection=connection.key, candidate=application.candidate, at=now, refresh=True
            )
        if not created and row.stage_id != application.stage.id:
            row.visits += 1
        self._refresh(row, application, candidate_id, now)
        learnt = await rows.learnt_stages(tx.session, connection.key)
        kind = connection.stage_map(learnt).kind_of(application.stage)
        key = entry_key(application, visits=row.visits)
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
            await self._cancel_left(tx, row, application, entry_id, now)
            return await self._decide(tx, connection, row, entry_id, kind, delivery_id)
        entry = await rows.stage_entry(tx.session, application_id=row.id, entry_key=key)
        if application.disposition is not None:
            await self._cancel_left(tx, row, application, None, now)
        if entry.kind is None and kind is not None:
            entry.kind = kind
            return await self._decide(tx, connection, row, entry.id, kind, delivery_id)
        duplicate = TriggerDecision(Verdict.SKIP, Reason.DUPLICATE, None, ())
        self._store(tx, row.id, entry.id, delivery_id, duplicate, now)
        return Reason.DUPLICATE.value

    async def _decide(
        self,
        tx: Transaction,
        connection: AtsConnection,
        row: ApplicationRow,
        entry_id: uuid.UUID,
        kind: StageKind | None,
        delivery_id: uuid.UUID,
    ) -> str:
        now = self._clock.now()
        programs = [p for p in self._configuration.programs if p.connection == connection.key]
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        history = await interviews.history(
            tx.session,
            application_id=row.id,
            programs=programs,
            day_began=midnight,
            live_since=await rows.live_since(tx.session, connection.key, now=now),
        )
        decision = decide(row.snapshot, kind, programs, self._configuration.role_families, history)
        self._store(tx, row.id, entry_id, delivery_id, decision, now)
        if decision.verdict is Verdict.HOLD:
            await rows.quarantine(tx.session, connection=connection.key, stage=row.snapshot.stage, at=now)
        if decision.verdict is Verdict.START:
            program = _named(programs, decision.program)
            await self._start(tx, row, entry_id, program, now)
        return f"{decision.verdict.value}: {decision.reason.value}"

    async def _start(
        self, tx: Transaction, row: ApplicationRow, entry_id: uuid.UUID, program: Program, now: datetime
    ) -> None:
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
            program=program,
            rubric_hash=digest,
            plan=plan(rubric),
            created_at=now,
            round=1,
            version=1,
        )
        await self._steps.begin(tx, interview, now=now)

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
            if interview.program.on_leave is OnLeave.CANCEL or application.disposition is not None:
                await self._steps.take(tx, interview, Cancel(), actor=SYSTEM, now=now)

    @staticmethod
    def _store(
        tx: Transaction,
        application_id: uuid.UUID,
        entry_id: uuid.UUID,
        delivery_id: uuid.UUID,
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
