"""A model of Lever, from recordings of its API and not from our client; strict about everything that is known of it."""

import hmac
import json
from base64 import b64decode
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID, uuid5

from litestar import Litestar, Request, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, SkipValidation

from tests.adapters.simulated import Faults, Gate, Letter, Limit, Post, Problem, answer_problem

HOUSE = UUID("1d1f8c50-7a3b-4a53-8a86-5f0f3c9e4a21")
JOB = "Customer Support Specialist"
STAGES = (("lead-new", "New lead"), ("applicant-new", "New applicant"), ("", "AI interview"), ("offer", "Offer"))
READ = frozenset(
    {"opportunities", "applications", "postings", "stages", "archive_reasons", "notes", "users", "webhooks"}
)
MOST_ITEMS = 100
ORIGINS = ["applied", "sourced", "referred", "university", "internal", "agency"]


def uid(name: str) -> str:
    return str(uuid5(HOUSE, name))


def stage_id(title: str) -> str:
    return next(key or uid(f"stage {text}") for key, text in STAGES if text == title)


@dataclass
class Webhook:
    """A webhook with a signature token of its own."""

    event: str
    url: str
    signature_token: str


@dataclass
class Lever:
    """The account. Keys are what may be read and whether notes may be written; access tokens are as good as a key."""

    keys: dict[str, frozenset[str]] = field(default_factory=dict)
    tokens: dict[str, frozenset[str]] = field(default_factory=dict)
    refresh: str = "refresh-0"
    faults: Faults = field(default_factory=Faults)
    opportunities: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    webhooks: list[Webhook] = field(default_factory=list)
    post: Post = field(default_factory=Post)
    page: int = MOST_ITEMS
    posting_state: str = "published"
    latest: int = 0

    def __post_init__(self) -> None:
        for number in range(3):
            self.apply(f"Ada Quill{number}", f"ada{number}@example.org")

    def now(self) -> int:
        """Lever's clock in milliseconds, never twice the same."""
        self.latest = max(round(datetime.now(UTC).timestamp() * 1000), self.latest + 1)
        return self.latest

    # What people do

    def apply(self, name: str, email: str | None, *, lead: bool = False) -> str:
        key, at = uid(f"opportunity {name}"), self.now()
        self.opportunities[key] = {
            "id": key,
            "name": name,
            "contact": uid(f"contact {name}"),
            "headline": "",
            "stage": "lead-new",
            "confidentiality": "non-confidential",
            "phones": [{"type": "mobile", "value": "+4930123"}],
            "emails": [email] if email else [],
            "archived": None,
            "tags": [],
            "sources": ["Referral"],
            "stageChanges": [],
            "origin": "applied",
            "applications": [] if lead else [uid(f"application {name}")],
            "createdAt": at,
            "updatedAt": at,
            "isAnonymized": False,
        }
        self.move(key, "New lead" if lead else "New applicant")
        return key

    def move(self, key: str, title: str) -> None:
        record, before = self.opportunities[key], self.opportunities[key]["stage"]
        change = {"toStageId": stage_id(title), "toStageIndex": len(record["stageChanges"]), "userId": uid("user")}
        record["stageChanges"].append(change | {"updatedAt": self.now()})
        record["stage"] = stage_id(title)
        self.touch(key)
        self.announce("candidateStageChange", key, {"fromStageId": before, "toStageId": record["stage"]})

    def end(self, key: str, reason: str | None) -> None:
        """A recruiter archives (or, without a reason, brings back); the stage stays."""
        archived = {"reason": uid(f"reason {reason}"), "archivedAt": self.now()} if reason else None
        self.opportunities[key]["archived"] = archived
        self.touch(key)
        self.announce("candidateArchiveChange", key, {"toArchived": archived})

    def touch(self, key: str) -> None:
        self.opportunities[key]["updatedAt"] = self.now()

    def announce(self, event: str, key: str, more: Mapping[str, object]) -> None:
        """Each webhook of this event gets a body with a signature of its own."""
        contents = {"opportunityId": key, "candidateId": key, "contactId": self.opportunities[key]["contact"], **more}
        at = self.now()
        body = {
            "id": uid(f"delivery {at}"),
            "event": event,
            "triggeredAt": at,
            "token": uid(f"token {at}"),
            "data": contents,
        }
        for hook in (hook for hook in self.webhooks if hook.event == event):
            signed = json.dumps(body | {"signature": signature(body, hook.signature_token)}).encode()
            self.post.put(Letter(hook.url, {"Content-Type": "application/json"}, signed))

    # What the API is asked

    def allowed(self, request: Request[Any, Any, Any], what: str) -> None:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme == "Basic":
            name, _, password = b64decode(value).decode().partition(":")
            rights = self.keys.get(name) if not password else None
        else:
            rights = self.tokens.get(value) if scheme == "Bearer" else None
        if rights is None:
            raise Problem(401, {"code": "Unauthorized", "message": "-"})
        if what not in rights:
            raise Problem(403, {"code": "Forbidden", "message": "-"})

    def opportunity(self, key: str) -> dict[str, Any]:
        if key not in self.opportunities:
            raise missing()
        return self.opportunities[key]

    def paged(self, request: Request[Any, Any, Any], rows: list[Any], *, told: bool = True) -> dict[str, Any]:
        limit, offset = request.query_params.get("limit", "100"), request.query_params.get("offset", "after-0")
        if not limit.isdigit() or not 1 <= int(limit) <= MOST_ITEMS or not offset.removeprefix("after-").isdigit():
            raise Problem(400, {"code": "BadRequestError", "message": "-"})
        begin, size = int(offset.removeprefix("after-")), min(int(limit), self.page)
        page: dict[str, Any] = {"data": deepcopy(rows[begin : begin + size])}
        if begin + size < len(rows):
            return page | {"hasNext": True, "next": f"after-{begin + size}"}
        return page | ({"hasNext": False} if told else {})


