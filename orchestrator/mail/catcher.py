"""The mail catcher: an SMTP server that delivers nothing and shows everything, for the demo and for tests.

``python -m orchestrator.mail.catcher --smtp-port 8425 --http-port 8402`` runs it by itself.
"""

import argparse
import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from litestar import Litestar
from msgspec import Struct

from orchestrator.mail.catching.pages import create_catcher_app
from orchestrator.mail.catching.reception import receiving
from orchestrator.mail.catching.store import MailStore

GRACE_SECONDS = 2


class RunningCatcher(Struct, frozen=True, kw_only=True):
    """Where a catcher listens; ``store`` holds what it caught."""

    store: MailStore
    host: str
    smtp_port: int
    http_port: int

    @property
    def url(self) -> str:
        """The address of its pages, without a slash at the end."""
        return f"http://{self.host}:{self.http_port}"


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs the loop, and says when it serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.ready.set()


@asynccontextmanager
async def running_catcher(
    *,
    smtp_port: int = 0,
    http_port: int = 0,
    host: str = "127.0.0.1",
    pages: Callable[[MailStore], Litestar] = create_catcher_app,
) -> AsyncIterator[RunningCatcher]:
    """Catch mail while the block runs; port 0 takes a free one. ``pages`` makes what is served over HTTP.

    Raises:
        OSError: a port is taken.
    """
    store = MailStore()
    with _listening(host, smtp_port) as smtp, _listening(host, http_port) as http:
        async with receiving(store, smtp), _serving(pages(store), http):
            yield RunningCatcher(
                store=store, host=host, smtp_port=smtp.getsockname()[1], http_port=http.getsockname()[1]
            )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def run_catcher(
    smtp_port: int, http_port: int, host: str = "127.0.0.1", *, say: Callable[[str], None] = _say
) -> None:
    """Catch mail until cancelled, or until SIGTERM or Ctrl-C; says one line when ready, on standard output.

    It takes over both signals of the running loop, so it wants a process of its own; elsewhere use ``running_catcher``.

    Raises:
        OSError: a port is taken.
    """
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    try:
        async with running_catcher(smtp_port=smtp_port, http_port=http_port, host=host) as catcher:
            say(f"mail catcher: SMTP on {host}:{catcher.smtp_port}, pages at {catcher.url}")
            await ended.wait()
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    with socket.create_server((host, port)) as listener:
        yield listener


@asynccontextmanager
async def _serving(app: Litestar, listener: socket.socket) -> AsyncIterator[None]:
    server = _Server(
        uvicorn.Config(
            app,
            ws="none",
            log_config=None,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await server.ready.wait()
        yield
    finally:
        server.should_exit = True
        await task


def main(arguments: Sequence[str]) -> int:
    """Run the catcher; 0 at a clean end, 2 when it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m orchestrator.mail.catcher", description="Catches and shows mail.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--smtp-port", type=int, default=8425, help="0 takes a free one")
    parser.add_argument("--http-port", type=int, default=8402, help="0 takes a free one")
    options = parser.parse_args(arguments)
    try:
        asyncio.run(run_catcher(options.smtp_port, options.http_port, options.host))
    except OSError as error:
        sys.stderr.write(f"the mail catcher cannot start: {error.strerror}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
