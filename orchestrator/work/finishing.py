"""Finishing together: items that are done without an effect of their own are settled many in one transaction."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from orchestrator.db.session import DATABASE_TROUBLE, Database
from orchestrator.work.job import Job
from orchestrator.work.settle import settle_done

log = structlog.get_logger(__name__)

LINGER = 0.01
"""Seconds that something done, or a free place, waits for others where there is much to do: one transaction for many."""


class Finishing:
    """Call it with a job: returns when the job is settled, or lost, or the database did not take it.

    ``more`` says whether others than the given number of jobs are worth a short wait.
    """

    def __init__(self, database: Database, *, on_lost: Callable[[Job], None], more: Callable[[int], bool]) -> None:
        self._database = database
        self._on_lost = on_lost
        self._more = more
        self._waiting: list[tuple[Job, asyncio.Future[None]]] = []
        self._enough = asyncio.Event()
        self._settling: asyncio.Task[None] | None = None

    async def __call__(self, job: Job) -> None:
        """Settle ``job`` as done, with whatever else is done at this moment or in the next."""
        settled = asyncio.get_running_loop().create_future()
        self._waiting.append((job, settled))
        if self._settling is None:
            self._settling = asyncio.create_task(self._settle(), name="settle-done")
        elif not self._more(len(self._waiting)):
            self._enough.set()
        await settled

    async def _settle(self) -> None:
        self._enough.clear()
        if self._more(len(self._waiting)):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._enough.wait(), timeout=LINGER)
        group, self._waiting = self._waiting, []
        jobs = [job for job, _ in group]
        try:
            async with self._database.transaction() as tx:
                ours = await settle_done(tx, [job.row for job in jobs])
        except DATABASE_TROUBLE as error:
            # The leases end by themselves, and somebody tries again.
            log.warning("work.settle_failed", count=len(jobs), error=type(error).__name__)
        else:
            for job in jobs:
                job.settled = job.id in ours
                if not job.settled:
                    self._on_lost(job)
        finally:
            for _, settled in group:
                if not settled.done():
                    settled.set_result(None)
            self._settling = asyncio.create_task(self._settle(), name="settle-done") if self._waiting else None
