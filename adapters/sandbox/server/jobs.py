"""Jobs and their ordered stages."""

from collections.abc import Sequence

from adapters.sandbox.server import activity, webhooks
from adapters.sandbox.server.errors import Problem, not_found
from adapters.sandbox.server.records import Job, JobStatus, Stage, TerminalKind
from adapters.sandbox.server.store import Row, Store, moment, row_number, stamp, text_id


def create_job(
    store: Store,
    *,
    title: str,
    stages: Sequence[tuple[str, TerminalKind | None]],
    department: str | None = None,
    location: str | None = None,
    requisition_ref: str | None = None,
) -> Job:
    """Open a job with its stages in order.

    Raises:
        Problem: 422, the first stage ends an application, there is none, or two have one name.
    """
    names = [name for name, _ in stages]
    if not stages or stages[0][1] is not None or len(set(names)) != len(names):
        raise Problem(422, "bad_stages", "a job needs stages with different names, the first one not final")
    with store.transaction():
        job = store.write(
            "INSERT INTO jobs (title, department, location, requisition_ref, status, updated_at)"
            " VALUES (?, ?, ?, ?, 'open', ?)",
            *(title, department, location, requisition_ref, stamp(store.now())),
        )
        for position, (name, kind) in enumerate(stages):
            store.write(
                "INSERT INTO stages (job_id, position, name, kind) VALUES (?, ?, ?, ?)", job, position, name, kind
            )
    return read_job(store, text_id("job", job))


def list_jobs(store: Store) -> list[Job]:
    """Every job, oldest first."""
    return [to_job(row) for row in store.rows("SELECT * FROM jobs ORDER BY id")]


def read_job(store: Store, job_id: str) -> Job:
    """Read one job.

    Raises:
        Problem: 404.
    """
    row = store.row("SELECT * FROM jobs WHERE id = ?", row_number("job", job_id, what="job"))
    if row is None:
        raise not_found("job")
    return to_job(row)


def set_job_status(store: Store, job_id: str, status: JobStatus, *, actor: str) -> Job:
    """Open or close a job; closing tells the webhooks once.

    Raises:
        Problem: 404.
    """
    job = read_job(store, job_id)
    if job.status == status:
        return job
    number = row_number("job", job_id, what="job")
    with store.transaction():
        store.write("UPDATE jobs SET status = ?, updated_at = ? WHERE id = ?", status, stamp(store.now()), number)
        numbers = [row["id"] for row in store.rows("SELECT id FROM applications WHERE job_id = ? ORDER BY id", number)]
        for application in numbers:
            activity.record(
                store, application, actor=actor, action=f"job.{status}", subject=job.title, old=job.status, new=status
            )
        if status == "closed":
            applications = [text_id("app", application) for application in numbers]
            webhooks.emit(store, "job.closed", {"job_id": job_id, "application_ids": applications})
    return read_job(store, job_id)


def list_stages(store: Store, job_id: str) -> list[Stage]:
    """The stages of a job, in order.

    Raises:
        Problem: 404.
    """
    number = row_number("job", read_job(store, job_id).id, what="job")
    return [to_stage(row) for row in store.rows("SELECT * FROM stages WHERE job_id = ? ORDER BY position", number)]


def to_job(row: Row) -> Job:
    """Turn a row of ``jobs`` into the record."""
    return Job(
        id=text_id("job", row["id"]),
        title=row["title"],
        department=row["department"],
        location=row["location"],
        requisition_ref=row["requisition_ref"],
        status=row["status"],
        updated_at=moment(row["updated_at"]),
    )


def to_stage(row: Row) -> Stage:
    """Turn a row of ``stages`` into the record."""
    return Stage(id=text_id("stg", row["id"]), name=row["name"], kind=row["kind"])
