"""Evenhand's engine: enqueue and drain, each with a domain row. ``python -m bench.evenhand_side URL JOBS CONCURRENCY``.

Both ways are the public interface: ``enqueue`` in the caller's transaction, ``Job.finish`` around the domain row, so that the
row and "done" are committed together, fenced by the lease. Each job has a lane of its own, as each application has.
"""

import asyncio
import json
import sys
import time
from typing import ClassVar

import sqlalchemy as sa
import uvloop

from orchestrator.db.session import Database
from orchestrator.work.job import Job
from orchestrator.work.payload import Payload
from orchestrator.work.queue import enqueue
from orchestrator.work.worker import Worker

NOTE = "a short note about what was decided"
PLACE = sa.text("INSERT INTO placed (job, note) VALUES (:job, :note)")
FINISH = sa.text("INSERT INTO finished (job, note) VALUES (:job, :note)")


class Finish(Payload, frozen=True, kw_only=True):
    """Write one row."""

    kind: ClassVar[str] = "bench.finish"
    job: int


async def measure(url: str, jobs: int, concurrency: int) -> dict[str, float]:
    """Seconds to enqueue everything, and to drain it."""
    database = Database(url, pool_size=concurrency)

    async def place(numbers: list[int]) -> None:
        for number in numbers:
            async with database.transaction() as tx:
                await tx.session.execute(PLACE, {"job": number, "note": NOTE})
                await enqueue(tx, Finish(job=number), lane=f"bench/{number}")

    async def finish(payload: Finish, job: Job) -> None:
        async with job.finish() as tx:
            await tx.session.execute(FINISH, {"job": payload.job, "note": NOTE})

    try:
        started = time.perf_counter()
        await asyncio.gather(*(place(list(range(first, jobs, concurrency))) for first in range(concurrency)))
        enqueued = time.perf_counter()
        await Worker(database, {Finish: finish}, concurrency=concurrency).run_until_idle()
        drained = time.perf_counter()
        async with database.reading() as session:
            finished = await session.scalar(sa.text("SELECT count(*) FROM finished"))
    finally:
        await database.aclose()
    return {"enqueue": enqueued - started, "drain": drained - enqueued, "finished": finished or 0}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(uvloop.run(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))) + "\n")
