"""sync, quarantine and work: what operations does, from the command line."""

import uuid

import click
from msgspec import Struct

from adapters.contract.model import StageKind
from orchestrator.cli.output import json_option, plainly, show, with_runtime
from orchestrator.main import Runtime
from orchestrator.web.typed import work_number
from orchestrator.work.admin import Selection
from orchestrator.work.table import WorkState

ACTOR = "cli"
limit_option = click.option("--limit", default=50, type=click.IntRange(1, 1000), help="How many, newest first.")


class Held(Struct, frozen=True):
    """What mapping a stage set free."""

    applications: int


@click.group()
def sync() -> None:
    """The sync log: every push and pull."""


@sync.command("list")
@click.option("--connection", default=None, help="Only this connection.")
@limit_option
@json_option
@plainly
def list_sync(connection: str | None, limit: int, as_json: bool) -> None:
    """List pushes and pulls with their fields and outcome."""

    async def action(runtime: Runtime) -> None:
        rows = await runtime.services.operating.sync_log(limit=limit, connection=connection)
        columns = ("at", "connection", "external_id", "direction", "operation", "fields", "outcome", "duration_ms")
        show(rows, columns, as_json=as_json, empty="Nothing was pushed or pulled yet.")

    with_runtime(action)


@click.group()
def quarantine() -> None:
    """Stages that nobody has mapped yet."""


@quarantine.command("list")
@json_option
@plainly
def list_quarantine(as_json: bool) -> None:
    """List unknown stages with how many applications wait in each."""

    async def action(runtime: Runtime) -> None:
        rows = await runtime.services.operating.quarantine()
        columns = ("id", "connection", "stage_id", "stage_name", "waiting", "last_seen")
        show(rows, columns, as_json=as_json, empty="The quarantine is empty.")

    with_runtime(action)


@quarantine.command("map")
@click.argument("quarantine_id", type=click.UUID)
@click.argument("kind", type=click.Choice([kind.value for kind in StageKind]))
@json_option
@plainly
def map_stage(quarantine_id: uuid.UUID, kind: str, as_json: bool) -> None:
    """Say what a stage is; applications held in it go on."""

    async def action(runtime: Runtime) -> None:
        held = await runtime.services.operating.map_stage(quarantine_id, kind=StageKind(kind), actor=ACTOR)
        show([Held(held)], ("applications",), as_json=as_json, empty="")

    with_runtime(action)


@click.group()
def work() -> None:
    """Durable work."""


@work.command("list")
@click.option("--state", type=click.Choice([state.value for state in WorkState]), default=None, help="Only this state.")
@click.option("--kind", default=None, help="Only this kind.")
@limit_option
@json_option
@plainly
def list_work(state: str | None, kind: str | None, limit: int, as_json: bool) -> None:
    """List work, newest first."""
    selection = Selection(states=(WorkState(state),) if state else (), kinds=(kind,) if kind else ())

    async def action(runtime: Runtime) -> None:
        rows = await runtime.services.operating.work(selection, limit=limit)
        show(rows, ("id", "kind", "state", "subject", "attempt", "run_at", "cause"), as_json=as_json, empty="No work.")

    with_runtime(action)


@work.command("show")
@click.argument("work_id", type=int)
@json_option
@plainly
def show_work(work_id: int, as_json: bool) -> None:
    """Show one item of work in full."""

    async def action(runtime: Runtime) -> None:
        row = await runtime.services.operating.one_work(work_number(work_id))
        show([row], ("id", "kind", "state", "lane", "attempt", "run_at", "error", "payload"), as_json=as_json, empty="")

    with_runtime(action)


@work.command("replay")
@click.argument("work_id", type=int)
@plainly
def replay(work_id: int) -> None:
    """Put a dead letter back into the queue."""

    async def action(runtime: Runtime) -> None:
        await runtime.services.operating.replay(work_number(work_id), actor=ACTOR)
        click.echo(f"Work {work_id} is in the queue again.")

    with_runtime(action)


@work.command("done")
@click.argument("work_id", type=int)
@click.option("--reason", required=True, help="What was done by hand, and why.")
@plainly
def done(work_id: int, reason: str) -> None:
    """Settle a dead letter as done by hand."""

    async def action(runtime: Runtime) -> None:
        await runtime.services.operating.done_by_hand(work_number(work_id), reason=reason, actor=ACTOR)
        click.echo(f"Work {work_id} is settled.")

    with_runtime(action)


@click.group()
def connection() -> None:
    """Connections to the ATSs."""


@connection.command("resume")
@click.argument("key")
@plainly
def resume(key: str) -> None:
    """Let the work of a paused connection go on, after its credentials were mended."""

    async def action(runtime: Runtime) -> None:
        await runtime.services.operating.resume(key, actor=ACTOR)
        click.echo(f"Connection {key} goes on.")

    with_runtime(action)
