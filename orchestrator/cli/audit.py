"""audit: the chain."""

import click
import msgspec
from msgspec import Struct

from orchestrator.cli.output import json_option, plainly, with_runtime
from orchestrator.main import Runtime


class Verified(Struct, frozen=True):
    """A chain that holds."""

    events: int
    last_hash: str


@click.group()
def audit() -> None:
    """The append-only audit log."""


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
