"""Drift: moves that only polling found are counted once; those that a delivery told, sooner or later, are not."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from orchestrator.db.repositories import drift as rows
from orchestrator.domain.drift import Drift
from orchestrator.domain.findings import Code
from orchestrator.services.kinds import PollConnection
from orchestrator.services.watching import watch_troubles
from orchestrator.work.queue import enqueue
from tests.fixtures.house import House, running_house
from tests.integration.services.people import Newcomer, move_to, newcomer
from tests.integration.services.rows import count, settled


@pytest.fixture
async def house(sqlite_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """A house whose ATS does not know it yet."""
    async with running_house(sqlite_url, tmp_path, subscribe=False) as running:
        yield running


@pytest.fixture
async def house_on_each(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """The same on a database of each kind."""
    async with running_house(database_url, tmp_path, subscribe=False) as running:
        yield running


async def poll(house: House) -> None:
    """Ask the ATS what changed."""
    async with house.runtime.database.transaction() as tx:
        await enqueue(tx, PollConnection(connection="sandbox"), rate_key="sandbox")
    await settled(house)


async def judged(house: House) -> Drift:
    """Let the time pass in which a delivery may still come, poll, and see what was counted."""
    house.clock.ahead += timedelta(minutes=15)
    await poll(house)
    async with house.runtime.database.reading() as session:
        found = await rows.since(session, (house.clock.now() - timedelta(days=7)).date())
    return found.get("sandbox", Drift())


async def moved(house: House, application: Newcomer) -> None:
    """Seen once where it stood, then moved."""
    await poll(house)
    await move_to(house, application, "First Interview")


async def test_what_only_polls_found_is_counted_once(house_on_each: House) -> None:
    """Two moves without a delivery: two, with how late; no further poll counts them again, and people are told."""
    house = house_on_each
    people = [await newcomer(house) for _ in range(2)]
    for application in people:
        await moved(house, application)
    # Younger than ten minutes: a delivery may be under way.
    await poll(house)
    assert await count(house.runtime.database, "SELECT sum(moves) FROM drift") == 0
    found = await judged(house)
    assert (found.moves, found.dated) == (2, 2)
    assert 0 <= found.lag_most < 60
    assert await judged(house) == found
    async with house.runtime.database.reading() as session:
        [trouble] = await watch_troubles(session, now=house.clock.now())
    assert trouble.startswith("sandbox did not tell of 2 moves in 7 days")
    report = await house.runtime.services.doctor.examine(actor="cli", connection="sandbox")
    # The ATS has no webhook: that is the cause, and it is told instead.
    assert [one.code for one in report.findings if one.code.startswith("webhook_")] == [Code.WEBHOOK_MISSING]
    house.clock.ahead += timedelta(days=91)
    assert (await judged(house)).moves == 0
    assert await count(house.runtime.database, "SELECT count(*) FROM drift WHERE moves > 0") == 0


async def test_what_was_told_is_no_drift(house: House) -> None:
    """A delivery first, or minutes after a poll that was faster; somebody new who did not move is none either."""
    first, later, _new = [await newcomer(house) for _ in range(3)]
    await moved(house, later)
    await poll(house)
    await house.sandbox.subscribe(f"{house.url}/hooks/sandbox")
    await house.sandbox.admin.post(f"/applications/{later.id}/notes", data={"body": "A", "visibility": "team"})
    await move_to(house, first, "First Interview")
    await settled(house)
    assert (await judged(house)).moves == 0


async def test_a_hole_among_deliveries_is_lossy(house: House) -> None:
    """Deliveries come, but not all: the doctor says how many moves they left out."""
    lost, told = [await newcomer(house) for _ in range(2)]
    await moved(house, lost)
    await poll(house)
    await house.sandbox.subscribe(f"{house.url}/hooks/sandbox")
    await move_to(house, told, "First Interview")
    await settled(house)
    assert (await judged(house)).moves == 1
    report = await house.runtime.services.doctor.examine(actor="cli", connection="sandbox")
    [finding] = [one for one in report.findings if one.code.startswith("webhook_")]
    assert finding.code is Code.WEBHOOK_LOSSY
    assert "one move" in finding.reason
