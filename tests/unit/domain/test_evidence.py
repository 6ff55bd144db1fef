"""Evidence: every quote stands in what the candidate said (N6), and a bullet is one short line around one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from orchestrator.domain.evidence import (
    FUZZY_FLOOR,
    MAX_BULLET,
    MAX_BULLETS,
    MIN_QUOTE,
    Located,
    bullets,
    locate,
    same_place,
    shorten,
)
from orchestrator.domain.scorecard import Prepared, prepare
from orchestrator.domain.scoring import Match, QuoteClaim, Unscored
from orchestrator.domain.transcript import Speaker, Transcript, Turn
from tests.unit.domain.samples import evidence, score
from tests.unit.grading.examples import RUBRIC, competency

WORDS = st.lists(
    st.sampled_from(["I", "asked", "Ada", "what", "the", "cause", "was,", "“then”", "fixed", "it."]), max_size=14
)
SPACES = st.sampled_from([" ", "  ", "\n", "\u00a0"])
SPEAKERS = st.sampled_from(Speaker)


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    """A few turns of either speaker with words, odd spaces and the held name in them."""
    texts = draw(st.lists(st.tuples(SPEAKERS, WORDS, SPACES), min_size=1, max_size=4))
    return Transcript(
        tuple(Turn(index, who, space.join(words), f"q{index}") for index, (who, words, space) in enumerate(texts))
    )


def _prepared(transcript: Transcript) -> Prepared:
    return prepare(transcript, names=("Ada Quill",), contacts=())


def _one(text: str, *claims: QuoteClaim) -> tuple[Transcript, Prepared]:
    transcript = Transcript(
        (Turn(0, Speaker.INTERVIEWER, "What did you do about it?", "q"), Turn(1, Speaker.CANDIDATE, text, "q"))
    )
    return transcript, _prepared(transcript)


@given(transcripts(), st.data())
def test_every_located_quote_is_what_the_candidate_said(transcript: Transcript, data: st.DataObject) -> None:
    """Whatever is claimed, what is believed is a verbatim span of a candidate's turn, and the rest is counted."""
    ready = _prepared(transcript)
    claims: list[QuoteClaim] = []
    for turn in data.draw(st.lists(st.sampled_from(ready.transcript.turns), max_size=4)):
        start = data.draw(st.integers(0, len(turn.text)))
        text = turn.text[start : data.draw(st.integers(start, len(turn.text)))]
        claims.append(
            QuoteClaim(data.draw(st.integers(0, 5)), data.draw(st.sampled_from([text, text.upper(), f'"{text}"'])))
        )
    located = locate(claims, transcript, ready.blinded)
    turns = {turn.index: turn for turn in transcript.turns}
    for found in located.evidence:
        turn = turns[found.turn]
        assert turn.speaker is Speaker.CANDIDATE
        assert found.quote == turn.text[found.start : found.end]
        assert found.quote.strip()
        if "ada" in found.quote.lower():
            assert found.identifying
    places = [(e.turn, e.start, e.end) for e in located.evidence]
    assert len(places) == len(set(places))
    assert located.dropped + len(located.evidence) <= len(claims)


def test_exact_words_are_exact() -> None:
    """A quote as it was said is located as exact, with surrounding space left out."""
    transcript, ready = _one("First I asked what error she saw, then I looked.")
    (found,) = locate([QuoteClaim(1, "  I asked what error ")], transcript, ready.blinded).evidence
    assert (found.match, found.quote, found.start) == (Match.EXACT, "I asked what error", 6)


def test_the_same_words_written_otherwise_are_normalised() -> None:
    """Case, quotation marks, dashes and white space may differ; the evidence is what was really said."""
    transcript, ready = _one("She’s  out –\nso I called “the bank” myself.")
    (found,) = locate(
        [QuoteClaim(1, '"she\'s out - SO I called "the bank" myself"')], transcript, ready.blinded
    ).evidence
    assert found.match is Match.NORMALISED
    assert found.quote == "She’s  out –\nso I called “the bank” myself"


