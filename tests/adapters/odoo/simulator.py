"""A small Odoo over HTTP: the JSON-2 API as Odoo 19 answers it, and its automation rule."""

import inspect
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
from litestar import Litestar, Request, Response, get, post
from litestar.enums import MediaType
from litestar.params import FromPath

from tests.adapters.odoo.records import OFFICER, OdooError, Record, Records, forbidden, missing, python_error
from tests.fixtures.sandbox import serving

DATABASE = "ats"
KEY = "0123456789abcdef0123456789abcdef01234567"
NO_DATABASE = "<!DOCTYPE html>\n<title>404 Not Found</title>\n<p>No database is selected.</p>"
ADMINISTRATORS_ONLY = {"ir.model.fields", "mail.tracking.value", "base.automation"}


@dataclass
class Faults:
    """Switches: how many of the next requests fail, and how the automation rule misbehaves."""

    errors: int = 0
    throttled: int = 0
    lost_answers: int = 0
    database_down: bool = False
    deliver_times: int = 1
    lose_deliveries: bool = False


@dataclass
class Odoo:
    """A running Odoo with one job and one applicant."""

    records: Records
    base_url: str = ""
    faults: Faults = field(default_factory=Faults)
    hook: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    delivered: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)

    async def move(self, applicant: int, stage: int) -> None:
        """A recruiter moves somebody on the board."""
        if self.records.change(applicant, stage_id=stage):
            await self.fire(applicant)

    async def fire(self, applicant: int) -> None:
        """The automation rule: a second's patience, no signature, no second try."""
        record = self.records.one("hr.applicant", applicant)
        told = {"_action": "Tell Evenhand(#262)", "_id": applicant, "_model": "hr.applicant", "id": applicant}
        told |= {"stage_id": record["stage_id"], "write_date": f"{record['write_date']}.120417"}
        body = msgspec.json.encode(dict(sorted(told.items())))
        if self.faults.lose_deliveries or not self.hook:
            return
        async with httpx.AsyncClient(timeout=1) as client:
            for _ in range(self.faults.deliver_times):
                try:
                    await client.post(self.hook, content=body, headers={"Content-Type": "application/json"})
                except httpx.HTTPError:
                    continue


class Methods:
    """What can be called: arguments are named, and one that a method does not have is refused as Python would."""

    def __init__(self, odoo: Odoo) -> None:
        self.records = odoo.records
        self.odoo = odoo

    async def call(self, model: str, method: str, body: Record) -> object:
        if model in ADMINISTRATORS_ONLY or method.startswith("_"):
            raise forbidden()
        self.records.table(model)
        function: Callable[..., Any] | None = getattr(self, f"do_{method}", None)
        if function is None:
            raise OdooError(404, "werkzeug.exceptions.NotFound", f"The method {model}.{method} does not exist")
        ids, context = body.pop("ids", []), body.pop("context", {})
        if not all(isinstance(one, int) and one < 2**31 for one in ids):
            raise OdooError(500, "psycopg2.errors.NumericValueOutOfRange", "integer out of range")
        try:
            bound = inspect.signature(function).bind(model, ids, context, **body)
        except TypeError as error:
            raise OdooError(422, "werkzeug.exceptions.UnprocessableEntity", str(error)) from None
        answer = function(*bound.args, **bound.kwargs)
        return await answer if inspect.isawaitable(answer) else answer

    def do_read(self, model: str, ids: list[int], _: Record, fields: list[str]) -> object:
        rows = [row for row in self.records.table(model) if row["id"] in ids]
        return [self.records.shown(model, row, fields) for row in rows]

    def do_search(
        self, model: str, _: list[int], context: Record, domain: Any, order: str = "id", limit: int | None = None
    ) -> object:
        return [row["id"] for row in self._found(model, context, domain, order, limit)]

    def do_search_read(
        self, model: str, _: list[int], context: Record, domain: Any, fields: Any, order: str, limit: int | None
    ) -> object:
        found = self._found(model, context, domain, order, limit)
        return [self.records.shown(model, row, fields) for row in found]

    def do_fields_get(self, model: str, _: list[int], __: Record, attributes: list[str]) -> object:
        assert model == "hr.applicant"
        return {
            key: {name: one[name] for name in attributes if name in one} for key, one in self.records.fields.items()
        }

    def do_get_metadata(self, model: str, ids: list[int], _: Record) -> object:
        return [
            {"id": row["id"], "xmlid": row["xmlid"], "noupdate": True}
            for row in self.records.table(model)
            if row["id"] in ids
        ]

    async def do_write(self, model: str, ids: list[int], _: Record, vals: Any) -> object:
        if model != "hr.applicant" or not isinstance(vals, dict):
            raise python_error("'list' object has no attribute 'get'", "AttributeError")
        for moved in self.records.write(ids, vals):
            await self.odoo.fire(moved)
        return True

    def do_message_post(
        self, model: str, ids: list[int], _: Record, body: str, subtype_xmlid: str, *, body_is_html: bool = False
    ) -> object:
        assert subtype_xmlid == "mail.mt_note", "anything else is sent to the candidate"
        if model != "hr.applicant" or len(ids) != 1:
            raise python_error("Expected singleton")
        return [self.records.post(ids[0], body, as_html=body_is_html)]

    def do_context_get(self, _: str, __: list[int], ___: Record) -> object:
        return {"lang": "en_US", "tz": False, "uid": 6}

    def do_has_group(self, _: str, ids: list[int], __: Record, group_ext_id: str) -> object:
        if ids != [6]:
            raise missing()
        return group_ext_id in OFFICER

    def _found(self, model: str, context: Record, domain: Any, order: str, limit: int | None) -> list[Record]:
        archived = context.get("active_test") is False
        return self.records.found(model, domain, archived=archived, order=order, limit=limit)


