"""Run the sandbox: ``python -m adapters.sandbox.server --port 8401 --database FILE --seed pilot …``."""

import argparse
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

import uvicorn

from adapters.sandbox.server.app import create_app
from adapters.sandbox.server.errors import Problem
from adapters.sandbox.server.seed import company, seed_pilot
from adapters.sandbox.server.settings import Settings
from adapters.sandbox.server.store import Store

GRACE_SECONDS = 3
BACKLOG = 128


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Serve until SIGTERM or Ctrl-C; 0 at a clean end, 2 when it cannot start."""
    options = _parser().parse_args(arguments)
    try:
        return _serve(options, environment)
    except (OSError, Problem) as error:
        sys.stderr.write(f"the sandbox cannot start: {error}\n")
        return 2


def _serve(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    store = Store(options.database)
    settings = Settings(allowed_hosts=(*Settings().allowed_hosts, options.host, *options.allow_host))
    try:
        if options.seed:
            seed_pilot(
                store,
                api_key=_secret(options.api_key_file, environment, "SANDBOX_API_KEY"),
                admin_key=_secret(options.admin_key_file, environment, "SANDBOX_ADMIN_KEY") or None,
                webhook_url=options.webhook_url,
                webhook_secret=_secret(options.webhook_secret_file, environment, "SANDBOX_WEBHOOK_SECRET"),
            )
        config = uvicorn.Config(
            create_app(store, settings),
            host=options.host,
            port=options.port,
            ws="none",
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        bound = listen(options.host, options.port)
        address = f"http://{options.host}:{bound.getsockname()[1]}"
        sys.stdout.write(f"{company(store)} sandbox ATS is at {address}\n")
        sys.stdout.flush()
        # The server raises a signal again once it has shut down; this turns that into a clean end with a closed store.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _end)
        uvicorn.Server(config).run(sockets=[bound])
    finally:
        store.close()
    return 0


def listen(host: str, port: int) -> socket.socket:
    """Open a listening TCP socket, so that a client can connect as soon as we say that we are ready.

    Raises:
        OSError: the port is taken, or the host is not ours.
    """
    # asyncio switches Nagle's algorithm off only on sockets that name their protocol; without it answers wait 40 ms.
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(BACKLOG)
    except OSError:
        bound.close()
        raise
    return bound


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m adapters.sandbox.server", description="A small ATS to try on.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8401, help="0 takes a free one")
    parser.add_argument("--database", type=Path, required=True, help="SQLite file, made when missing")
    parser.add_argument("--seed", choices=["pilot"], help="fill an empty database with a demo company")
    parser.add_argument("--api-key-file", type=Path, help="or SANDBOX_API_KEY in the environment")
    parser.add_argument("--admin-key-file", type=Path, help="or SANDBOX_ADMIN_KEY in the environment; optional")
    parser.add_argument("--webhook-url", help="where events go; optional")
    parser.add_argument("--webhook-secret-file", type=Path, help="or SANDBOX_WEBHOOK_SECRET in the environment")
    parser.add_argument("--allow-host", action="append", default=[], help="a further Host header name to answer")
    return parser


def _end(_: int, __: FrameType | None) -> NoReturn:
    sys.exit(0)


def _secret(file: Path | None, environment: Mapping[str, str], name: str) -> str:
    return file.read_text("utf-8").strip() if file else environment.get(name, "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