LONG = "First I asked what error she saw on the screen, then I called 3 colleagues and it was not the network."


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        ("First I asked what error she had seen on the screen", "First I asked what error she saw on the screen"),
        ("asked whta error she saw on teh screen, then", "asked what error she saw on the screen, then"),
        (
            "then I called 3 of my colleagues and it was not the network",
            "then I called 3 colleagues and it was not the network",
        ),
        ("alled 3 colleages and it was not the netwo", "called 3 colleagues and it was not the network"),
    ],
)
def test_nearly_the_same_words_are_shown_as_they_were_said(claim: str, quote: str) -> None:
    """Small slips of the rater are forgiven; what is kept is the candidate's own text, in whole words."""
    transcript, ready = _one(LONG)
    (found,) = locate([QuoteClaim(1, claim)], transcript, ready.blinded).evidence
    assert found.quote == quote
    assert quote == LONG[found.start : found.end]
    assert (found.found, found.match) == (Match.FUZZY, Match.NORMALISED)
    assert FUZZY_FLOOR <= found.similarity < 1


@pytest.mark.parametrize(
    "claim",
    [
        "then I called 4 colleagues and it was not the network",
        "then I called 3 colleagues and it was the network",
        "whta error she saw",
        "First I asked what fault she saw on the screen",
        "I solved everything on my own and my colleagues were very grateful",
        "Zuerst fragte ich, welchen Fehler sie auf dem Bildschirm sah",
        "First I asked it was not the network what error she saw",
        LONG * 20,
    ],
)
def test_what_says_something_else_is_not_nearly_the_same(claim: str) -> None:
    """Another number, a denial more or less, a short, translated, merged, made-up or giant quote is dropped."""
    transcript, ready = _one(LONG)
    assert locate([QuoteClaim(1, claim)], transcript, ready.blinded) == Located((), 1)


def test_a_quote_is_looked_for_everywhere_before_nearly_counts() -> None:
    """The exact words in another turn go before nearly the same words in the turn that the claim names."""
    near, exact = "I asked what errors she saw on a screen", "I asked what error she saw on the screen"
    transcript = Transcript((Turn(0, Speaker.CANDIDATE, near, "a"), Turn(1, Speaker.CANDIDATE, exact, "b")))
    located = locate([QuoteClaim(0, exact)], transcript, _prepared(transcript).blinded)
    assert [(e.turn, e.found) for e in located.evidence] == [(1, Match.EXACT)]


def test_nearly_the_same_with_a_name_in_it_is_marked() -> None:
    """The way back through blinding holds for such a span too: whole name, and never a bullet."""
    transcript, ready = _one("They said that Ada Quill fixed it before noon on Friday.")
    (found,) = locate([QuoteClaim(1, "said that [name] had fixed it before noon")], transcript, ready.blinded).evidence
    assert (found.quote, found.identifying, found.found) == (
        "said that Ada Quill fixed it before noon",
        True,
        Match.FUZZY,
    )


def test_places_are_the_same_where_they_share_most() -> None:
    """Two spans of one turn that share half of the longer one; never of two turns."""
    whole, half, third = evidence("x" * 30), evidence("x" * 15), evidence("x" * 14)
    assert same_place(whole, half)
    assert same_place(half, whole)
    assert not same_place(whole, third)
    assert not same_place(whole, replace(whole, turn=2))


def test_what_the_interviewer_said_is_no_evidence() -> None:
    """A claim that stands only in the question is dropped."""
    transcript, ready = _one("I looked into the log of the shop.")
    assert locate([QuoteClaim(0, "What did you do about it?")], transcript, ready.blinded) == locate(
        [QuoteClaim(1, "nobody said these words")], transcript, ready.blinded
    )


def test_next_to_nothing_is_no_quote() -> None:
    """A quote needs some length, also once its quotation marks are off."""
    transcript, ready = _one("I asked. ............ I asked.")
    assert locate([QuoteClaim(1, "I asked.")], transcript, ready.blinded).dropped == 1
    assert locate([QuoteClaim(1, '"""" asked """"')], transcript, ready.blinded).dropped == 1
    assert locate([QuoteClaim(1, "I           asked")], transcript, ready.blinded).dropped == 1
    assert len('"""" asked """"') >= MIN_QUOTE


