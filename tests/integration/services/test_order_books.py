"""ATSs that keep offers and orders: which connections are looked at, and what an ATS that goes in circles costs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
import sqlalchemy as sa
from msgspec import structs

from adapters.contract.assessment import AssessmentOffer, Order, OrderPage, OrderReport
from adapters.contract.model import Candidate
from adapters.kombo.assessment import KomboAssessments
from orchestrator.config.schema import Connection
from orchestrator.db.models.writeback import SyncRow
from orchestrator.db.session import Database
from orchestrator.domain.writeback import FieldMap
from orchestrator.ports import SystemClock
from orchestrator.services.connections import AtsConnection, Connections, OrderDesk, SyncLog
from orchestrator.services.kinds import FindOrders, PublishOffers
from orchestrator.services.order_books import MOST_PAGES, OrderBooks, book_of, edition_of
from orchestrator.services.ordering import OrderSource, Refusal
from orchestrator.work.admin import Selection, list_work
from orchestrator.work.clock import Clockwork
from orchestrator.work.job import Handler
from orchestrator.work.payload import Payload
from orchestrator.work.queue import enqueue
from orchestrator.work.table import WorkState
from orchestrator.work.worker import Worker

KEY = "customer"
SETTINGS = Connection(
    key=KEY, adapter="kombo", base_url="https://api.example.com", credentials={}, stages=(), fields=FieldMap()
)
OFFERS = [AssessmentOffer(id="o1", name="First interview")]


@dataclass
class Book:
    """An ATS that keeps both; ``endless`` pages never end."""

    endless: bool = False
    asked: list[str | None] = field(default_factory=list)
    published: list[Sequence[AssessmentOffer]] = field(default_factory=list)

    async def report(self, report: OrderReport) -> None:
        raise AssertionError(report)

    async def publish(self, offers: Sequence[AssessmentOffer]) -> None:
        self.published.append(offers)

    async def open_orders(self, cursor: str | None) -> OrderPage:
        self.asked.append(cursor)
        order = Order(
            dedupe=f"d{len(self.asked)}", offer_id="o1", candidate=Candidate(id="c", first_name="", last_name="")
        )
        return OrderPage(orders=(order,), cursor="again" if self.endless else None)

    async def aclose(self) -> None:
        return


class Teller:
    """An ATS that only hears results."""

    async def report(self, report: OrderReport) -> None:
        raise AssertionError(report)

    async def aclose(self) -> None:
        return


@dataclass
class Desk:
    """Takes nothing and remembers what came."""

    placed: list[tuple[str, OrderSource]] = field(default_factory=list)

    def offers(self, _connection: AtsConnection) -> list[AssessmentOffer]:
        return OFFERS

    async def place(self, _connection: AtsConnection, order: Order, *, source: OrderSource) -> Refusal:
        self.placed.append((order.dedupe, source))
        return Refusal("paused")


def connected(reporter: Book | Teller | None) -> AtsConnection:
    """A connection that takes orders, or none without a reporter."""
    desk = OrderDesk(KomboAssessments(), reporter, ("secret",)) if reporter else None
    return AtsConnection(settings=SETTINGS, adapter=cast("Any", None), webhook_secrets=(), desk=desk)


def books(database: Database, connection: AtsConnection, desk: Desk) -> OrderBooks:
    """The service over one connection."""
    clock = SystemClock()
    return OrderBooks(
        database=database,
        clock=clock,
        connections=Connections([connection]),
        sync=SyncLog(database, clock),
        ordering=cast("Any", desk),
    )


async def work_off(database: Database, made: OrderBooks) -> None:
    """Do what is asked for."""
    handlers: dict[type[Payload], Handler] = {PublishOffers: made.publish, FindOrders: made.find}
    await Worker(database, handlers, name="test").run_until_idle()


@pytest.mark.parametrize("reporter", [Teller(), None])
async def test_an_ats_that_asks_is_not_told(database: Database, reporter: Teller | None) -> None:
    """There is no tick for it, nothing is noted when a process starts, and work of an earlier configuration does nothing."""
    connection = connected(reporter)
    made = books(database, connection, Desk())
    assert book_of(connection) is None
    assert made.ticks() == ()
    await made.begin()
    async with database.reading() as session:
        assert await list_work(session, Selection()) == []
    async with database.transaction() as tx:
        await enqueue(tx, PublishOffers(connection=KEY))
        await enqueue(tx, FindOrders(connection=KEY))
    await work_off(database, made)
    async with database.reading() as session:
        assert (await session.scalars(sa.select(SyncRow))).all() == []


async def test_what_is_refused_stays_open_and_is_looked_at_again(database: Database) -> None:
    """An order that cannot be taken now is asked for at every look, and never forgotten."""
    book, desk = Book(), Desk()
    made = books(database, connected(book), desk)
    for _ in range(2):
        async with database.transaction() as tx:
            await enqueue(tx, FindOrders(connection=KEY))
        await work_off(database, made)
    assert desk.placed == [("d1", OrderSource.FOUND), ("d2", OrderSource.FOUND)]


async def test_pages_that_do_not_end_are_given_up(database: Database) -> None:
    """After a bound, as a dead letter that says why; what was found until then is kept."""
    book, desk = Book(endless=True), Desk()
    async with database.transaction() as tx:
        await enqueue(tx, FindOrders(connection=KEY))
    await work_off(database, books(database, connected(book), desk))
    assert len(book.asked) == len(desk.placed) == MOST_PAGES
    async with database.reading() as session:
        (dead,) = await list_work(session, Selection(states=(WorkState.DEAD,)))
    assert "paging does not end" in (dead.error or "")


async def test_two_processes_publish_once(database: Database) -> None:
    """Whoever starts first notes it, and the list lies there once."""
    book = Book()
    made = books(database, connected(book), Desk())
    await made.begin()
    await books(database, connected(book), Desk()).begin()
    await work_off(database, made)
    await made.begin()
    await work_off(database, made)
    assert book.published == [OFFERS]


def test_every_change_of_the_list_is_another_edition() -> None:
    """Name, id, order and number; and where it is put."""
    two = [*OFFERS, AssessmentOffer(id="o2", name="Second")]
    renamed = [AssessmentOffer(id="o1", name="First talk")]
    here = connected(Book())
    places: list[dict[str, Any]] = [{"base_url": "https://api.example.org"}, {"options": {"integration_id": "other"}}]
    elsewhere = [structs.replace(here, settings=structs.replace(SETTINGS, **place)) for place in places]
    editions = [edition_of(one, here) for one in (OFFERS, [], two, two[::-1], renamed)]
    editions += [edition_of(OFFERS, there) for there in elsewhere]
    assert len(set(editions)) == 7
    polled = structs.replace(here, settings=structs.replace(SETTINGS, poll_minutes=60))
    assert edition_of(list(OFFERS), polled) == edition_of(OFFERS, here)


async def test_lists_are_put_one_after_another(database: Database) -> None:
    """A start and the clock, of processes with different files: what lies there is what we remember."""
    made = books(database, connected(Book()), Desk())
    await made.begin()
    (tick,) = [tick for tick in made.ticks() if tick.name.startswith("offers:")]
    assert await Clockwork(database, [tick]).tick(tick)
    async with database.reading() as session:
        waiting = await list_work(session, Selection())
    assert [(item.kind, item.lane) for item in waiting] == [(PublishOffers.kind, f"offers/{KEY}")] * 2
