"""Reports about orders in the hands of a person: settled with the work that carried them, with who and why."""

from datetime import UTC, datetime
from typing import cast

import pytest
import sqlalchemy as sa

from adapters.contract.assessment import Progress
from orchestrator.db.models.audit import AuditRow
from orchestrator.db.models.ordering import OrderReportRow, OrderRow, ReportState
from orchestrator.db.repositories import orders
from orchestrator.db.session import Database
from orchestrator.domain.ordering import OrderState
from orchestrator.ports import SystemClock
from orchestrator.services.connections import Connections
from orchestrator.services.intake import Intake
from orchestrator.services.kinds import ReportOrder
from orchestrator.services.operating import Operating
from orchestrator.services.order_progress import note_report
from orchestrator.services.steps import Steps
from orchestrator.work.admin import Selection
from orchestrator.work.table import work
from tests.integration.services.test_ordering import stored


def operating(database: Database) -> Operating:
    """What operations does with work alone."""
    return Operating(
        database=database,
        clock=SystemClock(),
        connections=Connections([]),
        intake=cast("Intake", None),
        steps=cast("Steps", None),
    )


async def noted(database: Database) -> int:
    """An order of which it is to be told that it is completed; the number of that work."""
    order_id = await stored(database, "one", days=0, state=OrderState.PLACED)
    async with database.transaction() as tx:
        order = await tx.session.get_one(OrderRow, order_id)
        await note_report(tx, order, Progress.COMPLETED, now=datetime.now(UTC))
        return int((await tx.session.execute(sa.select(work.c.id))).scalar_one())


async def told(database: Database) -> tuple[OrderReportRow, list[AuditRow]]:
    """The report, and what the audit chain says of it."""
    async with database.reading() as session:
        report = (await session.scalars(sa.select(OrderReportRow))).one()
        events = await session.scalars(sa.select(AuditRow).where(AuditRow.tag == "operations:order:settled"))
        return report, list(events)


async def test_a_report_is_settled_with_its_dead_letter(database: Database) -> None:
    """Told by hand: the report counts as told, the reason stands in the chain, and nothing earlier is told any more."""
    work_id = await noted(database)
    async with database.transaction() as tx:
        await tx.session.execute(sa.text("UPDATE work SET state = 'dead', cause = 'given_up', finished_at = run_at"))
    await operating(database).done_by_hand(work_id, reason=" Typed into the ATS. ", actor="cli")
    report, events = await told(database)
    assert (report.state, report.settled_at is not None) == (ReportState.TOLD, True)
    assert [(event.actor, event.subject) for event in events] == [("cli", str(report.order_id))]
    assert events[0].event.details == {"progress": "completed", "state": "told", "reason": "Typed into the ATS."}
    async with database.reading() as session:
        assert await orders.ended(session, report.order_id)


async def test_a_report_is_cancelled_with_its_work(database: Database) -> None:
    """Nothing is told, and nothing waits to be told."""
    await noted(database)
    cancelled = await operating(database).cancel(Selection(kinds=(ReportOrder.kind,)), reason="No.", actor="cli")
    report, events = await told(database)
    assert len(cancelled) == 1
    assert report.state is ReportState.OVERTAKEN
    assert [event.event.details["reason"] for event in events] == ["No."]


@pytest.mark.parametrize("state", [ReportState.TOLD, ReportState.NO_WORD])
async def test_a_report_that_was_told_stays_told(database: Database, state: ReportState) -> None:
    """Only what is pending is settled; that it was told before is not written over."""
    work_id = await noted(database)
    async with database.transaction() as tx:
        (await tx.session.scalars(sa.select(OrderReportRow))).one().state = state
    await operating(database).done_by_hand(work_id, reason="By hand.", actor="cli")
    report, events = await told(database)
    assert (report.state, events) == (state, [])
