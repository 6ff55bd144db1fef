"""Blinding: what a grader may see of a transcript (N8), reversible by offsets and by nothing else.

Held identity and contact data are replaced by neutral words. The map from blinded to original offsets stays here, so
that a quote found in the blinded text can be shown as the original, verbatim span (N6).
"""

import re
from collections.abc import Sequence

from msgspec import Struct

MIN_LENGTH = 2
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w")
_PHONE = re.compile(r"(?<!\w)\+?\d(?:[\d\s().-]{6,}\d)(?!\w)")
_URL = re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)


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

    ``names`` are matched as whole words without regard to case, in any part; ``contacts`` as they are.
    """
    found = _matches(text, names, contacts)
    kept: list[tuple[int, int, str]] = []
    for start, end, word in found:
        if not kept or start >= kept[-1][1]:
            kept.append((start, end, word))
    return _replace(text, kept)


def identity_parts(*names: str) -> tuple[str, ...]:
    """Split names into the parts that could give a person away, longest first."""
    whole = [name.strip() for name in names if name.strip()]
    parts = {part for name in whole for part in re.split(r"[\s\-]+", name) if len(part) >= MIN_LENGTH}
    return tuple(sorted(parts | set(whole), key=lambda part: (-len(part), part)))


def _matches(text: str, names: Sequence[str], contacts: Sequence[str]) -> list[tuple[int, int, str]]:
    patterns = [(re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE), "[name]") for name in names if name]
    patterns += [(re.compile(re.escape(contact), re.IGNORECASE), "[contact]") for contact in contacts if contact]
    patterns += [(_EMAIL, "[contact]"), (_URL, "[link]"), (_PHONE, "[contact]")]
    # Longer matches first at the same place, so that "Ada Quill" is one replacement and not two.
    return sorted(
        ((m.start(), m.end(), word) for pattern, word in patterns for m in pattern.finditer(text)),
        key=lambda match: (match[0], -match[1]),
    )


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
