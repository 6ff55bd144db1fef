"""Disguised text made plain: invisible letters, look-alikes, spaced letters, encodings, with the way back by offset.

A phrase that nobody can see in what the candidate wrote is found in one of the readings of it; the span that is shown and
cut out is always one of the original text.
"""

import base64
import binascii
import codecs
import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from msgspec import Struct

# Letters of other scripts that look like Latin ones; accents and full-width forms are handled by Unicode itself.
_LOOK_ALIKES = str.maketrans(
    "аеорсухіјѕԁһкмтвнгѵԛԝɡɩαοερνικτυχβηωІАВЕКМНОРСТХУЅЈΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijsdhkmtbhrvqwgiaoepviktuxbnwIABEKMHOPCTXYSJABEZHIKMNOPTYX",
)
_LEET = str.maketrans("013457@$!|", "oieastasil")
_LEET_WORD = re.compile(r"(?<![^\W_])[a-z]{0,9}[013457@$!|][a-z][a-z013457@$!|]{1,20}", re.IGNORECASE)
# Six single letters in a row, each with one and the same sign or blank after it.
_SPACED = re.compile(r"(?<![^\W_])(?:[^\W_][ ._*|/~-]{1,3}){7,400}[^\W_](?![^\W_])")
_BASE64 = re.compile(r"(?<![\w+/=-])[\w+/-]{16,4000}={0,2}(?![\w=])")
_HEX = re.compile(r"(?<![\w])(?:(?:0x|\\x|%)?[0-9a-f]{2}[ ,]?){10,2000}(?!\w)", re.IGNORECASE)
_ENTITY = re.compile(r"(?:&#?\w{1,8};){2}|(?:%[0-9a-f]{2}){2}|(?:\\u00[0-9a-f]{2}){2}", re.IGNORECASE)
_HEX_SIGNS = re.compile(r"0x|\\x|[%, ]", re.IGNORECASE)
_ESCAPE = re.compile(r"%([0-9a-f]{2})|\\u00([0-9a-f]{2})", re.IGNORECASE)
_TAGS_START, _TAGS_END = 0xE0000, 0xE007F
_OVERRIDES = frozenset("\u202d\u202e")
_MOST_TAGS_OF_A_FLAG = 7
_READABLE_SHARE = 0.9
_MIN_READABLE = 10


