"""Everything that takes orders and tells what becomes of them, put together."""

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.config.schema import Configuration
from orchestrator.db.session import Database
from orchestrator.ports import Clock
from orchestrator.services.connections import Connections, SyncLog
from orchestrator.services.kinds import ReportOrder, TakeOrder
from orchestrator.services.links import LinkMaker
from orchestrator.services.order_reports import Reports
from orchestrator.services.ordering import Ordering
from orchestrator.services.steps import Steps
from orchestrator.services.triggering import Triggering
from orchestrator.work.job import Handler
from orchestrator.work.payload import Payload


@dataclass(frozen=True, slots=True)
class TakingOrders:
    """The service, and the handlers of its work."""

    ordering: Ordering
    handlers: Mapping[type[Payload], Handler]


def taking_orders(
    database: Database,
    clock: Clock,
    configuration: Configuration,
    connections: Connections,
    sync: SyncLog,
    triggering: Triggering,
    steps: Steps,
    links: LinkMaker,
) -> TakingOrders:
    """Put them together."""
    reports = Reports(database=database, clock=clock, connections=connections, sync=sync, links=links)
    ordering = Ordering(
        database=database,
        clock=clock,
        configuration=configuration,
        connections=connections,
        sync=sync,
        triggering=triggering,
        steps=steps,
        reports=reports,
    )
    return TakingOrders(ordering, {TakeOrder: ordering.take, ReportOrder: reports.tell})
