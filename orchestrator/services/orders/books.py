"""ATSs that keep the list of what can be ordered, and the orders: the list is put there, and what is open is asked for.

Deliveries of orders are hints as all deliveries are. What they missed is found here, and is the same order (N3).
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from adapters.contract.assessment import AssessmentOffer, OrderBook
from adapters.contract.errors import OutcomeUnknown, PayloadInvalid
from orchestrator.db.models.ordering import PublishedOffers
from orchestrator.db.repositories import orders
from orchestrator.db.repositories.intake import count_refusal
from orchestrator.db.session import Database
from orchestrator.domain.audit import AuditEvent
from orchestrator.domain.ordering import OrderRefusal, offers_edition
from orchestrator.ports import Clock
from orchestrator.services.connections import AtsConnection, Connections, SyncLog
from orchestrator.services.kinds import FindOrders, PublishOffers
from orchestrator.services.orders.ordering import Ordering, OrderSource
from orchestrator.work.clock import Tick
from orchestrator.work.job import Job
from orchestrator.work.lanes import bounded
from orchestrator.work.outcome import Done, Outcome, Retry
from orchestrator.work.payload import Payload
from orchestrator.work.queue import enqueue

AGAIN = timedelta(days=1)
"""After how long the same list is put again: somebody may have changed it there."""

LOOK_SECONDS = 3600
"""How often is looked whether the list changed; a process that starts looks at once."""

PASS_ON = 30.0
"""Seconds until a list that is not this process's own is offered again, perhaps to one that has it."""

ROLLING = timedelta(minutes=15)
"""For so long there may be a process that has it; then whoever takes it puts its own, and the lane goes on."""

MOST_PAGES = 100


class OrderBooks:
    """Publishes offers and finds orders, where the ATS keeps both."""

    def __init__(
        self, *, database: Database, clock: Clock, connections: Connections, sync: SyncLog, ordering: Ordering
    ) -> None:
        self._database = database
        self._clock = clock
        self._connections = connections
        self._sync = sync
        self._ordering = ordering

    def ticks(self) -> tuple[Tick, ...]:
        """What the clock asks for: orders as often as the connection is polled, and the list once in a while."""

        def find(key: str) -> Callable[[datetime], Payload]:
            return lambda _slot: FindOrders(connection=key)

        def publish(key: str) -> Callable[[datetime], Payload]:
            return lambda _slot: PublishOffers(connection=key)

        kept = [one for one in self._connections.all() if book_of(one) is not None]
        finds = [
            Tick(
                name=f"orders:{c.key}",
                seconds=c.settings.poll_minutes * 60,
                payload=find(c.key),
                rate_key=c.key,
                halts=True,
            )
            for c in kept
        ]
        lists = [
            Tick(
                name=f"offers:{c.key}",
                seconds=LOOK_SECONDS,
                payload=publish(c.key),
                rate_key=c.key,
                lane=publishing_lane(c.key),
                halts=True,
            )
            for c in kept
        ]
        return (*finds, *lists)

    async def begin(self) -> None:
        """See to it that every list of programs that changed since it was published is published."""
        for connection in self._connections.all():
            if book_of(connection) is None:
                continue
            edition = edition_of(self._ordering.offers(connection), connection)
            async with self._database.transaction() as tx:
                last = await orders.published(tx.session, connection.key)
                if last is not None and last.edition == edition:
                    continue
                since = last.published_at.isoformat() if last else "never"
                await enqueue(
                    tx,
                    PublishOffers(connection=connection.key, edition=edition),
                    lane=publishing_lane(connection.key),
                    rate_key=connection.key,
                    dedupe=bounded(f"offers:{connection.key}:{edition}:{since}", 160),
                    subject=f"offers:{connection.key}",
                )

    async def publish(self, payload: PublishOffers, job: Job) -> Outcome | None:
        """Put the list of what can be ordered into the ATS, if it has another or was not told for long."""
        connection = self._connections.get(payload.connection)
        book, offers = book_of(connection), self._ordering.offers(connection)
        edition = edition_of(offers, connection)
        if payload.edition not in {None, edition} and self._clock.now() - job.created_at < ROLLING:
            # It is there to be done by the process that asked for it, or one with the same file.
            return Retry(reason="this process has other programs than the one that asked", after=PASS_ON, counted=False)
        async with self._database.reading() as session:
            last = await orders.published(session, connection.key)
        if book is None or not self._due(last, edition):
            return Done()
        later: Outcome | None = None
        async with self._sync.conversation(connection, None, job) as ats:
            try:
                async with ats.push("publish_offers", fields=("offers",)):
                    await book.publish(offers)
            except OutcomeUnknown:
                later = Retry(reason="the ATS did not answer; putting the same list again changes nothing")
            async with ats.finish(later) as tx:
                if later is None:
                    now = self._clock.now()
                    await orders.keep_published(tx.session, connection=connection.key, edition=edition, at=now)
                    tx.audit(_published(now, connection, [offer.id for offer in offers]))
        return None

    async def find(self, payload: FindOrders, job: Job) -> Outcome | None:
        """Ask which orders are open, page by page, and take those that nobody told us of.

        Raises:
            PayloadInvalid: the pages do not end.
        """
        connection = self._connections.get(payload.connection)
        book, cursor = book_of(connection), None
        if book is None:
            return Done()
        for _ in range(MOST_PAGES):
            async with self._sync.conversation(connection, None, job) as ats, ats.pull("open_orders"):
                page = await book.open_orders(cursor)
            if page.unreadable:
                await self._count_unreadable(connection, page.unreadable)
            keys = [bounded(order.dedupe, 160) for order in page.orders]
            async with self._database.reading() as session:
                known = await orders.known(session, connection=connection.key, dedupes=keys)
            for key, order in zip(keys, page.orders, strict=True):
                if key not in known:
                    # One that is refused stays open there, and is looked at again: its program may go on.
                    await self._ordering.place(connection, order, source=OrderSource.FOUND)
            cursor = page.cursor
            if cursor is None:
                return Done()
        raise PayloadInvalid(f"paging does not end: more than {MOST_PAGES} pages of open orders")

    async def _count_unreadable(self, connection: AtsConnection, number: int) -> None:
        """At every look, as long as they are open: an administrator sees that they are there."""
        async with self._database.transaction() as tx:
            await count_refusal(
                tx.session,
                connection=connection.key,
                day=self._clock.now().date(),
                reason=OrderRefusal.UNREADABLE,
                times=number,
            )

    def _due(self, last: PublishedOffers | None, edition: str) -> bool:
        return last is None or last.edition != edition or self._clock.now() - last.published_at >= AGAIN


def edition_of(offers: Sequence[AssessmentOffer], connection: AtsConnection) -> str:
    """Tells lists of a connection apart."""
    settings = connection.settings
    return offers_edition(offers, base_url=settings.base_url, options=settings.options)


def publishing_lane(connection_key: str) -> str:
    """One list at a time: what lies in the ATS and what we remember of it must be the same one."""
    return bounded(f"offers/{connection_key}", 128)


def book_of(connection: AtsConnection) -> OrderBook | None:
    """The orders and offers that an ATS keeps itself; None where it asks us."""
    if connection.desk is None:
        return None
    reporter = connection.desk.reporter
    return reporter if isinstance(reporter, OrderBook) else None


def _published(at: datetime, connection: AtsConnection, offers: list[str]) -> AuditEvent:
    details: dict[str, object] = {"connection": connection.key, "offers": offers}
    return AuditEvent(
        at=at, actor="system", tag="system:order:offers-published", subject=connection.key, details=details
    )
