"""A model of Merge's ATS API for one linked account, of the ATS behind it, and of its webhook sender, from the reference alone.

People act in the ATS; Merge sees it at the next ``sync``. A request that nobody describes is refused, never interpreted.
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
from uuid import NAMESPACE_URL, uuid5

from litestar import Litestar, Request, Response, route

from tests.adapters.simulated import Faults, Gate, Letter, Limit, Post, Problem

API_KEY, ACCOUNT_TOKEN = "merge-access-key-for-tests", "merge-account-token-for-tests"
STAGES = ("Applied", "AI Interview", "Manager Review")
ROOT = "/api/ats/v1"
MODEL = {"user", "activity_type", "subject", "body", "visibility", "candidate"}


def uid(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))


USER = uid("user Evenhand")


def needs(condition: object, detail: str = "Invalid.", status: int = 400) -> None:
    if not condition:
        raise Problem(status, {"detail": detail})


def signature(body: bytes, secret: str) -> str:
    return urlsafe_b64encode(hmac.new(secret.encode(), body, sha256).digest()).decode()


@dataclass
class Merge:
    """One linked account.

    ``private`` is whether its ATS takes a visibility, ``unlisted`` whether notes wait for a sync to be listed, ``errors`` what the next 201 says went wrong (nothing is written
    then), ``hook`` where deliveries go and the key they are signed with.
    """

    private: bool = True
    padded: bool = True
    unlisted: bool = False
    errors: list[dict[str, Any]] = field(default_factory=list)
    hook: tuple[str, str] | None = None
    post: Post = field(default_factory=Post)
    faults: Faults = field(default_factory=Faults)
    limit: Limit = field(default_factory=lambda: Limit(most=10_000, window=60.0))
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    unsynced: dict[str, dict[str, Any]] = field(default_factory=dict)
    applications: dict[str, dict[str, Any]] = field(default_factory=dict)
    candidates: dict[str, dict[str, Any]] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)
    activities: list[dict[str, Any]] = field(default_factory=list)

    def tick(self) -> str:
        self.now += timedelta(seconds=1)
        return self.now.isoformat().replace("+00:00", "Z")

    def record(self, remote: str, **more: Any) -> dict[str, Any]:
        at = self.tick()
        return {"id": uid(remote), "remote_id": remote, "created_at": at, "modified_at": at,
                "remote_was_deleted": False, "field_mappings": None, "remote_data": None, **more}  # fmt: skip

    # What people do in the ATS

    def add_job(self, name: str, status: str = "OPEN") -> str:
        job = self.record(f"job {name}", name=name, code="R-1", status=status, departments=[], offices=[])
        self.jobs[job["id"]] = job
        for order, stage in enumerate(STAGES):
            row = self.record(f"stage {name} {stage}", name=stage, job=job["id"], stage_order=order)
            self.stages[row["id"]] = row
        return str(job["id"])

    def add_application(self, person: str, job: str) -> str:
        candidate = self.record(
            f"candidate {person}", first_name=person, last_name="Quill", company=None,
            email_addresses=[{"value": "ada.quill@example.org", "email_address_type": "PERSONAL"}],
            phone_numbers=[{"value": "+43 1 000000", "phone_number_type": "MOBILE"}], tags=[], applications=[],
        )  # fmt: skip
        self.candidates[candidate["id"]] = candidate
        row = self.record(
            f"application {person} {job}", candidate=candidate["id"], job=job, applied_at=self.tick(),
            rejected_at=None, offers=[], source="Campus recruiting event", credited_to=None,
            current_stage=self.stage(job, STAGES[0]), reject_reason=None,
        )  # fmt: skip
        self.applications[row["id"]] = row
        return str(row["id"])

    def stage(self, job: str, name: str) -> str:
        return next(key for key, row in self.stages.items() if (row["job"], row["name"]) == (job, name))

    def move(self, application_id: str, stage: str) -> None:
        job = self.applications[application_id]["job"]
        self.change(application_id, current_stage=self.stage(job, stage))

    def change(self, application_id: str, **members: Any) -> None:
        self.unsynced.setdefault(application_id, {}).update(members)

    def sync(self) -> None:
        """Merge looks at the ATS: what changed is shown, and announced."""
        for application_id, members in self.unsynced.items():
            row = self.applications[application_id]
            row.update(members, modified_at=self.tick())
            self.announce("Application.changed", row)
        self.unsynced.clear()
        self.announce("LinkedAccount.synced", {"is_initial_sync": False, "sync_status": {}})

    def announce(self, event: str, model: Mapping[str, Any]) -> None:
        if self.hook is None:
            return
        url, secret = self.hook
        account = {"id": uid("account"), "integration": "Some ATS", "category": "ats", "end_user_origin_id": "c-1"}
        body = {"hook": {"id": uid("hook"), "event": event, "target": url}, "linked_account": account, "data": model}
        letter = json.dumps(body, indent=2).encode()
        self.post.put(Letter(url, self.signed(letter, secret), letter))

    def signed(self, body: bytes, secret: str) -> dict[str, str]:
        told = signature(body, secret)
        return {"X-Merge-Webhook-Signature": told if self.padded else told.rstrip("="), "User-Agent": "Merge/Webhooks"}

    # The API

    def page(self, rows: list[dict[str, Any]], query: Mapping[str, str], also: frozenset[str] = frozenset()) -> Any:
        needs(set(query) <= {"cursor", "page_size"} | also, "Unknown parameter.")
        size, begin = int(query.get("page_size", "30")), query.get("cursor", "p0")
        needs(1 <= size <= 100, "page_size is at most 100.")
        needs(re.fullmatch("p[0-9]{1,9}", begin), "Invalid cursor.", 404)
        start = int(begin[1:])
        following = f"p{start + size}" if start + size < len(rows) else None
        return {"next": following, "previous": None, "results": rows[start : start + size]}


Handler = Callable[[Merge, re.Match[str], Mapping[str, str], Any], Any]


def list_applications(world: Merge, _: re.Match[str], query: Mapping[str, str], __: Any) -> Any:
    after = datetime.fromisoformat(query.get("modified_after", "1970-01-01T00:00:00Z"))
    rows = [row for row in world.applications.values() if datetime.fromisoformat(row["modified_at"]) >= after]
    if query.get("include_deleted_data") != "true":
        rows = [row for row in rows if not row["remote_was_deleted"]]
    return world.page(rows, query, frozenset({"modified_after", "include_deleted_data"}))


def read_application(world: Merge, found: re.Match[str], query: Mapping[str, str], _: Any) -> Any:
    row = world.applications.get(found["id"])
    if row is None:
        raise Problem(404, {"detail": "Not found."})
    needs(set(query) <= {"expand"})
    tables = {"candidate": world.candidates, "job": world.jobs, "current_stage": world.stages}
    wanted = query.get("expand", "").split(",")
    needs(set(wanted) <= set(tables), "Invalid expand.")
    return row | {name: tables[name].get(row[name]) for name in wanted}


def list_stages(world: Merge, _: re.Match[str], query: Mapping[str, str], __: Any) -> Any:
    return world.page(list(world.stages.values()), query)


def list_activities(world: Merge, _: re.Match[str], query: Mapping[str, str], __: Any) -> Any:
    rows = [row for row in world.activities if query.get("user_id") in {None, row["user"]} and not world.unlisted]
    return world.page(rows[::-1], query, frozenset({"user_id"}))


def activity_meta(world: Merge, _: re.Match[str], __: Mapping[str, str], ___: Any) -> Any:
    names = MODEL - (set() if world.private else {"visibility"})
    model = {"type": "object", "properties": {name: {"type": "string"} for name in sorted(names)}}
    schema = {"type": "object", "properties": {"model": model, "remote_user_id": {"type": "string"}}}
    return {"request_schema": schema, "has_conditional_params": False, "has_required_linked_account_params": False}


def add_activity(world: Merge, _: re.Match[str], __: Mapping[str, str], body: Any) -> Any:
    needs(isinstance(body, dict) and set(body) == {"model", "remote_user_id"}, "remote_user_id is required.")
    model = body["model"]
    needs(set(model) == MODEL and model["activity_type"] == "NOTE" and model["body"])
    needs(model["visibility"] in {"ADMIN_ONLY", "PUBLIC", "PRIVATE"} and body["remote_user_id"] == USER)
    needs(model["candidate"] in world.candidates, "Unknown candidate.")
    if world.errors:
        return {"model": model | {"id": None}, "warnings": [], "errors": [world.errors.pop(0)], "logs": []}
    row = world.record(f"activity {len(world.activities)}", **model, remote_created_at=world.tick())
    world.activities.append(row)
    return {"model": row, "warnings": [{"title": "w", "detail": "w", "problem_type": "W"}], "errors": [], "logs": []}


def account(_: Merge, __: re.Match[str], ___: Mapping[str, str], ____: Any) -> Any:
    return {"id": uid("account"), "integration": "Some ATS", "category": "ats", "status": "COMPLETE",
            "end_user_organization_name": "Northwind", "end_user_email_address": "admin@northwind.example"}  # fmt: skip


# There is a request that moves an application and one that sends anything through: nothing here may ask for them.
ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/applications", list_applications),
    ("GET", "/applications/(?P<id>[^/]+)", read_application),
    ("GET", "/job-interview-stages", list_stages),
    ("GET", "/activities", list_activities),
    ("POST", "/activities", add_activity),
    ("GET", "/activities/meta/post", activity_meta),
    ("GET", "/account-details", account),
)


def answered(world: Merge, request: Request[Any, Any, Any], body: bytes) -> Any:
    """The document of a 2xx answer."""
    given = (request.headers.get("authorization"), request.headers.get("x-account-token"))
    needs(given == (f"Bearer {API_KEY}", ACCOUNT_TOKEN), "Authentication credentials were not provided.", 401)
    for verb, pattern, handler in ROUTES:
        found = re.fullmatch(ROOT + pattern, request.scope["path"], re.ASCII)
        if found and verb == request.method:
            return handler(world, found, dict(request.query_params.items()), json.loads(body) if body else None)
    raise Problem(404, {"detail": "Not found."})


def create_app(world: Merge) -> Any:
    """The API behind its gate, for ``tests.fixtures.sandbox.serving``."""

    @route("/{path:path}", http_method=["GET", "POST", "PUT", "PATCH", "DELETE"])
    async def everything(request: Request[Any, Any, Any]) -> Response[bytes]:
        try:
            document, status = answered(world, request, await request.body()), 200 if request.method == "GET" else 201
        except Problem as problem:
            document, status = problem.body, problem.status
        return Response(json.dumps(document).encode(), status_code=status, media_type="application/json")

    app = Litestar([everything], openapi_config=None, logging_config=None)
    return Gate(app, faults=world.faults, limit=world.limit, headers=lambda *_: {})
