"""A model of Ashby, from its reference and not from our client: calls over POST, strict about everything it documents."""

import hmac
import json
import random
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import UUID, uuid5

import httpx
from litestar import Litestar, Request, Response, post
from litestar.params import FromPath

HOUSE = UUID("6f1b5a52-6d43-4b4e-9d2a-0d3c1c1c7a10")
STAGES = (
    ("Application Review", "PreInterviewScreen"),
    ("AI Interview", "Active"),
    ("Offer", "Offer"),
    ("Hired", "Hired"),
    ("Archived", "Archived"),
)
JOB = "Customer Support Specialist"
FIELDS = (
    ("AI interview status", "ValueSelect", "Application"),
    ("AI interview band", "ValueSelect", "Application"),
    ("AI interview score", "Number", "Application"),
    ("AI interview link", "Url", "Application"),
    ("AI interview summary", "LongText", "Application"),
    ("Start date", "Date", "Application"),
    ("Favourite colour", "String", "Candidate"),
)
OPTIONS = {
    "AI interview status": (
        "Invited",
        "In progress",
        "Completed",
        "In review",
        "Expired",
        "Withdrawn",
        "Alternative requested",
        "Not scored by AI",
    ),
    "AI interview band": (
        "Strong evidence",
        "Solid evidence",
        "Mixed evidence",
        "Limited evidence",
        "Not enough evidence",
    ),
}
READ = frozenset({"candidatesRead", "interviewsRead", "jobsRead", "hiringProcessMetadataRead", "apiKeysRead"})
EVERYTHING = READ | {"candidatesWrite"}
MOST_ITEMS = 100


def uid(name: str) -> str:
    return str(uuid5(HOUSE, name))


class Refusal(Exception):
    """A logical error: status 200 unless said otherwise."""

    def __init__(self, code: str, status: int = 200) -> None:
        self.code, self.status = code, status


@dataclass
class Faults:
    """What goes wrong next. ``answers`` are statuses for the next requests, nothing is done; ``lose`` is how many
    writes are done and answered with a 504; ``expire`` lets every cursor and sync token expire."""

    answers: list[int] = field(default_factory=list)
    lose: int = 0
    expire: bool = False
    page: int = MOST_ITEMS


@dataclass
class Webhook:
    id: str
    kind: str
    url: str
    secret: str
    enabled: bool = False