def test_the_named_turn_is_tried_first() -> None:
    """Where two turns hold the same words, the claim's own turn counts; a wrong turn is put right."""
    said = "I asked what error she saw"
    transcript = Transcript((Turn(0, Speaker.CANDIDATE, said, "a"), Turn(1, Speaker.CANDIDATE, said, "b")))
    ready = _prepared(transcript)
    turns = [e.turn for e in locate([QuoteClaim(1, said), QuoteClaim(7, said)], transcript, ready.blinded).evidence]
    assert turns == [1, 0]


def test_the_same_span_twice_is_one_piece_of_evidence() -> None:
    """A repeated claim is neither counted twice nor dropped."""
    transcript, ready = _one("I asked what error she saw.")
    located = locate(
        [QuoteClaim(1, "I asked what error"), QuoteClaim(1, "I asked what error")], transcript, ready.blinded
    )
    assert (len(located.evidence), located.dropped) == (1, 0)


def test_a_quote_with_a_blinded_name_is_marked() -> None:
    """What touches a neutral word is found, is verbatim, and is marked as identifying."""
    transcript, ready = _one("They said Ada fixed it before noon.")
    (found,) = locate([QuoteClaim(1, "said [name] fixed it")], transcript, ready.blinded).evidence
    assert (found.quote, found.identifying) == ("said Ada fixed it", True)


@given(
    st.text(min_size=MIN_QUOTE, max_size=400).filter(str.strip), st.sampled_from(["a", "n" * 240, "Long name " * 20])
)
def test_a_bullet_is_one_short_line_around_a_verbatim_quote(text: str, name: str) -> None:
    """At most 250 characters, one line, the quote inside, and the quote verbatim in what was said."""
    rubric = replace(RUBRIC, competencies=(competency(name),))
    (bullet,) = bullets([score(name, 3.5, evidence=(evidence(text),))], rubric)
    assert len(bullet.text) <= MAX_BULLET
    assert bullet.quote
    assert bullet.quote in bullet.text
    assert bullet.quote in text
    assert len(bullet.text.splitlines()) == 1


def test_a_bullet_is_cut_at_a_sentence_or_a_word() -> None:
    """Long quotes end at a sentence if that keeps half of the room, otherwise at a word, otherwise anywhere."""
    assert shorten("One two three. Four five six", 20) == "One two three."
    assert shorten("One. Two three, four five six", 16) == "One. Two three"
    assert shorten("x" * 30, 10) == "x" * 10
    assert shorten(";" * 30, 10) == ";" * 10
    assert shorten(" first line \nsecond", 50) == "first line"


def test_the_weightiest_competencies_come_first_and_three_are_enough() -> None:
    """Order is by weight; no level, no evidence, or only identifying evidence makes no bullet."""
    names = ["w1", "w2", "w3", "w4", "w5", "w6", "w7"]
    rubric = replace(RUBRIC, competencies=tuple(competency(n, float(w)) for w, n in enumerate(names, start=1)))
    quoted = (evidence(),)
    made = bullets(
        [
            *(score(n, 4, evidence=quoted) for n in names[:4]),
            score("w5", None, unscored=Unscored.NO_ANSWER, evidence=quoted),
            score("w6", 4),
            score("w7", 4, evidence=(evidence(identifying=True),)),
        ],
        rubric,
    )
    assert [b.competency for b in made] == ["w4", "w3", "w2"]
    assert len(made) == MAX_BULLETS


def test_the_fullest_quote_is_chosen() -> None:
    """Of several quotes the longest counts, up to a length at which more is no gain."""
    short, long, longer = evidence("x" * 20), evidence("y" * 160), evidence("z" * 200)
    (bullet,) = bullets([score("causes", 4, evidence=(short, long, longer))], RUBRIC)
    assert bullet.quote == "y" * 160
    assert bullet.text == f"Causes, 4 of 5: “{'y' * 160}”"
