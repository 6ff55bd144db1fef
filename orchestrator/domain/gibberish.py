"""Answers that are no words: keyboard mash, and one thing said over and over. Bad spelling and terse lists are words."""

import re
from collections import Counter

from orchestrator.domain.language import function_share

_TOKEN = re.compile(r"[^\W\d_]{3,}")
_ANY_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm")
_SLIDE = 4
_SLIDES = frozenset(
    row[at : at + _SLIDE] for line in _ROWS for row in (line, line[::-1]) for at in range(len(line) - _SLIDE + 1)
)
# Ordinary words that slide over a row of keys.
_FINE = re.compile(r"(?:prop|p)ert(?:y|ies)|power\w*|weir\w*|tre(?:w|asur)\w*|\w*(?:wert|ertu|tyui)\w+", re.IGNORECASE)
# Pairs and runs that words of the languages we know hardly hold; y counts as a vowel, and so do letters with marks.
_ODD = re.compile(
    r"([a-z])\1\1|[bcdfghjklmnpqrstvwxz]{6,}|[aeiou]{5,}|q(?![uaei]|\b)|j[bcfghjklmpqrstvwxz]|[bcfghjkmpqvwxz]j"
    r"|v[bcdfghjkmpqtwxz]|x[bdgjkmnrvwxz]|[bfgjpqvwxz]x|z[bcfgjqrx]|[jqvx]z|[fghjkpqvwxz]q|w[jqvxz]|[dg]k[fjs]",
    re.IGNORECASE,
)
_VOWEL = re.compile(r"[aeiouyà-öø-ÿœ]", re.IGNORECASE)
_ACRONYM = 6
_MIN_LETTERS = 4
_ODD_SHARE = 0.4
_ODD_SHARE_BESIDE_WORDS = 0.7
_WORDY = 0.1
_REPEATED_WORDS = 12
_ONE_WORD_SHARE = 0.6
_FEW_WORDS = 3
_MANY_WORDS = 40
_NEW_WORDS_SHARE = 0.1


def is_gibberish(text: str) -> bool:
    """Say whether a text, other than empty, is made of no words or of hardly any different ones.

    Judged by the shape of its letters and by repetition alone; what the words mean is not looked at, so a text of real
    words in no order passes.
    """
    return _mashed(text) or _repeated(text)


def _mashed(text: str) -> bool:
    tokens = [token for token in _TOKEN.findall(text) if not (token.isupper() and len(token) <= _ACRONYM)]
    odd = sum(map(_is_odd, tokens))
    if not odd or sum(map(len, tokens)) < _MIN_LETTERS:
        return False
    return odd / len(tokens) >= (_ODD_SHARE_BESIDE_WORDS if function_share(text) >= _WORDY else _ODD_SHARE)


def _is_odd(token: str) -> bool:
    word = token.casefold()
    if not word.isascii():
        return False
    slides = any(word[at : at + _SLIDE] in _SLIDES for at in range(len(word) - _SLIDE + 1))
    return bool((slides and not _FINE.fullmatch(word)) or _ODD.search(word) or not _VOWEL.search(word))


def _repeated(text: str) -> bool:
    words = [word.casefold() for word in _ANY_WORD.findall(text)]
    if len(words) < _REPEATED_WORDS:
        return False
    count = Counter(words)
    commonest = count.most_common(1)[0][1]
    few = len(count) <= _FEW_WORDS or commonest >= _ONE_WORD_SHARE * len(words)
    return few or (len(words) >= _MANY_WORDS and len(count) < _NEW_WORDS_SHARE * len(words))