class Reading(Struct, frozen=True):
    """A text as it may be meant. ``offsets`` holds for each of its letters where it begins in the original, and the end."""

    text: str
    offsets: Sequence[int]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The range of the original behind ``text[start:end]``."""
        return self.offsets[start], max(self.offsets[start] + 1, self.offsets[end - 1] + 1)


class Hidden(Struct, frozen=True):
    """A stretch of the original that says ``text`` once decoded."""

    start: int
    end: int
    text: str


def readings(text: str) -> Iterator[Reading]:
    """The text without invisible letters; then with look-alikes as Latin, digits as letters, and letters drawn together.

    A reading that equals one before it is left out.
    """
    plain = _visible(text)
    folded = _folded(plain)
    drawn = _drawn_together(folded)
    seen: set[str] = set()
    for reading in (plain, folded, _unleeted(folded), drawn):
        if reading.text not in seen:
            seen.add(reading.text)
            yield reading


def hidden(text: str) -> Iterator[Hidden]:
    """What stands encoded in a text: base64, hexadecimal, entities and escapes, rot13, backwards, in invisible tags."""
    for found in _BASE64.finditer(text):
        decoded = _from_base64(found.group())
        if decoded is not None:
            yield Hidden(*found.span(), decoded)
    for found in _HEX.finditer(text):
        decoded = _from_hex(found.group())
        if decoded is not None:
            yield Hidden(*found.span(), decoded)
    for start, end in _lines(text):
        line = text[start:end]
        if _ENTITY.search(line):
            yield Hidden(start, end, html.unescape(_ESCAPE.sub(_character, line)))
        yield Hidden(start, end, codecs.encode(line, "rot13"))
        yield Hidden(start, end, line[::-1])
        tags = "".join(chr(ord(letter) - _TAGS_START) for letter in line if _TAGS_START < ord(letter) < _TAGS_END)
        if tags:
            yield Hidden(start, end, tags)


def veiled(text: str) -> Iterator[tuple[int, int]]:
    """Lines that hide something whatever it says: text in invisible tags, or letters in reverse order on the screen."""
    for start, end in _lines(text):
        line = text[start:end]
        tags = sum(_TAGS_START < ord(letter) <= _TAGS_END for letter in line)
        if tags > _MOST_TAGS_OF_A_FLAG or any(letter in _OVERRIDES for letter in line):
            yield start, end


def readable(text: str) -> bool:
    """Say whether a decoded text is made of words: a key or a hash that happens to decode is not."""
    usual = sum(letter.isalpha() or letter in " .,:;!?'\"-\n" for letter in text)
    return len(text) >= _MIN_READABLE and " " in text and usual >= _READABLE_SHARE * len(text)


def _lines(text: str) -> Iterator[tuple[int, int]]:
    yield from (match.span() for match in re.finditer(r"[^\n]+", text))


def _visible(text: str) -> Reading:
    if text.isascii():
        return Reading(text, range(len(text) + 1))
    pairs = ((_normal(letter), at) for at, letter in enumerate(text) if unicodedata.category(letter) != "Cf")
    return _reading(pairs, len(text))


@lru_cache(maxsize=4096)
def _normal(letter: str) -> str:
    return unicodedata.normalize("NFKC", letter).replace("’", "'").replace("‘", "'")


def _folded(reading: Reading) -> Reading:
    if reading.text.isascii():
        return reading
    pairs = zip(map(_base, reading.text), reading.offsets, strict=False)
    return _reading(pairs, reading.offsets[-1])


@lru_cache(maxsize=4096)
def _base(letter: str) -> str:
    """Without accents, and the Latin letter that it looks like."""
    letters = unicodedata.normalize("NFD", letter)
    bare = "".join(mark for mark in letters if not unicodedata.combining(mark))
    return bare.translate(_LOOK_ALIKES)


def _unleeted(reading: Reading) -> Reading:
    text = _LEET_WORD.sub(lambda word: word.group().translate(_LEET), reading.text)
    return Reading(text, reading.offsets)


def _drawn_together(reading: Reading) -> Reading:
    """Runs of single letters become one word: a run has no blanks that could be told from those between words."""
    kept: list[int] = []
    at = 0
    for run in _SPACED.finditer(reading.text):
        kept += range(at, run.start())
        kept += (place for place in range(*run.span()) if reading.text[place].isalnum())
        at = run.end()
    if not at:
        return reading
    kept += range(at, len(reading.text))
    text = "".join(reading.text[place] for place in kept)
    return Reading(text, [*(reading.offsets[place] for place in kept), reading.offsets[-1]])


def _reading(pairs: Iterable[tuple[str, int]], end: int) -> Reading:
    letters: list[str] = []
    offsets: list[int] = []
    for normal, at in pairs:
        letters.append(normal)
        offsets += [at] * len(normal)
    return Reading("".join(letters), [*offsets, end])


def _from_base64(chunk: str) -> str | None:
    padded = chunk.rstrip("=").replace("-", "+").replace("_", "/")
    padded += "=" * (-len(padded) % 4)
    try:
        decoded = base64.b64decode(padded, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    return decoded if readable(decoded) else None


def _from_hex(chunk: str) -> str | None:
    try:
        decoded = bytes.fromhex(_HEX_SIGNS.sub("", chunk)).decode("utf-8")
    except ValueError:
        return None
    return decoded if readable(decoded) else None


def _character(escape: re.Match[str]) -> str:
    return chr(int(escape.group(1) or escape.group(2), 16))
