"""Orders in the model of Workable: it names no application, so the result goes back to the address of the order alone."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from orchestrator.db.models.writeback import WriteBackRow
from orchestrator.domain.findings import Code
from orchestrator.domain.ordering import OrderState
from orchestrator.work.admin import Selection
from orchestrator.work.table import WorkState
from tests.adapters.case import Case
from tests.adapters.main_job import KEY, connected_house
from tests.adapters.order_job import OFFER, Ordered, OrderingWorld, OrderJob, client, order_rows, report_states
from tests.adapters.workable.simulator import create_app
from tests.adapters.workable.test_main_job import WorkableLife
from tests.adapters.workable.world import WORKABLE_CASE, account
from tests.fixtures.sandbox import serving


@dataclass
class WorkableOrders(WorkableLife):
    """Workable with a recruiter who orders a test. ``callback`` numbers the order."""

    callback: int = 41

    async def offered(self, http: httpx.AsyncClient) -> Sequence[str]:
        answer = (await http.get("/tests")).json()
        return [one["id"] for one in answer["tests"]]

    async def order(self, http: httpx.AsyncClient) -> str:
        answer = await http.post("/assessments", content=self.vendor.order_body(self.callback, OFFER))
        assert answer.status_code == 200, answer.text
        assessment: str = answer.json()["assessment_id"]
        return assessment

    async def told(self, _http: httpx.AsyncClient) -> Sequence[Mapping[str, Any]]:
        result = self.vendor.results.get(str(self.callback))
        return [{"status": result["status"], "band": result.get("assessment", {}).get("grade")}] if result else []

    async def misbehave(self, *, calm: bool = False) -> None:
        await super().misbehave(calm=calm)
        self.vendor.lose |= {} if calm else {"PUT": 1}


@asynccontextmanager
async def ordering_life() -> AsyncIterator[OrderingWorld]:
    vendor = account()
    vendor.outbox.clear()
    async with serving(create_app(vendor)) as vendor.base_url:
        yield WorkableOrders(vendor)


class TestWorkableOrders(OrderJob):
    """With the bearer token that the customer gave to Workable."""

    @pytest.fixture
    def case(self) -> Case:
        return WORKABLE_CASE

    @pytest.fixture
    def ordering(self) -> Ordered:
        return ordering_life


async def test_where_no_application_is_shown_nothing_but_the_report_is_written(sqlite_url: str, tmp_path: Path) -> None:
    """The application is made of the order: no field, no note and no dead letter comes of it."""
    async with (
        ordering_life() as world,
        connected_house(WORKABLE_CASE, world, sqlite_url, tmp_path, orders=True) as house,
    ):
        async with client(house) as http:
            await world.order(http)
        await house.until("the invitation", house.invited)
        (order,) = await order_rows(house)
        assert (order.state, order.ours) == (OrderState.PLACED, True)
        async with house.runtime.database.reading() as session:
            assert (await session.scalars(sa.select(WriteBackRow))).all() == []
        assert await house.runtime.services.operating.work(Selection(states=(WorkState.DEAD,))) == ()


async def test_what_cannot_be_ordered_is_refused_and_not_kept(sqlite_url: str, tmp_path: Path) -> None:
    """The recruiter reads why an order was not taken; what cannot be read is a problem of four hundred."""
    async with (
        ordering_life() as world,
        connected_house(WORKABLE_CASE, world, sqlite_url, tmp_path, orders=True) as house,
    ):
        assert isinstance(world, WorkableOrders)
        body = json.loads(world.vendor.order_body(7, OFFER))
        async with client(house) as http:
            unknown = await http.post("/assessments", json={**body, "test_id": "another"})
            assert (unknown.status_code, "no such interview" in unknown.json()["error"]) == (422, True)
            assert (await http.post("/assessments", content=b"[]")).status_code == 400
        assert await order_rows(house) == []
        assert await report_states(house) == []
        report = await house.runtime.services.doctor.examine(actor="test", connection=KEY)
        refused = [one.subject for one in report.findings if one.code is Code.ORDERS_REFUSED]
        assert [subject.rpartition(": ")[2] for subject in refused] == ["OrderUnreadable", "OrderDeclined"]
        assert Code.ORDERS_MAY_DOUBLE in {one.code for one in report.findings}
