"""Reading level of English text: Flesch-Kincaid grade (Kincaid et al. 1975), syllables by hyphenation patterns."""

import functools
import re

import pyphen

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_SENTENCE_END = re.compile(r"[.!?…]+(?=[\s”\"’')]|$)")
_VOWELS = re.compile(r"[aeiouy]+")
_SILENT = re.compile(r"(?:[^aeiouyl]e|[^aeiouytd]ed|[^aeiouyscgxzh]es)$")


def grade(text: str) -> float:
    """School grade (United States) that reads the text with ease; 0.0 for a text without words."""
    words = _WORD.findall(text)
    if not words:
        return 0.0
    sentences = max(1, len(_SENTENCE_END.findall(text)))
    return 0.39 * len(words) / sentences + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def word_count(text: str) -> int:
    """Count words; numbers are not words."""
    return len(_WORD.findall(text))


@functools.lru_cache(maxsize=4096)
def syllables(word: str) -> int:
    """Count the syllables of an English word.

    Hyphenation never splits off a lone vowel (idea, over), so groups of vowels are the lower bound.
    """
    lower = word.lower()
    spoken = len(_VOWELS.findall(lower)) - bool(_SILENT.search(lower))
    return max(1, spoken, len(_hyphenation().positions(lower)) + 1)


@functools.cache
def _hyphenation() -> pyphen.Pyphen:
    return pyphen.Pyphen(lang="en_US", left=1, right=1)
