"""Blinding: what a grader may see of a transcript (N8), reversible by offsets and by nothing else.

Held identity and contact data are replaced by neutral words. The map from blinded to original offsets stays here, so
that a quote found in the blinded text can be shown as the original, verbatim span (N6).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

MIN_LENGTH = 2
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+\.[\w.-]*\w")
_PHONE = re.compile(r"(?<!\w)\+?\d(?:[\d\s().-]{6,}\d)(?!\w)")
_URL = re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)
_MARKS = "[\u0300-\u036f]*"


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
    """Replace held names and contact data, and anything that looks like contact data.

    ``names`` are matched as whole words without regard to case or accents; ``contacts`` without regard to case.
    """
    found = _merged(_contacts(text, contacts))
    # A name may be glued to a phone number: it is also looked for where contact data has been blanked out.
    blanked = list(text)
    for start, end, _ in found:
        blanked[start:end] = "\n" * (end - start)
    return _replace(text, _merged([*found, *_names(text, names), *_names("".join(blanked), names)]))


def identity_parts(*names: str) -> tuple[str, ...]:
    """Split names into the parts that could give a person away, longest first."""
    whole = [name.strip() for name in names if name.strip()]
    parts = {part for name in whole for part in re.split(r"[\s\-]+", name) if len(part) >= MIN_LENGTH}
    return tuple(sorted(parts | set(whole), key=lambda part: (-len(part), part)))


def _contacts(text: str, contacts: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    held = [(re.compile(re.escape(contact), re.IGNORECASE), "[contact]") for contact in contacts if contact]
    for pattern, word in [*held, (_EMAIL, "[contact]"), (_URL, "[link]"), (_PHONE, "[contact]")]:
        yield from ((m.start(), m.end(), word) for m in pattern.finditer(text))


def _names(text: str, names: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    folded = _fold(text)
    for name in names:
        letters = "".join(re.escape(letter) + _MARKS for letter in _fold(unicodedata.normalize("NFC", name)))
        if letters:
            pattern = re.compile(rf"(?<!\w){letters}(?!\w)", re.IGNORECASE)
            yield from ((m.start(), m.end(), "[name]") for m in pattern.finditer(folded))


def _fold(text: str) -> str:
    """Take the accents off, letter by letter, so that every offset stays: people write Jose for José."""
    return "".join(_base(letter) for letter in text)


def _base(letter: str) -> str:
    if letter == "’":
        return "'"
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
