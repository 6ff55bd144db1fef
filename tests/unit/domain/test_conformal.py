"""Split-conformal intervals: the rank, what cannot be known, which set belongs to whom, and the coverage they promise."""

import math
import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.conformal import (
    CalibrationPair,
    CalibrationSet,
    Interval,
    NoInterval,
    around,
    calibration_for,
    conformal_borderline,
    grader_key,
    half_width,
    half_widths,
    least_pairs,
    pair_of,
)
from orchestrator.domain.scoring import Rater, RaterKind
from tests.unit.grading.examples import RUBRIC


def pairs(*errors: float, group: str | None = None) -> tuple[CalibrationPair, ...]:
    return tuple(CalibrationPair(predicted=3.0, rated=3.0 + error, group=group) for error in errors)


def calibration(*errors: float, rubric: str = "r1", grader: str = "g1", made: int = 1) -> CalibrationSet:
    return CalibrationSet(rubric_hash=rubric, grader=grader, made_on=date(2026, 11, made), pairs=pairs(*errors))


@pytest.mark.parametrize(
    ("alpha", "least"), [(0.1, 9), (0.2, 4), (0.05, 19), (0.01, 99), (0.5, 1), (1 / 3, 2), (0.3, 3)]
)
def test_the_least_number_of_pairs(alpha: float, least: int) -> None:
    """n ≥ 1/alpha − 1: one pair less and there is no interval, since no finite one would hold."""
    assert least_pairs(alpha) == least
    assert half_width([0.5] * least, alpha=alpha) == 0.5
    assert half_width([0.5] * (least - 1), alpha=alpha) is None


@pytest.mark.parametrize(("n", "rank"), [(9, 9), (10, 10), (19, 18), (29, 27), (99, 90), (100, 91)])
def test_the_quantile_is_the_finite_sample_one(n: int, rank: int) -> None:
    """The ⌈(n+1)·0.9⌉-th smallest residual, whatever its sign and the order."""
    residuals = [(-1) ** i * i / 10 for i in range(1, n + 1)]
    random.Random(n).shuffle(residuals)
    assert half_width(residuals) == rank / 10


@given(st.lists(st.floats(-4, 4), min_size=9, max_size=60), st.floats(0.1, 0.9))
def test_enough_of_the_pairs_themselves_are_held(residuals: list[float], alpha: float) -> None:
    """At least (n+1)(1 − alpha) of the n residuals lie within the half width."""
    half = half_width(residuals, alpha=alpha)
    if half is not None:
        held = sum(abs(residual) <= half for residual in residuals)
        assert held >= math.floor((len(residuals) + 1) * (1 - alpha) - 1e-9)


def test_new_interviews_are_held_as_often_as_promised() -> None:
    """Over many calibration sets the share of new residuals that are held is 1 − alpha, up to 1/(n+1)."""
    drawn = random.Random(5)
    held = 0
    for _ in range(4000):
        half = half_width([drawn.gauss(0.3, 1) for _ in range(19)])
        assert half is not None
        held += abs(drawn.gauss(0.3, 1)) <= half
    assert 0.885 <= held / 4000 <= 0.965


@pytest.mark.parametrize(
    ("interval", "cut", "straddles"),
    [
        (Interval(2.5, 3.5), 3.0, True),
        (Interval(3.0, 3.5), 3.0, False),
        (Interval(2.5, 3.0), 3.0, True),
        (Interval(2.5, 2.9), 3.0, False),
        (Interval(3.1, 3.5), 3.0, False),
    ],
)
def test_straddling_follows_the_bands(interval: Interval, cut: float, *, straddles: bool) -> None:
    """A value that reaches the cut is in the upper band: an interval that begins there lies wholly above."""
    assert interval.straddles([cut, 5.0]) is straddles


def test_an_interval_claims_nothing_outside_the_scale() -> None:
    """Ends are clipped to levels 1 to 5; what was inside is inside still."""
    wide = around(4.5, 1.0)
    assert wide == Interval(3.5, 5.0)
    assert wide.width == 1.5
    assert wide.holds(5.0)
    assert not wide.holds(3.4)
    assert around(1.2, 0.5) == Interval(1.0, 1.7)


def test_borderline_needs_a_set_that_can_say_it() -> None:
    """With nine pairs of half a level: 3.4 is near the cut at 3.0, 3.6 is not; with eight pairs, or none, nothing is."""
    nine = calibration(*[0.5] * 9)
    assert conformal_borderline(3.4, nine, [3.0])
    assert not conformal_borderline(3.6, nine, [3.0])
    assert not conformal_borderline(3.4, calibration(*[0.5] * 8), [3.0])
    assert not conformal_borderline(3.4, None, [3.0])


def test_the_newest_own_set_is_taken() -> None:
    """A set counts for its rubric version and its grader only, and a newer one replaces it."""
    old, new = calibration(*[0.1] * 9, made=1), calibration(*[0.2] * 9, made=2)
    other = calibration(*[0.3] * 9, rubric="r2", made=3)
    assert calibration_for([old, new, other], rubric_hash="r1", grader="g1") is new


@pytest.mark.parametrize(
    ("sets", "reason"),
    [
        ([], NoInterval.NO_SET),
        ([calibration(*[0.1] * 9, rubric="r2")], NoInterval.OTHER_RUBRIC),
        ([calibration(*[0.1] * 9, grader="g2")], NoInterval.OTHER_GRADER),
        ([calibration(*[0.1] * 8)], NoInterval.TOO_FEW),
    ],
)
def test_why_there_is_no_interval(sets: list[CalibrationSet], reason: NoInterval) -> None:
    """Each way to have none is told apart."""
    assert calibration_for(sets, rubric_hash="r1", grader="g1") is reason


def test_another_prompt_is_another_grader() -> None:
    """The key of a grader changes with its name and with its prompt."""
    plain = Rater(kind=RaterKind.EMBEDDED, name="embedded")
    first = Rater(kind=RaterKind.MODEL, name="m", prompt_hash="a" * 64)
    second = Rater(kind=RaterKind.MODEL, name="m", prompt_hash="b" * 64)
    assert len({grader_key(plain), grader_key(first), grader_key(second)}) == 3


def test_a_pair_is_two_aggregates_by_the_rubric() -> None:
    """Weights and coverage as for a scorecard: people's medians, and no pair where too little weight has evidence."""
    machine: dict[str, float | None] = {"causes": 5.0, "promises": 2.0}
    pair = pair_of(machine, {"causes": [2, 3, 3], "promises": [4, 5]}, RUBRIC)
    assert pair == CalibrationPair(predicted=4.0, rated=3.5)
    assert pair_of({"promises": 2.0}, {"causes": [3], "promises": [3]}, RUBRIC) is None
    assert pair_of(machine, {"causes": [], "promises": [3]}, RUBRIC) is None


def test_each_group_has_its_own_width() -> None:
    """Mondrian: a group's half width comes from its own pairs; a small group has none; pairs without group are left out."""
    both = (*pairs(*[0.5] * 9, group="a"), *pairs(*[1.5] * 9, group="b"), *pairs(*[2.0] * 3, group="c"), *pairs(4.0))
    assert half_widths(both) == {"a": 0.5, "b": 1.5, "c": None}
