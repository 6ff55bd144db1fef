"""audit: the chain, and what is in the ATS before a launch."""

import click
import msgspec
from msgspec import Struct

from orchestrator.cli.output import json_option, plainly, with_runtime
from orchestrator.main import Runtime
from orchestrator.services.auditing import AtsAudit


class Verified(Struct, frozen=True):
    """A chain that holds."""

    events: int
    last_hash: str


@click.group()
def audit() -> None:
    """The append-only audit log, and the audit of what is in an ATS."""


@audit.command("verify")
@json_option
@plainly
def verify(as_json: bool) -> None:
    """Walk the chain from the first event; exit status 1 where it was altered."""

    async def action(runtime: Runtime) -> Verified:
        events, last = await runtime.services.operating.verify_audit()
        return Verified(events, last)

    found = with_runtime(action)
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
    else:
        click.echo(f"{found.events} events, unbroken. Last hash {found.last_hash}")


@audit.command("data")
@click.option("--connection", default=None, metavar="KEY", help="Only this connection.")
@json_option
@plainly
def in_ats(connection: str | None, as_json: bool) -> None:
    """Say what in the ATS would spoil a launch: doubles, titles, stale jobs, consent, stages, fields. Changes nothing.

    Reads every application once, at half of the vendor's limit, and keeps nothing of what it reads.
    """

    async def action(runtime: Runtime) -> AtsAudit:
        return await runtime.looking.auditing.report(connection)

    found = with_runtime(action)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    for one in found.connections:
        click.echo(f"{one.connection}: {one.applications} applications were looked at.")
        for issue in one.issues:
            click.echo(f"{issue.count:>6}  {issue.issue.value}")
            for example in issue.examples:
                click.echo(f"          {example}")
            if issue.count:
                click.echo(f"        To mend it: {issue.mend}")
