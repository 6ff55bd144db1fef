"""Orders in the model of Ashby: assessment.list, assessment.start, assessment.cancel, and what assessment.update tells."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from adapters.contract.model import StageKind
from orchestrator.db.base import new_id
from orchestrator.db.models.account import Role
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.repositories import orders
from orchestrator.domain.interview import InterviewState
from orchestrator.domain.ordering import OrderState
from orchestrator.services.kinds import WriteBack
from orchestrator.services.orders.ordering import LOOKS
from orchestrator.services.views import Account
from orchestrator.work.table import work
from tests.adapters.ashby.simulator import EVERYTHING, Ashby, create_app, uid
from tests.adapters.ashby.test_main_job import AshbyLife
from tests.adapters.ashby.world import API_KEY, ASHBY_CASE
from tests.adapters.case import Case
from tests.adapters.main_job import PRESENTED, SECRET, Evenhand, connected_house, interviewed
from tests.adapters.order_job import OFFER, Ordered, OrderingWorld, OrderJob, client, order_rows
from tests.fixtures.house import REVIEWER
from tests.fixtures.sandbox import serving
from tests.fixtures.timers import advance


@dataclass
class AshbyOrders(AshbyLife):
    """Ashby with a recruiter who orders."""

    async def offered(self, http: httpx.AsyncClient) -> Sequence[str]:
        answer = (await http.post("/assessment.list", json={})).json()
        assert answer["success"] is True
        return [one["assessment_type_id"] for one in answer["results"]]

    async def order(self, http: httpx.AsyncClient) -> str:
        answer = await http.post("/assessment.start", json=self.start)
        assert answer.status_code == 200, answer.text
        assessment: str = answer.json()["results"]["assessment_id"]
        return assessment

    @property
    def start(self) -> dict[str, object]:
        person = {"first_name": "Ada", "last_name": "Quill0", "email": self.email, "ashby_profile_url": "https://x"}
        return {
            "assessment_type_id": OFFER,
            "candidate": {"ashby_id": uid("candidate Ada Quill0"), **person},
            "application": {"ashby_id": self.application_id, "status": "Active"},
            "job": {"ashby_id": uid("job"), "name": "Customer Support Specialist", "ashby_job_url": "https://x"},
        }

    async def told(self, _http: httpx.AsyncClient) -> Sequence[Mapping[str, Any]]:
        updates = {one["timestamp"]: one for ones in self.ashby.assessments.values() for one in ones}
        return [
            {
                "status": (update.get("assessment_status") or update["cancelled_reason"])["value"],
                "band": next((one["value"] for one in update.get("metadata", []) if one["identifier"] == "band"), None),
            }
            for _, update in sorted(updates.items())
        ]


@asynccontextmanager
async def ordering_life() -> AsyncIterator[OrderingWorld]:
    ashby = Ashby(keys={API_KEY: EVERYTHING})
    async with serving(create_app(ashby)) as base_url:
        yield AshbyOrders(ashby, base_url)


class TestAshbyOrders(OrderJob):
    """With Basic, as Ashby's own calls are."""

    authorization = f"Basic {b64encode(f'{PRESENTED}:'.encode()).decode()}"

    @pytest.fixture
    def case(self) -> Case:
        return ASHBY_CASE

    @pytest.fixture
    def ordering(self) -> Ordered:
        return ordering_life


@asynccontextmanager
async def ordered_house(url: str, folder: Path) -> AsyncIterator[tuple[AshbyOrders, Evenhand, httpx.AsyncClient]]:
    ashby = Ashby(keys={API_KEY: EVERYTHING})
    async with serving(create_app(ashby)) as base_url:
        world = AshbyOrders(ashby, base_url)
        async with connected_house(ASHBY_CASE, world, url, folder, orders=True) as house, client(house) as http:
            yield world, house, http


async def test_the_move_and_the_order_are_one_interview(sqlite_url: str, tmp_path: Path) -> None:
    """A webhook of the move, an order and a poll make one interview, whichever comes first."""
    async with ordered_house(sqlite_url, tmp_path) as (world, house, http):
        await world.listen(house.hook, SECRET)
        await world.recruit(world.trigger_stage)
        await house.until("the invitation", house.invited)
        await world.order(http)
        await house.poll()
        await house.work()
        assert await house.interviews() == 1
        assert len(house.links()) == 1
        assert [order.state for order in await order_rows(house)] == [OrderState.PLACED]


async def test_an_order_before_its_move_is_one_interview(sqlite_url: str, tmp_path: Path) -> None:
    """The order comes first, the webhook and the poll of the same move after it."""
    async with ordered_house(sqlite_url, tmp_path) as (world, house, http):
        world.ashby.move(world.application_id, world.trigger_stage)
        await world.order(http)
        await house.until("the invitation", house.invited)
        await world.listen(house.hook, SECRET)
        await world.ashby.deliver(twice=True)
        await house.poll()
        await house.work()
        assert await house.interviews() == 1
        assert len(house.links()) == 1


