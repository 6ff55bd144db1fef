"""What the model of Greenhouse takes as a write, and what it refuses with 422."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.adapters.greenhouse.records import Records, Row

READ_VISIBILITY = {
    "admin_only": "admin_only_visible",
    "private": "privately_visible",
    "public": "publicly_visible",
}
NOTE_MEMBERS = {"candidate_id", "application_id", "body", "note_type", "visibility", "user_id"}


class Unprocessable(Exception):
    """A write in a wrong shape; ``field`` is where."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _currency(value: object) -> bool:
    return isinstance(value, dict) and set(value) == {"amount", "currency_code"}


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


HOLDS: Mapping[str, Callable[[object], bool]] = {
    "short_text": lambda value: _text(value) and len(str(value)) < 255,
    "long_text": _text,
    "url": _text,
    "number": _number,
    "currency": _currency,
}


def replaced_fields(records: Records, application_id: int, body: Any) -> None:
    """Replace the custom fields of an application by those that are written."""
    try:
        row = records.one("applications", application_id)
    except LookupError:
        raise Unprocessable("no such application", field="id") from None
    if not isinstance(body, dict) or set(body) != {"custom_fields"} or not isinstance(body["custom_fields"], list):
        raise Unprocessable("custom_fields must be an array", field="custom_fields")
    definitions = {each["name_key"]: each for each in records.tables["custom_fields"]}
    written: dict[str, Any] = {}
    for entry in body["custom_fields"]:
        if not isinstance(entry, dict) or set(entry) != {"name_key", "value"} or entry["name_key"] not in definitions:
            raise Unprocessable("name_key and value of a custom field are needed", field="custom_fields")
        definition = definitions[entry["name_key"]]
        if definition["field_type"] != "application":
            raise Unprocessable("not a custom field of applications", field="custom_fields")
        if entry["value"] is not None and not _holds(records, definition, entry["value"]):
            raise Unprocessable("not a value of this custom field", field="custom_fields")
        written[entry["name_key"]] = entry["value"]
    values = {
        key: {"name": each["name"], "type": each["value_type"], "value": written.get(key)}
        for key, each in definitions.items()
        if each["field_type"] == "application" and (each["active"] or key in written)
    }
    records.edit(row["id"], custom_fields=values)


def _holds(records: Records, definition: Row, value: Any) -> bool:
    names = {
        each["name"]
        for each in records.tables["custom_field_options"]
        if each["custom_field_id"] == definition["id"] and each["active"]
    }
    if definition["value_type"] == "single_select":
        return value in names
    if definition["value_type"] == "multi_select":
        return isinstance(value, list) and set(value) <= names
    return HOLDS[definition["value_type"]](value)


def new_note(records: Records, body: Any, *, subject: int, at: str) -> Row:
    """Add a note; it can neither be changed nor taken away."""
    if not isinstance(body, dict) or not set(body) <= NOTE_MEMBERS or not NOTE_MEMBERS - {"user_id"} <= set(body):
        raise Unprocessable("members are missing or unknown", field="note")
    if body["visibility"] not in READ_VISIBILITY:
        raise Unprocessable("must be one of: admin_only, private, public", field="visibility")
    if body["note_type"] not in {"NOTE", "ACTIVITY"}:
        raise Unprocessable("must be one of: NOTE, ACTIVITY", field="note_type")
    if not _text(body["body"]):
        raise Unprocessable("must not be empty", field="body")
    author = body.get("user_id", subject)
    if author not in {user["id"] for user in records.tables["users"]}:
        raise Unprocessable("no such user", field="user_id")
    owners = {row["id"]: row["candidate_id"] for row in records.tables["applications"]}
    if owners.get(body["application_id"]) != body["candidate_id"]:
        raise Unprocessable("the application is not the candidate's", field="application_id")
    row = {
        "id": records.new_id(), "candidate_id": body["candidate_id"], "application_id": body["application_id"],
        "body": body["body"], "type": body["note_type"], "visibility": READ_VISIBILITY[body["visibility"]],
        "user_id": author, "created_at": at, "updated_at": at, "subject": None,
    }  # fmt: skip
    records.tables["notes"].append(row)
    records.edit(body["application_id"])
    return row
