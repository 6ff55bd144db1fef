"""The clock: one item of work for each slot, however many processes tick, and none forgotten."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import sqlalchemy as sa

from orchestrator.db.models.intake import ClockSlot
from orchestrator.db.session import Database
from orchestrator.work.clock import Clockwork, Tick, slot_of
from orchestrator.work.payload import Payload
from orchestrator.work.table import work
from orchestrator.work.worker import Worker
from tests.fixtures.work import all_work


class Poll(Payload, frozen=True, kw_only=True):
    """Ask the ATS what is new."""

    kind: ClassVar[str] = "connection.poll"
    slot: datetime


async def ignore(payload: Poll, job: object) -> None:
    """A handler that does nothing."""


def every(seconds: int) -> Tick:
    """A tick of the polls."""
    return Tick(name="poll", seconds=seconds, payload=lambda slot: Poll(slot=slot))


async def set_back(database: Database, by: timedelta) -> None:
    """Pretend that the last slot was that long ago."""
    async with database.transaction() as tx:
        stored = (await tx.session.execute(sa.select(ClockSlot.slot))).scalar_one()
        await tx.session.execute(sa.update(ClockSlot).values(slot=stored - by))


async def keys(database: Database) -> list[str | None]:
    """The keys of all work."""
    return [item.dedupe for item in await all_work(database)]


async def test_three_processes_make_one_item_for_a_slot(database: Database) -> None:
    """Every process ticks; the slot's row lets one of them through."""
    url = database.url.render_as_string(hide_password=False)
    processes = [database, Database(url), Database(url)]
    clockworks = [Clockwork(process, [every(86400)]) for process in processes]
    await asyncio.gather(*(clockwork.start() for clockwork in clockworks))
    made = await asyncio.gather(*(clockwork.tick(every(86400)) for clockwork in clockworks))
    for clockwork in clockworks:
        clockwork.stop()
    for process in processes[1:]:
        await process.aclose()
    assert made == [False, False, False]
    today = slot_of(datetime.now(UTC), 86400)
    assert await keys(database) == [f"clock:poll:{today:%Y-%m-%dT%H:%M:%SZ}"]


async def test_missed_slots_are_caught_up_once_at_start(database: Database) -> None:
    """After three days without a process there is one item, for the slot of today."""
    first = Clockwork(database, [every(86400)])
    await first.start()
    first.stop()
    await Worker(database, {Poll: ignore}).run_until_idle()
    async with database.transaction() as tx:
        await tx.session.execute(sa.text("UPDATE work SET dedupe = 'an earlier slot'"))
    await set_back(database, timedelta(days=3))
    second = Clockwork(database, [every(86400)])
    await second.start()
    second.stop()
    today = slot_of(datetime.now(UTC), 86400)
    assert await keys(database) == ["an earlier slot", f"clock:poll:{today:%Y-%m-%dT%H:%M:%SZ}"]


async def test_slots_do_not_pile_up_while_no_worker_takes_them(database: Database) -> None:
    """One waiting item does for every slot that passes meanwhile."""
    clockwork = Clockwork(database, [])
    assert await clockwork.tick(every(86400)) is True
    await set_back(database, timedelta(days=1))
    assert await clockwork.tick(every(86400)) is False
    assert len(await all_work(database)) == 1


async def test_slot_is_used_up_also_when_its_work_was_cleared_away(database: Database) -> None:
    """Retention of finished work must not make a slot fire again."""
    clockwork = Clockwork(database, [])
    assert await clockwork.tick(every(86400)) is True
    async with database.transaction() as tx:
        await tx.session.execute(sa.delete(work))
    assert await clockwork.tick(every(86400)) is False


async def test_ticks_come_by_themselves(database: Database) -> None:
    """The scheduler fires at the next slot without being asked."""
    seen: list[datetime] = []
    twice = asyncio.Event()

    async def handler(payload: Poll, job: object) -> None:
        seen.append(payload.slot)
        if len(seen) == 2:
            twice.set()

    worker = Worker(database, {Poll: handler}, poll=60)
    running = asyncio.create_task(worker.run())
    clockwork = Clockwork(database, [every(1)])
    await clockwork.start()
    await asyncio.wait_for(twice.wait(), timeout=10)
    clockwork.stop()
    await worker.stop()
    await running
    assert seen[0] < seen[1]
    assert all(slot.microsecond == 0 for slot in seen)


def test_slot_is_the_begin_of_the_interval() -> None:
    """Floor, also exactly on the border and before the common origin."""
    assert slot_of(datetime(2026, 11, 21, 3, 0, 0, tzinfo=UTC), 600) == datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
    assert slot_of(datetime(2026, 11, 21, 3, 9, 59, 999_999, tzinfo=UTC), 600) == datetime(2026, 11, 21, 3, tzinfo=UTC)
    assert slot_of(datetime(2019, 12, 31, 23, 59, tzinfo=UTC), 3600) == datetime(2019, 12, 31, 23, tzinfo=UTC)