async def test_a_cancelled_order_ends_what_was_not_handed_in(database_url: str, tmp_path: Path) -> None:
    """Cancelled twice is cancelled once; the same thing can be ordered again and is a new order; Ashby hears no echo."""
    async with ordered_house(database_url, tmp_path) as (world, house, http):
        first = await world.order(http)
        await house.until("the invitation", house.invited)
        for _ in range(2):
            answer = await http.post("/assessment.cancel", json={"assessment_id": first})
            assert (answer.status_code, answer.json()["results"]) == (200, {"assessment_id": first})
        second = await world.order(http)
        assert second != first
        await house.work()
        assert {str(order.id): order.state for order in await order_rows(house)} == {
            first: OrderState.CANCELLED,
            second: OrderState.PLACED,
        }
        assert await house.interviews() == 2
        assert await world.told(http) == []


async def test_answers_that_were_handed_in_are_not_cancelled(sqlite_url: str, tmp_path: Path) -> None:
    """What the candidate did counts: the recruiter is told that it is too late."""
    async with ordered_house(sqlite_url, tmp_path) as (world, house, http):
        order = await world.order(http)
        await house.until("the invitation", house.invited)
        await interviewed(house)
        answer = await http.post("/assessment.cancel", json={"assessment_id": order})
        assert (answer.status_code, "handed in" in answer.json()["message"]) == (422, True)
        unknown = await http.post("/assessment.cancel", json={"assessment_id": uid("nothing")})
        assert unknown.status_code == 422
        await house.work()
        assert [one["status"] for one in await world.told(http)] == ["Started"]


async def test_the_same_order_at_the_same_moment(database_url: str, tmp_path: Path) -> None:
    """Ten requests at once are one order; each of them is answered with its id."""
    async with ordered_house(database_url, tmp_path) as (world, house, http):
        ids = await asyncio.gather(*(world.order(http) for _ in range(10)))
        assert len(set(ids)) == 1
        await house.until("the invitation", house.invited)
        assert await house.interviews() == 1


async def test_whom_a_stage_change_cannot_invite_an_order_cannot(sqlite_url: str, tmp_path: Path) -> None:
    """Somebody without an address: the order is over, Ashby is told so, and what is ordered again is looked at anew."""
    async with ordered_house(sqlite_url, tmp_path) as (world, house, http):
        nobody = world.ashby.apply("Nina Nomail", None)
        start = {**world.start, "application": {"ashby_id": nobody, "status": "Active"}}
        first = (await http.post("/assessment.start", json=start)).json()["results"]["assessment_id"]
        await house.work()
        (order,) = await order_rows(house)
        assert (str(order.id), order.state, order.reason) == (first, OrderState.SKIPPED, "no_email")
        assert order.application_id is not None
        reader = Account(id=new_id(), email=REVIEWER.email, name=REVIEWER.name, role=Role.ADMIN)
        view = await house.runtime.services.operating.timeline(order.application_id, viewer=reader)
        told = {item.title: item.detail for item in view.items}
        assert told["Ordered in the ATS"] == "skipped: no_email (pilot)"
        assert told["Push: report order"].startswith("ok")
        assert [one["status"] for one in await world.told(http)] == ["Cancelled in Evenhand"]
        second = (await http.post("/assessment.start", json=start)).json()["results"]["assessment_id"]
        assert second != first
        assert await house.interviews() == 0


async def test_an_order_in_an_unmapped_stage_waits_until_it_is_mapped(database_url: str, tmp_path: Path) -> None:
    """The stage is put into the quarantine, and mapping it starts what was ordered."""
    async with ordered_house(database_url, tmp_path) as (world, house, http):
        world.ashby.move(world.application_id, "Offer")
        await world.order(http)
        await house.work()
        assert [order.state for order in await order_rows(house)] == [OrderState.HELD]
        (unknown,) = await house.runtime.services.operating.quarantine()
        await house.runtime.services.operating.map_stage(unknown.id, kind=StageKind.INTERVIEW, actor="test")
        await house.until("the invitation", house.invited)
        assert [order.state for order in await order_rows(house)] == [OrderState.PLACED]
        assert await house.interviews() == 1


async def test_an_application_that_is_never_shown_is_made_of_the_order(sqlite_url: str, tmp_path: Path) -> None:
    """It is looked for more than once; then the order says who is invited, and nothing but the report is written."""
    async with ordered_house(sqlite_url, tmp_path) as (world, house, http):
        start = {**world.start, "application": {"ashby_id": uid("application of nobody"), "status": "Active"}}
        assert (await http.post("/assessment.start", json=start)).status_code == 200
        await house.work()
        assert [(order.state, order.ours) for order in await order_rows(house)] == [(OrderState.RECEIVED, False)]
        await house.until("the invitation", house.invited)
        assert [(order.state, order.ours) for order in await order_rows(house)] == [(OrderState.PLACED, True)]
        assert world.ashby.requests.count("application.info") == LOOKS
        await interviewed(house)
        await house.work()
        assert [one["status"] for one in await world.told(http)] == ["Started"]
        assert not await world.shown()


