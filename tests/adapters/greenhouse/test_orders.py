"""Orders in the model of Greenhouse: send_test, the completion that we tell, and test_status, which it asks then."""

from base64 import b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from orchestrator.db.models.ordering import ReportState
from orchestrator.db.models.stop import StopScope
from orchestrator.services.stopping import Reach
from tests.adapters.case import Case
from tests.adapters.greenhouse.records import APPLICATION, CANDIDATE, JOB
from tests.adapters.greenhouse.simulator import Greenhouse
from tests.adapters.greenhouse.test_main_job import GreenhouseLife
from tests.adapters.greenhouse.world import CREDENTIALS, GREENHOUSE_CASE, running_world
from tests.adapters.main_job import JOB_TITLE, PRESENTED, connected_house, decided, interviewed
from tests.adapters.order_job import OFFER, Ordered, OrderingWorld, OrderJob, client

TEST = 12345


@dataclass
class GreenhouseOrders(GreenhouseLife):
    """Greenhouse with a recruiter who sends a take-home test."""

    interview: str = ""

    @property
    def credentials(self) -> Mapping[str, str]:
        return {**CREDENTIALS, "assessment_key": self.model.partner_key}

    async def misbehave(self, *, calm: bool = False) -> None:
        self.model.fail, self.model.lose, self.model.crowd = (0, 0, 0) if calm else (2, 2, 1)

    async def offered(self, http: httpx.AsyncClient) -> Sequence[str]:
        return [one["partner_test_id"] for one in (await http.get("/list_tests")).json()]

    async def order(self, http: httpx.AsyncClient) -> str:
        person = {
            "first_name": "Ada",
            "last_name": "Quill",
            "email": self.email,
            "greenhouse_profile_url": f"{self.base_url}/people/{CANDIDATE}?application_id={APPLICATION}",
        }
        callback = f"{self.base_url}/integrations/testing_partners/take_home_tests/{TEST}"
        body = {"partner_test_id": OFFER, "candidate": person, "url": callback, "sent_by": "recruiter@example.org"}
        answer = await http.post("/send_test", json=body)
        assert answer.status_code == 200, answer.text
        self.interview = answer.json()["partner_interview_id"]
        return self.interview

    async def told(self, http: httpx.AsyncClient) -> Sequence[Mapping[str, Any]]:
        answer = await http.get("/test_status", params={"partner_interview_id": self.interview})
        assert answer.status_code == 200, answer.text
        said = answer.json()
        assert TEST not in self.model.completed or said["partner_status"] == "complete"
        # Greenhouse asks when it was told, and shows what it reads then.
        shown = said["metadata"]["Band"] if TEST in self.model.completed else None
        return [{"status": said["partner_status"], "band": shown}]


@asynccontextmanager
async def ordering_life() -> AsyncIterator[OrderingWorld]:
    """The model, with limits that the test does not wait for."""
    model = Greenhouse(limit=100_000)
    model.records.one("jobs", JOB)["name"] = JOB_TITLE
    async with running_world(model) as world:
        yield GreenhouseOrders(world.base_url, world.model)


AUTHORIZATION = f"Basic {b64encode(f'{PRESENTED}:'.encode()).decode()}"


async def test_greenhouse_reads_no_result_that_a_stop_holds(sqlite_url: str, tmp_path: Path) -> None:
    """It asks for the status itself: decided while everything is stopped, it reads a beginning, and then the result."""
    async with (
        ordering_life() as world,
        connected_house(GREENHOUSE_CASE, world, sqlite_url, tmp_path, orders=True) as house,
        client(house, authorization=AUTHORIZATION) as http,
    ):
        await world.order(http)
        await house.until("the invitation", house.invited)
        await interviewed(house)
        await house.work()
        stopping, everything = house.runtime.services.stopping, Reach(StopScope.EVERYTHING)
        await stopping.stop(everything, reason="The scores are wrong.", actor="cli")
        await decided(house)
        await house.work()
        [held] = await world.told(http)
        assert held["status"] != "complete"
        await stopping.resume(everything, reason="They are right.", actor="cli")

        async def shown() -> bool:
            return bool((await world.told(http))[0]["band"])

        await house.until("the result", shown)


class TestGreenhouseOrders(OrderJob):
    """With Basic, as Greenhouse's own calls are."""

    authorization = AUTHORIZATION
    # Greenhouse has no word for a beginning, and nobody claims to have told it.
    settled = (ReportState.NO_WORD, ReportState.TOLD)

    @pytest.fixture
    def case(self) -> Case:
        return GREENHOUSE_CASE

    @pytest.fixture
    def ordering(self) -> Ordered:
        return ordering_life
