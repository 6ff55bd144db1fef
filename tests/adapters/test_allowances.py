"""Vendors that say what is left of their limit are heard, in their simulators' own headers."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
import sqlalchemy as sa
from typing_extensions import override

from adapters.contract.allowance import Allowance, listening
from adapters.teamtailor import mapping as teamtailor
from orchestrator.db.session import Database
from orchestrator.ports import SystemClock
from orchestrator.services.exchange import Conversation
from orchestrator.work.allowance import Allowances
from orchestrator.work.job import Job
from orchestrator.work.limits import RateLimit, ensure_buckets, level
from orchestrator.work.queue import enqueue
from orchestrator.work.table import rate_bucket
from orchestrator.work.worker import Worker
from tests.adapters.case import connected
from tests.adapters.cases import CASES
from tests.fixtures.work import Note

TELLING = {"greenhouse": False, "smartrecruiters": False, "teamtailor": True, "workable": True}
"""By vendor, whether every answer says until when."""

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("vendor", TELLING)
async def test_what_is_left_is_heard(vendor: str) -> None:
    """Each request leaves one less than the one before, or as many again where a window began."""
    case = CASES[vendor]
    heard: list[Allowance] = []
    async with case.running() as world, connected(case, world) as adapter:
        for _ in range(2):
            with listening(heard.append):
                await adapter.list_stages()
    assert len(heard) > 1
    left = [one.left for one in heard]
    assert all(second in {first - 1, max(left)} for first, second in pairwise(left))
    assert {one.seconds is not None for one in heard} == {TELLING[vendor]}
    assert all(one.seconds is None or one.seconds <= 60 for one in heard)


class Remembering(Allowances):
    """Knows afterwards what was heard last."""

    left: int = -1

    @override
    def hear(self, connection: str, allowance: Allowance) -> None:
        self.left = allowance.left
        super().hear(connection, allowance)


@pytest.mark.parametrize("vendor", TELLING)
async def test_the_fleet_is_told(vendor: str, sqlite_database: Database) -> None:
    """The bucket of all processes holds no more than the simulator said was left."""
    case, allowances = CASES[vendor], Remembering()
    await ensure_buckets(sqlite_database, {vendor: RateLimit(rate=0.001, burst=100_000)})
    async with case.running() as world, connected(case, world) as adapter:

        async def handler(_payload: Note, job: Job) -> None:
            talk = Conversation(sqlite_database, SystemClock(), job, connection=vendor, allowances=allowances)
            async with talk.pull("list_stages"):
                await adapter.list_stages()
            async with talk.transaction():
                pass
            async with talk.finish():
                pass

        async with sqlite_database.transaction() as tx:
            await enqueue(tx, Note(number=1), rate_key=vendor)
        await Worker(sqlite_database, {Note: handler}).run_until_idle()
    async with sqlite_database.reading() as session:
        tokens = (await session.execute(sa.select(level()).where(rate_bucket.c.key == vendor))).scalar_one()
    assert 0 < tokens == pytest.approx(allowances.left, abs=0.1)


@pytest.mark.parametrize("reset", ["7", str(int(NOW.timestamp()) + 7)])
def test_the_reset_of_teamtailor_is_read_either_way(reset: str) -> None:
    """Nobody confirmed whether it is a span or a moment: neither becomes a wait of decades."""
    assert teamtailor.wait({teamtailor.RESET: reset}, NOW) == 7.0
