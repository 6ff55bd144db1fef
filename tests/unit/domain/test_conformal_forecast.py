"""The forecast of review: what a rule decides, what the interviews so far say, and what nobody knows."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from orchestrator.domain.conformal import CalibrationPair, CalibrationSet, grader_key
from orchestrator.domain.forecast import Basis, Forecast, Graded, Range, forecast, rating_error, wilson
from orchestrator.domain.program import ReviewMode, ReviewPolicy
from orchestrator.domain.uncertainty import ReviewReason
from tests.unit.domain.samples import scorecard
from tests.unit.grading.examples import RUBRIC

SILENT = ReviewPolicy(mode=ReviewMode.BORDERLINE_OR_FLAGGED, z=1.645)
CLEAR, NEAR = Graded(scorecard(), ()), Graded(scorecard(aggregate=4.0), ())


def said(*graded: Graded, policy: ReviewPolicy = SILENT, provisional: bool = False) -> Forecast:
    return forecast(RUBRIC, policy, provisional=provisional, graded=graded, volume=200, minutes=3)


def test_wilson_is_the_published_interval() -> None:
    """40 of 50: 67 to 89 per cent. None of 50 still allows 7.1 per cent, all of 50 the mirror image."""
    assert (round(wilson(40, 50).low, 2), round(wilson(40, 50).high, 2)) == (0.67, 0.89)
    assert (wilson(0, 50).low, round(wilson(0, 50).high, 3)) == (0.0, 0.071)
    assert (round(wilson(50, 50).low, 3), wilson(50, 50).high) == (0.929, 1.0)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share(counts: tuple[int, int]) -> None:
    """0 ≤ low ≤ share ≤ high ≤ 1, for every count."""
    found = wilson(*counts)
    assert 0 <= found.low <= found.share <= found.high <= 1


@pytest.mark.parametrize(
    ("policy", "provisional", "rule"),
    [
        (ReviewPolicy(), False, (ReviewReason.POLICY,)),
        (SILENT, True, (ReviewReason.PROVISIONAL,)),
        (ReviewPolicy(), True, (ReviewReason.POLICY, ReviewReason.PROVISIONAL)),
    ],
)
def test_a_rule_sends_everything(policy: ReviewPolicy, *, provisional: bool, rule: tuple[ReviewReason, ...]) -> None:
    """Under a rule it is all of them, with no width; what flags alone would send is said beside it."""
    found = said(CLEAR, NEAR, policy=policy, provisional=provisional)
    assert (found.basis, found.rule) == (Basis.RULE, rule)
    assert found.to_people == Range(1.0, 1.0, 1.0)
    assert found.cases == Range(200, 200, 200)
    assert found.hours == Range(10, 10, 10)
    assert found.if_flagged_only is not None
    assert (found.if_flagged_only.hits, found.if_flagged_only.n) == (1, 2)


def test_the_interviews_so_far_say_the_share() -> None:
    """One of four near a cut and one flagged make a half, with its interval; hours are cases times minutes."""
    found = said(CLEAR, CLEAR, NEAR, Graded(scorecard(), ("possible_injection",)))
    assert found.basis is Basis.SCORECARDS
    assert found.to_people is not None
    assert (found.to_people.value, found.to_people.low, found.to_people.high) == (
        0.5,
        wilson(2, 4).low,
        wilson(2, 4).high,
    )
    assert found.reasons == {"borderline": 1, "possible_injection": 1}
    assert found.cases is not None
    assert found.hours is not None
    assert found.cases.value == 100
    assert found.hours.value == pytest.approx(5)
    assert found.raters == (scorecard().rater.name,)


def test_what_followed_from_an_older_policy_is_found_anew() -> None:
    """Stored reasons of policy, of a provisional grader and of another z do not count; facts of the interview do."""
    stale = Graded(scorecard(), ("policy", "provisional", "borderline", "thin_evidence", "a_code_of_tomorrow"))
    assert said(stale).reasons == {"thin_evidence": 1, "a_code_of_tomorrow": 1}
    assert said(Graded(scorecard(), ("policy", "provisional", "borderline"))).reasons == {}


def test_the_sets_in_use_count_for_the_interviews_so_far() -> None:
    """A card that is clear by its standard error is borderline where the interval of its own grader's set reaches a cut."""
    card = scorecard()
    pairs = tuple(CalibrationPair(predicted=3.0, rated=5.0) for _ in range(9))
    own = CalibrationSet(
        rubric_hash=card.rubric_hash, grader=grader_key(card.rater), made_on=date(2026, 11, 1), pairs=pairs
    )
    other = structs.replace(own, grader="somebody else")

    def reasons(known: CalibrationSet) -> dict[str, int]:
        found = forecast(RUBRIC, SILENT, provisional=False, graded=[CLEAR], calibrations=[known], volume=1, minutes=1)
        return dict(found.reasons)

    assert (reasons(own), reasons(other)) == ({"borderline": 1}, {})


def test_without_anything_there_is_no_figure() -> None:
    """Nothing known is said as such: no share, no cases, no hours."""
    found = said()
    assert found.basis is Basis.NOTHING
    assert (found.to_people, found.cases, found.hours, found.if_flagged_only) == (None, None, None, None)


def test_a_calibration_set_gives_a_share() -> None:
    """Pairs count as borderline by the standard error or by the conformal interval, whichever reaches a cut."""
    tight = rating_error(RUBRIC) * SILENT.z
    cut = max(band.cut for band in RUBRIC.bands if band.cut is not None)
    values = [cut + tight * 0.9, cut - tight * 0.9, *[cut - 0.5] * 8]

    def share(error: float) -> int:
        pairs = tuple(CalibrationPair(predicted=value, rated=value + error) for value in values)
        known = CalibrationSet(rubric_hash="r", grader="g", made_on=date(2026, 11, 1), pairs=pairs)
        found = forecast(RUBRIC, SILENT, provisional=False, calibration=known, volume=1, minutes=1)
        assert (found.basis, found.raters) == (Basis.CALIBRATION_SET, ("g",))
        assert found.if_flagged_only is not None
        return found.if_flagged_only.hits

    narrow = ReviewPolicy(mode=ReviewMode.BORDERLINE_OR_FLAGGED, z=1.645).z * rating_error(RUBRIC)
    assert (share(0.01), share(0.6)) == (2 if narrow < 0.5 else 10, 10)
