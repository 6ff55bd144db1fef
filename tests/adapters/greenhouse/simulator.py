"""A model of Greenhouse over HTTP, written from its reference: tokens, Harvest v3, and the completion of tests.

It refuses what the vendor refuses: a cursor that does not come alone, more than 50 ids, unknown filters, a subject who
is no Site Admin, a scope that was not granted, a token that is not the newest of its client, a written collection of
custom fields that is no array. It takes a written collection for the whole one, the worse of the two possible readings.
"""

import json
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, unquote_plus

from litestar import Litestar, MediaType, Request, Response, get, patch, post
from litestar.enums import RequestEncodingType
from litestar.params import FromPath

from tests.adapters.greenhouse.records import SITE_ADMIN, Records, Row, stamp
from tests.adapters.greenhouse.writes import Unprocessable, new_note, replaced_fields

Answer = Response[Any]
AnyRequest = Request[Any, Any, Any]
PARENTS = {
    "applications": {"candidate_ids", "job_ids"},
    "application_stages": {"application_ids", "job_interview_stage_ids"},
    "job_interview_stages": {"job_ids"},
    "custom_field_options": {"custom_field_ids"},
    "notes": {"application_ids", "candidate_ids", "user_ids"},
}
WORDS = {
    "applications": {"status", "stage_name"},
    "application_stages": {"current"},
    "job_interview_stages": {"active"},
    "jobs": {"status"},
    "custom_fields": {"field_type", "active", "name_key"},
    "custom_field_options": {"active"},
    "notes": {"type", "visibility"},
}
DATES = {"created_at", "updated_at"}
COMPARE: Mapping[str, Callable[[str, str], bool]] = {
    "gte": lambda one, other: one >= other,
    "lte": lambda one, other: one <= other,
    "gt": lambda one, other: one > other,
    "lt": lambda one, other: one < other,
}


class Denied(Exception):
    """An error answer."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, dict(headers or {})


@dataclass
class ApiClient:
    """A credential. A partner's has no client credentials grant."""

    secret: str
    scopes: frozenset[str]
    partner: bool = False
    refresh: str | None = None


