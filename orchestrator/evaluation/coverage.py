"""Coverage of split-conformal intervals over folds: each answer is held by an interval that never saw it."""

from collections.abc import Sequence

import numpy as np

from orchestrator.domain.conformal import ALPHA, Interval, around, half_width, least_pairs
from orchestrator.evaluation.agreement import Array, proportion_interval
from orchestrator.evaluation.folds import at_random
from orchestrator.evaluation.items import Item
from orchestrator.evaluation.outcome import Coverage, GroupCoverage


def coverage(
    items: Sequence[Item], people: Array, predicted: Array, *, highest: Array, cut: float, seed: int
) -> Coverage:
    """Pool the folds. ``people``, ``predicted``, ``highest`` and ``cut`` share one unit."""
    intervals = _intervals(people, predicted, highest, seed=seed)
    if intervals is None:
        reason = f"each part of the set needs {least_pairs(ALPHA)} others with a level to learn from"
        return Coverage(
            nominal=1 - ALPHA,
            n=0,
            coverage=None,
            coverage_ci=None,
            width=None,
            straddle_share=None,
            caught=None,
            reason=reason,
        )
    held = [one.holds(value) for one, value in zip(intervals, people.tolist(), strict=True)]
    straddling = [one.straddles([cut]) for one in intervals]
    wrong = (people >= cut) != (predicted >= cut)
    return Coverage(
        nominal=1 - ALPHA,
        n=len(held),
        coverage=float(np.mean(held)),
        coverage_ci=proportion_interval(sum(held), len(held)),
        width=float(np.mean([one.width for one in intervals])),
        straddle_share=float(np.mean(straddling)),
        caught=float(np.mean(np.array(straddling)[wrong])) if wrong.any() else None,
        groups=_groups(items, people, predicted, highest, held, seed=seed),
    )


def _intervals(people: Array, predicted: Array, highest: Array, *, seed: int) -> list[Interval] | None:
    """An interval for each answer, in order; None where there is too little to learn from."""
    found: dict[int, Interval] = {}
    for learn, measure in at_random(len(people), seed=seed):
        half = half_width((people[learn] - predicted[learn]).tolist())
        if half is None:
            return None
        for place in measure.tolist():
            found[place] = around(float(predicted[place]), half, lowest=0.0, highest=float(highest[place]))
    return [found[place] for place in range(len(people))] if found else None


def _groups(
    items: Sequence[Item], people: Array, predicted: Array, highest: Array, held: Sequence[bool], *, seed: int
) -> tuple[GroupCoverage, ...]:
    made = []
    for group in sorted({item.group for item in items if item.group is not None}):
        places = [place for place, item in enumerate(items) if item.group == group]
        inside = sum(held[place] for place in places)
        own = _intervals(people[places], predicted[places], highest[places], seed=seed)
        made.append(
            GroupCoverage(
                group=group,
                n=len(places),
                coverage=inside / len(places),
                coverage_ci=proportion_interval(inside, len(places)),
                own_coverage=None
                if own is None
                else float(
                    np.mean([one.holds(value) for one, value in zip(own, people[places].tolist(), strict=True)])
                ),
                own_width=None if own is None else float(np.mean([one.width for one in own])),
            )
        )
    return tuple(made)
