"""Custom fields of Odoo: what they are, what they hold, what may be written. Pure.

A number of Odoo is never empty: one that nobody set, and one that was emptied, is 0. So 0 means empty, and a score of
nought is kept as ``NOUGHT``, which Odoo shows as 0.00.
"""

from collections.abc import Callable, Mapping

from msgspec import Struct

from adapters.contract.errors import PayloadInvalid, Refused
from adapters.contract.model import FieldDefinition, FieldKind, FieldValue

NOUGHT = 1e-6
KINDS = {
    "char": FieldKind.TEXT,
    "text": FieldKind.LONG_TEXT,
    "float": FieldKind.NUMBER,
    "integer": FieldKind.NUMBER,
    "selection": FieldKind.SELECT,
}
WHOLE = "integer"
Raw = str | int | float | bool


class FieldAnswer(Struct, frozen=True, kw_only=True):
    """The definition of a field: its members are the attributes that are asked for.

    ``manual`` is true of what an administrator added, and of nothing else: names, addresses and stages are not.
    """

    string: str
    type: str
    manual: bool = False
    readonly: bool = False
    store: bool = False
    size: int | None = None
    digits: tuple[int, int] | bool | None = None
    selection: tuple[tuple[str, str], ...] = ()


def custom(answers: Mapping[str, FieldAnswer]) -> dict[str, FieldAnswer]:
    """The fields that Evenhand may write, of all that an applicant has."""
    return {
        key: answer
        for key, answer in answers.items()
        if answer.manual and answer.store and not answer.readonly and answer.type in KINDS
    }


def to_definition(key: str, answer: FieldAnswer) -> FieldDefinition:
    """Turn a custom field into the contract's."""
    return FieldDefinition(
        key=key,
        name=answer.string,
        kind=KINDS[answer.type],
        options=tuple(value for value, _ in answer.selection),
        max_length=answer.size or None,
    )


def from_odoo(answer: FieldAnswer, value: object) -> FieldValue:
    """What stands in a field; None where nothing does.

    Raises:
        PayloadInvalid: not a value of the field's type.
    """
    if value is False or value is None:
        return None
    if KINDS[answer.type] is not FieldKind.NUMBER and isinstance(value, str):
        return value or None
    if KINDS[answer.type] is FieldKind.NUMBER and isinstance(value, int | float) and not isinstance(value, bool):
        return None if value == 0 else 0.0 if abs(value) <= NOUGHT else value
    raise PayloadInvalid("the value of a custom field is not of its type")


def to_odoo(key: str, answer: FieldAnswer, value: FieldValue) -> Raw:
    """What is sent so that a field holds ``value``; what it cannot hold is refused before anything is sent.

    Raises:
        Refused: ``wrong_type``, ``too_long`` (Odoo would cut it off silently), ``unknown_option``, or ``nought`` for a
            0 in a field of whole numbers or of fixed digits, where it could not be told from empty.
    """
    return False if value is None else _CHECKS[KINDS[answer.type]](key, answer, value)


def _text(key: str, answer: FieldAnswer, value: FieldValue) -> Raw:
    if not isinstance(value, str):
        raise Refused(f"the field {key!r} takes text", code="wrong_type")
    if answer.size and len(value) > answer.size:
        raise Refused(f"the field {key!r} takes {answer.size} characters", code="too_long")
    return value


def _option(key: str, answer: FieldAnswer, value: FieldValue) -> Raw:
    if not isinstance(value, str) or value not in {option for option, _ in answer.selection}:
        raise Refused(f"the field {key!r} has no such option", code="unknown_option")
    return value


def _number(key: str, answer: FieldAnswer, value: FieldValue) -> Raw:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(f"the field {key!r} takes a number", code="wrong_type")
    if answer.type == WHOLE and value != int(value):
        raise Refused(f"the field {key!r} takes whole numbers", code="wrong_type")
    if value == 0 and (answer.type == WHOLE or answer.digits):
        raise Refused(f"the field {key!r} cannot tell 0 from empty: use a decimal one without digits", code="nought")
    return value or NOUGHT


_CHECKS: Mapping[FieldKind, Callable[[str, FieldAnswer, FieldValue], Raw]] = {
    FieldKind.TEXT: _text,
    FieldKind.LONG_TEXT: _text,
    FieldKind.NUMBER: _number,
    FieldKind.SELECT: _option,
}
