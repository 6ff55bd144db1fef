"""How much of a statement a text says, whatever else it says: by stems with their synonyms, and by runs of letters.

Runs of four letters forgive spelling, other endings and compound words. A text is read a sentence and the one after it
at a time, so neither its length nor what stands elsewhere in it counts.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from msgspec import Struct

from orchestrator.grading.wording import FUNCTION_STEMS, Sentence, negates, sentences, stems

RUN = 4
# A word of negation denies so many words with a meaning after it, and opposites count so near to the same word.
DENIAL_REACH = 1
REACH = 1
DENIED = "not "
# A word that the question gives away says little about the answer.
KNOWN_WEIGHT = 0.3
# Words of one line mean the same in most answers about work or study. General English only: the first stands for all.
_SYNONYMS = """
increase rise grow raise gain
decrease reduce drop fall lower shrink decline diminish
fast quick quickly rapid rapidly speed
begin start initial
end finish stop terminate
send transmit forward deliver
receive get obtain accept
error mistake fault failure
allow enable permit let
need require must necessary
use utilize utilise employ
show display
big large huge
small little tiny
example instance
important main essential crucial
change modify alter adapt adjust vary
make create build produce generate construct
help support assist
protect secure safe security
simple easy easily simplify
complex complicated
different distinct differ
same equal identical
part piece portion
every each all
cost expense price
remove delete
check verify confirm test
problem issue trouble difficulty challenge
method way approach
benefit advantage
drawback disadvantage
connect link
lose loss lost
answer reply respond response
customer client buyer
happen occur appear
contain hold include
store save keep
compute calculate
2 two twice
3 three
4 four
5 five
6 six
7 seven
8 eight
9 nine
10 ten
"""
_OPPOSITES = """
increase decrease
fast slow
same different
simple complex
big small
high low
always never
possible impossible
"""
_LIST_MARK = r"(?:^|(?<=\s))(?:\(?(?:\d{1,2}|[a-h]|i{1,3}|iv|v)[.)](?!\d)|[-•●○*→]+)"
_NUMBER = re.compile(r"[0-9]{1,15}([.,][0-9]{1,15})?")
_STATEMENT_END = re.compile(rf"\n+|(?<=[.!?;])\s+|;|{_LIST_MARK}")


class Words(Struct, frozen=True):
    """What counts of a text: its stems that carry meaning, one for all synonyms, and the runs of letters of them in order."""

    stems: frozenset[str]
    runs: frozenset[str]
    order: tuple[str, ...]


class Passage(Struct, frozen=True):
    """A sentence of a text with the one after it, ``text[start:end]``."""

    start: int
    end: int
    words: Words


def words_of(text: str) -> Words:
    """The words of a text; both sets are empty where it has none with a meaning. Keeps nothing in memory (N10)."""
    return words_of_stems(stems(text))


@lru_cache(maxsize=4096)
def words_of_rubric(text: str) -> Words:
    """The same for what a rubric or a reference says, which stays in memory: never for what a candidate said."""
    return words_of(text)


def words_of_stems(found: Sequence[str]) -> Words:
    """The words of stems in the order of their text."""
    order = tuple(_meant(found))
    line = " ".join(order)
    return Words(frozenset(order), frozenset(line[at : at + RUN] for at in range(len(line) - RUN + 1)), order)


def both(one: Words, other: Words) -> Words:
    """The words of two sentences. No run of letters goes from one into the other."""
    return Words(one.stems | other.stems, one.runs | other.runs, (*one.order, *other.order))


@lru_cache(maxsize=4096)
def statements(text: str) -> tuple[str, ...]:
    """Split a reference into what it states: lines, list items, sentences and parts between semicolons."""
    parts = (part.strip() for part in _STATEMENT_END.split(text))
    return tuple(dict.fromkeys(part for part in parts if words_of_rubric(part).stems))


def passages(text: str, kept: Sequence[Sentence] | None = None) -> tuple[Passage, ...]:
    """The passages of a text, or of those of its sentences that are ``kept``, without the ones that say nothing."""
    telling = [one for one in (sentences(text) if kept is None else kept) if one.content]
    following = [*telling[1:], None]
    return tuple(_passage(one, after) for one, after in zip(telling, following, strict=True))


def coverage(statement: Words, text: Words, known: Words) -> float:
    """The share of a statement, 0 to 1, that a text says. What is ``known`` from the question counts for less."""
    by_stem = _share(statement.stems, text.stems, known.stems)
    if not statement.runs:
        return by_stem
    return (by_stem + _share(statement.runs, text.runs, known.runs)) / 2


def contradicts(statement: Words, text: Words) -> bool:
    """Say whether a text denies a word of the statement, or says its opposite, beside a word that stands there too."""
    return any(
        _beside(word, statement) & _beside(other, text)
        for word in statement.stems - text.stems
        for other in (f"{DENIED}{word}", *_opposites().get(word, ()))
        if other in text.stems - statement.stems
    )


def weight(statement: Words, known: Words) -> float:
    """How much a statement has to say, in words."""
    return len(statement.stems - known.stems) + KNOWN_WEIGHT * len(statement.stems & known.stems)


def _share(wanted: frozenset[str], found: frozenset[str], known: frozenset[str]) -> float:
    new, given = wanted - known, wanted & known
    whole = len(new) + KNOWN_WEIGHT * len(given)
    return (len(new & found) + KNOWN_WEIGHT * len(given & found)) / whole if whole else 0.0


def _beside(word: str, text: Words) -> frozenset[str]:
    """The stems that stand next to a word."""
    order = text.order
    places = (range(max(0, at - REACH), at + REACH + 1) for at, stem in enumerate(order) if stem == word)
    return frozenset(order[place] for near in places for place in near if place < len(order)) - {word}


def _passage(one: Sentence, after: Sentence | None) -> Passage:
    if after is None:
        return Passage(one.start, one.end, words_of_stems(one.stems))
    return Passage(one.start, after.end, both(words_of_stems(one.stems), words_of_stems(after.stems)))


def _meant(found: Sequence[str]) -> Iterator[str]:
    """The stems with a meaning in order, one for all synonyms, marked where they are denied."""
    denied = 0
    for stem in found:
        if negates((stem,)):
            denied = DENIAL_REACH
        elif stem not in FUNCTION_STEMS:
            yield f"{DENIED if denied else ''}{_number(_same().get(stem, stem))}"
            denied = max(0, denied - 1)


def _number(stem: str) -> str:
    """Numbers to two digits, since 56.95 and 57 are one answer."""
    return f"{float(stem.replace(',', '.')):.1e}" if _NUMBER.fullmatch(stem) else stem


@lru_cache(maxsize=1)
def _same() -> dict[str, str]:
    """The stem that stands for all of its synonyms, by stem; a word of two lines goes with the first."""
    found: dict[str, str] = {}
    for line in _SYNONYMS.strip().splitlines():
        group = stems(line)
        for stem in group:
            found.setdefault(stem, group[0])
    return found


@lru_cache(maxsize=1)
def _opposites() -> dict[str, tuple[str, ...]]:
    """The other words of each pair, by word."""
    pairs = [stems(line) for line in _OPPOSITES.strip().splitlines()]
    return {one: (other,) for pair in pairs for one, other in (pair, pair[::-1])}
