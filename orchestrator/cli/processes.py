"""serve and worker: the two kinds of process."""

import asyncio
import gc
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import click
import structlog
from litestar import Litestar
from uvicorn.loops.auto import auto_loop_factory

from orchestrator.cli.output import plainly
from orchestrator.cli.sockets import bound_to, inherited
from orchestrator.errors import EvenhandError
from orchestrator.main import Runtime, build, configure_logging, migrate, read_environment
from orchestrator.web.gates import gates_of
from orchestrator.web.readiness import Attended, Migrated
from orchestrator.web.server import WatchedServer
from orchestrator.web.trace import trace
from orchestrator.web.wire import WatchedConfig
from orchestrator.work.worker import Worker

log = structlog.get_logger(__name__)

WEB_SHARE = 0.8
WORK_SHARE = 0.7
"""Of the time to end: for requests under way, and for work before it is given back."""


@click.command()
@click.option("--with-worker", is_flag=True, help="Run a worker and the clock in the same process (embedded default).")
@click.option("--host", default=None, help="Address to listen on (EVENHAND_HOST, 127.0.0.1).")
@click.option("--port", default=None, type=click.IntRange(0, 65535), help="Port to listen on (EVENHAND_PORT, 8400).")
@plainly
def serve(with_worker: bool, host: str | None, port: int | None) -> None:
    """Serve webhooks and pages, on the sockets that systemd hands over where it does."""
    settings = read_environment(os.environ)
    configure_logging(settings)
    # Two processes that start at once on SQLite would migrate twice; the embedded default migrates for itself.
    if with_worker:
        migrate(settings)
    runtime = build(settings, os.environ)
    bound = inherited(os.environ)
    own = not bound
    bound = bound or [bound_to(host or settings.host, settings.port if port is None else port)]
    _run(serve_until_told(runtime, bound, own=own, with_worker=with_worker))


@click.command()
@click.option("--concurrency", default=None, type=click.IntRange(1, 200), help="How much to do at once.")
@click.option("--kinds", default=None, help="Only these kinds of work, separated by commas (mail.send,ats.write).")
@plainly
def worker(concurrency: int | None, kinds: str | None) -> None:
    """Do the work: re-read, decide, mail, score, write back."""
    settings = read_environment(os.environ)
    configure_logging(settings)
    runtime = build(settings, os.environ)
    _run(work_until_told(runtime, concurrency, _wanted(kinds, runtime)))


def _wanted(kinds: str | None, runtime: Runtime) -> list[str] | None:
    if kinds is None:
        return None
    known = {payload.kind for payload in runtime.handlers}
    wanted = [kind.strip() for kind in kinds.split(",")]
    if unknown := [kind for kind in wanted if kind not in known]:
        # A worker for work that does not exist would wait for ever, and look busy.
        raise click.BadParameter(
            f"there is no kind {', '.join(unknown)} (there are: {', '.join(sorted(known))})", param_hint="--kinds"
        )
    return wanted


class _Ending:
    """The end of a process: it begins with the first signal and is over in time, whatever hangs.

    ``begin`` is called with the seconds that are left, at every signal.
    """

    def __init__(self, seconds: float, begin: Callable[[float], None]) -> None:
        self._seconds = seconds
        self._begin = begin
        self._until: float | None = None
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told)

    def over(self) -> None:
        """The process ends by itself, in time."""
        if self._until is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _told(self) -> None:
        now = time.monotonic()
        if self._until is None:
            self._until = now + self._seconds
            # Out of Python's hands: a loop or a driver that hangs must not keep the process.
            signal.setitimer(signal.ITIMER_REAL, self._seconds)
        self._begin(self._until - now)


