"""Uncertainty: when a score may stand alone and when a person must decide, with the reasons."""

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from orchestrator.domain.program import ReviewMode, ReviewPolicy
from orchestrator.domain.scoring import Scorecard
from rubrics.schema import Rubric


class ReviewReason(StrEnum):
    """Why a case waits for a person. Stable codes; the queue page says each in plain words."""

    POLICY = "policy"
    PROVISIONAL = "provisional"
    BORDERLINE = "borderline"
    THIN_EVIDENCE = "thin_evidence"
    QUOTES_NOT_FOUND = "quotes_not_found"
    POSSIBLE_INJECTION = "possible_injection"
    SHORT_ANSWERS = "short_answers"
    UNANSWERED = "unanswered"
    DISAGREEMENT = "disagreement"
    GRADING_FAILED = "grading_failed"
    ADJUSTMENT = "adjustment"
    PERSON = "person"


class Distance(Struct, frozen=True):
    """Distance of a score to the nearest cut, in levels, and what of it counts as borderline."""

    cut: float
    distance: float
    zone: float

    @property
    def borderline(self) -> bool:
        """|score - cut| ≤ z·se."""
        return self.distance <= self.zone


def nearest_cut(value: float, standard_error: float, rubric: Rubric, *, z: float) -> Distance:
    """The cut that lies nearest. The lowest band's cut is no border: nothing lies below it."""
    cuts = sorted(band.cut for band in rubric.bands if band.cut is not None)[1:]
    cut = min(cuts, key=lambda c: abs(value - c))
    return Distance(cut, abs(value - cut), z * standard_error)


def review_reasons(
    card: Scorecard, rubric: Rubric, policy: ReviewPolicy, flags: Sequence[ReviewReason]
) -> tuple[ReviewReason, ...]:
    """Every reason why a person must decide; empty means that the policy lets the result stand (N5)."""
    reasons: list[ReviewReason] = []
    if policy.mode is ReviewMode.ALWAYS:
        reasons.append(ReviewReason.POLICY)
    if card.provisional:
        reasons.append(ReviewReason.PROVISIONAL)
    if card.aggregate is None or card.standard_error is None:
        reasons.append(ReviewReason.THIN_EVIDENCE)
    elif nearest_cut(card.aggregate, card.standard_error, rubric, z=policy.z).borderline:
        reasons.append(ReviewReason.BORDERLINE)
    if card.coverage < 1 and ReviewReason.THIN_EVIDENCE not in reasons:
        reasons.append(ReviewReason.THIN_EVIDENCE)
    if card.dropped_quotes:
        reasons.append(ReviewReason.QUOTES_NOT_FOUND)
    if any(len(s.samples) > 1 and max(s.samples) - min(s.samples) > 1 for s in card.scores):
        reasons.append(ReviewReason.DISAGREEMENT)
    return tuple(dict.fromkeys([*reasons, *flags]))
