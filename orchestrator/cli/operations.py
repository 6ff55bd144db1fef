"""sync, quarantine and work: what operations does, from the command line."""

import uuid
from collections.abc import Callable, Sequence
from functools import wraps

import click
import msgspec
from msgspec import Struct, structs

from adapters.contract.model import StageKind
from orchestrator.cli.output import json_option, plainly, show, with_runtime
from orchestrator.main import Runtime
from orchestrator.web.typed import work_number
from orchestrator.work.admin import Selection
from orchestrator.work.metrics import Metrics, Times
from orchestrator.work.table import WorkState

ACTOR = "cli"
WORKER_COLUMNS = ("name", "alive", "started_at", "seen_at", "concurrency", "kinds", "finished", "failed", "leases_lost")
limit_option = click.option("--limit", default=50, type=click.IntRange(1, 1000), help="How many, newest first.")


class Held(Struct, frozen=True):
    """What mapping a stage set free."""

    applications: int


class Changed(Struct, frozen=True, omit_defaults=True):
    """What a command did, and to which numbers; not to those of which a person is ``asked`` to look first."""

    count: int
    ids: tuple[int, ...]
    asked: tuple[int, ...] = ()


class Pace(Struct, frozen=True):
    """How long something takes for one kind of work, in seconds as text."""

    kind: str
    count: int
    p50: str
    p90: str
    p99: str


def selecting(function: Callable[..., None]) -> Callable[..., None]:
    """Options that narrow work down; the command gets them as ``selection``."""

    @click.option("--kind", "kinds", multiple=True, help="Only this kind; may be given several times.")
    @click.option("--lane", default=None, help="Only this lane (what must happen in one order).")
    @click.option("--subject", default=None, help="Only this subject, for example interview:ID.")
    @click.option("--dedupe-prefix", default=None, help="Only work whose key begins so.")
    @wraps(function)
    def wrapped(
        *args: object,
        kinds: tuple[str, ...],
        lane: str | None,
        subject: str | None,
        dedupe_prefix: str | None,
        **options: object,
    ) -> None:
        selection = Selection(kinds=kinds, lane=lane, subject=subject, dedupe_prefix=dedupe_prefix)
        function(*args, selection=selection, **options)

    return wrapped


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
@click.argument("work_ids", metavar="[ID]...", type=int, nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every dead letter there is.")
@selecting
@json_option
@plainly
def replay(work_ids: tuple[int, ...], selection: Selection, *, everything: bool, as_json: bool) -> None:
    """Put dead letters back into the queue, with all their attempts: by number, or all that the options narrow down to."""
    meant = _meant(work_ids, selection)
    if everything == meant.narrow:
        raise click.UsageError("say which dead letters: their numbers, an option that narrows them down, or --all")

    async def action(runtime: Runtime) -> None:
        operating = runtime.services.operating
        if len(work_ids) == 1 and not selection.narrow:
            # By itself, one that is not dead is an error with its state.
            await operating.replay(work_ids[0], actor=ACTOR)
            changed = Changed(1, (work_ids[0],))
        else:
            replayed = await operating.replay_many(meant, actor=ACTOR)
            changed = Changed(len(replayed.ids), tuple(replayed.ids), tuple(replayed.asked))
        _tell(changed, "in the queue again", as_json=as_json)

    with_runtime(action)


@work.command("cancel")
@click.argument("work_ids", metavar="[ID]...", type=int, nargs=-1)
@click.option("--reason", required=True, help="Why it is not to be done.")
@click.option("--dry-run", is_flag=True, help="Only say what would be cancelled.")
@selecting
@json_option
@plainly
def cancel(work_ids: tuple[int, ...], selection: Selection, *, reason: str, dry_run: bool, as_json: bool) -> None:
    """Cancel work that waits or runs, for good: by number, or all that every given option matches.

    A mail is not sent, a result not written, an interview not scored; nothing does it later. What runs just now cannot
    finish any more, but what it sent already is sent. A dead letter is not cancelled but settled: evenhand work done.
    """
    meant = _meant(work_ids, selection)
    if not meant.narrow:
        raise click.UsageError("say which work: its number, or an option that narrows it down")

    async def action(runtime: Runtime) -> None:
        operating = runtime.services.operating
        found = await operating.open_work(meant)
        if not dry_run:
            found = await operating.cancel(meant, reason=reason, actor=ACTOR)
        _tell(Changed(len(found), tuple(found)), "to be cancelled" if dry_run else "cancelled", as_json=as_json)

    with_runtime(action)


@work.command("done")
@click.argument("work_id", metavar="ID", type=int)
@click.option("--reason", required=True, help="What was done by hand, and why.")
@json_option
@plainly
def done(work_id: int, reason: str, *, as_json: bool) -> None:
    """Settle a dead letter, or work that waits, as done by hand."""

    async def action(runtime: Runtime) -> None:
        await runtime.services.operating.done_by_hand(work_number(work_id), reason=reason, actor=ACTOR)
        _tell(Changed(1, (work_id,)), "settled", as_json=as_json)

    with_runtime(action)


@work.command("metrics")
@json_option
@plainly
def metrics(as_json: bool) -> None:
    """Say what waits and for how long, who works, how fast, what was given up, and which connections are held."""

    async def action(runtime: Runtime) -> None:
        found = await runtime.services.operating.metrics()
        if as_json:
            click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
            return
        for title, rows, columns, empty in (
            ("Open work", found.backlog, ("kind", "state", "connection", "count", "due", "oldest_age"), "None."),
            ("Given up", found.dead, ("kind", "cause", "count"), "None."),
            ("Deliveries not read yet", (found.unread,), ("count", "oldest_age"), ""),
            ("Seconds until claimed", _times(found, "wait"), Pace.__struct_fields__, "Nothing was claimed yet."),
            ("Seconds of handling", _times(found, "handling"), Pace.__struct_fields__, "Nothing was handled yet."),
            ("Connections held", found.connections, ("rate_key", "reason", "since", "until", "failures"), "None."),
            ("Workers", found.workers, WORKER_COLUMNS, "No worker runs."),
        ):
            click.echo(f"\n{title}")
            show(rows, columns, as_json=False, empty=empty)

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


def _meant(work_ids: Sequence[int], selection: Selection) -> Selection:
    return structs.replace(selection, ids=tuple(work_number(number) for number in work_ids))


def _tell(changed: Changed, what: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(changed)).decode())
    elif changed.count == 1:
        click.echo(f"Work {changed.ids[0]} is {what}.")
    else:
        click.echo(f"{changed.count} pieces of work are {what}.")
    if changed.asked and not as_json:
        numbers = ", ".join(map(str, changed.asked))
        click.echo(
            f"Not work {numbers}: a note may be in the ATS already. Look there, then replay each by its number, or settle it."
        )


def _times(found: Metrics, which: str) -> list[Pace]:
    pairs: list[tuple[str, Times]] = [(row.kind, getattr(row, which)) for row in found.times]
    return [
        Pace(kind, times.count, *(f"{value:.3g}" for value in (times.p50, times.p90, times.p99)))
        for kind, times in pairs
        if times.count
    ]
