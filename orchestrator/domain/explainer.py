"""Which change moved a result: two readings of one transcript, each with its own rubric, exchanged piece by piece. Pure.

A result is a function of parts: the level of each competency, the weights, the coverage floor and the cuts. From levels on
everything is deterministic, so any mixture of old and new parts can be computed again without asking a grader. A part's
*share* of the difference is what exchanging it adds, averaged over all orders in which the parts could be exchanged (the
Shapley value): shares add up to the whole difference, whichever order one would have thought of. Where a mixture on the
way has no number (too little evidence), there are no shares; what each part does alone, and what would be without it, is
said in any case.

What moved a *level* cannot be computed, only compared: the words of the rubric, the grader, its prompt, its settings, or
none of them, which leaves chance.
"""

from collections.abc import Sequence

from msgspec import Struct

from orchestrator.domain.result_parts import (
    Cause,
    Mixtures,
    Part,
    PartKind,
    Read,
    Standing,
    by_competency,
    causes_of,
    changed_parts,
    competency_of,
    cuts_of,
    level_of,
    other_settings,
    questions_for,
    shares_of,
    weights_of,
)
from rubrics.schema import Rubric

_EVEN = 0.005


class Movement(Struct, frozen=True, kw_only=True):
    """One part that changed. ``alone``: only it exchanged; ``without``: everything but it exchanged."""

    kind: PartKind
    competency: str | None
    share: float | None
    alone: Standing
    without: Standing
    causes: tuple[Cause, ...]
    words: str


class Explanation(Struct, frozen=True, kw_only=True):
    """Which change moved a result, the largest first. ``sentences`` say it all for people."""

    before: Standing
    after: Standing
    movements: tuple[Movement, ...]
    sentences: tuple[str, ...]


def explain(before: Read, after: Read) -> Explanation:
    """Explain the way from one reading to another of the same transcript."""
    parts = changed_parts(before, after)
    mixtures = Mixtures(before, after)
    shares = shares_of(parts, mixtures)
    whole = frozenset(parts)
    movements = [
        Movement(
            kind=part.kind,
            competency=part.competency,
            share=shares.get(part),
            alone=mixtures.standing(frozenset((part,))),
            without=mixtures.standing(whole - {part}),
            causes=causes_of(part, before, after),
            words=_words(part, before, after),
        )
        for part in parts
    ]
    movements.sort(key=lambda movement: -abs(movement.share or 0.0))
    start, end = mixtures.standing(frozenset()), mixtures.standing(whole)
    sentences = (*_recomputed(before, start), *_sentences(start, end, movements))
    return Explanation(before=start, after=end, movements=tuple(movements), sentences=sentences)


def _words(part: Part, before: Read, after: Read) -> str:
    match part.kind:
        case PartKind.WEIGHTS:
            return f"Weights: {_weights_words(before.rubric, after.rubric)}."
        case PartKind.FLOOR:
            old, new = before.rubric.coverage_floor, after.rubric.coverage_floor
            return f"Weight that needs evidence before there is a band: {new:.0%} instead of {old:.0%}."
        case PartKind.CUTS:
            return f"Cuts: {_cuts_words(before.rubric, after.rubric)}."
        case PartKind.LEVEL:
            return f"{_level_words(part, before, after)} {_why(part, before, after)}"


def _level_words(part: Part, before: Read, after: Read) -> str:
    old, new = (level_of(by_competency(one.card).get(part.competency or "")) for one in (before, after))
    named = competency_of(after.rubric, part.competency) or competency_of(before.rubric, part.competency)
    name = named.name if named else part.competency
    return f"{name}: {_level_text(new)} instead of {_level_text(old)}."


def _why(part: Part, before: Read, after: Read) -> str:
    causes = causes_of(part, before, after)
    one, other = before.card.rater, after.card.rater
    settings = ", ".join(f"{name} {new} instead of {old}" for name, old, new in other_settings(one, other))
    said = {
        Cause.ADDED: "The competency is new in the rubric.",
        Cause.REMOVED: "The competency is no longer in the rubric.",
        Cause.WORDS: f"Its words in the rubric changed: {_changes(part, before, after)}.",
        Cause.GRADER: f"Another grader read it: {other.name} instead of {one.name}.",
        Cause.PROMPT: "The prompt is another one.",
        Cause.SETTINGS: f"The grader had other settings: {settings}.",
        Cause.CHANCE: (
            "Nothing that could explain it changed: the same grader, prompt and rubric read the same words differently, which is"
            " what the standard error stands for."
        ),
    }
    sentences = [said[cause] for cause in causes]
    if len(causes) > 1:
        sentences.append(
            "These two scorecards cannot say which of these it was; a third one, with only one of them changed, can."
        )
    return " ".join(sentences)


