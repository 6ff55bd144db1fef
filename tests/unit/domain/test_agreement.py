"""Agreement: against examples worked by hand, and against the libraries that statisticians use."""

from math import isclose, isnan, nan, sqrt
from random import Random

import krippendorff
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from orchestrator.domain.agreement import (
    FEWEST,
    Mean,
    Reading,
    Unit,
    all_pairs,
    alpha_estimate,
    changed,
    gaps_of,
    kappa_estimate,
    mean_of,
    ordinal_alpha,
    pairs_of,
    reading_of,
    severities,
    share,
    weighted_kappa,
    within,
)

LEVELS = [1, 2, 3, 4, 5]
RATERS = "abcd"
UNITS = st.lists(
    st.dictionaries(st.sampled_from(RATERS), st.integers(1, 5), max_size=len(RATERS)), min_size=1, max_size=12
)

# Krippendorff (2011), section on ordinal data with four observers, twelve units and missing values: alpha is .815.
PUBLISHED: list[Unit] = [
    {"a": 1, "b": 1, "d": 1},
    {"a": 2, "b": 2, "c": 3, "d": 2},
    {"a": 3, "b": 3, "c": 3, "d": 3},
    {"a": 3, "b": 3, "c": 3, "d": 3},
    {"a": 2, "b": 2, "c": 2, "d": 2},
    {"a": 1, "b": 2, "c": 3, "d": 4},
    {"a": 4, "b": 4, "c": 4, "d": 4},
    {"a": 1, "b": 1, "c": 2, "d": 1},
    {"a": 2, "b": 2, "c": 2, "d": 2},
    {"b": 5, "c": 5, "d": 5},
    {"c": 1, "d": 1},
    {"c": 3},
]


def test_kappa_by_hand() -> None:
    """(1,1) (2,3) (3,3) (4,2): Σd² is 5, chance leaves 30 + 23 − 2·10·9/4 = 8, so kappa = 1 − 5/8."""
    assert weighted_kappa([(1, 1), (2, 3), (3, 3), (4, 2)]) == pytest.approx(0.375)
    assert weighted_kappa([(1, 5), (5, 1)]) == pytest.approx(-1)
    assert weighted_kappa([(1, 1), (4, 4)]) == 1


def test_kappa_says_nothing_where_chance_leaves_no_difference() -> None:
    """One level for everything, or nothing at all, is no agreement to measure."""
    assert weighted_kappa([(3, 3), (3, 3)]) is None
    assert weighted_kappa([]) is None
    assert kappa_estimate([(3, 3)] * 9) is None


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=1, max_size=15))
def test_kappa_is_the_one_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    """For any levels; undefined here means undefined there."""
    ours = weighted_kappa(pairs)
    if len({level for pair in pairs for level in pair}) == 1:
        assert ours is None
    else:
        theirs = cohen_kappa_score(*zip(*pairs, strict=True), weights="quadratic", labels=LEVELS)
        assert ours is not None
        assert isclose(ours, theirs, abs_tol=1e-9)


def test_alpha_by_hand() -> None:
    """Two units, 1 1 and 1 2: Σo·δ = 2·4, Σn·n·δ = 2·3·1·4, so alpha = 1 − 3·8/24."""
    assert ordinal_alpha([{"a": 1, "b": 1}, {"a": 1, "b": 2}]) == pytest.approx(0)
    assert ordinal_alpha([{"a": 1, "b": 1}, {"a": 4, "b": 4}]) == 1


def test_alpha_of_the_published_example() -> None:
    """Missing values are left out, and a unit with one level counts for nothing."""
    alpha = ordinal_alpha(PUBLISHED)
    assert alpha == pytest.approx(0.815, abs=5e-4)
    assert ordinal_alpha(PUBLISHED[:-1]) == alpha


@given(UNITS)
def test_alpha_is_the_one_of_the_library(units: list[dict[str, int]]) -> None:
    """With any values missing; None exactly where the library says nothing."""
    ours = ordinal_alpha(units)
    met = {level for unit in units if len(unit) > 1 for level in unit.values()}
    if len(met) < 2:
        assert ours is None
        return
    table = [[unit.get(rater, nan) for unit in units] for rater in RATERS]
    theirs = krippendorff.alpha(reliability_data=table, level_of_measurement="ordinal", value_domain=LEVELS)
    assert ours is not None
    assert not isnan(theirs)
    assert isclose(ours, theirs, abs_tol=1e-9)


@given(UNITS, st.randoms(use_true_random=False))
def test_alpha_knows_no_order(units: list[dict[str, int]], chance: Random) -> None:
    """Neither the order of units nor who is called what matters."""
    mixed = chance.sample(units, len(units))
    renamed = [dict(zip(chance.sample(RATERS, len(unit)), unit.values(), strict=True)) for unit in mixed]
    assert ordinal_alpha(renamed) == pytest.approx(ordinal_alpha(units))


