"""A model of Kombo's API for one integration, of the ATS behind it, and of its webhook sender, from the reference alone.

People act in the ATS; Kombo sees it at the next ``sync``. A request that nobody describes is refused, never interpreted.
"""

import hmac
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from litestar import Litestar, Request, Response, route

from tests.adapters.simulated import Faults, Gate, Letter, Limit, Post, Problem

API_KEY, INTEGRATION = "kombo-api-key-for-tests", "greenhouse:HWUTwvyx2wLoSUHphiWVrp28"
STAGES = ("Applied", "AI Interview", "Manager Review")
ROOT = "/v1"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def refuse(status: int, code: str) -> Problem:
    words = {"code": code, "title": None, "message": "In words that may repeat what was sent.", "log_url": None}
    return Problem(status, {"status": "error", "error": words})


def needs(condition: object, status: int = 400, code: str = "PLATFORM.INPUT_INVALID") -> None:
    if not condition:
        raise refuse(status, code)


def signature(body: bytes, secret: str) -> str:
    return urlsafe_b64encode(hmac.new(secret.encode(), body, sha256).digest()).decode().rstrip("=")


def uid(name: str) -> str:
    return sha256(name.encode()).hexdigest()[:24]


@dataclass
class Kombo:
    """One integration.

    ``packages`` is the whole list as it was put last, ``published`` how often. ``refusal`` is what the next write is refused with (status, code); ``hook`` is where deliveries go and their secret.
    """

    refusal: tuple[int, str] | None = None
    hook: tuple[str, str] | None = None
    post: Post = field(default_factory=Post)
    faults: Faults = field(default_factory=Faults)
    limit: Limit = field(default_factory=lambda: Limit(most=10_000, window=60.0))
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    unsynced: dict[str, dict[str, Any]] = field(default_factory=dict)
    applications: dict[str, dict[str, Any]] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    packages: list[dict[str, Any]] = field(default_factory=list)
    published: int = 0
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    results: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    deliveries: int = 0

    def tick(self) -> str:
        self.now += timedelta(seconds=1)
        return self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    # What people do in the ATS

    def add_job(self, name: str, status: str | None = "OPEN") -> str:
        job: dict[str, Any] = {"id": uid(name), "remote_id": str(len(self.jobs)), "name": name, "job_code": "R-1", "status": status,
               "department": "Support", "location": {"city": "Vienna", "raw": "Vienna, Austria"},
               "remote_deleted_at": None, "changed_at": self.tick(), "stages": []}  # fmt: skip
        self.jobs[uid(name)] = job
        for stage in STAGES:
            self.stages[uid(f"{name} {stage}")] = {
                "id": uid(f"{name} {stage}"), "remote_id": None, "name": stage, "remote_data": None,
                "changed_at": self.tick(), "remote_deleted_at": None,
            }  # fmt: skip
        return uid(name)

    def add_application(self, person: str, job_id: str) -> str:
        job, key = self.jobs[job_id], uid(f"{person} {job_id}")
        candidate = {"id": uid(person), "remote_id": person, "first_name": person, "last_name": "Quill",
                     "email_addresses": [{"email_address": "ada.quill@example.org", "type": None}],
                     "phone_numbers": [{"phone_number": "+43 1 000000", "type": None}], "source": "career page",
                     "tags": []}  # fmt: skip
        self.applications[key] = {
            "id": key, "remote_id": f"98{len(self.applications)}", "outcome": "PENDING", "rejected_at": None,
            "candidate": candidate, "job": {name: job[name] for name in ("id", "remote_id", "name")},
            "current_stage": self.stage(job["name"], STAGES[0]), "changed_at": self.tick(), "remote_deleted_at": None,
            "remote_created_at": "2026-01-07T09:00:00.000Z", "remote_updated_at": None,
        }  # fmt: skip
        return key

    def stage(self, job: str, name: str) -> dict[str, Any]:
        return {"id": uid(f"{job} {name}"), "remote_id": None, "name": name, "index": None}

    def move(self, application_id: str, stage: str) -> None:
        job = self.applications[application_id]["job"]["name"]
        self.unsynced.setdefault(application_id, {}).update(current_stage=self.stage(job, stage))

    def sync(self) -> None:
        """Kombo looks at the ATS: what changed is shown, and that something did is announced."""
        for application_id, members in self.unsynced.items():
            self.applications[application_id].update(members, changed_at=self.tick())
        if self.unsynced:
            self.announce("data-changed", {"integration_id": INTEGRATION, "integration_tool": "greenhouse",
                                           "integration_category": "ATS",
                                           "changed_models": [{"name": "ats_applications"}]})  # fmt: skip
        self.unsynced.clear()

    def order(self, package_id: str, application_id: str | None) -> str:
        """A recruiter orders an assessment."""
        key = uid(f"order {len(self.orders)}")
        row = self.applications.get(application_id or "")
        person = row["candidate"] if row else {"remote_id": None, "first_name": "Ada", "last_name": None}
        self.orders[key] = {
            "id": key, "package_id": package_id, "status": "OPEN",
            "candidate": {name: person[name] for name in ("remote_id", "first_name", "last_name")}
            | {"email": "ada.quill@example.org", "phone": None},
            "application": {"remote_id": row["remote_id"] if row else None},
            "job": {"remote_id": "0", "name": "Data Engineer", "job_code": None, "description": None,
                    "location": {"raw": None}, "hiring_team": []},
        }  # fmt: skip
        self.announce("assessment:order-received", self.orders[key] | {"integration_id": INTEGRATION})
        return key

    def announce(self, kind: str, data: Mapping[str, Any]) -> None:
        if self.hook is None:
            return
        url, secret = self.hook
        self.deliveries += 1
        body = json.dumps({"id": uid(f"delivery {self.deliveries}"), "type": kind, "data": data}, indent=2).encode()
        self.post.put(Letter(url, {"X-Kombo-Signature": signature(body, secret)}, body))

    # The API

    def page(self, rows: list[dict[str, Any]], query: Mapping[str, str], also: set[str]) -> Any:
        needs(set(query) <= {"cursor", "page_size", "ids"} | also)
        size, cursor = int(query.get("page_size", "100")), query.get("cursor", "c0")
        needs(1 <= size <= 250 and re.fullmatch("c[0-9]{1,9}", cursor))
        if "ids" in query:
            rows = [row for row in rows if row["id"] in query["ids"].split(",")]
        start = int(cursor[1:])
        following = f"c{start + size}" if start + size < len(rows) else None
        return {"next": following, "results": rows[start : start + size]}


