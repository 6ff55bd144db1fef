"""Which values must not be written into which fields, and how that is said."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from adapters.contract.model import FieldDefinition, FieldKind, FieldValue
from orchestrator.domain.doctor_fields import MappedFields, hindrances, link_length, needs
from orchestrator.domain.doctor_fields import fields as fields_found
from orchestrator.domain.findings import Code, Severity, found
from orchestrator.services.field_check import HELD, reason_of
from orchestrator.work.outcome import REASON_LENGTH
from tests.unit.domain import doctoring as given_

MAPPED = MappedFields(
    connection="acme",
    title="Acme ATS",
    field_map=given_.connection().field_map,
    needs=needs((given_.RUBRIC,), link_length=link_length("https://interviews.example.com")),
)
BAND = given_.BANDS[0]
SCORE_AS_TEXT = FieldDefinition(key="n", name="N", kind=FieldKind.TEXT)


def defined(**changes: FieldDefinition | None) -> tuple[FieldDefinition, ...]:
    """The fields of a house in order, but for these; None: there is none."""
    there = {field.key: field for field in given_.FIELDS} | changes
    return tuple(field for field in there.values() if field is not None)


@pytest.mark.parametrize(
    ("values", "fields", "code"),
    [
        ({"b": BAND, "c": "Completed"}, defined(b=None), Code.FIELD_MISSING),
        ({"n": 50}, defined(n=SCORE_AS_TEXT), Code.FIELD_TYPE_WRONG),
        ({"b": "A band of an older rubric"}, defined(), Code.FIELD_OPTION_MISSING),
        ({"s": "x" * 1001}, defined(), Code.FIELD_TOO_SHORT),
    ],
)
def test_a_value_that_does_not_fit_hinders(
    values: Mapping[str, FieldValue], fields: tuple[FieldDefinition, ...], code: Code
) -> None:
    """A missing field, a wrong type, an unknown choice, a text too long: one finding, an error."""
    (finding,) = hindrances(MAPPED, fields, values)
    assert (finding.code, finding.severity) == (code, Severity.ERROR)


@pytest.mark.parametrize("values", [{}, {"c": "Invited", "b": BAND, "s": "x" * 1000, "n": 50, "t": None, "gone": None}])
def test_what_fits_does_not_hinder(values: Mapping[str, FieldValue]) -> None:
    """Values that fit, fields that are emptied, and a text that only could be too long."""
    short = FieldDefinition(key="t", name="T", kind=FieldKind.TEXT, max_length=40)
    assert hindrances(MAPPED, defined(), values) == ()
    assert hindrances(MAPPED, defined(t=short), {**values, "t": "x" * 40}) == ()


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"c": "Invited"}, defined(b=None)),
        ({"c": "Invited"}, defined(n=SCORE_AS_TEXT)),
        ({"c": "Invited"}, defined(c=FieldDefinition(key="c", name="C", kind=FieldKind.SELECT, options=("Invited",)))),
        ({"c": "Invited", "b": None}, defined(b=None)),
        ({"c": "Invited", "n": None}, defined(n=SCORE_AS_TEXT)),
    ],
    ids=[
        "no band",
        "score of a wrong type",
        "a rare option is lacking",
        "emptied, and gone",
        "emptied, of a wrong type",
    ],
)
def test_what_is_not_written_now_does_not_hinder(
    values: Mapping[str, FieldValue], fields: tuple[FieldDefinition, ...]
) -> None:
    """A map with an error in another field, or in another option, holds no value that fits."""
    facts = structs.replace(given_.connection(fields=fields), link_length=40)
    assert [one for one in fields_found(facts) if one.severity is Severity.ERROR]
    assert hindrances(MAPPED, fields, values) == ()


def test_the_doctor_says_the_same() -> None:
    """Every error of the doctor about the fields of these values hinders, in the same words, once per field."""
    broken = defined(
        b=FieldDefinition(key="b", name="B", kind=FieldKind.SELECT, options=(BAND,)),
        c=None,
        r=FieldDefinition(key="r", name="R", kind=FieldKind.TEXT, max_length=5),
    )
    facts = structs.replace(given_.connection(fields=broken), link_length=link_length("https://interviews.example.com"))
    said = tuple(one for one in fields_found(facts) if one.severity is Severity.ERROR)
    assert len(said) == 3
    values: Mapping[str, FieldValue] = {"c": "Invited", "b": given_.BANDS[1], "r": "EH-" + 20 * "0", "n": 50}
    assert hindrances(MAPPED, broken, values) == said


@given(reason=st.text(max_size=600), mend=st.text(min_size=1, max_size=180), more=st.integers(0, 12))
def test_the_mend_is_never_cut_off(reason: str, mend: str, more: int) -> None:
    """However long the reason is, what mends it stands there whole."""
    one = found(Code.FIELD_MISSING, "field “b”", reason, mend, connection="acme")
    text = reason_of([one, *[one] * more])
    assert text.startswith(HELD)
    assert mend in text
    assert len(text) <= REASON_LENGTH
    assert text.endswith(f"({more} more: evenhand doctor)") == bool(more) or not more
