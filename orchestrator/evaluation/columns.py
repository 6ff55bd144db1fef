"""The answers that have a level, laid out as columns of numbers in one unit."""

from collections.abc import Sequence
from statistics import median, median_low

import numpy as np
from msgspec import Struct

from orchestrator.evaluation.agreement import Array
from orchestrator.evaluation.items import Item
from orchestrator.evaluation.verdict import Verdict


class Columns(Struct, frozen=True, kw_only=True):
    """Levels as they are, or shares of the scale where a set mixes scales; then ``highest`` is 1 throughout.

    ``people`` and ``grader`` hold whole levels in that unit, ``value`` what the grader rounded.
    """

    items: Sequence[Item]
    people: Array
    grader: Array
    value: Array
    highest: Array
    cut: float
    uniform: bool

    @property
    def steps(self) -> Array:
        """How many levels of its own scale each answer's two levels lie apart."""
        size = 1.0 if self.uniform else np.array([item.max_level for item in self.items], dtype=float)
        return np.rint(np.abs(self.people - self.grader) * size)


def level_of(samples: Sequence[Verdict]) -> int | None:
    """The median level (the lower of two); None where most samples have none."""
    levels = [verdict.level for verdict in samples if verdict.level is not None]
    return median_low(levels) if levels and len(levels) * 2 >= len(samples) else None


def value_of(samples: Sequence[Verdict]) -> float | None:
    """The median value, in levels; None where there is no level."""
    values = [verdict.value for verdict in samples if verdict.value is not None]
    return float(median(values)) if values and level_of(samples) is not None else None


def columns_of(items: Sequence[Item], samples: Sequence[Sequence[Verdict]], *, cut: float | None) -> Columns:
    """Lay out what has a level. ``cut`` is in levels, for sets of one scale; None is the middle of the scale."""
    rated = [
        (item, level, value)
        for item, verdicts in zip(items, samples, strict=True)
        if (level := level_of(verdicts)) is not None and (value := value_of(verdicts)) is not None
    ]
    scales = {item.max_level for item in items}
    uniform = len(scales) == 1
    size = np.array([1.0 if uniform else float(item.max_level) for item, _, _ in rated])
    top = float(scales.pop()) if uniform else 1.0
    return Columns(
        items=[item for item, _, _ in rated],
        people=np.array([float(item.level) for item, _, _ in rated]) / size,
        grader=np.array([float(level) for _, level, _ in rated]) / size,
        value=np.array([value for _, _, value in rated]) / size,
        highest=np.full(len(rated), top),
        cut=top / 2 if cut is None else cut,
        uniform=uniform,
    )