def shown(rows: list[dict[str, Any]], query: Mapping[str, str]) -> list[dict[str, Any]]:
    return [row for row in rows if row["remote_deleted_at"] is None or query.get("include_deleted") == "true"]


Handler = Callable[[Kombo, re.Match[str], Mapping[str, str], Any], Any]


def list_applications(world: Kombo, _: re.Match[str], query: Mapping[str, str], __: Any) -> Any:
    rows, after = shown(list(world.applications.values()), query), query.get("updated_after")
    if after is not None:
        needs(MOMENT.fullmatch(after))
        rows = [row for row in rows if row["changed_at"] >= after]
    if "remote_ids" in query:
        rows = [row for row in rows if row["remote_id"] in query["remote_ids"].split(",")]
    return world.page(rows, query, {"updated_after", "include_deleted", "remote_ids"})


def list_jobs(world: Kombo, _: re.Match[str], query: Mapping[str, str], __: Any) -> Any:
    return world.page(shown(list(world.jobs.values()), query), query, {"include_deleted"})


def list_stages(world: Kombo, _: re.Match[str], query: Mapping[str, str], __: Any) -> Any:
    return world.page(list(world.stages.values()), query, set())


def add_note(world: Kombo, found: re.Match[str], _: Mapping[str, str], body: Any) -> Any:
    needs(
        isinstance(body, dict)
        and {"content", "content_type"} <= set(body) <= {"content", "content_type", "remote_fields"}
    )
    needs(body["content_type"] == "PLAIN_TEXT" and isinstance(body["content"], str) and body["content"])
    needs(found["id"] in world.applications, 404)
    world.notes.append((found["id"], body))
    return {}


def list_orders(world: Kombo, _: re.Match[str], query: Mapping[str, str], __: Any) -> Any:
    wanted = query.get("statuses", "").split(",")
    rows = [row for row in world.orders.values() if not query.get("statuses") or row["status"] in wanted]
    return world.page(rows, query, {"statuses"})


