"""Custom fields of applications: definitions, checks, values."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import msgspec

from adapters.sandbox.server import activity
from adapters.sandbox.server.errors import FieldError, Problem
from adapters.sandbox.server.records import Field, FieldKind, FieldValue
from adapters.sandbox.server.store import Row, Store, json_list, json_value, to_json

LARGEST_NUMBER = 10**15  # what every JSON reader takes for the number that was sent


def create_field(
    store: Store,
    *,
    key: str,
    name: str,
    kind: FieldKind,
    options: Sequence[str] = (),
    max_length: int | None = None,
) -> Field:
    """Define a custom field.

    Raises:
        Problem: 409 for a key that exists, 422 for a select without options.
    """
    if (kind == "select") != bool(options):
        raise Problem(422, "bad_options", "a select has options, and nothing else has")
    with store.transaction():
        if store.row("SELECT 1 FROM fields WHERE key = ?", key):
            raise Problem(409, "duplicate_field", f"there is a field {key!r} already")
        store.write(
            "INSERT INTO fields (key, name, kind, options, max_length) VALUES (?, ?, ?, ?, ?)",
            *(key, name, kind, to_json(list(options)), max_length),
        )
    return Field(key=key, name=name, kind=kind, options=list(options), max_length=max_length)


def list_fields(store: Store) -> list[Field]:
    """Every custom field, in the order of creation."""
    return [_field(row) for row in store.rows("SELECT * FROM fields ORDER BY id")]


def read_values(store: Store, application: int) -> dict[str, FieldValue]:
    """The values of an application by field key; fields without a value are absent."""
    rows = store.rows(
        "SELECT f.key, v.value FROM field_values v JOIN fields f ON f.id = v.field_id"
        " WHERE v.application_id = ? ORDER BY f.id",
        application,
    )
    return {row["key"]: json_value(row["value"]) for row in rows}


def read_condition(header: str | None) -> dict[str, FieldValue]:
    """The values that must stand in fields for a write to happen, from the header If-Values.

    Raises:
        Problem: 400 for anything but a JSON object of values.
    """
    if header is None:
        return {}
    try:
        return msgspec.json.decode(header, type=dict[str, FieldValue])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Problem(400, "bad_condition", "If-Values is no JSON object of values") from error


def check_condition(store: Store, application: int, condition: Mapping[str, FieldValue]) -> None:
    """Compare, inside the transaction that writes.

    Raises:
        Problem: 412 where another value stands in one of the fields.
    """
    current = read_values(store, application)
    for key, value in condition.items():
        if current.get(key) != value:
            raise Problem(412, "changed_meanwhile", f"{key} has another value by now")


def write_values(store: Store, application: int, values: Mapping[str, object], *, actor: str) -> list[str]:
    """Set the values, all or none; the keys whose value changed.

    Raises:
        Problem: 422 with one error per refused field.
    """
    rows = {row["key"]: row for row in store.rows("SELECT * FROM fields")}
    checked: dict[str, FieldValue] = {}
    errors: list[FieldError] = []
    for key, value in values.items():
        row = rows.get(key)
        if row is None:
            errors.append(FieldError(key, "unknown_field", "there is no such field"))
        elif error := _refuse(_field(row), value):
            errors.append(error)
        elif value is None or isinstance(value, str | int | float):
            checked[key] = value
    if errors:
        raise Problem(422, errors[0].code, f"{errors[0].field}: {errors[0].detail}", errors=tuple(errors))
    return [key for key, value in checked.items() if _set(store, application, rows[key], value, actor=actor)]


def _set(store: Store, application: int, field: Row, value: FieldValue, *, actor: str) -> bool:
    where = (application, field["id"])
    found = store.row("SELECT value FROM field_values WHERE application_id = ? AND field_id = ?", *where)
    old = json_value(found["value"]) if found else None
    if old == value:
        return False
    store.write("DELETE FROM field_values WHERE application_id = ? AND field_id = ?", *where)
    if value is not None:
        store.write("INSERT INTO field_values VALUES (?, ?, ?)", *where, to_json(value))
    activity.record(store, application, actor=actor, action="field.changed", subject=field["name"], old=old, new=value)
    return True


def _refuse(field: Field, value: object) -> FieldError | None:
    if value is None:
        return None
    if field.kind == "number":
        return None if _is_number(value) else FieldError(field.key, "not_a_number", "a number is needed")
    if not isinstance(value, str):
        return FieldError(field.key, "wrong_type", "text is needed")
    return _refuse_text(field, value)


def _refuse_text(field: Field, value: str) -> FieldError | None:
    if field.max_length is not None and len(value) > field.max_length:
        return FieldError(field.key, "too_long", f"at most {field.max_length} characters fit")
    if field.kind == "select" and value not in field.options:
        return FieldError(field.key, "not_an_option", f"choose one of: {', '.join(field.options)}")
    if field.kind == "url" and not _is_web_address(value):
        return FieldError(field.key, "not_a_url", "an http or https address is needed")
    return None


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -LARGEST_NUMBER <= value <= LARGEST_NUMBER


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _field(row: Row) -> Field:
    return Field(
        key=row["key"],
        name=row["name"],
        kind=row["kind"],
        options=json_list(row["options"]),
        max_length=row["max_length"],
    )
