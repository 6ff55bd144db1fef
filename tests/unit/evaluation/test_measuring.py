"""An outcome: every figure from the verdicts it should come from, and None where nothing can be said."""

import math

import numpy as np
import pytest

from orchestrator.evaluation.baselines import length_only, tfidf
from orchestrator.evaluation.columns import columns_of
from orchestrator.evaluation.figures import length_correlation
from orchestrator.evaluation.folds import answer_disjoint
from orchestrator.evaluation.items import Item
from orchestrator.evaluation.verdict import GraderFacts, Verdict
from orchestrator.grading.budget import Prices
from tests.unit.evaluation.labelled import SPENT, item, items, measured, verdicts


def test_agreement_is_over_what_has_a_level() -> None:
    """An abstention is counted and left out; counted as level 0 it stands beside, so that it cannot improve the figure."""
    found = measured(items(0, 1, 2, 3, 3), verdicts(0, 1, 3, 3, None))
    assert (found.n, found.rated, found.abstained) == (5, 4, 1)
    assert (found.exact, found.within_one) == (0.75, 1.0)
    assert found.qwk == pytest.approx(1 - 0.25 / (1.25 + 1.6875 + 0.0625))
    assert found.qwk_all is not None
    assert found.qwk is not None
    assert found.qwk_all < found.qwk
    assert [(one.people, one.grader) for one in found.predictions] == [(0, 0), (1, 1), (2, 3), (3, 3), (3, None)]
    assert found.matrix == ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 0, 1), (0, 0, 0, 1))


def test_nothing_to_measure_is_none_and_not_a_number() -> None:
    """Nobody rated: every figure of agreement is None, every count is there."""
    found = measured(items(1, 2), verdicts(None, None))
    for name in ("qwk", "qwk_ci", "exact", "exact_ci", "within_one", "smd", "icc", "krippendorff_alpha"):
        assert getattr(found, name) is None, name
    assert found.conformal.coverage is None
    assert found.conformal.reason is not None
    assert (found.n, found.abstained) == (2, 2)
    assert found.confusion.wrong_side is None


def test_sides_of_the_cut() -> None:
    """The middle of the scale unless another cut is given; a level that reaches the cut is above it."""
    people, grader = items(0, 1, 2, 3, 2), verdicts(2, 1, 2, 1, 3)
    cut = measured(people, grader).confusion
    assert (cut.cut, cut.both_above, cut.both_below, cut.only_grader_above, cut.only_people_above) == (1.5, 2, 1, 1, 1)
    assert cut.wrong_side == pytest.approx(0.4)
    high = measured(people, grader, cut=3.0).confusion
    assert (high.both_above, high.both_below, high.only_grader_above, high.only_people_above) == (0, 3, 1, 1)


def test_samples_become_their_lower_median_and_a_stability() -> None:
    """No level where most samples have none; equal pairs of all pairs."""

    def sample(level: int | None) -> Verdict:
        return Verdict(level=level, value=None if level is None else float(level))

    found = measured(
        items(1, 2, 3),
        [[sample(one) for one in levels] for levels in ((1, 1, 2), (2, None, 3), (None, None, 3))],
    )
    assert [one.grader for one in found.predictions] == [1, 2, None]
    assert (found.stability.samples, found.stability.pairs) == (3, 9)
    assert found.stability.share == pytest.approx(2 / 9)
    assert measured(items(1), verdicts(1)).stability.share is None


def test_mixed_scales_are_measured_in_shares() -> None:
    """One level apart is one of its own scale; perfect agreement stays perfect; there is no matrix."""
    mixed = (item(1, level=3, max_level=3), item(2, level=5, max_level=5), item(3, level=0, max_level=5))
    found = measured(mixed, verdicts(3, 5, 0))
    assert (found.qwk, found.exact, found.matrix, found.set.max_level) == (1.0, 1.0, None, None)
    near = measured(mixed, verdicts(2, 4, 2))
    assert near.exact == 0
    assert near.within_one == pytest.approx(2 / 3)


def test_quotes_flags_and_cost_are_counted_over_all_samples() -> None:
    """Fabricated of claimed; an answer is flagged once whatever its samples say; prices are for a million tokens."""
    twice = [[Verdict(level=1, value=1.0, quotes=3, fabricated=1, flagged=("empty",), usage=SPENT)] * 2]
    facts = GraderFacts(kind="openai", model="m")
    found = measured(items(1), twice, facts=facts, prices=Prices(input=2.0, output=10.0))
    assert (found.quotes, found.fabricated_quotes, found.flagged, found.flags) == (6, 2, 1, {"empty": 1})
    assert found.cost == pytest.approx(2 * (1000 * 2 + 100 * 10) / 1_000_000)
    assert measured(items(1), twice, facts=facts).cost is None
    assert measured(items(1), verdicts(1)).cost == 0


