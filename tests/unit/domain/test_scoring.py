"""Scores: deterministic, and exact where a cut is met exactly."""

from math import isclose, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from orchestrator.domain.scoring import (
    Aggregate,
    aggregate,
    band_of,
    combine_samples,
    percent,
)
from rubrics.schema import Rubric
from tests.unit.domain.samples import score
from tests.unit.grading.examples import RUBRIC, competency

WEIGHTS = st.lists(st.floats(0.1, 10, allow_nan=False), min_size=2, max_size=6)


def _rubric(weights: list[float]) -> Rubric:
    return replace(RUBRIC, competencies=tuple(competency(f"c{n}", w) for n, w in enumerate(weights)))


@given(WEIGHTS, st.integers(1, 5))
def test_the_same_level_everywhere_is_that_level(weights: list[float], level: int) -> None:
    """No rounding error of the arithmetic pulls a candidate below a cut, or full coverage below 1."""
    whole = aggregate([score(f"c{n}", float(level)) for n in reversed(range(len(weights)))], _rubric(weights))
    assert whole.value == level
    assert whole.coverage == 1


@given(WEIGHTS, st.data())
def test_the_aggregate_lies_between_the_levels(weights: list[float], data: st.DataObject) -> None:
    """A weighted mean is never outside of what was rated, and its error is never above the largest one."""
    levels = [data.draw(st.integers(1, 5)) for _ in weights]
    whole = aggregate([score(f"c{n}", float(level)) for n, level in enumerate(levels)], _rubric(weights))
    assert whole.value is not None
    assert whole.standard_error is not None
    assert min(levels) <= whole.value <= max(levels)
    assert whole.standard_error <= 0.3 + 1e-9


def test_weights_and_errors() -> None:
    """Overall = Σ w·s / Σ w with its standard error, competencies without a level left out."""
    whole = aggregate([score("causes", 5.0), score("promises", 2.0)], RUBRIC)
    assert (whole.value, whole.coverage) == (4.0, 1.0)
    assert whole.standard_error is not None
    assert isclose(whole.standard_error, sqrt(0.6**2 + 0.3**2) / 3)


def test_too_little_evidence_is_no_number() -> None:
    """Below the coverage floor, or with nothing at all, there is no aggregate, and its band is the one without a cut."""
    thin = aggregate([score("causes", 5.0), score("promises", None)], RUBRIC)
    assert thin == Aggregate(None, None, round(2 / 3, 9))
    assert aggregate([], RUBRIC) == Aggregate(None, None, 0.0)
    assert band_of(None, RUBRIC).key == "not_enough"


@pytest.mark.parametrize(
    ("value", "band"), [(5.0, "strong"), (4.2, "strong"), (4.19, "mixed"), (1.0, "mixed"), (0.9, "mixed")]
)
def test_bands_begin_at_their_cut(value: float, band: str) -> None:
    """A cut belongs to the band above; nothing falls below the lowest one."""
    assert band_of(value, RUBRIC).key == band


@pytest.mark.parametrize(
    ("levels", "level"),
    [((3,), 3.0), ((2, 3, 5), 3.0), ((3, 4), 3.5), ((None, 4), 4.0), ((None, None, 4), None), ((), None)],
)
def test_samples_combine_to_their_median(levels: tuple[int | None, ...], level: float | None) -> None:
    """The median counts; where most samples saw no evidence there is no level."""
    assert combine_samples(levels, rating_error=0.35)[0] == level


def test_spread_of_samples_widens_the_error() -> None:
    """se² = SEM² + s²/k: one sample has the rating's own error, disagreement adds to it."""
    assert combine_samples([3], rating_error=0.35)[1] == 0.35
    assert isclose(combine_samples([2, 4], rating_error=0.3)[1], sqrt(0.09 + 0.5))
    assert combine_samples([None], rating_error=0.35) == (None, 0.0)


def test_percent() -> None:
    """Level 1 is 0, level 5 is 100."""
    assert [percent(v) for v in (1.0, 2.0, 3.3, 5.0)] == [0, 25, 57, 100]
