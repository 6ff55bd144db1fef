"""Orders in the model of Teamtailor: the form, the order that a stage trigger makes, and its result."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.adapters.case import Case
from tests.adapters.order_job import OFFER, Ordered, OrderingWorld, OrderJob
from tests.adapters.teamtailor.simulator import Simulator
from tests.adapters.teamtailor.test_main_job import TeamtailorLife
from tests.adapters.teamtailor.world import TEAMTAILOR_CASE, running

RESULT = "1a6d"


@dataclass
class TeamtailorOrders(TeamtailorLife):
    """Teamtailor with a trigger that orders."""

    @property
    def credentials(self) -> Mapping[str, str]:
        return {**super().credentials, "partner_key": self.sim.partner_key}

    async def offered(self, http: httpx.AsyncClient) -> Sequence[str]:
        assert (await http.get("/activation")).status_code == 200
        (form,) = (await http.get("/config")).json()["config"]["fields"]
        return [option["value"] for option in form["options"]]

    async def order(self, http: httpx.AsyncClient) -> str:
        address = f"{self.base_url}/partner/v1/partner-results/{RESULT}"
        person = {"id": 501, "first-name": "Ada", "last-name": "Quill", "email": self.email}
        event = {
            "id": "f3d7",
            "webhook-data": {"test": OFFER},
            "partner-result": {"id": RESULT, "status": "sending", "update-url": address},
            "candidate": {**person, "job": {"id": 301, "title": "Customer Support Specialist"}},
        }
        answer = await http.post("/webhook", json={"partner-event": event})
        assert answer.status_code == 200, answer.text
        order: str = answer.json()["id"]
        return order

    async def told(self, _http: httpx.AsyncClient) -> Sequence[Mapping[str, Any]]:
        results = {str(one): one for one in self.sim.results.get(RESULT, [])}
        return [
            {"status": one["status"], "band": one.get("summary", "").partition("\n")[0]} for one in results.values()
        ]


@asynccontextmanager
async def ordering_life() -> AsyncIterator[OrderingWorld]:
    async with running(Simulator(now=datetime.now(UTC) - timedelta(minutes=1))) as world:
        yield TeamtailorOrders(world.base_url, world.sim)


class TestTeamtailorOrders(OrderJob):
    """With the provider key as bearer."""

    @pytest.fixture
    def case(self) -> Case:
        return TEAMTAILOR_CASE

    @pytest.fixture
    def ordering(self) -> Ordered:
        return ordering_life
