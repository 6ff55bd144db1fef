"""Review as people do it: who reads blind, when two must agree, how long the queue is, and how reviewers work. Pure."""

import hashlib
import uuid
from collections.abc import Collection, Hashable, Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from statistics import median

from msgspec import Struct

from orchestrator.domain.forecast import Proportion, wilson
from orchestrator.domain.program import FourEyes
from orchestrator.domain.uncertainty import ReviewReason

QUICK = 10.0
"""Seconds: who takes less than this for half of the cases hardly reads them (reference: H15)."""

TIMED = 20
"""Decisions with a known time before anything is said about how quickly somebody reads."""

ENOUGH = 50
"""Decisions before anything is said about how often somebody differs from the software."""

HARDLY = 0.01
"""Share of decisions that differ, up to which somebody hardly ever differs."""

ASKED_AGAIN_FOR = frozenset(
    {
        ReviewReason.EMPTY,
        ReviewReason.WRONG_LANGUAGE,
        ReviewReason.GIBBERISH,
        ReviewReason.COPIED,
        ReviewReason.GRADING_FAILED,
    }
)
"""Why a candidate can be asked again: what the quality gate finds, and where our own software could make nothing of it."""

_HASHED = 2**64


def reads_blind(case_id: uuid.UUID, share: float) -> bool:
    """Choose by stable hash whether a case is read blind first; a larger share keeps the cases that were in."""
    digest = hashlib.sha256(b"blind first\n" + case_id.bytes).digest()
    return int.from_bytes(digest[:8]) < share * _HASHED


def may_ask_again(reasons: Collection[ReviewReason], *, rated: bool) -> bool:
    """Whether a case with these reasons is one in which the candidate can be asked again; ``rated``: any level is there.

    Short answers are a reason only where they were all there was: whoever answered in a few words and was understood had
    the same chance as everybody else.
    """
    return not ASKED_AGAIN_FOR.isdisjoint(reasons) or (not rated and ReviewReason.SHORT_ANSWERS in reasons)


class Choice(Struct, frozen=True):
    """What somebody wants to decide: ``band`` None closes the case without one. ``departs``: other than recommended."""

    person: Hashable
    band: str | None
    departs: bool


class Step(StrEnum):
    """What comes of a choice."""

    STANDS = "stands"  # it is the decision
    AGREES = "agrees"  # with the choice that waited, and that is the decision
    WAITS = "waits"  # for a second person
    REPLACES = "replaces"  # the choice that waited, and waits itself: the two differ
    OWN = "own"  # refused: the choice that waits is by the same person


def step(policy: FourEyes, choice: Choice, waiting: Choice | None) -> Step:
    """Say what comes of a choice. Where one waits, two people must have chosen the same, whatever the second one chose."""
    if waiting is not None:
        if waiting.person == choice.person:
            return Step.OWN
        return Step.AGREES if waiting.band == choice.band else Step.REPLACES
    needed = policy is FourEyes.ALL or (policy is FourEyes.OVERRIDES and choice.departs)
    return Step.WAITS if needed else Step.STANDS


class Ages(Struct, frozen=True):
    """How long open cases have waited. ``p90``: nine of ten wait no longer (nearest rank)."""

    count: int
    oldest: timedelta
    p90: timedelta
    overdue: int


def ages(cases: Iterable[tuple[datetime, datetime]], *, now: datetime) -> Ages | None:
    """Measure (opened, due) pairs; None where nobody waits."""
    known = list(cases)
    if not known:
        return None
    waited = sorted(max(now - opened, timedelta(0)) for opened, _ in known)
    rank = ceil(0.9 * len(waited)) - 1
    return Ages(len(waited), waited[-1], waited[rank], sum(due < now for _, due in known))


class Agreement(Struct, frozen=True):
    """How often people who read blind chose the software's band, or that or one beside it."""

    same: Proportion
    beside: Proportion


def agreement(pairs: Sequence[tuple[int | None, int | None]]) -> Agreement | None:
    """Compare ranks of bands (own, software's; None: the band without a number, beside which lies nothing)."""
    if not pairs:
        return None
    same = sum(own == other for own, other in pairs)
    near = sum(own is not None and other is not None and abs(own - other) == 1 for own, other in pairs)
    return Agreement(wilson(same, len(pairs)), wilson(same + near, len(pairs)))


class Habit(StrEnum):
    """What is worth a talk with a reviewer. Stable codes; the page says each in plain words."""

    QUICK = "quick"
    NEVER_DIFFERS = "never_differs"


class Decided(Struct, frozen=True):
    """One decision about a result. ``seconds`` since the case was first opened by who decided; None where not known."""

    person: str
    differs: bool
    seconds: float | None


class Reviewer(Struct, frozen=True, kw_only=True):
    """How somebody reviews. ``median_seconds`` None: no decision with a known time."""

    person: str
    decisions: int
    timed: int
    median_seconds: float | None
    differing: int
    habits: tuple[Habit, ...]


def reviewers(decided: Iterable[Decided]) -> tuple[Reviewer, ...]:
    """Everybody who decided, by name of the key, with the habits that are worth a talk."""
    by_person: dict[str, list[Decided]] = {}
    for one in decided:
        by_person.setdefault(one.person, []).append(one)
    return tuple(_reviewer(person, by_person[person]) for person in sorted(by_person))


def _reviewer(person: str, decided: Sequence[Decided]) -> Reviewer:
    times = [one.seconds for one in decided if one.seconds is not None]
    middle = median(times) if times else None
    differing = sum(one.differs for one in decided)
    habits: list[Habit] = []
    if middle is not None and len(times) >= TIMED and middle < QUICK:
        habits.append(Habit.QUICK)
    if len(decided) >= ENOUGH and differing <= HARDLY * len(decided):
        habits.append(Habit.NEVER_DIFFERS)
    return Reviewer(
        person=person,
        decisions=len(decided),
        timed=len(times),
        median_seconds=middle,
        differing=differing,
        habits=tuple(habits),
    )
