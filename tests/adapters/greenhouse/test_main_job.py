"""The main job against Greenhouse, in the form in which every vendor runs it."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from adapters.contract.model import FieldValue, StageKind
from tests.adapters.case import Case
from tests.adapters.greenhouse.hooks import Sender, about
from tests.adapters.greenhouse.records import APPLICATION, CANDIDATE, JOB
from tests.adapters.greenhouse.simulator import Greenhouse
from tests.adapters.greenhouse.world import GREENHOUSE_CASE, GreenhouseWorld, running_world
from tests.adapters.main_job import JOB_TITLE, Life, LiveWorld, MainJob


@dataclass
class GreenhouseLife(GreenhouseWorld):
    """The model with a recruiter and a webhook for moves and for changes, our own among them."""

    sender: Sender | None = None
    sending: set[asyncio.Task[list[int]]] = field(default_factory=set)

    resting_stage = "Application Review"
    trigger_stage = "AI Interview"
    stage_kinds = {  # noqa: RUF012 - read only
        "Application Review": StageKind.APPLICATION_REVIEW,
        "AI Interview": StageKind.FIRST_INTERVIEW,
        "Offer": StageKind.OFFER,
    }
    field_map = {  # noqa: RUF012 - read only
        "completion": "ai_interview_completion",
        "band": "ai_interview_band",
        "bullets": "ai_interview_summary",
        "link": "ai_interview_link",
    }

    async def listen(self, url: str, secret: str) -> None:
        self.sender = Sender(url, secret)
        self.model.changed = lambda number: self._announce("application_updated", number)

    async def recruit(self, stage: str) -> None:
        numbers = {row["name"]: row["id"] for row in self.model.records.tables["job_interview_stages"]}
        self.model.records.move(APPLICATION, numbers[stage])
        self._announce("candidate_stage_change", APPLICATION)

    async def misbehave(self, *, calm: bool = False) -> None:
        assert self.sender is not None
        self.model.fail, self.model.lose, self.model.crowd = (0, 0, 0) if calm else (2, 2, 1)
        self.sender.twice = self.sender.backwards = not calm
        if calm:
            # The first delivery once more, long after it was taken.
            self.sender.post(self.sender.posted[0])
            assert await self.sender.flush() == [200]

    async def shown(self) -> Mapping[str, FieldValue]:
        fields = self.model.records.one("applications", APPLICATION)["custom_fields"]
        return {key: answer["value"] for key, answer in fields.items()}

    async def notes(self) -> Sequence[str]:
        notes = self.model.records.tables["notes"]
        assert {note["visibility"] for note in notes} <= {"admin_only_visible"}
        return [note["body"] for note in notes]

    async def contact(self) -> object:
        return dict(self.model.records.one("candidates", CANDIDATE))

    def _announce(self, action: str, number: int) -> None:
        if self.sender is not None:
            self.sender.post(about(action, self.model.records, number))
            task = asyncio.create_task(self.sender.flush())
            self.sending.add(task)
            task.add_done_callback(self.sending.discard)


@asynccontextmanager
async def living() -> AsyncIterator[LiveWorld]:
    """The model, with limits that the test does not wait for."""
    model = Greenhouse(limit=100_000)
    model.records.one("jobs", JOB)["name"] = JOB_TITLE
    async with running_world(model) as world:
        life = GreenhouseLife(world.base_url, world.model)
        yield life
        await asyncio.gather(*life.sending)


class TestGreenhouseMainJob(MainJob):
    """By webhook with faults, and by polling alone."""

    @pytest.fixture
    def case(self) -> Case:
        return GREENHOUSE_CASE

    @pytest.fixture
    def life(self) -> Life:
        return living
