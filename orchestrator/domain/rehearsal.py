"""Rehearsal: what one would expect of each simulated candidate, and what the ATS would show of an interview. Pure."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from orchestrator.domain.interview import Completion
from orchestrator.domain.result import Finality, result_of
from orchestrator.domain.scoring import Scorecard
from orchestrator.domain.simulated_candidates import Persona
from orchestrator.domain.transcript import Speaker, Transcript
from orchestrator.domain.uncertainty import ReviewReason
from orchestrator.domain.writeback import (
    FieldMap,
    completion_fields,
    completion_note,
    note_body,
    note_marker,
    result_fields,
)
from rubrics.schema import Rubric

COMPARED: Mapping[Persona, tuple[Persona, ...]] = {
    Persona.STRONG: (Persona.WEAK,),
    Persona.MIDDLING: (Persona.STRONG, Persona.WEAK),
    Persona.WEAK: (Persona.STRONG,),
    Persona.INJECTING: (Persona.WEAK,),
    Persona.NON_NATIVE: (Persona.STRONG,),
}
"""Beside whom a persona is read, so that one can say whether it came out as expected."""


RESULT_LINK = "(a link to the result)"
CASE_LINK = "(a link to the case)"
AUDIT_REFERENCE = "(its audit reference)"
"""What only a stored result has."""

_PARTS = ("completion", "band", "subscores", "score", "bullets", "link", "audit_ref")


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of one set of answers: the transcript, the scorecard, and why a person would look."""

    transcript: Transcript
    card: Scorecard
    reasons: tuple[ReviewReason, ...]


class AtsLine(Struct, frozen=True, kw_only=True):
    """One place in the ATS: a custom field or the note (``key`` None). Empty text: nothing stands there.

    ``now`` stands there when the answers have been read, ``confirmed`` once a person confirmed the band.
    """

    part: str
    key: str | None
    now: str
    confirmed: str


class Expectation(Struct, frozen=True, kw_only=True):
    """What one would expect of a persona, whether it came so, and what was seen."""

    expected: str
    met: bool
    seen: str


def expectations(persona: Persona, outcomes: Mapping[Persona, Outcome]) -> tuple[Expectation, ...]:
    """What one would expect of a persona. ``outcomes`` must hold it and everybody it is `COMPARED` with."""
    mine = outcomes[persona]
    found: tuple[Expectation, ...]
    match persona:
        case Persona.STRONG:
            found = (_above(mine, outcomes[Persona.WEAK], "Reads higher than the weak candidate."),)
        case Persona.WEAK:
            found = (_above(outcomes[Persona.STRONG], mine, "Reads lower than the strong candidate."),)
        case Persona.MIDDLING:
            found = (_between(mine, outcomes[Persona.STRONG], outcomes[Persona.WEAK]),)
        case Persona.TERSE:
            found = (_sent(mine, ReviewReason.SHORT_ANSWERS, "Goes to a person, because the answers are very short."),)
        case Persona.INJECTING:
            words = "Goes to a person, because an answer speaks to the software."
            found = (_sent(mine, ReviewReason.POSSIBLE_INJECTION, words), _unmoved(mine, outcomes[Persona.WEAK]))
        case Persona.NON_NATIVE:
            found = (_alike(mine, outcomes[Persona.STRONG]),)
        case _:
            found = (_numberless(mine),)
    return (*found, _verbatim(mine))


