"""An order at Kombo end to end: ordered twice, interviewed once, reviewed, put there once; and what Kombo keeps itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import sqlalchemy as sa

from adapters.contract.assessment import AssessmentOffer, OrderReport, Progress
from adapters.kombo.client import PAGE_SIZE
from orchestrator.db.models.audit import AuditRow
from orchestrator.db.models.intake import RefusedCount
from orchestrator.db.models.ordering import PublishedOffers, ReportState
from orchestrator.domain.findings import Code
from orchestrator.domain.ordering import OrderRefusal, OrderState
from orchestrator.ports import SystemClock
from orchestrator.services.connections import AtsConnection, SyncLog
from orchestrator.services.kinds import FindOrders, PublishOffers
from orchestrator.services.orders.books import AGAIN, OrderBooks
from orchestrator.work.queue import enqueue
from orchestrator.work.worker import Worker
from tests.adapters.kombo.test_main_job import KomboLife, living
from tests.adapters.kombo.world import KOMBO_CASE, sign
from tests.adapters.main_job import KEY, PRESENTED, Evenhand, connected_house, decided, interviewed
from tests.adapters.order_job import OFFER, all_told, order_rows, report_states
from tests.adapters.suite import NOW

ORDERED = {code for code in Code if code.value.startswith(("order", "offer"))}


def address(house: Evenhand) -> str:
    """Where the webhook for orders goes."""
    return f"{house.ports.evenhand_url}/partner/{KEY}/orders"


async def test_an_order_twice_is_one_interview_and_one_result(sqlite_url: str, tmp_path: Path) -> None:
    """With faults on, an order whose delivery comes three times makes one interview; its result is put once, whole."""
    async with living() as world, connected_house(KOMBO_CASE, world, sqlite_url, tmp_path, orders=True) as house:
        assert isinstance(world, KomboLife)
        await world.listen(address(house), PRESENTED)
        await world.misbehave()
        order_id = world.kombo.order(OFFER, world.application_id)
        assert await world.kombo.post.deliver() == [200] * 3
        await house.until("the invitation", house.invited)
        await interviewed(house)
        assert world.kombo.results == {}
        await world.misbehave(calm=True)
        await decided(house)

        async def put() -> bool:
            return order_id in world.kombo.results and await all_told(house)

        await house.until("the result", put)
        assert (len(house.links()), await house.interviews()) == (1, 1)
        (order,) = await order_rows(house)
        assert (order.state, order.ours) == (OrderState.PLACED, False)
        assert set(await report_states(house)) == {ReportState.NO_WORD, ReportState.TOLD}
    (result,) = world.kombo.results[order_id]
    assert (result["status"], world.kombo.orders[order_id]["status"]) == ("COMPLETED", "COMPLETED")
    assert result["attributes"][0]["label"] == "Result"


async def test_a_stranger_orders_nothing(sqlite_url: str, tmp_path: Path) -> None:
    """Unsigned or signed with another secret, nothing is stored."""
    async with living() as world, connected_house(KOMBO_CASE, world, sqlite_url, tmp_path, orders=True) as house:
        assert isinstance(world, KomboLife)
        await world.listen(address(house), "another secret")
        world.kombo.order(OFFER, world.application_id)
        (letter,) = world.kombo.post.waiting
        async with httpx.AsyncClient(trust_env=False) as http:
            assert (await http.post(address(house), content=letter.body)).status_code == 401
            assert (
                await http.post(address(house), content=letter.body, headers=dict(letter.headers))
            ).status_code == 401
            spoiled = sign(letter.body, PRESENTED, NOW)
            assert (await http.post(address(house), content=letter.body + b" ", headers=spoiled)).status_code == 401
        assert await order_rows(house) == []


@dataclass
class Programs:
    """Programs as a later evenhand.yaml has them."""

    names: Sequence[str]

    def offers(self, _connection: AtsConnection) -> list[AssessmentOffer]:
        return [AssessmentOffer(id=f"offer-{name}", name=name) for name in self.names]


async def tick(house: Evenhand, name: str) -> None:
    """The clock comes to a slot of a tick, and what it asks for is done."""
    (one,) = [tick for tick in house.runtime.ticks if tick.name == f"{name}:{KEY}"]
    if not await house.runtime.clockwork().tick(one):
        # It did in this slot: the next one asks for the same.
        async with house.runtime.database.transaction() as tx:
            await enqueue(tx, one.payload(datetime.now(UTC)), rate_key=one.rate_key)
    await house.work()


async def tags(house: Evenhand) -> list[str]:
    """The tags of all audit events about orders."""
    async with house.runtime.database.reading() as session:
        found = await session.scalars(sa.select(AuditRow.tag).where(AuditRow.tag.contains(":order:")))
        return list(found)


async def test_an_order_whose_delivery_was_lost_is_found(sqlite_url: str, tmp_path: Path) -> None:
    """With faults on, the clock finds what no delivery told, once; the delivery that comes late is the same order."""
    async with living() as world, connected_house(KOMBO_CASE, world, sqlite_url, tmp_path, orders=True) as house:
        assert isinstance(world, KomboLife)
        order_id = world.kombo.order(OFFER, world.application_id)
        nowhere = world.kombo.order("another vendor's package", world.application_id)
        await world.misbehave()
        await tick(house, "orders")
        await house.until("the invitation", house.invited)
        await tick(house, "orders")
        await world.misbehave(calm=True)
        await world.listen(address(house), PRESENTED)
        world.kombo.announce("assessment:order-received", world.kombo.orders[order_id])
        assert await world.kombo.post.deliver() == [200]
        await house.work()
        (order,) = await order_rows(house)
        assert (order.dedupe, order.state, order.ours) == (order_id, OrderState.PLACED, False)
        assert (len(house.links()), await house.interviews()) == (1, 1)
        assert (await tags(house)).count("ats:order:placed") == 1
        assert world.kombo.orders[nowhere]["status"] == "OPEN"


async def test_an_order_that_cannot_be_read_hides_no_other(sqlite_url: str, tmp_path: Path) -> None:
    """Those beside it and on the pages after it are found; it is counted, and its result can be told."""
    async with living() as world, connected_house(KOMBO_CASE, world, sqlite_url, tmp_path, orders=True) as house:
        assert isinstance(world, KomboLife)
        made = [world.kombo.order(OFFER, world.application_id) for _ in range(PAGE_SIZE + 2)]
        world.kombo.orders[made[0]]["candidate"]["email"] = None
        for _ in range(2):
            async with house.runtime.database.transaction() as tx:
                await enqueue(tx, FindOrders(connection=KEY), rate_key=KEY)
            worker = Worker(house.runtime.database, house.runtime.handlers, name="finder", kinds=[FindOrders.kind])
            await worker.run_until_idle()
        assert {order.dedupe for order in await order_rows(house)} == {*made[1:]}
        async with house.runtime.database.reading() as session:
            counted = (await session.execute(sa.select(RefusedCount.reason, RefusedCount.count))).all()
        assert [tuple(row) for row in counted] == [(OrderRefusal.UNREADABLE, 2)]
        desk = house.runtime.connections.get(KEY).desk
        assert desk is not None
        report = OrderReport(
            order_id="o", progress=Progress.CANCELLED, link="https://x.example", at=0, report_to=made[0]
        )
        await desk.reporter.report(report)
        assert world.kombo.orders[made[0]]["status"] == "CANCELLED"


async def test_many_open_orders_are_found_page_by_page(sqlite_url: str, tmp_path: Path) -> None:
    """Three hundred that nobody told of are three hundred orders, and are stored once."""
    async with living() as world, connected_house(KOMBO_CASE, world, sqlite_url, tmp_path, orders=True) as house:
        assert isinstance(world, KomboLife)
        made = {world.kombo.order(OFFER, world.application_id) for _ in range(300)}
        for _ in range(2):
            async with house.runtime.database.transaction() as tx:
                await enqueue(tx, FindOrders(connection=KEY), rate_key=KEY)
            worker = Worker(house.runtime.database, house.runtime.handlers, name="finder", kinds=[FindOrders.kind])
            await worker.run_until_idle()
        assert {order.dedupe for order in await order_rows(house)} == made


async def test_the_list_is_published_when_a_process_starts(sqlite_url: str, tmp_path: Path) -> None:
    """Once for all processes, again when programs changed or after a day, and whoever does not answer is told again."""
    async with living() as world, connected_house(KOMBO_CASE, world, sqlite_url, tmp_path, orders=True) as house:
        assert isinstance(world, KomboLife)
        kombo, database = world.kombo, house.runtime.database
        kombo.faults.lose = 1
        assert Code.OFFERS_NOT_PUBLISHED in await found(house)
        await house.runtime.begin()
        await house.until("the list", lambda: listed(house))
        assert await found(house) & ORDERED == {Code.ORDERS_NEVER}
        assert [(one["id"], one["name"]) for one in kombo.packages] == [(OFFER, "Customer support, first interview")]
        assert kombo.published == 2
        await house.runtime.begin()
        await tick(house, "offers")
        assert kombo.published == 2

        sync = SyncLog(database, SystemClock())
        later = OrderBooks(
            database=database,
            clock=SystemClock(),
            connections=house.runtime.connections,
            sync=sync,
            ordering=Programs(["a", "b"]),  # type: ignore[arg-type]  # it is asked for its offers only
        )
        await later.begin()
        await Worker(database, {PublishOffers: later.publish}, name="later").run_until_idle()
        assert [one["id"] for one in kombo.packages] == ["offer-a", "offer-b"]

        await tick(house, "offers")
        assert [one["id"] for one in kombo.packages] == [OFFER]
        async with database.transaction() as tx:
            row = await tx.session.get_one(PublishedOffers, KEY)
            row.published_at -= AGAIN + timedelta(seconds=1)
        await tick(house, "offers")
        assert kombo.published == 5
        assert (await tags(house)).count("system:order:offers-published") == 4


async def found(house: Evenhand) -> set[Code]:
    """What the doctor finds at the connection."""
    report = await house.runtime.services.doctor.examine(actor="test", connection=KEY)
    return {finding.code for finding in report.findings}


async def listed(house: Evenhand) -> bool:
    """Whether we know that the list lies there."""
    async with house.runtime.database.reading() as session:
        return await session.get(PublishedOffers, KEY) is not None
