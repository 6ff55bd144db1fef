"""The main job against the model of Ashby."""

import copy
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from adapters.contract.model import FieldValue, StageKind
from tests.adapters.ashby.simulator import EVERYTHING, Ashby, create_app, uid
from tests.adapters.ashby.world import API_KEY, ASHBY_CASE, AshbyWorld
from tests.adapters.case import Case
from tests.adapters.main_job import Life, LiveWorld, MainJob
from tests.fixtures.sandbox import serving


@dataclass
class AshbyLife(AshbyWorld):
    """Ashby with a recruiter."""

    resting_stage = "Application Review"
    trigger_stage = "AI Interview"
    stage_kinds = {  # noqa: RUF012 - read only
        "Application Review": StageKind.APPLICATION_REVIEW,
        "AI Interview": StageKind.FIRST_INTERVIEW,
    }
    field_map = {  # noqa: RUF012 - read only
        "completion": uid("field AI interview status"),
        "band": uid("field AI interview band"),
        "bullets": uid("field AI interview summary"),
        "link": uid("field AI interview link"),
    }
    wild: bool = False

    async def listen(self, url: str, secret: str) -> None:
        hook = await self.ashby.subscribe("candidateStageChange", url, secret)
        assert hook.enabled, "the ping was not answered"

    async def recruit(self, stage: str) -> None:
        self.ashby.move(self.application_id, stage)
        if self.ashby.webhooks:
            assert set(await self.ashby.deliver(twice=self.wild, shuffled=self.wild)) <= {200}

    async def misbehave(self, *, calm: bool = False) -> None:
        self.wild = not calm
        self.ashby.faults.answers = [] if calm else [500, 429]
        self.ashby.faults.lose = 0 if calm else 2

    async def shown(self) -> Mapping[str, FieldValue]:
        return {one["id"]: one["value"] for one in self.ashby.applications[self.application_id]["customFields"]}

    async def notes(self) -> Sequence[str]:
        return [note["content"] for notes in self.ashby.notes.values() for note in notes]

    async def contact(self) -> object:
        return copy.deepcopy(self.ashby.candidates)


@asynccontextmanager
async def living() -> AsyncIterator[LiveWorld]:
    ashby = Ashby(keys={API_KEY: EVERYTHING})
    async with serving(create_app(ashby)) as base_url:
        yield AshbyLife(ashby, base_url)


class TestAshbyMainJob(MainJob):
    """By webhook with faults, and by polling alone."""

    @pytest.fixture
    def case(self) -> Case:
        return ASHBY_CASE

    @pytest.fixture
    def life(self) -> Life:
        return living
