"""From stored scores and transcripts to what a reviewer reads. Pure: values in, values out."""

from collections.abc import Mapping, Sequence

from orchestrator.db.models.scoring import DecisionRow, HeldDecisionRow
from orchestrator.domain.evidence import bullets
from orchestrator.domain.program import ReviewPolicy
from orchestrator.domain.scoring import Evidence, Receipt, Score, Scorecard, Unscored
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
from rubrics.schema import Anchor, Competency, Rubric

UNSCORED = {
    Unscored.NO_ANSWER: "no answer",
    Unscored.INSUFFICIENT_EVIDENCE: "not enough evidence",
    Unscored.QUOTES_NOT_FOUND: "the quotes given are not in the transcript",
    Unscored.GRADING_FAILED: "could not be rated",
}


CONTEXT = 90
"""Characters of the same answer that are shown before and after a quote."""


def card_view(card: Scorecard, rubric: Rubric, policy: ReviewPolicy, transcript: Transcript | None = None) -> CardView:
    """A scorecard as a person reads it; with the ``transcript`` each quote has the words around it."""
    said = {turn.index: turn.text for turn in transcript.turns} if transcript else {}
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
        competencies=tuple(_competency(c, scores.get(c.id), said) for c in rubric.competencies),
        bullets=tuple(bullet.text for bullet in bullets(card.scores, rubric)),
        provisional=card.provisional,
        provenance=_provenance(card, rubric),
        stability=_stability(card.receipt),
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


def held_view(row: HeldDecisionRow, first: HeldDecisionRow, rubric: Rubric, *, mine: bool) -> DecisionView:
    """What is decided and not yet final; ``first`` is the choice that it agrees with, else itself."""
    label = next((band.label for band in rubric.bands if band.key == row.band), None)
    return DecisionView(
        actor=first.actor_name,
        verdict=row.verdict.value,
        band_label=label,
        reason=first.reason,
        decided_at=row.decided_at,
        agreed_by=row.actor_name if first.id != row.id else "",
        final_at=row.final_at,
        mine=mine,
    )


def _sentence(card: Scorecard, rubric: Rubric) -> str:
    total, rated = len(rubric.competencies), sum(score.level is not None for score in card.scores)
    if card.aggregate is None:
        return f"{rated} of {total} competencies have evidence, too few for a band."
    return f"{rated} of {total} competencies have evidence; together {card.aggregate:.1f} of 5."


def _competency(competency: Competency, score: Score | None, said: Mapping[int, str]) -> CompetencyView:
    anchors = {anchor.level: anchor for anchor in competency.anchors}
    level = score.level if score else None
    met = int(level) if level is not None else None
    above = met + 1 if met is not None and met + 1 in anchors else None
    return CompetencyView(
        id=competency.id,
        name=competency.name,
        level=level,
        unscored=UNSCORED[score.unscored] if score and score.unscored else None if level is not None else "not rated",
        rationale=score.rationale if score else "",
        anchor=anchors[met].behaviour if met is not None else None,
        next_level=above,
        next_anchor=anchors[above].behaviour if above is not None else None,
        quotes=tuple(_quote(e, said.get(e.turn, "")) for e in (score.evidence if score else ())),
        shown=_indicators(anchors.get(met or 0), score, found=True),
        missing=_indicators(anchors.get(above or 0), score, found=False),
    )


def _stability(receipt: Receipt | None) -> str:
    """How much the readings differ, where there were several."""
    if receipt is None or receipt.same_band is None:
        return ""
    if receipt.same_band == 1:
        said = "the band was the same each time"
    else:
        said = f"two of them give the same band in {receipt.same_band:.0%} of the pairs"
    moved = "" if receipt.spread is None else f"; the number moves by {receipt.spread:.1f} levels (standard deviation)"
    return f"Read {receipt.samples} times: {said}{moved}."


def _indicators(anchor: Anchor | None, score: Score | None, *, found: bool) -> tuple[str, ...]:
    """The checklist of an anchor, as far as it was found or was not; nothing where the rater kept no checklist."""
    if anchor is None or score is None or not score.indicators:
        return ()
    return tuple(one.text for one in anchor.indicators if (one.id in score.indicators) is found)


def _quote(evidence: Evidence, said: str) -> QuoteView:
    return QuoteView(
        text=evidence.quote,
        turn=evidence.turn,
        anchor=_anchor(evidence),
        before=_lead(said[: evidence.start]) if said else "",
        after=_tail(said[evidence.end :]) if said else "",
    )


def _lead(text: str) -> str:
    """The last words of what comes before, whole ones."""
    line = " ".join(text.split())
    if len(line) <= CONTEXT:
        return line
    return "… " + line[-CONTEXT:].partition(" ")[2]


def _tail(text: str) -> str:
    """The first words of what comes after, whole ones."""
    line = " ".join(text.split())
    if len(line) <= CONTEXT:
        return line
    return line[:CONTEXT].rpartition(" ")[0] + " …"


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