Account = NamedDependency[SkipValidation[Lever]]


def missing() -> Problem:
    return Problem(404, {"code": "ResourceNotFound", "message": "-"})


def signature(body: Mapping[str, Any], secret: str) -> str:
    return hmac.new(secret.encode(), f"{body['token']}{body['triggeredAt']}".encode(), sha256).hexdigest()


@get("/v1/opportunities")
async def list_opportunities(lever: Account, request: Request[Any, Any, Any]) -> dict[str, Any]:
    lever.allowed(request, "opportunities")
    since = request.query_params.get("updated_at_start", "0")
    if not since.isdigit():
        raise Problem(400, {"code": "BadRequestError", "message": "-"})
    return lever.paged(request, [one for one in lever.opportunities.values() if one["updatedAt"] >= int(since)])


@get("/v1/opportunities/{key:str}")
async def read_opportunity(lever: Account, key: FromPath[str], request: Request[Any, Any, Any]) -> dict[str, Any]:
    lever.allowed(request, "opportunities")
    return {"data": lever.opportunity(key)}


@get("/v1/opportunities/{key:str}/applications/{application:str}")
async def read_application(
    lever: Account, key: FromPath[str], application: FromPath[str], request: Request[Any, Any, Any]
) -> dict[str, Any]:
    lever.allowed(request, "applications")
    if application not in lever.opportunity(key)["applications"]:
        raise missing()
    return {"data": {"id": application, "type": "user", "opportunityId": key, "posting": uid("posting"), "name": None}}


@get("/v1/opportunities/{key:str}/notes")
async def list_notes(lever: Account, key: FromPath[str], request: Request[Any, Any, Any]) -> dict[str, Any]:
    lever.allowed(request, "notes")
    return lever.paged(request, lever.notes.get(lever.opportunity(key)["id"], []))


@post("/v1/opportunities/{key:str}/notes")
async def add_note(lever: Account, key: FromPath[str], request: Request[Any, Any, Any]) -> Response[Any]:
    lever.allowed(request, "notes:write")
    record, asked = lever.opportunity(key), await request.json()
    user = request.query_params.get("perform_as", uid("api"))
    wrong = not isinstance(asked.get("value"), str) or not isinstance(asked.get("secret", False), bool)
    if wrong or set(asked) - {"value", "secret", "score", "notifyFollowers", "createdAt"} or not asked["value"]:
        raise Problem(422, {"code": "UnprocessableEntity", "message": "-"})
    if user not in {uid("api"), uid("user")}:
        raise Problem(400, {"code": "BadRequestError", "message": "-"})
    at, notes = lever.now(), lever.notes.setdefault(key, [])
    part = {"type": "note", "text": "Comment", "value": asked["value"], "score": None, "stage": record["stage"]}
    told = {"user": user, "secret": asked.get("secret", False), "completedAt": at, "createdAt": at, "deletedAt": None}
    # Newest first: no order is known.
    notes.insert(
        0, {"id": uid(f"note {at}"), "text": "Note", "fields": [part | {"user": user, "createdAt": at}], **told}
    )
    return Response({"data": notes[0]}, status_code=201)


