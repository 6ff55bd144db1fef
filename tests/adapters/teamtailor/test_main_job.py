"""The main job against the model of Teamtailor."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.contract.model import FieldValue, StageKind
from orchestrator.db.models.writeback import WriteBackRow, WriteBackState
from tests.adapters.case import Case
from tests.adapters.main_job import (
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
from tests.adapters.teamtailor.simulator import FIELDS, Card, Simulator
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


async def test_a_second_application_of_one_person(sqlite_url: str, tmp_path: Path) -> None:
    """Fields belong to the person: what the first application wrote stays, and the notes have the result of each."""
    async with living() as world, connected_house(TEAMTAILOR_CASE, world, sqlite_url, tmp_path) as house:
        assert isinstance(world, TeamtailorLife)
        await world.listen(house.hook, SECRET)
        world.sim.cards["201"] = Card("201", "501", "8", world.resting_stage, world.sim.tick(), world.sim.now)
        for times, card in enumerate(("101", "201"), start=1):
            world.sim.move(card, world.trigger_stage)
            assert set(await world.sim.post.deliver()) <= {200}
            await house.until("the invitation", partial(house.invited, times))
            await interviewed(house)
            await decided(house)
            await house.until("the write-back", partial(written, TEAMTAILOR_CASE, world, times))
            if times == 1:
                shown = await world.shown()
        await only_once(TEAMTAILOR_CASE, world, house, times=2)
        assert await world.shown() == shown
        async with house.runtime.database.reading() as session:
            rows = (await session.scalars(sa.select(WriteBackRow).order_by(WriteBackRow.sequence))).all()
        second = {row.application_id for row in rows} - {rows[0].application_id}
        told = [(row.state, set(row.conflicts or ())) for row in rows if row.application_id in second]
    # Nothing waits and nothing is given up: operations see which fields hold the result of the other application.
    assert {state for state, _ in told} <= {WriteBackState.CONFLICT, WriteBackState.WRITTEN}
    assert "interview-link" in told[-1][1]
