"""Retention: what has been kept long enough is removed, and waiting that nobody ends is ended."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.sql.dml import ReturningUpdate

from adapters.contract.assessment import Progress
from orchestrator.db.models.account import SessionRow
from orchestrator.db.models.credential import ConsentRequestRow
from orchestrator.db.models.intake import ClockSlot, DeliveryRow, DeliveryState, RefusedCount
from orchestrator.db.repositories import backfills, orders
from orchestrator.db.repositories import retention as rows
from orchestrator.db.session import Database
from orchestrator.domain.audit import AuditEvent
from orchestrator.domain.interview import Close, allowed
from orchestrator.domain.ordering import OrderState
from orchestrator.domain.retention import Retention
from orchestrator.ports import Clock
from orchestrator.services.kinds import ApplyRetention
from orchestrator.services.order_progress import note_report
from orchestrator.services.steps import SYSTEM, Steps
from orchestrator.work.admin import clear_finished, clear_gone
from orchestrator.work.job import Job
from orchestrator.work.outcome import Done, Outcome

PORTION = 1000
"""Rows that are removed in one transaction, so that nobody waits long for it."""

MOST_PORTIONS = 1000
"""Portions of one run. What is left is for the next one, an hour later."""

BACKFILLS = 10
"""Ended backfills whose lists go in one transaction."""

REFUSALS_KEPT = timedelta(days=365)
SLOTS_KEPT = timedelta(days=90)
GONE_KEPT = timedelta(days=1)
"""How long the operations page shows a worker that stopped without saying so."""


class Retaining:
    """Applies the retention part of evenhand.yaml. Counts go to the audit chain, never contents."""

    def __init__(self, *, database: Database, clock: Clock, retention: Retention, steps: Steps) -> None:
        self._database = database
        self._clock = clock
        self._retention = retention
        self._steps = steps

    async def apply(self, _payload: ApplyRetention, _job: Job) -> Outcome | None:
        """Remove what is due, in portions: a transaction each, so that nothing waits long for another."""
        await self._end_waiting()
        await self._forget_transcripts()
        await self._forget_deliveries()
        await self._forget_orders()
        await self._clear_work()
        await self._drop_backfills()
        await self._drop_traces()
        return Done()

    async def _forget_deliveries(self) -> None:
        """Portion by portion, each after the last, so that no row is looked at twice in a run."""
        seen: datetime | None = None
        for _ in range(MOST_PORTIONS):
            async with self._database.transaction() as tx:
                forgotten = (await tx.session.execute(self._bodies_due(seen))).scalars().all()
                if forgotten:
                    tx.audit(_event(self._clock, "deliveries", {"count": len(forgotten)}))
            if len(forgotten) < PORTION:
                return
            seen = max(forgotten)

    async def _forget_orders(self) -> None:
        """What an order said of a person; one that nobody could take in is over."""
        now, kept = self._clock.now(), timedelta(days=self._retention.deliveries)
        for _ in range(MOST_PORTIONS):
            async with self._database.transaction() as tx:
                due = await orders.forget_contents(tx.session, before=now - kept, limit=PORTION)
                for order in due:
                    order.order = None
                    if order.state in {OrderState.RECEIVED, OrderState.HELD}:
                        order.state, order.reason = OrderState.SKIPPED, "too_old"
                        await note_report(tx, order, Progress.CANCELLED, now=now)
                if due:
                    tx.audit(_event(self._clock, "orders", {"count": len(due)}))
            if len(due) < PORTION:
                return

    def _bodies_due(self, seen: datetime | None) -> ReturningUpdate[datetime]:
        now, kept = self._clock.now(), timedelta(days=self._retention.deliveries)
        due = (
            sa.select(DeliveryRow.id)
            .where(
                DeliveryRow.body.is_not(None),
                # One whose work was given up waits for a person twice as long, and not for ever.
                DeliveryRow.received_at < now - kept,
                sa.or_(DeliveryRow.state != DeliveryState.RECEIVED, DeliveryRow.received_at < now - 2 * kept),
            )
            .order_by(DeliveryRow.received_at)
            .limit(PORTION)
        )
        if seen is not None:
            due = due.where(DeliveryRow.received_at >= seen)
        statement = sa.update(DeliveryRow).where(DeliveryRow.id.in_(due)).values(body=None, headers={})
        return statement.returning(DeliveryRow.received_at)

    async def _clear_work(self) -> None:
        older_than = timedelta(days=self._retention.finished_work)
        for _ in range(MOST_PORTIONS):
            async with self._database.transaction() as tx:
                cleared = await clear_finished(tx, older_than=older_than, limit=PORTION)
            if cleared < PORTION:
                return

    async def _drop_backfills(self) -> None:
        """With their lists of applications, a few at a time: one list may be long."""
        before = self._clock.now() - timedelta(days=self._retention.finished_work)
        for _ in range(MOST_PORTIONS):
            async with self._database.transaction() as tx:
                gone = await backfills.remove_ended(tx.session, before=before, limit=BACKFILLS)
                if gone:
                    tx.audit(_event(self._clock, "backfills", {"backfills": [one.hex for one in gone]}))
            if len(gone) < BACKFILLS:
                return

    async def _drop_traces(self) -> None:
        """The small tables, which grow by configuration and restarts and not by candidates."""
        now = self._clock.now()
        async with self._database.transaction() as tx:
            await tx.session.execute(sa.delete(SessionRow).where(SessionRow.expires_at < now))
            await tx.session.execute(sa.delete(ConsentRequestRow).where(ConsentRequestRow.expires_at < now))
            await tx.session.execute(sa.delete(RefusedCount).where(RefusedCount.day < (now - REFUSALS_KEPT).date()))
            # Of a clock job that is not configured any more; one that still runs has a slot of this hour.
            await tx.session.execute(sa.delete(ClockSlot).where(ClockSlot.slot < now - SLOTS_KEPT))
            await clear_gone(tx, older_than=GONE_KEPT)

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
                # Whoever writes a copy of these words holds the same lock and looks whether they are still there.
                await rows.locked(tx.session, interview_id)
                await rows.forget_words(tx.session, interview_id)
                tx.audit(_event(self._clock, "transcript", {"interview": interview_id.hex}))


def _event(clock: Clock, what: str, details: dict[str, object]) -> AuditEvent:
    return AuditEvent(at=clock.now(), actor=SYSTEM, tag=f"system:{what}:removed", subject="retention", details=details)
