"""Scores: what a rater said of one competency, and the deterministic way from there to an aggregate and a band.

A missing answer or an unlocated quote makes a competency *unscored with a reason*, never a low number.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from math import sqrt
from statistics import median, pstdev

from msgspec import Struct

from rubrics.schema import Band, Rubric

_DIGITS = 9


class RaterKind(StrEnum):
    """Who scored."""

    HUMAN = "human"
    MODEL = "model"
    EMBEDDED = "embedded"


class Usage(Struct, frozen=True, kw_only=True):
    """Tokens and requests that a grading took."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


class Rater(Struct, frozen=True, kw_only=True):
    """The recorded identity of who scored, enough to do it again."""

    kind: RaterKind
    name: str
    prompt_hash: str | None = None
    parameters: Mapping[str, str | int | float | None] = {}
    usage: Usage = Usage()


class QuoteClaim(Struct, frozen=True):
    """A quote as the rater gave it: text and the 0-based turn it is said to come from. Not yet believed."""

    turn: int
    text: str


class CompetencyClaim(Struct, frozen=True, kw_only=True):
    """What one sample of a rater says of one competency. ``level`` None: not enough evidence, for ``reason``."""

    competency: str
    level: int | None
    reason: str = ""
    quotes: tuple[QuoteClaim, ...] = ()
    indicators: tuple[str, ...] = ()


class Match(StrEnum):
    """How a quote was located in the transcript."""

    EXACT = "exact"
    NORMALISED = "normalised"


class Evidence(Struct, frozen=True, kw_only=True):
    """A verbatim span of a candidate turn (N6): ``quote == turn.text[start:end]``. PII class: what a candidate said.

    ``identifying`` marks a span that touches a blinded word: it may be shown to a reviewer, it never becomes a bullet.
    """

    turn: int
    start: int
    end: int
    quote: str
    match: Match
    identifying: bool = False


class Unscored(StrEnum):
    """Why a competency has no level."""

    NO_ANSWER = "no_answer"
    INSUFFICIENT_EVIDENCE = "insufficient_evidence"
    QUOTES_NOT_FOUND = "quotes_not_found"
    GRADING_FAILED = "grading_failed"


class Score(Struct, frozen=True, kw_only=True):
    """One rater's level (or the reason for none) on one competency, with evidence."""

    competency: str
    level: float | None
    unscored: Unscored | None = None
    standard_error: float = 0.0
    evidence: tuple[Evidence, ...] = ()
    rationale: str = ""
    indicators: tuple[str, ...] = ()
    samples: tuple[int, ...] = ()


class Scorecard(Struct, frozen=True, kw_only=True):
    """All scores of one interview with the aggregate. ``dropped_quotes`` counts claims that were not in the transcript."""

    rubric_hash: str
    rater: Rater
    scores: tuple[Score, ...]
    aggregate: float | None
    standard_error: float | None
    coverage: float
    band: str
    provisional: bool
    dropped_quotes: int = 0


class Aggregate(Struct, frozen=True):
    """Weighted mean of the levels with its standard error; ``coverage`` is the share of weight with evidence."""

    value: float | None
    standard_error: float | None
    coverage: float


def combine_samples(claims: Sequence[CompetencyClaim], *, rating_error: float) -> tuple[float | None, float]:
    """Median level of k samples with its standard error, se² = SEM² + s²/k; None where most samples saw no evidence."""
    levels = [claim.level for claim in claims if claim.level is not None]
    if not levels or len(levels) * 2 < len(claims):
        return None, 0.0
    spread = pstdev(levels) if len(levels) > 1 else 0.0
    return float(median(levels)), sqrt(rating_error**2 + spread**2 / len(levels))


def aggregate(scores: Sequence[Score], rubric: Rubric) -> Aggregate:
    """Overall = Σ w·s / Σ w over the competencies with a level; below the coverage floor there is no number."""
    weights = {competency.id: competency.weight for competency in rubric.competencies}
    rated = [(weights[s.competency], s.level, s.standard_error) for s in scores if s.level is not None]
    covered = sum(weight for weight, _, _ in rated)
    # Rounded, since 2.9999999999999996 is a 3 that must reach the cut at 3.
    coverage = round(covered / sum(weights.values()), _DIGITS)
    if not rated or coverage < rubric.coverage_floor:
        return Aggregate(None, None, coverage)
    value = round(sum(weight * level for weight, level, _ in rated) / covered, _DIGITS)
    error = sqrt(sum((weight * se) ** 2 for weight, _, se in rated)) / covered
    return Aggregate(value, error, coverage)


def band_of(value: float | None, rubric: Rubric) -> Band:
    """The band of an aggregate; None is the band without a cut (not enough evidence)."""
    if value is None:
        return next(band for band in rubric.bands if band.cut is None)
    cuts = sorted(((band.cut, band) for band in rubric.bands if band.cut is not None), key=lambda pair: -pair[0])
    return next((band for cut, band in cuts if value >= cut), cuts[-1][1])


def percent(value: float) -> int:
    """A 0–100 score for ATS fields that want a number: level 1 is 0, level 5 is 100."""
    return round((value - 1) / 4 * 100)
