"""Ablation: cutting the words that speak to a grader shows whether they made a difference, and changes no score."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from orchestrator.domain.ablation import as_said, shifted, with_ablation, without
from orchestrator.domain.blinding import Span
from orchestrator.domain.program import ReviewMode, ReviewPolicy
from orchestrator.domain.scoring import Ablated, Rater, RaterKind, Scorecard, Usage
from orchestrator.domain.uncertainty import ReviewReason, review_reasons
from tests.unit.domain.samples import score, scorecard
from tests.unit.grading.examples import RUBRIC, conversation

SILENT = ReviewPolicy(mode=ReviewMode.BORDERLINE_OR_FLAGGED, z=1.645)
SPANS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda pair: Span(min(pair), max(pair))), max_size=5
)


def ablated(first: float | None, second: float | None, *, band: str = "mixed") -> Scorecard:
    """A card with one level, graded again with another one."""
    card = scorecard(score(level=first), score("promises", 3.0))
    return with_ablation(card, scorecard(score(level=second), score("promises", 3.0), band=band), spans=1)


@given(st.text(max_size=40), SPANS)
def test_what_is_cut_is_gone_and_the_rest_stays(text: str, spans: list[Span]) -> None:
    """Every letter inside a span is gone, every other one stays in its place; spans may overlap in any order."""
    said = conversation({"one": f"x{text}"})
    cut = without(said, {1: spans})
    inside = {at for span in spans for at in range(span.start, span.end)}
    assert cut.turns[1].text == "".join(c for at, c in enumerate(f"x{text}") if at not in inside)
    assert [turn for turn in cut.turns if turn.index != 1] == [turn for turn in said.turns if turn.index != 1]


def test_a_transcript_as_it_stands_is_its_own_way_back() -> None:
    """Every turn has a way back that changes nothing."""
    said = conversation()
    assert {index: blinded.text for index, blinded in as_said(said).items()} == {t.index: t.text for t in said.turns}
    assert as_said(said)[1].original_span(3, 8) == Span(3, 8)


def test_the_scores_stay_as_they_are() -> None:
    """The second level stands beside the first; level, aggregate and band are those of the first grading."""
    before = scorecard(score(level=5.0), score("promises", 3.0))
    after = with_ablation(before, scorecard(score(level=2.0), score("promises", None), band="strong"), spans=2)
    assert [(one.level, one.ablated) for one in after.scores] == [(5.0, 2.0), (3.0, None)]
    assert (after.aggregate, after.band) == (before.aggregate, before.band)
    assert after.ablated == Ablated(aggregate=3.0, band="strong", spans=2)


def test_what_both_gradings_took_is_added_up() -> None:
    """Requests, tokens and cost of both; a cost that is not known of both is not known."""
    used = Usage(requests=2, input_tokens=30, output_tokens=5, cost=0.5)
    card = scorecard(rater=Rater(kind=RaterKind.MODEL, name="m", usage=used))
    free = scorecard(rater=Rater(kind=RaterKind.MODEL, name="m", usage=replace(used, cost=None)))
    assert with_ablation(card, card, spans=1).rater.usage == Usage(
        requests=4, input_tokens=60, output_tokens=10, cost=1.0
    )
    assert with_ablation(card, free, spans=1).rater.usage.cost is None


@pytest.mark.parametrize(
    ("card", "moved"),
    [
        (ablated(4.0, 4.0), False),
        (ablated(4.0, 3.5), False),
        (ablated(4.0, 3.0), True),
        (ablated(4.0, 5.0), True),
        (ablated(4.0, None), True),
        (ablated(None, 4.0), True),
        (ablated(None, None), False),
        (ablated(4.0, 4.0, band="strong"), True),
        (scorecard(score(level=4.0)), False),
    ],
)
def test_a_shift_is_held_for_a_person(card: Scorecard, *, moved: bool) -> None:
    """A level that moves by one, comes or goes, or another band: possible injection and disagreement."""
    assert shifted(card) is moved
    found = set(review_reasons(card, RUBRIC, SILENT, ()))
    assert ({ReviewReason.POSSIBLE_INJECTION, ReviewReason.DISAGREEMENT} <= found) is moved
    assert moved or not found