def test_people_among_themselves_are_the_ceiling() -> None:
    """Only the answers with further raters count; without any there is no figure."""
    found = measured(
        (*items(0, 3, raters=(1, 0)), item(9, level=1), item(10, level=2, raters=(2,))), verdicts(0, 3, 1, 2)
    )
    assert found.people is not None
    assert found.people.n == 3
    assert found.people.qwk is not None
    assert found.people.qwk < 1
    assert measured(items(0, 3), verdicts(0, 3)).people is None


def test_groups_are_told_apart() -> None:
    """Agreement, abstentions and flags by group; who has no group is in none."""
    people = (*items(0, 3, 2, group="a"), *(item(10 + n, level=n, group="b") for n in range(3)), item(20))
    found = measured(people, [*verdicts(0, 3, None), *verdicts(2, 1, 0, flagged=("empty",)), *verdicts(2)])
    first, second = found.groups
    assert (first.group, first.n, first.qwk, first.flagged) == ("a", 3, 1.0, 0)
    assert first.abstained == pytest.approx(1 / 3)
    assert (second.group, second.qwk, second.abstained, second.flagged) == ("b", -1.0, 0, 1)


def many(count: int, seed: int = 5) -> tuple[tuple[Item, ...], list[list[Verdict]]]:
    """Answers whose level stands in their words, and a grader that errs by about half a level."""
    drawn = np.random.default_rng(seed)
    made, said = [], []
    for number in range(count):
        level = int(drawn.integers(0, 4))
        words = " ".join(["density", "buoyancy", "displacement"][:level]) or "nothing"
        filler = " ".join(["and"] * int(drawn.integers(1, 40)))
        made.append(item(number, level=level, answer=f"{words} {filler} {number}", group="ab"[number % 2]))
        value = float(np.clip(level + drawn.normal(0, 0.5), 0, 3))
        said.append([Verdict(level=round(value), value=value)])
    return tuple(made), said


def test_coverage_holds_the_nominal_level() -> None:
    """Pooled over folds, the interval of the coverage contains 90 %, for all and for each group by its own width."""
    found = measured(*many(600)).conformal
    assert found.coverage_ci is not None
    assert found.coverage_ci[0] <= found.nominal <= found.coverage_ci[1]
    assert found.width is not None
    assert 0.9 < found.width < 2.2
    assert found.straddle_share is not None
    assert 0 < found.straddle_share < 1
    assert found.caught is not None
    assert found.caught > found.straddle_share
    assert [group.group for group in found.groups] == ["a", "b"]
    assert all(group.own_coverage is not None and 0.85 < group.own_coverage < 0.95 for group in found.groups)


def test_a_good_grader_has_narrow_intervals() -> None:
    """A grader that is always right: no width, and no interval straddles the cut."""
    people, _ = many(100)
    found = measured(people, verdicts(*(one.level for one in people))).conformal
    assert (found.coverage, found.width, found.straddle_share, found.caught) == (1.0, 0.0, 0.0, None)


def test_baselines_learn_from_other_answers_only() -> None:
    """Words that carry the level are learnt, length that carries nothing is not; a perfect grader beats both."""
    people, said = many(300)
    found = measured(people, said).baselines
    assert found.tfidf.qwk is not None
    assert found.length.qwk is not None
    assert found.tfidf.qwk > 0.9
    assert found.length.qwk < 0.5
    assert found.tfidf.qwk_ci is not None
    assert found.tfidf.qwk_ci[0] <= found.tfidf.qwk <= found.tfidf.qwk_ci[1]


def test_equal_answers_stay_on_one_side() -> None:
    """Answer-disjoint: the same words, whatever their case and white space, are never learnt from and measured on."""
    texts = ["Yes, it is.", "yes,  it IS.", "No", "no ", "Maybe", "It floats", "It sinks"]
    people = [item(number, answer=text) for number, text in enumerate(texts)]
    measured_on: list[int] = []
    for learn, measure in answer_disjoint(people, seed=1):
        known = {" ".join(people[i].answer.casefold().split()) for i in learn}
        assert not known & {" ".join(people[i].answer.casefold().split()) for i in measure}
        measured_on += measure.tolist()
    assert sorted(measured_on) == list(range(len(texts)))


def test_too_little_has_no_baseline() -> None:
    """One text only, or not one word: no figure rather than a wrong one."""
    same = [item(number, answer="the same") for number in range(4)]
    assert length_only(same, seed=1) is None
    assert tfidf([item(number, answer="?" * number) for number in range(6)], seed=1) is None


def test_length_that_is_paid_for_is_seen() -> None:
    """A grader that gives levels for length correlates with it; one that does not, hardly."""
    people, said = many(200)
    longer = [[Verdict(level=0, value=one.level + math.log1p(len(one.answer)))] for one in people]
    paid, fair = (length_correlation(columns_of(people, samples, cut=None)) for samples in (longer, said))
    assert paid is not None
    assert fair is not None
    assert paid > 0.99
    assert abs(fair) < 0.2
