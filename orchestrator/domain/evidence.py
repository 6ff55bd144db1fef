"""Evidence: a claimed quote is believed only where it stands in what the candidate said (N6).

Three ways, in this order: letter by letter; the same words whatever the case, marks and white space; nearly the same words.
Whatever way it was found, the span of the candidate's own text is what is kept and shown, never the claim's.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from rapidfuzz import fuzz

from orchestrator.domain.blinding import Blinded
from orchestrator.domain.scoring import Evidence, Match, QuoteClaim, Score
from orchestrator.domain.transcript import Transcript, Turn
from rubrics.schema import Rubric

MIN_QUOTE = 12
MAX_BULLET = 250
MAX_BULLETS = 3
MAX_NAME = 80
# Nearly the same: nine of ten letters, in a quote long enough that this is no chance, and short enough to compare quickly.
FUZZY_FLOOR = 0.9
FUZZY_LETTERS = 24
FUZZY_LONGEST = 400
# Beyond this only the very words are looked for: a model that quotes whole answers must not keep the house busy.
NORMALISED_LONGEST = 1200
# The first look takes a stretch as long as the quote, which is too long where the quote has a word too many.
_ROUGHLY = 0.8
_EDGE = 3
_MARGIN = " .\"'"
_WORD = re.compile(r"\w+(?:['.,]\w+)*")
# One letter more or less turns "could" into "could not" or 41 into 47: such words must be the same on both sides.
_DECISIVE = re.compile(r"\d+|\b(?:no|not|never|none|nobody|nothing|without|cannot|hardly|kein\w*|nicht|nie)\b|n't\b")
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

    See `find`. A span that is found twice is kept once.
    """
    found: list[Evidence] = []
    dropped = 0
    for claim in claims:
        evidence = find(claim, transcript, blinded)
        if evidence is None:
            dropped += 1
        elif all((evidence.turn, evidence.start, evidence.end) != (e.turn, e.start, e.end) for e in found):
            found.append(evidence)
    return Located(tuple(found), dropped)


def find(claim: QuoteClaim, transcript: Transcript, blinded: Mapping[int, Blinded]) -> Evidence | None:
    """Find one claimed quote; None where no candidate's turn holds it, or anything near enough.

    The turn that the claim names is tried first, then the other candidate turns; an interviewer's turn never counts. What
    is next to nothing, such as the lone dot that a claim of twelve dots would find, is not found.
    """
    wanted = claim.text.strip()
    if len(wanted) < MIN_QUOTE:
        return None
    turns = sorted(transcript.candidate_turns, key=lambda turn: (turn.index != claim.turn, turn.index))
    hits = (hit for hit in _hits(wanted, turns, blinded) if _says_something(hit))
    return next(hits, None)


def _hits(wanted: str, turns: Sequence[Turn], blinded: Mapping[int, Blinded]) -> Iterator[Evidence]:
    """Every place, the same words before those that are nearly the same, and of those the most like first."""
    same = (_find(wanted, turn, blinded[turn.index]) for turn in turns)
    near = (hit for turn in turns for hit in _nearly(wanted, turn, blinded[turn.index]))
    yield from (hit for hit in same if hit is not None)
    yield from sorted(near, key=lambda hit: -hit.similarity)


def same_place(one: Evidence, other: Evidence) -> bool:
    """Say whether two spans share at least half of the longer one."""
    shared = min(one.end, other.end) - max(one.start, other.start)
    return one.turn == other.turn and 2 * shared >= max(one.end - one.start, other.end - other.start)


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


def _says_something(evidence: Evidence) -> bool:
    # A blinded name may be shorter than its placeholder: such a span was long enough when it was claimed.
    return len(evidence.quote) >= MIN_QUOTE or (evidence.identifying and bool(evidence.quote.strip()))


def _find(wanted: str, turn: Turn, blinded: Blinded) -> Evidence | None:
    start = blinded.text.find(wanted)
    if start >= 0:
        return _evidence(turn, blinded, start, start + len(wanted), Match.EXACT)
    core = wanted.strip(_MARGIN)
    if not MIN_QUOTE <= len(core) <= NORMALISED_LONGEST:
        return None
    hit = re.search(_loose(wanted), blinded.text.translate(_FOLD), re.IGNORECASE)
    return _evidence(turn, blinded, hit.start(), hit.end(), Match.NORMALISED) if hit else None


def _nearly(wanted: str, turn: Turn, blinded: Blinded) -> Iterator[Evidence]:
    """The span most like a quote, in whole words, if it is like enough and says the same of numbers and negation."""
    quote, text = _plain(wanted.strip(_MARGIN)), _plain(blinded.text)
    if not FUZZY_LETTERS <= len(quote) <= min(FUZZY_LONGEST, len(text)):
        return
    best = fuzz.partial_ratio_alignment(quote, text, score_cutoff=100 * _ROUGHLY)
    if best is None:
        return
    words = [
        word.span() for word in _WORD.finditer(text) if word.start() < best.dest_end and best.dest_start < word.end()
    ]
    similarity, start, end = _best_fit(quote, text, words)
    if similarity >= FUZZY_FLOOR and _decisive(quote) == _decisive(text[start:end]):
        # Below 1 by all means: what is the same but for its folding was found as normalised, or is taken for less.
        yield _evidence(turn, blinded, start, end, Match.NORMALISED, similarity=min(similarity, 0.999))


def _best_fit(quote: str, text: str, words: Sequence[tuple[int, int]]) -> tuple[float, int, int]:
    """The run of whole words most like a quote, and how like: the alignment may hold a word too much at either end."""
    runs = [
        (words[first][0], words[last - 1][1])
        for first in range(min(len(words), _EDGE))
        for last in range(max(first + 1, len(words) - _EDGE), len(words) + 1)
    ]
    return max(((fuzz.ratio(quote, text[start:end]) / 100, start, end) for start, end in runs), default=(0.0, 0, 0))


def _decisive(text: str) -> Counter[str]:
    return Counter(_DECISIVE.findall(text))


def _plain(text: str) -> str:
    """Folded and in lower case, letter by letter, so that every offset stays."""
    folded = text.translate(_FOLD)
    lower = folded.lower()
    return lower if len(lower) == len(folded) else "".join(c if len(c.lower()) > 1 else c.lower() for c in folded)


def _loose(quote: str) -> str:
    """A pattern for the same words whatever the case, quotation marks, dashes and white space between them."""
    words = quote.translate(_FOLD).strip(_MARGIN).split()
    return r"(?<!\w)" + r"\s+".join(re.escape(word) for word in words) + r"(?!\w)"


def _evidence(turn: Turn, blinded: Blinded, start: int, end: int, match: Match, *, similarity: float = 1.0) -> Evidence:
    span = blinded.original_span(start, end)
    return Evidence(
        turn=turn.index,
        start=span.start,
        end=span.end,
        quote=turn.text[span.start : span.end],
        match=match,
        identifying=blinded.touches(start, end),
        similarity=similarity,
    )
