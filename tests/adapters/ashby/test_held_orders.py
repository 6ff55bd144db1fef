"""Orders that wait because their application stands in a stage without a meaning: whoever reads it next goes on with them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from msgspec import structs

from adapters.contract.assessment import Order
from adapters.contract.model import Application, Candidate, StageKind
from orchestrator.config.schema import StageMapping
from orchestrator.db.models.intake import DeliveryRow, DeliverySource
from orchestrator.domain.backfill import Judgement, Outcome
from orchestrator.domain.ordering import OrderState
from orchestrator.domain.trigger import Reason
from orchestrator.services.connections import AtsConnection, Connections
from orchestrator.services.orders.held import HeldOrders
from tests.adapters.ashby.simulator import uid
from tests.adapters.ashby.test_orders import AshbyOrders, ordered_house
from tests.adapters.main_job import KEY, SECRET, Evenhand
from tests.adapters.order_job import OFFER, order_rows

UNMAPPED = "Offer"


def another(world: AshbyOrders) -> Order:
    """A second order for the same application, as a vendor with ids of orders places one."""
    person = Candidate(id=uid("candidate Ada Quill0"), first_name="Ada", last_name="Quill0", emails=(world.email,))
    return Order(dedupe="second", offer_id=OFFER, candidate=person, application_id=world.application_id)


async def order_states(house: Evenhand) -> list[OrderState]:
    """Where every order stands."""
    return [order.state for order in await order_rows(house)]


async def test_another_order_that_reads_first_takes_the_waiting_one_along(sqlite_url: str, tmp_path: Path) -> None:
    """The application moved on, and an order reads it before the webhook and the poll of that move: none is left behind."""
    async with ordered_house(sqlite_url, tmp_path) as (world, house, http):
        await world.listen(house.hook, SECRET)
        world.ashby.move(world.application_id, UNMAPPED)
        await world.order(http)
        await house.work()
        assert await order_states(house) == [OrderState.HELD]
        world.ashby.move(world.application_id, world.trigger_stage)
        ordering, connection = house.runtime.services.ordering, house.runtime.connections.get(KEY)
        await ordering.place(connection, another(world))
        await house.work()
        assert await order_states(house) == [OrderState.PLACED] * 2
        await world.ashby.deliver()
        await house.poll()
        await house.work()
        assert await order_states(house) == [OrderState.PLACED] * 2
        assert await house.interviews() == 1


async def test_a_known_move_still_takes_a_waiting_order_along(sqlite_url: str, tmp_path: Path) -> None:
    """Whatever left an order waiting in a stage that means something, the next reading finds it."""
    async with ordered_house(sqlite_url, tmp_path) as (world, house, http):
        await world.listen(house.hook, SECRET)
        await world.recruit(world.trigger_stage)
        await house.until("the invitation", house.invited)
        await world.order(http)
        await house.work()
        async with house.runtime.database.transaction() as tx:
            await tx.session.execute(sa.text("UPDATE assessment_order SET state = 'held', interview_id = NULL"))
        world.ashby.touch(world.application_id)
        await house.poll()
        await house.work()
        assert await order_states(house) == [OrderState.PLACED]
        assert await house.interviews() == 1


async def test_a_backfill_that_reads_first_takes_a_waiting_order_along(sqlite_url: str, tmp_path: Path) -> None:
    """The order comes before what the backfill would decide, and counts there."""
    async with ordered_house(sqlite_url, tmp_path) as (world, house, http):
        world.ashby.move(world.application_id, UNMAPPED)
        await world.order(http)
        await house.work()
        world.ashby.move(world.application_id, world.trigger_stage)
        connection = house.runtime.connections.get(KEY)
        read: Application = await connection.adapter.read_application(world.application_id)

        async def judge() -> Judgement:
            return Judgement(Outcome.SKIPPED, Reason.RE_ENTRY)

        triggering = house.runtime.services.intake._triggering
        async with house.runtime.database.transaction() as tx:
            await triggering.take_in_early(tx, connection, read, judge)
        assert await order_states(house) == [OrderState.PLACED]


async def test_a_stage_that_the_file_maps_now_frees_its_orders(database_url: str, tmp_path: Path) -> None:
    """The stage is written into evenhand.yaml and every process starts again: nobody need move or poll anything."""
    async with ordered_house(database_url, tmp_path) as (world, house, http):
        world.ashby.move(world.application_id, UNMAPPED)
        await world.order(http)
        await house.work()
        await house.runtime.begin()
        assert await replays(house) == 0
        at = datetime(2026, 11, 22, 12, 1, tzinfo=UTC)
        for _ in range(2):
            await started(house, edited(house), at=at).begin()
        assert await replays(house) == 1
        house.runtime.connections._by_key[KEY] = edited(house)
        await house.work()
        assert await order_states(house) == [OrderState.PLACED]
        assert await house.interviews() == 1
        await house.runtime.begin()
        assert await replays(house) == 1


async def test_a_reading_that_an_older_process_took_is_made_again(database_url: str, tmp_path: Path) -> None:
    """One with the old file reads, and the order waits on: the next that starts, or the clock, has it read again."""
    async with ordered_house(database_url, tmp_path) as (world, house, http):
        world.ashby.move(world.application_id, UNMAPPED)
        await world.order(http)
        await house.work()
        new, at = edited(house), datetime(2026, 11, 22, 12, 1, tzinfo=UTC)
        await started(house, new, at=at).begin()
        await house.work()
        assert (await order_states(house), await replays(house)) == ([OrderState.HELD], 1)
        await started(house, edited(house, "Another stage"), at=at).begin()
        assert await replays(house) == 2
        await started(house, new, at=at + timedelta(minutes=5)).begin()
        assert await replays(house) == 3
        await house.work()
        assert await order_states(house) == [OrderState.HELD]

        house.runtime.connections._by_key[KEY] = new
        (hourly,) = [tick for tick in house.runtime.ticks if tick.name == "held-orders"]
        assert hourly.seconds == 3600
        assert await house.runtime.clockwork().tick(hourly)
        await house.work()
        assert await order_states(house) == [OrderState.PLACED]


def edited(house: Evenhand, *others: str) -> AtsConnection:
    """The connection as a file that maps the stage, and others, has it."""
    known = house.runtime.connections.get(KEY)
    mapped = [StageMapping(stage=name, kind=StageKind.INTERVIEW) for name in (UNMAPPED, *others)]
    return structs.replace(known, settings=structs.replace(known.settings, stages=(*known.settings.stages, *mapped)))


def started(house: Evenhand, connection: AtsConnection, *, at: datetime) -> HeldOrders:
    """A process that starts with another file."""
    return HeldOrders(
        database=house.runtime.database,
        clock=Stopped(at),
        connections=Connections([connection]),
        announce=house.runtime.services.intake.announce,
    )


@dataclass(frozen=True)
class Stopped:
    """A clock that stands still."""

    at: datetime

    def now(self) -> datetime:
        """The instant."""
        return self.at


async def replays(house: Evenhand) -> int:
    """How many readings we asked for ourselves."""
    counted = sa.select(sa.func.count()).where(DeliveryRow.source == DeliverySource.REPLAY)
    async with house.runtime.database.reading() as session:
        return (await session.execute(counted)).scalar_one()
