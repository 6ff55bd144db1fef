"""The parts that a result is made of, and results of two readings mixed part by part. Pure; the explainer says it in words."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import combinations
from math import factorial

from msgspec import Struct, structs

from orchestrator.domain.scoring import Rater, Score, Scorecard, aggregate, band_of
from rubrics.schema import Competency, Rubric

_NO_CAUSE = frozenset({"anchor_orders", "call_seconds", "concurrency", "token_budget"})
"""Parameters that are another each time, or that cannot reach a level: what they move is chance."""


class Cause(StrEnum):
    """What may have moved a level."""

    ADDED = "added"
    REMOVED = "removed"
    WORDS = "words"
    GRADER = "grader"
    PROMPT = "prompt"
    SETTINGS = "settings"
    CHANCE = "chance"


class PartKind(StrEnum):
    """A kind of part that a result is made of."""

    LEVEL = "level"
    WEIGHTS = "weights"
    FLOOR = "floor"
    CUTS = "cuts"


class Read(Struct, frozen=True, kw_only=True):
    """One reading: a scorecard and the rubric that it was made with."""

    card: Scorecard
    rubric: Rubric


class Standing(Struct, frozen=True, kw_only=True):
    """Where a result stands: the number on the level scale (None: too little evidence) and the label of its band."""

    value: float | None
    band: str
    label: str


class Part(Struct, frozen=True):
    """One part that can be exchanged; ``competency`` says which level is meant."""

    kind: PartKind
    competency: str | None = None


class Mixtures:
    """Results of old and new parts mixed, each computed once."""

    def __init__(self, before: Read, after: Read) -> None:
        self._before, self._after = before, after
        self._levels = (by_competency(before.card), by_competency(after.card))
        self._known: dict[frozenset[Part], Standing] = {}

    def standing(self, exchanged: frozenset[Part]) -> Standing:
        """The result with these parts from the new reading and all others from the old one."""
        if exchanged not in self._known:
            self._known[exchanged] = self._computed(exchanged)
        return self._known[exchanged]

    def _computed(self, exchanged: frozenset[Part]) -> Standing:
        def rubric(kind: PartKind) -> Rubric:
            return (self._after if Part(kind) in exchanged else self._before).rubric

        mixed = structs.replace(
            rubric(PartKind.WEIGHTS),
            coverage_floor=rubric(PartKind.FLOOR).coverage_floor,
            bands=rubric(PartKind.CUTS).bands,
        )
        scores = [
            self._levels[Part(PartKind.LEVEL, competency.id) in exchanged].get(competency.id)
            for competency in mixed.competencies
        ]
        value = aggregate([score for score in scores if score is not None], mixed).value
        band = band_of(value, mixed)
        return Standing(value=value, band=band.key, label=band.label)


def changed_parts(before: Read, after: Read) -> tuple[Part, ...]:
    """The parts that differ, in a fixed order."""
    old, new = by_competency(before.card), by_competency(after.card)
    ids = dict.fromkeys(c.id for c in (*before.rubric.competencies, *after.rubric.competencies))
    parts = [Part(PartKind.LEVEL, one) for one in ids if level_of(old.get(one)) != level_of(new.get(one))]
    if weights_of(before.rubric) != weights_of(after.rubric):
        parts.append(Part(PartKind.WEIGHTS))
    if before.rubric.coverage_floor != after.rubric.coverage_floor:
        parts.append(Part(PartKind.FLOOR))
    if cuts_of(before.rubric) != cuts_of(after.rubric):
        parts.append(Part(PartKind.CUTS))
    return tuple(parts)


def shares_of(parts: Sequence[Part], mixtures: Mixtures) -> Mapping[Part, float]:
    """Shapley values of the number. Floor and cuts never move it where all mixtures have one."""
    players = [part for part in parts if part.kind in {PartKind.LEVEL, PartKind.WEIGHTS}]
    values: dict[frozenset[Part], float] = {}
    for size in range(len(players) + 1):
        for chosen in combinations(players, size):
            value = mixtures.standing(frozenset(chosen)).value
            if value is None:
                return {}
            values[frozenset(chosen)] = value
    count = len(players)
    shares = dict.fromkeys(parts, 0.0)
    for together, value in values.items():
        size = len(together)
        for part in players:
            if part not in together:
                orders = factorial(size) * factorial(count - size - 1) / factorial(count)
                shares[part] += orders * (values[together | {part}] - value)
    return shares


def causes_of(part: Part, before: Read, after: Read) -> tuple[Cause, ...]:
    """What may have moved a level; empty for parts whose change is the cause itself."""
    if part.kind is not PartKind.LEVEL:
        return ()
    old, new = competency_of(before.rubric, part.competency), competency_of(after.rubric, part.competency)
    if old is None or new is None:
        return (Cause.ADDED if old is None else Cause.REMOVED,)
    one, other = before.card.rater, after.card.rater
    found = [
        (Cause.WORDS, text_of(old, before.rubric) != text_of(new, after.rubric)),
        (Cause.GRADER, (one.kind, one.name) != (other.kind, other.name)),
        (Cause.PROMPT, one.prompt_hash != other.prompt_hash),
        (Cause.SETTINGS, bool(other_settings(one, other))),
    ]
    return tuple(cause for cause, changed in found if changed) or (Cause.CHANCE,)


def other_settings(one: Rater, other: Rater) -> list[tuple[str, object, object]]:
    """The parameters that could move a level and in which two raters differ: name in words, old value, new value."""
    names = sorted({*one.parameters, *other.parameters} - _NO_CAUSE)
    return [
        (name.replace("_", " "), one.parameters.get(name), other.parameters.get(name))
        for name in names
        if one.parameters.get(name) != other.parameters.get(name)
    ]


def by_competency(card: Scorecard) -> Mapping[str, Score]:
    """The scores of a card by the id of their competency."""
    return {score.competency: score for score in card.scores}


def level_of(score: Score | None) -> float | None:
    """The level of a score, None where there is none."""
    return None if score is None else score.level


def competency_of(rubric: Rubric, competency: str | None) -> Competency | None:
    """A competency of a rubric, None where the rubric has no such one."""
    return next((one for one in rubric.competencies if one.id == competency), None)


def text_of(competency: Competency, rubric: Rubric) -> object:
    """Everything of a competency that a grader reads."""
    return competency.name, competency.definition, competency.anchors, questions_for(competency.id, rubric)


def questions_for(competency: str, rubric: Rubric) -> Sequence[tuple[str, str]]:
    """Id and text of the questions that ask for a competency."""
    return [(question.id, question.text) for question in rubric.questions if competency in question.competencies]


def weights_of(rubric: Rubric) -> Mapping[str, float]:
    """The weight of each competency."""
    return {competency.id: competency.weight for competency in rubric.competencies}


def cuts_of(rubric: Rubric) -> Sequence[tuple[str, float | None]]:
    """The cut of each band, highest band first."""
    return [(band.key, band.cut) for band in rubric.bands]
