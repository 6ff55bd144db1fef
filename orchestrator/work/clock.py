"""The clock: turns slots of time into work, one item for each slot however many processes tick. No business state."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import sqlalchemy as sa
import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger
from msgspec import Struct

from orchestrator.db.models.intake import ClockSlot
from orchestrator.db.session import DATABASE_TROUBLE, Database, Transaction
from orchestrator.db.upsert import insert_into
from orchestrator.work.payload import Payload
from orchestrator.work.queue import enqueue
from orchestrator.work.sql import DatabaseNow
from orchestrator.work.table import QUEUED, WorkState, work
from orchestrator.work.times import moment

log = structlog.get_logger(__name__)

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
"""Slots of every process are counted from the same instant (a multiple of every sensible interval)."""

EARLY = 5.0
EARLY_SHARE = 0.1
"""Seconds, and share of a slot, by which a tick may come early and still be meant for the slot that follows.

A tick that is fired a millisecond before its slot, by a clock that runs that much ahead, would find the slot before it
made already, and its own would be left to whoever comes next.
"""

RETRIES = (1.0, 5.0, 15.0, 60.0)
"""Seconds after each failure of the database; then the next slot makes up for this one."""


class Tick(Struct, frozen=True, kw_only=True):
    """Every ``seconds``, the work that ``payload`` makes for the slot that begins; one after another in ``lane``.

    ``halts``: while a dead letter of it waits for a person, no more is made, for it would end the same way.
    """

    name: str
    seconds: int
    payload: Callable[[datetime], Payload]
    rate_key: str | None = None
    lane: str | None = None
    halts: bool = False


class Clockwork:
    """Runs ticks while the process lives; start one in every process.

    Slots are read from the database's clock at the moment a tick fires, so that processes whose clocks differ agree.
    A slot that nobody saw (all processes down, or a late tick) is made up for once, not once for each.
    """

    def __init__(self, database: Database, ticks: Sequence[Tick]) -> None:
        self._database = database
        self._ticks = tuple(ticks)
        self._scheduler = AsyncIOScheduler(timezone=UTC)

    async def start(self) -> None:
        """Catch up, then tick. Must be called from the running event loop."""
        for tick in self._ticks:
            await self._database.patiently(partial(self._catch_up, tick))
            self._scheduler.add_job(
                self._fire,
                IntervalTrigger(seconds=tick.seconds, start_date=EPOCH, timezone=UTC),
                args=(tick,),
                id=tick.name,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=tick.seconds,
            )
        self._scheduler.start()

    async def _catch_up(self, tick: Tick) -> None:
        await self._make(tick, slot_of(await self._now(), tick.seconds))

    def stop(self) -> None:
        """Tick no more."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def _fire(self, tick: Tick) -> None:
        """Tick; while the database is away, again a little later, for the next slot may be an hour off."""
        for wait in RETRIES:
            try:
                await self.tick(tick)
            except DATABASE_TROUBLE as error:
                log.warning("clock.tick_failed", tick=tick.name, error=type(error).__name__)
                await asyncio.sleep(wait)
            else:
                return

    async def tick(self, tick: Tick) -> bool:
        """Make the work of the slot that the database's clock is in; False if it was made before.

        Where the next slot is about to begin, it is waited for: our clock runs a little ahead of the database's.
        """
        now = await self._now()
        slot = slot_of(now, tick.seconds)
        if await self._make(tick, slot):
            return True
        following = slot + timedelta(seconds=tick.seconds)
        early = (following - now).total_seconds()
        if early > min(EARLY, tick.seconds * EARLY_SHARE):
            return False
        await asyncio.sleep(early)
        return await self._make(tick, following)

    async def _now(self) -> datetime:
        async with self._database.reading() as session:
            return moment((await session.execute(sa.select(DatabaseNow()))).scalar_one())

    async def _make(self, tick: Tick, slot: datetime) -> bool:
        async with self._database.transaction() as tx:
            if not await _advance(tx, tick.name, slot):
                return False
            # Work of an earlier slot that nobody has taken yet does for this one as well.
            if await _is_waiting(tx, tick.name):
                return False
            if tick.halts and await _is_dead(tx, tick.name):
                return False
            return await enqueue(
                tx,
                tick.payload(slot),
                lane=tick.lane,
                rate_key=tick.rate_key,
                subject=f"clock:{tick.name}",
                dedupe=f"clock:{tick.name}:{slot:%Y-%m-%dT%H:%M:%SZ}",
            )


def slot_of(instant: datetime, seconds: int) -> datetime:
    """The beginning of the slot that an instant is in."""
    return EPOCH + timedelta(seconds=(instant - EPOCH) // timedelta(seconds=1) // seconds * seconds)


async def _advance(tx: Transaction, job: str, slot: datetime) -> bool:
    proposed = insert_into(ClockSlot, tx.dialect).values(job=job, slot=slot)
    statement = proposed.on_conflict_do_update(
        index_elements=["job"],
        set_={"slot": proposed.excluded.slot},
        where=ClockSlot.slot < proposed.excluded.slot,
    ).returning(ClockSlot.job)
    return (await tx.session.execute(statement)).first() is not None


async def _is_waiting(tx: Transaction, job: str) -> bool:
    waiting = sa.exists().where(
        work.c.subject == f"clock:{job}", work.c.state == QUEUED, work.c.run_at <= DatabaseNow()
    )
    return bool((await tx.session.execute(sa.select(waiting))).scalar())


async def _is_dead(tx: Transaction, job: str) -> bool:
    dead = sa.exists().where(work.c.subject == f"clock:{job}", work.c.state == WorkState.DEAD)
    return bool((await tx.session.execute(sa.select(dead))).scalar())
