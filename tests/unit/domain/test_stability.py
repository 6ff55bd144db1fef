"""The receipt: how much a result depends on which sample and which model one looks at."""

from collections.abc import Sequence
from statistics import stdev

import pytest
from msgspec.structs import replace

from orchestrator.domain.grounding import Grounded
from orchestrator.domain.program import ReviewMode, ReviewPolicy
from orchestrator.domain.scoring import CompetencyClaim, Receipt
from orchestrator.domain.stability import medians_by_model, models_disagree, receipt_of, unstable
from orchestrator.domain.uncertainty import ReviewReason, review_reasons
from tests.unit.domain.samples import score, scorecard
from tests.unit.grading.examples import RUBRIC

SILENT = ReviewPolicy(mode=ReviewMode.BORDERLINE_OR_FLAGGED, z=1.645)


def one(level: int | None, model: str = "", opposed: int = 0) -> Grounded:
    return Grounded(claim=CompetencyClaim(competency="causes", level=None, model=model), level=level, opposed=opposed)


def receipt(causes: Sequence[int | None], promises: Sequence[int | None]) -> Receipt:
    return receipt_of({"causes": [[one(c)] for c in causes], "promises": [[one(p)] for p in promises]}, RUBRIC)


def test_one_sample_proves_nothing() -> None:
    """With one sample there is nothing to compare, and nothing unstable either."""
    assert receipt([4], [4]) == Receipt(samples=1)
    assert receipt_of({}, RUBRIC) == Receipt(samples=0)
    assert not unstable(Receipt(samples=1))


def test_spread_and_bands_over_samples() -> None:
    """Each sample by itself: weights 2 and 1, a cut at 4.2, pairs of equal bands among all pairs."""
    made = receipt([4, 4, 5], [4, 4, 5])
    assert made.spread == pytest.approx(stdev([4, 4, 5]))
    assert made.same_band == pytest.approx(1 / 3)
    assert receipt([4, 5], [4, 1]).spread == pytest.approx(stdev([4, 11 / 3]))


def test_a_sample_without_an_aggregate_is_another_band() -> None:
    """Not enough evidence in one sample spreads nothing, and changes the band of its pairs."""
    made = receipt([4, None], [4, 4])
    assert (made.spread, made.same_band) == (None, 0.0)


def test_dropped_samples_leave_a_gap() -> None:
    """A competency whose answer was dropped in one sample is missing there, and the sample still counts."""
    made = receipt_of({"causes": [[one(4)], []], "promises": [[one(4)], [one(4, opposed=2)]]}, RUBRIC, echoed=1)
    assert (made.samples, made.same_band, made.echoed, made.opposed) == (2, 0.0, 1, 2)


@pytest.mark.parametrize(
    ("made", "doubtful"),
    [
        (Receipt(samples=3, spread=0.5, same_band=1.0), False),
        (Receipt(samples=3, spread=0.51, same_band=1.0), True),
        (Receipt(samples=5, spread=0.1, same_band=0.6), False),
        (Receipt(samples=3, spread=0.1, same_band=1 / 3), True),
        (Receipt(samples=2, spread=None, same_band=0.0), True),
    ],
)
def test_too_much_difference_is_a_disagreement(made: Receipt, *, doubtful: bool) -> None:
    """More than half a level of spread, or fewer than six in ten pairs in the same band, sends the case to a person."""
    assert unstable(made) is doubtful
    reasons = review_reasons(scorecard(receipt=made), RUBRIC, SILENT, ())
    assert reasons == ((ReviewReason.DISAGREEMENT,) if doubtful else ())


def test_each_model_has_its_median() -> None:
    """Models by name, samples without a level left out; with one model there is nothing to compare."""
    samples = [one(3, "a"), one(5, "a"), one(4, "b"), one(None, "b"), one(None, "c")]
    assert medians_by_model(samples) == {"a": 4.0, "b": 4.0}
    assert medians_by_model([one(3, "a"), one(None, "b")]) == {}
    assert medians_by_model([one(3), one(4)]) == {}


def test_models_a_level_apart_disagree() -> None:
    """Families that differ by a level send the case to a person; half a level is no disagreement."""
    far, near = score(by_model={"a": 3.0, "b": 4.0}), score(by_model={"a": 3.5, "b": 4.0})
    assert models_disagree(far)
    assert not models_disagree(near)
    assert not models_disagree(score())
    assert review_reasons(scorecard(far, score("promises")), RUBRIC, SILENT, ()) == (ReviewReason.DISAGREEMENT,)
    assert review_reasons(scorecard(near, score("promises")), RUBRIC, SILENT, ()) == ()


def test_an_echo_is_a_possible_injection() -> None:
    """An answer that repeated what no answer may hold sends the case to a person, by itself."""
    card = scorecard(receipt=Receipt(samples=3, spread=0.0, same_band=1.0, echoed=1))
    assert review_reasons(card, RUBRIC, SILENT, ()) == (ReviewReason.POSSIBLE_INJECTION,)
    assert card.receipt is not None
    calm = replace(card, receipt=replace(card.receipt, echoed=0))
    assert review_reasons(calm, RUBRIC, SILENT, ()) == ()
