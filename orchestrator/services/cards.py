"""From stored scores and transcripts to what a reviewer reads. Pure: values in, values out."""

from collections.abc import Sequence

from orchestrator.db.models.scoring import DecisionRow
from orchestrator.domain.evidence import bullets
from orchestrator.domain.program import ReviewPolicy
from orchestrator.domain.scoring import Evidence, Score, Scorecard, Unscored
from orchestrator.domain.transcript import Speaker, Transcript, Turn
from orchestrator.services.views import (
    BandChoice,
    CardView,
    CompetencyView,
    CutView,
    DecisionView,
    Highlight,
    QuoteView,
    TurnView,
)
from rubrics.schema import Competency, Rubric

UNSCORED = {
    Unscored.NO_ANSWER: "no answer",
    Unscored.INSUFFICIENT_EVIDENCE: "not enough evidence",
    Unscored.QUOTES_NOT_FOUND: "the quotes given are not in the transcript",
    Unscored.GRADING_FAILED: "could not be rated",
}


def card_view(card: Scorecard, rubric: Rubric, policy: ReviewPolicy) -> CardView:
    """A scorecard as a person reads it."""
    band = next(b for b in rubric.bands if b.key == card.band)
    half = policy.z * card.standard_error if card.standard_error is not None else None
    scores = {score.competency: score for score in card.scores}
    return CardView(
        band_key=band.key,
        band_label=band.label,
        sentence=_sentence(card, rubric),
        aggregate=card.aggregate,
        low=None if half is None or card.aggregate is None else max(1.0, card.aggregate - half),
        high=None if half is None or card.aggregate is None else min(5.0, card.aggregate + half),
        cuts=tuple(CutView(b.cut, b.label) for b in rubric.bands if b.cut is not None and b.cut > 1),
        competencies=tuple(_competency(c, scores.get(c.id)) for c in rubric.competencies),
        bullets=tuple(bullet.text for bullet in bullets(card.scores, rubric)),
        provisional=card.provisional,
        provenance=_provenance(card, rubric),
    )


def turn_views(transcript: Transcript, card: Scorecard | None, rubric: Rubric) -> tuple[TurnView, ...]:
    """The transcript with the evidence marked."""
    names = {competency.id: competency.name for competency in rubric.competencies}
    marks: dict[int, list[tuple[Evidence, str]]] = {}
    for score in card.scores if card else ():
        for evidence in score.evidence:
            marks.setdefault(evidence.turn, []).append((evidence, names[score.competency]))
    return tuple(
        TurnView(
            index=turn.index,
            from_candidate=turn.speaker is Speaker.CANDIDATE,
            pieces=_pieces(turn, marks.get(turn.index, [])),
        )
        for turn in transcript.turns
    )


def band_choices(rubric: Rubric) -> tuple[BandChoice, ...]:
    """The bands that a person can choose from, highest first."""
    return tuple(BandChoice(band.key, band.label) for band in rubric.bands)


def decision_view(row: DecisionRow, rubric: Rubric) -> DecisionView:
    """What a person decided."""
    label = next((band.label for band in rubric.bands if band.key == row.band), None)
    return DecisionView(
        actor=row.actor_name, verdict=row.verdict.value, band_label=label, reason=row.reason, decided_at=row.decided_at
    )


def _sentence(card: Scorecard, rubric: Rubric) -> str:
    total, rated = len(rubric.competencies), sum(score.level is not None for score in card.scores)
    if card.aggregate is None:
        return f"{rated} of {total} competencies have evidence, too few for a band."
    return f"{rated} of {total} competencies have evidence; together {card.aggregate:.1f} of 5."


def _competency(competency: Competency, score: Score | None) -> CompetencyView:
    anchors = {anchor.level: anchor.behaviour for anchor in competency.anchors}
    level = score.level if score else None
    met = int(level) if level is not None else None
    above = met + 1 if met is not None and met + 1 in anchors else None
    return CompetencyView(
        id=competency.id,
        name=competency.name,
        level=level,
        unscored=UNSCORED[score.unscored] if score and score.unscored else None if level is not None else "not rated",
        rationale=score.rationale if score else "",
        anchor=anchors[met] if met is not None else None,
        next_level=above,
        next_anchor=anchors[above] if above is not None else None,
        quotes=tuple(
            QuoteView(text=e.quote, turn=e.turn, anchor=_anchor(e)) for e in (score.evidence if score else ())
        ),
    )


def _provenance(card: Scorecard, rubric: Rubric) -> tuple[tuple[str, str], ...]:
    rater, usage = card.rater, card.rater.usage
    facts = [
        ("Rubric", f"{rubric.id} {rubric.version}"),
        ("Rubric hash", card.rubric_hash),
        ("Rated by", rater.name),
        ("Prompt hash", rater.prompt_hash or "none"),
        *((name.replace("_", " ").capitalize(), str(value)) for name, value in sorted(rater.parameters.items())),
        ("Requests", str(usage.requests)),
        ("Tokens", f"{usage.input_tokens} in, {usage.output_tokens} out"),
        ("Quotes not found", str(card.dropped_quotes)),
    ]
    return tuple(facts)


def _pieces(turn: Turn, marks: Sequence[tuple[Evidence, str]]) -> tuple[Highlight, ...]:
    """Cut a turn at the evidence; where two spans overlap, the later one begins where the earlier one ends."""
    pieces: list[Highlight] = []
    at = 0
    for evidence, name in sorted(marks, key=lambda mark: (mark[0].start, -mark[0].end)):
        start = max(at, evidence.start)
        if evidence.end <= start:
            continue
        if start > at:
            pieces.append(Highlight(turn.text[at:start], None))
        pieces.append(Highlight(turn.text[start : evidence.end], name, _anchor(evidence)))
        at = evidence.end
    if at < len(turn.text):
        pieces.append(Highlight(turn.text[at:], None))
    return tuple(pieces)


def _anchor(evidence: Evidence) -> str:
    return f"t{evidence.turn}-{evidence.start}-{evidence.end}"
