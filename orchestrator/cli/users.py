"""user: local accounts."""

import sys

import click

from orchestrator.cli.output import plainly, with_runtime
from orchestrator.db.models.account import Role
from orchestrator.main import Runtime


@click.group()
def user() -> None:
    """Local accounts."""


@user.command("add")
@click.argument("email")
@click.option("--name", required=True, help="As shown beside decisions.")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.RECRUITER.value)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
@plainly
def add(email: str, name: str, role: str, password_stdin: bool) -> None:
    """Add an account; asks for the password, which is never an argument."""
    password = (
        sys.stdin.readline().rstrip("\n")
        if password_stdin
        else click.prompt("Password", hide_input=True, confirmation_prompt=True)
    )

    async def action(runtime: Runtime) -> None:
        account = await runtime.services.accounts.create(email=email, name=name, role=Role(role), password=password)
        click.echo(f"{account.name} can sign in as {account.role.value}.")

    with_runtime(action)
