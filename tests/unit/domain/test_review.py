"""Review as people do it: blind readings by stable hash, two pairs of eyes, how long people wait, and how reviewers work."""

import uuid
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.program import UNDO_SECONDS, FourEyes, Program, ReviewPolicy
from orchestrator.domain.review import (
    ENOUGH,
    QUICK,
    TIMED,
    Choice,
    Decided,
    Habit,
    Step,
    ages,
    agreement,
    may_ask_again,
    reads_blind,
    reviewers,
    step,
)
from orchestrator.domain.uncertainty import ReviewReason
from tests.unit.domain.samples import program

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@given(st.uuids(), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_keeps_who_was_in(case_id: uuid.UUID, one: float, other: float) -> None:
    """None at 0, all at 1, and whoever is in a share is in every larger one."""
    small, large = sorted((one, other))
    assert not reads_blind(case_id, 0)
    assert reads_blind(case_id, 1)
    assert reads_blind(case_id, large) or not reads_blind(case_id, small)


def test_a_share_is_about_that_share() -> None:
    """Of two thousand cases a fifth are read blind, give or take what chance gives and takes."""
    ids = [uuid.UUID(int=number << 64 | number) for number in range(2000)]
    assert 340 < sum(reads_blind(one, 0.2) for one in ids) < 460


CONFIRMS, OVERRIDES = Choice("ada", "solid", departs=False), Choice("ada", "strong", departs=True)


@pytest.mark.parametrize(
    ("policy", "choice", "comes"),
    [
        (FourEyes.NONE, CONFIRMS, Step.STANDS),
        (FourEyes.NONE, OVERRIDES, Step.STANDS),
        (FourEyes.OVERRIDES, CONFIRMS, Step.STANDS),
        (FourEyes.OVERRIDES, OVERRIDES, Step.WAITS),
        (FourEyes.ALL, CONFIRMS, Step.WAITS),
        (FourEyes.ALL, OVERRIDES, Step.WAITS),
    ],
)
def test_which_first_choices_wait(policy: FourEyes, choice: Choice, comes: Step) -> None:
    """As the policy says."""
    assert step(policy, choice, None) is comes


@pytest.mark.parametrize("policy", FourEyes)
def test_where_one_waits_two_must_agree(policy: FourEyes) -> None:
    """Never the same person twice; another one agrees, or what they choose waits instead, a confirmation too."""
    kim_agrees, kim_confirms = Choice("kim", "strong", departs=True), Choice("kim", "solid", departs=False)
    assert step(policy, OVERRIDES, OVERRIDES) is Step.OWN
    assert step(policy, CONFIRMS, OVERRIDES) is Step.OWN
    assert step(policy, kim_agrees, OVERRIDES) is Step.AGREES
    assert step(policy, kim_confirms, OVERRIDES) is Step.REPLACES
    assert step(policy, Choice("kim", None, departs=True), Choice("ada", None, departs=True)) is Step.AGREES


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["solid", "strong", None])), max_size=12))
def test_nothing_stands_by_one_person_where_two_are_asked(choices: list[tuple[str, str | None]]) -> None:
    """Whatever is chosen in whatever order: what stands was chosen by two, one after the other."""
    waiting: Choice | None = None
    for person, band in choices:
        choice = Choice(person, band, departs=band != "solid")
        comes = step(FourEyes.ALL, choice, waiting)
        assert comes is not Step.STANDS
        if comes is Step.AGREES:
            assert waiting is not None
            assert (waiting.person != person, waiting.band) == (True, band)
            return
        if comes is not Step.OWN:
            waiting = choice


def test_how_long_people_wait() -> None:
    """The longest wait, what nine of ten do not exceed, and how many are overdue; nobody is no number."""
    cases = [(NOW - timedelta(hours=h), NOW + timedelta(hours=24 - h)) for h in (1, 2, 3, 4, 5, 6, 7, 8, 9, 30)]
    found = ages(cases, now=NOW)
    assert found is not None
    assert (found.count, found.oldest, found.p90, found.overdue) == (10, timedelta(hours=30), timedelta(hours=9), 1)
    assert ages([], now=NOW) is None
    ahead = ages([(NOW + timedelta(hours=1), NOW + timedelta(hours=2))], now=NOW)
    assert ahead is not None
    assert ahead.oldest == timedelta(0)