@get("/v1/postings/{key:str}")
async def read_posting(lever: Account, key: FromPath[str], request: Request[Any, Any, Any]) -> dict[str, Any]:
    lever.allowed(request, "postings")
    if key != uid("posting"):
        raise missing()
    where = {
        "department": "Operations",
        "team": "Support",
        "location": "Berlin",
        "commitment": "Full-time",
        "level": None,
    }
    told = {"id": key, "text": JOB, "state": lever.posting_state, "reqCode": None, "requisitionCodes": ["REQ-7"]}
    return {"data": told | {"categories": where}}


@get("/v1/archive_reasons/{key:str}")
async def read_reason(lever: Account, key: FromPath[str], request: Request[Any, Any, Any]) -> dict[str, Any]:
    lever.allowed(request, "archive_reasons")
    kinds = {uid("reason Timing"): "non-hired", uid("reason Hired"): "hired"}
    if key not in kinds:
        raise missing()
    return {"data": {"id": key, "text": "-", "status": "active", "type": kinds[key]}}


@get("/v1/stages")
async def list_stages(lever: Account, request: Request[Any, Any, Any]) -> dict[str, Any]:
    lever.allowed(request, "stages")
    return lever.paged(request, [{"id": stage_id(text), "text": text} for _, text in STAGES])


@get("/v1/users/{key:str}")
async def read_user(lever: Account, key: FromPath[str], request: Request[Any, Any, Any]) -> dict[str, Any]:
    lever.allowed(request, "users")
    if key != uid("user"):
        raise missing()
    return {"data": {"id": key, "name": "Robin Recruiter"}}


@get("/v1/webhooks")
async def list_webhooks(lever: Account, request: Request[Any, Any, Any]) -> dict[str, Any]:
    lever.allowed(request, "webhooks")
    told = [
        {"id": uid(one.url), "event": one.event, "url": one.url, "configuration": {"conditions": {"origins": ORIGINS}}}
        for one in lever.webhooks
    ]
    return lever.paged(request, told, told=False)


@post("/oauth/token", status_code=200)
async def give_token(lever: Account, request: Request[Any, Any, Any]) -> dict[str, Any]:
    """A refresh token is good once: the answer has the next one."""
    asked = parse_qs((await request.body()).decode())
    if request.headers.get("authorization") is None or asked.get("grant_type") != ["refresh_token"]:
        raise Problem(400, {"error": "invalid_request"})
    if asked.get("refresh_token") != [lever.refresh]:
        raise Problem(403, {"error": "invalid_grant"})
    number = int(lever.refresh.removeprefix("refresh-")) + 1
    lever.refresh = f"refresh-{number}"
    lever.tokens = {f"access-{number}": READ | {"notes:write"}}
    return {
        "access_token": f"access-{number}",
        "expires_in": 3600,
        "refresh_token": lever.refresh,
        "token_type": "Bearer",
    }


def create_app(lever: Lever, limit: Limit | None = None) -> Gate:
    """The API behind a gate; the default limit is wider than Lever's, so that tests need not wait. No header tells it."""
    handlers = [
        list_opportunities,
        read_opportunity,
        read_application,
        list_notes,
        add_note,
        read_posting,
        read_reason,
        list_stages,
        read_user,
        list_webhooks,
        give_token,
    ]
    app = Litestar(
        handlers,
        dependencies={"lever": Provide(lambda: lever, sync_to_thread=False)},
        exception_handlers={Problem: answer_problem},
        openapi_config=None,
        logging_config=None,
    )
    return Gate(app, faults=lever.faults, limit=limit or Limit(most=200, window=1.0), headers=lambda *_: {})