@dataclass
class Ashby:
    """The organisation. ``requests`` is what was asked, in order."""

    keys: dict[str, frozenset[str]] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    applications: dict[str, dict[str, Any]] = field(default_factory=dict)
    history: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    candidates: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    assessments: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    queue: list[tuple[str, bytes]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    changed: dict[str, int] = field(default_factory=dict)
    job_status: str = "Open"
    ticks: Iterator[int] = field(default_factory=count)
    latest: datetime = datetime(2026, 3, 2, tzinfo=UTC)

    def __post_init__(self) -> None:
        for number in range(3):
            self.apply(f"Ada Quill{number}", f"ada{number}@example.org")

    # What people do

    def now(self) -> str:
        """The vendor's clock, in milliseconds, never twice the same."""
        self.latest = max(datetime.now(UTC), self.latest + timedelta(milliseconds=1))
        return self.latest.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def apply(self, name: str, email: str | None) -> str:
        person, application, at = uid(f"candidate {name}"), uid(f"application {name}"), self.now()
        contact = {"value": email, "type": "Personal", "isPrimary": True} if email else None
        self.candidates[person] = {
            "id": person,
            "name": name,
            "emailAddresses": [contact] if contact else [],
            "phoneNumbers": [{"value": "+4930123", "type": "Work", "isPrimary": True}],
            "timezone": "Europe/Berlin",
        }
        self.applications[application] = {
            "id": application,
            "createdAt": at,
            "status": "Active",
            "customFields": [],
            "candidate": {"id": person, "name": name} | ({"primaryEmailAddress": contact} if contact else {}),
            "source": {"id": uid("source"), "title": "Applied", "isArchived": False},
            "archiveReason": None,
            "job": {"id": uid("job"), "title": JOB, "locationId": None, "departmentId": None},
            "hiringTeam": [],
        }
        self.history[application] = []
        self.move(application, "Application Review")
        return application

    def move(self, application: str, stage: str, *, reason: str | None = None) -> None:
        """A recruiter moves; one event makes two deliveries with one id."""
        record, at = self.applications[application], self.now()
        visits = self.history[application]
        if visits:
            visits[-1]["leftStageAt"] = at
        number = [title for title, _ in STAGES].index(stage)
        visits.append(
            {
                "id": uid(f"visit {application} {len(visits)}"),
                "stageId": uid(f"stage {stage}"),
                "title": stage,
                "enteredStageAt": at,
                "stageNumber": len(visits),
                "allowedActions": ["set_entered_at"],
                "actorId": None,
            }
        )
        record["currentInterviewStage"] = stage_record(number)
        record["status"] = stage if stage in {"Hired", "Archived"} else "Active"
        record["archiveReason"] = (
            {"id": uid("reason"), "text": "-", "reasonType": reason, "isArchived": False} if reason else None
        )
        self.touch(application)
        action = uid(f"event {application} {len(visits)}")
        for kind in ("candidateStageChange", "applicationUpdate"):
            body = {"webhookActionId": action, "action": kind, "data": {"application": record}}
            self.queue.append((kind, json.dumps(body).encode()))

    def touch(self, application: str) -> None:
        self.applications[application]["updatedAt"] = self.now()
        self.changed[application] = next(self.ticks)

    # Webhooks

    async def subscribe(self, kind: str, url: str, secret: str) -> Webhook:
        """An admin makes a webhook; it is disabled unless the ping is answered."""
        if any((hook.kind, hook.url) == (kind, url) for hook in self.webhooks.values()):
            raise Refusal("duplicate_webhook")
        hook = Webhook(uid(f"webhook {kind} {url}"), kind, url, secret)
        self.webhooks[hook.id] = hook
        ping = json.dumps({"action": "ping", "data": {"webhookActionType": "ping"}}).encode()
        async with httpx.AsyncClient() as http:
            hook.enabled = (await http.post(url, content=ping, headers=signed(ping, secret))).is_success
        return hook

    async def deliver(self, *, seed: int = 0, twice: bool = False, shuffled: bool = False, lost: int = 0) -> list[int]:
        """Send what waits, as often and in what order the switches say; the answers' statuses."""
        waiting = [one for one in self.queue for _ in range(2 if twice else 1)][lost:]
        self.queue.clear()
        if shuffled:
            random.Random(seed).shuffle(waiting)
        async with httpx.AsyncClient() as http:
            return [
                (await http.post(hook.url, content=body, headers=signed(body, hook.secret))).status_code
                for kind, body in waiting
                for hook in self.webhooks.values()
                if hook.enabled and hook.kind == kind
            ]


def signed(body: bytes, secret: str) -> dict[str, str]:
    return {"Ashby-Signature": f"sha256={hmac.new(secret.encode(), body, sha256).hexdigest()}"}


def stage_record(number: int) -> dict[str, Any]:
    title, kind = STAGES[number]
    return {
        "id": uid(f"stage {title}"),
        "title": title,
        "type": kind,
        "orderInInterviewPlan": number,
        "interviewStageGroupId": None,
        "interviewPlanId": uid("plan"),
    }


def field_record(title: str, kind: str, owner: str) -> dict[str, Any]:
    options = [{"label": word, "value": word, "isArchived": False} for word in OPTIONS.get(title, ())]
    return {
        "id": uid(f"field {title}"),
        "title": title,
        "objectType": owner,
        "fieldType": kind,
        "isArchived": False,
        "isRequired": False,
        **({"selectableValues": options} if options else {}),
    }


# What the API does. Each call takes the organisation and the body; what it needs is in CALLS.


def text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key)
    try:
        return str(UUID(value)) if isinstance(value, str) else _refuse()
    except ValueError:
        return _refuse()


def _refuse() -> str:
    raise Refusal("invalid_input")


def application_of(ashby: Ashby, body: Mapping[str, Any], key: str = "applicationId") -> dict[str, Any]:
    if (found := ashby.applications.get(text(body, key))) is None:
        raise Refusal("application_not_found")
    return found


def candidate_of(ashby: Ashby, body: Mapping[str, Any], key: str) -> dict[str, Any]:
    if (found := ashby.candidates.get(text(body, key))) is None:
        raise Refusal("candidate_not_found")
    return found


def paged(ashby: Ashby, body: Mapping[str, Any], rows: list[Any]) -> dict[str, Any]:
    limit, cursor = body.get("limit", MOST_ITEMS), body.get("cursor", "0")
    if not isinstance(limit, int) or not 1 <= limit <= MOST_ITEMS:
        raise Refusal("invalid_input")
    if not (isinstance(cursor, str) and cursor.isdigit()):
        raise Refusal("invalid_next_cursor")
    if ashby.faults.expire and "cursor" in body:
        raise Refusal("next_cursor_expired")
    begin, size = int(cursor), min(limit, ashby.faults.page)
    more = begin + size < len(rows)
    page: dict[str, Any] = {"results": rows[begin : begin + size], "moreDataAvailable": more}
    return page | ({"nextCursor": str(begin + size)} if more else {})


