"""Notes on applications."""

from adapters.sandbox.server import activity
from adapters.sandbox.server.errors import Problem
from adapters.sandbox.server.records import Note
from adapters.sandbox.server.store import Store, moment, stamp, text_id

MAX_LENGTH = 10_000
VISIBILITIES = ("private", "team")


def add_note(store: Store, application: int, body: str, *, visibility: str, author: str) -> str:
    """Add a note; its id.

    Raises:
        Problem: 422, empty, longer than 10 000 characters, or for an audience that does not exist.
    """
    if not body.strip():
        raise Problem(422, "empty_note", "write something before you add a note")
    if len(body) > MAX_LENGTH:
        raise Problem(422, "too_long", f"a note has at most {MAX_LENGTH} characters")
    if visibility not in VISIBILITIES:
        raise Problem(422, "unknown_visibility", f"visibility is one of: {', '.join(VISIBILITIES)}")
    number = store.write(
        "INSERT INTO notes (application_id, body, author, visibility, created_at) VALUES (?, ?, ?, ?, ?)",
        *(application, body, author, visibility, stamp(store.now())),
    )
    activity.record(store, application, actor=author, action="note.added", subject=f"{visibility.capitalize()} note")
    return text_id("note", number)


def list_notes(store: Store, application: int) -> list[Note]:
    """Every note, oldest first."""
    return [
        Note(
            id=text_id("note", row["id"]),
            body=row["body"],
            author=row["author"],
            visibility=row["visibility"],
            created_at=moment(row["created_at"]),
        )
        for row in store.rows("SELECT * FROM notes WHERE application_id = ? ORDER BY id", application)
    ]