def test_agreement_of_blind_readings() -> None:
    """The same band, and that or the one beside it; nothing lies beside the band without a number."""
    found = agreement([(0, 0), (0, 1), (0, 2), (None, None), (None, 0)])
    assert found is not None
    assert (found.same.hits, found.beside.hits, found.same.n) == (2, 3, 5)
    assert found.same.low < 0.4 < found.same.high
    assert agreement([]) is None


def decisions(count: int, *, seconds: float | None, differs: int = 0, person: str = "kim") -> list[Decided]:
    """So many decisions of one person, of which ``differs`` are other than recommended."""
    return [Decided(person, differs=number < differs, seconds=seconds) for number in range(count)]


@pytest.mark.parametrize(
    ("decided", "habits"),
    [
        (decisions(TIMED, seconds=QUICK - 1, differs=5), (Habit.QUICK,)),
        (decisions(TIMED - 1, seconds=QUICK - 1, differs=5), ()),
        (decisions(TIMED, seconds=QUICK, differs=5), ()),
        (decisions(ENOUGH, seconds=60), (Habit.NEVER_DIFFERS,)),
        (decisions(ENOUGH - 1, seconds=60), ()),
        (decisions(ENOUGH, seconds=60, differs=1), ()),
        (decisions(2 * ENOUGH, seconds=60, differs=1), (Habit.NEVER_DIFFERS,)),
        (decisions(ENOUGH, seconds=None), (Habit.NEVER_DIFFERS,)),
        (decisions(ENOUGH, seconds=2), (Habit.QUICK, Habit.NEVER_DIFFERS)),
    ],
)
def test_habits_that_are_worth_a_talk(decided: list[Decided], habits: tuple[Habit, ...]) -> None:
    """Only with enough decisions, only below the limit, and a time that nobody knows counts for nothing."""
    (found,) = reviewers(decided)
    assert found.habits == habits


def test_every_reviewer_is_counted_apart() -> None:
    """Medians and counts are one's own."""
    ada, kim = reviewers([*decisions(3, seconds=100, differs=1), *decisions(2, seconds=4, person="ada")])
    assert (ada.person, ada.decisions, ada.median_seconds, ada.differing) == ("ada", 2, 4, 0)
    assert (kim.person, kim.decisions, kim.median_seconds, kim.differing) == ("kim", 3, 100, 1)
    (unknown,) = reviewers(decisions(1, seconds=None))
    assert (unknown.timed, unknown.median_seconds) == (0, None)


@pytest.mark.parametrize(
    ("reasons", "rated", "may"),
    [
        ((ReviewReason.EMPTY,), False, True),
        ((ReviewReason.POLICY, ReviewReason.WRONG_LANGUAGE), True, True),
        ((ReviewReason.GIBBERISH,), True, True),
        ((ReviewReason.COPIED,), False, True),
        ((ReviewReason.GRADING_FAILED,), False, True),
        ((ReviewReason.THIN_EVIDENCE, ReviewReason.SHORT_ANSWERS), False, True),
        ((ReviewReason.THIN_EVIDENCE, ReviewReason.SHORT_ANSWERS), True, False),
        ((ReviewReason.BORDERLINE, ReviewReason.POLICY, ReviewReason.UNANSWERED), False, False),
        ((ReviewReason.POSSIBLE_INJECTION,), True, False),
        ((), False, False),
    ],
)
def test_who_can_be_asked_again(reasons: tuple[ReviewReason, ...], rated: bool, may: bool) -> None:  # noqa: FBT001 - a parameter of the test, never a call
    """Whoever could not be understood, for whatever reason; nobody because of a low or doubtful score."""
    assert may_ask_again(reasons, rated=rated) is may


def test_a_program_that_says_nothing_is_stored_as_before() -> None:
    """The release before knows none of the new members, so an unset one is left out; a set one comes back."""
    silent = msgspec.json.encode(program())
    assert not any(word in silent for word in (b"undo", b"blind", b"four"))
    review = ReviewPolicy(undo_seconds=30, blind_share=0.2, four_eyes=FourEyes.OVERRIDES)
    said = msgspec.json.decode(msgspec.json.encode(program(review=review)), type=Program).review
    assert (said.held_for, said.blind, said.second_person) == (timedelta(seconds=30), 0.2, FourEyes.OVERRIDES)
    assert (ReviewPolicy().blind, ReviewPolicy().second_person) == (0, FourEyes.NONE)
    assert ReviewPolicy().held_for == timedelta(seconds=UNDO_SECONDS)
    assert ReviewPolicy(undo_seconds=0).held_for == timedelta(0)
