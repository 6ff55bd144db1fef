"""The parts of an outcome, each from the columns or the verdicts alone."""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from scipy.stats import pearsonr

from orchestrator.evaluation import agreement
from orchestrator.evaluation.agreement import Array, Bounds, Measure, number, proportion_interval
from orchestrator.evaluation.baselines import length_curve, length_only, log_lengths, tfidf
from orchestrator.evaluation.columns import Columns, level_of
from orchestrator.evaluation.items import Item
from orchestrator.evaluation.outcome import (
    BaselineFigures,
    Baselines,
    Bin,
    Cut,
    GroupFigures,
    PeopleFigures,
    Stability,
)
from orchestrator.evaluation.verdict import Verdict

BINS = 5
_LEAST_VARIED = 3


def figure(measure: Callable[[Array, Array], Array | float], people: Array, grader: Array) -> float | None:
    """One measure of two columns; None where it is not defined."""
    least = 2
    return number(float(measure(people, grader))) if len(people) >= least else None


def kappa(columns: Columns, grader: Array) -> float | None:
    """Quadratic weighted kappa against the people: scikit-learn's for whole levels, by moments for mixed scales."""
    return figure(agreement.qwk if columns.uniform else agreement.qwk_by_moments, columns.people, grader)


def kappa_all(items: Sequence[Item], samples: Sequence[Sequence[Verdict]]) -> float | None:
    """The same over all answers, where no level counts as level 0."""
    people = np.array([item.level / item.max_level for item in items])
    grader = np.array([(level_of(v) or 0) / item.max_level for item, v in zip(items, samples, strict=True)])
    return figure(agreement.qwk_by_moments, people, grader)


def baselines(items: Sequence[Item], columns: Columns, *, seed: int, resamples: int) -> Baselines:
    """Learnt over all answers, measured over those that the grader has a level for: the same answers for everybody."""
    ids = {item.id: place for place, item in enumerate(items)}
    places = [ids[item.id] for item in columns.items]
    size = np.array([1.0 if columns.uniform else float(item.max_level) for item in columns.items])
    found = []
    for learnt in (length_only, tfidf, length_curve):
        predicted = learnt(items, seed=seed)
        if predicted is None or not places:
            found.append(BaselineFigures(qwk=None, qwk_ci=None))
            continue
        own = predicted[places] / size
        bounds = agreement.interval(agreement.qwk_by_moments, columns.people, own, seed=seed, resamples=resamples)
        found.append(BaselineFigures(qwk=kappa(columns, own), qwk_ci=bounds))
    return Baselines(length=found[0], tfidf=found[1], length_curve=found[2])


def confusion(columns: Columns) -> Cut:
    """Sides of the cut by level."""
    people, grader = columns.people >= columns.cut, columns.grader >= columns.cut
    n, wrong = len(people), int(np.sum(people != grader))
    return Cut(
        cut=columns.cut,
        both_above=int(np.sum(people & grader)),
        both_below=int(np.sum(~people & ~grader)),
        only_grader_above=int(np.sum(grader & ~people)),
        only_people_above=int(np.sum(people & ~grader)),
        wrong_side=wrong / n if n else None,
        wrong_side_ci=proportion_interval(wrong, n),
    )


def stability(samples: Sequence[Sequence[Verdict]]) -> Stability:
    """Pairs of samples with the same level."""
    count = max((len(verdicts) for verdicts in samples), default=0)
    equal, pairs = agreement.equal_pairs([[verdict.level for verdict in verdicts] for verdicts in samples])
    return Stability(
        samples=count,
        pairs=pairs,
        share=equal / pairs if pairs else None,
        share_ci=proportion_interval(equal, pairs),
    )


