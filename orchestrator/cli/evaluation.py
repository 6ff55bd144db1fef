"""eval: how well a grader agrees with people, measured on answers that people rated."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
from rich.console import Console
from rich.table import Table
from typing_extensions import override

from orchestrator.cli.output import PIPE_WIDTH, plainly
from orchestrator.errors import EvenhandError, SettingsInvalid
from orchestrator.evaluation.items import spread, write_set
from orchestrator.evaluation.outcome import Change
from orchestrator.evaluation.saf import Part, read_saf
from orchestrator.evaluation.tables import PROPERTY_COLUMNS, property_rows, rows
from orchestrator.evaluation.wanted import EMBEDDED, OPENAI, SEED, Finished, Gate, Model, SuiteWanted, Wanted
from orchestrator.graders import OPENAI as OPENAI_URL
from orchestrator.grading.budget import Prices
from orchestrator.later import later
from orchestrator.main import read_environment
from orchestrator.ports import SystemClock

if TYPE_CHECKING:
    from orchestrator.evaluation.bench import run as run_bench
    from orchestrator.evaluation.suite import run_suite
else:
    # What they import takes longer than every other command, and may not be installed.
    run_bench = later("orchestrator.evaluation.bench", "run")
    run_suite = later("orchestrator.evaluation.suite", "run_suite")

T = TypeVar("T")
EXTRA = frozenset({"numpy", "scipy", "sklearn", "krippendorff"})
MOST_SAMPLES = 20
# The bench needs neither a database nor a configuration, and what it does not need must not be asked for.
_UNUSED = {
    "EVENHAND_DATABASE_URL": "sqlite+aiosqlite:///:memory:",
    "EVENHAND_CONFIG": "evenhand.yaml",
    "EVENHAND_BASE_URL": "http://localhost",
    "EVENHAND_SECRET_KEY": "no-link-and-no-form-is-made-with-this-key",
}
_FILE = click.Path(path_type=Path, dir_okay=False)
_EXISTING = click.Path(path_type=Path, dir_okay=False, exists=True)


class ExtraMissing(EvenhandError):
    """The libraries that measure are not installed."""


class _WithUsualVerb(click.Group):
    """``evenhand eval --set FILE`` is short for ``evenhand eval run --set FILE``."""

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in {*self.commands, *ctx.help_option_names}:
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group("eval", cls=_WithUsualVerb)
def evaluate() -> None:
    """Measure how well a grader agrees with people: evenhand eval --grader embedded --set FILE."""


@evaluate.command("run")
@click.option("--grader", type=click.Choice([EMBEDDED, OPENAI]), required=True, help="Which grader is measured.")
@click.option("--set", "labelled", type=_EXISTING, required=True, help="Answers that people rated: JSON, one a line.")
@click.option("--json", "json_path", type=_FILE, default=None, help="Write all figures here as JSON.")
@click.option("--html", "html_path", type=_FILE, default=None, help="Write a report with plots here.")
@click.option("--compare", type=_EXISTING, default=None, help="An earlier --json to compare with.")
@click.option("--record", type=_FILE, default=None, help="Keep the model's answers in this new file.")
@click.option(
    "--weights", default=None, metavar="FILE|hosted", help="With --record: the model's weights, to be hashed."
)
@click.option("--replay", type=_EXISTING, default=None, help="Take the model's answers from a recording; no network.")
@click.option("--samples", default=1, show_default=True, type=click.IntRange(1, MOST_SAMPLES), help="Ask so often.")
@click.option("--limit", default=None, type=click.IntRange(min=1), help="Only so many answers, evenly over the set.")
@click.option("--seed", default=SEED, show_default=True, type=int, help="For folds, resamples and the model.")
@click.option("--cut", default=None, type=float, help="Level from which on an answer is above the cut (the middle).")
@click.option("--price-in", default=None, type=click.FloatRange(min=0), help="Price of a million tokens sent.")
@click.option("--price-out", default=None, type=click.FloatRange(min=0), help="Price of a million tokens received.")
@click.option("--gate", is_flag=True, help="Exit with status 1 where a threshold is missed.")
@click.option("--min-qwk", default=None, type=float, help="Threshold: QWK is at least this.")
@click.option("--max-drop", default=None, type=click.FloatRange(min=0), help="Threshold: QWK falls by at most this.")
@plainly
def run(
    *,
    grader: str,
    labelled: Path,
    json_path: Path | None,
    html_path: Path | None,
    compare: Path | None,
    record: Path | None,
    weights: str | None,
    replay: Path | None,
    samples: int,
    limit: int | None,
    seed: int,
    cut: float | None,
    price_in: float | None,
    price_out: float | None,
    gate: bool,
    min_qwk: float | None,
    max_drop: float | None,
) -> None:
    """Have every answer of a set graded and say how far grader and people agree, with intervals and baselines.

    A live model is taken from EVENHAND_OPENAI_BASE_URL, _API_KEY and _MODEL; no other setting is needed.
    """
    _check(grader=grader, record=record, weights=weights, replay=replay)
    _check_gate(gate=gate, min_qwk=min_qwk, max_drop=max_drop, compare=compare)
    wanted = Wanted(
        grader=grader,
        set=labelled,
        json=json_path,
        html=html_path,
        compare=compare,
        record=record,
        replay=replay,
        weights=weights,
        model=_needed_model(os.environ) if grader == OPENAI and replay is None else None,
        samples=samples,
        limit=limit,
        seed=seed,
        cut=cut,
        prices=_prices(price_in, price_out),
        gate=Gate(min_qwk=min_qwk, max_drop=max_drop),
    )
    finished = _with_extra(lambda: asyncio.run(run_bench(wanted, SystemClock())))
    _tell(finished)
    if gate and finished.missed:
        sys.exit(1)


@evaluate.command("saf")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--out", type=_FILE, required=True, help="Where the set is written.")
@click.option(
    "--part",
    type=click.Choice([part.value for part in Part]),
    default=Part.ALL.value,
    show_default=True,
    help="The half that the embedded grader was tuned on, or the other.",
)
@click.option("--least-words", default=0, show_default=True, help="Leave out answers with fewer words than this.")
@click.option(
    "--limit", default=None, type=click.IntRange(min=1), help="Only so many answers, evenly over the questions."
)
@plainly
def saf(folder: Path, *, out: Path, part: str, least_words: int, limit: int | None) -> None:
    """Turn the Short Answer Feedback set in FOLDER (its XML files) into a set for --set, with levels 0 to 3."""
    items = spread(read_saf(folder, Part(part), least_words=least_words), limit)
    write_set(items, out)
    click.echo(f"{len(items)} answers to {len({item.question for item in items})} questions are in {out}.")


@evaluate.command("metamorphic")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--grader", type=click.Choice([EMBEDDED, OPENAI]), required=True, help="Which grader is measured.")
@click.option("--json", "json_path", type=_FILE, default=None, help="Write all figures here as JSON.")
@click.option("--only", multiple=True, metavar="PROPERTY", help="Only this property; may be given more than once.")
@click.option("--sample", default=None, type=click.IntRange(min=1), help="At most so many trials of each property.")
@click.option("--record", type=_FILE, default=None, help="Keep the model's answers in this new file.")
@click.option(
    "--weights", default=None, metavar="FILE|hosted", help="With --record: the model's weights, to be hashed."
)
@click.option("--replay", type=_EXISTING, default=None, help="Take the model's answers from a recording; no network.")
@plainly
def metamorphic(
    folder: Path,
    *,
    grader: str,
    json_path: Path | None,
    only: tuple[str, ...],
    sample: int | None,
    record: Path | None,
    weights: str | None,
    replay: Path | None,
) -> None:
    """Say how often levels stay, or move, as they must, on the data set "beyond the resume" in FOLDER.

    A live model is taken from EVENHAND_OPENAI_BASE_URL, _API_KEY and _MODEL; no other setting is needed.
    """
    _check(grader=grader, record=record, weights=weights, replay=replay)
    wanted = SuiteWanted(
        folder=folder,
        model=_needed_model(os.environ) if grader == OPENAI and replay is None else None,
        json=json_path,
        record=record,
        replay=replay,
        weights=weights,
        only=only,
        sample=sample,
    )
    outcome = _with_extra(lambda: asyncio.run(run_suite(wanted, SystemClock())))
    _print(PROPERTY_COLUMNS, property_rows(outcome))
    if outcome.not_recorded:
        click.echo(f"{outcome.not_recorded} trials were not recorded and are left out.")


def _check(*, grader: str, record: Path | None, weights: str | None, replay: Path | None) -> None:
    if grader != OPENAI and (record or replay):
        raise click.UsageError("Only the answers of a model can be recorded or replayed: add --grader openai.")
    if record and replay:
        raise click.UsageError("A recording is made or replayed, not both at once.")
    if bool(record) != bool(weights):
        raise click.UsageError("--record and --weights belong together: a recording says which weights answered.")


def _check_gate(*, gate: bool, min_qwk: float | None, max_drop: float | None, compare: Path | None) -> None:
    if gate and min_qwk is None and max_drop is None:
        raise click.UsageError("A gate needs a threshold: --min-qwk, --max-drop, or both.")
    if max_drop is not None and compare is None:
        raise click.UsageError("--max-drop needs the outcome before: add --compare.")


def _needed_model(environ: Mapping[str, str]) -> Model:
    settings = read_environment({**environ, **_UNUSED})
    if not settings.openai_api_key and not settings.openai_base_url:
        raise SettingsInvalid("a model needs EVENHAND_OPENAI_BASE_URL or EVENHAND_OPENAI_API_KEY")
    return Model(
        base_url=settings.openai_base_url or OPENAI_URL,
        api_key=settings.openai_api_key or "none",
        name=settings.openai_model,
        timeout=settings.openai_timeout,
        concurrency=settings.openai_concurrency,
    )


def _prices(sent: float | None, received: float | None) -> Prices | None:
    return None if sent is None and received is None else Prices(input=sent or 0.0, output=received or 0.0)


def _with_extra(action: Callable[[], T]) -> T:
    """Do what needs the extra, and say how to install it where it is missing."""
    try:
        return action()
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in EXTRA:
            raise
        raise ExtraMissing(
            "`evenhand eval` measures with libraries that are not installed; install them with"
            " pip install 'evenhand[evaluation]'"
        ) from error


def _tell(finished: Finished) -> None:
    outcome = finished.outcome
    _print(("figure", "value", "95 % interval, or of what"), [(r.name, r.value, r.interval) for r in rows(outcome)])
    if outcome.abstained:
        click.echo(f"The grader gave no level to {outcome.abstained} of {outcome.n}; agreement is over the others.")
    if outcome.not_recorded:
        click.echo(f"{outcome.not_recorded} answers of the set were not recorded and are left out.")
    if outcome.compared is not None:
        click.echo(_changed(outcome.compared))
    for words in finished.missed:
        click.echo(f"Missed: {words}.", err=True)


def _print(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column)
    for row in cells:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, soft_wrap=True).print(table)


def _changed(change: Change) -> str:
    said = f"Against {change.with_grader} on the same {change.n} answers: {change.moved} levels differ"
    if change.qwk_change is None:
        return f"{said}; what QWK did is not known."
    bounds = change.qwk_change_ci
    between = "" if bounds is None else f" ({bounds[0]:+.3f} to {bounds[1]:+.3f})"
    return f"{said}; QWK {change.qwk_before:.3f} to {change.qwk_after:.3f}, {change.qwk_change:+.3f}{between}."
