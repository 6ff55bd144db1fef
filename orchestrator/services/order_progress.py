"""What is told about orders: noted in the transaction of the step, told afterwards in the application's lane."""

from datetime import datetime

from adapters.contract.assessment import Progress
from orchestrator.db.models.application import ApplicationRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.ordering import OrderRow
from orchestrator.db.repositories import orders
from orchestrator.db.session import Transaction
from orchestrator.domain.ordering import progress_of
from orchestrator.services.kinds import ReportOrder
from orchestrator.work.lanes import bounded
from orchestrator.work.queue import enqueue


def writing_lane(application: ApplicationRow) -> str:
    """What is written to the ATS about one application happens one at a time, in order."""
    return bounded(f"{application.connection}/{application.external_id}", 128)


def progress(interview: InterviewRow) -> Progress:
    """How far an order with this interview is."""
    return progress_of(
        interview.state, begun=interview.consented_at is not None, handed_in=interview.submitted_at is not None
    )


async def note_progress(
    tx: Transaction, interview: InterviewRow, application: ApplicationRow, *, now: datetime
) -> None:
    """Note what the orders of an interview must be told after a step."""
    reached = progress(interview)
    if reached is Progress.WAITING:
        return
    for order in await orders.wanted(tx.session, interview.id):
        await note_report(tx, order, application, reached, now=now)


async def note_report(
    tx: Transaction, order: OrderRow, application: ApplicationRow | None, reached: Progress, *, now: datetime
) -> None:
    """Note one report, once for each state of an order."""
    report_id = await orders.add_report(tx.session, order_id=order.id, progress=reached, at=now)
    if report_id is None:
        return
    await enqueue(
        tx,
        ReportOrder(report_id=report_id),
        lane=writing_lane(application) if application else None,
        rate_key=order.connection,
        dedupe=f"report:{report_id}",
        subject=f"interview:{order.interview_id}" if order.interview_id else f"order:{order.id}",
    )
