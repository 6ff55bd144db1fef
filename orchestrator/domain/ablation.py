"""Ablation: what a grader says once the words that speak to it are cut out (N11). It holds a case, it changes no score."""

from collections.abc import Mapping, Sequence

from msgspec import structs

from orchestrator.domain.blinding import Blinded, Span
from orchestrator.domain.scoring import Ablated, Scorecard
from orchestrator.domain.transcript import Transcript, Turn

LEVEL_SHIFT = 1.0


def without(transcript: Transcript, spans: Mapping[int, Sequence[Span]]) -> Transcript:
    """The transcript with spans of its turns cut out; ``spans`` are half-open, by turn index, and may overlap."""
    return Transcript(
        tuple(
            Turn(turn.index, turn.speaker, _cut(turn.text, spans.get(turn.index, ())), turn.question_id)
            for turn in transcript.turns
        )
    )


def as_said(transcript: Transcript) -> Mapping[int, Blinded]:
    """The way back of a transcript that is taken as it stands, by turn index."""
    return {turn.index: Blinded(turn.text, ()) for turn in transcript.turns}


def with_ablation(card: Scorecard, ablated: Scorecard, *, spans: int) -> Scorecard:
    """Keep the second card's levels beside the first one's, which stay as they are; what both took is added up."""
    levels = {score.competency: score.level for score in ablated.scores}
    return structs.replace(
        card,
        rater=structs.replace(card.rater, usage=card.rater.usage.plus(ablated.rater.usage)),
        scores=tuple(structs.replace(score, ablated=levels.get(score.competency)) for score in card.scores),
        ablated=Ablated(aggregate=ablated.aggregate, band=ablated.band, spans=spans),
    )


def shifted(card: Scorecard) -> bool:
    """Say whether the cut words made a difference: a level moved by one or more, came or went, or the band is another."""
    if card.ablated is None:
        return False
    return card.ablated.band != card.band or any(_apart(score.level, score.ablated) for score in card.scores)


def _apart(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is not other
    return abs(one - other) >= LEVEL_SHIFT


def _cut(text: str, spans: Sequence[Span]) -> str:
    kept: list[str] = []
    at = 0
    for span in sorted(spans, key=lambda span: span.start):
        kept.append(text[at : span.start])
        at = max(at, span.end)
    return "".join([*kept, text[at:]])
