"""rescore: stored transcripts are scored again, beside their results."""

import uuid
from collections import Counter
from collections.abc import Sequence

import click
import msgspec

from orchestrator.cli.output import json_option, plainly, with_runtime
from orchestrator.main import Runtime
from orchestrator.services.rescoring.rescoring import Rescored

ACTOR = "cli"


@click.command()
@click.argument("program", required=False)
@click.option("--interview", "interview_id", type=click.UUID, default=None, metavar="ID", help="Only this interview.")
@click.option(
    "--rubric",
    "reference",
    default=None,
    metavar="REF",
    help="Id of a rubric, or content hash of one that was used; without it, each interview's own rubric.",
)
@click.option("--limit", type=click.IntRange(min=1), default=None, help="At most so many interviews, the oldest first.")
@click.option("--dry-run", is_flag=True, help="Score and compare, but store nothing.")
@json_option
@plainly
def rescore(
    program: str | None,
    interview_id: uuid.UUID | None,
    *,
    reference: str | None,
    limit: int | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Score the transcripts of PROGRAM, or of one interview, again, and say which change moved each result.

    The new scorecards stand beside the results and never over them: nothing is written to an ATS, and no case is opened.
    """
    if (program is None) == (interview_id is None):
        raise click.UsageError("say either a program or --interview")

    async def action(runtime: Runtime) -> list[Rescored]:
        rescoring = runtime.services.rescoring
        rubric = await rescoring.rubric(reference) if reference else None
        chosen = [interview_id] if interview_id else list(await rescoring.of_program(program or ""))[:limit]
        found = []
        async for one in rescoring.rescore(chosen, rubric, actor=ACTOR, keep=not dry_run):
            found.append(one)
            if not as_json:
                _tell(one)
        return found

    found = with_runtime(action)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        _sum_up(found, dry_run=dry_run)


def _tell(one: Rescored) -> None:
    click.echo(f"{one.interview_id}  rubric {one.rubric} {one.version}, scored by {one.rater}")
    for sentence in one.explanation.sentences:
        click.echo(f"  {sentence}")


def _sum_up(found: Sequence[Rescored], *, dry_run: bool) -> None:
    if not found:
        click.echo("There is nothing to score again: no interview in review or final whose words are still held.")
        return
    moves = Counter((one.explanation.before.label, one.explanation.after.label) for one in found)
    same = sum(count for (before, after), count in moves.items() if before == after)
    click.echo(f"\n{len(found)} scored again, {same} with the same band.")
    for (before, after), count in sorted(moves.items()):
        if before != after:
            click.echo(f"  {count} from “{before}” to “{after}”")
    click.echo("Nothing was stored but who read." if dry_run else "Stored beside the results. No ATS was told.")
