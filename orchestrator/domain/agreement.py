"""How far raters agree, in numbers with intervals. Pure Python: values in, values out, the same for the same seed.

Levels are whole numbers from 1 to 5; who saw not enough evidence has no level, which is a missing value and never a low
one. A unit is one item on one competency: the levels by rater. Sources: J. Cohen, "Weighted kappa", Psychological
Bulletin 70 (1968); K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011); E. B. Wilson, JASA 22 (1927);
B. Efron and R. Tibshirani, "An Introduction to the Bootstrap" (1993), percentile interval.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import combinations, product
from math import sqrt
from random import Random
from statistics import fmean, stdev
from typing import TypeVar

from msgspec import Struct

T = TypeVar("T")
Unit = Mapping[str, int]
Pair = tuple[int, int]

Z = 1.959963984540054
"""Standard normal quantile of a two-sided 95 % interval."""
RESAMPLES = 300
"""Of the bootstrap: the ends of an interval then wobble by a few hundredths, and a page still opens at once."""
FEWEST = 6
"""Units below which no interval by resampling is given: of four, it would miss the truth in every third session."""
RELIABLE, TENTATIVE = 0.8, 0.667
"""Krippendorff's customary limits of alpha."""


class Estimate(Struct, frozen=True):
    """A number with its 95 % interval, where one can be said, and of how many units it is made."""

    value: float
    low: float | None
    high: float | None
    n: int


class Share(Struct, frozen=True):
    """``count`` of ``n`` with Wilson's 95 % interval, all three shares between 0 and 1."""

    count: int
    n: int
    value: float
    low: float
    high: float


class Mean(Struct, frozen=True):
    """A mean in levels with its standard error, None for a single unit."""

    value: float
    standard_error: float | None
    n: int


class Reading(StrEnum):
    """What an alpha is good for."""

    RELIABLE = "reliable"
    TENTATIVE = "tentative"
    UNRELIABLE = "unreliable"
    UNKNOWN = "unknown"


def reading_of(alpha: float | None) -> Reading:
    """From 0.80 on reliable, from 0.667 on for tentative conclusions only, below neither; unknown without a value."""
    if alpha is None:
        return Reading.UNKNOWN
    if alpha >= RELIABLE:
        return Reading.RELIABLE
    return Reading.TENTATIVE if alpha >= TENTATIVE else Reading.UNRELIABLE


def pairs_of(units: Sequence[Unit], first: str, second: str) -> list[Pair]:
    """The levels that two raters gave to the same units, in the units' order."""
    return [(unit[first], unit[second]) for unit in units if first in unit and second in unit]


def all_pairs(units: Sequence[Unit]) -> list[Pair]:
    """Every pair of levels of one unit."""
    return [pair for unit in units for pair in combinations(unit.values(), 2)]


def weighted_kappa(pairs: Sequence[Pair]) -> float | None:
    """Cohen's kappa with quadratic weights; None where chance alone would leave no difference (or without pairs).

    κ = 1 − Σ(a − b)² / E, and E, the difference by chance, is Σᵢ Σⱼ (aᵢ − bⱼ)² / n = Σa² + Σb² − 2·Σa·Σb / n.
    """
    if not pairs:
        return None
    by_chance = sum(a * a + b * b for a, b in pairs) - 2 * sum(a for a, _ in pairs) * sum(b for _, b in pairs) / len(
        pairs
    )
    if by_chance <= 0:
        return None
    return 1 - sum((a - b) ** 2 for a, b in pairs) / by_chance


def ordinal_alpha(units: Sequence[Unit]) -> float | None:
    """Krippendorff's alpha for ordinal levels with missing values; None where no two levels differ (or none meet)."""
    return _alpha([_coincidences(unit) for unit in units])


def share(count: int, n: int) -> Share | None:
    """A share with Wilson's interval; None of nothing."""
    if n == 0:
        return None
    p = count / n
    middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    # At the ends the bound is the share itself, which floating point misses by a hair.
    return Share(count, n, p, 0.0 if count == 0 else middle - half, 1.0 if count == n else middle + half)


def within(pairs: Sequence[Pair], levels: int) -> Share | None:
    """The share of pairs that are at most so many levels apart.

    Pairs of one unit are not independent: with more than two raters the interval is narrower than it should be.
    """
    return share(sum(abs(a - b) <= levels for a, b in pairs), len(pairs))


