"""Words of a candidate that speak to a grader. They send a case to a person and never change a level (N11, R15)."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence

from orchestrator.domain.blinding import Span
from orchestrator.domain.disguise import hidden, readable, readings, veiled
from orchestrator.domain.injection_phrases import PHRASES
from orchestrator.domain.transcript import Transcript, Turn

_END = re.compile(r"[.!?\u3002\uff01\uff1f]+(?=[\s\"'”»)]|$)|\n")
# What a run of spaced letters says, once drawn together: there are no blanks left to look for.
_DRAWN = re.compile(
    r"(?:ignore|disregard|forget|override)(?:all|the|every|your|any|previous|prior)\w*(?:instruction|rule|prompt|rubric|above|before)"
    r"|systemprompt|(?:full|maximum|highest|top|max)(?:score|mark|level|rating)|(?:level|score|rating|rate|give)\w{0,12}(?:5|five)",
    re.IGNORECASE,
)


def suspicious(transcript: Transcript) -> Mapping[int, tuple[Span, ...]]:
    """Find spans that speak to a grader, by turn index; each is a run of whole sentences of the turn's text.

    All turns that answer one question are read together, so that a phrase cut in two by a turn is found in both. Turns
    without a suspicious span are left out; an interviewer's turns are never looked at.
    """
    answers: dict[str, list[Turn]] = {}
    for turn in transcript.candidate_turns:
        answers.setdefault(turn.question_id, []).append(turn)
    found: dict[int, tuple[Span, ...]] = {}
    for turns in answers.values():
        spans = suspicious_spans("\n".join(turn.text for turn in turns))
        start = 0
        for turn in turns:
            within = _within(spans, start, start + len(turn.text))
            if within:
                found[turn.index] = within
            start += len(turn.text) + 1
    return found


def suspicious_spans(text: str) -> tuple[Span, ...]:
    """The suspicious spans of one text, in order and apart, widened to the sentences that they stand in."""
    hits = sorted({*_said(text), *_concealed(text)})
    ends = [(match.start() if match.group() == "\n" else match.end(), match.end()) for match in _END.finditer(text)]
    closes, opens = [0, *(close for close, _ in ends), len(text)], [0, *(after for _, after in ends)]
    merged: list[Span] = []
    for start, end in (_sentences(text, hit, closes, opens) for hit in hits):
        if merged and start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(end, merged[-1].end))
        else:
            merged.append(Span(start, end))
    return tuple(merged)


def families(text: str) -> tuple[str, ...]:
    """Which kinds of phrases a text holds, for the tests and the report of an attack suite; empty for honest text."""
    named = {
        family
        for reading in readings(text)
        for family, pattern in PHRASES.items()
        if pattern.search(reading.text) is not None
    }
    if any(True for _ in _concealed(text)):
        named.add("disguise")
    return tuple(sorted(named))


def _said(text: str) -> Iterator[tuple[int, int]]:
    for reading in readings(text):
        for pattern in (*PHRASES.values(), _DRAWN):
            yield from (reading.original(*match.span()) for match in pattern.finditer(reading.text) if match.group())


def _concealed(text: str) -> Iterator[tuple[int, int]]:
    """Stretches that say, once decoded, what speaks to a grader; a whole encoded sentence is enough in itself."""
    yield from veiled(text)
    for stretch in hidden(text):
        encoded = " " not in text[stretch.start : stretch.end] and readable(stretch.text)
        if encoded or any(pattern.search(stretch.text) for pattern in PHRASES.values()):
            yield stretch.start, stretch.end


def _sentences(text: str, hit: tuple[int, int], closes: Sequence[int], opens: Sequence[int]) -> tuple[int, int]:
    """Widen a range to whole sentences, given where sentences close and where the next ones open."""
    start, end = hit
    first = opens[bisect_right(opens, start) - 1]
    while first < start and text[first].isspace():
        first += 1
    return first, closes[bisect_left(closes, end)]


def _within(spans: Sequence[Span], start: int, end: int) -> tuple[Span, ...]:
    """The parts of spans that lie in a range, relative to its start."""
    cut = ((max(span.start, start) - start, min(span.end, end) - start) for span in spans)
    return tuple(Span(first, last) for first, last in cut if first < last)
