"""The measures: against published numbers, against each other, and undefined where nothing varies."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.evaluation.agreement import (
    Array,
    alpha,
    alphas,
    difference_interval,
    equal_pairs,
    icc,
    interval,
    number,
    proportion_interval,
    qwk,
    qwk_by_moments,
    smd,
)

LEVELS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=40)


def columns(pairs: list[tuple[int, int]]) -> tuple[Array, Array]:
    first, second = zip(*pairs, strict=True)
    return np.array(first, dtype=float), np.array(second, dtype=float)


@settings(max_examples=40)
@given(LEVELS)
def test_kappa_by_moments_is_kappa(pairs: list[tuple[int, int]]) -> None:
    """The fast form for resamples gives what scikit-learn gives; neither is defined where nothing varies."""
    first, second = columns(pairs)
    slow, fast = qwk(first, second), float(qwk_by_moments(first, second))
    assert math.isnan(slow) == math.isnan(fast)
    assert math.isnan(slow) or slow == pytest.approx(fast)


@settings(max_examples=40)
@given(LEVELS, st.floats(0.5, 9))
def test_kappa_does_not_depend_on_the_unit(pairs: list[tuple[int, int]], unit: float) -> None:
    """Levels, or shares of the scale: the same kappa, so that sets which mix scales can be measured."""
    first, second = columns(pairs)
    assert float(qwk_by_moments(first, second)) == pytest.approx(
        float(qwk_by_moments(first * unit, second * unit)), nan_ok=True
    )


def test_icc_follows_its_formula() -> None:
    """Two of the judges of Shrout and Fleiss (1979), from the mean squares of the table."""
    first, second = np.array([9.0, 6, 8, 7, 10, 6]), np.array([2.0, 1, 4, 1, 5, 2])
    table = np.stack([first, second], axis=1)
    n, k = table.shape
    rows, raters, grand = table.mean(axis=1), table.mean(axis=0), table.mean()
    msr = k * ((rows - grand) ** 2).sum() / (n - 1)
    msc = n * ((raters - grand) ** 2).sum() / (k - 1)
    mse = ((table - rows[:, None] - raters[None, :] + grand) ** 2).sum() / ((n - 1) * (k - 1))
    assert float(icc(first, second)) == pytest.approx((msr - mse) / (msr + (k - 1) * mse + k * (msc - mse) / n))
    assert float(icc(first, first)) == pytest.approx(1)


def test_alpha_is_the_published_one() -> None:
    """Krippendorff's own example of four observers with missing data: ordinal alpha 0.815."""
    gap = math.nan
    observers = (
        [1, 2, 3, 3, 2, 1, 4, 1, 2, gap, gap, gap],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, gap, 3],
        [gap, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, gap],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, gap],
    )
    assert alpha(*(np.array(one, dtype=float) for one in observers)) == pytest.approx(0.815, abs=0.0005)


def test_smd_is_signed() -> None:
    """Half a pooled standard deviation too generous is +0.5, too strict is −0.5."""
    people, up = np.array([0.0, 2.0, 4.0]), np.array([1.0, 3.0, 5.0])
    assert float(smd(people, up)) == pytest.approx(0.5)
    assert float(smd(up, people)) == pytest.approx(-0.5)


@pytest.mark.parametrize("measure", [qwk_by_moments, smd, icc, alphas])
def test_nothing_that_varies_is_nothing_to_measure(measure: object) -> None:
    """One level for everybody: NaN inside, None outside, and never a warning or a 1."""
    same = np.full(6, 2.0)
    assert callable(measure)
    assert number(float(measure(same, same))) is None
    assert interval(measure, same, same, seed=1, resamples=20) is None
    assert math.isnan(qwk(same, same))


def test_intervals_are_repeatable_and_hold_the_figure() -> None:
    """The same seed gives the same interval, another one nearly; more answers make it narrower."""
    drawn = np.random.default_rng(3)
    people = drawn.integers(0, 4, 400).astype(float)
    grader = np.clip(people + drawn.integers(-1, 2, 400).astype(float), 0, 3)
    whole = interval(qwk_by_moments, people, grader, seed=1)
    part = interval(qwk_by_moments, people[:40], grader[:40], seed=1)
    assert whole is not None
    assert part is not None
    assert whole == interval(qwk_by_moments, people, grader, seed=1)
    assert whole[0] < float(qwk_by_moments(people, grader)) < whole[1]
    assert whole[1] - whole[0] < part[1] - part[0]


def test_a_change_is_measured_on_the_same_answers() -> None:
    """No change has an interval of no width; a real one has its sign; one answer has none."""
    drawn = np.random.default_rng(4)
    people = drawn.integers(0, 4, 200).astype(float)
    worse = drawn.integers(0, 4, 200).astype(float)
    assert difference_interval(qwk_by_moments, people, worse, worse, seed=1) == (0, 0)
    better = difference_interval(qwk_by_moments, people, worse, people, seed=1)
    assert better is not None
    assert better[0] > 0
    assert difference_interval(qwk_by_moments, people[:1], worse[:1], worse[:1], seed=1) is None


def test_proportions_have_wilson_intervals() -> None:
    """40 of 50: 67 to 89 per cent; nothing of nothing has none."""
    found = proportion_interval(40, 50)
    assert found is not None
    assert (round(found[0], 2), round(found[1], 2)) == (0.67, 0.89)
    assert proportion_interval(0, 0) is None


def test_pairs_of_samples() -> None:
    """Three samples are three pairs; "no level" agrees with "no level" only."""
    assert equal_pairs([[2, 2, 3], [None, None], [1]]) == (2, 4)
    assert equal_pairs([[None, 0]]) == (0, 1)
