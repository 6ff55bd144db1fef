"""The main job against the model of Merge, with an ATS behind it that Merge sees at its next sync."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import pytest

from adapters.contract.model import FieldValue, StageKind
from tests.adapters.case import Case
from tests.adapters.main_job import JOB_TITLE, SECRET, Life, LiveWorld, MainJob, connected_house, noticed
from tests.adapters.merge.simulator import ROOT, Merge, create_app
from tests.adapters.merge.world import MERGE_CASE, MergeWorld
from tests.fixtures.sandbox import serving


@dataclass
class MergeLife(MergeWorld):
    """Merge, and a recruiter in the ATS behind it; results go into a note."""

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
        self.merge.hook = (url, secret)

    async def recruit(self, stage: str) -> None:
        self.merge.move(self.application_id, stage)
        self.merge.sync()
        assert set(await self.merge.post.deliver()) <= {200}

    async def misbehave(self, *, calm: bool = False) -> None:
        self.merge.post.copies, self.merge.post.shuffled = (1, False) if calm else (3, True)
        self.merge.faults.answer.clear()
        self.merge.faults.answer.extend([] if calm else [500, 0, 429, 503])
        self.merge.faults.lose = 0 if calm else 1

    async def shown(self) -> Mapping[str, FieldValue]:
        return {}

    async def notes(self) -> Sequence[str]:
        assert all(note["visibility"] == "PRIVATE" for note in self.merge.activities)
        return [note["body"] for note in self.merge.activities]

    async def contact(self) -> object:
        return json.dumps(self.merge.candidates)


@asynccontextmanager
async def living() -> AsyncIterator[LiveWorld]:
    merge = Merge()
    application = merge.add_application("Ada", merge.add_job(JOB_TITLE))
    # Long before the launch: that somebody applied is no evidence of a move.
    merge.applications[application]["applied_at"] = "2026-01-07T09:00:00Z"
    async with serving(create_app(merge)) as origin:
        yield MergeLife(merge, f"{origin}{ROOT}")


class TestMergeMainJob(MainJob):
    """By webhook with faults, and by polling alone; what is no move invites nobody."""

    @pytest.fixture
    def case(self) -> Case:
        return MERGE_CASE

    @pytest.fixture
    def life(self) -> Life:
        return living

    async def test_a_change_that_is_no_move_invites_nobody(
        self, case: Case, life: Life, sqlite_url: str, tmp_path: Path
    ) -> None:
        """Who stood in the trigger stage before the launch gets a tag: Merge tells of it as of a move, and a poll lists it."""
        async with life() as world, connected_house(case, world, sqlite_url, tmp_path) as house:
            assert isinstance(world, MergeLife)
            await world.recruit(world.trigger_stage)
            await world.listen(house.hook, SECRET)
            for source in ("Referral", "Agency"):
                await noticed(case, house)
                world.merge.change(world.application_id, source=source)
                world.merge.sync()
                assert set(await world.merge.post.deliver()) == {200}
            await noticed(case, house)
            assert await house.interviews() == 0
