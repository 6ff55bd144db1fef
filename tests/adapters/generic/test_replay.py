"""Outgoing deliveries are logged, given up when the receiver says so, and replayed as the same message (A11)."""

from pathlib import Path

import sqlalchemy as sa

from orchestrator.db.models.writeback import Direction, SyncRow
from orchestrator.services.kinds import WriteBack
from orchestrator.work.admin import Selection, list_work, replay_many
from orchestrator.work.table import WorkState
from tests.adapters.generic.test_main_job import GenericLife, living
from tests.adapters.generic.world import GENERIC_CASE
from tests.adapters.main_job import Evenhand, connected_house, decided, interviewed, only_once, written

DEAD = Selection(states=(WorkState.DEAD,), kinds=(WriteBack.kind,))


async def test_a_receiver_that_ended_and_came_back(sqlite_url: str, tmp_path: Path) -> None:
    """410 gives a delivery up, in the log with its reason; replayed, it is the same message, and the rest follows."""
    async with living() as world, connected_house(GENERIC_CASE, world, sqlite_url, tmp_path) as house:
        assert isinstance(world, GenericLife)
        await house.poll()
        await house.work()
        await world.recruit(world.trigger_stage)
        await house.poll()
        await house.until("the invitation", house.invited)
        await interviewed(house)
        world.receiver.gone = "application.note"
        await decided(house)
        await house.until("giving up", lambda: given_up(house))
        refused = world.receiver.taken[-1]
        assert ("Refused", True) in await pushes(house)
        world.receiver.gone = ""
        async with house.runtime.database.transaction() as tx:
            assert await replay_many(tx, DEAD, actor="test")
        await house.until("the write-back", lambda: written(GENERIC_CASE, world))
        await only_once(GENERIC_CASE, world, house)
        assert ("ok", False) in await pushes(house)
    again = [
        (headers, body) for headers, body in world.receiver.taken if headers["webhook-id"] == refused[0]["webhook-id"]
    ]
    assert len(again) == 2
    assert again[0][1] == again[1][1] == refused[1]
    assert b"application.note" in refused[1]


async def given_up(house: Evenhand) -> bool:
    async with house.runtime.database.reading() as session:
        return bool(await list_work(session, DEAD))


async def pushes(house: Evenhand) -> set[tuple[str, bool]]:
    """What came of each delivery, and whether the log says that the receiver wants no more."""
    statement = sa.select(SyncRow.outcome, SyncRow.detail).where(SyncRow.direction == Direction.PUSH)
    async with house.runtime.database.reading() as session:
        rows = (await session.execute(statement)).all()
    return {(outcome, "no deliveries any more" in detail) for outcome, detail in rows}
