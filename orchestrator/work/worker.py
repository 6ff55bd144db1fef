"""The worker: claims what is due, runs handlers beside each other, keeps leases alive, and stops without losing work."""

import asyncio
import random
import time
import uuid
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from weakref import WeakSet

import structlog
from msgspec import Struct

from orchestrator.db.session import DATABASE_TROUBLE, Database
from orchestrator.work import claim
from orchestrator.work.feed import Feed, Feeder
from orchestrator.work.finishing import LINGER, Finishing
from orchestrator.work.job import Handler, Job
from orchestrator.work.limits import RateLimit, ensure_buckets
from orchestrator.work.outcome import Dead, Done, LeaseLost, Outcome, Retry, outcome_of
from orchestrator.work.payload import Payload, PayloadUnreadable, Registry
from orchestrator.work.presence import Presence
from orchestrator.work.wakeup import wakeups

log = structlog.get_logger(__name__)

BY_LOT = 8
"""One claim in so many takes by lot, so that no priority waits for ever behind a steady stream of a higher one."""


class WorkerCounts(Struct, kw_only=True):
    """What a worker has seen since it started."""

    claimed: int = 0
    leases_lost: int = 0


class Worker:
    """Runs work of the given kinds until stopped.

    ``lease`` (seconds) must be longer than the longest stall of the event loop; it is extended every third of it.
    ``poll`` (seconds) is how long a timer or a lost wake-up may be overlooked. ``kinds`` limits what is claimed; by
    default everything is, so that work which nobody can read comes to light as a dead letter. ``feed`` is called when
    there is news of the inbox, and as often as ``poll`` says.
    """

    def __init__(
        self,
        database: Database,
        handlers: Mapping[type[Payload], Handler],
        *,
        name: str = "worker",
        concurrency: int = 8,
        lease: float = 15.0,
        poll: float = 0.5,
        buckets: Mapping[str, RateLimit] | None = None,
        kinds: Collection[str] | None = None,
        feed: Feed | None = None,
    ) -> None:
        self.name = f"{name[:40]}-{uuid.uuid4().hex[:12]}"
        self.counts = WorkerCounts()
        self._database = database
        self._handlers = dict(handlers)
        self._registry = Registry(handlers)
        self._concurrency = concurrency
        self._lease = lease
        self._poll = poll
        self._buckets = dict(buckets or {})
        self._kinds = kinds
        self._feeder = Feeder(database, feed, poll=poll)
        self._running: dict[asyncio.Task[None], Job] = {}
        self._stopped: WeakSet[asyncio.Task[None]] = WeakSet()
        self._wake = asyncio.Event()
        self._finishing = Finishing(database, on_lost=self._lost, more=self._more_to_finish)
        self._presence = Presence(database, name=self.name, lease=lease, concurrency=concurrency, kinds=kinds)
        self._ready = False
        self._draw = random.Random()  # noqa: S311 - whose turn it is is no secret
        self._claims = 0
        # The last claim got all that it asked for: there is probably more.
        self._deep = False
        self._later: asyncio.TimerHandle | None = None
        self._stopping = False
        self._cut_short = asyncio.Event()
        self._drain = 20.0
        self._ended = asyncio.Event()
        self._ended.set()

    async def run(self) -> None:
        """Work until ``stop()``."""
        self._ended.clear()
        try:
            async with (
                self._presence.shown(),
                wakeups(self._database, self._wake, poll=self._poll),
                self._feeder.running(on_end=self._broken),
                self._upkeep(),
            ):
                while not self._stopping:
                    self._wake.clear()
                    await self._claim_safely()
                    await self._pause_for_news()
                await self._drain_running()
        finally:
            self._ended.set()

    async def run_until_idle(self) -> int:
        """Do everything that is due and may run now, also what that brings about; returns how many attempts were made.

        Work that waits for its time, its connection's limit or a pause stays where it is.
        """
        before = self.counts.claimed
        async with self._upkeep():
            self._wake.clear()
            # What ended while it was claimed may have let another item of its lane go.
            while await self._feed_and_claim() or self._running or self._wake.is_set():
                if self._running:
                    await self._wake.wait()
                self._wake.clear()
        return self.counts.claimed - before

    async def stop(self, *, drain: float = 20.0) -> None:
        """Claim nothing more, wait up to ``drain`` seconds for what runs, then give the rest back to the queue.

        A second call with no drain cuts the first one's short.
        """
        self._drain = drain
        if drain <= 0:
            self._cut_short.set()
        self._stopping = True
        self._wake.set()
        await self._ended.wait()

    async def _drain_running(self) -> None:
        if self._running:
            cut_short = asyncio.create_task(self._cut_short.wait())
            finished = asyncio.create_task(asyncio.wait(set(self._running)))
            await asyncio.wait({cut_short, finished}, timeout=self._drain, return_when=asyncio.FIRST_COMPLETED)
            cut_short.cancel()
            finished.cancel()
        for task, job in list(self._running.items()):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            if not job.settled:
                await self._settle(job, Retry(reason="the worker was stopped", after=0.0, counted=False))

    async def _pause_for_news(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), timeout=self._poll)

    async def _feed_and_claim(self) -> int:
        await self._feeder.feed_all()
        return await self._claim()

    async def _claim_safely(self) -> None:
        try:
            await self._claim()
        except DATABASE_TROUBLE as error:
            log.warning("work.claim_failed", error=type(error).__name__)

    async def _claim(self) -> int:
        free = self._concurrency - len(self._running)
        if free <= 0:
            return 0
        if not self._ready:
            await ensure_buckets(self._database, self._buckets)
            self._ready = True
        if self._database.dialect == "sqlite" and not self._deep:
            async with self._database.reading() as session:
                if not await claim.anything_due(session):
                    return 0
        self._claims += 1
        draw = None if self._claims % BY_LOT else self._draw
        async with self._database.transaction() as tx:
            claimed = await claim.claim(
                tx, count=free, worker=self.name, lease=self._lease, kinds=self._kinds, draw=draw
            )
        for row in claimed.rows:
            job = Job(self._database, row, lease=self._lease, troubled=row.rate_key in claimed.troubled)
            task = asyncio.create_task(self._attempt(job, row), name=f"work-{row.kind}-{row.id}")
            self._running[task] = job
            task.add_done_callback(self._forget)
        self._deep = len(claimed.rows) == free
        self.counts.claimed += len(claimed.rows)
        self._presence.claimed(claimed.rows)
        if draw is not None and not self._deep:
            # By lot fewer may have been taken than are due, or none: the next claim, by priority, fills the places.
            self._wake.set()
        return len(claimed.rows)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        if not self._deep or len(self._running) * 2 <= self._concurrency:
            self._claim_now()
        elif self._later is None:
            # A claim of many costs what a claim of one does, so with much to do places are filled some at a time.
            self._later = asyncio.get_running_loop().call_later(LINGER, self._claim_now)

    def _claim_now(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None
        self._wake.set()

    def _more_to_finish(self, waiting: int) -> bool:
        return self._deep and waiting * 2 < len(self._running)

    async def _attempt(self, job: Job, row: claim.ClaimedRow) -> None:
        began = time.monotonic()
        outcome = await self._call(job, row)
        self._presence.ended(row.kind, outcome, seconds=time.monotonic() - began)
        if job.settled or outcome is None:
            return
        if isinstance(outcome, Done) and not job.troubled:
            await self._finishing(job)
        else:
            await self._settle(job, outcome)

    async def _call(self, job: Job, row: claim.ClaimedRow) -> Outcome | None:
        """Call the handler; None where the lease was lost and nothing is left to say."""
        try:
            payload = self._registry.decode(row.kind, row.version, row.payload)
        except PayloadUnreadable as error:
            # What a newer release wrote may be read by it a little later; what an older one wrote never changes.
            return Retry(reason=str(error)) if error.newer else Dead(str(error))
        try:
            return await self._handlers[type(payload)](payload, job) or Done()
        except LeaseLost:
            self._lost(job)
            return None
        except Exception as error:  # noqa: BLE001 - the one boundary: whatever a handler did not foresee is kept as a retry
            outcome = outcome_of(error)
            log.warning(
                "work.attempt_failed", kind=job.kind, work=job.id, attempt=job.attempt, error=type(error).__name__
            )
            return outcome

    async def _settle(self, job: Job, outcome: Outcome) -> None:
        try:
            async with job.finish(outcome):
                pass
        except LeaseLost:
            self._lost(job)
        except DATABASE_TROUBLE as error:
            # The lease ends by itself, and somebody tries again.
            log.warning("work.settle_failed", kind=job.kind, work=job.id, error=type(error).__name__)

    def _lost(self, job: Job) -> None:
        self.counts.leases_lost += 1
        log.warning("work.lease_lost", kind=job.kind, work=job.id, attempt=job.attempt)

    @asynccontextmanager
    async def _upkeep(self) -> AsyncIterator[None]:
        """Extend own leases and sweep those that ended, every third of a lease, while the block lasts."""
        enough = asyncio.Event()
        task = asyncio.create_task(self._keep_up(enough), name=f"{self.name}-upkeep")
        task.add_done_callback(self._broken)
        try:
            yield
        finally:
            # Not cancelled: a transaction under way ends as it should.
            enough.set()
            await task

    def _broken(self, task: asyncio.Task[None]) -> None:
        # A worker that goes on without its leases or its inbox looks alive and is not: it ends, and says why.
        if not task.cancelled() and task.exception() is not None:
            self._stopping = True
            self._wake.set()

    async def _keep_up(self, enough: asyncio.Event) -> None:
        while not enough.is_set():
            try:
                await self.keep_leases()
            except DATABASE_TROUBLE as error:
                log.warning("work.upkeep_failed", error=type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(enough.wait(), timeout=self._lease / 3)

    async def keep_leases(self) -> None:
        """Extend the leases of what runs here and put back what others let go; what we lost ourselves is stopped."""
        held = {task: job for task, job in self._running.items() if not job.settled and task not in self._stopped}
        ours: set[int] = set()
        async with self._database.transaction() as tx:
            if held:
                ours = await claim.extend(tx.session, [job.held for job in held.values()], lease=self._lease)
            await self._presence.write(tx, leases_lost=self.counts.leases_lost)
        # In a transaction of its own: it locks lanes, and those come before rows of work.
        async with self._database.transaction() as tx:
            swept = await claim.sweep(tx)
        for task, job in held.items():
            if job.id not in ours and not job.settled and not task.done():
                self._lost(job)
                # Once is enough: what it does on its way out must not be cut off as well.
                self._stopped.add(task)
                task.cancel()
        if swept:
            log.warning("work.leases_ended", count=swept)
            self._wake.set()
