"""Grounding: what remains of one sample's claim once its quotes were looked up in the transcript."""

from collections.abc import Mapping, Sequence
from itertools import combinations

from msgspec import Struct

from orchestrator.domain.blinding import Blinded
from orchestrator.domain.evidence import Located, find, locate, same_place
from orchestrator.domain.levels import LOW, level_by_indicator, level_of, opposite
from orchestrator.domain.scoring import CompetencyClaim, Evidence, Showing
from orchestrator.domain.transcript import Transcript
from rubrics.schema import Competency

_UNSAID = Located((), 0)


class Source(Struct, frozen=True):
    """Where quotes are looked up: the original transcript and the way back to it."""

    transcript: Transcript
    blinded: Mapping[int, Blinded]


class Grounded(Struct, frozen=True, kw_only=True):
    """One sample of one competency as far as it stands.

    ``level`` is None without located evidence, whatever was claimed. ``dropped`` counts the quotes that stood nowhere,
    ``opposed`` the spans that were claimed for both ends of the scale.
    """

    claim: CompetencyClaim
    level: int | None
    evidence: tuple[Evidence, ...] = ()
    indicators: tuple[str, ...] = ()
    dropped: int = 0
    opposed: int = 0


class _Held(Struct, frozen=True):
    """A verdict with what was located of its quotes."""

    indicator: str
    level: int
    showing: Showing
    evidence: tuple[Evidence, ...]


def ground(claim: CompetencyClaim, competency: Competency, source: Source) -> Grounded:
    """Look up every quote of a claim and say what level stands.

    A claim with verdicts gets its level from the indicators whose quotes were located (see `levels.level_of`). A claim
    with a level of its own keeps it if any quote was located.
    """
    if claim.verdicts:
        return _from_verdicts(claim, competency, source)
    located = locate(claim.quotes, source.transcript, source.blinded) if claim.level is not None else _UNSAID
    return Grounded(
        claim=claim,
        level=claim.level if located.evidence else None,
        evidence=located.evidence,
        indicators=claim.indicators,
        dropped=located.dropped,
    )


def _from_verdicts(claim: CompetencyClaim, competency: Competency, source: Source) -> Grounded:
    levels = level_by_indicator(competency)
    said = [v for v in claim.verdicts if v.showing is not Showing.NOT_SHOWN and v.indicator in levels]
    # A quote for several indicators is looked up, and counted where it stands nowhere, once.
    quotes = dict.fromkeys(quote for verdict in said for quote in verdict.quotes)
    spots = {quote: find(quote, source.transcript, source.blinded) for quote in quotes}
    held = [
        _Held(v.indicator, levels[v.indicator], v.showing, tuple(e for q in v.quotes if (e := spots[q]) is not None))
        for v in said
    ]
    torn = _torn(held)
    standing = [(one, kept) for one in held if (kept := [e for e in one.evidence if e not in torn])]
    shown = [(one, kept) for one, kept in standing if one.showing is Showing.SHOWN]
    against = {one.indicator for one, _ in standing if one.showing is Showing.CONTRADICTED}
    indicators = tuple(dict.fromkeys(one.indicator for one, _ in shown))
    level = level_of(competency, indicators, against)
    return Grounded(
        claim=claim,
        level=level,
        evidence=_telling(shown, level),
        indicators=indicators,
        dropped=sum(spot is None for spot in spots.values()),
        opposed=len(torn),
    )


def _torn(held: Sequence[_Held]) -> list[Evidence]:
    """Spans that were claimed for both ends of the scale: what supports both supports neither."""
    shown = [one for one in held if one.showing is Showing.SHOWN]
    pairs = [pair for pair in combinations(shown, 2) if opposite(pair[0].level, pair[1].level)]
    found = [
        evidence
        for one, other in pairs
        for mine in one.evidence
        for theirs in other.evidence
        if same_place(mine, theirs)
        for evidence in (mine, theirs)
    ]
    return [evidence for place, evidence in enumerate(found) if evidence not in found[:place]]


def _telling(shown: Sequence[tuple[_Held, Sequence[Evidence]]], level: int | None) -> tuple[Evidence, ...]:
    """The evidence on the side of the scale where the level lies, what is shown nearest to it first, each span once.

    A weak sign beside a high level is no quote for that level, nor the other way round.
    """
    if level is None:
        return ()
    fitting = [(one, kept) for one, kept in shown if (one.level > LOW) == (level > LOW)]
    ordered = sorted(fitting, key=lambda pair: abs(pair[0].level - level))
    found = [evidence for _, kept in ordered for evidence in kept]
    places = [(evidence.turn, evidence.start, evidence.end) for evidence in found]
    return tuple(evidence for index, evidence in enumerate(found) if places[index] not in places[:index])
