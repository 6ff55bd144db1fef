"""Candidates: people and how to reach them."""

from collections.abc import Sequence

from adapters.sandbox.server.errors import not_found
from adapters.sandbox.server.records import Candidate
from adapters.sandbox.server.store import Row, Store, json_list, row_number, text_id, to_json


def create_candidate(
    store: Store,
    *,
    first_name: str,
    last_name: str,
    emails: Sequence[str] = (),
    phones: Sequence[str] = (),
    locale: str | None = None,
    time_zone: str | None = None,
) -> Candidate:
    """Add a person. Nothing is merged: two people may share an address."""
    with store.transaction():
        number = store.write(
            "INSERT INTO candidates (first_name, last_name, emails, phones, locale, time_zone)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            *(first_name, last_name, to_json(list(emails)), to_json(list(phones)), locale, time_zone),
        )
    return read_candidate(store, text_id("cand", number))


def read_candidate(store: Store, candidate_id: str) -> Candidate:
    """Read one person.

    Raises:
        Problem: 404.
    """
    number = row_number("cand", candidate_id, what="candidate")
    row = store.row("SELECT * FROM candidates WHERE id = ?", number)
    if row is None:
        raise not_found("candidate")
    return to_candidate(row)


def to_candidate(row: Row) -> Candidate:
    """Turn a row of ``candidates`` into the record."""
    return Candidate(
        id=text_id("cand", row["id"]),
        first_name=row["first_name"],
        last_name=row["last_name"],
        emails=json_list(row["emails"]),
        phones=json_list(row["phones"]),
        locale=row["locale"],
        time_zone=row["time_zone"],
    )
