"""Applications: create, read, list, and move between stages with a history."""

from collections.abc import Mapping
from datetime import datetime

from adapters.sandbox.server import activity, fields, notes, webhooks
from adapters.sandbox.server.candidates import read_candidate, to_candidate
from adapters.sandbox.server.errors import Problem, not_found
from adapters.sandbox.server.jobs import list_stages, read_job, to_job, to_stage
from adapters.sandbox.server.records import (
    Application,
    ApplicationRow,
    ContactCard,
    FieldValue,
    Profile,
    Stage,
    StageEntry,
    StageVisit,
)
from adapters.sandbox.server.store import Row, Store, moment, row_number, stamp, text_id


def create_application(
    store: Store,
    *,
    candidate_id: str,
    job_id: str,
    actor: str,
    stage_id: str | None = None,
    source: str | None = None,
) -> Application:
    """Let a candidate apply; they enter the given stage, or the job's first one.

    Raises:
        Problem: 404 for a candidate or job that is not there, 409 when they applied already, 422 for a foreign stage.
    """
    person = row_number("cand", read_candidate(store, candidate_id).id, what="candidate")
    job = row_number("job", read_job(store, job_id).id, what="job")
    stage = list_stages(store, job_id)[0] if stage_id is None else _stage_of_job(store, job_id, stage_id)
    step, at = row_number("stg", stage.id, what="stage"), stamp(store.now())
    with store.transaction():
        if store.row("SELECT 1 FROM applications WHERE candidate_id = ? AND job_id = ?", person, job):
            raise Problem(409, "already_applied", "this candidate has an application for this job")
        number = store.write(
            "INSERT INTO applications (candidate_id, job_id, stage_id, source, updated_at) VALUES (?, ?, ?, ?, ?)",
            *(person, job, step, source, at),
        )
        _enter(store, number, step, at=at, actor=actor)
        activity.record(store, number, actor=actor, action="application.created", subject=stage.name)
        _emit(store, number, job_id, candidate_id, from_stage_id=None, stage=stage)
    return read_application(store, text_id("app", number))


def application_number(store: Store, application_id: str) -> int:
    """Find the row of an application.

    Raises:
        Problem: 404.
    """
    number = row_number("app", application_id, what="application")
    if store.row("SELECT 1 FROM applications WHERE id = ?", number) is None:
        raise not_found("application")
    return number


def read_application(store: Store, application_id: str) -> Application:
    """Read one application with everything on it.

    Raises:
        Problem: 404.
    """
    number = application_number(store, application_id)
    row = _one(store, "SELECT * FROM applications WHERE id = ?", number)
    stage = to_stage(_one(store, "SELECT * FROM stages WHERE id = ?", row["stage_id"]))
    history = _history(store, number)
    return Application(
        id=application_id,
        candidate=to_candidate(_one(store, "SELECT * FROM candidates WHERE id = ?", row["candidate_id"])),
        job=to_job(_one(store, "SELECT * FROM jobs WHERE id = ?", row["job_id"])),
        stage=stage,
        stage_entry=StageEntry(id=history[-1].id, entered_at=history[-1].entered_at),
        stage_history=history,
        disposition=stage.kind,
        source=row["source"],
        updated_at=moment(row["updated_at"]),
        custom_fields=fields.read_values(store, number),
    )


def read_profile(store: Store, application_id: str) -> Profile:
    """Read what a recruiter sees: contact data, custom fields, notes.

    Raises:
        Problem: 404.
    """
    found = read_application(store, application_id)
    person = found.candidate
    return Profile(
        candidate=ContactCard(
            id=person.id,
            first_name=person.first_name,
            last_name=person.last_name,
            emails=person.emails,
            phones=person.phones,
        ),
        custom_fields=found.custom_fields or {},
        notes=notes.list_notes(store, application_number(store, application_id)),
    )


def list_changed(
    store: Store, *, updated_after: datetime | None, after: tuple[str, int] | None, limit: int, job_id: str | None
) -> list[ApplicationRow]:
    """List applications by (time of change, id), oldest change first, at most ``limit``."""
    since = stamp(updated_after) if updated_after else ""
    last_at, last_id = after or ("", 0)
    rows = store.rows(
        "SELECT * FROM applications WHERE updated_at > ?1 AND (updated_at, id) > (?2, ?3)"
        " AND (?4 IS NULL OR job_id = ?4) ORDER BY updated_at, id LIMIT ?5",
        *(since, last_at, last_id, row_number("job", job_id, what="job") if job_id else None, limit),
    )
    return [
        ApplicationRow(
            id=text_id("app", row["id"]),
            candidate_id=text_id("cand", row["candidate_id"]),
            job_id=text_id("job", row["job_id"]),
            stage_id=text_id("stg", row["stage_id"]),
            updated_at=moment(row["updated_at"]),
        )
        for row in rows
    ]


