"""Blinding: what a grader may see of a transcript (N8), reversible by offsets and by nothing else.

Held identity, contact data and what people say about who they are (`orchestrator.domain.redaction`) are replaced by
neutral words. The map from blinded to original offsets stays here, so
that a quote found in the blinded text can be shown as the original, verbatim span (N6).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from msgspec import Struct

from orchestrator.domain.redaction import pronouns_of, sensitive

MIN_LENGTH = 2
MIN_GENITIVE = 3

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+\.[\w.-]*\w")
# Letters of other alphabets may stand right before and after a number: Chinese has no spaces.
_PHONE = re.compile(r"(?<![\dA-Za-z_])(?<!\d[.,])\+?\d(?:(?:\d|[^\S\n]|[().-]){6,}\d)(?![\dA-Za-z_])")
# What looks like a number to call but is one to count with: decimals, sums, thousands, dates, less than six digits.
_FIGURE = re.compile(
    r"\d{1,3}\.\d+|\d+ ?- ?\(*\d+\.\d+|[1-9]\d{0,2}(?:\.\d{3}){2,}|(?:19|20)\d\d-[01]\d-[0-3]\d|[0-3]?\d\.[01]?\d\.(?:19|20)\d\d"
    r"|(?:19|20)\d\d ?- ?(?:19|20)\d\d|\D*(?:\d\D*){1,5}"
)

# An address ends where Chinese or Japanese begins, or it would take the rest of the answer with it.
_PATH = r"[^\s\u3000-\u9fff\uff00-\uffef]+"
_LABEL = r"[\da-z\u00c0-\u024f_-]"
# Without a scheme, "Node.js/React" and "4.5/5" are no addresses. At most eight labels, or a text of dots takes long.
_BARE = rf"(?<!{_LABEL})(?:{_LABEL}++\.){{1,8}}(?!(?:[jt]sx?|css|html|json)/)[a-z]{{2,24}}(?::\d+)?/{_PATH}"
_URL = re.compile(rf"(?<![\da-z_])(?:https?://|www\.){_PATH}|{_BARE}", re.IGNORECASE)

# Thai to Lao, Myanmar, Khmer, kana, Han: a name stands between other letters, and one letter can be all of it.
_SPACELESS = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    r"\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003ffff]"
)
# Korean has spaces, but glues its particles to a name.
_HANGUL = re.compile(r"[\uac00-\ud7a3]")

_BREAK = re.compile(r"[\s.,_()\"/·・-]+")
_SEPARATOR = r"[\s.,_()\"/·・'-]"
_EDGES = re.compile(rf"\A{_SEPARATOR}+|{_SEPARATOR}+\Z")
_JOINTS = frozenset(" \u00a0.-_")
_MARKS = "[\u0300-\u036f]*"
_UMLAUTS = {"a": "ä", "o": "ö", "u": "ü"}
_KEPT = frozenset("äöüÄÖÜ")
_PIECE = re.compile(rf"{_SEPARATOR}+|ss|[aou]e|.", re.IGNORECASE | re.DOTALL)
# Each spelling by its case-folded piece, which for ß is ss: Müller is Muller and Mueller, but Mueller is not Muller,
# or else every "do" would be a Doe.
_SPELLINGS = {
    "ss": f"(?:s{_MARKS}s|ß){_MARKS}",
    **{plain: f"[{plain}{umlaut}]{_MARKS}" for plain, umlaut in _UMLAUTS.items()},
    **{umlaut: f"[{plain}{umlaut}]{_MARKS}(?:e{_MARKS})?" for plain, umlaut in _UMLAUTS.items()},
    **{
        f"{plain}e": f"(?:[{plain}{umlaut}]{_MARKS}e|{umlaut}|{plain}\u0308){_MARKS}"
        for plain, umlaut in _UMLAUTS.items()
    },
}


class Span(Struct, frozen=True):
    """A half-open range of characters."""

    start: int
    end: int


class Replacement(Struct, frozen=True):
    """``original`` characters of the original stand as ``blinded`` characters of the blinded text."""

    original: Span
    blinded: Span


class Blinded(Struct, frozen=True):
    """A blinded text with its way back."""

    text: str
    replacements: tuple[Replacement, ...]

    def original_span(self, start: int, end: int) -> Span:
        """Map a span of the blinded text to the original; a span that cuts a replacement takes all of it."""
        return Span(self._original(start, left=True), self._original(end, left=False))

    def touches(self, start: int, end: int) -> bool:
        """Say whether a span of the blinded text holds any replaced character."""
        return any(r.blinded.start < end and start < r.blinded.end for r in self.replacements)

    def _original(self, offset: int, *, left: bool) -> int:
        shift = 0
        for r in self.replacements:
            if offset <= r.blinded.start:
                break
            if offset < r.blinded.end:
                return r.original.start if left else r.original.end
            shift = r.original.end - r.blinded.end
        return offset + shift


def blind(text: str, *, names: Sequence[str], contacts: Sequence[str]) -> Blinded:
    """Replace held names and contact data, anything that looks like contact data, and what tells who somebody is.

    ``names`` are matched without regard to case, accents or the spelling of umlauts: as words, with the s of a
    genitive, run together in any order as in a handle, and anywhere in scripts that have no spaces. ``contacts`` are
    matched without regard to case. A name that is an ordinary word too (Will, May, 明) hides that word: this is
    accepted, since a false hit costs a word and a miss costs the blinding.
    """
    found = _merged(_contacts(text, contacts))
    # A name may be glued to a phone number: it is also looked for where contact data has been blanked out.
    blanked = list(text)
    for start, end, _ in found:
        blanked[start:end] = "\n" * (end - start)
    named = [*_names(text, names), *_names("".join(blanked), names)]
    taken = [*found, *named, *pronouns_of(text, named), *sensitive(text)]
    return _replace(text, _merged(taken))


def identity_parts(*names: str) -> tuple[str, ...]:
    """Split names into the parts that could give a person away, longest first.

    A single letter does so only beside another name, unless it is a whole syllable or word as in Chinese and Korean:
    a last name held as "I." must not hide every "I".
    """
    parts = {name: [part for part in _BREAK.split(name) if _tells(part)] for name in map(str.strip, names)}
    full = [name for name, telling in parts.items() if telling]
    initials = [name for name, telling in parts.items() if not telling and any(map(str.isalnum, name))]
    kept = {part for name in full for part in (name, *parts[name])}
    kept |= {f"{one} {other}" for pair in product(full, initials) for one, other in (pair, pair[::-1])}
    return tuple(sorted(kept, key=lambda part: (-len(part), part)))


def _tells(part: str) -> bool:
    return len(part) >= MIN_LENGTH or _SPACELESS.match(part) is not None or _HANGUL.match(part) is not None


def _contacts(text: str, contacts: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    held = [(re.compile(re.escape(contact), re.IGNORECASE), "[contact]") for contact in contacts if contact]
    for pattern, word in [*held, (_EMAIL, "[contact]"), (_URL, "[link]")]:
        yield from ((m.start(), m.end(), word) for m in pattern.finditer(text))
    yield from ((*m.span(), "[contact]") for m in _PHONE.finditer(text) if not _FIGURE.fullmatch(m.group()))


def _names(text: str, names: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Find runs of names, such as first and last, that begin and end where a word does.

    One pass from left to right keeps for each end of a run where the run began: nothing is tried twice.
    """
    folded = _fold(text)
    began: dict[int, int] = {}
    for start, end, free in sorted(_occurrences(folded, names)):
        before = (start, start - 1) if folded[start - 1 : start] in _JOINTS else (start,)
        begins = [began[at] for at in before if at in began]
        if free or not _inside_word(folded, start):
            begins.append(start)
        if begins:
            began[end] = min(*begins, began.get(end, start))
            if free or not _inside_word(folded, end) or _genitive(folded, start, end):
                yield began[end], end, "[name]"


