"""Stages: the table is explicit, an ending cannot be hidden, and one entry has one key (N3)."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.model import Application, Stage, StageEntryRef, StageKind
from orchestrator.domain.stage import StageMap, entry_key, normal_name
from tests.unit.domain.samples import NOW, application

TABLE = StageMap({"s1": StageKind.ASSESSMENT, "first interview": StageKind.FIRST_INTERVIEW})
IDS = st.text(st.sampled_from("ab/:h%1"), min_size=1, max_size=4)


@pytest.mark.parametrize(
    ("stage", "kind"),
    [
        (Stage(id="s1", name="First Interview"), StageKind.ASSESSMENT),
        (Stage(id="s2", name="  FIRST \n interview"), StageKind.FIRST_INTERVIEW),
        (Stage(id="s2", name="Second Interview"), None),
        (Stage(id="s2", name="Second Interview", kind=StageKind.INTERVIEW), StageKind.INTERVIEW),
        (Stage(id="s1", name="x", kind=StageKind.REJECTED), StageKind.REJECTED),
        (Stage(id="s1", name="x", kind=StageKind.OFFER), StageKind.ASSESSMENT),
    ],
)
def test_a_stage_is_looked_up_and_never_guessed(stage: Stage, kind: StageKind | None) -> None:
    """By id, then by name, then by the vendor's word; a vendor's ending always wins; otherwise nothing."""
    assert TABLE.kind_of(stage) is kind


def test_names_fold() -> None:
    """Case and white space make no other name."""
    assert normal_name(" First\tINTERVIEW ") == normal_name("first interview")


def _entry(app: str = "a1", stage: str = "s1", history: str | None = None, at: datetime | None = None) -> Application:
    return application(id=app, stage=Stage(id=stage, name="x"), entry=StageEntryRef(history_id=history, entered_at=at))


def test_the_best_mark_of_an_entry_is_used() -> None:
    """A history id before a time, a time before our own count; our count matters only where the vendor says nothing."""
    assert entry_key(_entry(history="9", at=NOW), visits=1) == entry_key(_entry(history="9"), visits=2)
    assert entry_key(_entry(at=NOW), visits=1) == entry_key(_entry(at=NOW), visits=2)
    assert entry_key(_entry(), visits=1) != entry_key(_entry(), visits=2)
    assert entry_key(_entry(history="9"), visits=0) != entry_key(_entry(history="8"), visits=0)
    assert entry_key(_entry(at=NOW), visits=0) != entry_key(_entry(at=NOW + timedelta(seconds=1)), visits=0)


@given(st.integers(-12, 14))
def test_the_same_moment_is_the_same_entry(hours: int) -> None:
    """An adapter that gives the time in another zone does not make a second entry."""
    moved = NOW.astimezone(timezone(timedelta(hours=hours)))
    assert entry_key(_entry(at=moved), visits=0) == entry_key(_entry(at=NOW), visits=0)


@given(st.tuples(IDS, IDS, IDS), st.tuples(IDS, IDS, IDS))
def test_different_entries_have_different_keys(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    """Whatever characters ids have, two entries never share a key."""
    same = entry_key(_entry(*one), visits=0) == entry_key(_entry(*other), visits=0)
    assert same is (one == other)