def put_packages(world: Kombo, _: re.Match[str], __: Mapping[str, str], body: Any) -> Any:
    needs(isinstance(body, dict) and set(body) == {"packages"})
    for package in body["packages"]:
        needs(set(package) == {"id", "type", "name", "description"} and all(package.values()))
        needs(
            package["type"] in {"BEHAVIORAL", "VIDEO_INTERVIEW", "SKILLS_TEST", "BACKGROUND_CHECK", "REFERENCE_CHECK"}
        )
    needs(len({package["id"] for package in body["packages"]}) == len(body["packages"]))
    world.packages = body["packages"]
    world.published += 1
    return {}


def put_result(world: Kombo, found: re.Match[str], _: Mapping[str, str], body: Any) -> Any:
    order = world.orders.get(found["id"])
    if order is None:
        raise refuse(404, "PLATFORM.INPUT_INVALID")
    needs(order["status"] == "OPEN")
    needs({"status", "result_url"} <= set(body) and body["status"] in {"COMPLETED", "CANCELLED", "OPEN"})
    needs(set(body) <= {"status", "result_url", "completed_at", "score", "max_score", "attributes"})
    needs(body["status"] == "OPEN" or MOMENT.fullmatch(body["completed_at"]))
    for attribute in body.get("attributes", []):
        needs(set(attribute) == {"type", "label", "value"} and attribute["type"] == "TEXT")
        needs(isinstance(attribute["label"], str) and isinstance(attribute["value"], str))
    order["status"] = body["status"]
    world.results.setdefault(found["id"], []).append(body)
    return {}


def read_integration(_: Kombo, __: re.Match[str], ___: Mapping[str, str], ____: Any) -> Any:
    owner = {"organization_name": "Northwind", "creator_email": "admin@northwind.example", "origin_id": None}
    return {"id": INTEGRATION, "tool": {"id": "greenhouse", "label": "Greenhouse"}, "category": "ATS",
            "status": "ACTIVE", "end_user": owner, "data_expired_at": None}  # fmt: skip


# There are requests that move an application or end it: nothing here may ask for them.
ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/ats/applications", list_applications),
    ("GET", "/ats/jobs", list_jobs),
    ("GET", "/ats/application-stages", list_stages),
    ("POST", "/ats/applications/(?P<id>[^/]+)/notes", add_note),
    ("GET", "/assessment/orders", list_orders),
    ("PUT", "/assessment/packages", put_packages),
    ("PUT", "/assessment/orders/(?P<id>[^/]+)/result", put_result),
    ("GET", f"/integrations/{re.escape(INTEGRATION)}", read_integration),
)


def answered(world: Kombo, request: Request[Any, Any, Any], body: bytes) -> Any:
    """The data of a successful answer."""
    given = (request.headers.get("authorization"), request.headers.get("x-integration-id"))
    needs(given[0] == f"Bearer {API_KEY}", 401, "PLATFORM.AUTHENTICATION_INVALID")
    needs(given[1] == INTEGRATION, 404, "PLATFORM.INTEGRATION_NOT_FOUND")
    if world.refusal and request.method != "GET":
        raise refuse(*world.refusal)
    for verb, pattern, handler in ROUTES:
        found = re.fullmatch(ROOT + pattern, request.scope["path"], re.ASCII)
        if found and verb == request.method:
            return handler(world, found, dict(request.query_params.items()), json.loads(body) if body else None)
    raise refuse(404, "PLATFORM.INPUT_INVALID")


def create_app(world: Kombo) -> Any:
    """The API behind its gate, for ``tests.fixtures.sandbox.serving``."""

    @route("/{path:path}", http_method=["GET", "POST", "PUT", "PATCH", "DELETE"])
    async def everything(request: Request[Any, Any, Any]) -> Response[bytes]:
        document: object
        try:
            found = answered(world, request, await request.body())
            document, status = {"status": "success", "data": found, "warnings": []}, 200
        except Problem as problem:
            document, status = problem.body, problem.status
        return Response(json.dumps(document).encode(), status_code=status, media_type="application/json")

    app = Litestar([everything], openapi_config=None, logging_config=None)
    return Gate(app, faults=world.faults, limit=world.limit, headers=lambda *_: {})
