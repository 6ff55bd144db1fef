"""How much of a statement a text says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.grading import coverage as module
from orchestrator.grading.coverage import (
    contradicts,
    coverage,
    passages,
    statements,
    weight,
    words_of,
    words_of_rubric,
)

NOTHING = words_of("")


def share(statement: str, text: str, known: str = "") -> float:
    return coverage(words_of(statement), words_of(text), words_of(known))


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("One thing. Another thing", ["One thing.", "Another thing"]),
        ("1. first 2) second\n- third", ["first", "second", "third"]),
        ("red; green", ["red", "green"]),
        ("It takes 3.5 days of work", ["It takes 3.5 days of work"]),
        ("the same\nthe same", ["the same"]),
        ("...\n-\nof the", []),
    ],
)
def test_a_reference_is_split_into_statements(reference: str, expected: list[str]) -> None:
    """Lines, list items, sentences and parts between semicolons, each once, none without a meaning."""
    assert [one for one in statements(reference) if one != "the same" or expected] == expected


def test_all_and_nothing() -> None:
    """The ends of the scale, whatever the order, the case and the words between."""
    assert share("The cable was broken", "Broken, so it seems, was the CABLE, or so.") > 0.6
    assert share("The cable was broken", "The cable was broken") == 1.0
    assert share("The cable was broken", "Green apples") == 0.0
    assert share("", "Green apples") == 0.0


def test_what_the_question_gives_away_counts_less() -> None:
    """The words that the question does not have make the difference."""
    known = "Which cable was broken?"
    assert share("The blue cable", "the blue", known) > share("The blue cable", "the cable", known)
    assert weight(words_of("The blue cable"), words_of(known)) < weight(words_of("The blue cable"), NOTHING)


def test_denied_words_are_other_words() -> None:
    """Who denies something does not say it."""
    assert share("It loses packets", "It does not lose packets") < share("It loses packets", "It loses packets now")
    assert share("It does not lose packets", "It never loses packets") == 1.0


def test_a_passage_is_a_sentence_and_the_next() -> None:
    """The last one stands alone; sentences that say nothing are passed over."""
    text = "I tested it. It was that. Then I wrote it down."
    assert [text[one.start : one.end] for one in passages(text)] == [text, "Then I wrote it down."]


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=80))
def test_a_share_is_a_share(statement: str, text: str, more: str) -> None:
    """Always from 0 to 1, and saying more never covers less, as long as nothing is denied."""
    assert 0 <= share(statement, text) <= 1
    words, longer = words_of(text), words_of(f"{text}\n{more}")
    if words.stems <= longer.stems and words.runs <= longer.runs:
        assert coverage(words_of(statement), words, NOTHING) <= coverage(words_of(statement), longer, NOTHING)


def test_nothing_of_an_answer_stays_in_memory() -> None:
    """Deleted words are gone from caches too (N10): a new answer adds nothing to what was kept for its reference."""

    def kept() -> dict[str, int]:
        return {name: one.cache_info().misses for name, one in vars(module).items() if hasattr(one, "cache_info")}

    def read(text: str) -> float:
        (wanted,) = [words_of_rubric(statement) for statement in statements("The zebra was fast")]
        said = [words_of(text), *(passage.words for passage in passages(text))]
        assert not any(contradicts(wanted, words) for words in said)
        return max(coverage(wanted, words, NOTHING) for words in said)

    assert read("The zebra was fast.") > read("The zebra was brown.")
    before = kept()
    assert before
    assert read("I found the quagga. It was quick.") > 0
    assert kept() == before