def test_intervals_are_seeded_and_hold_the_value() -> None:
    """The same ratings give the same interval; it lies around the value and within what alpha can be."""
    units = PUBLISHED[:-1]
    estimate = alpha_estimate(units)
    assert estimate == alpha_estimate(units)
    assert estimate is not None
    assert estimate != alpha_estimate(units, seed=1)
    assert estimate.low is not None
    assert estimate.high is not None
    assert estimate.low < estimate.value < estimate.high <= 1
    assert estimate.n == 11


def test_more_units_of_the_same_kind_narrow_the_interval() -> None:
    """Four times as many units: about half as wide."""
    few, many = alpha_estimate(PUBLISHED[:-1]), alpha_estimate(PUBLISHED[:-1] * 4)
    assert few is not None
    assert many is not None
    assert few.low is not None
    assert few.high is not None
    assert many.low is not None
    assert many.high is not None
    assert (many.high - many.low) / (few.high - few.low) == pytest.approx(0.5, abs=0.15)


def test_no_interval_of_next_to_nothing() -> None:
    """Of few units there is a value without an interval; of units that are all alike there is not even a value."""
    pairs = [(1, 2), (3, 3), (4, 4), (2, 2), (5, 4), (3, 2)]
    few, enough = kappa_estimate(pairs[: FEWEST - 1]), kappa_estimate(pairs[:FEWEST])
    assert few is not None
    assert enough is not None
    assert (few.low, few.high, few.n) == (None, None, FEWEST - 1)
    assert enough.low is not None
    assert alpha_estimate([{"a": 3, "b": 3}] * FEWEST) is None


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """Three raters with errors of 0.6 levels, ten items, sixty sessions: the truth of many items lies in at least 85 %."""
    chance = Random(11)

    def unit() -> Unit:
        shown = chance.gauss(3, 1)
        return {rater: min(5, max(1, round(shown + chance.gauss(0, 0.6)))) for rater in "abc"}

    truth = ordinal_alpha([unit() for _ in range(5000)])
    assert truth is not None
    found = [alpha_estimate([unit() for _ in range(10)], seed=seed) for seed in range(60)]
    held = [one.low <= truth <= one.high for one in found if one and one.low is not None and one.high is not None]
    assert len(held) == 60
    assert sum(held) >= 51


def test_wilson_by_hand() -> None:
    """8 of 10: 0.4902 to 0.9433 (Wilson 1927, as in any table); none and all reach the ends."""
    eight = share(8, 10)
    assert eight is not None
    assert [eight.low, eight.high] == pytest.approx([0.4902, 0.9433], abs=1e-4)
    none, whole = share(0, 10), share(10, 10)
    assert none is not None
    assert whole is not None
    assert (none.low, whole.high) == (0, 1)
    assert none.high == pytest.approx(1 - whole.low) == pytest.approx(0.2775, abs=1e-4)
    assert share(0, 0) is None


def test_shares_count_pairs() -> None:
    """Three raters make three pairs of a unit; one who rated alone makes none."""
    pairs = all_pairs([{"a": 1, "b": 1, "c": 3}, {"a": 4}])
    assert sorted(pairs) == [(1, 1), (1, 3), (1, 3)]
    exact, near = within(pairs, 0), within(pairs, 2)
    assert exact is not None
    assert near is not None
    assert (exact.count, near.count, near.n) == (1, 3, 3)
    assert pairs_of([{"a": 1, "b": 2}, {"a": 3}, {"b": 4, "a": 5}], "a", "b") == [(1, 2), (5, 4)]


def test_severity_by_hand() -> None:
    """a is 1 above the others, then ½; the mean is ¾ with sd/√2 = ¼. Who rated alone differs from nobody."""
    units: list[Unit] = [{"a": 4, "b": 3, "c": 3}, {"a": 3, "b": 2, "c": 3}, {"a": 5}]
    found = severities(units)
    assert found["a"] == Mean(0.75, 0.25, 2)
    assert found["b"].value == pytest.approx((-0.5 - 1) / 2)
    assert gaps_of({"a": 5}) == {}


@given(UNITS)
def test_severities_of_a_full_unit_cancel_out(units: list[dict[str, int]]) -> None:
    """What one is milder, the others are stricter."""
    for unit in units:
        assert sum(gaps_of(unit).values()) == pytest.approx(0)


def test_change_is_told_from_chance() -> None:
    """Apart by more than 1.96 joint standard errors, and unknown where one session had a single unit."""
    calm, far = Mean(0.0, 0.2, 8), Mean(0.6, 0.2, 8)
    assert changed(calm, far) is True
    assert changed(calm, Mean(0.5, 0.2, 8)) is False
    assert 0.5 < 1.96 * sqrt(0.08) < 0.6
    assert changed(calm, mean_of([0.9])) is None


@pytest.mark.parametrize(
    ("alpha", "reading"),
    [
        (1.0, Reading.RELIABLE),
        (0.8, Reading.RELIABLE),
        (0.799, Reading.TENTATIVE),
        (0.667, Reading.TENTATIVE),
        (0.666, Reading.UNRELIABLE),
        (-0.4, Reading.UNRELIABLE),
        (None, Reading.UNKNOWN),
    ],
)
def test_words_for_alpha(alpha: float | None, reading: Reading) -> None:
    """The customary limits belong to the better side."""
    assert reading_of(alpha) is reading
