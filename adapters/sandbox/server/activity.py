"""Who changed what on an application."""

from adapters.sandbox.server.records import Activity, FieldValue
from adapters.sandbox.server.store import Store, json_value, moment, stamp, text_id, to_json


def record(
    store: Store,
    application: int,
    *,
    actor: str,
    action: str,
    subject: str | None = None,
    old: FieldValue = None,
    new: FieldValue = None,
) -> None:
    """Append one line to the activity log and mark the application as updated."""
    at = stamp(store.now())
    store.write(
        "INSERT INTO activity (application_id, at, actor, action, subject, old, new) VALUES (?, ?, ?, ?, ?, ?, ?)",
        *(application, at, actor, action, subject, to_json(old), to_json(new)),
    )
    store.write("UPDATE applications SET updated_at = ? WHERE id = ?", at, application)


def list_activity(store: Store, application: int) -> list[Activity]:
    """Everything that happened to an application, oldest first."""
    return [
        Activity(
            id=text_id("act", row["id"]),
            at=moment(row["at"]),
            actor=row["actor"],
            action=row["action"],
            subject=row["subject"],
            old=json_value(row["old"]),
            new=json_value(row["new"]),
        )
        for row in store.rows("SELECT * FROM activity WHERE application_id = ? ORDER BY id", application)
    ]
