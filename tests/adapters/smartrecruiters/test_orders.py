"""Orders in the model of SmartRecruiters: it signs in to us, asks for packages, places orders, and is told results."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from orchestrator.domain.ordering import OrderState
from tests.adapters.case import Case
from tests.adapters.main_job import PRESENTED, SECRET, connected_house
from tests.adapters.order_job import OFFER, Ordered, OrderingWorld, OrderJob, client, order_rows
from tests.adapters.smartrecruiters.simulator import Simulator
from tests.adapters.smartrecruiters.test_main_job import SmartRecruitersLife
from tests.adapters.smartrecruiters.world import SMARTRECRUITERS_CASE
from tests.fixtures.house import free_port
from tests.fixtures.sandbox import serving

ORDER = "order-5d1c"
TOKEN = "/identity/oauth/token"


@dataclass
class SmartRecruitersOrders(SmartRecruitersLife):
    """SmartRecruiters with a recruiter who orders; the adapter has an API key, results are told by OAuth."""

    bearer: str = "none"

    @property
    def credentials(self) -> Mapping[str, str]:
        (client_id, client_secret), *_ = self.sim.clients.items()
        return {**super().credentials, "client_id": client_id, "client_secret": client_secret}

    async def ask(self, http: httpx.AsyncClient, method: str, path: str, **what: Any) -> httpx.Response:
        """Ask Evenhand as SmartRecruiters does: with a bearer, signing in where it has none or it has ended."""
        answer = await http.request(method, path, headers={"authorization": f"Bearer {self.bearer}"}, **what)
        if answer.status_code == 401:
            form = {"grant_type": "client_credentials", "client_id": "smartrecruiters", "client_secret": PRESENTED}
            token = await http.post("/oauth/token", data=form)
            assert token.status_code == 200, token.text
            assert token.json()["token_type"] == "Bearer"
            self.bearer = token.json()["access_token"]
            answer = await http.request(method, path, headers={"authorization": f"Bearer {self.bearer}"}, **what)
        return answer

    async def offered(self, http: httpx.AsyncClient) -> Sequence[str]:
        assert (await self.ask(http, "POST", "/integration", json={})).status_code == 200
        answer = await self.ask(http, "GET", "/packages")
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["content"]]

    async def order(self, http: httpx.AsyncClient) -> str:
        person = self.sim.people["cand-0001"]
        body = {
            "id": ORDER,
            "packageId": OFFER,
            "candidate": {"id": person.id, "firstName": person.first, "lastName": person.last, "email": person.email},
            "job": {"id": "job-0001", "title": self.sim.jobs["job-0001"]},
        }
        self.sim.orders.add(ORDER)
        answer = await self.ask(http, "POST", "/orders", json=body)
        assert answer.status_code == 201, answer.text
        ours: str = answer.json()["id"]
        return ours

    async def told(self, _http: httpx.AsyncClient) -> Sequence[Mapping[str, Any]]:
        # A result is put in place of the one before.
        return [
            {"status": one["status"], "band": one.get("scoreLabel")} for one in self.sim.results.get(ORDER, [])[-1:]
        ]


def orders_at(port: int) -> Callable[[], AbstractAsyncContextManager[OrderingWorld]]:
    """A simulated account at a port that is known before, for the address of its token endpoint is an option."""

    @asynccontextmanager
    async def ordering_life() -> AsyncIterator[OrderingWorld]:
        account = Simulator()
        account.now = datetime.now(UTC) - timedelta(minutes=1)
        async with serving(account.gate, port=port) as base_url:
            yield SmartRecruitersOrders(base_url, account)

    return ordering_life


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def case(port: int) -> Case:
    return replace(SMARTRECRUITERS_CASE, options={"token_url": f"http://127.0.0.1:{port}{TOKEN}"})


@pytest.fixture
def ordering(port: int) -> Ordered:
    return orders_at(port)


class TestSmartRecruitersOrders(OrderJob):
    """With the bearer that SmartRecruiters got of us for the client secret."""


async def test_the_move_and_the_order_are_one_interview(
    case: Case, ordering: Ordered, sqlite_url: str, tmp_path: Path
) -> None:
    """A webhook of the move, an order and a poll make one interview."""
    async with ordering() as world, connected_house(case, world, sqlite_url, tmp_path, orders=True) as house:
        await world.listen(house.hook, SECRET)
        async with client(house) as http:
            await world.order(http)
            await world.recruit(world.trigger_stage)
            await house.until("the invitation", house.invited)
            await world.order(http)
        await house.poll()
        await house.work()
        assert (await house.interviews(), len(house.links())) == (1, 1)
        assert [(order.state, order.ours) for order in await order_rows(house)] == [(OrderState.PLACED, False)]


async def test_only_who_has_the_secret_gets_a_bearer(
    case: Case, ordering: Ordered, sqlite_url: str, tmp_path: Path
) -> None:
    """A wrong secret gets none, a spoiled bearer orders nothing, and the secret itself is no bearer."""
    async with ordering() as world, connected_house(case, world, sqlite_url, tmp_path, orders=True) as house:
        assert isinstance(world, SmartRecruitersOrders)
        async with client(house) as http:
            form = {"grant_type": "client_credentials", "client_secret": f"{PRESENTED}x"}
            assert (await http.post("/oauth/token", data=form)).json() == {"error": "invalid_client"}
            await world.offered(http)
            for bearer in (PRESENTED, world.bearer[:-1], f"9{world.bearer}"):
                headers = {"authorization": f"Bearer {bearer}"}
                assert (await http.post("/orders", json={"id": ORDER}, headers=headers)).status_code == 401
        assert await order_rows(house) == []
