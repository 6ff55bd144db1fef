"""Answers to POST and PATCH on records: custom fields, notes, moves; and, for admins, new records."""

from litestar import patch, post
from litestar.params import FromPath, JSONBody

from adapters.sandbox.server import applications, candidates, fields, jobs
from adapters.sandbox.server.api.reads import ApiRequest
from adapters.sandbox.server.api.requests import (
    JobChange,
    Move,
    NewApplication,
    NewCandidate,
    NewField,
    NewJob,
    NewNote,
)
from adapters.sandbox.server.deps import StoreDep
from adapters.sandbox.server.gate import requires
from adapters.sandbox.server.notes import list_notes
from adapters.sandbox.server.records import Application, Candidate, Field, FieldValue, Job, Note


@patch("/applications/{application_id:str}/custom_fields", guards=[requires("fields:write")], sync_to_thread=False)
def write_values(
    request: ApiRequest, store: StoreDep, application_id: FromPath[str], data: JSONBody[dict[str, FieldValue]]
) -> dict[str, FieldValue]:
    """Set custom fields, all or none; null clears. Answers every field with a value.

    With a header If-Values (JSON, key to value) only where those values still stand there, else 412.
    """
    values: dict[str, object] = {**data}
    condition = fields.read_condition(request.headers.get("if-values"))
    changed = applications.write_fields(store, application_id, values, actor=request.auth.name, condition=condition)
    return changed.custom_fields or {}


@post("/applications/{application_id:str}/notes", guards=[requires("notes:write")], sync_to_thread=False)
def add_note(request: ApiRequest, store: StoreDep, application_id: FromPath[str], data: JSONBody[NewNote]) -> Note:
    """Add a note as the key's name."""
    note = applications.add_note(store, application_id, data.body, visibility=data.visibility, actor=request.auth.name)
    number = applications.application_number(store, application_id)
    return next(found for found in list_notes(store, number) if found.id == note)


@post(
    "/applications/{application_id:str}/move",
    guards=[requires("applications:move")],
    status_code=200,
    sync_to_thread=False,
)
def move(request: ApiRequest, store: StoreDep, application_id: FromPath[str], data: JSONBody[Move]) -> Application:
    """Move to another stage of the job."""
    return applications.move(store, application_id, data.stage_id, actor=request.auth.name)


@post("/jobs", guards=[requires("admin")], sync_to_thread=False)
def create_job(store: StoreDep, data: JSONBody[NewJob]) -> Job:
    """Open a job."""
    return jobs.create_job(
        store,
        title=data.title,
        department=data.department,
        location=data.location,
        requisition_ref=data.requisition_ref,
        stages=[(stage.name, stage.kind) for stage in data.stages],
    )


@patch("/jobs/{job_id:str}", guards=[requires("admin")], sync_to_thread=False)
def change_job(request: ApiRequest, store: StoreDep, job_id: FromPath[str], data: JSONBody[JobChange]) -> Job:
    """Open or close a job."""
    return jobs.set_job_status(store, job_id, data.status, actor=request.auth.name)


@post("/candidates", guards=[requires("admin")], sync_to_thread=False)
def create_candidate(store: StoreDep, data: JSONBody[NewCandidate]) -> Candidate:
    """Add a person."""
    return candidates.create_candidate(
        store,
        first_name=data.first_name,
        last_name=data.last_name,
        emails=data.emails,
        phones=data.phones,
        locale=data.locale,
        time_zone=data.time_zone,
    )


@post("/applications", guards=[requires("admin")], sync_to_thread=False)
def create_application(request: ApiRequest, store: StoreDep, data: JSONBody[NewApplication]) -> Application:
    """Let a candidate apply."""
    return applications.create_application(
        store,
        candidate_id=data.candidate_id,
        job_id=data.job_id,
        stage_id=data.stage_id,
        source=data.source,
        actor=request.auth.name,
    )


@post("/fields", guards=[requires("admin")], sync_to_thread=False)
def create_field(store: StoreDep, data: JSONBody[NewField]) -> Field:
    """Define a custom field."""
    return fields.create_field(
        store, key=data.key, name=data.name, kind=data.kind, options=data.options, max_length=data.max_length
    )


HANDLERS = [
    write_values,
    add_note,
    move,
    create_job,
    change_job,
    create_candidate,
    create_application,
    create_field,
]