def _occurrences(folded: str, names: Sequence[str]) -> Iterator[tuple[int, int, bool]]:
    """Every place of every name, also inside words, and whether it may stand there: Korean of two syllables may."""
    for name in filter(None, names):
        free = len(_HANGUL.findall(name)) >= MIN_LENGTH
        # A look-ahead, since two places may overlap and only the second be a word.
        pattern = re.compile(f"(?=({_pattern(name)}))", re.IGNORECASE)
        yield from ((*m.span(1), free) for m in pattern.finditer(folded))


def _pattern(name: str) -> str:
    folded = _fold(unicodedata.normalize("NFC", name))
    core = _EDGES.sub("", folded)
    return "".join(map(_spelling, _PIECE.findall(core))) or re.escape(folded)


def _spelling(piece: str) -> str:
    if re.match(_SEPARATOR, piece):
        return f"{_SEPARATOR}{{0,{len(piece) + 1}}}"
    return _SPELLINGS.get(piece.casefold()) or re.escape(piece) + _MARKS


def _inside_word(text: str, at: int) -> bool:
    """Say whether the letters on both sides of an offset belong to one word; a hump as in annaSmith parts words."""
    before, after = text[max(at - 1, 0) : at], text[at : at + 1]
    if not (before.isalpha() and after.isalpha()) or _SPACELESS.search(before + after):
        return False
    hump = before.islower() and after.isupper()
    return not hump and len(_HANGUL.findall(before + after)) != 1


def _genitive(text: str, start: int, end: int) -> bool:
    """Say whether a name long enough not to be part of a common word has only an s behind it, as in Annas."""
    return end - start >= MIN_GENITIVE and text[end] in "sS" and not _inside_word(text, end + 1)


def _fold(text: str) -> str:
    """Take the accents off, letter by letter, so that every offset stays: people write Jose for José.

    Umlauts stay, since they have two other spellings.
    """
    return "".join(_base(letter) for letter in text)


def _base(letter: str) -> str:
    if letter == "’":
        return "'"
    if letter in _KEPT:
        return letter
    parts = unicodedata.normalize("NFD", letter)
    return parts[0] if all(unicodedata.combining(mark) for mark in parts[1:]) else letter


def _merged(matches: Iterable[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Join matches that overlap, so that no end of one stays in sight; the first and longest gives the word."""
    kept: list[tuple[int, int, str]] = []
    for start, end, word in sorted(matches, key=lambda match: (match[0], -match[1])):
        if kept and start < kept[-1][1]:
            first, last, chosen = kept[-1]
            kept[-1] = (first, max(last, end), chosen)
        else:
            kept.append((start, end, word))
    return kept


def _replace(text: str, matches: Sequence[tuple[int, int, str]]) -> Blinded:
    pieces: list[str] = []
    replacements: list[Replacement] = []
    at = length = 0
    for start, end, word in matches:
        pieces += [text[at:start], word]
        length += start - at
        replacements.append(Replacement(Span(start, end), Span(length, length + len(word))))
        length += len(word)
        at = end
    pieces.append(text[at:])
    return Blinded("".join(pieces), tuple(replacements))
