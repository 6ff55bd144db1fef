"""Reports: the ATS in which an interview was ordered is told how the order stands, in order, and told once.

There is nothing to read and compare: to tell the same thing again changes nothing (the contract's promise), so a report
that was sent and not answered is sent again. That it began is on disk before it is sent, and a later state is never
followed by an earlier one.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from adapters.contract.assessment import OrderReport, Progress
from adapters.contract.errors import OutcomeUnknown, Unsupported
from orchestrator.db.models.ordering import OrderReportRow, OrderRow, ReportState
from orchestrator.db.repositories import interviews, orders, stops
from orchestrator.db.session import Database
from orchestrator.domain.audit import AuditEvent
from orchestrator.domain.ordering import OrderState, offer_id
from orchestrator.domain.result import Result
from orchestrator.ports import Clock
from orchestrator.services.connections import Connections, SyncLog
from orchestrator.services.kinds import ReportOrder
from orchestrator.services.links import LinkMaker
from orchestrator.services.order_progress import progress
from orchestrator.services.result_links import ResultLinks
from orchestrator.work.job import Job
from orchestrator.work.outcome import Dead, Done, Outcome, Retry

_ENDS = frozenset({Progress.COMPLETED, Progress.CANCELLED})


class Reports:
    """Brings what was noted about orders to their ATSs."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        connections: Connections,
        sync: SyncLog,
        links: LinkMaker,
        result_links: ResultLinks,
    ) -> None:
        self._database = database
        self._clock = clock
        self._connections = connections
        self._sync = sync
        self._links = links
        self._result_links = result_links

    async def tell(self, payload: ReportOrder, job: Job) -> Outcome | None:
        """Tell the ATS one state of one order."""
        async with self._database.reading() as session:
            report, order, interview, application = await orders.to_tell(session, payload.report_id)
            if report.state is not ReportState.PENDING:
                return Done()
            overtaken = report.progress not in _ENDS and await orders.ended(session, order.id)
            result = await orders.result_of_interview(session, interview.id) if interview else None
        desk = self._connections.get(order.connection).desk
        if desk is None:
            return Dead("the connection takes no orders any more: `assessment_secrets` was removed from it")
        if overtaken or order.state is OrderState.CANCELLED:
            async with job.finish() as tx:
                await self._keep(tx.session, report, ReportState.OVERTAKEN)
            return None
        connection = self._connections.get(order.connection)
        external_id = application.external_id if application else None
        link = await self._result_links.issue(interview.id, connection) if interview else None
        told = self._report(order, report.progress, report.at, result, link=link)
        settled, later = ReportState.TOLD, None
        async with self._sync.conversation(connection, external_id, job, program=order.program_key) as ats:
            try:
                async with ats.push("report_order", fields=(report.progress.value,)):
                    await desk.reporter.report(told)
            except Unsupported:
                settled = ReportState.NO_WORD
            except OutcomeUnknown:
                later = Retry(reason="the ATS did not answer the report; telling it again changes nothing")
            async with ats.finish(later) as tx:
                if later is None:
                    await self._keep(tx.session, report, settled)
                    tx.audit(self._event(order, report, settled))
        return None

    async def standing(self, session: AsyncSession, order: OrderRow) -> OrderReport:
        """How an order stands now; while a stop holds what would be told, how it stood before any end."""
        interview = await interviews.by_id(session, order.interview_id) if order.interview_id else None
        if order.state in {OrderState.SKIPPED, OrderState.CANCELLED}:
            return self._report(order, Progress.CANCELLED, order.received_at, None)
        if interview is None:
            return self._report(order, Progress.WAITING, order.received_at, None)
        link = await self._result_links.living(session, interview.id, self._connections.get(order.connection))
        reached, began = progress(interview), interview.consented_at or interview.created_at
        stop = await stops.holding(session, connection=order.connection, program=order.program_key)
        if stop is not None and reached in _ENDS:
            # An ATS that asks must not read what a person stopped us from sending.
            before = Progress.STARTED if interview.consented_at else Progress.WAITING
            return self._report(order, before, began, None, link=link)
        result = await orders.result_of_interview(session, interview.id)
        return self._report(order, reached, interview.finished_at or began, result, link=link)

    def _report(
        self, order: OrderRow, reached: Progress, at: datetime, result: Result | None, *, link: str | None = None
    ) -> OrderReport:
        """What is told; the result only where it is final, for a person decides before that."""
        told = OrderReport(
            order_id=str(order.id),
            progress=reached,
            link=link or self._links.application(order.application_id),
            at=int(at.timestamp() * 1000),
            offer_id=offer_id(order.connection, order.program_key),
            report_to=order.report_to,
        )
        if reached is not Progress.COMPLETED or result is None:
            return told
        return OrderReport(
            order_id=told.order_id,
            progress=reached,
            link=link or result.link,
            at=told.at,
            offer_id=told.offer_id,
            report_to=told.report_to,
            band=result.band_label,
            score=result.percent,
            subscores=tuple((subscore.name, subscore.text) for subscore in result.subscores),
            bullets=tuple(bullet.text for bullet in result.bullets),
        )

    async def _keep(self, session: AsyncSession, report: OrderReportRow, state: ReportState) -> None:
        stored = await session.get_one(OrderReportRow, report.id)
        stored.state, stored.settled_at = state, self._clock.now()

    def _event(self, order: OrderRow, report: OrderReportRow, state: ReportState) -> AuditEvent:
        details: dict[str, object] = {"progress": report.progress.value, "state": state.value}
        return AuditEvent(
            at=self._clock.now(), actor="system", tag="system:order:told", subject=str(order.id), details=details
        )
