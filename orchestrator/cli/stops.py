"""pause and resume: the kill switches."""

from collections.abc import Callable
from functools import wraps

import click

from orchestrator.cli.output import plainly, with_runtime
from orchestrator.db.models.stop import StopScope
from orchestrator.main import Runtime
from orchestrator.services.stopping import Reach

ACTOR = "cli"


def reaching(function: Callable[..., None]) -> Callable[..., None]:
    """Options that say how far a stop reaches; the command gets them as ``reach``."""

    @click.option("--connection", default=None, help="Only this connection.")
    @click.option("--program", default=None, help="Only this program.")
    @click.option("--reason", required=True, help="Why; it is kept in the audit log.")
    @wraps(function)
    def wrapped(*, connection: str | None, program: str | None, reason: str) -> None:
        if connection is not None and program is not None:
            raise click.UsageError("a connection or a program, one at a time; neither means everything")
        reach = Reach(StopScope.EVERYTHING)
        if connection is not None:
            reach = Reach(StopScope.CONNECTION, connection)
        elif program is not None:
            reach = Reach(StopScope.PROGRAM, program)
        function(reach=reach, reason=reason)

    return wrapped


@click.command()
@reaching
@plainly
def pause(reach: Reach, reason: str) -> None:
    """Stop sending: no mail to candidates and nothing to an ATS. Nothing is lost; `evenhand resume` goes on in order."""

    async def action(runtime: Runtime) -> None:
        await runtime.services.stopping.stop(reach, reason=reason, actor=ACTOR)
        click.echo(f"Stopped: {reach.words()}. Nothing is lost; `evenhand resume` lets it go on.")

    with_runtime(action)


@click.command()
@reaching
@plainly
def resume(reach: Reach, reason: str) -> None:
    """Let go on what `evenhand pause` stopped."""

    async def action(runtime: Runtime) -> None:
        await runtime.services.stopping.resume(reach, reason=reason, actor=ACTOR)
        click.echo(f"Goes on: {reach.words()}.")

    with_runtime(action)
