"""check, rubrics and adapters: what can be said without a database."""

import sys
from pathlib import Path

import click
import msgspec

from orchestrator.cli.output import json_option, plainly, show
from orchestrator.main import adapter_facts, check_configuration, lint_rubrics


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default=Path("evenhand.yaml"))
@json_option
@plainly
def check(file: Path, as_json: bool) -> None:
    """Check evenhand.yaml and every rubric it needs; lists every problem with file, line and field."""
    configuration, _ = check_configuration(file)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(configuration)).decode())
        return
    programs = len(configuration.programs)
    connections = len(configuration.connections)
    click.echo(f"{file} is in order: {connections} connection(s), {programs} program(s).")


@click.group()
def rubrics() -> None:
    """Rubrics."""


@rubrics.command("lint")
@click.argument("folders", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
@plainly
def lint_command(folders: tuple[Path, ...], as_json: bool) -> None:
    """Lint the library and any further folders; exit status 1 if there is an error."""
    checked, findings = lint_rubrics(folders)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(findings)).decode())
    else:
        for finding in findings:
            click.echo(str(finding))
        click.echo(f"{checked} rubric(s), {len(findings)} finding(s).")
    if any(finding.severity == "error" for finding in findings):
        sys.exit(1)


@click.group()
def adapters() -> None:
    """Adapters."""


@adapters.command("list")
@json_option
@plainly
def list_adapters(as_json: bool) -> None:
    """List every ATS that Evenhand connects to, and what each can do."""
    show(adapter_facts(), ("key", "title", "auth", "capabilities"), as_json=as_json, empty="No adapters.")
