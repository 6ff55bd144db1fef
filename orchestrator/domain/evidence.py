"""Evidence: a claimed quote is believed only where it stands in what the candidate said (N6)."""

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from orchestrator.domain.blinding import Blinded
from orchestrator.domain.scoring import Evidence, Match, QuoteClaim, Score
from orchestrator.domain.transcript import Transcript, Turn
from rubrics.schema import Rubric

MIN_QUOTE = 12
MAX_BULLET = 250
MAX_BULLETS = 3
MAX_NAME = 80
_MARGIN = " .\"'"
_FOLD = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\u00a0": " "})


class Bullet(Struct, frozen=True):
    """One line for the ATS, at most 250 characters, built around a verbatim quote of turn ``turn``."""

    text: str
    quote: str
    turn: int
    competency: str


class Located(Struct, frozen=True):
    """What became of the claims: evidence, and how many claims stood nowhere."""

    evidence: tuple[Evidence, ...]
    dropped: int


def locate(claims: Sequence[QuoteClaim], transcript: Transcript, blinded: Mapping[int, Blinded]) -> Located:
    """Find each claimed quote in the blinded candidate turns and give back the original span.

    The turn that the claim names is tried first, then the other candidate turns; an interviewer's turn never counts.
    """
    turns = {turn.index: turn for turn in transcript.candidate_turns}
    found: list[Evidence] = []
    dropped = 0
    for claim in claims:
        order = sorted(turns, key=lambda index: (index != claim.turn, index))
        evidence = next(
            (hit for index in order if (hit := _find(claim.text, turns[index], blinded[index])) is not None), None
        )
        if evidence is None:
            dropped += 1
        elif all((evidence.turn, evidence.start, evidence.end) != (e.turn, e.start, e.end) for e in found):
            found.append(evidence)
    return Located(tuple(found), dropped)


def bullets(scores: Sequence[Score], rubric: Rubric) -> tuple[Bullet, ...]:
    """One to three bullets: the weightiest competencies first, one quote each, none that could identify a person."""
    weights = {competency.id: (competency.weight, competency.name) for competency in rubric.competencies}
    made: list[Bullet] = []
    for score in sorted(scores, key=lambda s: -weights[s.competency][0]):
        usable = [e for e in score.evidence if not e.identifying]
        if score.level is not None and usable:
            best = max(usable, key=lambda e: min(len(e.quote), 160))
            made.append(_bullet(weights[score.competency][1], score.level, best, score.competency))
    return tuple(made[:MAX_BULLETS])


def _bullet(name: str, level: float, evidence: Evidence, competency: str) -> Bullet:
    lead = f"{shorten(name, MAX_NAME)}, {level:g} of 5: "
    quote = shorten(evidence.quote, MAX_BULLET - len(lead) - 2)
    return Bullet(f"{lead}“{quote}”", quote, evidence.turn, competency)


def shorten(quote: str, limit: int) -> str:
    """Cut a quote at a sentence or word end so that it stays a verbatim span of at most ``limit`` characters.

    White space inside is kept, so a quote over several lines is cut at the first line break: bullets are one line.
    """
    line = quote.strip().splitlines()[0].rstrip()
    if len(line) <= limit:
        return line
    head = line[: limit + 1]
    sentence = max((m.end(1) for m in re.finditer(r"([.!?])\s", head)), default=0)
    if sentence >= limit // 2:
        return head[:sentence]
    cut = head[: head.rfind(" ") if " " in head else limit]
    return cut.rstrip(" ,;:") or cut


def _find(quote: str, turn: Turn, blinded: Blinded) -> Evidence | None:
    wanted = quote.strip()
    if len(wanted) < MIN_QUOTE:
        return None
    start = blinded.text.find(wanted)
    if start >= 0:
        return _evidence(turn, blinded, start, start + len(wanted), Match.EXACT)
    if len(wanted.strip(_MARGIN)) < MIN_QUOTE:
        return None
    hit = re.search(_loose(wanted), blinded.text.translate(_FOLD), re.IGNORECASE)
    return _evidence(turn, blinded, hit.start(), hit.end(), Match.NORMALISED) if hit else None


def _loose(quote: str) -> str:
    """A pattern for the same words whatever the case, quotation marks, dashes and white space between them."""
    words = quote.translate(_FOLD).strip(_MARGIN).split()
    return r"(?<!\w)" + r"\s+".join(re.escape(word) for word in words) + r"(?!\w)"


def _evidence(turn: Turn, blinded: Blinded, start: int, end: int, match: Match) -> Evidence:
    span = blinded.original_span(start, end)
    return Evidence(
        turn=turn.index,
        start=span.start,
        end=span.end,
        quote=turn.text[span.start : span.end],
        match=match,
        identifying=blinded.touches(start, end),
    )
