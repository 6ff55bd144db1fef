"""Everything that takes orders and tells what becomes of them, put together."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from orchestrator.config.schema import Configuration
from orchestrator.db.session import Database
from orchestrator.ports import Clock
from orchestrator.services.connections import Connections, SyncLog
from orchestrator.services.kinds import FindOrders, FreeOrders, PublishOffers, ReportOrder, TakeOrder
from orchestrator.services.links import LinkMaker
from orchestrator.services.orders.books import OrderBooks
from orchestrator.services.orders.held import Announce, HeldOrders
from orchestrator.services.orders.ordering import Ordering
from orchestrator.services.orders.reports import Reports
from orchestrator.services.result_links import ResultLinks
from orchestrator.services.steps import Steps
from orchestrator.services.triggering import Triggering
from orchestrator.work.clock import Tick
from orchestrator.work.job import Handler
from orchestrator.work.payload import Payload


@dataclass(frozen=True, slots=True)
class TakingOrders:
    """The services, the handlers of their work, what the clock asks for, and what every process notes first."""

    ordering: Ordering
    result_links: ResultLinks
    handlers: Mapping[type[Payload], Handler]
    ticks: tuple[Tick, ...]
    begin: Callable[[], Awaitable[None]]


def taking_orders(
    database: Database,
    clock: Clock,
    configuration: Configuration,
    connections: Connections,
    sync: SyncLog,
    triggering: Triggering,
    steps: Steps,
    links: LinkMaker,
    announce: Announce,
) -> TakingOrders:
    """Put them together."""
    shared = ResultLinks(database=database, clock=clock, connections=connections, links=links)
    reports = Reports(
        database=database, clock=clock, connections=connections, sync=sync, links=links, result_links=shared
    )
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
    books = OrderBooks(database=database, clock=clock, connections=connections, sync=sync, ordering=ordering)
    waiting = HeldOrders(database=database, clock=clock, connections=connections, announce=announce)

    async def begin() -> None:
        await books.begin()
        await waiting.begin()

    handlers: dict[type[Payload], Handler] = {
        TakeOrder: ordering.take,
        ReportOrder: reports.tell,
        PublishOffers: books.publish,
        FindOrders: books.find,
        FreeOrders: waiting.free,
    }
    return TakingOrders(ordering, shared, handlers, (*books.ticks(), *waiting.ticks()), begin)