def people_among_themselves(items: Sequence[Item], *, seed: int, resamples: int) -> PeopleFigures | None:
    """The set's level against the first further rater, and alpha over all of them; None without further raters."""
    twice = [item for item in items if item.raters]
    if not twice:
        return None
    first = np.array([item.level / item.max_level for item in twice])
    second = np.array([item.raters[0] / item.max_level for item in twice])
    most = max(len(item.raters) for item in twice)
    table = np.full((most + 1, len(twice)), np.nan)
    for place, item in enumerate(twice):
        for rater, level in enumerate((item.level, *item.raters)):
            table[rater, place] = level / item.max_level
    return PeopleFigures(
        n=len(twice),
        qwk=figure(agreement.qwk_by_moments, first, second),
        qwk_ci=agreement.interval(agreement.qwk_by_moments, first, second, seed=seed, resamples=resamples),
        krippendorff_alpha=number(agreement.alpha(*table)),
    )


def groups(items: Sequence[Item], samples: Sequence[Sequence[Verdict]]) -> tuple[GroupFigures, ...]:
    """The same figures for each group by itself; a fair level with unequal abstaining is still unequal treatment."""
    made = []
    for name in sorted({item.group for item in items if item.group is not None}):
        own = [(item, verdicts) for item, verdicts in zip(items, samples, strict=True) if item.group == name]
        rated = [(item, level) for item, verdicts in own if (level := level_of(verdicts)) is not None]
        people = np.array([item.level / item.max_level for item, _ in rated])
        grader = np.array([level / item.max_level for item, level in rated])
        silent = len(own) - len(rated)
        flagged = sum(any(verdict.flagged for verdict in verdicts) for _, verdicts in own)
        made.append(
            GroupFigures(
                group=name,
                n=len(own),
                qwk=figure(agreement.qwk_by_moments, people, grader),
                smd=figure(agreement.smd, people, grader),
                abstained=silent / len(own),
                abstained_ci=proportion_interval(silent, len(own)),
                flagged=flagged / len(own),
                flagged_ci=proportion_interval(flagged, len(own)),
            )
        )
    return tuple(made)


def flags(samples: Sequence[Sequence[Verdict]]) -> dict[str, int]:
    """Answers by flag, an answer under each of its flags once."""
    return dict(
        Counter(flag for verdicts in samples for flag in {f for v in verdicts for f in v.flagged}).most_common()
    )


def length_correlation(columns: Columns) -> float | None:
    """Correlation of ln(length) with grader minus people: above 0, length earns more than people give for it (R18)."""
    lengths, residuals = log_lengths(columns.items), columns.value - columns.people
    if len(residuals) < _LEAST_VARIED or np.ptp(lengths) == 0 or np.ptp(residuals) == 0:
        return None
    return float(pearsonr(lengths, residuals).statistic)


def matrix(columns: Columns, max_level: int | None) -> tuple[tuple[int, ...], ...] | None:
    """Answers by the people's level (rows) and the grader's (columns); None for mixed scales."""
    if max_level is None:
        return None
    counts = np.zeros((max_level + 1, max_level + 1), dtype=int)
    np.add.at(counts, (columns.people.astype(int), columns.grader.astype(int)), 1)
    return tuple(tuple(row) for row in counts.tolist())


def reliability(columns: Columns) -> tuple[Bin, ...]:
    """Mean of the grader and of the people in each fifth of the scale that the grader used."""
    grader, people = columns.value / columns.highest, columns.people / columns.highest
    places = np.minimum((grader * BINS).astype(int), BINS - 1)
    return tuple(
        Bin(
            low=number_of / BINS,
            high=(number_of + 1) / BINS,
            n=int(np.sum(places == number_of)),
            grader=float(np.mean(grader[places == number_of])),
            people=float(np.mean(people[places == number_of])),
        )
        for number_of in range(BINS)
        if np.any(places == number_of)
    )


def bounds_of(measure: Measure, columns: Columns, *, seed: int, resamples: int) -> Bounds:
    """The interval of a measure over the columns."""
    return agreement.interval(measure, columns.people, columns.grader, seed=seed, resamples=resamples)
