"""serve and worker: the two kinds of process."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import click
import structlog
import uvicorn
from typing_extensions import override

from orchestrator.cli.output import plainly
from orchestrator.errors import EvenhandError
from orchestrator.main import Runtime, build, configure_logging, migrate, read_environment
from orchestrator.web.trace import trace
from orchestrator.work.worker import Worker

log = structlog.get_logger(__name__)

DRAIN_SECONDS = 20
CONNECTIONS = 512


@click.command()
@click.option("--with-worker", is_flag=True, help="Run a worker and the clock in the same process (embedded default).")
@click.option("--host", default=None, help="Address to listen on (EVENHAND_HOST, 127.0.0.1).")
@click.option("--port", default=None, type=click.IntRange(0, 65535), help="Port to listen on (EVENHAND_PORT, 8400).")
@plainly
def serve(with_worker: bool, host: str | None, port: int | None) -> None:
    """Serve webhooks and pages."""
    settings = read_environment(os.environ)
    configure_logging(settings)
    # Two processes that start at once on SQLite would migrate twice; the embedded default migrates for itself.
    if with_worker:
        migrate(settings)
    runtime = build(settings, os.environ)
    asyncio.run(
        serve_until_told(
            runtime, host or settings.host, settings.port if port is None else port, with_worker=with_worker
        )
    )


@click.command()
@click.option("--concurrency", default=None, type=click.IntRange(1, 200), help="How much to do at once.")
@click.option("--kinds", default=None, help="Only these kinds of work, separated by commas (mail.send,ats.write).")
@plainly
def worker(concurrency: int | None, kinds: str | None) -> None:
    """Do the work: re-read, decide, mail, score, write back."""
    settings = read_environment(os.environ)
    configure_logging(settings)
    runtime = build(settings, os.environ)
    asyncio.run(work_until_told(runtime, concurrency, _wanted(kinds, runtime)))


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


class _Server(uvicorn.Server):
    """Leaves the process's signals to us: uvicorn would raise them again before the worker has drained."""

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def leave(self) -> None:
        """Answer what is under way, then end."""
        self.should_exit = True


def _listen(host: str, port: int) -> socket.socket:
    # With the protocol named, the event loop turns Nagle's algorithm off; without it every answer waits 40 ms.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(1024)
    except OSError:
        bound.close()
        raise
    return bound


def server_configuration(runtime: Runtime) -> uvicorn.Config:
    """How the web application is served. Only listed proxies are believed when they say who asks."""
    return uvicorn.Config(
        runtime.app(),
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=DRAIN_SECONDS,
        limit_concurrency=CONNECTIONS,
        server_header=False,
        ws="none",
        lifespan="on",
        proxy_headers=True,
        forwarded_allow_ips=runtime.settings.trusted_proxies,
    )


async def serve_until_told(runtime: Runtime, host: str, port: int, *, with_worker: bool) -> None:
    """Serve until a signal comes.

    Raises:
        EvenhandError: the worker beside it ended by itself.
        OSError: the port is taken.
    """
    bound = _listen(host, port)
    server = _Server(server_configuration(runtime))
    _on_signal(server.leave)
    try:
        async with AsyncExitStack() as stack:
            if with_worker:
                await stack.enter_async_context(_working(runtime, runtime.worker(name="embedded"), server.leave))
            click.echo(f"Evenhand serves on http://{host}:{bound.getsockname()[1]}")
            await server.serve(sockets=[bound])
    finally:
        await runtime.aclose()


async def work_until_told(runtime: Runtime, concurrency: int | None, kinds: Sequence[str] | None) -> None:
    """Work until a signal comes.

    Raises:
        EvenhandError: the worker ended by itself.
    """
    ended = asyncio.Event()
    _on_signal(ended.set)
    one = runtime.worker(name="worker", concurrency=concurrency, kinds=kinds)
    try:
        async with _working(runtime, one, ended.set):
            click.echo(f"Evenhand worker {one.name} runs")
            await ended.wait()
    finally:
        await runtime.aclose()


def _on_signal(act: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, act)


@asynccontextmanager
async def _working(runtime: Runtime, worker: Worker, leave: Callable[[], None]) -> AsyncIterator[None]:
    """A worker and the clock, drained at the end. ``leave`` is called when the worker ends, also by itself."""
    clockwork = runtime.clockwork()
    await runtime.services.intake.go_live()
    await clockwork.start()
    task = asyncio.create_task(worker.run(), name="worker")
    task.add_done_callback(lambda _: leave())
    try:
        yield
        by_itself = task.done()
    finally:
        clockwork.stop()
        await worker.stop(drain=DRAIN_SECONDS)
        await asyncio.wait({task})
    error = task.exception()
    if by_itself or error is not None:
        # A process that looks healthy and does nothing is worse than one that is gone and started again.
        log.error("worker.ended", error=trace(error) if error else "none")
        raise EvenhandError(f"the worker ended by itself ({type(error).__name__ if error else 'no error'})")
