"""model serve: a local model behind the same protocol that a hosted one speaks."""

import asyncio
import importlib.util
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.output import plainly
from orchestrator.cli.sockets import bound_to
from orchestrator.errors import EvenhandError
from orchestrator.grading.local_weights import Weights, check_weights, read_weights
from orchestrator.later import later

if TYPE_CHECKING:
    from orchestrator.grading.local_server import RunningServer, Serving, start_server
else:
    # The engine is an extra of 100 MB that no other command needs.
    Serving = later("orchestrator.grading.local_server", "Serving")
    start_server = later("orchestrator.grading.local_server", "start_server")

ENGINE = "xllamacpp"
HOST = "127.0.0.1"
PORT = 8181
CONTEXT = 8192
LEAST_CONTEXT = 512
MOST_CONTEXT = 1_048_576
MOST_AT_ONCE = 32
MOST_THREADS = 1024
CALL_SECONDS = 600
"""For one call, as a setting to suggest: without a graphics card a call takes a minute and more."""


class EngineMissing(EvenhandError):
    """The extra that serves a local model is not installed."""


class PortTaken(EvenhandError):
    """Somebody else listens there."""


@click.group()
def model() -> None:
    """A model of your own: evenhand model serve --weights FILE.gguf."""


@model.command("serve")
@click.option(
    "--weights", required=True, type=click.Path(path_type=Path), help="The model's weights, a GGUF file that you bring."
)
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(0, 65535), help="Port on 127.0.0.1.")
@click.option(
    "--context",
    default=CONTEXT,
    show_default=True,
    type=click.IntRange(LEAST_CONTEXT, MOST_CONTEXT),
    help="Tokens that one call may take, its answer included.",
)
@click.option("--threads", default=None, type=click.IntRange(1, MOST_THREADS), help="Processor threads (all cores).")
@click.option("--parallel", default=1, show_default=True, type=click.IntRange(1, MOST_AT_ONCE), help="Calls at once.")
@plainly
def serve_model(*, weights: Path, port: int, context: int, threads: int | None, parallel: int) -> None:
    """Serve a GGUF model on this machine's loopback address by the OpenAI protocol, until a signal comes.

    Evenhand downloads no weights. Nothing that is asked leaves this machine.
    """
    check_weights(weights)
    _check_port(port)
    if importlib.util.find_spec(ENGINE) is None:
        raise EngineMissing(
            "`evenhand model serve` needs an engine that is not installed; install it with pip install 'evenhand[local]'"
        )
    click.echo(f"Reading {weights}")
    found = read_weights(weights)
    click.echo(f"{found.size:,} bytes, sha256 {found.sha256}")
    server = start_server(
        Serving(weights=found.path, name=found.name, port=port, context=context, parallel=parallel, threads=threads)
    )
    asyncio.run(_until_told(server, found, parallel))
    server.stop()


def _check_port(port: int) -> None:
    """Ask the system before a large file is read; the engine would only say that something went wrong."""
    try:
        bound_to(HOST, port).close()
    except OSError as error:
        raise PortTaken(
            f"port {port} of {HOST} cannot be used ({error.strerror}); choose another one with --port"
        ) from error


async def _until_told(server: "RunningServer", weights: Weights, parallel: int) -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    click.echo(f"Serves {weights.name} at {server.base_url}. For Evenhand:\n")
    for name, value in (
        ("BASE_URL", server.base_url),
        ("MODEL", weights.name),
        ("CONCURRENCY", parallel),
        ("TIMEOUT", CALL_SECONDS),
    ):
        click.echo(f"export EVENHAND_OPENAI_{name}={value}")
    await told.wait()
    click.echo("\nEnds.")
