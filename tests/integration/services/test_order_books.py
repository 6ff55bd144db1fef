"""ATSs that keep offers and orders: which connections are looked at, and what an ATS that goes in circles costs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
import sqlalchemy as sa
from msgspec import structs

from adapters.contract.assessment import AssessmentOffer, Order, OrderPage, OrderReport
from adapters.contract.errors import PermissionMissing
from adapters.contract.model import Candidate
from adapters.kombo.assessment import KomboAssessments
from orchestrator.config.schema import Connection
from orchestrator.db.models.intake import ClockSlot
from orchestrator.db.models.writeback import SyncRow
from orchestrator.db.session import Database
from orchestrator.domain.writeback import FieldMap
from orchestrator.ports import Clock, SystemClock
from orchestrator.services.connections import AtsConnection, Connections, OrderDesk, SyncLog
from orchestrator.services.kinds import FindOrders, PublishOffers
from orchestrator.services.orders.books import MOST_PAGES, PASS_ON, ROLLING, OrderBooks, book_of, edition_of
from orchestrator.services.orders.ordering import OrderSource, Refusal
from orchestrator.work.admin import Selection, list_work, replay
from orchestrator.work.clock import Clockwork
from orchestrator.work.job import Handler
from orchestrator.work.payload import Payload, Registry
from orchestrator.work.queue import enqueue
from orchestrator.work.table import WorkState
from orchestrator.work.worker import Worker
from tests.fixtures.timers import advance

KEY = "customer"
SETTINGS = Connection(
    key=KEY, adapter="kombo", base_url="https://api.example.com", credentials={}, stages=(), fields=FieldMap()
)
OFFERS = [AssessmentOffer(id="o1", name="First interview")]


@dataclass
class Book:
    """An ATS that keeps both; ``endless`` pages never end, and where ``refuses`` the key may do neither."""

    endless: bool = False
    refuses: bool = False
    asked: list[str | None] = field(default_factory=list)
    published: list[Sequence[AssessmentOffer]] = field(default_factory=list)

    async def report(self, report: OrderReport) -> None:
        raise AssertionError(report)

    async def publish(self, offers: Sequence[AssessmentOffer]) -> None:
        if self.refuses:
            raise PermissionMissing("not allowed", scope="assessments")
        self.published.append(offers)

    async def open_orders(self, cursor: str | None) -> OrderPage:
        self.asked.append(cursor)
        if self.refuses:
            raise PermissionMissing("not allowed", scope="assessments")
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
    list_: list[AssessmentOffer] = field(default_factory=lambda: OFFERS)

    def offers(self, _connection: AtsConnection) -> list[AssessmentOffer]:
        return self.list_

    async def place(self, _connection: AtsConnection, order: Order, *, source: OrderSource) -> Refusal:
        self.placed.append((order.dedupe, source))
        return Refusal("paused")


def connected(reporter: Book | Teller | None) -> AtsConnection:
    """A connection that takes orders, or none without a reporter."""
    desk = OrderDesk(KomboAssessments(), reporter, ("secret",)) if reporter else None
    return AtsConnection(settings=SETTINGS, adapter=cast("Any", None), webhook_secrets=(), desk=desk)


@dataclass
class Later:
    """A clock that is ahead."""

    by: timedelta

    def now(self) -> datetime:
        return datetime.now(UTC) + self.by


def books(database: Database, connection: AtsConnection, desk: Desk, clock: Clock | None = None) -> OrderBooks:
    """The service over one connection."""
    clock = clock or SystemClock()
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


@pytest.mark.parametrize("name", ["orders", "offers"])
async def test_what_is_refused_makes_one_dead_letter(name: str, database: Database) -> None:
    """The key may not: no more is made while a person is asked; run again with the permission, the clock goes on."""
    book = Book(refuses=True)
    made = books(database, connected(book), Desk())
    (tick,) = [tick for tick in made.ticks() if tick.name == f"{name}:{KEY}"]
    clockwork = Clockwork(database, [tick])
    for first in (True, False, False):
        assert await clockwork.tick(tick) is first
        await work_off(database, made)
        await next_slot(database)
    async with database.reading() as session:
        (dead,) = await list_work(session, Selection())
    assert (dead.state, dead.subject) == (WorkState.DEAD, f"clock:{name}:{KEY}")
    book.refuses = False
    async with database.transaction() as tx:
        await replay(tx, dead.id, actor="test")
    await work_off(database, made)
    assert await clockwork.tick(tick) is True


async def next_slot(database: Database) -> None:
    """The last slot was long ago, and its key is not in the way."""
    async with database.transaction() as tx:
        for row in await tx.session.scalars(sa.select(ClockSlot)):
            row.slot -= timedelta(days=1)
        await tx.session.execute(sa.text("UPDATE work SET dedupe = 'slot ' || id"))


async def test_a_new_list_waits_for_a_process_that_has_it(database: Database) -> None:
    """One with the old file takes it first, whose own list lies there: it is passed on, and no attempt is used up."""
    book = Book()
    old = books(database, connected(book), Desk())
    await old.begin()
    await work_off(database, old)
    offers = [*OFFERS, AssessmentOffer(id="o2", name="Second")]
    new = books(database, connected(book), Desk(list_=offers))
    await new.begin()
    await work_off(database, old)
    await new.begin()
    async with database.reading() as session:
        (waiting,) = await list_work(session, Selection(states=(WorkState.QUEUED,)))
    assert (waiting.attempt, book.published) == (0, [OFFERS])
    await advance(database, 2 * PASS_ON)
    await work_off(database, new)
    assert book.published == [OFFERS, offers]


async def test_a_list_that_nobody_has_any_more_blocks_nothing(database: Database) -> None:
    """Its process went back to the old file before it was put: after a while whoever takes it puts its own."""
    book = Book()
    gone = books(database, connected(book), Desk(list_=[AssessmentOffer(id="o2", name="Second")]))
    await gone.begin()
    await work_off(database, books(database, connected(book), Desk()))
    assert book.published == []
    await advance(database, 2 * PASS_ON)
    await work_off(database, books(database, connected(book), Desk(), Later(ROLLING + timedelta(seconds=1))))
    assert book.published == [OFFERS]
    async with database.reading() as session:
        assert await list_work(session, Selection(states=(WorkState.QUEUED,))) == []


def test_what_the_last_release_asked_for_is_read() -> None:
    """A list without an edition is that of whoever does it."""
    stored = Registry([PublishOffers]).decode("order.publish", 1, '{"connection":"customer"}')
    assert stored == PublishOffers(connection=KEY, edition=None)
