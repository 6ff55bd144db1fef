"""API keys: stored as digests, each with its scopes."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from adapters.sandbox.server.errors import FieldError, Problem
from adapters.sandbox.server.records import Key
from adapters.sandbox.server.store import Row, Store, json_list, moment, stamp, text_id, to_json

SCOPES = (
    "applications:read",
    "applications:move",
    "candidates:read",
    "fields:read",
    "fields:write",
    "notes:read",
    "notes:write",
    "jobs:read",
    "webhooks:read",
    "admin",
)


def ensure_key(
    store: Store, *, name: str, value: str, scopes: Iterable[str], expires_at: datetime | None = None
) -> Key:
    """Make the key, or give the key of that name this value, these scopes and this end.

    Raises:
        Problem: 422, the value is too short or a scope does not exist; 409, another key has this value.
    """
    wanted = sorted(set(scopes))
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if unknown:
        errors = tuple(FieldError("scopes", "unknown_scope", f"there is no scope {scope!r}") for scope in unknown)
        raise Problem(422, "unknown_scope", f"scopes are: {', '.join(SCOPES)}", errors=errors)
    if len(value) < 16:  # noqa: PLR2004 - the shortest key worth the name
        raise Problem(422, "weak_key", "an API key has at least 16 characters")
    digest = _digest(value)
    with store.transaction():
        if store.row("SELECT 1 FROM api_keys WHERE digest = ? AND name <> ?", digest, name):
            raise Problem(409, "duplicate_key", "another key has this value")
        store.write(
            "INSERT INTO api_keys (name, digest, scopes) VALUES (?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET digest = excluded.digest, scopes = excluded.scopes",
            *(name, digest, to_json(wanted)),
        )
        store.write("DELETE FROM key_ends WHERE name = ?", name)
        if expires_at is not None:
            store.write("INSERT INTO key_ends (name, at) VALUES (?, ?)", name, stamp(expires_at))
        row = store.row(_KEY, digest)
    return _key(row) if row else Key(id="", name=name, scopes=wanted)


def find_key(store: Store, value: str) -> Key | None:
    """Look a presented key up by its digest; one that has ended is none."""
    row = store.row(_KEY, _digest(value))
    key = _key(row) if row else None
    return key if key and (key.expires_at is None or key.expires_at > store.now()) else None


_KEY = "SELECT k.*, e.at AS ends FROM api_keys k LEFT JOIN key_ends e ON e.name = k.name WHERE k.digest = ?"


def _digest(value: str) -> str:
    return sha256(value.encode()).hexdigest()


def _key(row: Row) -> Key:
    ends = moment(row["ends"]) if row["ends"] else None
    return Key(id=text_id("key", row["id"]), name=row["name"], scopes=json_list(row["scopes"]), expires_at=ends)
