"""Stability: how much a result depends on which sample one looks at, and on which model was asked (R11)."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import median, stdev

from orchestrator.domain.grounding import Grounded
from orchestrator.domain.scoring import Receipt, Score, aggregate, band_of
from rubrics.schema import Rubric

# Half a level is more than one rating's own error; below six in ten pairs, one sample of three already says another band.
SPREAD_LIMIT = 0.5
SAME_BAND_FLOOR = 0.6
MODELS_APART = 1.0


def receipt_of(grounded: Mapping[str, Sequence[Sequence[Grounded]]], rubric: Rubric, *, echoed: int = 0) -> Receipt:
    """The stability receipt of k samples. ``grounded`` holds for each competency what stood of it in each sample.

    Each sample is taken as if it were the only one: its own aggregate, its own band. A sample in which most competencies
    have no level has the band *not enough evidence*, and no aggregate that could spread.
    """
    count = max((len(samples) for samples in grounded.values()), default=0)
    wholes = [aggregate(_scores_of(grounded, sample), rubric) for sample in range(count)]
    values = [whole.value for whole in wholes if whole.value is not None]
    pairs = list(combinations([band_of(whole.value, rubric).key for whole in wholes], 2))
    return Receipt(
        samples=count,
        spread=stdev(values) if len(values) > 1 else None,
        same_band=sum(one == other for one, other in pairs) / len(pairs) if pairs else None,
        echoed=echoed,
        opposed=sum(one.opposed for samples in grounded.values() for sample in samples for one in sample),
    )


def unstable(receipt: Receipt) -> bool:
    """Say whether the samples differ too much for one of them to be believed."""
    spread = receipt.spread is not None and receipt.spread > SPREAD_LIMIT
    return spread or (receipt.same_band is not None and receipt.same_band < SAME_BAND_FLOOR)


def medians_by_model(samples: Sequence[Grounded]) -> Mapping[str, float]:
    """The median level of each model that rated; empty where fewer than two did."""
    models = dict.fromkeys(one.claim.model for one in samples if one.claim.model and one.level is not None)
    levels = {
        name: [one.level for one in samples if one.claim.model == name and one.level is not None] for name in models
    }
    return {name: float(median(rated)) for name, rated in levels.items()} if len(models) > 1 else {}


def models_disagree(score: Score) -> bool:
    """Say whether two models are a level or more apart on one competency."""
    return bool(score.by_model) and max(score.by_model.values()) - min(score.by_model.values()) >= MODELS_APART


def _scores_of(grounded: Mapping[str, Sequence[Sequence[Grounded]]], sample: int) -> Sequence[Score]:
    return [
        Score(competency=competency, level=float(one.level))
        for competency, samples in grounded.items()
        for one in samples[sample]
        if one.level is not None
    ]
