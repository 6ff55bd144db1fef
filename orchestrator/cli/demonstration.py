"""demo and mail-catcher: the whole product on one machine."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.output import plainly
from orchestrator.later import later

if TYPE_CHECKING:
    from orchestrator.demo.show import run_demo
    from orchestrator.mail.catcher import run_catcher
else:
    # A browser and a mail server, which no other command needs.
    run_demo = later("orchestrator.demo.show", "run_demo")
    run_catcher = later("orchestrator.mail.catcher", "run_catcher")


@click.command()
@click.option("--once", is_flag=True, help="Exit when the main job is verified, or could not be; takes free ports.")
@click.option("--json-out", type=click.Path(path_type=Path), default=None, help="Write the evidence to this file.")
@click.option(
    "--answers",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="A JSON list of strings, one answer per question in order.",
)
@plainly
def demo(once: bool, json_out: Path | None, answers: Path | None) -> None:
    """Run the main job once against the sandbox ATS, then keep serving until Ctrl-C."""
    sys.exit(run_demo(once=once, json_out=json_out, answers=answers))


@click.command("mail-catcher", hidden=True)
@click.option("--smtp-port", type=int, required=True)
@click.option("--port", type=int, required=True)
def mail_catcher(smtp_port: int, port: int) -> None:
    """Catch mail and show it."""
    asyncio.run(run_catcher(smtp_port, port))