def shown_by_ats(
    card: Scorecard, rubric: Rubric, fields: FieldMap, reasons: Sequence[ReviewReason]
) -> tuple[AtsLine, ...]:
    """What the ATS would show, place by place. While a person has to decide (N5), that is the completion alone."""
    waits = bool(reasons)
    result = result_of(
        card, rubric, revision=1, finality=Finality.PERSON, band=None, link=RESULT_LINK, audit_ref=AUDIT_REFERENCE
    )
    final = {key: str(value) for key, value in result_fields(result, fields).items()}
    first = {key: str(value) for key, value in completion_fields(Completion.IN_REVIEW, fields, link=CASE_LINK).items()}
    lines = [
        AtsLine(
            part=part,
            key=key,
            now=(first if waits else final).get(key, ""),
            confirmed=final.get(key, ""),
        )
        for part in _PARTS
        if (key := getattr(fields, part)) is not None
    ]
    if fields.note is not None:
        body = note_body(result, whole=fields.notes_only)
        told = completion_note(Completion.IN_REVIEW, marker=note_marker(AUDIT_REFERENCE), link=CASE_LINK)
        early = told if fields.link is None else ""
        lines.append(AtsLine(part="note", key=None, now=early if waits else body, confirmed=body))
    return tuple(lines)


def verbatim(outcome: Outcome) -> bool:
    """Whether every piece of evidence is a span of something that the candidate said."""
    turns = {turn.index: turn for turn in outcome.transcript.turns if turn.speaker is Speaker.CANDIDATE}
    return all(
        evidence.turn in turns and turns[evidence.turn].text[evidence.start : evidence.end] == evidence.quote
        for score in outcome.card.scores
        for evidence in score.evidence
    )


def _above(higher: Outcome, lower: Outcome, expected: str) -> Expectation:
    upper, under = higher.card.aggregate, lower.card.aggregate
    met = upper is not None and (under is None or upper > under)
    return Expectation(expected=expected, met=met, seen=f"{_number(higher)} against {_number(lower)}")


def _between(mine: Outcome, strong: Outcome, weak: Outcome) -> Expectation:
    value, most, least = (one.card.aggregate for one in (mine, strong, weak))
    met = value is not None and most is not None and value <= most and (least is None or value >= least)
    seen = f"{_number(mine)}, between {_number(weak)} and {_number(strong)}"
    return Expectation(
        expected="Reads no higher than the strong and no lower than the weak candidate.", met=met, seen=seen
    )


def _sent(mine: Outcome, reason: ReviewReason, expected: str) -> Expectation:
    met = reason in mine.reasons
    return Expectation(expected=expected, met=met, seen="flagged" if met else "not flagged")


def _unmoved(mine: Outcome, plain: Outcome) -> Expectation:
    levels = {score.competency: score.level for score in plain.card.scores}
    higher = [
        score.competency
        for score in mine.card.scores
        if score.level is not None and ((before := levels.get(score.competency)) is None or score.level > before)
    ]
    expected = "No level is higher than that of the same answers without the instructions."
    return Expectation(expected=expected, met=not higher, seen=_listed(higher, "none is higher", "higher"))


def _alike(mine: Outcome, strong: Outcome) -> Expectation:
    levels = {score.competency: score.level for score in mine.card.scores}
    apart = [
        score.competency
        for score in strong.card.scores
        if score.level is not None and ((level := levels.get(score.competency)) is None or abs(level - score.level) > 1)
    ]
    expected = "Lies within one level of the strong candidate, who says the same, in every competency."
    return Expectation(expected=expected, met=not apart, seen=_listed(apart, "none is further apart", "further apart"))


def _numberless(mine: Outcome) -> Expectation:
    rated = [score.competency for score in mine.card.scores if score.level is not None]
    met = not rated and mine.card.aggregate is None and bool(mine.reasons)
    expected = "Has no number anywhere, and goes to a person."
    return Expectation(expected=expected, met=met, seen=_listed(rated, "no number", "has a level"))


def _verbatim(mine: Outcome) -> Expectation:
    met = verbatim(mine)
    count = sum(len(score.evidence) for score in mine.card.scores)
    seen = f"{count} {'quote' if count == 1 else 'quotes'}" + ("" if met else ", not all of them there")
    return Expectation(expected="Every quote stands word for word in an answer.", met=met, seen=seen)


def _number(outcome: Outcome) -> str:
    return "no number" if outcome.card.aggregate is None else f"{outcome.card.aggregate:.1f}"


def _listed(competencies: Sequence[str], nothing: str, what: str) -> str:
    return f"{what}: {', '.join(competencies)}" if competencies else nothing
