"""What is told about orders: noted in the transaction of the step, told afterwards in the order's own lane."""

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


async def note_progress(tx: Transaction, interview: InterviewRow, *, now: datetime) -> None:
    """Note what the orders of an interview must be told after a step."""
    reached = progress(interview)
    if reached is Progress.WAITING:
        return
    for order in await orders.wanted(tx.session, interview.id):
        await note_report(tx, order, reached, now=now)


async def note_report(tx: Transaction, order: OrderRow, reached: Progress, *, now: datetime) -> None:
    """Note one report, once for each state of an order.

    Reports of one order follow each other. They do not wait for fields and notes of the application, which may be held
    up by something that only an administrator can mend.
    """
    report_id = await orders.add_report(tx.session, order_id=order.id, progress=reached, at=now)
    if report_id is None:
        return
    await enqueue(
        tx,
        ReportOrder(report_id=report_id),
        lane=f"order/{order.id}",
        rate_key=order.connection,
        dedupe=f"report:{report_id}",
        subject=f"interview:{order.interview_id}" if order.interview_id else f"order:{order.id}",
    )
