"""What share of a program's interviews will go to people: said before launch, from what is known, with its interval.

Nothing is guessed: where a rule sends every interview to a person it is all of them; else the interviews or calibration
pairs of the very rubric are put through the program's review policy; and where there are none, there is no figure.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from statistics import NormalDist

from msgspec import Struct

from orchestrator.domain.conformal import CalibrationSet, calibration_for, conformal_borderline, grader_key
from orchestrator.domain.program import ReviewMode, ReviewPolicy
from orchestrator.domain.scoring import Scorecard
from orchestrator.domain.uncertainty import ReviewReason, nearest_cut
from rubrics.schema import Rubric

CONFIDENCE = 0.95
# These follow from the policy and are found anew; all others are facts of the interview and stay as they were found.
_OF_POLICY = frozenset({ReviewReason.POLICY, ReviewReason.PROVISIONAL, ReviewReason.BORDERLINE})


class Basis(StrEnum):
    """What a forecast rests on."""

    SCORECARDS = "scorecards"
    CALIBRATION_SET = "calibration_set"
    RULE = "rule"
    NOTHING = "nothing"


class Proportion(Struct, frozen=True):
    """``hits`` of ``n`` with the Wilson interval for 95 %."""

    hits: int
    n: int
    share: float
    low: float
    high: float


class Graded(Struct, frozen=True):
    """A stored scorecard and the reasons that were found when it was made."""

    card: Scorecard
    reasons: tuple[str, ...]


class Range(Struct, frozen=True):
    """A figure with the ends of its interval."""

    value: float
    low: float
    high: float


class Forecast(Struct, frozen=True, kw_only=True):
    """``to_people`` is None where nothing is known. ``if_flagged_only``: the same if only borderline and flagged went.

    ``reasons`` counts interviews by reason, one interview under each of its reasons; ``rule`` are the reasons that
    send every interview to a person. ``cases`` and ``hours`` are for ``volume`` interviews.
    """

    basis: Basis
    rule: tuple[ReviewReason, ...]
    to_people: Range | None
    if_flagged_only: Proportion | None
    reasons: Mapping[str, int]
    raters: tuple[str, ...]
    volume: int
    minutes: float
    cases: Range | None
    hours: Range | None


def wilson(hits: int, n: int, *, confidence: float = CONFIDENCE) -> Proportion:
    """A proportion with its score interval (Wilson 1927). ``n`` must be at least 1."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = hits / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # At the ends the formula is exact and floating point is not.
    low = 0.0 if hits == 0 else max(0.0, centre - reach)
    high = 1.0 if hits == n else min(1.0, centre + reach)
    return Proportion(hits, n, share, low, high)


def forecast(
    rubric: Rubric,
    policy: ReviewPolicy,
    *,
    provisional: bool,
    graded: Sequence[Graded] = (),
    calibration: CalibrationSet | None = None,
    calibrations: Sequence[CalibrationSet] = (),
    volume: int,
    minutes: float,
) -> Forecast:
    """Say what share goes to people. ``graded`` are scorecards of this very rubric by graders that are not provisional.

    With a ``calibration`` set its pairs are the basis, else the scorecards; a set knows no flags, so its share is the least
    that is to be expected. ``calibrations`` are the sets in use: their intervals count for the scorecards too.
    """
    always = {ReviewReason.POLICY: policy.mode is ReviewMode.ALWAYS, ReviewReason.PROVISIONAL: provisional}
    rule = tuple(reason for reason, holds in always.items() if holds)
    if calibration is None:
        found: Sequence[Sequence[str]] = [_reasons(one, rubric, policy, calibrations) for one in graded]
        raters = tuple(sorted({one.card.rater.name for one in graded}))
    else:
        found, raters = _of_pairs(calibration, rubric, policy), (calibration.grader,)
    flagged = wilson(sum(bool(reasons) for reasons in found), len(found)) if found else None
    share = _share(rule, flagged)
    return Forecast(
        basis=_basis(rule, calibration, flagged),
        rule=rule,
        to_people=share,
        if_flagged_only=flagged,
        reasons=dict(Counter(reason for reasons in found for reason in reasons).most_common()),
        raters=raters if found else (),
        volume=volume,
        minutes=minutes,
        cases=_times(share, volume),
        hours=_times(share, volume * minutes / 60),
    )


def _basis(rule: Sequence[ReviewReason], calibration: CalibrationSet | None, flagged: Proportion | None) -> Basis:
    if rule:
        return Basis.RULE
    if flagged is None:
        return Basis.NOTHING
    return Basis.SCORECARDS if calibration is None else Basis.CALIBRATION_SET


def _share(rule: Sequence[ReviewReason], flagged: Proportion | None) -> Range | None:
    if rule:
        return Range(1.0, 1.0, 1.0)
    return None if flagged is None else Range(flagged.share, flagged.low, flagged.high)


def _times(share: Range | None, factor: float) -> Range | None:
    return None if share is None else Range(share.value * factor, share.low * factor, share.high * factor)


def _reasons(
    one: Graded, rubric: Rubric, policy: ReviewPolicy, calibrations: Sequence[CalibrationSet]
) -> Sequence[str]:
    """The reasons that the policy finds now, and those that were facts of the interview."""
    card = one.card
    kept = [reason for reason in one.reasons if reason not in _OF_POLICY]
    if card.aggregate is None or card.standard_error is None:
        return kept
    known = calibration_for(calibrations, rubric_hash=card.rubric_hash, grader=grader_key(card.rater))
    near = nearest_cut(card.aggregate, card.standard_error, rubric, z=policy.z).borderline or conformal_borderline(
        card.aggregate, known if isinstance(known, CalibrationSet) else None, borders(rubric)
    )
    return [ReviewReason.BORDERLINE.value, *kept] if near else kept


def borders(rubric: Rubric) -> Sequence[float]:
    """The cuts that something lies below."""
    return sorted(band.cut for band in rubric.bands if band.cut is not None)[1:]


def _of_pairs(calibration: CalibrationSet, rubric: Rubric, policy: ReviewPolicy) -> Sequence[Sequence[str]]:
    cuts = borders(rubric)
    error = rating_error(rubric)
    return [
        [ReviewReason.BORDERLINE.value]
        if nearest_cut(pair.predicted, error, rubric, z=policy.z).borderline
        or conformal_borderline(pair.predicted, calibration, cuts)
        else []
        for pair in calibration.pairs
    ]


def rating_error(rubric: Rubric) -> float:
    """Standard error of the aggregate if every competency was rated once: √Σ(w·se)² / Σw, in levels."""
    weights = sum(competency.weight for competency in rubric.competencies)
    return math.sqrt(sum((one.weight * one.standard_error) ** 2 for one in rubric.competencies)) / weights
