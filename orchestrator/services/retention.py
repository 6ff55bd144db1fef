"""Retention: what has been kept long enough is removed, and waiting that nobody ends is ended."""

from datetime import timedelta

import sqlalchemy as sa

from orchestrator.db.models.account import SessionRow
from orchestrator.db.models.intake import DeliveryRow, DeliveryState
from orchestrator.db.repositories import retention as rows
from orchestrator.db.session import Database
from orchestrator.domain.audit import AuditEvent
from orchestrator.domain.interview import Close, allowed
from orchestrator.domain.retention import Retention
from orchestrator.ports import Clock
from orchestrator.services.kinds import ApplyRetention
from orchestrator.services.steps import SYSTEM, Steps
from orchestrator.work.admin import clear_finished
from orchestrator.work.job import Job
from orchestrator.work.outcome import Done, Outcome


class Retaining:
    """Applies the retention part of evenhand.yaml. Counts go to the audit chain, never contents."""

    def __init__(self, *, database: Database, clock: Clock, retention: Retention, steps: Steps) -> None:
        self._database = database
        self._clock = clock
        self._retention = retention
        self._steps = steps

    async def apply(self, _payload: ApplyRetention, _job: Job) -> Outcome | None:
        """Remove what is due; each kind in its own transaction, so that none waits for another."""
        await self._end_waiting()
        await self._forget_transcripts()
        now, kept = self._clock.now(), timedelta(days=self._retention.deliveries)
        async with self._database.transaction() as tx:
            removed = await tx.session.execute(
                sa.update(DeliveryRow)
                .where(
                    DeliveryRow.body.is_not(None),
                    # One whose work was given up waits for a person twice as long, and not for ever.
                    sa.or_(
                        sa.and_(DeliveryRow.received_at < now - kept, DeliveryRow.state != DeliveryState.RECEIVED),
                        DeliveryRow.received_at < now - 2 * kept,
                    ),
                )
                .values(body=None, headers={})
                .returning(DeliveryRow.id)
            )
            if bodies := len(removed.all()):
                tx.audit(_event(self._clock, "deliveries", {"count": bodies}))
            await tx.session.execute(sa.delete(SessionRow).where(SessionRow.expires_at < now))
        async with self._database.transaction() as tx:
            await clear_finished(tx, older_than=timedelta(days=self._retention.finished_work))
        return Done()

    async def _end_waiting(self) -> None:
        before = self._clock.now() - timedelta(days=self._retention.waiting)
        async with self._database.reading() as session:
            waiting = await rows.waiting_since(session, before)
        for interview_id in waiting:
            async with self._database.transaction() as tx:
                interview = await rows.locked(tx.session, interview_id)
                # Looked at again under the lock: somebody may have acted a moment ago.
                still = interview_id in await rows.waiting_since(tx.session, before, only=interview_id)
                if interview is not None and still and allowed(interview.state, Close()):
                    await self._steps.take(tx, interview, Close(), actor=SYSTEM, now=self._clock.now())

    async def _forget_transcripts(self) -> None:
        before = self._clock.now() - timedelta(days=self._retention.transcripts)
        async with self._database.reading() as session:
            due = await rows.transcripts_due(session, before)
        for interview_id in due:
            async with self._database.transaction() as tx:
                await rows.forget_words(tx.session, interview_id)
                tx.audit(_event(self._clock, "transcript", {"interview": interview_id.hex}))


def _event(clock: Clock, what: str, details: dict[str, object]) -> AuditEvent:
    return AuditEvent(at=clock.now(), actor=SYSTEM, tag=f"system:{what}:removed", subject="retention", details=details)
