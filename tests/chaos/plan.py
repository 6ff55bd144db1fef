"""What will happen, drawn from the seed before anything starts: who moves, who answers, what breaks, in which order."""

import random
from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

LEASE_SECONDS = 3.0
PAUSE_SECONDS = LEASE_SECONDS * 1.5
MOST_SKEW = 45.0
TAIL = 0.15
"""The share of the mischief that comes after the last move, while candidates still answer."""


class Job(StrEnum):
    """Support: a person decides every result, one interview ever. Sales: the policy may decide; who returns, is invited again."""

    SUPPORT = "Customer Support Specialist"
    SALES = "Sales Development Representative"


class Step(StrEnum):
    """One move of a card."""

    ENTER = "enter"
    LEAVE = "leave"


class Human(StrEnum):
    """When a recruiter writes into a field of ours."""

    BEFORE = "before"  # the value stands there before the move
    AT_ONCE = "at_once"  # while the move is being worked on
    LATE = "late"  # when the invitation has arrived


class Candidate(StrEnum):
    """What the candidate does with the invitation."""

    NOTHING = "nothing"
    BEGIN = "begin"
    HAND_IN = "hand_in"


class Decision(StrEnum):
    """What the reviewer does with the case."""

    CONFIRM = "confirm"
    OVERRIDE = "override"
    CLOSE = "close"


class Person(Struct, frozen=True, kw_only=True):
    """One application and everything that people will do with it."""

    number: int
    job: Job
    path: tuple[Step, ...]
    human: Human | None = None
    candidate: Candidate = Candidate.NOTHING
    decision: Decision = Decision.CONFIRM

    @property
    def email(self) -> str:
        """Where the invitation goes; the number is found again in the mail catcher."""
        return f"chaos-{self.number}@applicants.example"


class Move(Struct, frozen=True, tag=True):
    """A recruiter moves somebody's card."""

    person: int
    step: Step


class Edit(Struct, frozen=True, tag=True):
    """A recruiter writes into a field of ours."""

    person: int


class Stir(Struct, frozen=True, tag=True):
    """A new mixture of faults at the ATS and the mail server, in the words of their switches."""

    ats: dict[str, object]
    mail: dict[str, int]

    @property
    def weight(self) -> int:
        """How many faults it announces, not counting those that come by probability."""
        faults = announced(self.ats)
        return faults + sum(self.mail.values())


class Kill(Struct, frozen=True, tag=True):
    """kill -9, and start again."""

    name: str


class Pause(Struct, frozen=True, tag=True):
    """SIGSTOP for longer than a lease."""

    name: str
    seconds: float


class RestartDatabase(Struct, frozen=True, tag=True):
    """Stop PostgreSQL (``fast`` or ``immediate``) and start it again."""

    mode: str


class CutDatabase(Struct, frozen=True, tag=True):
    """pg_terminate_backend for a share of the open connections."""

    share: float


Act = Move | Edit | Stir | Kill | Pause | RestartDatabase | CutDatabase
Mischief = Kill | Pause | RestartDatabase | CutDatabase


class Plan(Struct, frozen=True, kw_only=True):
    """Everything that the run will do. ``tail`` comes after the last move; ``skew`` is each process's clock error in seconds."""

    people: tuple[Person, ...]
    acts: tuple[Act, ...]
    tail: tuple[Act, ...]
    skew: dict[str, float]


def announced(ats: dict[str, object]) -> int:
    """Sum the ``next`` counts of every switch of the ATS."""
    return sum(
        count for switch in ats.values() if isinstance(switch, dict) and isinstance(count := switch.get("next"), int)
    )


