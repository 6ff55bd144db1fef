"""Sentences, stems and cue phrases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.grading import wording
from orchestrator.grading.wording import says, sentences, stems


@pytest.mark.parametrize(
    ("text", "cue", "expected"),
    [
        ("I ruled out the router", "ruled out", True),
        ("Ruling out the router helped", "ruled out", True),
        ("I asked Maria what she saw", "asked what", True),
        ("I asked my old boss about what", "asked what", False),
        ("I asked him to try", "asked her to try", True),
        ("I asked [name] to try", "asked her to try", True),
        ("I reproduced it", "reproduc", True),
        ("I stopped and tried", "stop", True),
        ("I’d say it didn’t matter", "didn't matter", True),
        ("I did not rule out the router", "ruled out", False),
        ("We never really ruled out anything", "ruled out", False),
        ("I ruled nothing out", "ruled out", False),
        ("It did not matter", "did not matter", True),
        ("The last one", "last", True),
        ("Lastly I left", "last", False),
        ("Nothing like that", "...", False),
        ("I kept list of names", "kept a list", True),
        ("I kept one list of names", "kept a list", True),
        ("It is like a door", "like a", True),
        ("As you like", "like a", False),
        ("I called the custommer back", "customer", True),
        ("I reproduzed it", "reproduced", True),
        ("I stopped it", "stepped", False),
        ("The custom is old", "customer", False),
        ("I did not reproduze it", "reproduced", False),
    ],
)
def test_a_cue_is_found_in_other_forms_but_not_negated(text: str, cue: str, *, expected: bool) -> None:
    """Inflected, with one word between, for another person: yes. Denied: no."""
    (sentence,) = sentences(text)
    assert says(sentence, cue) is expected


def test_sentences_end_at_marks_and_lines_only() -> None:
    """Numbers and addresses stay whole; lines without a word are no sentence."""
    text = "It took 3.5 days. Really?! See example.org now\n - \nDone"
    assert [text[s.start : s.end] for s in sentences(text)] == [
        "It took 3.5 days.",
        "Really?!",
        "See example.org now",
        "Done",
    ]


def test_content_leaves_function_words_out() -> None:
    """Words without meaning of their own do not make an answer longer."""
    (sentence,) = sentences("I was there because this does have the router")
    assert sentence.content == {"router"}


def test_stems_keep_short_words() -> None:
    """An ending is cut only where a stem is left."""
    assert stems("red ring classes glass try tried") == ("red", "ring", "class", "glass", "tri", "tri")


@given(st.text())
def test_sentences_are_spans_in_order(text: str) -> None:
    """Spans do not overlap, and none begins or ends with white space."""
    at = 0
    for sentence in sentences(text):
        assert at <= sentence.start < sentence.end
        span = text[sentence.start : sentence.end]
        assert span == span.strip()
        at = sentence.end


def test_nothing_of_an_answer_stays_in_memory() -> None:
    """Deleted words are gone from caches too (N10): a new answer adds nothing to what was kept for its rubric's cues."""

    def kept() -> dict[str, int]:
        return {name: one.cache_info().misses for name, one in vars(wording).items() if hasattr(one, "cache_info")}

    def read(text: str) -> list[bool]:
        return [says(sentence, "asked the zebra") for sentence in sentences(text)]

    assert read("I asked the zebra what it saw.") == [True]
    before = kept()
    assert before
    assert read("Yesterday I asked a zebra. It was the quagga that saw it.") == [True, False]
    assert kept() == before
