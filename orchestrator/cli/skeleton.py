"""adapters new: the skeleton of a vendor."""

import sys
from pathlib import Path

import click

from adapters.kit.scaffold import NameUnfit, registration, scaffold
from orchestrator.cli.output import plainly

REGISTRY = Path("adapters", "registry.py")


@click.command("new")
@click.argument("name")
@click.option(
    "--folder",
    default=Path(),
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Root of the checkout (here).",
)
@plainly
def new_adapter(name: str, folder: Path) -> None:
    """Write the skeleton of a new vendor NAME: adapter, simulator and tests that run, for an API that is made up."""
    try:
        made = scaffold(name)
    except NameUnfit as error:
        raise click.BadParameter(str(error), param_hint="NAME") from error
    if not (folder / REGISTRY).is_file():
        raise click.UsageError(f"{folder.resolve()} is no checkout of Evenhand: {REGISTRY.as_posix()} is not there")
    there = [path for path in made if (folder / path).parent.exists()]
    if there:
        click.echo(f"evenhand: {Path(there[0]).parent.as_posix()} is there already; nothing was written", err=True)
        sys.exit(1)
    for path, text in made.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
        click.echo(f"wrote {path}")
    click.echo("\nMake it known, by hand (imports in the order of the alphabet, the rest anywhere):")
    for file, line in registration(name):
        click.echo(f"  {file}: {line}")
    click.echo("\nThen go on with docs/adding-an-adapter.md.")