def severities(units: Sequence[Unit]) -> dict[str, Mean]:
    """By rater, how far their levels lie above (+) or below (−) the mean of the others on the same units."""
    gaps: dict[str, list[float]] = {}
    for unit in units:
        for rater, gap in gaps_of(unit).items():
            gaps.setdefault(rater, []).append(gap)
    return {rater: mean_of(values) for rater, values in gaps.items()}


def gaps_of(unit: Unit) -> dict[str, float]:
    """By rater, the level minus the mean of the others' levels; empty where fewer than two rated."""
    if len(unit) < 2:  # noqa: PLR2004 - nobody differs from nobody
        return {}
    total = sum(unit.values())
    return {rater: level - (total - level) / (len(unit) - 1) for rater, level in unit.items()}


def mean_of(values: Sequence[float]) -> Mean:
    """The mean of at least one value, with the standard error sd / √n."""
    error = stdev(values) / sqrt(len(values)) if len(values) > 1 else None
    return Mean(fmean(values), error, len(values))


def changed(before: Mean, now: Mean) -> bool | None:
    """Whether two means of different sessions lie further apart than chance explains (95 %); None if none can say."""
    if before.standard_error is None or now.standard_error is None:
        return None
    return abs(now.value - before.value) > Z * sqrt(before.standard_error**2 + now.standard_error**2)


def kappa_estimate(pairs: Sequence[Pair], *, seed: int = 0) -> Estimate | None:
    """Weighted kappa with a bootstrap interval over units."""
    return _estimate(pairs, weighted_kappa, seed=seed)


def alpha_estimate(units: Sequence[Unit], *, seed: int = 0) -> Estimate | None:
    """Alpha with a bootstrap interval over units that at least two rated."""
    tables = [_coincidences(unit) for unit in units if len(unit) > 1]
    return _estimate(tables, _alpha, seed=seed)


def _estimate(sample: Sequence[T], statistic: Callable[[Sequence[T]], float | None], *, seed: int) -> Estimate | None:
    value = statistic(sample)
    if value is None:
        return None
    low, high = _bootstrap(sample, statistic, seed=seed) if len(sample) >= FEWEST else (None, None)
    return Estimate(value, low, high, len(sample))


def _bootstrap(
    sample: Sequence[T], statistic: Callable[[Sequence[T]], float | None], *, seed: int
) -> tuple[float | None, float | None]:
    chance = Random(seed)  # noqa: S311 - resampling, no secret: the same seed must give the same interval
    drawn = (statistic(chance.choices(sample, k=len(sample))) for _ in range(RESAMPLES))
    values = sorted(value for value in drawn if value is not None)
    # Where most resamples say nothing, an interval of the rest would pretend to know.
    if len(values) * 2 < RESAMPLES:
        return None, None
    return _quantile(values, 0.025), _quantile(values, 0.975)


def _quantile(ordered: Sequence[float], at: float) -> float:
    place = at * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


_Coincidences = Mapping[Pair, float]


def _coincidences(unit: Unit) -> _Coincidences:
    """How often two levels meet in a unit, each meeting weighted by 1 / (m − 1), in both directions."""
    counts = Counter(unit.values())
    if len(unit) < 2:  # noqa: PLR2004 - a lone level meets nothing
        return {}
    return {
        (one, other): counts[one] * (counts[other] - (one == other)) / (len(unit) - 1)
        for one, other in product(counts, repeat=2)
    }


def _alpha(tables: Sequence[_Coincidences]) -> float | None:
    met: defaultdict[Pair, float] = defaultdict(float)
    margins: defaultdict[int, float] = defaultdict(float)
    for table in tables:
        for pair, weight in table.items():
            met[pair] += weight
            margins[pair[0]] += weight
    total = sum(margins.values())
    apart = dict(_ordinal_distances(margins))
    expected = sum(margins[one] * margins[other] * far for (one, other), far in apart.items())
    if expected <= 0:
        return None
    observed = sum(met[pair] * far for pair, far in apart.items())
    return 1 - (total - 1) * observed / expected


def _ordinal_distances(margins: Mapping[int, float]) -> Iterator[tuple[Pair, float]]:
    """δ² of two levels: all that lies from one to the other, their own halves only, squared."""
    levels = sorted(margins)
    for here, one in enumerate(levels):
        between = margins[one] / 2
        for before, other in zip(levels[here:], levels[here + 1 :], strict=False):
            between += (margins[before] / 2 if before != one else 0.0) + margins[other] / 2
            yield (one, other), between**2
            yield (other, one), between**2