class _Shift:
    """A worker and the clock, from their begin to their end. ``leave`` is called when the worker ends by itself."""

    def __init__(self, runtime: Runtime, worker: Worker, leave: Callable[[], None]) -> None:
        self._runtime = runtime
        self._worker = worker
        self._leave = leave
        self._clockwork = runtime.clockwork()
        self._attended = Attended(runtime.database, worker.name)
        self._task: asyncio.Task[None] | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._hurrying: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Work while the block lasts, and until what runs then is finished or given back.

        Raises:
            EvenhandError: the worker ended by itself.
        """
        await self._runtime.begin()
        await self._clockwork.start()
        self._task = task = asyncio.create_task(self._worker.run(), name="worker")
        task.add_done_callback(self._ended)
        by_itself = False
        try:
            yield
            by_itself = self._stopping is None and task.done()
        finally:
            if self._stopping is None:
                self.end(self._runtime.settings.drain_seconds)
            await asyncio.wait({task})
        error = None if task.cancelled() else task.exception()
        if by_itself or error is not None:
            # A process that looks healthy and does nothing is worse than one that is gone and started again.
            log.error("worker.ended", error=trace(error) if error else "none")
            raise EvenhandError(f"the worker ended by itself ({type(error).__name__ if error else 'no error'})")

    def end(self, seconds: float) -> None:
        """Claim nothing more and finish what runs; what takes too long is given back. The second call gives it back at once."""
        if self._task is None:
            return
        if self._stopping is None:
            self._clockwork.stop()
            self._stopping = asyncio.create_task(self._worker.stop(drain=seconds * WORK_SHARE), name="worker-stop")
        else:
            self._hurrying = asyncio.create_task(self._worker.stop(drain=0), name="worker-stop-now")

    async def readiness(self) -> Sequence[str]:
        """Whether the worker is there and works."""
        if self._task is None or self._task.done():
            return ("the worker of this process has ended",)
        return await self._attended.troubles()

    def _ended(self, _task: asyncio.Task[None]) -> None:
        if self._stopping is None:
            self._leave()


def _run(main: Coroutine[Any, Any, None]) -> None:
    # What is loaded by now stays until the end: the collector need not look at it again and again.
    gc.freeze()
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        runner.run(main)


def server_configuration(runtime: Runtime, app: Litestar) -> WatchedConfig:
    """How the web application is served. Only listed proxies are believed when they say who asks."""
    gates_of(app).limit_hooks(runtime.settings.hooks_per_second)
    return WatchedConfig(
        app,
        access_log=False,
        log_level="warning",
        server_header=False,
        lifespan="on",
        proxy_headers=True,
        forwarded_allow_ips=runtime.settings.trusted_proxies,
    )


async def serve_until_told(
    runtime: Runtime, bound: Sequence[socket.socket], *, own: bool = True, with_worker: bool
) -> None:
    """Serve until a signal comes. ``own`` sockets are closed when everybody who waited at them was let in.

    Raises:
        EvenhandError: the worker beside it ended by itself.
    """
    app = runtime.app()
    server = WatchedServer(
        server_configuration(runtime, app), drain=runtime.settings.drain_seconds * WEB_SHARE, own=own
    )
    shift = _Shift(runtime, runtime.worker(name="embedded"), server.leave) if with_worker else None
    readiness = gates_of(app).readiness
    readiness.insert(0, server.readiness)
    readiness += [Migrated(runtime.database).troubles, *([shift.readiness] if shift else [])]

    def begin(seconds: float) -> None:
        server.leave()
        if shift is not None:
            shift.end(seconds)

    ending = _Ending(runtime.settings.drain_seconds, begin)
    try:
        async with AsyncExitStack() as stack:
            if shift is not None:
                await stack.enter_async_context(shift.working())
            for one in bound:
                host, port = one.getsockname()[:2]
                click.echo(f"Evenhand serves on http://{f'[{host}]' if ':' in host else host}:{port}")
            await server.serve(sockets=list(bound))
    finally:
        for one in bound:
            one.close()
        await runtime.aclose()
        ending.over()


async def work_until_told(runtime: Runtime, concurrency: int | None, kinds: Sequence[str] | None) -> None:
    """Work until a signal comes.

    Raises:
        EvenhandError: the worker ended by itself.
    """
    ended = asyncio.Event()
    one = runtime.worker(name="worker", concurrency=concurrency, kinds=kinds)
    shift = _Shift(runtime, one, ended.set)

    def begin(seconds: float) -> None:
        ended.set()
        shift.end(seconds)

    ending = _Ending(runtime.settings.drain_seconds, begin)
    try:
        async with shift.working():
            click.echo(f"Evenhand worker {one.name} runs")
            await ended.wait()
    finally:
        await runtime.aclose()
        ending.over()
