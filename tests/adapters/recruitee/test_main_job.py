"""The main job against the model of Recruitee."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.contract.model import FieldValue, StageKind
from tests.adapters.case import Case
from tests.adapters.main_job import JOB_TITLE, Life, LiveWorld, MainJob, connected_house
from tests.adapters.recruitee.simulator import Recruitee, create_app
from tests.adapters.recruitee.world import CANDIDATE, OFFER, RECRUITEE_CASE, RecruiteeWorld
from tests.fixtures.sandbox import serving


@dataclass
class RecruiteeLife(RecruiteeWorld):
    """Recruitee with a recruiter; results go into a note."""

    resting_stage = "Applied"
    trigger_stage = "AI Interview"
    stage_kinds = {  # noqa: RUF012 - read only
        "Applied": StageKind.APPLIED,
        "AI Interview": StageKind.FIRST_INTERVIEW,
        "Manager Review": StageKind.MANAGER_REVIEW,
    }
    field_map: Mapping[str, str] = field(default_factory=dict)
    hook: str | None = None
    wild: bool = False

    async def listen(self, url: str, secret: str) -> None:
        self.hook, self.vendor.secret = url, secret

    async def recruit(self, stage: str) -> None:
        self.vendor.move(CANDIDATE, OFFER, stage)
        if self.hook is None:
            self.vendor.outbox.clear()
            return
        assert set(await self.vendor.deliver(self.hook, copies=3 if self.wild else 1, shuffle=5)) == {200}

    async def misbehave(self, *, calm: bool = False) -> None:
        self.wild = not calm
        self.vendor.fail = [] if calm else [500, 0, 429, 0, 0, 503]
        self.vendor.lose = 0 if calm else 1

    async def shown(self) -> Mapping[str, FieldValue]:
        return {}

    async def notes(self) -> Sequence[str]:
        return [note["body"] for note in self.vendor.notes[CANDIDATE]]

    async def contact(self) -> object:
        person = self.vendor.candidates[CANDIDATE]
        return json.dumps({name: person[name] for name in ("name", "emails", "phones", "source")})


@asynccontextmanager
async def living() -> AsyncIterator[LiveWorld]:
    vendor = Recruitee(limit=10_000)
    vendor.add_offer(OFFER, JOB_TITLE)
    vendor.add_candidate(CANDIDATE, OFFER)
    # Long before the launch: that somebody applied is no evidence of a move.
    vendor.placement(CANDIDATE, OFFER)["created_at"] = "2026-01-07T09:00:00Z"
    async with serving(create_app(vendor)) as base_url:
        yield RecruiteeLife(vendor, base_url)


class TestRecruiteeMainJob(MainJob):
    """By webhook with faults, and by polling alone."""

    @pytest.fixture
    def case(self) -> Case:
        return RECRUITEE_CASE

    @pytest.fixture
    def life(self) -> Life:
        return living

    async def test_who_applied_since_the_launch_is_invited_at_first_sight(
        self, case: Case, life: Life, sqlite_url: str, tmp_path: Path
    ) -> None:
        """Applied and moved between two polls, and no delivery told of it: when they applied is enough."""
        async with life() as world, connected_house(case, world, sqlite_url, tmp_path) as house:
            assert isinstance(world, RecruiteeLife)
            world.vendor.now = datetime.now(UTC)
            world.vendor.placement(CANDIDATE, OFFER)["created_at"] = world.vendor.tick()
            await world.recruit(world.trigger_stage)
            await house.poll()
            await house.until("the invitation", house.invited)
            assert await house.interviews() == 1
