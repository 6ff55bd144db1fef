"""The metamorphic suite: what must not move a level does not, and what must move one does, for any grader.

Each trial is graded twice by the way that an interview takes in the house: blinding, claims, checked quotes, levels by
rule. A grading that fails passes nothing.
"""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct, structs

from orchestrator.domain.ablation import as_said
from orchestrator.domain.scorecard import Prepared, build_scorecard, prepare
from orchestrator.errors import ConfigurationInvalid, GradingFailed
from orchestrator.evaluation.agreement import proportion_interval
from orchestrator.evaluation.items import spread
from orchestrator.evaluation.judge_tests import read_judge_tests
from orchestrator.evaluation.outcome import Property
from orchestrator.evaluation.suite_recording import NotRecorded
from orchestrator.evaluation.trials import Effect, Sitting, Trial, judge_trials, own_trials
from orchestrator.ports import Grader, GradingRequest
from rubrics.loader import load_library
from rubrics.schema import Rubric, content_hash

Levels: TypeAlias = Mapping[str, float | None]

# A level that comes or goes counts as a shift of this many levels in the mean.
APPEARANCE = 1.0


class Found(Struct, frozen=True):
    """What a suite found; ``not_recorded`` counts the trials that a recording has no answers to, which are left out."""

    properties: tuple[Property, ...]
    not_recorded: int


class _Judged(Struct, frozen=True):
    passed: bool
    shifts: tuple[float, ...]
    failed: bool


async def run_metamorphic(grader: Grader, base: Path, *, only: Sequence[str] = (), sample: int | None = None) -> Found:
    """Put a grader to every trial, and say for each property how often it held, in the order of the trials.

    ``base`` is a copy of the data set "beyond the resume". ``only`` names the properties to try, in this order (none: all),
    and ``sample`` is how many trials of each at most, evenly over them. A trial of `Effect.STAYS` passes where no competency
    moved. The mean shift is in levels, over all competencies of the property's trials; where a level comes or goes it counts
    as one.

    Raises:
        ConfigurationInvalid: a file of the data set is missing or not as described, or there is no such property.
    """
    tests = read_judge_tests(base)
    trials = chosen([*judge_trials(tests), *own_trials(tests, load_library())], only, sample)
    known: dict[Sitting, Levels | None] = {}
    judged: dict[str, list[_Judged]] = {}
    not_recorded = 0
    for trial in trials:
        try:
            before, after = [
                await _known(grader, one, known) for one in (_asked(trial, trial.before), _asked(trial, trial.after))
            ]
        except NotRecorded:
            not_recorded += 1
            continue
        found = judge(trial, before, after)
        if found is not None:
            judged.setdefault(trial.name, []).append(_Judged(*found, before is None or after is None))
    return Found(tuple(_property(name, found) for name, found in judged.items()), not_recorded)


def chosen(trials: Sequence[Trial], only: Sequence[str], sample: int | None) -> Sequence[Trial]:
    """The trials to make. A sample goes round the properties, so that one that is cut short has some of each.

    Raises:
        ConfigurationInvalid: there is no such property.
    """
    by_name: dict[str, list[Trial]] = {}
    for trial in trials:
        by_name.setdefault(trial.name, []).append(trial)
    if unknown := [name for name in only if name not in by_name]:
        raise ConfigurationInvalid([f"there is no property {', '.join(unknown)} (there are: {', '.join(by_name)})"])
    wanted = [by_name[name] for name in dict.fromkeys(only or by_name)]
    if sample is None:
        return [trial for group in wanted for trial in group]
    rounds = zip_longest(*(spread(group, sample) for group in wanted))
    return [trial for one in rounds for trial in one if trial is not None]


def judge(trial: Trial, before: Levels | None, after: Levels | None) -> tuple[bool, tuple[float, ...]] | None:
    """Whether a trial passed, with the shift of each competency in levels. None of ``before``, ``after``: grading failed.

    None comes back for a trial of `Effect.AWAY` whose evidence did not bring the target's level before: there is nothing
    to take back.
    """
    if before is None or after is None:
        return False, ()
    if trial.effect is Effect.STAYS:
        shifts = tuple(shift(before.get(key), after.get(key)) for key in dict.fromkeys([*before, *after]))
        return not any(shifts), shifts
    first, second = before.get(trial.competency), after.get(trial.competency)
    moved = (shift(first, second),)
    if trial.effect is Effect.TOWARDS:
        return _towards(first, second, trial.target), moved
    if first is None or _distance(first, trial.target) > 0:
        return None
    return _away(first, second, trial.target), moved


def shift(before: float | None, after: float | None) -> float:
    """How far a level moved, in levels."""
    if before is None or after is None:
        return 0.0 if before is after else APPEARANCE
    return abs(after - before)


def _towards(before: float | None, after: float | None, target: Sequence[int]) -> bool:
    """The level is one of the target's now, or nearer to it than before."""
    if after is None:
        return False
    distance = _distance(after, target)
    return distance == 0 or (before is not None and distance < _distance(before, target))


def _away(before: float, after: float | None, target: Sequence[int]) -> bool:
    """The level is given up, is none of the target's any more, or lies nearer to the middle of the scale than before."""
    if after is None or _distance(after, target) > 0:
        return True
    middle = 3
    return abs(after - middle) < abs(before - middle)


def _distance(level: float, target: Sequence[int]) -> float:
    return max(min(target) - level, level - max(target), 0)


def _asked(trial: Trial, sitting: Sitting) -> Sitting:
    """A sitting with nothing but the competency that the trial is about, where it is about one: a model takes minutes."""
    if not trial.competency:
        return sitting
    rubrics = (
        structs.replace(rubric, competencies=tuple(one for one in rubric.competencies if one.id == trial.competency))
        for rubric in sitting.rubrics
    )
    return Sitting(sitting.transcript, tuple(rubric for rubric in rubrics if rubric.competencies), sitting.blinded)


async def _known(grader: Grader, sitting: Sitting, known: dict[Sitting, Levels | None]) -> Levels | None:
    if sitting not in known:
        known[sitting] = await _graded(grader, sitting)
    return known[sitting]


async def _graded(grader: Grader, sitting: Sitting) -> Levels | None:
    """The levels of all competencies, by id; None where grading failed for one of the rubrics."""
    levels: dict[str, float | None] = {}
    ready = (
        prepare(sitting.transcript, names=(), contacts=())
        if sitting.blinded
        else Prepared(as_said(sitting.transcript), sitting.transcript)
    )
    for rubric in sitting.rubrics:
        try:
            levels.update(await _levels(grader, rubric, sitting, ready))
        except GradingFailed:
            return None
    return levels


async def _levels(grader: Grader, rubric: Rubric, sitting: Sitting, ready: Prepared) -> Levels:
    reply = await grader.grade(GradingRequest(rubric=rubric, transcript=ready.transcript))
    card = build_scorecard(
        rubric=rubric,
        rubric_hash=content_hash(rubric),
        transcript=sitting.transcript,
        blinded=ready.blinded,
        rater=reply.rater,
        samples=reply.samples,
        provisional=grader.provisional,
    )
    return {score.competency: score.level for score in card.scores}


def _property(name: str, judged: Sequence[_Judged]) -> Property:
    passed = sum(one.passed for one in judged)
    shifts = [shift for one in judged for shift in one.shifts]
    return Property(
        name=name,
        n=len(judged),
        passed=passed,
        share=passed / len(judged),
        share_ci=proportion_interval(passed, len(judged)),
        mean_shift=sum(shifts) / len(shifts) if shifts else 0.0,
        failed=sum(one.failed for one in judged),
    )
