"""What a reviewer reads: the whole transcript with its evidence, and a card that shows its uncertainty."""

import uuid
from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.db.models.scoring import DecisionRow, DecisionVerdict, HeldDecisionRow
from orchestrator.domain.program import ReviewPolicy
from orchestrator.domain.scoring import Receipt, Score, Unscored, Usage
from orchestrator.domain.transcript import Speaker, Transcript, Turn
from orchestrator.services.cards import UNSCORED, band_choices, card_view, decision_view, held_view, turn_views
from tests.unit.domain.samples import evidence, score, scorecard
from tests.unit.grading.examples import RUBRIC

TEXT = "I asked what error she saw and wrote it down."
TRANSCRIPT = Transcript(
    (Turn(0, Speaker.INTERVIEWER, "What did you do?", "one"), Turn(1, Speaker.CANDIDATE, TEXT, "one"))
)
SPANS = st.lists(
    st.tuples(st.integers(0, len(TEXT)), st.integers(0, len(TEXT))).filter(lambda span: span[0] < span[1]), max_size=5
)


def _score(spans: list[tuple[int, int]], competency: str = "causes") -> Score:
    return score(competency, evidence=tuple(evidence(TEXT[a:b], start=a, end=b) for a, b in spans))


@given(SPANS, SPANS)
def test_the_pieces_of_a_turn_are_the_turn(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    """However evidence overlaps, the pieces together are what was said, and every evidence letter is marked."""
    views = turn_views(TRANSCRIPT, scorecard(_score(one), _score(other, "promises")), RUBRIC)
    assert ["".join(piece.text for piece in view.pieces) for view in views] == ["What did you do?", TEXT]
    assert [view.from_candidate for view in views] == [False, True]
    marked = [piece.evidence is not None for piece in views[1].pieces for _ in piece.text]
    assert marked == [any(a <= at < b for a, b in one + other) for at in range(len(TEXT))]
    assert all(piece.text for piece in views[1].pieces)
    assert not any(a.evidence is b.evidence is None for a, b in pairwise(views[1].pieces))


def test_without_a_card_nothing_is_marked() -> None:
    """A transcript that is not scored yet is plain."""
    assert [piece.evidence for view in turn_views(TRANSCRIPT, None, RUBRIC) for piece in view.pieces] == [None, None]


def test_a_quote_points_to_its_place() -> None:
    """A quote on the card has the anchor that its highlight in the transcript has."""
    card = scorecard(_score([(2, 20)]))
    view = card_view(card, RUBRIC, ReviewPolicy())
    (quote,) = view.competencies[0].quotes
    assert quote.anchor == "t1-2-20"
    assert quote.anchor in [piece.anchor for piece in turn_views(TRANSCRIPT, card, RUBRIC)[1].pieces]


def test_the_interval_stays_on_the_scale() -> None:
    """The aggregate has z standard errors on each side, and neither leaves levels 1 to 5."""
    view = card_view(scorecard(aggregate=4.9, standard_error=0.2), RUBRIC, ReviewPolicy(z=2))
    assert (view.aggregate, view.low, view.high) == (4.9, 4.5, 5.0)
    assert card_view(scorecard(aggregate=1.1), RUBRIC, ReviewPolicy(z=2)).low == 1.0
    assert [cut.at for cut in view.cuts] == [4.2]
    assert view.sentence == "2 of 2 competencies have evidence; together 4.9 of 5."


def test_no_number_is_shown_where_there_is_none() -> None:
    """Without an aggregate there is no interval, and the sentence says how many competencies have evidence."""
    card = scorecard(
        score(level=None, unscored=Unscored.NO_ANSWER), aggregate=None, standard_error=None, band="not_enough"
    )
    view = card_view(card, RUBRIC, ReviewPolicy())
    assert (view.aggregate, view.low, view.high, view.band_label) == (None, None, None, "Not enough evidence")
    assert view.sentence == "0 of 2 competencies have evidence, too few for a band."
    assert [c.unscored for c in view.competencies] == ["no answer", "not rated"]
    assert [c.anchor for c in view.competencies] == [None, None]
    assert set(UNSCORED) == set(Unscored)


def test_a_level_is_explained_by_the_anchor_it_met_and_the_next_one() -> None:
    """Halves count as the level below; nothing comes after the highest."""
    card = scorecard(score("causes", 3.5), score("promises", 5.0))
    causes, promises = card_view(card, RUBRIC, ReviewPolicy()).competencies
    assert (causes.anchor, causes.next_level, causes.next_anchor) == ("Shows level 3.", 4, "Shows level 4.")
    assert (promises.anchor, promises.next_level, promises.next_anchor) == ("Shows level 5.", None, None)
    assert causes.unscored is None


def test_the_card_says_where_it_comes_from() -> None:
    """Rubric, rater, prompt, parameters and use of the model: enough to do it again."""
    rater = scorecard().rater.__class__(
        kind=scorecard().rater.kind,
        name="model-x",
        parameters={"top_p": 1, "samples": 3},
        usage=Usage(requests=3, input_tokens=10, output_tokens=5),
    )
    facts = dict(card_view(scorecard(rater=rater, dropped_quotes=2), RUBRIC, ReviewPolicy()).provenance)
    assert facts == {
        "Rubric": "test/small 1.0.0",
        "Rubric hash": "0" * 64,
        "Rated by": "model-x",
        "Prompt hash": "none",
        "Samples": "3",
        "Top p": "1",
        "Requests": "3",
        "Tokens": "10 in, 5 out",
        "Quotes not found": "2",
    }


def test_decisions_and_choices() -> None:
    """A decision shows who, what and why with the band's label; the choices are the rubric's bands."""
    row = DecisionRow(
        case_id=uuid.UUID(int=1),
        interview_id=uuid.UUID(int=2),
        actor_id=uuid.UUID(int=3),
        actor_name="Dana",
        verdict=DecisionVerdict.OVERRIDE,
        band="strong",
        reason="The second answer shows more.",
        decided_at=datetime(2026, 11, 20, tzinfo=UTC),
    )
    view = decision_view(row, RUBRIC)
    assert (view.actor, view.verdict, view.band_label) == ("Dana", "override", "Strong evidence")
    row.band = None
    assert decision_view(row, RUBRIC).band_label is None
    assert [choice.key for choice in band_choices(RUBRIC)] == ["strong", "mixed", "not_enough"]


def test_a_level_lists_what_was_found_and_what_of_the_next_one_was_not() -> None:
    """By the rater's own checklist; where it kept none, nothing is said to be missing."""
    causes = RUBRIC.competency("causes")
    at = {anchor.level: anchor.indicators for anchor in causes.anchors}
    shown = (at[3][0].id,)
    view = card_view(scorecard(score("causes", 3.0, indicators=shown)), RUBRIC, ReviewPolicy()).competencies[0]
    assert view.shown == (at[3][0].text,)
    assert view.missing == tuple(one.text for one in at[4])
    silent = card_view(scorecard(score("causes", 3.0)), RUBRIC, ReviewPolicy()).competencies[0]
    assert (silent.shown, silent.missing) == ((), ())


def test_a_quote_has_the_words_around_it() -> None:
    """Whole words of the same answer, cut where they are many; nothing where the quote begins or ends the answer."""
    long = "one two three four five six seven eight nine ten " * 4
    text = f"{long}HERE IT IS {long}"
    transcript = Transcript((Turn(0, Speaker.INTERVIEWER, "Go on.", "one"), Turn(1, Speaker.CANDIDATE, text, "one")))

    def around(start: int, end: int) -> tuple[str, str]:
        card = scorecard(score("causes", evidence=(evidence(text[start:end], start=start, end=end),)))
        (quote,) = card_view(card, RUBRIC, ReviewPolicy(), transcript).competencies[0].quotes
        return quote.before, quote.after

    before, after = around(len(long), len(long) + 10)
    assert before.startswith("… ")
    assert (" ".join(text.split()).count(before[2:]) > 0, len(before) <= 92) == (True, True)
    assert (after.startswith("one two"), after.endswith(" …"), len(after) <= 92) == (True, True, True)
    assert after.removesuffix(" …").split()[-1] in long.split()
    assert around(0, len(text)) == ("", "")


def test_the_card_says_how_stable_it_is() -> None:
    """Only where there were several readings; a share where they differ."""

    def said(receipt: Receipt | None) -> str:
        return card_view(scorecard(receipt=receipt), RUBRIC, ReviewPolicy()).stability

    assert said(None) == said(Receipt(samples=1)) == ""
    assert said(Receipt(samples=3, spread=0.12, same_band=1.0)) == (
        "Read 3 times: the band was the same each time; the number moves by 0.1 levels (standard deviation)."
    )
    assert "in 33% of the pairs." in said(Receipt(samples=3, same_band=1 / 3))


def test_what_is_held_says_until_when_and_who_agrees() -> None:
    """The first person decided, the second one agrees; the reason is the first one's."""
    at = datetime(2026, 11, 20, tzinfo=UTC)

    def row(number: int, name: str, reason: str) -> HeldDecisionRow:
        return HeldDecisionRow(
            id=uuid.UUID(int=number),
            actor_name=name,
            verdict=DecisionVerdict.OVERRIDE,
            band="strong",
            reason=reason,
            decided_at=at,
            final_at=at,
        )

    first, second = row(1, "Dana", "It shows more."), row(2, "Kim", "")
    view = held_view(second, first, RUBRIC, mine=True)
    assert (view.actor, view.agreed_by, view.reason) == ("Dana", "Kim", "It shows more.")
    assert (view.band_label, view.final_at, view.mine) == ("Strong evidence", at, True)
    assert held_view(first, first, RUBRIC, mine=False).agreed_by == ""