async def test_a_waiting_order_goes_on_with_its_application(sqlite_url: str, tmp_path: Path) -> None:
    """Nobody maps the stage, the recruiter moves the application on: the order that waited starts the interview, once."""
    async with ordered_house(sqlite_url, tmp_path) as (world, house, http):
        world.ashby.move(world.application_id, "Offer")
        await world.order(http)
        await house.work()
        assert [order.state for order in await order_rows(house)] == [OrderState.HELD]
        await world.listen(house.hook, SECRET)
        await world.recruit(world.trigger_stage)
        await house.until("the invitation", house.invited)
        assert [order.state for order in await order_rows(house)] == [OrderState.PLACED]
        assert await house.interviews() == 1


async def test_a_cancelled_order_is_not_placed_by_whoever_looked_before(database_url: str, tmp_path: Path) -> None:
    """Who takes in an application holds the orders that wait for it; a cancellation comes before that or after it."""
    async with ordered_house(database_url, tmp_path) as (world, house, http):
        world.ashby.move(world.application_id, "Offer")
        order_id = await world.order(http)
        await house.work()
        (order,) = await order_rows(house)
        assert order.application_id is not None
        async with house.runtime.database.transaction() as tx:
            (held,) = await orders.held(tx.session, order.application_id)
            assert str(held.id) == order_id
            cancelling = asyncio.create_task(http.post("/assessment.cancel", json={"assessment_id": order_id}))
            done, _ = await asyncio.wait({cancelling}, timeout=0.3)
            assert not done
        assert (await cancelling).status_code == 200
        (unknown,) = await house.runtime.services.operating.quarantine()
        await house.runtime.services.operating.map_stage(unknown.id, kind=StageKind.INTERVIEW, actor="test")
        await house.work()
        assert [order.state for order in await order_rows(house)] == [OrderState.CANCELLED]
        assert await house.interviews() == 0


async def test_an_ordered_interview_goes_on_whoever_came_first(sqlite_url: str, tmp_path: Path) -> None:
    """The move started it and the order joined it: leaving the stage does not end it, the end of the application does."""
    async with ordered_house(sqlite_url, tmp_path) as (world, house, http):
        await world.listen(house.hook, SECRET)
        await world.recruit(world.trigger_stage)
        await house.until("the invitation", house.invited)
        await world.order(http)
        await house.work()
        await world.recruit(world.resting_stage)
        await house.work()
        assert await states(house) == [InterviewState.INVITED]
        assert [order.state for order in await order_rows(house)] == [OrderState.PLACED]


async def test_ordered_again_after_its_time_ran_out(sqlite_url: str, tmp_path: Path) -> None:
    """It is a new order, and not a silent part of an interview that nobody can take any more."""
    async with ordered_house(sqlite_url, tmp_path) as (world, house, http):
        first = await world.order(http)
        await house.until("the invitation", house.invited)
        await advance(house.runtime.database, 8 * 86400.0)
        await house.work()
        assert await states(house) == [InterviewState.EXPIRED]
        second = await world.order(http)
        assert second != first
        await house.work()
        told = {str(order.id): (order.state, order.reason) for order in await order_rows(house)}
        # The program interviews nobody twice; the recruiter reads that nothing comes of it.
        assert told == {first: (OrderState.PLACED, None), second: (OrderState.SKIPPED, "re_entry")}
        assert [one["status"] for one in await world.told(http)] == ["Cancelled in Evenhand"]


async def test_ordered_after_what_its_move_started_ran_out(sqlite_url: str, tmp_path: Path) -> None:
    """The order does not hang on an interview that nobody can take: it is decided, and the recruiter reads how."""
    async with ordered_house(sqlite_url, tmp_path) as (world, house, http):
        await world.listen(house.hook, SECRET)
        await world.recruit(world.trigger_stage)
        await house.until("the invitation", house.invited)
        await advance(house.runtime.database, 8 * 86400.0)
        await house.work()
        assert await states(house) == [InterviewState.EXPIRED]
        await world.order(http)
        await house.work()
        assert [(order.state, order.reason) for order in await order_rows(house)] == [(OrderState.SKIPPED, "re_entry")]
        assert [one["status"] for one in await world.told(http)] == ["Cancelled in Evenhand"]


async def test_a_result_does_not_wait_for_fields(sqlite_url: str, tmp_path: Path) -> None:
    """A field that only an administrator can mend holds up fields and notes, and not what is told of the order."""
    async with ordered_house(sqlite_url, tmp_path) as (world, house, http):
        await world.order(http)
        await house.until("the invitation", house.invited)
        async with house.runtime.database.transaction() as tx:
            pushing = sa.select(work.c.id).where(work.c.kind == WriteBack.kind)
            assert (await tx.session.execute(pushing)).first() is not None
            await tx.session.execute(
                sa.update(work).where(work.c.kind == WriteBack.kind).values(state="queued", run_at=9e9)
            )
        await interviewed(house)
        await house.work()
        assert [one["status"] for one in await world.told(http)] == ["Started"]


async def states(house: Evenhand) -> list[InterviewState]:
    """Where every interview stands."""
    async with house.runtime.database.reading() as session:
        return list(await session.scalars(sa.select(InterviewRow.state)))
