"""When a person must decide: every reason, and the border around a cut."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.conformal import CalibrationPair, CalibrationSet
from orchestrator.domain.program import ReviewMode, ReviewPolicy
from orchestrator.domain.scoring import Receipt, Scorecard
from orchestrator.domain.uncertainty import ReviewReason, nearest_cut, rests_on_little, review_reasons
from tests.unit.domain.samples import evidence, score, scorecard
from tests.unit.grading.examples import RUBRIC

SILENT = ReviewPolicy(mode=ReviewMode.BORDERLINE_OR_FLAGGED, z=1.645)


def test_a_clear_result_needs_nobody() -> None:
    """Far from every cut, full coverage, no flag: the policy lets it stand."""
    assert review_reasons(scorecard(), RUBRIC, SILENT, ()) == ()


def test_the_default_policy_asks_a_person_about_everything() -> None:
    """Nothing stands alone unless somebody chose so."""
    assert review_reasons(scorecard(), RUBRIC, ReviewPolicy(), ()) == (ReviewReason.POLICY,)


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        (scorecard(provisional=True), ReviewReason.PROVISIONAL),
        (scorecard(aggregate=4.0), ReviewReason.BORDERLINE),
        (scorecard(aggregate=4.4), ReviewReason.BORDERLINE),
        (scorecard(aggregate=None, standard_error=None, coverage=0.5), ReviewReason.THIN_EVIDENCE),
        (scorecard(standard_error=None), ReviewReason.THIN_EVIDENCE),
        (scorecard(coverage=0.8), ReviewReason.THIN_EVIDENCE),
        (scorecard(dropped_quotes=1), ReviewReason.QUOTES_NOT_FOUND),
        (scorecard(score(samples=(2, 4))), ReviewReason.DISAGREEMENT),
    ],
)
def test_each_doubt_sends_it_to_a_person(card: Scorecard, reason: ReviewReason) -> None:
    """One doubt, one reason, named once."""
    assert review_reasons(card, RUBRIC, SILENT, ()) == (reason,)


@pytest.mark.parametrize("samples", [(), (1,), (3, 4), (4, 4, 3)])
def test_neighbouring_samples_are_no_disagreement(samples: tuple[int, ...]) -> None:
    """Samples that differ by one level agree."""
    assert review_reasons(scorecard(score(samples=samples)), RUBRIC, SILENT, ()) == ()


def test_flags_are_added_once() -> None:
    """What the transcript's quality says comes on top, without repeats."""
    flags = (ReviewReason.SHORT_ANSWERS, ReviewReason.QUOTES_NOT_FOUND, ReviewReason.SHORT_ANSWERS)
    found = review_reasons(scorecard(dropped_quotes=2), RUBRIC, SILENT, flags)
    assert found == (ReviewReason.QUOTES_NOT_FOUND, ReviewReason.SHORT_ANSWERS)


@given(st.floats(1, 5), st.floats(0, 1), st.floats(0, 4))
def test_borderline_is_a_distance_of_at_most_z_standard_errors(value: float, error: float, z: float) -> None:
    """|score - cut| ≤ z·se around the nearest cut; the lowest band's cut is no border."""
    distance = nearest_cut(value, error, RUBRIC, z=z)
    assert distance.cut == 4.2
    assert distance.borderline is (abs(value - 4.2) <= z * error)


def test_the_lowest_cut_is_no_border() -> None:
    """The lowest possible score is as clear as any: no band lies below it."""
    assert review_reasons(scorecard(aggregate=1.0), RUBRIC, SILENT, ()) == ()


def calibrated(off: float, pairs: int = 20, **changes: object) -> CalibrationSet:
    """A set in which the grader of the sample cards was always off by so much."""
    facts = {
        "rubric_hash": "0" * 64,
        "grader": "model",
        "made_on": date(2026, 11, 20),
        "pairs": (CalibrationPair(predicted=3.0, rated=3.0 + off),) * pairs,
    }
    return CalibrationSet(**(facts | changes))  # type: ignore[arg-type]  # a test's own changes


@pytest.mark.parametrize(
    ("calibration", "straddles"),
    [
        (calibrated(0.6), True),
        (calibrated(-0.6), True),
        (calibrated(0.4), False),
        (calibrated(2.0, pairs=8), False),
        (calibrated(2.0, rubric_hash="1" * 64), False),
        (calibrated(2.0, grader="other"), False),
    ],
)
def test_an_interval_that_straddles_a_cut_is_borderline(calibration: CalibrationSet, *, straddles: bool) -> None:
    """A set of this rubric and this grader with enough pairs can send a case to a person; any other changes nothing."""
    card = scorecard(aggregate=3.7, standard_error=0.1)
    found = review_reasons(card, RUBRIC, SILENT, (), calibrations=(calibration,))
    assert found == ((ReviewReason.BORDERLINE,) if straddles else ())


def test_an_interval_never_keeps_a_case_from_a_person() -> None:
    """Borderline by its standard error stays so, however good the grader was."""
    card = scorecard(aggregate=4.1, standard_error=0.2)
    assert review_reasons(card, RUBRIC, SILENT, (), calibrations=(calibrated(0.0),)) == (ReviewReason.BORDERLINE,)


def test_the_highest_level_needs_two_passages() -> None:
    """A five on a single quote is for a person; a four on one is not, nor a five on two."""
    one, other = evidence(), evidence("She said the page stayed white", start=40, end=70)
    assert rests_on_little(scorecard(score(level=5.0, evidence=(one,))))
    assert not rests_on_little(scorecard(score(level=4.0, evidence=(one,))))
    assert not rests_on_little(scorecard(score(level=5.0, evidence=(one, other))))


def test_one_passage_for_everything_is_thin() -> None:
    """Two competencies on one and the same quote go to a person; on two quotes they do not."""
    first, second = score(level=4.0, evidence=(evidence(),)), score(level=3.0, evidence=(evidence(),))
    assert review_reasons(scorecard(first, second), RUBRIC, SILENT, ()) == (ReviewReason.THIN_EVIDENCE,)
    elsewhere = score(level=3.0, evidence=(evidence("She said the page stayed white", start=40, end=70),))
    assert review_reasons(scorecard(first, elsewhere), RUBRIC, SILENT, ()) == ()


@pytest.mark.parametrize(("seen", "disputed"), [((5, 5, 5), False), ((5, 5), False), ((5,), True)])
def test_samples_that_saw_no_level_are_no_agreement(seen: tuple[int, ...], *, disputed: bool) -> None:
    """Of three samples two must see a level."""
    card = scorecard(score(samples=seen), receipt=Receipt(samples=3, spread=0.0, same_band=1.0))
    assert (ReviewReason.DISAGREEMENT in review_reasons(card, RUBRIC, SILENT, ())) is disputed
