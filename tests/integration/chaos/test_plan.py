"""The plan of a chaos run: drawn up front, repeatable, and with something of everything."""

from collections import Counter

import msgspec
import pytest

from tests.chaos.plan import (
    MOST_SKEW,
    PAUSE_SECONDS,
    Candidate,
    CutDatabase,
    Edit,
    Human,
    Kill,
    Move,
    Pause,
    Plan,
    RestartDatabase,
    Stir,
    draw,
)

NAMES = {"web-1", "web-2", "worker-1", "worker-2"}


def plan(moves: int = 200, seed: int = 1, *, postgres: bool = True) -> Plan:
    """A plan of the usual size."""
    return draw(moves=moves, seed=seed, webs=2, workers=2, postgres=postgres)


def test_the_seed_is_the_plan() -> None:
    """The same seed draws the same plan to the last byte, another seed another one."""
    one, again, other = (msgspec.json.encode(plan(seed=seed)) for seed in (1, 1, 2))
    assert one == again != other


@pytest.mark.parametrize("moves", [1, 2, 57, 200, 2000])
def test_it_has_as_many_moves_as_asked(moves: int) -> None:
    """N counts stage moves; each person's moves come in the order of their path, and no edit or move is left out."""
    drawn = plan(moves)
    by_person: dict[int, list[object]] = {}
    for act in drawn.acts:
        if isinstance(act, Move):
            by_person.setdefault(act.person, []).append(act.step)
    assert sum(map(len, by_person.values())) == moves
    assert all(tuple(by_person[person.number]) == person.path for person in drawn.people)
    early = {person.number for person in drawn.people if person.human in {Human.BEFORE, Human.AT_ONCE}}
    assert Counter(act.person for act in drawn.acts if isinstance(act, Edit)) == Counter(early)


@pytest.mark.parametrize("seed", range(10))
def test_small_runs_have_everything(seed: int) -> None:
    """Two hundred moves: every kind of mischief, of edit and of candidate, in every seed."""
    drawn = plan(seed=seed)
    acts = (*drawn.acts, *drawn.tail)
    assert {type(act) for act in acts} == {Move, Edit, Stir, Kill, Pause, RestartDatabase, CutDatabase}
    assert {act.mode for act in acts if isinstance(act, RestartDatabase)} == {"fast", "immediate"}
    assert {person.human for person in drawn.people} == {None, *Human}
    assert Candidate.HAND_IN in {person.candidate for person in drawn.people}
    assert sum(isinstance(act, Stir) and act.weight > 0 for act in acts) > 5


def test_pauses_are_longer_than_leases_and_clocks_differ() -> None:
    """A pause shorter than a lease would never test the fence; every process has a clock error of its own."""
    drawn = plan(2000)
    assert all(act.seconds >= PAUSE_SECONDS for act in drawn.acts if isinstance(act, Pause))
    assert drawn.skew.keys() == NAMES
    assert len(set(drawn.skew.values())) == len(NAMES)
    assert all(abs(seconds) <= MOST_SKEW for seconds in drawn.skew.values())


def test_without_a_server_there_is_nothing_to_restart() -> None:
    """On SQLite there are kills and pauses by the hundred at two thousand moves, and no database restarts."""
    drawn = plan(2000, postgres=False)
    kinds = Counter(type(act) for act in (*drawn.acts, *drawn.tail))
    assert kinds[Kill] >= 200
    assert kinds[RestartDatabase] == kinds[CutDatabase] == 0
