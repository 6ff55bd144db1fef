"""Grading of a short answer against a reference answer: no model, no network, no training, the same result every time.

The reference is read as a checklist of statements. The strength of an answer is the mean share of them that one of its
passages says; a fixed curve turns strength into a score. It reads words and not meaning, so its interval is wide.
"""

import itertools
import re
from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct

from orchestrator.domain.evidence import MIN_QUOTE
from orchestrator.domain.suspicion import suspicious_spans
from orchestrator.grading.account import counted
from orchestrator.grading.coverage import (
    Passage,
    Words,
    contradicts,
    coverage,
    passages,
    statements,
    weight,
    words_of,
    words_of_rubric,
)
from orchestrator.grading.wording import FUNCTION_STEMS, Sentence, stems

MAX_QUOTES = 3
EMPTY = "empty"
GIBBERISH = "gibberish"
COPIED_QUESTION = "copied_question"
POSSIBLE_INJECTION = "possible_injection"
CONTRADICTION = "contradiction"

# Strength and the score that it stands for. The three inner points were chosen on one half of the SAF answers (see
# docs/explanation/grading.md), where most answers that say a fifth of the reference in its own words are right.
CURVE = ((0.0, 0.0), (0.04, 0.25), (0.1, 0.5), (0.22, 0.75), (0.5, 1.0))
# Nine of ten scores of that half lie at most this far from what a person gave.
ERROR = 0.45
_CONTRADICTED = 0.1
_QUOTED = 0.25
_SAID = 0.5
_COPIED_SHARE, _COPIED_WORDS = 0.85, 3
_MIN_READABLE, _MIN_FUNCTION_SHARE = 6, 0.1
_NON_ANSWER = re.compile(
    r"""(?ix)\W*(
        (no|empty|blank|missing)\s+(response|submission|answer|reply|attempt)(\s+given)? | none | n/?a | nil | skip(ped)?
        | (sorry\W+)?i?\s*(do\s+not|don['’]?t)\s+(know|remember)(\s+(it|this|that|the\s+answer))?
        | (sorry\W+)?(i\s+have\s+)?no\s+(idea|clue) | idk
    )\W*"""
)


class ReferenceRequest(Struct, frozen=True, kw_only=True):
    """A question with its reference answer, and an answer to grade on the levels 0 to ``max_level``."""

    question: str
    reference: str
    answer: str
    max_level: int


class ReferenceReply(Struct, frozen=True, kw_only=True):
    """The level with the score (0 to 1) behind it; ``interval`` of the score holds about nine of ten human scores.

    ``level`` is None only where the reference says nothing to compare with. ``quotes`` are spans of the answer, and
    ``flagged`` says what a person should know, by the codes of this module.
    """

    level: int | None
    score: float
    interval: tuple[float, float]
    quotes: tuple[str, ...] = ()
    flagged: tuple[str, ...] = ()


class _Item(Struct, frozen=True):
    """A statement of the reference with its weight."""

    words: Words
    weight: float


class _Reading(Struct, frozen=True):
    """An item with the passage that says most of it."""

    item: _Item
    share: float
    passage: Passage
    contradicted: bool


def grade_reference(request: ReferenceRequest) -> ReferenceReply:
    """Grade one answer. Never fails; what cannot be an answer has level 0 and a flag that says why."""
    items = _items(request.question, request.reference)
    if not items:
        return ReferenceReply(level=None, score=0.0, interval=(0.0, 1.0))
    known = words_of_rubric(request.question)
    suspicious = suspicious_spans(request.answer)
    kept = counted(request.answer, suspicious)
    flagged = (POSSIBLE_INJECTION,) if suspicious else ()
    reason = _no_answer(request, kept, items)
    if reason:
        return _nothing((*flagged, reason))
    said = passages(request.answer, kept)
    readings = [_read(item, said, known) for item in items]
    if any(reading.contradicted for reading in readings):
        flagged = (*flagged, CONTRADICTION)
    score = _score(_strength(readings))
    return ReferenceReply(
        level=level_of(score, request.max_level),
        score=round(score, 4),
        interval=(round(max(0.0, score - ERROR), 4), round(min(1.0, score + ERROR), 4)),
        quotes=_quotes(request.answer, kept, readings, known),
        flagged=flagged,
    )


def level_of(score: float, max_level: int) -> int:
    """The level of a score from 0 to 1, on levels of equal width from 0 to ``max_level``."""
    return min(max_level, int(score * (max_level + 1)))


def _nothing(flagged: tuple[str, ...]) -> ReferenceReply:
    return ReferenceReply(level=0, score=0.0, interval=(0.0, ERROR), flagged=flagged)


@lru_cache(maxsize=1024)
def _items(question: str, reference: str) -> tuple[_Item, ...]:
    known = words_of_rubric(question)
    return tuple(_Item(words_of(text), weight(words_of(text), known)) for text in statements(reference))


def _no_answer(request: ReferenceRequest, kept: Sequence[Sentence], items: Sequence[_Item]) -> str | None:
    """Why a text is no answer, if it is none."""
    said = frozenset(stem for one in kept for stem in one.stems)
    content = said - FUNCTION_STEMS
    if not content or _NON_ANSWER.fullmatch(request.answer):
        return EMPTY
    asked = frozenset(stems(request.question)) - FUNCTION_STEMS
    if len(content) >= _COPIED_WORDS and len(content & asked) >= _COPIED_SHARE * max(len(content), len(asked)):
        return COPIED_QUESTION
    count = sum(len(one.stems) for one in kept)
    readable = sum(stem in FUNCTION_STEMS for one in kept for stem in one.stems) >= _MIN_FUNCTION_SHARE * count
    named = asked.union(*(item.words.stems for item in items))
    return GIBBERISH if count >= _MIN_READABLE and not readable and not content & named else None


def _read(item: _Item, said: Sequence[Passage], known: Words) -> _Reading:
    share, passage = max(((coverage(item.words, one.words, known), one) for one in said), key=lambda pair: pair[0])
    contradicted = share >= _SAID and contradicts(item.words, passage.words)
    return _Reading(item, share * (_CONTRADICTED if contradicted else 1.0), passage, contradicted)


def _strength(readings: Sequence[_Reading]) -> float:
    whole = sum(reading.item.weight for reading in readings)
    return sum(reading.share * reading.item.weight for reading in readings) / whole


def _score(strength: float) -> float:
    """The curve at a strength, straight between its points."""
    for (left, low), (right, high) in itertools.pairwise(CURVE):
        if strength < right:
            return low + (high - low) * (strength - left) / (right - left)
    return CURVE[-1][1]


def _quotes(answer: str, kept: Sequence[Sentence], readings: Sequence[_Reading], known: Words) -> tuple[str, ...]:
    """The sentences that say most of the statements that the answer covers best."""
    telling = sorted((one for one in readings if one.share >= _QUOTED), key=lambda one: -one.share)
    spans = [(one.start, one.end) for one in kept if one.end - one.start >= MIN_QUOTE]
    if not spans:
        return (answer.strip(),) if telling else ()
    found = (
        max(spans, key=lambda span: coverage(one.item.words, words_of(answer[slice(*span)]), known)) for one in telling
    )
    return tuple(answer[slice(*span)] for span in tuple(dict.fromkeys(found))[:MAX_QUOTES])