def _changes(part: Part, before: Read, after: Read) -> str:
    """Counts of what is new, gone and reworded among the indicators, and what else differs."""
    old, new = competency_of(before.rubric, part.competency), competency_of(after.rubric, part.competency)
    if old is None or new is None:
        return ""
    was = {one.id: (anchor.level, one) for anchor in old.anchors for one in anchor.indicators}
    now = {one.id: (anchor.level, one) for anchor in new.anchors for one in anchor.indicators}
    anchors = sum(a.behaviour != b.behaviour for a, b in zip(old.anchors, new.anchors, strict=True))
    counts = [
        (len(now.keys() - was.keys()), "indicator is new", "indicators are new"),
        (len(was.keys() - now.keys()), "indicator is gone", "indicators are gone"),
        (sum(was[one] != now[one] for one in was.keys() & now.keys()), "indicator is another", "indicators are others"),
        (anchors, "anchor was reworded", "anchors were reworded"),
    ]
    said = [f"{count} {one if count == 1 else many}" for count, one, many in counts if count]
    if questions_for(old.id, before.rubric) != questions_for(new.id, after.rubric):
        said.append("other questions ask for it")
    return ", ".join(said) or "its definition"


def _recomputed(before: Read, start: Standing) -> tuple[str, ...]:
    """What must be said where a stored result was computed by other rules than today's."""
    if before.card.band == start.band and _number(before.card.aggregate) == _number(start.value):
        return ()
    stored = _number(before.card.aggregate)
    return (f"The earlier result was stored as {stored}; from the same levels, today's rules make {_standing(start)}.",)


def _sentences(start: Standing, end: Standing, movements: Sequence[Movement]) -> tuple[str, ...]:
    if not movements:
        return (f"Nothing moved: {_standing(end)}, as before.",)
    lead = f"From {_standing(start)} to {_standing(end)}."
    return (lead, *(f"{movement.words} {_effect(movement, start, end)}" for movement in movements))


def _effect(movement: Movement, start: Standing, end: Standing) -> str:
    """What a part did to the number, and what would be without it where that is another band."""
    said: list[str] = []
    if movement.kind in {PartKind.LEVEL, PartKind.WEIGHTS}:
        if movement.share is None:
            said.append(f"Alone, it would give {_standing(movement.alone)}.")
        elif abs(movement.share) < _EVEN:
            said.append("That moved the number by next to nothing.")
        else:
            said.append(f"That is {movement.share:+.2f} of the difference.")
    if movement.without.band != end.band:
        said.append(f"Without it, the band would be “{movement.without.label}”.")
    elif movement.kind in {PartKind.FLOOR, PartKind.CUTS}:
        moved = movement.alone.band != start.band
        said.append("Alone, it would change the band too." if moved else "It does not change this band.")
    return " ".join(said)


def _standing(standing: Standing) -> str:
    return f"{_number(standing.value)} (“{standing.label}”)"


def _number(value: float | None) -> str:
    return "no number" if value is None else f"{value:.2f} of 5"


def _weights_words(old: Rubric, new: Rubric) -> str:
    was, now = weights_of(old), weights_of(new)
    names = {c.id: c.name for rubric in (old, new) for c in rubric.competencies}
    said: list[str] = []
    for one in dict.fromkeys((*was, *now)):
        if was.get(one) != now.get(one):
            here = f"{now[one]:g}" if one in now else "nothing"
            there = f"{was[one]:g}" if one in was else "nothing"
            said.append(f"{names[one]} counts {here} instead of {there}")
    return "; ".join(said)


def _cuts_words(old: Rubric, new: Rubric) -> str:
    was, now = (dict(cuts_of(rubric)) for rubric in (old, new))
    labels = {band.key: band.label for rubric in (old, new) for band in rubric.bands}
    return "; ".join(
        f"“{labels[key]}” begins at {_cut(now.get(key))} instead of {_cut(was.get(key))}"
        for key in dict.fromkeys((*was, *now))
        if was.get(key) != now.get(key)
    )


def _cut(cut: float | None) -> str:
    return "no cut" if cut is None else f"{cut:g}"


def _level_text(level: float | None) -> str:
    return "no level" if level is None else f"level {level:g}"
