"""credentials: what connections sign in with, stored encrypted. A value is typed or piped in, never an argument."""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import click

from orchestrator.cli.output import json_option, plainly, show
from orchestrator.main import configure_logging, open_vault, read_environment
from orchestrator.services.credentials.sealing import new_key
from orchestrator.services.credentials.vault import Vault

ACTOR = "cli"
COLUMNS = ("connection", "name", "set_at", "set_by", "ends_at", "key")


@click.group()
def credentials() -> None:
    """Credentials of connections, encrypted in the database."""


@credentials.command("set")
@click.argument("connection")
@click.argument("name")
@click.option(
    "--ends", type=click.DateTime(["%Y-%m-%d"]), default=None, help="The day on which it ends (UTC), if it does."
)
@plainly
def set_credential(connection: str, name: str, ends: datetime | None) -> None:
    """Store a credential; asks for it, or takes the first line of standard input.

    Running processes take it when they are started again.
    """
    asks = sys.stdin.isatty()
    value = click.prompt(f"{name} of {connection}", hide_input=True) if asks else sys.stdin.readline().rstrip("\r\n")
    ends_at = ends.replace(tzinfo=UTC) if ends else None

    async def action(vault: Vault) -> None:
        await vault.put(connection, name, value, actor=ACTOR, ends_at=ends_at)
        click.echo(f"Stored. evenhand.yaml takes it with `{name}: {{stored: true}}`; then restart the processes.")

    _with_vault(action)


@credentials.command("list")
@json_option
@plainly
def list_credentials(as_json: bool) -> None:
    """List what is stored, by name, with the id of the key that each is encrypted with; never a value."""

    async def action(vault: Vault) -> None:
        show(await vault.listed(), COLUMNS, as_json=as_json, empty="Nothing is stored.")

    _with_vault(action)


@credentials.command("remove")
@click.argument("connection")
@click.argument("name")
@plainly
def remove(connection: str, name: str) -> None:
    """Remove a stored credential, or with the name "tokens" what a consent gave."""

    async def action(vault: Vault) -> None:
        await vault.remove(connection, name, actor=ACTOR)
        click.echo(f"Removed {name} of {connection}.")

    _with_vault(action)


@credentials.command("rotate")
@plainly
def rotate() -> None:
    """Encrypt everything anew with the newest key; the older keys can then be dropped."""

    async def action(vault: Vault) -> None:
        count = await vault.rotate(actor=ACTOR)
        click.echo(f"{count} encrypted anew. Only the first key of EVENHAND_CREDENTIAL_KEYS is needed now.")

    _with_vault(action)


@credentials.command("new-key")
def print_new_key() -> None:
    """Print a fresh key for EVENHAND_CREDENTIAL_KEYS. It is kept nowhere else."""
    click.echo(new_key())


def _with_vault(action: Callable[[Vault], Coroutine[Any, Any, None]]) -> None:
    settings = read_environment(os.environ)
    configure_logging(settings)

    async def run() -> None:
        async with open_vault(settings) as vault:
            await action(vault)

    asyncio.run(run())