def list_applications(ashby: Ashby, body: Mapping[str, Any]) -> dict[str, Any]:
    token = body.get("syncToken")
    if token is not None and (ashby.faults.expire or not (isinstance(token, str) and token.startswith("sync-"))):
        raise Refusal("sync_token_expired" if ashby.faults.expire else "sync_token_invalid")
    since = int(token.removeprefix("sync-")) if isinstance(token, str) else -1
    rows = [record for key, record in ashby.applications.items() if ashby.changed[key] > since]
    page = paged(ashby, body, rows)
    return page if page["moreDataAvailable"] else page | {"syncToken": f"sync-{max(ashby.changed.values())}"}


def set_values(ashby: Ashby, body: Mapping[str, Any]) -> dict[str, Any]:
    if body.get("objectType") != "Application" or not isinstance(body.get("values"), list):
        raise Refusal("invalid_input")
    record = application_of(ashby, body, "objectId")
    known = {one["id"]: one for one in (field_record(*one) for one in FIELDS)}
    stored = {one["id"]: one for one in record["customFields"]}
    for pair in body["values"]:
        definition = known.get(pair.get("fieldId"))
        if definition is None or definition["objectType"] != "Application":
            raise Refusal("custom_field_not_found")
        if not fits(definition, pair.get("fieldValue")):
            raise Refusal("invalid_input")
        value = {"title": definition["title"], "isPrivate": False, "value": pair["fieldValue"]}
        stored[definition["id"]] = {"id": definition["id"], **value}
    record["customFields"] = list(stored.values())
    ashby.touch(record["id"])
    return {"results": record["customFields"]}


def fits(definition: Mapping[str, Any], value: object) -> bool:
    match definition["fieldType"]:
        case "Number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "ValueSelect":
            return value in {option["value"] for option in definition["selectableValues"]}
        case "Url":
            return isinstance(value, str) and value.startswith(("http://", "https://"))
        case _:
            return isinstance(value, str)


def create_note(ashby: Ashby, body: Mapping[str, Any]) -> dict[str, Any]:
    person, note = candidate_of(ashby, body, "candidateId"), body.get("note")
    content = note.get("value") if isinstance(note, dict) and note.get("type") == "text/plain" else note
    if not isinstance(content, str) or not isinstance(body.get("isPrivate", False), bool):
        raise Refusal("invalid_input")
    author = {"id": uid("user"), "firstName": "API", "lastName": "Key", "email": "api@example.org"}
    written = {
        "createdAt": ashby.now(),
        "isPrivate": body.get("isPrivate", False),
        "content": content,
        "author": author,
    }
    notes = ashby.notes.setdefault(person["id"], [])
    # Newest first: no order is documented.
    notes.insert(0, {"id": uid(f"note {person['id']} {len(notes)}"), **written})
    return {"results": notes[0]}


def job_info(ashby: Ashby, body: Mapping[str, Any]) -> dict[str, Any]:
    if text(body, "id") != uid("job"):
        raise Refusal("job_not_found")
    job = {"id": uid("job"), "title": JOB, "status": ashby.job_status, "customRequisitionId": "REQ-7"}
    where = {"location": {"id": uid("berlin"), "name": "Berlin"}} if "location" in body.get("expand", []) else {}
    return {"results": job | where}


ITEM_TYPES = {"numeric_score", "numeric_duration_minutes", "url", "string", "boolean_success"}


