"""The main job against the model of Lever: no fields, so a private note carries the result."""

import copy
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from adapters.contract.model import FieldValue, StageKind
from tests.adapters.case import Case
from tests.adapters.lever.simulator import READ, Lever, Webhook, create_app
from tests.adapters.lever.world import API_KEY, LEVER_CASE, LeverWorld
from tests.adapters.main_job import Life, LiveWorld, MainJob
from tests.fixtures.sandbox import serving


@dataclass
class LeverLife(LeverWorld):
    """Lever with a recruiter."""

    resting_stage = "New applicant"
    trigger_stage = "AI interview"
    stage_kinds = {  # noqa: RUF012 - read only
        "New applicant": StageKind.APPLICATION_REVIEW,
        "AI interview": StageKind.FIRST_INTERVIEW,
    }

    @property
    def field_map(self) -> Mapping[str, str]:
        return {}

    async def listen(self, url: str, secret: str) -> None:
        self.lever.webhooks.append(Webhook("candidateStageChange", url, secret))

    async def recruit(self, stage: str) -> None:
        self.lever.move(self.application_id, stage)
        assert set(await self.lever.post.deliver()) <= {200}

    async def misbehave(self, *, calm: bool = False) -> None:
        self.lever.post.copies = 1 if calm else 2
        self.lever.post.shuffled = not calm
        self.lever.faults.answer.clear()
        self.lever.faults.answer.extend([] if calm else [500, 429])
        self.lever.faults.lose = 0 if calm else 2

    async def shown(self) -> Mapping[str, FieldValue]:
        return {}

    async def notes(self) -> Sequence[str]:
        notes = self.lever.notes.get(self.application_id, [])
        assert all(note["secret"] for note in notes)
        return [note["fields"][0]["value"] for note in notes]

    async def contact(self) -> object:
        record = self.lever.opportunities[self.application_id]
        return copy.deepcopy({name: record[name] for name in ("name", "contact", "emails", "phones", "archived")})


@asynccontextmanager
async def living() -> AsyncIterator[LiveWorld]:
    lever = Lever(keys={API_KEY: READ | {"notes:write"}})
    async with serving(create_app(lever)) as base_url:
        yield LeverLife(lever, base_url)


class TestLeverMainJob(MainJob):
    """By webhook with faults, and by polling alone."""

    @pytest.fixture
    def case(self) -> Case:
        return LEVER_CASE

    @pytest.fixture
    def life(self) -> Life:
        return living
