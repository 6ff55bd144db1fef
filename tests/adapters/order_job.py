"""An order end to end against a vendor's simulator: ordered twice, interviewed once, reviewed, shown once.

A vendor's test module makes a subclass of :class:`OrderJob` and gives it a ``case`` and an ``ordering`` fixture.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
import sqlalchemy as sa

from orchestrator.db.models.ordering import OrderReportRow, OrderRow, ReportState
from orchestrator.domain.ordering import OrderState, offer_id
from tests.adapters.case import Case
from tests.adapters.main_job import KEY, PRESENTED, Evenhand, LiveWorld, connected_house, decided, interviewed

OFFER = offer_id(KEY, "pilot")


class OrderingWorld(LiveWorld, Protocol):
    """A vendor's simulator in which a recruiter can order."""

    async def offered(self, http: httpx.AsyncClient) -> Sequence[str]:
        """The ids of what can be ordered, as the vendor reads our answer."""
        ...

    async def order(self, http: httpx.AsyncClient) -> str:
        """The recruiter orders (the same every time); our id of the order, as the vendor reads it."""
        ...

    async def told(self, http: httpx.AsyncClient) -> Sequence[Mapping[str, Any]]:
        """What the vendor shows of the order, oldest first: ``status``, and ``band`` where it has one."""
        ...


Ordered = Callable[[], AbstractAsyncContextManager[OrderingWorld]]


def client(house: Evenhand, **headers: str) -> httpx.AsyncClient:
    """The vendor, as it calls us."""
    given = headers or {"authorization": f"Bearer {PRESENTED}"}
    return httpx.AsyncClient(base_url=f"{house.ports.evenhand_url}/partner/{KEY}", headers=given)


async def order_rows(house: Evenhand) -> list[OrderRow]:
    """Every order."""
    async with house.runtime.database.reading() as session:
        return list(await session.scalars(sa.select(OrderRow)))


async def report_states(house: Evenhand) -> list[ReportState]:
    """What became of each report."""
    async with house.runtime.database.reading() as session:
        return list(await session.scalars(sa.select(OrderReportRow.state)))


async def all_told(house: Evenhand) -> bool:
    """Whether nothing is left to be told."""
    states = await report_states(house)
    return bool(states) and ReportState.PENDING not in states


class OrderJob:
    """The main job of one vendor, begun by an order; see the module."""

    authorization = f"Bearer {PRESENTED}"
    settled: Sequence[ReportState] = (ReportState.TOLD, ReportState.TOLD)
    """What becomes of the reports that it began, and of its end."""

    @pytest.mark.long
    async def test_an_order_twice_is_one_interview_and_one_result(
        self, case: Case, ordering: Ordered, sqlite_url: str, tmp_path: Path
    ) -> None:
        """With faults on, an order that comes twice makes one invitation and one interview, and its result is shown once."""
        async with ordering() as world, connected_house(case, world, sqlite_url, tmp_path, orders=True) as house:
            person = await world.contact()
            async with client(house, authorization=self.authorization) as http:
                assert list(await world.offered(http)) == [OFFER]
                await world.misbehave()
                first = await world.order(http)
                assert await world.order(http) == first
                await house.until("the invitation", house.invited)
                assert await world.order(http) == first
                await interviewed(house)
                assert not [one for one in await world.told(http) if one.get("band")]
                await world.misbehave()
                await decided(house)

                async def shown() -> bool:
                    return any(one.get("band") for one in await world.told(http)) and await all_told(house)

                await house.until("the result", shown)
                told = [str(one) for one in await world.told(http) if one.get("band")]
            assert len(house.links()) == 1
            assert await house.interviews() == 1
            (order,) = await order_rows(house)
            assert (str(order.id), order.state) == (first, OrderState.PLACED)
            assert sorted(await report_states(house)) == sorted(self.settled)
            assert len(told) == 1
            assert await world.contact() == person

    async def test_a_stranger_orders_nothing(
        self, case: Case, ordering: Ordered, sqlite_url: str, tmp_path: Path
    ) -> None:
        """Without the key nothing is stored, and what no vendor asks for is not found."""
        async with ordering() as world, connected_house(case, world, sqlite_url, tmp_path, orders=True) as house:
            server = house.runtime.services.ordering.desk(KEY).server
            for header in ("", "Bearer wrong", "Basic d3Jvbmc6"):
                async with client(house, authorization=header) as http:
                    for method, path in server.routes:
                        assert (await http.request(method, f"/{path}", content=b"{}")).status_code == 401
            async with client(house, authorization=self.authorization) as http:
                for path in ("/", "/else", f"/{server.routes[0][1]}/more"):
                    answer = await http.post(path, content=b"{}")
                    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
            assert await order_rows(house) == []
