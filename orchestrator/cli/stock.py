"""stock: who stood where in an ATS when Evenhand went live."""

import click

from orchestrator.cli.operations import ACTOR
from orchestrator.cli.output import plainly, with_runtime
from orchestrator.main import Runtime


@click.group()
def stock() -> None:
    """Who stood where in an ATS that may leave stage entries undated."""


@stock.command("retake")
@click.argument("key")
@plainly
def retake(key: str) -> None:
    """Have the list of the connection KEY asked for once more, and everybody looked at whose stage is not known."""

    async def action(runtime: Runtime) -> None:
        await runtime.looking.stocktaking.retake(key, actor=ACTOR)

    with_runtime(action)
    click.echo(f"Stock of {key} is taken again; the workers do it.")
