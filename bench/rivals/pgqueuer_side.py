"""PgQueuer: enqueue and drain, each with a domain row. ``python pgqueuer_side.py DSN JOBS CONCURRENCY``.

Enqueue: asyncpg, one transaction per job that holds the domain row and the job. Drain: batches as large as the concurrency
(its fastest setting here), through asyncpg pools; finished jobs are logged in batches, apart from the domain transaction.
"""

import asyncio
import json
import sys
import time

import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types
import uvloop
from pgqueuer import AsyncpgDriver, AsyncpgPoolDriver, QueueManager  # type: ignore[import-not-found]  # lives in .venv-bench
from pgqueuer.models import Job  # type: ignore[import-not-found]  # lives in .venv-bench
from pgqueuer.queries import Queries  # type: ignore[import-not-found]  # lives in .venv-bench
from pgqueuer.types import QueueExecutionMode  # type: ignore[import-not-found]  # lives in .venv-bench

NOTE = "a short note about what was decided"


async def measure(dsn: str, jobs: int, concurrency: int) -> dict[str, float]:
    """Seconds to enqueue everything, and to drain it."""
    pool = await asyncpg.create_pool(dsn, min_size=concurrency, max_size=concurrency)
    engine_pool = await asyncpg.create_pool(dsn, min_size=4, max_size=concurrency)
    driver = AsyncpgPoolDriver(engine_pool)
    await Queries(driver).install()
    manager = QueueManager(Queries(driver))

    @manager.entrypoint("finish")  # type: ignore[untyped-decorator]  # lives in .venv-bench
    async def finish(job: Job) -> None:
        await pool.execute("INSERT INTO finished (job, note) VALUES ($1, $2)", int(job.payload), NOTE)

    async def place(numbers: list[int]) -> None:
        for number in numbers:
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute("INSERT INTO placed (job, note) VALUES ($1, $2)", number, NOTE)
                await Queries(AsyncpgDriver(connection)).enqueue("finish", str(number).encode())

    started = time.perf_counter()
    await asyncio.gather(*(place(list(range(first, jobs, concurrency))) for first in range(concurrency)))
    enqueued = time.perf_counter()
    await manager.run(mode=QueueExecutionMode.drain, batch_size=concurrency, max_concurrent_tasks=2 * concurrency)
    drained = time.perf_counter()
    finished = await pool.fetchval("SELECT count(*) FROM finished")
    await pool.close()
    return {"enqueue": enqueued - started, "drain": drained - enqueued, "finished": finished}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(uvloop.run(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))) + "\n")
