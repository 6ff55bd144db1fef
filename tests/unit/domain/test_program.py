"""Programs, role families and retention: what matches, and what the defaults promise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.program import NOT_YET_SUPPORTED, Program, ReviewMode, ReviewPolicy, RoleFamily, matches_any
from orchestrator.domain.retention import Retention
from tests.unit.domain.samples import job


@pytest.mark.parametrize(
    ("pattern", "value", "found"),
    [
        ("Support", "support", True),
        ("Support", "Support Lead", False),
        ("*support*", "Head of Support, North", True),
        ("S?R", "SDR", True),
        ("Support [EMEA]", "Support [EMEA]", True),
        ("Support [EMEA]", "Support E", False),
        ("Straße", "STRASSE", True),
        ("*", None, False),
    ],
)
def test_patterns(pattern: str, value: str | None, *, found: bool) -> None:
    """Exact text or * and ?, whatever the case; brackets are text, and nothing matches what is not there."""
    assert matches_any(("never this", pattern), value) is found


@given(st.text(st.characters(exclude_characters="*?", exclude_categories=["Cs"]), max_size=20))
def test_text_without_a_star_is_itself(text: str) -> None:
    """Whatever a title is made of, writing it down exactly matches it."""
    assert matches_any((text,), text)


def test_no_pattern_matches_nothing() -> None:
    """An empty list is no match; that it sets no condition is the trigger's business."""
    assert not matches_any((), "anything")


def test_a_family_holds_jobs_by_title_or_department() -> None:
    """Either is enough."""
    family = RoleFamily(key="support", titles=("*Support*",), departments=("Service",))
    assert family.holds(job(department=None))
    assert family.holds(job(title="Agent"))
    assert not family.holds(job(title="Agent", department="Sales"))


def test_the_defaults_are_the_careful_ones() -> None:
    """Without a word in the file, a person decides everything, and options that do not work yet exist to be refused."""
    assert ReviewPolicy().mode is ReviewMode.ALWAYS
    assert set(NOT_YET_SUPPORTED) <= set(Program.__struct_fields__)


def test_retention_is_never_without_end() -> None:
    """Each kind of artefact has a number of days."""
    assert all(getattr(Retention(), field) > 0 for field in Retention.__struct_fields__)
