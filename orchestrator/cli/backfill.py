"""backfill: people who stood in a trigger stage before the connection went live."""

import uuid

import click
import msgspec
from typing_extensions import override

from orchestrator.cli.operations import ACTOR
from orchestrator.cli.output import json_option, plainly, show, with_runtime
from orchestrator.main import Runtime
from orchestrator.services.backfill.backfilling import BackfillPlan, BackfillView, Count

CAP = 25
PER_HOUR = 30
COUNT_COLUMNS = tuple(Count.__struct_fields__)
LIST_COLUMNS = ("id", "program", "state", "invited", "cap", "waiting", "started_at", "actor", "trouble")


class _WithUsualVerb(click.Group):
    """``evenhand backfill PROGRAM`` is short for ``evenhand backfill run PROGRAM``."""

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in {*self.commands, *ctx.help_option_names}:
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_WithUsualVerb)
def backfill() -> None:
    """Invite people who stood in a trigger stage before the connection went live: evenhand backfill PROGRAM."""


@backfill.command("run")
@click.argument("program")
@click.option("--stage", default=None, metavar="NAME", help="Only people in this stage of yours (name or id).")
@click.option("--cap", default=CAP, show_default=True, type=click.IntRange(min=1), help="Invite at most so many.")
@click.option(
    "--per-hour", default=PER_HOUR, show_default=True, type=click.IntRange(min=1), help="At most so many an hour."
)
@click.option("--go", is_flag=True, help="Do it. Without this, only say what would be done.")
@json_option
@plainly
def run(program: str, *, stage: str | None, cap: int, per_hour: int, go: bool, as_json: bool) -> None:
    """Say who would be invited, held and skipped, and why; with --go, begin to invite them.

    The dry run reads every application once, at half of the vendor's limit, and keeps nothing of what it reads.
    """

    async def plan(runtime: Runtime) -> BackfillPlan:
        return await runtime.looking.backfilling.plan(program, stage=stage, cap=cap, per_hour=per_hour)

    async def begin(runtime: Runtime) -> BackfillView:
        backfilling = runtime.looking.backfilling
        id_ = await backfilling.begin(program, stage=stage, cap=cap, per_hour=per_hour, actor=ACTOR)
        return await backfilling.status(id_)

    if go:
        begun = with_runtime(begin)
        _print(begun, f"Backfill {begun.id} has begun; the workers do it.", as_json=as_json)
        if not as_json:
            click.echo(f"See how far it is: evenhand backfill status {begun.id}")
        return
    found = with_runtime(plan)
    _print(found, _summary(found), as_json=as_json)
    if not as_json:
        show(found.counts, COUNT_COLUMNS, as_json=False, empty="The ATS has no applications.")
        click.echo("Nothing was changed. Add --go to begin.")


@backfill.command("status")
@click.argument("backfill_id", metavar="[ID]", type=click.UUID, required=False)
@json_option
@plainly
def status(backfill_id: uuid.UUID | None, *, as_json: bool) -> None:
    """Say how far a backfill is; without an id, list the newest."""

    async def every(runtime: Runtime) -> tuple[BackfillView, ...]:
        return await runtime.looking.backfilling.recent()

    async def one(runtime: Runtime) -> BackfillView:
        assert backfill_id is not None  # noqa: S101 - the other branch
        return await runtime.looking.backfilling.status(backfill_id)

    if backfill_id is None:
        show(with_runtime(every), LIST_COLUMNS, as_json=as_json, empty="There was no backfill yet.")
        return
    found = with_runtime(one)
    _print(found, _progress(found), as_json=as_json)
    if not as_json:
        show(found.counts, COUNT_COLUMNS, as_json=False, empty="Nobody was looked at yet.")


@backfill.command("stop")
@click.argument("backfill_id", metavar="ID", type=click.UUID)
@plainly
def stop(backfill_id: uuid.UUID) -> None:
    """Stop a backfill for good; who was invited stays invited."""

    async def action(runtime: Runtime) -> None:
        await runtime.looking.backfilling.stop(backfill_id, actor=ACTOR)

    with_runtime(action)
    click.echo(f"Backfill {backfill_id} is stopped. Who was invited stays invited.")


def _print(found: msgspec.Struct, words: str, *, as_json: bool) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(found)).decode() if as_json else words)


def _summary(found: BackfillPlan) -> str:
    people = f"{found.invited} of {found.looked_at} applications in {found.connection} would be invited"
    return f"{people} to {found.program}, at most {found.cap}, over about {found.hours:g} hours."


def _progress(found: BackfillView) -> str:
    lines = [f"{found.program}: {found.state}, {found.invited} of at most {found.cap} invited."]
    lines += [f"{found.waiting} applications were not looked at yet."] if found.waiting else []
    lines += [f"Begun {found.started_at:%Y-%m-%d %H:%M} by {found.actor}."]
    lines += [f"Ended {found.ended_at:%Y-%m-%d %H:%M} by {found.ended_by}."] if found.ended_at else []
    lines += [f"It does not go on: {found.trouble}"] if found.trouble else []
    return "\n".join(lines)
