"""Uncertainty: when a score may stand alone and when a person must decide, with the reasons."""

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from orchestrator.domain.ablation import shifted
from orchestrator.domain.conformal import CalibrationSet, calibration_for, conformal_borderline, grader_key
from orchestrator.domain.levels import HIGH
from orchestrator.domain.program import ReviewMode, ReviewPolicy
from orchestrator.domain.scoring import Scorecard
from orchestrator.domain.stability import models_disagree, unstable
from rubrics.schema import Rubric

MIN_PASSAGES = 2
"""So many different passages the highest level needs, for a person not to look at it."""


SEEN_BY = 3
"""Two of three samples must see a level for it to be undisputed."""


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
    EMPTY = "empty"
    WRONG_LANGUAGE = "wrong_language"
    GIBBERISH = "gibberish"
    COPIED = "copied"


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
    cuts = _borders(rubric)
    cut = min(cuts, key=lambda c: abs(value - c))
    return Distance(cut, abs(value - cut), z * standard_error)


def review_reasons(
    card: Scorecard,
    rubric: Rubric,
    policy: ReviewPolicy,
    flags: Sequence[ReviewReason],
    *,
    calibrations: Sequence[CalibrationSet] = (),
) -> tuple[ReviewReason, ...]:
    """Every reason why a person must decide; empty means that the policy lets the result stand (N5).

    A score is borderline by its standard error, or by the interval of a calibration set for this rubric version and this
    grader, where ``calibrations`` holds one: each can send a case to a person, neither can keep one from it.
    """
    reasons: list[ReviewReason] = []
    if policy.mode is ReviewMode.ALWAYS:
        reasons.append(ReviewReason.POLICY)
    if card.provisional:
        reasons.append(ReviewReason.PROVISIONAL)
    if card.aggregate is None or card.standard_error is None:
        reasons.append(ReviewReason.THIN_EVIDENCE)
    elif nearest_cut(card.aggregate, card.standard_error, rubric, z=policy.z).borderline or _straddling(
        card, card.aggregate, rubric, calibrations
    ):
        reasons.append(ReviewReason.BORDERLINE)
    if card.coverage < 1 and ReviewReason.THIN_EVIDENCE not in reasons:
        reasons.append(ReviewReason.THIN_EVIDENCE)
    if rests_on_little(card) and ReviewReason.THIN_EVIDENCE not in reasons:
        reasons.append(ReviewReason.THIN_EVIDENCE)
    if card.dropped_quotes:
        reasons.append(ReviewReason.QUOTES_NOT_FOUND)
    if _disagreeing(card):
        reasons.append(ReviewReason.DISAGREEMENT)
    if shifted(card) or (card.receipt is not None and card.receipt.echoed):
        reasons.append(ReviewReason.POSSIBLE_INJECTION)
    return tuple(dict.fromkeys([*reasons, *flags]))


def rests_on_little(card: Scorecard) -> bool:
    """Say whether the highest level rests on a single passage, or several competencies on one and the same.

    A grader that gives one passage for everything has read nothing else.
    """
    passages = [{(one.turn, one.start, one.end) for one in s.evidence} for s in card.scores if s.level is not None]
    alone = [tuple(places) for places in passages if len(places) == 1]
    top = any(s.level is not None and s.level > HIGH and len(s.evidence) < MIN_PASSAGES for s in card.scores)
    return top or len(alone) > len(set(alone))


def _borders(rubric: Rubric) -> Sequence[float]:
    return sorted(band.cut for band in rubric.bands if band.cut is not None)[1:]


def _straddling(card: Scorecard, value: float, rubric: Rubric, calibrations: Sequence[CalibrationSet]) -> bool:
    found = calibration_for(calibrations, rubric_hash=card.rubric_hash, grader=grader_key(card.rater))
    return isinstance(found, CalibrationSet) and conformal_borderline(value, found, _borders(rubric))


def _disagreeing(card: Scorecard) -> bool:
    """Say whether samples, models, or the answers with and without words that speak to a grader, differ too much."""
    apart = any(len(s.samples) > 1 and max(s.samples) - min(s.samples) > 1 for s in card.scores)
    # Samples that saw no level where others saw one differ from them more than by a level.
    asked = card.receipt.samples - card.receipt.echoed if card.receipt is not None else 0
    apart |= any(0 < SEEN_BY * len(s.samples) < asked * (SEEN_BY - 1) for s in card.scores)
    unsteady = card.receipt is not None and unstable(card.receipt)
    return apart or unsteady or any(models_disagree(score) for score in card.scores) or shifted(card)
