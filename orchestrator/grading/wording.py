"""Words of an answer as the embedded grader compares them: sentences with offsets, stems, and cue phrases."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from msgspec import Struct
from rapidfuzz import fuzz

_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?!\s|$)[^.!?\n]*)*[.!?]*")
_TOKEN = re.compile(r"\[\w+\]|\d+[.,]\d+|[^\W_]+(?:['’][^\W_]+)*")
_PRONOUNS = frozenset({"him", "her", "them", "us", "[name]"})
_NEGATION_REACH = 2
_MIN_STEM = 3
_MIN_PREFIX = 5
_MIN_MISSPELT = 6
_ALIKE = 87.0
_ARTICLES = frozenset({"a", "an", "the"})
_FUNCTION_WORDS = """
a about all also am an and are as at be because been but by can could did do does for from had has have he her him his
i if in into is it its just me my no not of on or our out she so some than that the their them then there they this to
up us was we were what when which who will with would you your
"""
_NEGATING_WORDS = "not never no nobody nothing without cannot hardly"


class Sentence(Struct, frozen=True):
    """A sentence at ``text[start:end]`` of its turn, with its stems in order."""

    start: int
    end: int
    stems: tuple[str, ...]

    @property
    def content(self) -> frozenset[str]:
        """The stems that carry meaning."""
        return frozenset(self.stems) - FUNCTION_STEMS


def sentences(text: str) -> Iterator[Sentence]:
    """Split a text at sentence ends and line breaks, so that 3.5 and example.org stay whole."""
    for match in _SENTENCE.finditer(text):
        whole = match.group()
        start = match.start() + len(whole) - len(whole.lstrip())
        found = stems(whole)
        if found:
            yield Sentence(start, match.start() + len(whole.rstrip()), found)


def stems(text: str) -> tuple[str, ...]:
    """The stems of a text in order; pronouns for other people count as one word. Keeps nothing of it in memory (N10)."""
    return tuple(_stem(token.casefold().replace("’", "'")) for token in _TOKEN.findall(text))


@lru_cache(maxsize=4096)
def stems_of_rubric(text: str) -> tuple[str, ...]:
    """The same for what a rubric says, which stays in memory: never for what a candidate said."""
    return stems(text)


def says(sentence: Sentence, cue: str) -> bool:
    """Say whether a sentence holds a cue: its words in order, at most one other word between two, and not negated.

    The cue's last word may be the beginning of a word, such as ``reproduc``. Articles count on neither side, since people
    who learnt English late leave them out or put them elsewhere, and longer words may have a slip of the pen.
    """
    wanted, said = _wanted(cue), sentence.stems
    if not wanted:
        return False
    first, alone = wanted[0], len(wanted) == 1
    # Most sentences hold not even the first word of most cues.
    starts = [start for start, word in enumerate(said) if _same(word, first, prefix=alone)]
    if starts and not alone and _ARTICLES.isdisjoint(wanted):
        said = _without_articles(said)
        starts = [start for start, word in enumerate(said) if _same(word, first, prefix=alone)]
    return any(
        _follows(said, start, wanted) and (negates(wanted) or not negates(_before(said, start))) for start in starts
    )


@lru_cache(maxsize=4096)
def _wanted(cue: str) -> tuple[str, ...]:
    """The stems of a cue that an answer must hold. "Like a" would be no more than "like", so there the article counts."""
    whole = stems_of_rubric(cue)
    plain = _without_articles(whole)
    return plain if len(plain) > 1 else whole


def _without_articles(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if word not in _ARTICLES)


def _follows(words: Sequence[str], start: int, wanted: Sequence[str]) -> bool:
    at = start
    for place, stem in enumerate(wanted):
        last = place == len(wanted) - 1
        gap = 1 if place else 0
        reach = words[at : at + 1 + gap]
        step = next((offset for offset, word in enumerate(reach) if _same(word, stem, prefix=last)), None)
        if step is None or negates(reach[:step]):
            return False
        at += step + 1
    return bool(wanted)


def _same(word: str, stem: str, *, prefix: bool) -> bool:
    if word == stem or (prefix and len(stem) >= _MIN_PREFIX and word.startswith(stem)):
        return True
    return min(len(word), len(stem)) >= _MIN_MISSPELT and word[0] == stem[0] and fuzz.ratio(word, stem) >= _ALIKE


def _before(words: Sequence[str], start: int) -> Sequence[str]:
    return words[max(0, start - _NEGATION_REACH) : start]


def negates(words: Sequence[str]) -> bool:
    """Say whether one of the stems denies something."""
    return any(word in _NEGATING_STEMS or word.endswith("n't") for word in words)


def _stem(word: str) -> str:
    if word in _PRONOUNS:
        return "them"
    for ending in ("ing", "ed", "es", "s", "e"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= _MIN_STEM and not word.endswith("ss"):
            return _plain(stem)
    return _plain(word)


def _plain(stem: str) -> str:
    if len(stem) > _MIN_STEM and stem[-1] == stem[-2] and stem[-1] not in "aeiouls":
        stem = stem[:-1]
    return f"{stem[:-1]}i" if len(stem) >= _MIN_STEM and stem.endswith("y") else stem


FUNCTION_STEMS = frozenset(stems(_FUNCTION_WORDS))
_NEGATING_STEMS = frozenset(stems(_NEGATING_WORDS))
