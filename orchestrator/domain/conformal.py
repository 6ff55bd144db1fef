"""Split-conformal intervals: how far a grader may be from a person, learnt from pairs where both rated, not assumed.

With n pairs the half width is the ⌈(n+1)(1 − alpha)⌉-th smallest of |person − grader|. If the next interview is like the
pairs, its interval holds the person's rating with at least 1 − alpha, whatever the grader is and however it errs (Vovk,
Gammerman and Shafer 2005; Lei and others 2018). A pair belongs to one version of a rubric and to one grader: after a
change of either, nothing is known until new pairs are there.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from statistics import median

from msgspec import Struct

from orchestrator.domain.scoring import Rater, Score, aggregate
from rubrics.schema import Rubric

ALPHA = 0.1
"""Share of intervals that may miss: 0.1 means intervals for 90 %."""
_DIGITS = 9
_HASH_LENGTH = 12


class CalibrationPair(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a grader and a person said of the same interview, on the rubric's level scale. Names nobody.

    ``group`` is for comparing the coverage between groups; it never changes an interval in the product.
    """

    predicted: float
    rated: float
    group: str | None = None


class CalibrationSet(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pairs for one rubric version (content hash) and one grader (`grader_key`)."""

    rubric_hash: str
    grader: str
    made_on: date
    pairs: tuple[CalibrationPair, ...]


class NoInterval(StrEnum):
    """Why there is no interval; the value says it to the team."""

    NO_SET = "there is no calibration set"
    OTHER_RUBRIC = "the calibration sets belong to other versions of the rubric"
    OTHER_GRADER = "the calibration sets of this rubric belong to other graders"
    TOO_FEW = "the calibration set has too few pairs"


class Interval(Struct, frozen=True):
    """Where a person's rating is expected, on the level scale, ends included."""

    low: float
    high: float

    @property
    def width(self) -> float:
        """In levels."""
        return self.high - self.low

    def holds(self, value: float) -> bool:
        """Whether a value lies inside."""
        return self.low <= value <= self.high

    def straddles(self, cuts: Sequence[float]) -> bool:
        """Whether values on both sides of a cut lie inside; a value that reaches the cut is above it."""
        return any(self.low < cut <= self.high for cut in cuts)


def grader_key(rater: Rater) -> str:
    """Which grader a pair belongs to: its name with its prompt or version, since another prompt is another grader."""
    if rater.prompt_hash is not None:
        return f"{rater.name}@{rater.prompt_hash[:_HASH_LENGTH]}"
    version = rater.parameters.get("version")
    return rater.name if version is None else f"{rater.name}@{version}"


def least_pairs(alpha: float = ALPHA) -> int:
    """How many pairs an interval needs at least: n ≥ 1/alpha − 1, which is 9 for 90 %."""
    return math.ceil(round(1 / alpha - 1, _DIGITS))


def half_width(residuals: Sequence[float], *, alpha: float = ALPHA) -> float | None:
    """The ⌈(n+1)(1 − alpha)⌉-th smallest absolute residual, in levels; None where there are fewer than `least_pairs`."""
    # Rounded, since 30 × 0.9 may come out a little above 27, which would be the 28th.
    rank = math.ceil(round((len(residuals) + 1) * (1 - alpha), _DIGITS))
    if rank > len(residuals):
        return None
    return sorted(abs(residual) for residual in residuals)[max(rank, 1) - 1]


def residuals(pairs: Sequence[CalibrationPair]) -> tuple[float, ...]:
    """Person minus grader for each pair, in levels."""
    return tuple(pair.rated - pair.predicted for pair in pairs)


def around(value: float, half: float, *, lowest: float = 1.0, highest: float = 5.0) -> Interval:
    """The interval around a grader's value; nothing lies outside the scale, so nothing there is claimed."""
    return Interval(max(lowest, value - half), min(highest, value + half))


def calibration_for(
    sets: Sequence[CalibrationSet], *, rubric_hash: str, grader: str, alpha: float = ALPHA
) -> CalibrationSet | NoInterval:
    """The newest usable set for a rubric version and a grader, or the reason why there is none."""
    if not sets:
        return NoInterval.NO_SET
    same_rubric = [one for one in sets if one.rubric_hash == rubric_hash]
    if not same_rubric:
        return NoInterval.OTHER_RUBRIC
    own = [one for one in same_rubric if one.grader == grader]
    if not own:
        return NoInterval.OTHER_GRADER
    usable = [one for one in own if len(one.pairs) >= least_pairs(alpha)]
    return max(usable, key=lambda one: one.made_on) if usable else NoInterval.TOO_FEW


def conformal_borderline(
    value: float, calibration: CalibrationSet | None, cuts: Sequence[float], *, alpha: float = ALPHA
) -> bool:
    """Whether the interval around a value straddles a cut, so that a person must decide.

    False without a usable set: then |score − cut| ≤ z·se decides alone. ``cuts`` without the lowest band's, which is no
    border.
    """
    half = None if calibration is None else half_width(residuals(calibration.pairs), alpha=alpha)
    return half is not None and around(value, half).straddles(cuts)


def pair_of(
    machine: Mapping[str, float | None], people: Mapping[str, Sequence[int]], rubric: Rubric
) -> CalibrationPair | None:
    """The pair of one interview: both aggregates by the rubric's rule, of the machine's levels and of people's medians.

    None where either has too little weight with evidence for a number, since then no score would stand alone anyway.
    """
    predicted = aggregate([Score(competency=c.id, level=machine.get(c.id)) for c in rubric.competencies], rubric)
    rated = aggregate(
        [Score(competency=c.id, level=_median(people.get(c.id, ()))) for c in rubric.competencies], rubric
    )
    if predicted.value is None or rated.value is None:
        return None
    return CalibrationPair(predicted=predicted.value, rated=rated.value)


def _median(levels: Sequence[int]) -> float | None:
    return float(median(levels)) if levels else None


def half_widths(pairs: Sequence[CalibrationPair], *, alpha: float = ALPHA) -> Mapping[str, float | None]:
    """The half width of each group by itself (Mondrian); None for a group with too few pairs."""
    groups = sorted({pair.group for pair in pairs if pair.group is not None})
    return {g: half_width(residuals([pair for pair in pairs if pair.group == g]), alpha=alpha) for g in groups}
