"""doctor: what is wrong, and what mends it."""

import sys

import click
import msgspec

from orchestrator.cli.output import json_option, plainly, with_runtime
from orchestrator.domain.findings import Finding, Report, Severity
from orchestrator.main import Runtime

ACTOR = "cli"
_MARKS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


@click.command()
@click.option("--connection", default=None, metavar="KEY", help="Look at this connection only.")
@click.option(
    "--fail-on",
    type=click.Choice([Severity.WARNING.value, Severity.ERROR.value]),
    default=Severity.ERROR.value,
    help="From how bad a finding on the exit status is 1 (error).",
)
@json_option
@plainly
def doctor(connection: str | None, fail_on: str, *, as_json: bool) -> None:
    """Look at everything that Evenhand needs and say what is wrong and what mends it. Changes nothing."""

    async def action(runtime: Runtime) -> Report:
        return await runtime.services.doctor.examine(actor=ACTOR, connection=connection)

    report = with_runtime(action)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(report)).decode())
    else:
        _tell(report)
    if report.failed(Severity(fail_on)):
        sys.exit(1)


def _tell(report: Report) -> None:
    for finding in report.findings:
        mark = click.style(f"{finding.severity:<8}", fg=_MARKS[finding.severity], bold=True)
        click.echo(f"{mark}{_where(finding)}  [{finding.code}]")
        click.echo(f"        {finding.reason}")
        click.echo(f"        To mend it: {finding.mend}")
        click.echo()
    counts = [(report.count(severity), severity) for severity in Severity]
    click.echo(", ".join(f"{count} {severity}{_plural(count, severity)}" for count, severity in counts) + ".")


def _where(finding: Finding) -> str:
    return finding.subject if finding.connection is None else f"{finding.connection}: {finding.subject}"


def _plural(count: int, severity: Severity) -> str:
    return "" if count == 1 or severity is Severity.INFO else "s"
