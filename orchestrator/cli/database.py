"""db: the schema."""

import os

import click

from orchestrator.cli.output import plainly
from orchestrator.main import migrate, read_environment


@click.group()
def db() -> None:
    """The database."""


@db.command()
@plainly
def upgrade() -> None:
    """Bring the database to the newest schema."""
    migrate(read_environment(os.environ))
    click.echo("The database has the newest schema.")
