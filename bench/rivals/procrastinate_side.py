"""Procrastinate: enqueue and drain, each with a domain row. ``python procrastinate_side.py DSN JOBS CONCURRENCY``.

Enqueue: psycopg 3, one transaction per job that holds the domain row and the deferred job (``connection=``).
Drain: ``concurrency`` jobs at once in one process, LISTEN on, finished jobs deleted; the job's row is written through a pool
of its own, in a transaction of its own: the library offers no way to finish a job inside it.
"""

import asyncio
import json
import sys
import time

import uvloop
from procrastinate import App, PsycopgConnector  # type: ignore[import-not-found]  # lives in .venv-bench
from psycopg_pool import AsyncConnectionPool  # type: ignore[import-not-found]  # lives in .venv-bench

NOTE = "a short note about what was decided"


async def measure(dsn: str, jobs: int, concurrency: int) -> dict[str, float]:
    """Seconds to enqueue everything, and to drain it."""
    app = App(connector=PsycopgConnector(conninfo=dsn, min_size=concurrency, max_size=concurrency))
    pool = AsyncConnectionPool(dsn, min_size=concurrency, max_size=concurrency, open=False)
    await pool.open(wait=True)

    @app.task(name="finish", queue="bench")  # type: ignore[untyped-decorator]  # lives in .venv-bench
    async def finish(job: int) -> None:
        async with pool.connection() as connection:
            await connection.execute("INSERT INTO finished (job, note) VALUES (%s, %s)", (job, NOTE))

    async def place(numbers: list[int]) -> None:
        for number in numbers:
            async with pool.connection() as connection:
                await connection.execute("INSERT INTO placed (job, note) VALUES (%s, %s)", (number, NOTE))
                await finish.configure(connection=connection).defer_async(job=number)

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        started = time.perf_counter()
        await asyncio.gather(*(place(list(range(first, jobs, concurrency))) for first in range(concurrency)))
        enqueued = time.perf_counter()
        await app.run_worker_async(
            queues=["bench"], wait=False, concurrency=concurrency, install_signal_handlers=False, delete_jobs="always"
        )
        drained = time.perf_counter()
    async with pool.connection() as connection:
        row = await (await connection.execute("SELECT count(*) FROM finished")).fetchone()
    await pool.close()
    return {"enqueue": enqueued - started, "drain": drained - enqueued, "finished": row[0]}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(uvloop.run(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))) + "\n")