def move(store: Store, application_id: str, stage_id: str, *, actor: str) -> Application:
    """Move to another stage of the same job. Moving to the current stage changes nothing.

    Raises:
        Problem: 404, or 422 for a stage of another job.
    """
    found = read_application(store, application_id)
    stage = _stage_of_job(store, found.job.id, stage_id)
    if stage.id == found.stage.id:
        return found
    number, step, at = application_number(store, application_id), row_number("stg", stage.id, what="stage"), store.now()
    with store.transaction():
        store.write(
            "UPDATE stage_history SET left_at = ? WHERE application_id = ? AND left_at IS NULL", stamp(at), number
        )
        _enter(store, number, step, at=stamp(at), actor=actor)
        store.write("UPDATE applications SET stage_id = ? WHERE id = ?", step, number)
        activity.record(
            *(store, number), actor=actor, action="stage.moved", subject="Stage", old=found.stage.name, new=stage.name
        )
        _emit(store, number, found.job.id, found.candidate.id, from_stage_id=found.stage.id, stage=stage)
    return read_application(store, application_id)


def write_fields(
    store: Store,
    application_id: str,
    values: dict[str, object],
    *,
    actor: str,
    condition: Mapping[str, FieldValue] | None = None,
) -> Application:
    """Set custom fields, all or none; None clears a field. ``condition`` is what must stand there before.

    Raises:
        Problem: 404, 412 where something else stands there, or 422 with one error per refused field.
    """
    number = application_number(store, application_id)
    with store.transaction():
        fields.check_condition(store, number, condition or {})
        changed = fields.write_values(store, number, values, actor=actor)
        if changed:
            _emit_update(store, number, {"fields": changed})
    return read_application(store, application_id)


def add_note(store: Store, application_id: str, body: str, *, visibility: str, actor: str) -> str:
    """Add a note; its id.

    Raises:
        Problem: 404, or 422 for an empty or overlong note.
    """
    number = application_number(store, application_id)
    with store.transaction():
        note = notes.add_note(store, number, body, visibility=visibility, author=actor)
        _emit_update(store, number, {"note_id": note})
    return note


def _stage_of_job(store: Store, job_id: str, stage_id: str) -> Stage:
    for stage in list_stages(store, job_id):
        if stage.id == stage_id:
            return stage
    raise Problem(422, "foreign_stage", "this stage is not one of the job's")


def _enter(store: Store, number: int, step: int, *, at: str, actor: str) -> None:
    store.write(
        "INSERT INTO stage_history (application_id, stage_id, entered_at, by) VALUES (?, ?, ?, ?)",
        *(number, step, at, actor),
    )


def _history(store: Store, number: int) -> list[StageVisit]:
    rows = store.rows(
        "SELECT h.id AS visit_id, h.entered_at, h.left_at, h.by, s.* FROM stage_history h"
        " JOIN stages s ON s.id = h.stage_id WHERE h.application_id = ? ORDER BY h.id",
        number,
    )
    return [
        StageVisit(
            id=text_id("ent", row["visit_id"]),
            stage=to_stage(row),
            entered_at=moment(row["entered_at"]),
            left_at=moment(row["left_at"]) if row["left_at"] else None,
            by=row["by"],
        )
        for row in rows
    ]


def _one(store: Store, sql: str, number: int) -> Row:
    row = store.row(sql, number)
    if row is None:
        raise not_found("record")
    return row


def _emit(
    store: Store, number: int, job_id: str, candidate_id: str, *, from_stage_id: str | None, stage: Stage
) -> None:
    webhooks.emit(
        store,
        "application.stage_changed",
        {
            "application_id": text_id("app", number),
            "job_id": job_id,
            "candidate_id": candidate_id,
            "from_stage_id": from_stage_id,
            "stage_id": stage.id,
        },
    )


def _emit_update(store: Store, number: int, what: dict[str, object]) -> None:
    webhooks.emit(store, "application.updated", {"application_id": text_id("app", number), **what})
