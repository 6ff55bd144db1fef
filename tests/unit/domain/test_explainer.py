"""The explainer: which change moved a result, in figures that add up and in sentences that name it."""

from math import isclose
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.domain.explainer import Explanation, explain
from orchestrator.domain.result_parts import Cause, PartKind, Read
from orchestrator.domain.scoring import Rater, RaterKind, Scorecard, aggregate, band_of
from rubrics.schema import Anchor, Competency, Indicator, Rubric
from tests.unit.domain.samples import score, scorecard
from tests.unit.grading.examples import RUBRIC

MODEL = Rater(kind=RaterKind.MODEL, name="model", prompt_hash="a", parameters={"samples": 1})


def read(causes: float | None, promises: float | None, rubric: Rubric = RUBRIC, rater: Rater = MODEL) -> Read:
    """A reading with these two levels."""
    scores = (score("causes", causes), score("promises", promises))
    whole = aggregate(scores, rubric)
    band = band_of(whole.value, rubric).key
    card: Scorecard = scorecard(*scores, aggregate=whole.value, coverage=whole.coverage, band=band, rater=rater)
    return Read(card=card, rubric=rubric)


def changed(**facts: Any) -> Rubric:
    """The rubric with other facts."""
    return msgspec.structs.replace(RUBRIC, **facts)


def weighing(causes: float, promises: float) -> Rubric:
    """The rubric with other weights."""
    one, two = RUBRIC.competencies
    return changed(
        competencies=(msgspec.structs.replace(one, weight=causes), msgspec.structs.replace(two, weight=promises))
    )


def with_first(**facts: Any) -> Rubric:
    """The rubric with another first competency."""
    first: Competency = msgspec.structs.replace(RUBRIC.competencies[0], **facts)
    return changed(competencies=(first, RUBRIC.competencies[1]))


def said(explanation: Explanation) -> str:
    """All sentences."""
    return " ".join(explanation.sentences)


def test_nothing_moved_is_said_plainly() -> None:
    """Two equal readings have no movements and one sentence."""
    explanation = explain(read(4, 3), read(4, 3))
    assert explanation.movements == ()
    assert explanation.sentences == ("Nothing moved: 3.67 of 5 (“Mixed evidence”), as before.",)


def test_new_weights_are_named_with_their_share() -> None:
    """Where only weights changed, all of the difference is theirs, and each weight is told."""
    explanation = explain(read(5, 2), read(5, 2, weighing(8, 1)))
    (movement,) = explanation.movements
    assert movement.kind is PartKind.WEIGHTS
    assert movement.share is not None
    assert isclose(movement.share, explanation.after.value - explanation.before.value, abs_tol=1e-9)  # type: ignore[operator]  # both have a number here
    assert "Causes counts 8 instead of 2" in said(explanation)
    assert "Without it, the band would be “Mixed evidence”." in said(explanation)


def test_new_cuts_move_the_band_and_no_number() -> None:
    """A cut below the score changes the band alone, and the sentence says which band it would have been."""
    lower = changed(bands=(msgspec.structs.replace(RUBRIC.bands[0], cut=3.5), *RUBRIC.bands[1:]))
    explanation = explain(read(4, 3), read(4, 3, lower))
    (movement,) = explanation.movements
    assert (movement.kind, movement.share, movement.without.band) == (PartKind.CUTS, 0.0, "mixed")
    assert explanation.before.value == explanation.after.value
    assert "“Strong evidence” begins at 3.5 instead of 4.2" in said(explanation)
    higher = changed(bands=(msgspec.structs.replace(RUBRIC.bands[0], cut=4.9), *RUBRIC.bands[1:]))
    assert "It does not change this band." in said(explain(read(4, 3), read(4, 3, higher)))


