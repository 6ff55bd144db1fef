"""The clock: one item of work for each slot, however many processes tick, and none forgotten."""

import asyncio
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import sqlalchemy as sa

from orchestrator.db.models.intake import ClockSlot
from orchestrator.db.session import Database
from orchestrator.work.clock import EPOCH, Clockwork, Tick, slot_of
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


async def clear(database: Database) -> None:
    """As if a worker had done everything."""
    async with database.transaction() as tx:
        await tx.session.execute(sa.delete(work))


def ends_soon() -> Tick:
    """A tick whose slot, counted from the common origin, ends within two seconds."""
    return every(int((datetime.now(UTC) - EPOCH).total_seconds()) + 2)


async def test_a_tick_that_comes_a_moment_early_makes_the_slot_it_was_meant_for(database: Database) -> None:
    """The clock of a process runs a little ahead: its tick waits for the database's, and no slot is left out."""
    clockwork, tick = Clockwork(database, []), ends_soon()
    assert await clockwork.tick(tick) is True
    await clear(database)
    assert await clockwork.tick(tick) is True
    following = EPOCH + timedelta(seconds=tick.seconds)
    assert await keys(database) == [f"clock:poll:{following:%Y-%m-%dT%H:%M:%SZ}"]
    assert datetime.now(UTC) >= following


async def test_clocks_that_are_hours_apart_agree_on_the_slot(database: Database) -> None:
    """A process whose clock is wrong ticks at odd moments; what counts is the database's clock at that moment."""
    clockworks = [Clockwork(database, []) for _ in range(3)]
    assert await clockworks[0].tick(every(86400)) is True
    await clear(database)
    assert [await clockwork.tick(every(86400)) for clockwork in clockworks * 3] == [False] * 9
    await set_back(database, timedelta(days=1))
    assert [await clockwork.tick(every(86400)) for clockwork in clockworks * 3] == [True] + [False] * 8
    assert len(await all_work(database)) == 1


async def test_a_slot_of_the_future_is_not_taken_back(database: Database) -> None:
    """The database's clock was set back: nothing is made twice, and time goes on where it was."""
    clockwork = Clockwork(database, [])
    await clockwork.tick(every(86400))
    await clear(database)
    await set_back(database, timedelta(days=-2))
    assert await clockwork.tick(every(86400)) is False
    assert await all_work(database) == []


async def test_two_processes_that_tick_at_once_make_one_item(database: Database) -> None:
    """Twenty rounds of four connections each that race for the same slot."""
    url = database.url.render_as_string(hide_password=False)
    processes = [database, *(Database(url) for _ in range(3))]
    clockworks = [Clockwork(process, []) for process in processes]
    made = []
    for _ in range(20):
        made.append(sorted(await asyncio.gather(*(clockwork.tick(every(86400)) for clockwork in clockworks))))
        assert len(await all_work(database)) == 1
        await clear(database)
        await set_back(database, timedelta(days=1))
    for process in processes[1:]:
        await process.aclose()
    assert made == [[False, False, False, True]] * 20


async def test_a_long_stop_is_made_up_for_once_for_each_job(database: Database) -> None:
    """A month without any process: one item for each job, whichever process starts first, and none for the past."""
    hourly = Tick(name="hourly", seconds=3600, payload=lambda slot: Poll(slot=slot))
    first = Clockwork(database, [every(86400), hourly])
    await first.start()
    first.stop()
    await clear(database)
    async with database.transaction() as tx:
        for row in await tx.session.scalars(sa.select(ClockSlot)):
            row.slot -= timedelta(days=30)
    before = datetime.now(UTC)
    again = [Clockwork(database, [every(86400), hourly]) for _ in range(3)]
    await asyncio.gather(*(clockwork.start() for clockwork in again))
    for clockwork in again:
        clockwork.stop()
    expected = {
        f"clock:{name}:{slot_of(before, seconds):%Y-%m-%dT%H:%M:%SZ}"
        for name, seconds in (("poll", 86400), ("hourly", 3600))
    }
    assert set(await keys(database)) == expected
    assert len(await all_work(database)) == 2


async def test_a_tick_that_was_held_up_fires_once_when_the_loop_goes_on(sqlite_database: Database) -> None:
    """A process that stood still over several slots (SIGSTOP, a stalled loop) makes up for them once, not one by one."""
    fired: list[datetime] = []

    class Watched(Clockwork):
        async def tick(self, tick: Tick) -> bool:
            fired.append(datetime.now(UTC))
            return await super().tick(tick)

    clockwork = Watched(sqlite_database, [every(1)])
    await clockwork.start()
    until = time.monotonic() + 3.2
    while time.monotonic() < until:
        pass
    await asyncio.sleep(0.3)
    clockwork.stop()
    assert fired
    assert len({slot_of(at, 1) for at in fired}) == len(fired)


async def test_the_clock_goes_on_after_the_database_was_away(sqlite_database: Database) -> None:
    """A tick that finds no database is tried again soon, not left to the next slot."""
    clockwork = Clockwork(sqlite_database, [])
    tries: list[int] = []

    class Away(Clockwork):
        async def tick(self, tick: Tick) -> bool:
            tries.append(1)
            if len(tries) == 1:
                raise sa.exc.OperationalError("SELECT 1", {}, OSError("away"))
            return await clockwork.tick(tick)

    away = Away(sqlite_database, [])
    await away._fire(every(86400))
    assert len(tries) == 2
    assert len(await all_work(sqlite_database)) == 1


TICKER = """
import asyncio, sys
from datetime import datetime
from typing import ClassVar
from orchestrator.db.session import Database
from orchestrator.work.clock import Clockwork, Tick
from orchestrator.work.payload import Payload

class Poll(Payload, frozen=True, kw_only=True):
    kind: ClassVar[str] = "connection.poll"
    slot: datetime

async def main():
    database = Database(sys.argv[1])
    clockwork = Clockwork(database, [Tick(name="poll", seconds=1, payload=lambda slot: Poll(slot=slot))])
    await clockwork.start()
    await asyncio.to_thread(sys.stdin.read)
    clockwork.stop()
    await database.aclose()

asyncio.run(main())
"""


async def test_processes_in_other_time_zones_make_one_item_for_each_slot(database: Database) -> None:
    """Three real processes, from Kiritimati (UTC+14) to Adak (UTC-10): every slot of a second once, none twice."""
    url = database.url.render_as_string(hide_password=False)
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", TICKER, url, stdin=asyncio.subprocess.PIPE, env={**os.environ, "TZ": zone}
        )
        for zone in ("Pacific/Kiritimati", "America/Adak", "Asia/Kathmandu")
    ]
    seen: list[datetime] = []
    enough = asyncio.Event()

    async def handler(payload: Poll, job: object) -> None:
        seen.append(payload.slot)
        if len(seen) == 4:
            enough.set()

    worker = Worker(database, {Poll: handler}, poll=0.1)
    running = asyncio.create_task(worker.run())
    try:
        await asyncio.wait_for(enough.wait(), timeout=60)
    finally:
        statuses = []
        for process in processes:
            await process.communicate(b"")
            statuses.append(process.returncode)
        await worker.stop()
        await running
    assert statuses == [0, 0, 0]
    assert len(set(seen)) == len(seen)
    assert all(slot == slot_of(slot, 1) and slot <= datetime.now(UTC) for slot in seen)
    assert len(await all_work(database)) - len(seen) <= 1
