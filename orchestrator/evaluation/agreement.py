"""Agreement between a grader and people: the measures by their formulas, over arrays, and their intervals.

Every measure takes its columns with answers along the last axis, so that thousands of resamples are measured at once.
An undefined measure (everybody gave one and the same level) is NaN here and None outside.
"""

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import krippendorff
import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score

Array: TypeAlias = NDArray[np.float64]
Bounds: TypeAlias = tuple[float, float] | None
Measure: TypeAlias = Callable[..., Array]

CONFIDENCE = 0.95
RESAMPLES = 2000
_BATCH = 200
_LEAST = 2


def qwk(levels: Array, others: Array) -> float:
    """Quadratic weighted kappa of two columns of whole levels (scikit-learn); NaN where neither varies."""
    both = np.concatenate([levels, others]).astype(int)
    if np.ptp(both) == 0:
        return math.nan
    # Named one by one: scikit-learn would take a level that nobody gave for none, and its neighbours for nearer.
    scale = np.arange(both.min(), both.max() + 1)
    return float(cohen_kappa_score(levels.astype(int), others.astype(int), labels=scale, weights="quadratic"))


def qwk_by_moments(levels: Array, others: Array, axis: int = -1) -> Array:
    """The same by moments, 1 − E(x−y)² / (var x + var y + (mean x − mean y)²): for many resamples, and for any values."""
    apart = np.mean((levels - others) ** 2, axis=axis)
    chance = (
        np.var(levels, axis=axis)
        + np.var(others, axis=axis)
        + (np.mean(levels, axis=axis) - np.mean(others, axis=axis)) ** 2
    )
    return _divided(chance - apart, chance)


def smd(levels: Array, others: Array, axis: int = -1) -> Array:
    """Standardised mean difference: (mean of the grader − mean of the people) / √((variance + variance) / 2)."""
    spread = np.sqrt((np.var(levels, axis=axis, ddof=1) + np.var(others, axis=axis, ddof=1)) / 2)
    return _divided(np.mean(others, axis=axis) - np.mean(levels, axis=axis), spread)


def icc(levels: Array, others: Array, axis: int = -1) -> Array:
    """ICC(2,1) of two raters: (MSR − MSE) / (MSR + (k−1)MSE + k(MSC − MSE)/n) with k = 2 (Shrout and Fleiss 1979)."""
    raters = 2
    n = levels.shape[axis]
    rows = (levels + others) / 2
    first, second = np.mean(levels, axis=axis, keepdims=True), np.mean(others, axis=axis, keepdims=True)
    grand = (first + second) / 2
    between_rows = raters * np.sum((rows - grand) ** 2, axis=axis) / (n - 1)
    between_raters = n * np.sum((first - grand) ** 2 + (second - grand) ** 2, axis=axis) / (raters - 1)
    left = (levels - rows - first + grand) ** 2 + (others - rows - second + grand) ** 2
    error = np.sum(left, axis=axis) / ((n - 1) * (raters - 1))
    whole = between_rows + (raters - 1) * error + raters * (between_raters - error) / n
    return _divided(between_rows - error, whole)


def alpha(*columns: Array) -> float:
    """Krippendorff's alpha for ordered levels; NaN in a column is a rater who did not rate. NaN where nothing varies."""
    ratings = np.vstack(columns)
    known = ratings[~np.isnan(ratings)]
    if known.size == 0 or np.ptp(known) == 0:
        return math.nan
    return float(krippendorff.alpha(reliability_data=ratings, level_of_measurement="ordinal"))


def alphas(*columns: Array, axis: int = -1) -> Array:
    """`alpha` of every resample, one after the other: it has no closed form over many."""
    if columns[0].ndim == 1:
        return np.asarray(alpha(*columns))
    moved = [np.moveaxis(column, axis, -1) for column in columns]
    return np.array([alpha(*(column[i] for column in moved)) for i in range(moved[0].shape[0])])


def interval(measure: Measure, *columns: Array, seed: int, resamples: int = RESAMPLES) -> Bounds:
    """Percentile bootstrap over answers, 95 %. None below two answers, or where no resample can be measured."""
    n = len(columns[0])
    if n < _LEAST:
        return None
    drawn = np.random.default_rng(seed)
    found = []
    for done in range(0, resamples, _BATCH):
        places = drawn.integers(0, n, size=(min(_BATCH, resamples - done), n))
        found.append(measure(*(column[places] for column in columns)))
    values = np.concatenate(found)
    return _between(values[~np.isnan(values)])


def difference_interval(measure: Measure, people: Array, before: Array, after: Array, *, seed: int) -> Bounds:
    """Percentile bootstrap of the change of a measure, over the same answers both times."""

    def change(levels: Array, first: Array, second: Array, axis: int = -1) -> Array:
        return measure(levels, second, axis=axis) - measure(levels, first, axis=axis)

    return interval(change, people, before, after, seed=seed)


def proportion_interval(hits: int, n: int) -> Bounds:
    """Wilson's interval of a proportion, 95 %."""
    if n == 0:
        return None
    found = binomtest(hits, n).proportion_ci(confidence_level=CONFIDENCE, method="wilson")
    return float(found.low), float(found.high)


def number(value: float) -> float | None:
    """A plain number, None for NaN: JSON has no NaN."""
    return None if math.isnan(value) else float(value)


def equal_pairs(samples: Sequence[Sequence[int | None]]) -> tuple[int, int]:
    """Pairs of samples of the same answer that agree, and all pairs; "no level" agrees with itself."""
    equal = pairs = 0
    for levels in samples:
        for place, level in enumerate(levels):
            later = levels[place + 1 :]
            equal += sum(level == other for other in later)
            pairs += len(later)
    return equal, pairs


def _between(drawn: Array) -> Bounds:
    if drawn.size == 0:
        return None
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return float(low), float(high)


def _divided(above: Array, below: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0, np.divide(above, below), np.nan)
