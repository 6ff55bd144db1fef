"""The main job against the model of Kombo, with an ATS behind it that Kombo sees at its next sync."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import pytest
from typing_extensions import override

from adapters.contract.model import FieldValue, StageKind
from tests.adapters.case import Case
from tests.adapters.kombo.simulator import ROOT, Kombo, create_app
from tests.adapters.kombo.world import KOMBO_CASE, KomboWorld
from tests.adapters.main_job import (
    JOB_TITLE,
    SECRET,
    Life,
    LiveWorld,
    MainJob,
    connected_house,
    decided,
    interviewed,
    only_once,
    written,
)
from tests.fixtures.sandbox import serving


@dataclass
class KomboLife(KomboWorld):
    """Kombo, and a recruiter in the ATS behind it; results go into a note."""

    resting_stage = "Applied"
    trigger_stage = "AI Interview"
    stage_kinds = MappingProxyType(
        {
            "Applied": StageKind.APPLIED,
            "AI Interview": StageKind.FIRST_INTERVIEW,
            "Manager Review": StageKind.MANAGER_REVIEW,
        }
    )
    field_map: Mapping[str, str] = field(default_factory=dict)

    async def listen(self, url: str, secret: str) -> None:
        self.kombo.hook = (url, secret)

    async def recruit(self, stage: str) -> None:
        self.kombo.move(self.application_id, stage)
        self.kombo.sync()
        assert set(await self.kombo.post.deliver()) <= {200}

    async def misbehave(self, *, calm: bool = False) -> None:
        # No lost answers: after one of those, a person decides (test_adapter).
        self.kombo.post.copies = 1 if calm else 3
        self.kombo.faults.answer.clear()
        self.kombo.faults.answer.extend([] if calm else [500, 0, 429, 503])

    async def shown(self) -> Mapping[str, FieldValue]:
        return {}

    async def notes(self) -> Sequence[str]:
        return [note["content"] for _, note in self.kombo.notes]

    async def contact(self) -> object:
        return json.dumps([row["candidate"] for row in self.kombo.applications.values()])


@asynccontextmanager
async def living() -> AsyncIterator[LiveWorld]:
    kombo = Kombo()
    kombo.add_application("Ada", kombo.add_job(JOB_TITLE))
    async with serving(create_app(kombo)) as origin:
        yield KomboLife(kombo, f"{origin}{ROOT}")


class TestKomboMainJob(MainJob):
    """By the poll that follows a delivery, with faults, and by polling alone."""

    @pytest.fixture
    def case(self) -> Case:
        return KOMBO_CASE

    @pytest.fixture
    def life(self) -> Life:
        return living

    @override
    async def test_main_job_with_faults(self, case: Case, life: Life, sqlite_url: str, tmp_path: Path) -> None:
        """Deliveries are taken and name nobody; with faults on, the polls make one interview and one note."""
        async with life() as world, connected_house(case, world, sqlite_url, tmp_path) as house:
            person = await world.contact()
            await world.listen(house.hook, SECRET)
            await house.poll()
            await house.work()
            await world.misbehave()
            await world.recruit(world.trigger_stage)
            await house.poll()
            await house.until("the invitation", house.invited)
            await interviewed(house)
            await world.misbehave(calm=True)
            await decided(house)
            await house.until("the write-back", lambda: written(case, world))
            await house.poll()
            await house.work()
            await only_once(case, world, house)
            assert await world.contact() == person

    async def test_who_applied_since_the_launch_is_invited_at_first_sight(
        self, case: Case, life: Life, sqlite_url: str, tmp_path: Path
    ) -> None:
        """Applied and moved between two polls: when the application was made in the ATS is enough."""
        async with life() as world, connected_house(case, world, sqlite_url, tmp_path) as house:
            assert isinstance(world, KomboLife)
            world.kombo.applications[world.application_id]["remote_created_at"] = world.kombo.tick()
            await world.recruit(world.trigger_stage)
            await house.poll()
            await house.until("the invitation", house.invited)
            assert await house.interviews() == 1
