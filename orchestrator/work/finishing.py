"""Finishing together: items that are done without an effect of their own are settled many in one transaction."""

import asyncio
from collections.abc import Callable

import structlog

from orchestrator.db.session import DATABASE_TROUBLE, Database
from orchestrator.work.job import Job
from orchestrator.work.settle import settle_done

log = structlog.get_logger(__name__)


class Finishing:
    """Call it with a job: returns when the job is settled, or lost, or the database did not take it."""

    def __init__(self, database: Database, *, on_lost: Callable[[Job], None]) -> None:
        self._database = database
        self._on_lost = on_lost
        self._waiting: list[Job] = []
        self._settling: asyncio.Task[None] | None = None

    async def __call__(self, job: Job) -> None:
        """Settle ``job`` as done, with whatever else is done at this moment."""
        self._waiting.append(job)
        while job in self._waiting:
            if self._settling is None:
                self._settling = asyncio.create_task(self._settle(), name="settle-done")
            await asyncio.wait({self._settling})

    async def _settle(self) -> None:
        jobs = list(self._waiting)
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
            del self._waiting[: len(jobs)]
            self._settling = None
