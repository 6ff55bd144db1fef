"""The web board: what a recruiter sees and does. Everything here is done by a person and logged under their name."""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from jinja2 import StrictUndefined
from litestar import Request, get, post
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Redirect, Template
from msgspec import Struct

from adapters.sandbox.server import activity, applications, fields, jobs
from adapters.sandbox.server.deps import SettingsDep, StoreDep
from adapters.sandbox.server.errors import Problem
from adapters.sandbox.server.records import Field, Job, Stage
from adapters.sandbox.server.seed import company
from adapters.sandbox.server.settings import Settings
from adapters.sandbox.server.store import Store

SAVED = {"move": "Moved to another stage.", "field": "Field saved.", "note": "Note added."}
PageRequest = Request[None, None, State]


class Card(Struct, frozen=True):
    """One application on the board; ``choices`` are the values of its select fields. PII class: identity."""

    id: str
    name: str
    source: str | None
    choices: list[str]


class Column(Struct, frozen=True):
    """One stage with its cards."""

    stage: Stage
    cards: list[Card]


class MoveForm(Struct, frozen=True):
    """Where a recruiter sends an application."""

    stage_id: str = ""


class FieldForm(Struct, frozen=True):
    """A field as a recruiter typed it; empty clears."""

    key: str = ""
    value: str = ""


class NoteForm(Struct, frozen=True):
    """A note as a recruiter typed it."""

    body: str = ""
    visibility: str = "team"


class Mistake(Struct, frozen=True):
    """A refused form: which one, why, and what was typed."""

    form: str
    detail: str
    typed: str = ""


@get("/", sync_to_thread=False)
def show_board(store: StoreDep, job: FromQuery[str | None] = None) -> Template:
    """Show the pipeline of one job, the oldest one first."""
    every = jobs.list_jobs(store)
    chosen = jobs.read_job(store, job) if job else next(iter(every), None)
    columns = _columns(store, chosen) if chosen else []
    return Template(
        "board.html",
        context={"company": company(store), "jobs": every, "chosen": chosen, "columns": columns},
    )


@get("/applications/{application_id:str}", sync_to_thread=False)
def show_card(
    store: StoreDep,
    settings: SettingsDep,
    application_id: FromPath[str],
    saved: FromQuery[str | None] = None,
) -> Template:
    """Show one application."""
    return _card_page(store, settings, application_id, notice=SAVED.get(saved or ""))


@post("/applications/{application_id:str}/move", sync_to_thread=False)
def move(
    store: StoreDep,
    settings: SettingsDep,
    application_id: FromPath[str],
    data: URLEncodedBody[MoveForm],
) -> Template | Redirect:
    """Move to the chosen stage."""
    try:
        applications.move(store, application_id, data.stage_id, actor=settings.recruiter)
    except Problem as problem:
        return _again(store, settings, application_id, problem, Mistake("move", problem.detail))
    return _done(application_id, "move")


@post("/applications/{application_id:str}/field", sync_to_thread=False)
def edit_field(
    store: StoreDep,
    settings: SettingsDep,
    application_id: FromPath[str],
    data: URLEncodedBody[FieldForm],
) -> Template | Redirect:
    """Change one custom field."""
    definition = next((field for field in fields.list_fields(store) if field.key == data.key), None)
    value = _typed_value(definition, data.value)
    try:
        applications.write_fields(store, application_id, {data.key: value}, actor=settings.recruiter)
    except Problem as problem:
        detail = problem.errors[0].detail if problem.errors else problem.detail
        return _again(store, settings, application_id, problem, Mistake(data.key, detail, data.value))
    return _done(application_id, "field")


@post("/applications/{application_id:str}/notes", sync_to_thread=False)
def add_note(
    store: StoreDep,
    settings: SettingsDep,
    application_id: FromPath[str],
    data: URLEncodedBody[NoteForm],
) -> Template | Redirect:
    """Add a note."""
    try:
        applications.add_note(store, application_id, data.body, visibility=data.visibility, actor=settings.recruiter)
    except Problem as problem:
        return _again(store, settings, application_id, problem, Mistake("note", problem.detail, data.body))
    return _done(application_id, "note")


def same_origin(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Let forms come only from our own pages (guard). Clients that are no browsers send neither header.

    Raises:
        Problem: 403.
    """
    if not isinstance(connection, Request) or connection.method in {"GET", "HEAD"}:
        return
    site, origin = connection.headers.get("sec-fetch-site"), connection.headers.get("origin")
    foreign_origin = origin is not None and urlsplit(origin).netloc != connection.headers.get("host", "")
    if site not in {None, "same-origin", "none"} or foreign_origin:
        raise Problem(403, "foreign_origin", "this form was not sent from a page of this site")


def configure(engine: JinjaTemplateEngine) -> None:
    """Give the templates their filters and make a missing value an error."""
    engine.engine.undefined = StrictUndefined
    engine.engine.autoescape = True
    engine.engine.trim_blocks = True
    engine.engine.lstrip_blocks = True
    engine.engine.filters["when"] = _when
    engine.engine.filters["sentence"] = lambda text: text[:1].upper() + text[1:]
    engine.engine.filters["initials"] = lambda name: "".join(word[0] for word in name.split()[:2]).upper()


def _when(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def _columns(store: Store, job: Job) -> list[Column]:
    cards: dict[str, list[Card]] = {}
    chosen_keys = [field.key for field in fields.list_fields(store) if field.kind == "select"]
    rows = applications.list_changed(store, updated_after=None, after=None, limit=1000, job_id=job.id)
    for row in sorted(rows, key=lambda row: row.id):
        found = applications.read_application(store, row.id)
        name = f"{found.candidate.first_name} {found.candidate.last_name}"
        values = found.custom_fields or {}
        choices = [str(values[key]) for key in chosen_keys if key in values]
        cards.setdefault(row.stage_id, []).append(Card(row.id, name, found.source, choices))
    return [Column(stage, cards.get(stage.id, [])) for stage in jobs.list_stages(store, job.id)]


def _card_page(
    store: Store,
    settings: Settings,
    application_id: str,
    *,
    notice: str | None = None,
    mistake: Mistake | None = None,
    status: int = 200,
) -> Template:
    found = applications.read_application(store, application_id)
    number = applications.application_number(store, application_id)
    return Template(
        "card.html",
        context={
            "company": company(store),
            "recruiter": settings.recruiter,
            "application": found,
            "name": f"{found.candidate.first_name} {found.candidate.last_name}",
            "stages": jobs.list_stages(store, found.job.id),
            "fields": fields.list_fields(store),
            "values": found.custom_fields or {},
            "notes": applications.read_profile(store, application_id).notes,
            "activity": list(reversed(activity.list_activity(store, number))),
            "notice": notice,
            "mistake": mistake,
        },
        status_code=status,
    )


def _again(store: Store, settings: Settings, application_id: str, problem: Problem, mistake: Mistake) -> Template:
    if problem.status == 404:  # noqa: PLR2004 - there is no page to show the mistake on
        raise problem
    return _card_page(store, settings, application_id, mistake=mistake, status=problem.status)


def _done(application_id: str, what: str) -> Redirect:
    return Redirect(f"/applications/{application_id}?saved={what}", status_code=303)


def _typed_value(definition: Field | None, typed: str) -> object:
    text = typed.replace("\r\n", "\n").strip()
    if not text:
        return None
    if definition is None or definition.kind != "number":
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else number


HANDLERS = [show_board, show_card, move, edit_field, add_note]