def draw(*, moves: int, seed: int, webs: int, workers: int, postgres: bool) -> Plan:
    """Draw the plan of a run. The same arguments give the same plan."""
    dice = random.Random(seed)
    people = tuple(_people(dice, moves))
    names = [*(f"web-{n}" for n in range(1, webs + 1)), *(f"worker-{n}" for n in range(1, workers + 1))]
    mischief = list(_mischief(dice, count=max(10, moves // 8), names=names, postgres=postgres))
    dice.shuffle(mischief)
    late = round(len(mischief) * TAIL)
    timeline = [
        *_recruiting(dice, people),
        *((_spread(dice, len(people)), act) for act in mischief[late:]),
        *((_spread(dice, len(people)), _stir(dice)) for _ in range(max(8, moves // 25))),
    ]
    timeline.sort(key=lambda pair: pair[0])
    tail: list[Act] = [*mischief[:late], *(_stir(dice) for _ in range(1 + late // 5))]
    dice.shuffle(tail)
    skew = {name: dice.uniform(-MOST_SKEW, MOST_SKEW) for name in names}
    return Plan(people=people, acts=tuple(act for _, act in timeline), tail=tuple(tail), skew=skew)


def _people(dice: random.Random, moves: int) -> Iterator[Person]:
    number = 0
    while moves > 0:
        person = _person(dice, number)
        path = person.path if len(person.path) <= moves else (Step.ENTER,)
        yield Person(
            number=number,
            job=person.job,
            path=path,
            human=person.human,
            candidate=person.candidate,
            decision=person.decision,
        )
        moves -= len(path)
        number += 1


def _person(dice: random.Random, number: int) -> Person:
    job = dice.choice([Job.SUPPORT, Job.SUPPORT, Job.SALES])
    decision = dice.choice([Decision.CONFIRM, Decision.CONFIRM, Decision.OVERRIDE, Decision.CLOSE])
    lot = dice.random()
    if lot < 0.10:
        return Person(number=number, job=job, path=(Step.ENTER, Step.LEAVE))
    if lot < 0.15:
        return Person(number=number, job=job, path=(Step.ENTER, Step.LEAVE, Step.ENTER))
    human = dice.choice(list(Human)) if lot < 0.27 else None
    if lot > 0.88:
        return Person(number=number, job=job, path=(Step.ENTER,), candidate=Candidate.HAND_IN, decision=decision)
    candidate = Candidate.BEGIN if lot > 0.86 else Candidate.NOTHING
    return Person(number=number, job=job, path=(Step.ENTER,), human=human, candidate=candidate)


def _recruiting(dice: random.Random, people: tuple[Person, ...]) -> Iterator[tuple[float, Act]]:
    for person in people:
        at = float(person.number)
        if person.human is Human.BEFORE:
            yield at - 0.5, Edit(person=person.number)
        for step in person.path:
            yield at, Move(person=person.number, step=step)
            at += dice.choice([0.1, dice.uniform(0, 3), dice.uniform(0, 40)])
        if person.human is Human.AT_ONCE:
            yield float(person.number) + dice.uniform(0.1, 20), Edit(person=person.number)


def _spread(dice: random.Random, width: int) -> float:
    return dice.uniform(0, width)


def _mischief(dice: random.Random, *, count: int, names: list[str], postgres: bool) -> Iterator[Mischief]:
    # Of every kind at least one, so that a small run has them all.
    yield Pause(name=dice.choice(names), seconds=_pause(dice))
    yield Kill(name=dice.choice(names))
    if postgres:
        yield RestartDatabase(mode="fast")
        yield RestartDatabase(mode="immediate")
        yield CutDatabase(share=1.0)
    for _ in range(count):
        lot = dice.random()
        if lot < 0.15:
            yield Pause(name=dice.choice(names), seconds=_pause(dice))
        elif postgres and lot < 0.18:
            yield RestartDatabase(mode=dice.choice(["fast", "immediate"]))
        elif postgres and lot < 0.28:
            yield CutDatabase(share=dice.uniform(0.2, 1.0))
        else:
            yield Kill(name=dice.choice(names))


def _pause(dice: random.Random) -> float:
    return dice.uniform(PAUSE_SECONDS, PAUSE_SECONDS * 1.4)


def _stir(dice: random.Random) -> Stir:
    ats: dict[str, object] = {
        "error_500": {"probability": dice.choice([0.0, 0.05, 0.15]), "next": dice.randint(0, 2)},
        "timeout_after_commit": {"next": dice.randint(0, 3), "hang_seconds": dice.choice([0.0, 0.2])},
        "cut_connections": {"next": dice.randint(0, 2), "carried_out": dice.random() < 0.7},
        "rate_limited": {"next": dice.randint(0, 2), "retry_after": dice.choice([None, 1])},
        "deliveries": {
            "duplicates": dice.choice([0, 0, 1, 2]),
            "delay_seconds": dice.choice([0.0, 0.0, 0.5]),
            "reorder_seconds": dice.choice([0.0, 0.5, 1.5]),
        },
        "writes_only": dice.random() < 0.3,
        "seed": dice.randint(0, 10**6),
    }
    return Stir(ats=ats, mail={"temporary": dice.randint(0, 2), "drop": dice.randint(0, 2)})
