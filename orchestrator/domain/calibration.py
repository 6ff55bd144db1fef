"""Calibration sessions: several raters rate the same items blind, then look at the differences and agree. Pure.

An item is an interview that has ended, or a gold item: answers written for training, with levels that are known.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from orchestrator.domain.transcript import Transcript, plan, transcript_of
from rubrics.schema import Level, Line, Rubric, Slug, Text

MACHINE = "machine"
"""The machine's key among the raters, who have the ids of their accounts."""
LONGEST_NOTE = 2000
MOST_ITEMS, MOST_RATERS = 30, 12


class SessionState(StrEnum):
    """Where a calibration session stands."""

    RATING = "rating"  # raters see their own ratings only
    REVEALED = "revealed"  # every rating is seen, and agreed levels can be noted
    CLOSED = "closed"  # nothing changes any more


class GoldLevel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The known level of one competency, None for "not enough evidence", and why."""

    level: Level | None
    why: Text


class GoldItem(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Answers by question and known levels by competency, written by people for training. PII class: none."""

    id: Slug
    title: Line
    answers: Annotated[dict[str, Annotated[str, Meta(min_length=1, max_length=8000)]], Meta(min_length=1)]
    levels: Annotated[dict[str, GoldLevel], Meta(min_length=1)]


class GoldFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The gold items of one rubric, as they stand in a file."""

    rubric: str
    items: Annotated[tuple[GoldItem, ...], Meta(min_length=1, max_length=50)]


class Rating(Struct, frozen=True):
    """A level that somebody gave, None for "not enough evidence", with a note for the discussion."""

    level: int | None
    note: str = ""


class Cell(Struct, frozen=True, kw_only=True):
    """One competency of one item as everybody rated it; a rater who did not rate it has no entry.

    ``machine`` and ``gold`` are None where there is none; within, a level None means "not enough evidence".
    """

    item: int
    competency: str
    ratings: Mapping[str, Rating]
    machine: Rating | None = None
    gold: Rating | None = None
    agreed: Rating | None = None

    @property
    def unit(self) -> dict[str, int]:
        """The levels that people gave, by rater."""
        return {rater: rating.level for rater, rating in self.ratings.items() if rating.level is not None}

    @property
    def levels(self) -> tuple[int, ...]:
        """Every level that was given, the lowest first, the machine's and the known one among them."""
        others = [one.level for one in (self.machine, self.gold) if one is not None and one.level is not None]
        return tuple(sorted([*self.unit.values(), *others]))

    @property
    def spread(self) -> int:
        """How far the highest level lies above the lowest."""
        return self.levels[-1] - self.levels[0] if self.levels else 0

    @property
    def split(self) -> bool:
        """Whether some saw evidence and others did not."""
        given = [*self.ratings.values(), *(one for one in (self.machine, self.gold) if one is not None)]
        return len({rating.level is None for rating in given}) > 1


def gold_transcript(item: GoldItem, rubric: Rubric) -> Transcript:
    """The answers of a gold item under the rubric's questions."""
    return transcript_of(plan(rubric), item.answers)


def gold_faults(item: GoldItem, rubric: Rubric) -> list[tuple[tuple[str, str], str]]:
    """What does not fit the rubric: the member and its key, and what is wrong in words."""
    questions = {question.id for question in rubric.questions}
    competencies = {competency.id for competency in rubric.competencies}
    return [
        *((("answers", key), "is no question of the rubric") for key in item.answers if key not in questions),
        *((("levels", key), "is no competency of the rubric") for key in item.levels if key not in competencies),
        *((("levels", key), "is missing") for key in sorted(competencies - set(item.levels))),
    ]


def whole_level(level: float | None) -> int | None:
    """The machine's level as people give theirs; halves, which a median of two samples can be, go up."""
    return None if level is None else int(level + 0.5)


def largest_first(cells: Sequence[Cell]) -> list[Cell]:
    """What is worth talking about: first the largest differences, then evidence that only some saw; agreement is out."""
    worth = [cell for cell in cells if cell.spread > 0 or cell.split]
    return sorted(worth, key=lambda cell: (-cell.spread, not cell.split, cell.item, cell.competency))


def unrated(rubric: Rubric, items: Sequence[int], rated: Mapping[int, Mapping[str, Rating]]) -> list[int]:
    """The items, by number, of which somebody has not rated every competency."""
    wanted = {competency.id for competency in rubric.competencies}
    return [item for item in items if not wanted <= set(rated.get(item, {}))]
