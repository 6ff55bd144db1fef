"""result-links: links to results that open without an account."""

import click

from orchestrator.cli.output import json_option, plainly, show, with_runtime
from orchestrator.main import Runtime

ACTOR = "cli"
COLUMNS = ("id", "connection", "state", "audit_ref", "issued_at", "expires_at", "revoked_at")


@click.group("result-links")
def result_links() -> None:
    """Links to results that an ATS was told and that open without an account."""


@result_links.command("list")
@click.option("--connection", default=None, help="Only those of this connection.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(min=1), help="At most so many.")
@json_option
@plainly
def list_links(connection: str | None, limit: int, as_json: bool) -> None:
    """List result links, newest first; never a token."""

    async def action(runtime: Runtime) -> None:
        rows = await runtime.services.result_links.listed(connection=connection, limit=limit)
        show(rows, COLUMNS, as_json=as_json, empty="No result links.")

    with_runtime(action)


@result_links.command("revoke")
@click.argument("reference")
@click.option("--reason", required=True, help="Why; it is kept in the audit log.")
@plainly
def revoke(reference: str, reason: str) -> None:
    """End the link of one interview for good. REFERENCE is the audit reference of its result, or the id of the link."""

    async def action(runtime: Runtime) -> None:
        await runtime.services.result_links.revoke(reference, reason=reason, actor=ACTOR)
        click.echo("Revoked. Who has an account still reads the result.")

    with_runtime(action)
