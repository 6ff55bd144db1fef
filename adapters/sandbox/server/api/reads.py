"""Answers to GET: jobs, stages, candidates, applications, fields, notes, activity, webhooks."""

from datetime import datetime

from litestar import Request, get
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery
from msgspec import structs

from adapters.sandbox.server import activity, applications, candidates, fields, jobs, notes, webhooks
from adapters.sandbox.server.api.paging import Page, page_limit, read_cursor, slice_page, write_cursor
from adapters.sandbox.server.deps import SettingsDep, StoreDep
from adapters.sandbox.server.errors import Problem
from adapters.sandbox.server.gate import requires
from adapters.sandbox.server.records import (
    Activity,
    Application,
    ApplicationRow,
    Candidate,
    Field,
    FieldValue,
    Job,
    Key,
    Note,
    Profile,
    Stage,
    Webhook,
)
from adapters.sandbox.server.store import row_number, stamp

ApiRequest = Request[None, Key, State]


@get("/me", sync_to_thread=False)
def read_me(request: ApiRequest) -> Key:
    """Say who the key is and what it may do."""
    return request.auth


@get("/jobs", guards=[requires("jobs:read")], sync_to_thread=False)
def list_jobs(
    store: StoreDep, settings: SettingsDep, limit: FromQuery[int | None] = None, cursor: FromQuery[str | None] = None
) -> Page[Job]:
    """List jobs, oldest first."""
    size = page_limit(limit, default=settings.page_size, most=settings.max_page_size)
    return slice_page(jobs.list_jobs(store), cursor=cursor, limit=size)


@get("/jobs/{job_id:str}", guards=[requires("jobs:read")], sync_to_thread=False)
def read_job(store: StoreDep, job_id: FromPath[str]) -> Job:
    """Read one job."""
    return jobs.read_job(store, job_id)


@get("/jobs/{job_id:str}/stages", guards=[requires("jobs:read")], sync_to_thread=False)
def list_stages(store: StoreDep, job_id: FromPath[str]) -> Page[Stage]:
    """List the stages of a job, in order; always one page."""
    return Page(jobs.list_stages(store, job_id))


@get("/candidates/{candidate_id:str}", guards=[requires("candidates:read")], sync_to_thread=False)
def read_candidate(store: StoreDep, candidate_id: FromPath[str]) -> Candidate:
    """Read one candidate."""
    return candidates.read_candidate(store, candidate_id)


@get("/applications", guards=[requires("applications:read")], sync_to_thread=False)
def list_applications(
    store: StoreDep,
    settings: SettingsDep,
    updated_after: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
    job_id: FromQuery[str | None] = None,
) -> Page[ApplicationRow]:
    """List applications changed after a moment, oldest change first."""
    size = page_limit(limit, default=settings.page_size, most=settings.max_page_size)
    rows = applications.list_changed(
        store, updated_after=_moment(updated_after), after=read_cursor(cursor), limit=size + 1, job_id=job_id
    )
    if len(rows) <= size:
        return Page(rows)
    last = rows[size - 1]
    position = (stamp(last.updated_at), row_number("app", last.id, what="application"))
    return Page(rows[:size], write_cursor(position))


@get(
    "/applications/{application_id:str}",
    guards=[requires("applications:read", "candidates:read")],
    sync_to_thread=False,
)
def read_application(request: ApiRequest, store: StoreDep, application_id: FromPath[str]) -> Application:
    """Read one application; the custom fields only for keys that may read fields, null for the others."""
    found = applications.read_application(store, application_id)
    if {"fields:read", "admin"} & set(request.auth.scopes):
        return found
    return structs.replace(found, custom_fields=None)


@get(
    "/applications/{application_id:str}/profile",
    guards=[requires("applications:read", "candidates:read", "fields:read", "notes:read")],
    sync_to_thread=False,
)
def read_profile(store: StoreDep, application_id: FromPath[str]) -> Profile:
    """Read contact data, custom fields and notes together."""
    return applications.read_profile(store, application_id)


@get("/applications/{application_id:str}/custom_fields", guards=[requires("fields:read")], sync_to_thread=False)
def read_values(store: StoreDep, application_id: FromPath[str]) -> dict[str, FieldValue]:
    """Read the custom fields that have a value."""
    return fields.read_values(store, applications.application_number(store, application_id))


@get("/applications/{application_id:str}/notes", guards=[requires("notes:read")], sync_to_thread=False)
def list_notes(
    store: StoreDep,
    settings: SettingsDep,
    application_id: FromPath[str],
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Page[Note]:
    """List the notes, oldest first."""
    size = page_limit(limit, default=settings.page_size, most=settings.max_page_size)
    number = applications.application_number(store, application_id)
    return slice_page(notes.list_notes(store, number), cursor=cursor, limit=size)


@get("/applications/{application_id:str}/activity", guards=[requires("applications:read")], sync_to_thread=False)
def list_activity(
    store: StoreDep,
    settings: SettingsDep,
    application_id: FromPath[str],
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Page[Activity]:
    """List who changed what, oldest first."""
    size = page_limit(limit, default=settings.page_size, most=settings.max_page_size)
    number = applications.application_number(store, application_id)
    return slice_page(activity.list_activity(store, number), cursor=cursor, limit=size)


@get("/fields", guards=[requires("fields:read")], sync_to_thread=False)
def list_fields(store: StoreDep) -> Page[Field]:
    """List the definitions of custom fields; always one page."""
    return Page(fields.list_fields(store))


@get("/webhooks", guards=[requires("webhooks:read")], sync_to_thread=False)
def list_webhooks(store: StoreDep) -> Page[Webhook]:
    """List the subscriptions; always one page. Secrets are not among it."""
    return Page(webhooks.list_webhooks(store))


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Problem(400, "bad_time", "updated_after is an ISO 8601 time with its offset") from error
    if found.tzinfo is None:
        raise Problem(400, "bad_time", "updated_after needs an offset, such as Z")
    return found


HANDLERS = [
    read_me,
    list_jobs,
    read_job,
    list_stages,
    read_candidate,
    list_applications,
    read_application,
    read_profile,
    read_values,
    list_notes,
    list_activity,
    list_fields,
    list_webhooks,
]