def test_a_level_is_traced_to_what_changed_around_it() -> None:
    """Words of the rubric, grader, prompt, settings, or chance: each is told, and several at once cannot be told apart."""
    anchor = Anchor(level=1, behaviour="Other.", indicators=(Indicator(id="new-one", text="New"),))
    reworded = with_first(anchors=(anchor, *RUBRIC.competencies[0].anchors[1:]))
    other = Rater(kind=RaterKind.EMBEDDED, name="embedded")
    cases = {
        (Cause.WORDS,): (reworded, MODEL, "1 indicator is new, 1 indicator is gone, 1 anchor was reworded"),
        (Cause.PROMPT,): (RUBRIC, msgspec.structs.replace(MODEL, prompt_hash="b"), "The prompt is another one."),
        (Cause.SETTINGS,): (
            RUBRIC,
            msgspec.structs.replace(MODEL, parameters={"samples": 3}),
            "samples 3 instead of 1",
        ),
        (Cause.CHANCE,): (
            RUBRIC,
            msgspec.structs.replace(MODEL, parameters={"samples": 1, "anchor_orders": "12345", "concurrency": 8}),
            "Nothing that could explain it changed",
        ),
        (Cause.GRADER, Cause.PROMPT, Cause.SETTINGS): (RUBRIC, other, "embedded instead of model"),
        (Cause.WORDS, Cause.PROMPT): (reworded, msgspec.structs.replace(MODEL, prompt_hash="b"), "cannot say which"),
    }
    for causes, (rubric, rater, words) in cases.items():
        explanation = explain(read(2, 3), read(4, 3, rubric, rater))
        (movement,) = explanation.movements
        assert movement.causes == causes
        assert words in movement.words
        assert "Causes: level 4 instead of level 2." in movement.words
        assert "+1.33 of the difference" in said(explanation)


def test_other_questions_and_a_new_definition_are_words_too() -> None:
    """Whatever a grader reads of a competency counts as its words."""
    asked = changed(questions=(msgspec.structs.replace(RUBRIC.questions[0], text="Another?"), RUBRIC.questions[1]))
    assert "other questions ask for it" in said(explain(read(2, 3), read(4, 3, asked)))
    assert "its definition" in said(explain(read(2, 3), read(4, 3, with_first(definition="Another."))))


def test_a_competency_that_comes_or_goes_is_told_so() -> None:
    """A new competency brings a level and a weight; the shares of both add up."""
    alone = changed(competencies=RUBRIC.competencies[:1])
    one = Read(card=scorecard(score("causes", 4), aggregate=4.0, band="mixed"), rubric=alone)
    grown = explain(one, read(4, 2))
    assert {cause for movement in grown.movements for cause in movement.causes} == {Cause.ADDED}
    assert "Promises counts 1 instead of nothing" in said(grown)
    shrunk = explain(read(4, 2), one)
    assert {cause for movement in shrunk.movements for cause in movement.causes} == {Cause.REMOVED}


def test_without_a_number_there_are_no_shares_but_still_words() -> None:
    """Evidence that falls away leaves no number; each part is told by what it does alone."""
    explanation = explain(read(4, 3), read(None, 5))
    assert explanation.after.value is None
    assert all(movement.share is None for movement in explanation.movements)
    assert "Alone, it would give no number (“Not enough evidence”)." in said(explanation)
    assert "Without it, the band would be" in said(explanation)


def test_a_lower_coverage_floor_can_bring_a_band() -> None:
    """The floor is a part as well."""
    explanation = explain(read(4, None), read(4, None, changed(coverage_floor=0.5)))
    (movement,) = explanation.movements
    assert (movement.kind, movement.without.band) == (PartKind.FLOOR, "not_enough")
    assert (explanation.after.value, explanation.after.band) == (4.0, "mixed")
    assert "50% instead of 70%" in said(explanation)


def test_a_result_of_other_rules_is_told_so() -> None:
    """A stored number that today's rules would not make is not passed over."""
    old = read(4, 3)
    strange = Read(card=msgspec.structs.replace(old.card, aggregate=4.5, band="strong"), rubric=RUBRIC)
    assert explain(strange, old).sentences[0].startswith("The earlier result was stored as 4.50 of 5")


LEVELS = st.one_of(st.none(), st.integers(1, 5).map(float))
WEIGHT = st.sampled_from((0.5, 1.0, 2.0, 4.0))


@settings(max_examples=60, deadline=None)
@given(LEVELS, LEVELS, LEVELS, LEVELS, WEIGHT, WEIGHT)
def test_shares_add_up_and_both_ends_are_the_readings(
    a: float | None, b: float | None, c: float | None, d: float | None, one: float, two: float
) -> None:
    """Both ends are what each reading is by itself; shares, where there are any, make the whole difference."""
    before, after = read(a, b), read(c, d, weighing(one, two))
    explanation = explain(before, after)
    assert (explanation.before.value, explanation.before.band) == (before.card.aggregate, before.card.band)
    assert (explanation.after.value, explanation.after.band) == (after.card.aggregate, after.card.band)
    shares = [movement.share for movement in explanation.movements]
    if explanation.before.value is not None and explanation.after.value is not None and None not in shares:
        total = sum(share for share in shares if share is not None)
        assert isclose(total, explanation.after.value - explanation.before.value, abs_tol=1e-9)
    assert len(explanation.sentences) == max(1, len(explanation.movements) + 1)
