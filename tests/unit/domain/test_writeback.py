"""Write-back: only our fields, never over what a person wrote (N4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from adapters.contract.model import FieldValue, Visibility
from orchestrator.domain.evidence import Bullet
from orchestrator.domain.interview import Completion
from orchestrator.domain.result import Finality, Result, Subscore
from orchestrator.domain.writeback import (
    FieldMap,
    FieldVerdict,
    compare,
    completion_fields,
    completion_note,
    note_body,
    note_marker,
    result_fields,
)

WRITE, SAME, CONFLICT = FieldVerdict.WRITE, FieldVerdict.SAME, FieldVerdict.CONFLICT
VALUES = st.one_of(st.none(), st.sampled_from(["", "Strong", "strong", " Strong "]), st.integers(0, 2), st.floats(0, 2))
MAPPING = FieldMap(
    completion="f_completion",
    band="f_band",
    subscores="f_subscores",
    score="f_score",
    bullets="f_bullets",
    link="f_link",
    audit_ref="f_audit",
)
RESULT = Result(
    revision=1,
    completion=Completion.COMPLETED,
    band="strong",
    band_label="Strong evidence",
    finality=Finality.PERSON,
    subscores=(Subscore("causes", "Causes", 4.5), Subscore("promises", "Promises", None)),
    bullets=(Bullet("Causes, 4.5 of 5: “I asked”", "I asked", 1, "causes"), Bullet("b", "b", 3, "promises")),
    percent=0,
    link="http://localhost/results/r1",
    audit_ref="r1",
)


@pytest.mark.parametrize(
    ("current", "wanted", "last", "verdict"),
    [
        (None, "A", None, WRITE),
        ("", "A", None, WRITE),
        ("", "A", "B", WRITE),
        (None, "A", "B", WRITE),
        ("B", "A", "B", WRITE),
        ("B\r\n", "A", "B", WRITE),
        ("A", "A", None, SAME),
        ("A", "A", "A", SAME),
        (" A\r\nC ", "A\nC", None, SAME),
        (80, 80.0, None, SAME),
        (79, 80, 79.0, WRITE),
        ("B", "A", None, CONFLICT),
        ("B", "A", "C", CONFLICT),
        ("B", "A", "A", CONFLICT),
        (79, 80, None, CONFLICT),
        ("80", 80, None, CONFLICT),
        (0, 80, None, CONFLICT),
        (False, "A", None, CONFLICT),
        ("   ", "A", None, CONFLICT),
    ],
)
def test_read_compare_write(current: FieldValue, wanted: FieldValue, last: FieldValue, verdict: FieldVerdict) -> None:
    """Empty or our own last value is written, the wanted value is left, anything else is a conflict."""
    assert compare(current=current, wanted=wanted, last_written=last) is verdict


@given(st.one_of(st.text(min_size=1), st.integers(), st.booleans()), VALUES)
def test_what_a_person_wrote_is_never_written_over(human: FieldValue, wanted: FieldValue) -> None:
    """Where we never wrote, any value that is there stays."""
    assert compare(current=human, wanted=wanted, last_written=None) is not WRITE


@given(VALUES, VALUES, VALUES)
def test_writing_twice_is_writing_once(current: FieldValue, wanted: FieldValue, last: FieldValue) -> None:
    """Once written and read back, the same write is the same value; a conflict changes nothing however often."""
    verdict = compare(current=current, wanted=wanted, last_written=last)
    after = wanted if verdict is WRITE else current
    assert compare(current=after, wanted=wanted, last_written=wanted if verdict is WRITE else last) is (
        CONFLICT if verdict is CONFLICT else SAME
    )


def test_the_fields_of_a_result() -> None:
    """Each part goes to the field of the mapping, as recruiters read it; zero is a number and is written."""
    assert result_fields(RESULT, MAPPING) == {
        "f_completion": "Completed",
        "f_band": "Strong evidence",
        "f_subscores": "Causes: 4.5 of 5\nPromises: not enough evidence",
        "f_score": 0,
        "f_bullets": "• Causes, 4.5 of 5: “I asked”\n• b",
        "f_link": "http://localhost/results/r1",
        "f_audit": "r1",
    }


def test_what_is_not_mapped_or_empty_is_not_written() -> None:
    """Only fields that the mapping declares as ours, and of them only those with a value."""
    small = FieldMap(completion="f_completion", band="f_band", score="f_score", bullets="f_bullets")
    empty = replace(RESULT, percent=None, bullets=())
    assert result_fields(empty, small) == {"f_completion": "Completed", "f_band": "Strong evidence"}
    assert small.field_keys() == ("f_completion", "f_band", "f_score", "f_bullets")
    assert set(result_fields(RESULT, MAPPING)) == set(MAPPING.field_keys())


def test_where_an_interview_stands_goes_with_the_way_to_the_case() -> None:
    """The link only where there is one and a field for it, and never anything else of a result."""
    assert completion_fields("Invited", MAPPING) == {"f_completion": "Invited"}
    assert completion_fields("In review", MAPPING, link="http://l") == {
        "f_completion": "In review",
        "f_link": "http://l",
    }
    assert completion_fields("In review", FieldMap(note=Visibility.PRIVATE), link="http://l") == {}


def test_the_note_says_who_decides_and_can_be_found_again() -> None:
    """The note has band, bullets, link, the sentence about people, and its marker."""
    body = note_body(RESULT)
    assert body.splitlines()[0] == "First interview: Strong evidence"
    assert "• Causes, 4.5 of 5: “I asked”" in body
    assert RESULT.link in body
    assert "A person decides." in body
    assert body.endswith(note_marker("r1"))
    assert note_marker("r1") != note_marker("r2")


def test_notes_carry_what_fields_cannot() -> None:
    """Without custom fields a note says where the interview stands, and the last one has the subscores too."""
    assert FieldMap(note=Visibility.PRIVATE).notes_only
    assert not MAPPING.notes_only
    assert completion_note("Invited", marker="[evenhand x]") == "First interview: Invited\n[evenhand x]"
    told = completion_note("In review", marker="[evenhand x]", link="http://localhost/review/applications/1")
    assert told.splitlines()[1:] == ["Review: http://localhost/review/applications/1", "[evenhand x]"]
    whole, short = note_body(RESULT, whole=True), note_body(RESULT)
    assert "Causes: 4.5" in whole
    assert "Causes: 4.5" not in short
    assert whole.endswith(note_marker("r1"))