def create_app(odoo: Odoo) -> Litestar:
    """The two routes that an adapter knows."""

    @get("/json/version", sync_to_thread=False)
    def version() -> dict[str, object]:
        return {"version_info": [19, 0, 0, "final", 0, ""], "version": "19.0"}

    @post("/json/2/{model:str}/{method:str}", status_code=200)
    async def call(request: Request[Any, Any, Any], model: FromPath[str], method: FromPath[str]) -> Response[Any]:
        odoo.asked.append((model, method))
        refused = _gate(odoo, request)
        if refused is not None:
            return refused
        try:
            body = _arguments(await request.body())
            answer = await Methods(odoo).call(model, method, body)
        except OdooError as error:
            return _problem(error)
        if method in {"write", "message_post"} and odoo.faults.lost_answers:
            odoo.faults.lost_answers -= 1
            return _page(502, "<html>Bad Gateway</html>")
        return Response(answer)

    return Litestar([version, call], logging_config=None, openapi_config=None)


def _gate(odoo: Odoo, request: Request[Any, Any, Any]) -> Response[Any] | None:
    faults = odoo.faults
    if faults.throttled:
        faults.throttled -= 1
        return Response("<html>slow down</html>", status_code=429, headers={"Retry-After": "2"})
    if faults.errors:
        faults.errors -= 1
        return _page(500, "<html>Internal Server Error</html>")
    if faults.database_down or request.headers.get("x-odoo-database", DATABASE) != DATABASE:
        return _page(404, NO_DATABASE)
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        return _page(415, "<title>415 Unsupported Media Type</title>")
    if request.headers.get("authorization") != f"bearer {KEY}":
        return _problem(OdooError(401, "werkzeug.exceptions.Unauthorized", "Invalid apikey"))
    return None


def _arguments(body: bytes) -> Record:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError:
        raise OdooError(400, "werkzeug.exceptions.BadRequest", "could not parse the body as json") from None


def _problem(error: OdooError) -> Response[Any]:
    told = {"name": error.name, "message": str(error), "arguments": [str(error)], "context": {}, "debug": "Traceback"}
    return Response(told, status_code=error.status)


def _page(status: int, html: str) -> Response[Any]:
    return Response(html, status_code=status, media_type=MediaType.HTML)


@asynccontextmanager
async def running_odoo(records: Records | None = None) -> AsyncIterator[Odoo]:
    """An Odoo on a free loopback port: one job, one applicant in its first stage."""
    odoo = Odoo(records or Records())
    job = odoo.records.add_job("Customer Support Specialist")
    odoo.records.add_applicant("Amara Okafor", "amara.okafor@example.com", job=job)
    async with serving(create_app(odoo)) as odoo.base_url:
        yield odoo
