"""What an answer shows of a rubric's checklist: by the cues of an indicator, or by its own words where it has no cue.

An indicator without cues is shown by a passage that says enough of it. Descriptions of low and of high levels use the same
words, so a passage that limits what it says (not, not always, by eye) can only show an indicator of levels 1 and 2, and
one that does not can only show one from 3 upwards.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce

from msgspec import Struct

from orchestrator.domain.blinding import Span
from orchestrator.domain.transcript import Turn
from orchestrator.grading.account import counted, limits
from orchestrator.grading.coverage import Words, both, coverage, words_of, words_of_rubric, words_of_stems
from orchestrator.grading.wording import Sentence, says, stems_of_rubric
from rubrics.schema import Competency, Indicator, Question

# A sentence shows one indicator, and one more for every six words, up to four: a list of catchwords is no account.
WORDS_PER_INDICATOR = 6
MAX_PER_SENTENCE = 4
# The share of an indicator's own words that a passage must say to show it.
ENOUGH = 0.25
SOMETHING = 0.1
# Words with a meaning that a later answer must share with a sentence to take it back.
SHARED = 2
_LOW = 2
_NOTHING_KNOWN = Words(frozenset(), frozenset(), ())


class Heard(Struct, frozen=True):
    """A sentence of a turn, as the candidate said it, with the ids of the indicators that it shows."""

    turn: int
    text: str
    sentence: Sentence
    shown: tuple[str, ...]


def heard(
    turns: Sequence[Turn],
    competency: Competency,
    questions: Sequence[Question],
    suspicious: Mapping[int, Sequence[Span]],
) -> tuple[Heard, ...]:
    """The sentences that count: each once, however often it is said, and none that speaks to a grader (N11)."""
    topic = topic_of(competency, questions)
    asked = {question.id: question.text for question in questions}
    said: set[tuple[str, ...]] = set()
    found: list[Heard] = []
    for turn in turns:
        new = [one for one in counted(turn.text, suspicious.get(turn.index, ())) if one.stems not in said]
        said.update(one.stems for one in new)
        found += _of_turn(turn, new, competency, topic, asked.get(turn.question_id, ""))
    return tuple(found)


def taken_back(said: Sequence[Heard], turns: Sequence[Turn], questions: Sequence[Question]) -> frozenset[str]:
    """Ids of what an answer showed and a later one limits: with its question it shares words with what was said before."""
    asked = {question.id: question.text for question in questions}
    back: set[str] = set()
    for turn in turns:
        own = [one.text for one in said if one.turn == turn.index]
        if any(limits(text) for text in own):
            words = words_of("\n".join([asked.get(turn.question_id, ""), *own])).stems
            back.update(
                indicator
                for one in said
                if one.turn < turn.index and len(words_of(one.text).stems & words) >= SHARED
                for indicator in one.shown
            )
    return frozenset(back)


def topic_of(competency: Competency, questions: Sequence[Question]) -> frozenset[str]:
    """The stems of everything that the rubric says about a competency, and of the questions that ask for it."""
    anchors = [anchor.behaviour for anchor in competency.anchors]
    indicators = [indicator.text for _, indicator in _indicators(competency)]
    texts = [competency.name, competency.definition, *anchors, *indicators, *(question.text for question in questions)]
    return frozenset(stem for text in texts for stem in stems_of_rubric(text))


def _of_turn(
    turn: Turn, kept: Sequence[Sentence], competency: Competency, topic: frozenset[str], question: str
) -> Iterator[Heard]:
    wordless = [(level, one) for level, one in _indicators(competency) if not one.cues]
    for place, sentence in enumerate(kept):
        by_cue = _by_cue(sentence, competency, topic)
        text = turn.text[sentence.start : sentence.end]
        if not wordless:
            yield Heard(turn.index, text, sentence, by_cue)
            continue
        limited = limits(text)
        words = _with_the_next(turn.text, kept[place : place + 2], limited=limited)
        # What limits itself answers its question, so the question's words count there too.
        words = both(words, words_of_rubric(question)) if limited else words
        yield Heard(turn.index, text, sentence, (*by_cue, *_by_words(words, wordless, limited=limited)))


def _with_the_next(text: str, passage: Sequence[Sentence], *, limited: bool) -> Words:
    """The words of a sentence, and of the one after it if both limit what they say or neither does."""
    alike = [one for one in passage if limits(text[one.start : one.end]) == limited]
    return reduce(both, (words_of_stems(one.stems) for one in alike))


def _by_words(words: Words, wordless: Sequence[tuple[int, Indicator]], *, limited: bool) -> tuple[str, ...]:
    """The indicator that a passage shows best, if it says enough of any indicator and something of this one."""
    able = [(coverage(words_of_rubric(one.text), words, _NOTHING_KNOWN), level, one.id) for level, one in wordless]
    if max(able)[0] < ENOUGH:
        return ()
    share, _, best = max((one for one in able if (one[1] <= _LOW) == limited), default=(0.0, 0, ""))
    return (best,) if share >= SOMETHING else ()


def _by_cue(sentence: Sentence, competency: Competency, topic: frozenset[str]) -> tuple[str, ...]:
    """Ids of the indicators that a sentence shows. A cue of one word means little unless the sentence is on the topic."""
    on_topic = bool(sentence.content & topic)
    shown = (
        indicator.id
        for _, indicator in _indicators(competency)
        if any((on_topic or len(stems_of_rubric(cue)) > 1) and says(sentence, cue) for cue in indicator.cues)
    )
    return tuple(itertools.islice(shown, min(MAX_PER_SENTENCE, 1 + len(sentence.stems) // WORDS_PER_INDICATOR)))


def _indicators(competency: Competency) -> Iterator[tuple[int, Indicator]]:
    for anchor in competency.anchors:
        for indicator in anchor.indicators:
            yield anchor.level, indicator
