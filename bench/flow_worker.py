"""The worker of part (c): ``python -m bench.flow_worker SINK`` with Evenhand's settings in the environment.

The work table, the feeding of deliveries into it, leases and fences are Evenhand's own. Only the handler is replaced: it
parses the stored delivery, decides, and makes one POST. It does not re-read the application, because nobody it is compared
with does.
"""

import asyncio
import os
import signal
import sys

import uvloop

from adapters.contract.events import StageChanged
from adapters.kit.http import HttpClient
from bench.decision import AT_ONCE, WORKER_CONCURRENCY, result, starts
from orchestrator.db.repositories.intake import Deliveries
from orchestrator.main import Runtime, build, configure_logging
from orchestrator.services.kinds import ProcessDelivery
from orchestrator.settings import read_settings
from orchestrator.work.job import Job
from orchestrator.work.limits import RateLimit
from orchestrator.work.outcome import Done, Outcome
from orchestrator.work.worker import Worker

NO_LIMIT = RateLimit(rate=1_000_000, burst=1_000_000)


class Flow:
    """The handler and its client."""

    def __init__(self, runtime: Runtime, client: HttpClient) -> None:
        self._runtime = runtime
        self._deliveries = Deliveries(runtime.database)
        self._client = client
        self._room = asyncio.Semaphore(AT_ONCE)

    async def process(self, payload: ProcessDelivery, _job: Job) -> Outcome | None:
        """Parse, decide, post."""
        delivery = await self._deliveries.get(payload.delivery_id)
        if delivery is None:
            raise LookupError("a delivery that was made into work is gone")
        adapter = self._runtime.connections.get(delivery.connection).adapter
        [event] = adapter.parse(delivery.headers, delivery.body or b"")
        if isinstance(event, StageChanged) and starts(event.application_id):
            body = result(event.application_id, event.delivery_id or str(delivery.id))
            async with self._room:
                await self._client.write("POST", "result", body=body)
        return Done()


async def work(sink: str) -> None:
    """Work until SIGTERM."""
    settings = read_settings(os.environ)
    configure_logging(settings)
    runtime = build(settings, os.environ)
    client = HttpClient(sink, headers={})
    worker = Worker(
        runtime.database,
        {ProcessDelivery: Flow(runtime, client).process},
        name="bench",
        concurrency=WORKER_CONCURRENCY,
        lease=settings.lease_seconds,
        buckets={connection.key: NO_LIMIT for connection in runtime.connections.all()},
        feed=runtime.services.intake.feed,
    )
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    task = asyncio.create_task(worker.run())
    await ended.wait()
    await worker.stop(drain=5.0)
    await task
    await client.aclose()
    await runtime.aclose()


if __name__ == "__main__":
    uvloop.run(work(sys.argv[1]))
