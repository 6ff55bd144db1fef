"""From a checklist to a level: silence is no level, one line is no 5, and more of the good never lowers it."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from orchestrator.domain.levels import NextStep, level_by_indicator, level_of, next_step, opposite
from rubrics.loader import load_library
from rubrics.schema import Anchor, Competency, Indicator
from tests.unit.grading.examples import competency

FIVE = (2, 2, 2, 3, 3)


def checklist(*sizes: int) -> Competency:
    """A competency whose anchors have so many indicators, with ids like ``4b``."""
    anchors = tuple(
        Anchor(
            level=level,
            behaviour="Does it.",
            indicators=tuple(Indicator(id=f"{level}{letter}", text="Does it.") for letter in "abcdef"[:size]),
        )
        for level, size in enumerate(sizes, start=1)
    )
    return replace(competency("causes"), anchors=anchors)


LIST = checklist(*FIVE)
EVERY = sorted(level_by_indicator(LIST))
SOME = st.sets(st.sampled_from(EVERY))


@pytest.mark.parametrize(
    ("shown", "level"),
    [
        ("", None),
        ("1a", 1),
        ("1a 1b 2a", 1),
        ("2a", 2),
        ("1a 2a", 2),
        ("3a", 3),
        ("3a 3b", 3),
        ("4a", 3),
        ("5a", 3),
        ("3a 4a", 3),
        ("3a 4a 4b", 4),
        ("4a 4b", 4),
        ("4a 5a", 4),
        ("5a 5b", 4),
        ("3a 3b 4a 4b 5a", 4),
        ("4a 5a 5b", 5),
        ("3a 3b 4a 4b 4c 5a 5b", 5),
        ("5a 5b 5c", 5),
        ("2a 3a", 2),
        ("1a 3a 3b", 3),
        ("1a 2a 4a 4b", 3),
        ("1a 1b 2a 2b 4a 5a 5b", 4),
    ],
)
def test_what_is_shown_stands_for_a_level(shown: str, level: int | None) -> None:
    """The rule, case by case, for a checklist of 2, 2, 2, 3 and 3 indicators."""
    assert level_of(LIST, shown.split()) == level


@pytest.mark.parametrize(
    ("shown", "contradicted", "level"),
    [
        ("3a 4a 4b", "4c", 3),
        ("4a 5a 5b", "5c", 4),
        ("4a 5a 5b", "3a", 4),
        ("3a 4a 4b", "2a", 4),
        ("", "5a", None),
        ("3a", "4a", 3),
        ("3a", "3b", None),
    ],
)
def test_what_is_contradicted_takes_one_away(shown: str, contradicted: str, level: int | None) -> None:
    """The opposite of a good step undoes one of its level or above; the opposite of a weak one gives nothing."""
    assert level_of(LIST, shown.split(), contradicted.split()) == level


def test_a_whole_anchor_of_the_library_stands_for_its_level() -> None:
    """For every competency: an answer that shows all from 3 up to a level has it, and all of a low anchor alone too."""
    for rubric in load_library().values():
        for one in rubric.competencies:
            levels = level_by_indicator(one)
            for level in range(1, 6):
                wanted = range(3, level + 1) if level > 2 else [level]
                assert level_of(one, [name for name, at in levels.items() if at in wanted]) == level


def test_one_indicator_for_each_anchor_is_enough_of_a_checklist() -> None:
    """In the shortest possible checklist each level stands on its one indicator."""
    one = competency("causes")
    assert [level_of(one, [f"causes-{level}-shown"]) for level in range(1, 6)] == [1, 2, 3, 4, 5]


@given(SOME, SOME, st.sampled_from([name for name in EVERY if name[0] in "45"]))
def test_more_of_the_good_never_lowers(shown: set[str], contradicted: set[str], more: str) -> None:
    """One more indicator of level 4 or 5 leaves the level or raises it."""
    before = level_of(LIST, shown, contradicted - shown)
    after = level_of(LIST, shown | {more}, contradicted - shown)
    assert before is None or (after is not None and after >= before)


@given(SOME, st.sampled_from(["1a", "1b"]))
def test_more_of_the_worst_never_raises(shown: set[str], more: str) -> None:
    """One more indicator of level 1 leaves the level or lowers it."""
    before, after = level_of(LIST, shown), level_of(LIST, shown | {more})
    assert after is not None
    assert before is None or after <= before


@given(SOME, SOME, st.sampled_from(EVERY))
def test_a_contradiction_never_raises(shown: set[str], contradicted: set[str], more: str) -> None:
    """One more contradicted indicator leaves the level, lowers it, or leaves none."""
    before, after = level_of(LIST, shown, contradicted), level_of(LIST, shown, contradicted | {more})
    assert after is None or (before is not None and after <= before)


@given(st.permutations(EVERY), st.integers(0, len(EVERY)))
def test_order_and_repeats_do_not_matter(names: list[str], count: int) -> None:
    """The same indicators in any order and number, beside ones that the rubric does not have, are the same level."""
    shown = names[:count]
    assert level_of(LIST, [*reversed(shown), *shown, "9z"]) == level_of(LIST, sorted(shown))


def test_the_next_level_says_what_it_would_have_needed() -> None:
    """Half of the next anchor's checklist, with the ids that were not shown; nothing lies above 5."""
    assert next_step(LIST, {"3a", "4b"}, 3.0) == NextStep(4, 1, 2, ("4a", "4c"))
    assert next_step(LIST, set(), 2.5) == NextStep(3, 0, 1, ("3a", "3b"))
    assert next_step(LIST, {"5a"}, 5.0) is None


def test_opposite_ends() -> None:
    """1 and 2 are opposite to 4 and 5; the middle is opposite to nothing."""
    pairs: Mapping[tuple[int, int], bool] = {(1, 5): True, (4, 2): True, (2, 3): False, (3, 4): False, (1, 2): False}
    assert {pair: opposite(*pair) for pair in pairs} == pairs


def test_half_of_a_checklist_is_enough() -> None:
    """With two indicators for each anchor, one of them reaches it; the anchor below has to be reached too."""
    even = checklist(2, 2, 2, 2, 2)
    assert level_of(even, ["3a", "4a"]) == 4
    assert level_of(even, ["3a", "4a", "5a"]) == 5
    assert level_of(checklist(1, 1, 1, 4, 1), ["5a"]) == 3
