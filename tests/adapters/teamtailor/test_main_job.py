"""The main job against the model of Teamtailor."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from adapters.contract.model import FieldValue, StageKind
from tests.adapters.case import Case
from tests.adapters.main_job import Life, LiveWorld, MainJob
from tests.adapters.teamtailor.simulator import FIELDS, Simulator
from tests.adapters.teamtailor.world import TEAMTAILOR_CASE, TeamtailorWorld, running


@dataclass
class TeamtailorLife(TeamtailorWorld):
    """Teamtailor with a recruiter."""

    resting_stage = "11"
    trigger_stage = "13"
    stage_kinds = {  # noqa: RUF012 - read only
        "Inbox": StageKind.APPLIED,
        "AI interview": StageKind.FIRST_INTERVIEW,
    }
    field_map = {  # noqa: RUF012 - read only
        "completion": "interview-completion",
        "band": "interview-band",
        "link": "interview-link",
    }

    async def listen(self, url: str, secret: str) -> None:
        self.sim.hooks.append((url, secret))

    async def recruit(self, stage: str) -> None:
        self.sim.move("101", stage)
        assert set(await self.sim.post.deliver()) <= {200}

    async def misbehave(self, *, calm: bool = False) -> None:
        self.sim.post.copies, self.sim.post.shuffled = (1, False) if calm else (3, True)
        self.sim.faults.answer.clear()
        self.sim.faults.answer.extend([] if calm else [500, 429])
        self.sim.faults.lose = 0 if calm else 2

    async def shown(self) -> Mapping[str, FieldValue]:
        return {FIELDS[one["field"]][0]: one["value"] for one in self.sim.values.values() if one["owner"] == "501"}

    async def notes(self) -> Sequence[str]:
        return [note["text"] for note in self.sim.notes]

    async def contact(self) -> object:
        # The simulated person is made of the id; who else is written to would show among values and notes.
        owners = {one["owner"] for one in self.sim.values.values()} | {note["candidate"] for note in self.sim.notes}
        return owners - {"501"}


@asynccontextmanager
async def living() -> AsyncIterator[LiveWorld]:
    # Entries of long ago are not interviewed any more.
    async with running(Simulator(now=datetime.now(UTC) - timedelta(minutes=1))) as world:
        yield TeamtailorLife(world.base_url, world.sim)


class TestTeamtailorMainJob(MainJob):
    """By webhook with faults, and by polling alone."""

    @pytest.fixture
    def case(self) -> Case:
        return TEAMTAILOR_CASE

    @pytest.fixture
    def life(self) -> Life:
        return living
