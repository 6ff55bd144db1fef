"""The metamorphic suite: what must not move a level does not, and what must move one does, for any grader.

Each trial is graded twice by the way that an interview takes in the house: blinding, claims, checked quotes, levels by
rule. A grading that fails passes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from orchestrator.domain.ablation import as_said
from orchestrator.domain.scorecard import Prepared, build_scorecard, prepare
from orchestrator.errors import GradingFailed
from orchestrator.evaluation.agreement import proportion_interval
from orchestrator.evaluation.judge_tests import read_judge_tests
from orchestrator.evaluation.outcome import Property
from orchestrator.evaluation.trials import Effect, Sitting, Trial, judge_trials, own_trials
from orchestrator.ports import Grader, GradingRequest
from rubrics.loader import load_library
from rubrics.schema import Rubric, content_hash

Levels: TypeAlias = Mapping[str, float | None]

# A level that comes or goes counts as a shift of this many levels in the mean.
APPEARANCE = 1.0


async def run_metamorphic(grader: Grader, base: Path) -> tuple[Property, ...]:
    """Put a grader to every trial, and say for each property how often it held, in the order of the trials.

    ``base`` is a copy of the data set "beyond the resume". A trial of `Effect.STAYS` passes where no competency moved. The
    mean shift is in levels, over all competencies of the property's trials; where a level comes or goes it counts as one.

    Raises:
        ConfigurationInvalid: a file of the data set is missing or not as described.
    """
    tests = read_judge_tests(base)
    trials = [*judge_trials(tests), *own_trials(tests, load_library())]
    known: dict[Sitting, Levels | None] = {}
    judged: dict[str, list[tuple[bool, tuple[float, ...]]]] = {}
    for trial in trials:
        for one in (trial.before, trial.after):
            if one not in known:
                known[one] = await _graded(grader, one)
        found = judge(trial, known[trial.before], known[trial.after])
        if found is not None:
            judged.setdefault(trial.name, []).append(found)
    return tuple(_property(name, found) for name, found in judged.items())


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


def _property(name: str, found: Iterable[tuple[bool, tuple[float, ...]]]) -> Property:
    judged = tuple(found)
    passed = sum(held for held, _ in judged)
    shifts = [one for _, moved in judged for one in moved]
    return Property(
        name=name,
        n=len(judged),
        passed=passed,
        share=passed / len(judged),
        share_ci=proportion_interval(passed, len(judged)),
        mean_shift=sum(shifts) / len(shifts) if shifts else 0.0,
    )
