"""From verdicts to an outcome: agreement over the answers that have a level, counts over all of them."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct, structs

from orchestrator.domain.scoring import Usage
from orchestrator.evaluation import agreement, figures
from orchestrator.evaluation.agreement import proportion_interval
from orchestrator.evaluation.columns import columns_of, level_of, value_of
from orchestrator.evaluation.coverage import coverage
from orchestrator.evaluation.items import LabelledSet
from orchestrator.evaluation.outcome import Outcome, Prediction, SetFacts
from orchestrator.evaluation.verdict import GraderFacts, Verdict
from orchestrator.grading.budget import Prices, total

SLOWER = 8
"""Krippendorff's alpha has no form over many resamples at once, and gets so many times fewer of them."""


class Measured(Struct, frozen=True, kw_only=True):
    """What is to be measured: the graded items of a set, and the samples of each in the same order.

    ``cut`` is in levels; None is the middle of the scale. ``file_items`` is how many items the file has;
    ``not_recorded`` counts those that a recording lacks.
    """

    labelled: LabelledSet
    samples: Sequence[Sequence[Verdict]]
    facts: GraderFacts
    seed: int
    file_items: int
    cut: float | None = None
    prices: Prices | None = None
    not_recorded: int = 0
    resamples: int = agreement.RESAMPLES


def measure(what: Measured, *, made_at: str, seconds: float) -> Outcome:
    """Measure everything. Whatever cannot be measured is None, never a number."""
    items, seed = what.labelled.items, what.seed
    columns = columns_of(items, what.samples, cut=what.cut)
    rated = len(columns.items)
    exact, near = int(np.sum(columns.steps == 0)), int(np.sum(columns.steps <= 1))
    verdicts = [verdict for samples in what.samples for verdict in samples]
    usage = _usage(what, verdicts)
    return Outcome(
        made_at=made_at,
        seconds=round(seconds, 2),
        seed=seed,
        grader=what.facts,
        set=_set_facts(what),
        n=len(items),
        rated=rated,
        abstained=len(items) - rated,
        unusable=sum(verdict.unusable for verdict in verdicts),
        not_recorded=what.not_recorded,
        qwk=figures.kappa(columns, columns.grader),
        qwk_ci=figures.bounds_of(agreement.qwk_by_moments, columns, seed=seed, resamples=what.resamples),
        qwk_all=figures.kappa_all(items, what.samples),
        exact=exact / rated if rated else None,
        exact_ci=proportion_interval(exact, rated),
        within_one=near / rated if rated else None,
        within_one_ci=proportion_interval(near, rated),
        smd=figures.figure(agreement.smd, columns.people, columns.grader),
        smd_ci=figures.bounds_of(agreement.smd, columns, seed=seed, resamples=what.resamples),
        icc=figures.figure(agreement.icc, columns.people, columns.grader),
        icc_ci=figures.bounds_of(agreement.icc, columns, seed=seed, resamples=what.resamples),
        krippendorff_alpha=figures.figure(agreement.alphas, columns.people, columns.grader),
        krippendorff_alpha_ci=figures.bounds_of(
            agreement.alphas, columns, seed=seed, resamples=what.resamples // SLOWER
        ),
        length_correlation=figures.length_correlation(columns),
        baselines=figures.baselines(items, columns, seed=seed, resamples=what.resamples),
        fabricated_quotes=sum(verdict.fabricated for verdict in verdicts),
        quotes=sum(verdict.quotes for verdict in verdicts),
        flagged=sum(any(verdict.flagged for verdict in samples) for samples in what.samples),
        flags=figures.flags(what.samples),
        cost=usage.cost,
        usage=usage,
        confusion=figures.confusion(columns),
        conformal=coverage(
            columns.items, columns.people, columns.value, highest=columns.highest, cut=columns.cut, seed=seed
        ),
        stability=figures.stability(what.samples),
        people=figures.people_among_themselves(items, seed=seed, resamples=what.resamples),
        groups=figures.groups(items, what.samples),
        matrix=figures.matrix(columns, what.labelled.max_level),
        reliability=figures.reliability(columns),
        predictions=tuple(
            Prediction(id=item.id, people=item.level, grader=level_of(samples), value=value_of(samples))
            for item, samples in zip(items, what.samples, strict=True)
        ),
    )


def _usage(what: Measured, verdicts: Sequence[Verdict]) -> Usage:
    usage = total([verdict.usage for verdict in verdicts], what.prices)
    # Nothing was asked of anybody, so nothing was paid, whatever the prices are.
    return usage if usage.requests or what.facts.model is not None else structs.replace(usage, cost=0.0)


def _set_facts(what: Measured) -> SetFacts:
    labelled = what.labelled
    return SetFacts(
        name=labelled.name,
        sha256=labelled.sha256,
        items=what.file_items,
        questions=len({item.question for item in labelled.items}),
        max_level=labelled.max_level,
    )
