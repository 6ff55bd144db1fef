"""The main job against the model of SmartRecruiters."""

import copy
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from adapters.contract.model import FieldValue, StageKind
from tests.adapters.case import Case
from tests.adapters.main_job import Life, LiveWorld, MainJob
from tests.adapters.smartrecruiters.simulator import Subscription
from tests.adapters.smartrecruiters.world import SMARTRECRUITERS_CASE, SmartRecruitersWorld, running


@dataclass
class SmartRecruitersLife(SmartRecruitersWorld):
    """SmartRecruiters with a recruiter."""

    resting_stage = "NEW"
    trigger_stage = "INTERVIEW/First interview"
    stage_kinds = {  # noqa: RUF012 - read only
        "NEW": StageKind.APPLIED,
        "INTERVIEW/First interview": StageKind.FIRST_INTERVIEW,
    }
    field_map = {  # noqa: RUF012 - read only
        "completion": "prop-completion",
        "band": "prop-band",
        "bullets": "prop-bullets",
        "link": "prop-link",
    }

    async def listen(self, url: str, secret: str) -> None:
        # The handshake has a test of its own; here the subscription is active already.
        event = {"name": "application.status.updated", "version": "v201910"}
        self.sim.subscriptions["sub-1"] = Subscription("sub-1", url, [event], keys=[secret], active=True)

    async def recruit(self, stage: str) -> None:
        status, _, sub_status = stage.partition("/")
        self.sim.move("cand-0001", "job-0001", status, sub_status or None)
        assert set(await self.sim.post.deliver()) <= {202}

    async def misbehave(self, *, calm: bool = False) -> None:
        self.sim.post.copies, self.sim.post.shuffled = (1, False) if calm else (3, True)
        self.sim.faults.answer.clear()
        self.sim.faults.answer.extend([] if calm else [500, 429])
        self.sim.faults.lose = 0 if calm else 2

    async def shown(self) -> Mapping[str, FieldValue]:
        held = self.sim.people["cand-0001"].applications["job-0001"].properties
        options = self.sim.properties["prop-completion"][2]
        return {key: options.get(str(value), value) for key, value in held.items()}

    async def notes(self) -> Sequence[str]:
        return [message["content"] for message in self.sim.messages]

    async def contact(self) -> object:
        return copy.deepcopy([(one.id, one.first, one.last, one.email) for one in self.sim.people.values()])


@asynccontextmanager
async def living() -> AsyncIterator[LiveWorld]:
    async with running() as world:
        # Entries of long ago are not interviewed any more.
        world.sim.now = datetime.now(UTC) - timedelta(minutes=1)
        yield SmartRecruitersLife(world.base_url, world.sim)


class TestSmartRecruitersMainJob(MainJob):
    """By webhook with faults, and by polling alone."""

    @pytest.fixture
    def case(self) -> Case:
        return SMARTRECRUITERS_CASE

    @pytest.fixture
    def life(self) -> Life:
        return living