@dataclass
class Greenhouse:
    """One account, its credentials and its faults.

    ``lose`` is how many writes are carried out and not answered, ``fail`` how many requests are answered 500, ``crowd``
    how many 429; ``changed`` is called with the id of an application that was changed through the API;
    ``page_size`` caps pages, so that few rows make many pages. ``issued`` has every access token, oldest first.
    """

    records: Records = field(default_factory=Records)
    clients: dict[str, ApiClient] = field(default_factory=dict)
    partner_key: str = "the-key-that-greenhouse-issued"
    life: float = 3600.0
    limit: int = 75
    window: float = 30.0
    page_size: int = 500
    lose: int = 0
    fail: int = 0
    crowd: int = 0
    changed: Callable[[int], None] = lambda _: None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    issued: list[str] = field(default_factory=list)
    completed: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    _tokens: dict[str, tuple[str, int, datetime]] = field(default_factory=dict)
    _used: dict[int, int] = field(default_factory=dict)

    def issue(self, client_id: str, subject: int) -> dict[str, object]:
        """A new access token; the one before ends."""
        token = f"token-{len(self.issued) + 1}-of-{client_id}"
        self.issued.append(token)
        ends = self.clock() + timedelta(seconds=self.life)
        self._tokens[client_id] = (token, subject, ends)
        client = self.clients[client_id]
        answer: dict[str, object] = {"access_token": token, "token_type": "Bearer", "expires_at": stamp(ends)}
        if client.partner:
            client.refresh = f"refresh-{len(self.issued)}"
            answer["refresh_token"] = client.refresh
        return answer

    def admit(self, request: AnyRequest, scope: str) -> int:
        """Check token, limit and scope; the subject."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        found = [
            (client_id, subject)
            for client_id, (current, subject, ends) in self._tokens.items()
            if scheme == "Bearer" and current == token and self.clock() < ends
        ]
        if not found:
            raise Denied(401, "Invalid access token")
        self._count()
        client_id, subject = found[0]
        if scope not in self.clients[client_id].scopes:
            raise Denied(403, "The access token lacks a scope")
        return subject

    def limits(self) -> dict[str, str]:
        """The headers that every answer has."""
        left = max(0, self.limit - self._used.get(self._slot(), 0))
        return {"X-RateLimit-Limit": str(self.limit), "X-RateLimit-Remaining": str(left)}

    def _slot(self) -> int:
        return int(self.clock().timestamp() // self.window)

    def _count(self) -> None:
        slot = self._slot()
        self.crowd, crowded = max(0, self.crowd - 1), self.crowd > 0
        if crowded or self._used.get(slot, 0) >= self.limit:
            reset = (slot + 1) * self.window
            wait = max(1, round(reset - self.clock().timestamp()))
            raise Denied(429, "Too many requests", {"Retry-After": str(wait), "X-RateLimit-Reset": str(int(reset))})
        self._used[slot] = self._used.get(slot, 0) + 1

    def listing(self, request: AnyRequest, resource: str) -> Answer:
        """One page of rows, the highest id first."""
        subject = self.admit(request, f"harvest:{resource}:list")
        if not self.records.one("users", subject)["site_admin"]:
            raise Denied(403, "List endpoints need a Site Admin")
        query = dict(request.query_params.items())
        filters, size, before = self._place(resource, query)
        rows = sorted(self.records.tables[resource], key=lambda row: -int(row["id"]))
        found = [row for row in rows if row["id"] < before and _passes(row, filters)]
        page = found[:size]
        headers = self.limits()
        if len(found) > size:
            place = json.dumps([resource, filters, size, page[-1]["id"]]).encode()
            cursor = quote(urlsafe_b64encode(place).decode())
            headers["Link"] = f'<{request.base_url}v3/{resource}?cursor={cursor}>; rel="next"'
        return Response(page, headers=headers)

    def _place(self, resource: str, query: dict[str, str]) -> tuple[dict[str, str], int, float]:
        if "cursor" in query:
            if len(query) > 1:
                raise Denied(422, "A cursor must be the only parameter")
            try:
                of, filters, size, before = json.loads(urlsafe_b64decode(query["cursor"]))
            except (Base64Error, ValueError):
                raise Denied(422, "Invalid cursor") from None
            if of != resource:
                raise Denied(422, "Invalid cursor")
            return filters, size, before
        size = int(query.pop("per_page", "100"))
        if not 1 <= size <= 500:
            raise Denied(422, "per_page must be between 1 and 500")
        _check_filters(resource, query)
        return query, min(size, self.page_size), float("inf")


def _check_filters(resource: str, filters: Mapping[str, str]) -> None:
    numbers = {"ids"} | PARENTS.get(resource, set())
    for name, value in filters.items():
        if name in numbers:
            each = value.split(",")
            if len(each) > 50 or not all(part.isascii() and part.isdigit() for part in each):
                raise Denied(422, f"{name} must be at most 50 integers")
        elif name in DATES:
            operator, _, moment = value.partition("|")
            if operator not in COMPARE or datetime.fromisoformat(moment).tzinfo is None:
                raise Denied(422, f"{name} must be an operator and a time")
        elif name not in WORDS.get(resource, set()):
            raise Denied(422, f"Unknown parameter {name}")
        elif name == "status" and resource == "applications" and value == "in_process":
            raise Denied(422, "status must be one of active, rejected, hired, converted")


def _passes(row: Row, filters: Mapping[str, str]) -> bool:
    for name, value in filters.items():
        if name in DATES:
            operator, _, moment = value.partition("|")
            at = stamp(datetime.fromisoformat(moment))
            if not COMPARE[operator](str(row[name]), at):
                return False
        elif name.endswith("ids"):
            if str(row[name.removesuffix("s")]) not in value.split(","):
                return False
        elif str(row[name]).lower() != value.lower():
            return False
    return True


def create_app(model: Greenhouse) -> Any:
    """Make the web application of one account."""

    @post("/token", status_code=200)
    async def token(request: AnyRequest) -> Answer:
        return Response(_grant(model, request, (await request.body()).decode()))

    @get([f"/v3/{resource}" for resource in model.records.tables])
    async def listing(request: AnyRequest) -> Answer:
        return model.listing(request, request.url.path.rpartition("/")[2])

    @patch("/v3/applications/{row_id:int}")
    async def change(request: AnyRequest, row_id: FromPath[int]) -> Answer:
        model.admit(request, "harvest:applications:update")
        replaced_fields(model.records, row_id, await request.json())
        model.changed(row_id)
        return Response(model.records.one("applications", row_id), headers=model.limits())

    @post("/v3/notes")
    async def note(request: AnyRequest) -> Answer:
        subject = model.admit(request, "harvest:notes:create")
        row = new_note(model.records, await request.json(), subject=subject, at=stamp(model.clock()))
        return Response(row, status_code=201, headers=model.limits())

    @patch("/integrations/testing_partners/take_home_tests/{test:int}")
    async def complete(request: AnyRequest, test: FromPath[int]) -> Answer:
        user, _ = _basic(request)
        if user != model.partner_key:
            raise Denied(403, "This key may not complete tests")
        if await request.body():
            raise Denied(422, "No parameters are necessary")
        model.completed.append(test)
        return Response(None, status_code=204)

    def denied(_: AnyRequest, error: Denied) -> Answer:
        return Response({"message": error.message}, status_code=error.status, headers=model.limits() | error.headers)

    def unprocessable(_: AnyRequest, error: Unprocessable) -> Answer:
        body = {"message": "Validation error", "errors": [{"message": str(error), "field": error.field}]}
        return Response(body, status_code=422, media_type=MediaType.JSON, headers=model.limits())

    app = Litestar(
        [token, listing, change, note, complete],
        exception_handlers={Denied: denied, Unprocessable: unprocessable},
        openapi_config=None,
        logging_config=None,
    )
    return _faulty(model, app)


def _faulty(model: Greenhouse, app: Litestar) -> Any:
    async def discard(_: object) -> None:
        """Swallow the answer of a request that was carried out."""

    async def faulty(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] == "/token":
            await app(scope, receive, send)
            return
        model.asked.append(f"{scope['method']} {scope['path']}")
        if model.fail:
            model.fail -= 1
            await send({"type": "http.response.start", "status": 500, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
            return
        if model.lose and scope["method"] != "GET":
            model.lose -= 1
            await app(scope, receive, discard)
            # An answer that starts and never ends makes the server cut the connection.
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
            await send({"type": "http.response.body", "body": b"", "more_body": True})
            return
        await app(scope, receive, send)

    return faulty


def _basic(request: AnyRequest) -> tuple[str, str]:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    try:
        user, colon, password = b64decode(value, validate=True).decode().partition(":")
    except ValueError:
        raise Denied(401, "Unreadable credentials") from None
    if scheme != "Basic" or not colon:
        raise Denied(401, "HTTP Basic is needed")
    return unquote_plus(user), unquote_plus(password)


def _grant(model: Greenhouse, request: AnyRequest, body: str) -> dict[str, object]:
    client_id, secret = _basic(request)
    client = model.clients.get(client_id)
    if client is None or client.secret != secret:
        raise Denied(401, "invalid_client")
    if request.headers.get("content-type", "").partition(";")[0] != RequestEncodingType.URL_ENCODED:
        raise Denied(400, "invalid_request")
    form = {name: values[0] for name, values in parse_qs(body).items()}
    match form:
        case {"grant_type": "client_credentials", **rest} if not client.partner and set(rest) <= {"sub"}:
            return model.issue(client_id, int(rest.get("sub", SITE_ADMIN)))
        case {"grant_type": "refresh_token", "refresh_token": refresh} if client.partner:
            if refresh != client.refresh:
                raise Denied(400, "invalid_grant")
            return model.issue(client_id, SITE_ADMIN)
    raise Denied(400, "unauthorized_client")
