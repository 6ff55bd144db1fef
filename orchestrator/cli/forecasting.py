"""review forecast: before launch, how much of a program's interviews people will see."""

import os
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from orchestrator.cli.output import json_option, plainly, with_runtime
from orchestrator.config.calibration import FOLDER, read_calibration, read_calibrations
from orchestrator.db.repositories.forecast import RatedByBoth, graded_with, rated_by_both
from orchestrator.domain.conformal import (
    CalibrationPair,
    CalibrationSet,
    grader_key,
    half_width,
    least_pairs,
    pair_of,
    residuals,
)
from orchestrator.domain.forecast import Basis, Forecast, Graded, Range, forecast
from orchestrator.domain.program import Program
from orchestrator.domain.uncertainty import ReviewReason
from orchestrator.errors import ConfigurationInvalid
from orchestrator.main import Runtime, check_configuration, read_environment
from orchestrator.ports import SystemClock
from rubrics.schema import Rubric, content_hash

VOLUME = 100
MINUTES = 3.0
_RULES = {
    ReviewReason.POLICY: "the review policy of this program sends every interview to a person",
    ReviewReason.PROVISIONAL: "no model is configured, and the embedded grader's results always go to a person",
}


@click.group()
def review() -> None:
    """Review by people."""


@review.command("forecast")
@click.argument("program")
@click.option("--volume", default=VOLUME, show_default=True, type=click.IntRange(min=1), help="So many interviews.")
@click.option("--minutes", default=MINUTES, show_default=True, type=click.FloatRange(min=0), help="Minutes for a case.")
@click.option(
    "--set",
    "calibration",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    default=None,
    help="A calibration set of this rubric, in place of the interviews so far.",
)
@json_option
@plainly
def review_forecast(program: str, *, volume: int, minutes: float, calibration: Path | None, as_json: bool) -> None:
    """Say what share of the interviews of PROGRAM will go to people, and what that takes. Changes nothing."""
    found, rubric = _program(program)
    known = None if calibration is None else _calibration(calibration, rubric)

    async def action(runtime: Runtime) -> Forecast:
        graded: Sequence[Graded] = ()
        if known is None:
            async with runtime.database.reading() as session:
                graded = await graded_with(session, content_hash(rubric))
        return forecast(
            rubric,
            found.review,
            provisional=runtime.grader.provisional,
            graded=[one for one in graded if not one.card.provisional],
            calibration=known,
            calibrations=read_calibrations(runtime.settings.config.parent / FOLDER),
            volume=volume,
            minutes=minutes,
        )

    said = with_runtime(action)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(said)).decode())
    else:
        click.echo("\n".join(_words(said, found)))


@review.command("calibration")
@click.argument("program")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Where the set is written.")
@plainly
def review_calibration(program: str, *, out: Path) -> None:
    """Make a calibration set for the rubric of PROGRAM from its calibration sessions, for the grader that rated most."""
    _, rubric = _program(program)

    async def action(runtime: Runtime) -> Sequence[RatedByBoth]:
        async with runtime.database.reading() as session:
            return await rated_by_both(session, content_hash(rubric))

    pairs: dict[str, list[CalibrationPair]] = {}
    for one in with_runtime(action):
        pair = pair_of(one.machine, one.people, rubric)
        if pair is not None:
            pairs.setdefault(grader_key(one.rater), []).append(pair)
    if not pairs:
        raise ConfigurationInvalid([f"no calibration session has interviews that people rated under {rubric.id}"])
    grader = max(pairs, key=lambda key: len(pairs[key]))
    made = CalibrationSet(
        rubric_hash=content_hash(rubric), grader=grader, made_on=SystemClock().now().date(), pairs=tuple(pairs[grader])
    )
    out.write_bytes(msgspec.json.format(msgspec.json.encode(made)) + b"\n")
    click.echo(_made(made))


def _made(made: CalibrationSet) -> str:
    half = half_width(residuals(made.pairs))
    count = f"{len(made.pairs)} pairs of {made.grader}"
    if half is None:
        return f"{count}; an interval needs {least_pairs()}, so this set changes nothing yet."
    return f"{count}; nine of ten results of the grader lie within {half:.2f} levels of people's."


def _program(key: str) -> tuple[Program, Rubric]:
    configuration, rubrics = check_configuration(read_environment(os.environ).config)
    for program in configuration.programs:
        if program.key == key:
            return program, rubrics[program.rubric]
    known = ", ".join(program.key for program in configuration.programs)
    raise ConfigurationInvalid([f"there is no program {key!r} (there are: {known})"])


def _calibration(path: Path, rubric: Rubric) -> CalibrationSet:
    known = read_calibration(path)
    if known.rubric_hash != content_hash(rubric):
        raise ConfigurationInvalid([f"{path}: belongs to another version of the rubric {rubric.id}"])
    if len(known.pairs) < least_pairs():
        raise ConfigurationInvalid([f"{path}: has {len(known.pairs)} pairs; an interval needs {least_pairs()}"])
    return known


def _words(said: Forecast, program: Program) -> Sequence[str]:
    lines = [f"{program.title}: {_whole(said)}"]
    lines += [f"  Why: {_RULES[reason]}." for reason in said.rule]
    if said.if_flagged_only is not None:
        flagged = said.if_flagged_only
        of = "pairs of the calibration set" if said.basis is Basis.CALIBRATION_SET else "interviews with this rubric"
        only = "If only borderline and flagged ones went: " if said.rule else "Rests on: "
        share = f"{flagged.share:.0%} ({flagged.low:.0%} to {flagged.high:.0%})"
        lines.append(f"  {only}{flagged.hits} of {flagged.n} {of}, {share}.")
        lines += [f"  Graded by {', '.join(said.raters)}."]
        lines += [f"  {count} × {reason}" for reason, count in said.reasons.items()]
    elif said.rule:
        lines.append("  What borderline and flagged ones alone would be is not known yet: no interview to learn from.")
    if said.cases is not None and said.hours is not None:
        lines.append(
            f"  Of {said.volume} interviews: {_range(said.cases, '.0f')} cases,"
            f" {_range(said.hours, '.1f')} hours at {said.minutes:g} minutes each."
        )
    return lines


def _whole(said: Forecast) -> str:
    if said.to_people is None:
        return (
            "what share will go to people is not known; there is no interview with this rubric yet, and no set given."
        )
    if said.rule:
        return "all interviews will go to people."
    least = "at least " if said.basis is Basis.CALIBRATION_SET else ""
    value = said.to_people
    return f"{least}{value.value:.0%} of the interviews will go to people ({value.low:.0%} to {value.high:.0%})."


def _range(found: Range, form: str) -> str:
    if found.low == found.high:
        return format(found.value, form)
    return f"{format(found.value, form)} ({format(found.low, form)} to {format(found.high, form)})"