def update_assessment(ashby: Ashby, body: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(body.get("timestamp"), int) or ("assessment_status" in body) == ("cancelled_reason" in body):
        raise Refusal("invalid_input")
    profile = body.get("assessment_profile_url", {})
    if "assessment_result" in body and profile.get("type") != "url":
        raise Refusal("invalid_input")
    single = ("assessment_status", "assessment_profile_url", "assessment_result", "cancelled_reason")
    items = [body[name] for name in single if name in body] + body.get("metadata", [])
    if not all({"identifier", "label", "type", "value"} <= set(item) and item["type"] in ITEM_TYPES for item in items):
        raise Refusal("invalid_input")
    if len({item["identifier"] for item in items}) != len(items):
        raise Refusal("invalid_input")
    ashby.assessments.setdefault(text(body, "assessment_id"), []).append(dict(body))
    return {"results": {}}


def webhook_info(ashby: Ashby, body: Mapping[str, Any]) -> dict[str, Any]:
    if (hook := ashby.webhooks.get(text(body, "webhookId"))) is None:
        raise Refusal("webhook_not_found")
    return {"results": {"id": hook.id, "enabled": hook.enabled, "requestUrl": hook.url, "webhookType": hook.kind}}


def list_stages(_: Ashby, body: Mapping[str, Any]) -> dict[str, Any]:
    if text(body, "interviewPlanId") != uid("plan"):
        raise Refusal("interview_plan_not_found")
    return {"results": [stage_record(number) for number in range(len(STAGES))], "moreDataAvailable": False}


Call = Callable[[Ashby, Mapping[str, Any]], dict[str, Any]]
CALLS: Mapping[str, tuple[str, Call]] = {
    "application.info": ("candidatesRead", lambda ashby, body: {"results": application_of(ashby, body)}),
    "application.list": ("candidatesRead", list_applications),
    "application.listHistory": (
        "candidatesRead",
        lambda ashby, body: paged(ashby, body, ashby.history[application_of(ashby, body)["id"]]),
    ),
    "candidate.info": ("candidatesRead", lambda ashby, body: {"results": candidate_of(ashby, body, "id")}),
    "candidate.listNotes": (
        "candidatesRead",
        lambda ashby, body: paged(ashby, body, ashby.notes.get(candidate_of(ashby, body, "candidateId")["id"], [])),
    ),
    "candidate.createNote": ("candidatesWrite", create_note),
    "customField.setValues": ("candidatesWrite", set_values),
    "assessment.update": ("candidatesWrite", update_assessment),
    "customField.list": (
        "hiringProcessMetadataRead",
        lambda ashby, body: paged(ashby, body, [field_record(*one) for one in FIELDS]),
    ),
    "interviewPlan.list": ("interviewsRead", lambda ashby, body: paged(ashby, body, [{"id": uid("plan")}])),
    "interviewStage.list": ("interviewsRead", list_stages),
    "job.info": ("jobsRead", job_info),
    "apiKey.info": (
        "apiKeysRead",
        lambda _, __: {"results": {"title": "Evenhand", "scopes": ["candidates:read", "hiring_process_metadata:read"]}},
    ),
    "webhook.info": ("apiKeysRead", webhook_info),
}
WRITES = {"candidate.createNote", "customField.setValues", "assessment.update"}


def key_of(header: str) -> str | None:
    scheme, _, value = header.partition(" ")
    if scheme != "Basic":
        return None
    name, _, password = b64decode(value).decode().partition(":")
    return name if not password else None


def answer(ashby: Ashby, call: str, request: Request[Any, Any, Any], body: bytes) -> dict[str, Any]:
    key = key_of(request.headers.get("authorization", ""))
    if key is None:
        raise Refusal("unauthorized", 401)
    if key not in ashby.keys:
        raise Refusal("forbidden", 403)
    if call not in CALLS:
        raise Refusal("not_found", 404)
    if "version=1" not in request.headers.get("accept", "") or request.content_type[0] != "application/json":
        raise Refusal("invalid_input", 400)
    permission, done = CALLS[call]
    if permission not in ashby.keys[key]:
        raise Refusal("missing_endpoint_permission", 403)
    try:
        asked = json.loads(body)
    except ValueError:
        raise Refusal("invalid_input", 400) from None
    return done(ashby, asked if isinstance(asked, dict) else {})


def create_app(ashby: Ashby) -> Litestar:
    """The API at the paths of its calls."""

    @post("/{call:str}", status_code=200)
    async def called(call: FromPath[str], request: Request[Any, Any, Any]) -> Response[Any]:
        ashby.requests.append(call)
        if ashby.faults.answers:
            status = ashby.faults.answers.pop(0)
            return Response({}, status_code=status, headers={"Retry-After": "1"} if status == 429 else {})
        try:
            done = answer(ashby, call, request, await request.body())
        except Refusal as refusal:
            return refused(refusal)
        if call in WRITES and ashby.faults.lose:
            ashby.faults.lose -= 1
            return Response(b"", status_code=504)
        return Response({"success": True, **done})

    return Litestar([called], openapi_config=None, logging_config=None)


def refused(refusal: Refusal) -> Response[Any]:
    errors: list[Any] = [{"message": refusal.code, "parameter": "-"}] if refusal.status == 403 else [refusal.code]
    body: dict[str, Any] = {"success": False, "errors": errors}
    if refusal.status == 200:
        body["errorInfo"] = {"code": refusal.code, "message": "-", "requestId": "01K", "meta": {}}
    return Response(body, status_code=refusal.status)
