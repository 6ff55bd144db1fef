"""The main job against a receiver that follows the README."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType

import pytest

from adapters.contract.model import FieldValue, StageKind
from tests.adapters.case import Case
from tests.adapters.generic.simulator import Receiver, create_app
from tests.adapters.generic.world import APPLICATION, GENERIC_CASE, GenericWorld
from tests.adapters.main_job import JOB_TITLE, Life, LiveWorld, MainJob
from tests.fixtures.sandbox import serving

PARTS = ("completion", "band", "bullets", "link")


@dataclass
class GenericLife(GenericWorld):
    """Middleware with an ATS and a recruiter behind it."""

    resting_stage = "Applied"
    trigger_stage = "AI Interview"
    stage_kinds = MappingProxyType(
        {
            "Applied": StageKind.APPLIED,
            "AI Interview": StageKind.FIRST_INTERVIEW,
            "Manager Review": StageKind.MANAGER_REVIEW,
        }
    )
    field_map: Mapping[str, str] = field(default_factory=lambda: {part: part for part in PARTS})
    hook: str | None = None
    wild: bool = False

    async def listen(self, url: str, secret: str) -> None:
        self.hook, self.receiver.hook_secret = url, secret

    async def recruit(self, stage: str) -> None:
        self.receiver.move(APPLICATION, stage)
        if self.hook is None:
            self.receiver.outbox.clear()
            return
        assert set(await self.receiver.deliver(self.hook, copies=3 if self.wild else 1, shuffle=5)) == {202}

    async def misbehave(self, *, calm: bool = False) -> None:
        self.wild = not calm
        self.receiver.fail = [] if calm else [500, 0, 429, 0, 0, 503]
        # One delivery is carried out and its answer lost, and middleware seldom says what it wrote.
        self.receiver.lose, self.receiver.speaks = 0 if calm else 1, calm

    async def shown(self) -> Mapping[str, FieldValue]:
        return self.receiver.fields[APPLICATION]

    async def notes(self) -> Sequence[str]:
        return [note["body"] for note in self.receiver.notes[APPLICATION]]

    async def contact(self) -> object:
        return json.dumps(self.receiver.applications[APPLICATION]["candidate"])


@asynccontextmanager
async def living() -> AsyncIterator[LiveWorld]:
    receiver = Receiver()
    receiver.definitions = [{"key": part, "name": part.title(), "kind": "long_text"} for part in PARTS]
    receiver.add(APPLICATION, title=JOB_TITLE)
    receiver.outbox.clear()
    async with serving(create_app(receiver)) as origin:
        yield GenericLife(receiver, f"{origin}/hook")


class TestGenericMainJob(MainJob):
    """By webhook with faults, and by polling alone."""

    @pytest.fixture
    def case(self) -> Case:
        return GENERIC_CASE

    @pytest.fixture
    def life(self) -> Life:
        return living
