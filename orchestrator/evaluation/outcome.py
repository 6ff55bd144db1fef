"""What an evaluation found: the JSON that is written, compared, drawn and printed into the documentation.

Intervals are pairs of low and high for 95 %: percentile bootstrap over answers for measures, Wilson's for proportions.
"""

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from orchestrator.domain.scoring import Usage
from orchestrator.evaluation.verdict import GraderFacts

Bounds: TypeAlias = tuple[float, float] | None
FORMAT = 1


class SetFacts(Struct, frozen=True, kw_only=True):
    """Which set was measured; ``items`` is how many it has, of which ``n`` of the outcome were graded."""

    name: str
    sha256: str
    items: int
    questions: int
    max_level: int | None


class BaselineFigures(Struct, frozen=True, kw_only=True):
    """How well a baseline does on the same answers; None where it cannot be learnt."""

    qwk: float | None
    qwk_ci: Bounds


class Baselines(Struct, frozen=True, kw_only=True):
    """The length of an answer alone, as a line and as a curve, and its words with training."""

    length: BaselineFigures
    tfidf: BaselineFigures
    length_curve: BaselineFigures


class Cut(Struct, frozen=True, kw_only=True):
    """Who is on which side of the cut; a level that reaches it is above. ``wrong_side`` is the share of the last two."""

    cut: float
    both_above: int
    both_below: int
    only_grader_above: int
    only_people_above: int
    wrong_side: float | None
    wrong_side_ci: Bounds


class GroupCoverage(Struct, frozen=True, kw_only=True):
    """One group: with the common half width, and with one of its own (Mondrian), None where it has too few answers."""

    group: str
    n: int
    coverage: float | None
    coverage_ci: Bounds
    own_coverage: float | None
    own_width: float | None


class Coverage(Struct, frozen=True, kw_only=True):
    """Split-conformal intervals, each fold with the other folds as its calibration set, pooled.

    ``width`` is the mean in levels (in shares of the scale where a set mixes scales), clipped to the scale.
    ``straddle_share`` is the share of intervals that straddle the cut, ``caught`` how many of the answers on the wrong
    side of the cut are among them. ``reason`` says why there is nothing.
    """

    nominal: float
    n: int
    coverage: float | None
    coverage_ci: Bounds
    width: float | None
    straddle_share: float | None
    caught: float | None
    groups: tuple[GroupCoverage, ...] = ()
    reason: str | None = None


class Stability(Struct, frozen=True, kw_only=True):
    """Pairs of samples of the same answer that have the same level; None for a single sample."""

    samples: int
    pairs: int
    share: float | None
    share_ci: Bounds


class PeopleFigures(Struct, frozen=True, kw_only=True):
    """Agreement among people, on the answers that have further raters: what no grader can be held to exceed."""

    n: int
    qwk: float | None
    qwk_ci: Bounds
    krippendorff_alpha: float | None


class GroupFigures(Struct, frozen=True, kw_only=True):
    """One group: agreement, and how often the grader gave no level or raised a flag."""

    group: str
    n: int
    qwk: float | None
    smd: float | None
    abstained: float
    abstained_ci: Bounds
    flagged: float
    flagged_ci: Bounds


class Bin(Struct, frozen=True, kw_only=True):
    """Answers whose score lies in one fifth of the scale: mean score of the grader and of the people, 0 to 1."""

    low: float
    high: float
    n: int
    grader: float
    people: float


class Prediction(Struct, frozen=True, kw_only=True):
    """One answer: the people's level and the grader's, with the value that it was rounded from; no words of it."""

    id: str
    people: int
    grader: int | None
    value: float | None


class Change(Struct, frozen=True, kw_only=True):
    """Against another outcome, on the answers that both have a level for. ``moved`` counts levels that differ."""

    with_grader: str
    n: int
    qwk_before: float | None
    qwk_after: float | None
    qwk_change: float | None
    qwk_change_ci: Bounds
    moved: int
    same_set: bool


class Property(Struct, frozen=True, kw_only=True):
    """A metamorphic property: what must or must not move a level, and how often that held. ``mean_shift`` is in levels.

    ``failed`` counts the trials of which a grading gave nothing usable; none of them passed.
    """

    name: str
    n: int
    passed: int
    share: float
    share_ci: Bounds
    mean_shift: float
    failed: int = 0


class Outcome(Struct, frozen=True, kw_only=True):
    """Everything that was found.

    ``n`` answers were graded, ``rated`` of them have a level; all agreement is over these. ``qwk_all`` counts an answer
    without a level as level 0, so that abstaining cannot improve it. ``cost`` is in the currency of the prices given, 0
    for the embedded grader and None where no prices were given. ``weights`` and date stand in ``grader``.
    """

    format: Annotated[int, Meta(ge=FORMAT, le=FORMAT)] = FORMAT
    made_at: str
    seconds: float
    seed: int
    grader: GraderFacts
    set: SetFacts
    n: int
    rated: int
    abstained: int
    unusable: int
    not_recorded: int
    qwk: float | None
    qwk_ci: Bounds
    qwk_all: float | None
    exact: float | None
    exact_ci: Bounds
    within_one: float | None
    within_one_ci: Bounds
    smd: float | None
    smd_ci: Bounds
    icc: float | None
    icc_ci: Bounds
    krippendorff_alpha: float | None
    krippendorff_alpha_ci: Bounds
    length_correlation: float | None
    baselines: Baselines
    fabricated_quotes: int
    quotes: int
    flagged: int
    flags: dict[str, int]
    cost: float | None
    usage: Usage
    confusion: Cut
    conformal: Coverage
    stability: Stability
    people: PeopleFigures | None
    groups: tuple[GroupFigures, ...]
    matrix: tuple[tuple[int, ...], ...] | None
    reliability: tuple[Bin, ...]
    predictions: tuple[Prediction, ...]
    compared: Change | None = None


class SuiteOutcome(Struct, frozen=True, kw_only=True):
    """What the metamorphic suite found. ``set`` is the name of the data set's folder.

    ``sample`` is how many trials of a property were made at most, None all; ``not_recorded`` counts those that a recording
    has no answers to.
    """

    format: Annotated[int, Meta(ge=FORMAT, le=FORMAT)] = FORMAT
    made_at: str
    grader: GraderFacts
    set: str
    properties: tuple[Property, ...]
    sample: int | None = None
    not_recorded: int = 0
