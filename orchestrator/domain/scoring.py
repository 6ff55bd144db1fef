"""Scores: what a rater said of one competency, and the deterministic way from there to an aggregate and a band.

A missing answer or an unlocated quote makes a competency *unscored with a reason*, never a low number.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from math import sqrt
from statistics import median, pstdev
from typing import Self

from msgspec import Struct

from rubrics.schema import Band, Rubric

_DIGITS = 9


class RaterKind(StrEnum):
    """Who scored."""

    HUMAN = "human"
    MODEL = "model"
    EMBEDDED = "embedded"


class Usage(Struct, frozen=True, kw_only=True):
    """Tokens and requests that a grading took. ``cost`` is in the currency of the configured prices; None: no prices."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None

    @property
    def tokens(self) -> int:
        """Tokens in both directions."""
        return self.input_tokens + self.output_tokens

    def plus(self, other: Self) -> Self:
        """Both together; the cost is known where both are."""
        known = self.cost is not None and other.cost is not None
        return type(self)(
            requests=self.requests + other.requests,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost=(self.cost or 0.0) + (other.cost or 0.0) if known else None,
        )


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


class Showing(StrEnum):
    """What an answer does to one indicator: shows it, says nothing of it, or says the opposite."""

    SHOWN = "yes"
    NOT_SHOWN = "no"
    CONTRADICTED = "contradicted"


class IndicatorVerdict(Struct, frozen=True, kw_only=True):
    """What a rater says of one indicator, with the quotes that it rests on. Not yet believed."""

    indicator: str
    showing: Showing
    quotes: tuple[QuoteClaim, ...] = ()


class CompetencyClaim(Struct, frozen=True, kw_only=True):
    """What one sample of a rater says of one competency.

    A rater either names a ``level`` (None: not enough evidence, for ``reason``), or gives ``verdicts`` on the indicators,
    from which the level is computed; then its own ``level``, ``quotes`` and ``indicators`` count for nothing.
    ``model`` is the one that answered this sample. ``echoed`` marks an answer that repeats what no answer may hold: it
    obeys somebody else, and counts for nothing.
    """

    competency: str
    level: int | None
    reason: str = ""
    quotes: tuple[QuoteClaim, ...] = ()
    indicators: tuple[str, ...] = ()
    verdicts: tuple[IndicatorVerdict, ...] = ()
    model: str = ""
    echoed: bool = False


class Match(StrEnum):
    """How a quote was located in the transcript."""

    EXACT = "exact"
    NORMALISED = "normalised"
    FUZZY = "fuzzy"


class Evidence(Struct, frozen=True, kw_only=True):
    """A verbatim span of a candidate turn (N6): ``quote == turn.text[start:end]``. PII class: what a candidate said.

    ``identifying`` marks a span that touches a blinded word, or words to the software: it may be shown to a reviewer, it never becomes a bullet.
    ``similarity`` (0 to 1) is below 1 where the rater's words are not the candidate's; ``quote`` always is. ``match`` says
    how the words compare letter by letter and is never `Match.FUZZY`: `found` adds what ``similarity`` tells, since the
    release before this one knows no third value and must be able to read what is stored.
    """

    turn: int
    start: int
    end: int
    quote: str
    match: Match
    identifying: bool = False
    similarity: float = 1.0

    @property
    def found(self) -> Match:
        """How the quote was located."""
        return self.match if self.similarity >= 1 else Match.FUZZY


class Unscored(StrEnum):
    """Why a competency has no level."""

    NO_ANSWER = "no_answer"
    INSUFFICIENT_EVIDENCE = "insufficient_evidence"
    QUOTES_NOT_FOUND = "quotes_not_found"
    GRADING_FAILED = "grading_failed"


class Score(Struct, frozen=True, kw_only=True):
    """One rater's level (or the reason for none) on one competency, with evidence.

    ``samples`` are the levels of the samples that had evidence. ``by_model`` is the median level for each model, where more
    than one was asked. ``ablated`` is the level without the words that speak to a grader, where the card was `Ablated`.
    """

    competency: str
    level: float | None
    unscored: Unscored | None = None
    standard_error: float = 0.0
    evidence: tuple[Evidence, ...] = ()
    rationale: str = ""
    indicators: tuple[str, ...] = ()
    samples: tuple[int, ...] = ()
    by_model: Mapping[str, float] = {}
    ablated: float | None = None


class Receipt(Struct, frozen=True, kw_only=True):
    """How stable the result was over the samples.

    ``spread`` is the standard deviation of the aggregate over the samples, in levels; ``same_band`` the share of pairs of
    samples that fall into the same band. Both are None with fewer than two samples to compare. ``echoed`` counts answers
    that were dropped because they held what no answer may hold, ``opposed`` spans that were claimed for both ends of a scale.
    """

    samples: int
    spread: float | None = None
    same_band: float | None = None
    echoed: int = 0
    opposed: int = 0


class Ablated(Struct, frozen=True, kw_only=True):
    """What came out when the words that speak to a grader were cut out. It changes no score."""

    aggregate: float | None
    band: str
    spans: int


class Scorecard(Struct, frozen=True, kw_only=True):
    """All scores of one interview with the aggregate.

    ``dropped_quotes`` counts claims that were not in the transcript. ``receipt`` is None on cards of earlier releases.
    """

    rubric_hash: str
    rater: Rater
    scores: tuple[Score, ...]
    aggregate: float | None
    standard_error: float | None
    coverage: float
    band: str
    provisional: bool
    dropped_quotes: int = 0
    receipt: Receipt | None = None
    ablated: Ablated | None = None


class Aggregate(Struct, frozen=True):
    """Weighted mean of the levels with its standard error; ``coverage`` is the share of weight with evidence."""

    value: float | None
    standard_error: float | None
    coverage: float


def combine_samples(samples: Sequence[int | None], *, rating_error: float) -> tuple[float | None, float]:
    """Median level of k samples with its standard error, se² = SEM² + s²/k; None where most samples saw no evidence."""
    levels = [level for level in samples if level is not None]
    if not levels or len(levels) * 2 < len(samples):
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
