"""A model of Workable's API v3, its webhook sender and its assessment integration, from the reference alone.

It is stricter than a server must be: a request that the vendor does not document is refused, never interpreted.
"""

import hmac
import json
import random
import re
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import islice
from typing import Any
from urllib.parse import urlencode

import httpx
from litestar import Litestar, Request, Response, route

TOKEN = "workable-account-token-for-tests"
ASSESSMENT_TOKEN = "workable-assessment-token-for-tests"
SCOPES = frozenset({"r_jobs", "r_candidates", "w_comments"})
STAGES = ("Sourced", "Applied", "AI Interview", "Manager Review", "Offer", "Hired")
ROLES = {"admin", "recruiting_admin", "hiring_manager", "simple", "reviewer", "recruiter"}
WINDOW = 10.0


class Fault(Exception):
    """An error answer."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status, self.error = status, error


def slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def needs(condition: object, error: str = "Validation failed") -> None:
    if not condition:
        raise Fault(422, error)


@dataclass
class Workable:
    """One account: everything it knows, and the switches of its faults.

    ``limit`` requests in ten seconds; ``fail`` are statuses for the next requests (0: none); ``lose`` says by method
    which of the coming writes is carried out and answered 504 (1: the next); ``lag`` hides so many newest activities;
    ``largest_page`` caps pages.
    """

    limit: int = 10
    scopes: frozenset[str] = SCOPES
    largest_page: int = 100
    fail: list[int] = field(default_factory=list)
    lose: dict[str, int] = field(default_factory=dict)
    lag: int = 0
    encoding: str = "hex"
    base_url: str = ""
    now: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    ids: int = 0x9075283B
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=lambda: {"1f395d": "Rita Recruiter", "1f3960": "Max Manager"})
    candidates: dict[str, dict[str, Any]] = field(default_factory=dict)
    activities: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    attributes: list[dict[str, Any]] = field(default_factory=list)
    values: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    subscriptions: list[dict[str, Any]] = field(default_factory=list)
    outbox: list[bytes] = field(default_factory=list)
    results: dict[str, Any] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    window: tuple[float, int] = (0.0, 0)
    named: dict[str, str] = field(default_factory=lambda: {slug(name): name for name in STAGES})

    # What people do in Workable

    def tick(self) -> str:
        self.now += timedelta(seconds=1)
        return self.now.isoformat().replace("+00:00", "Z")

    def add_job(self, shortcode: str, title: str, **more: Any) -> None:
        self.jobs[shortcode] = {
            "id": shortcode.lower(), "title": title, "shortcode": shortcode, "code": f"REF/{shortcode}",
            "state": "published", "department": "Engineering", "location": {"city": "Vienna", "country": "Austria"},
            "stages": list(STAGES), **more,
        }  # fmt: skip

    def add_candidate(self, candidate_id: str, shortcode: str, **more: Any) -> None:
        at = self.tick()
        self.candidates[candidate_id] = {
            "id": candidate_id, "name": "Ada Quill", "firstname": "Ada", "lastname": "Quill", "headline": None,
            "account": {"subdomain": "acme", "name": "Acme"}, "shortcode": shortcode, "stage": "applied",
            "disqualified": False, "withdrew": False, "disqualification_reason": None, "hired_at": None,
            "sourced": False, "profile_url": f"https://acme.workable.com/backend/candidates/{candidate_id}",
            "email": "ada.quill@example.org", "phone": "+43 1 000000", "outlet": "Careers page", "created_at": at,
            "updated_at": at, "answers": [], "tags": [], **more,
        }  # fmt: skip
        self.activities[candidate_id], self.values[candidate_id] = [], {}
        self._happened(candidate_id, "applied", at, shown_as=self.candidates[candidate_id]["stage"])

    def move(self, candidate_id: str, target: str) -> None:
        found, at = self.candidates[candidate_id], self.tick()
        before, found["stage"], found["updated_at"] = found["stage"], target, at
        self._happened(candidate_id, target, at, shown_as=before, target=target, member="1f395d")
        self.notify("candidate_moved", candidate_id)

    def touch(self, candidate_id: str, **changes: Any) -> None:
        self.candidates[candidate_id].update(changes, updated_at=self.tick())

    def rename(self, stage: str, name: str) -> None:
        self.named[stage] = name

    def notify(self, event: str, candidate_id: str) -> None:
        body = {"id": f"{len(self.outbox):08x}", "event_type": event, "data": self.shown(candidate_id)}
        self.outbox.append(json.dumps(body).encode())

    def _happened(
        self, candidate_id: str, action: str, at: str, *, shown_as: str, target: str | None = None, **more: Any
    ) -> str:
        self.ids += 1
        self.activities[candidate_id].append(
            {"id": f"{self.ids:x}", "action": action, "at": at, "shown_as": shown_as, "target": target, **more}
        )
        return f"{self.ids:x}"

    # What the API shows

    def stage(self, name: str, position: int) -> dict[str, Any]:
        key = slug(name)
        kind = {"Hired": "hired", "Offer": "offer", "Sourced": "sourced", "Applied": "applied"}.get(name, "assessment")
        number = 5272269 + list(self.named).index(key) if key in self.named else 5270000
        return {
            "id": number, "identifier": f"{number:x}", "slug": key, "name": self.named.get(key, name), "kind": kind,
            "position": position,
        }  # fmt: skip

    def stages(self, names: Iterable[str]) -> dict[str, Any]:
        return {"stages": [self.stage(name, position) for position, name in enumerate(names, 1)]}

    def shown(self, candidate_id: str) -> dict[str, Any]:
        found = dict(self.candidates[candidate_id])
        shortcode, key = found.pop("shortcode"), found.pop("stage")
        job = self.jobs.get(shortcode)
        kind = "hired" if key == "hired" else "assessment"
        found |= {"stage": self.named[key], "stage_kind": kind}
        return found | {"job": {"shortcode": shortcode, "title": job["title"]} if job else None}

    def activity(self, row: Mapping[str, Any]) -> dict[str, Any]:
        def seen(key: str | None) -> dict[str, Any] | None:
            return None if key is None else {"id": 1, "identifier": "1", "name": self.named[key], "slug": key}

        shown = {
            "id": row["id"], "action": row["action"], "stage_name": self.named[row["shown_as"]],
            "action_stage": seen(row["shown_as"]), "target_stage": seen(row["target"]), "created_at": row["at"],
            "updated_at": row["at"], "body": row.get("body"),
        }  # fmt: skip
        if member := row.get("member"):
            shown["member"] = {"id": member, "name": self.members[member], "type": "Member"}
        if roles := row.get("roles"):
            shown["visibility_roles"] = roles
        return shown

    def page(self, name: str, rows: list[dict[str, Any]], path: str, query: Mapping[str, str]) -> dict[str, Any]:
        limit = int(query.get("limit", 50))
        needs(1 <= limit <= 100, "limit is invalid")
        size = min(limit, self.largest_page)
        since = query.get("since_id", "")
        rows = [row for row in rows if self.order(row) >= since] if since else rows
        found: dict[str, Any] = {name: rows[:size]}
        if len(rows) > size:
            more = {**query, "limit": str(limit), "since_id": self.order(rows[size])}
            found["paging"] = {"next": f"{self.base_url}/spi/v3{path}?{urlencode(more)}"}
        return found

    @staticmethod
    def order(row: Mapping[str, Any]) -> str:
        return str(row.get("shortcode") or row["id"])

    # Webhooks and assessments that Workable sends

    def signed(self, body: bytes, key: str = TOKEN) -> dict[str, str]:
        digest = hmac.new(key.encode(), body, sha256).digest()
        text = digest.hex() if self.encoding == "hex" else b64encode(digest).decode()
        return {"X-Workable-Signature": text, "Content-Type": "application/json"}

    async def deliver(
        self, url: str, *, key: str = TOKEN, copies: int = 1, shuffle: int | None = None, lose: int = 0
    ) -> list[int]:
        """Send what waits: ``copies`` of each, in an order drawn from the seed ``shuffle``, the first ``lose`` never."""
        bodies = [body for body in self.outbox[lose:] for _ in range(copies)]
        if shuffle is not None:
            random.Random(shuffle).shuffle(bodies)
        self.outbox.clear()
        async with httpx.AsyncClient(timeout=10) as client:
            return [
                (await client.post(url, content=body, headers=self.signed(body, key))).status_code for body in bodies
            ]

    def order_body(self, number: int, test_id: str) -> bytes:
        """What Workable posts to order a test; its names are the unconfirmed ones."""
        body = {
            "test_id": test_id, "callback_url": f"{self.base_url}/assessments/{number}",
            "job": {"shortcode": "9CD658E13E", "title": "Data Engineer"},
            "candidate": {"first_name": "Ada", "last_name": "Quill", "email": "ada.quill@example.org", "phone": None},
        }  # fmt: skip
        return json.dumps(body).encode()


def one_candidate(world: Workable, found: re.Match[str]) -> str:
    if found["id"] not in world.candidates:
        raise Fault(404, "Not found")
    return found["id"]


def read_candidate(world: Workable, found: re.Match[str], _: Mapping[str, str], __: Any) -> Any:
    key = one_candidate(world, found)
    held = [{"custom_attribute_key": name, **value} for name, value in world.values[key].items()]
    return {"candidate": {**world.shown(key), "custom_attributes": held}}


def list_candidates(world: Workable, _: re.Match[str], query: Mapping[str, str], __: Any) -> Any:
    needs(set(query) <= {"limit", "since_id", "updated_after", "created_after", "email", "shortcode", "stage"})
    after = datetime.fromisoformat(query.get("updated_after", "1970-01-01T00:00:00Z"))
    rows = [
        world.shown(key)
        for key, row in sorted(world.candidates.items())
        if datetime.fromisoformat(row["updated_at"]) >= after
    ]
    return world.page("candidates", rows, "/candidates", query)


def list_activities(world: Workable, found: re.Match[str], query: Mapping[str, str], _: Any) -> Any:
    key = one_candidate(world, found)
    needs(set(query) <= {"limit", "since_id", "max_id", "actions", "updated_after"})
    kept = islice(world.activities[key], len(world.activities[key]) - world.lag)
    return world.page("activities", [world.activity(row) for row in kept], f"/candidates/{key}/activities", query)


def read_job(world: Workable, found: re.Match[str], _: Mapping[str, str], __: Any) -> Any:
    if found["id"] not in world.jobs:
        raise Fault(404, "Not found")
    return {name: value for name, value in world.jobs[found["id"]].items() if name != "stages"}


def job_stages(world: Workable, found: re.Match[str], query: Mapping[str, str], body: Any) -> Any:
    read_job(world, found, query, body)
    return world.stages(world.jobs[found["id"]]["stages"])


def list_jobs(world: Workable, _: re.Match[str], query: Mapping[str, str], __: Any) -> Any:
    needs(set(query) <= {"limit", "since_id", "state", "created_after", "updated_after"})
    rows = [{name: value for name, value in job.items() if name != "stages"} for job in world.jobs.values()]
    return world.page("jobs", sorted(rows, key=world.order), "/jobs", query)


def list_members(world: Workable, _: re.Match[str], query: Mapping[str, str], __: Any) -> Any:
    rows = [{"id": key, "name": name, "active": True, "role": "admin"} for key, name in world.members.items()]
    return world.page("members", rows, "/members", query)


def add_comment(world: Workable, found: re.Match[str], _: Mapping[str, str], body: Any) -> Any:
    key = one_candidate(world, found)
    needs(isinstance(body, dict) and set(body) <= {"member_id", "comment"} and isinstance(body.get("comment"), dict))
    comment = body["comment"]
    needs(body.get("member_id") in world.members, "member not found")
    needs(isinstance(comment.get("body"), str) and comment["body"], "body can't be blank")
    policy = comment.get("policy", sorted(ROLES))
    needs(isinstance(policy, list) and policy and set(policy) <= ROLES, "policy is invalid")
    at = world.tick()
    world.candidates[key]["updated_at"] = at
    stage = world.candidates[key]["stage"]
    more = {"body": comment["body"], "roles": policy, "member": body["member_id"]}
    return {"id": world._happened(key, "comment", at, shown_as=stage, **more)}


def set_attribute(world: Workable, found: re.Match[str], _: Mapping[str, str], body: Any) -> Any:
    key = one_candidate(world, found)
    needs(isinstance(body, dict) and len(body) == 2, "one attribute in each request")
    defined = next((one for one in world.attributes if one["id"] == body.get("custom_attribute_key")), None)
    if defined is None:
        raise Fault(404, "Not found")
    if defined["type"] in {"dropdown", "multiple_choice"}:
        chosen = body.get("choices")
        needs(isinstance(chosen, list) and set(chosen) <= {one["id"] for one in defined["choices"]})
        world.values[key][defined["id"]] = {"choices": chosen}
    else:
        needs("value" in body)
        value = body["value"]
        needs(defined["type"] != "numeric" or value == "" or isinstance(value, int | float), "value is not a number")
        needs(defined["type"] == "numeric" or isinstance(value, str), "value is not a text")
        needs(defined["type"] != "short_text" or len(value) <= 128, "value is too long")
        world.values[key][defined["id"]] = {"value": value}
    world.candidates[key]["updated_at"] = world.tick()
    return None


Handler = Callable[[Workable, re.Match[str], Mapping[str, str], Any], Any]
# Method, path, any of these scopes, what it does. There is no way to turn anybody away here: nothing may ask for it.
ROUTES: tuple[tuple[str, str, set[str], Handler], ...] = (
    ("GET", r"/candidates", {"r_candidates"}, list_candidates),
    ("GET", r"/candidates/(?P<id>[^/]+)", {"r_candidates"}, read_candidate),
    ("GET", r"/candidates/(?P<id>[^/]+)/activities", {"r_candidates"}, list_activities),
    ("POST", r"/candidates/(?P<id>[^/]+)/comments", {"w_candidates", "w_comments"}, add_comment),
    ("PATCH", r"/candidates/(?P<id>[^/]+)/update_custom_attribute_value", {"r_jobs"}, set_attribute),
    ("GET", r"/jobs", {"r_jobs"}, list_jobs),
    ("GET", r"/jobs/(?P<id>[^/]+)", {"r_jobs"}, read_job),
    ("GET", r"/jobs/(?P<id>[^/]+)/stages", {"r_jobs"}, job_stages),
    ("GET", r"/stages", {"r_jobs"}, lambda world, *_: world.stages(STAGES)),
    ("GET", r"/custom_attributes", {"r_jobs"}, lambda world, *_: {"custom_attributes": world.attributes}),
    ("GET", r"/accounts", set(SCOPES), lambda *_: {"accounts": [{"id": "5b", "name": "Acme", "subdomain": "acme"}]}),
    ("GET", r"/members", set(SCOPES), list_members),
    ("GET", r"/subscriptions", set(SCOPES), lambda world, *_: {"subscriptions": world.subscriptions}),
)


def take_result(world: Workable, method: str, path: str, authorization: str, body: bytes) -> Any:
    if authorization != f"Bearer {ASSESSMENT_TOKEN}":
        raise Fault(401, "Not authorized")
    needs(method == "PUT" and json.loads(body).get("status") in {"pending", "completed"})
    world.results[path.rpartition("/")[2]] = json.loads(body)
    if world.lose.pop("PUT", 0):
        raise Fault(504, "Gateway timeout")
    return {}


def answered(world: Workable, method: str, path: str, query: Mapping[str, str], authorization: str, body: bytes) -> Any:
    """The document of a 2xx answer."""
    if path.startswith("/assessments/"):
        return take_result(world, method, path, authorization, body)
    if authorization != f"Bearer {TOKEN}":
        raise Fault(401, "Not authorized")
    if world.fail and (status := world.fail.pop(0)):
        raise Fault(status, "Internal error")
    for verb, pattern, scopes, handler in ROUTES:
        found = re.fullmatch("/spi/v3" + pattern, path)
        if found and verb == method:
            if not scopes & world.scopes:
                raise Fault(403, "Insufficient scope")
            document = handler(world, found, query, json.loads(body) if body else None)
            if method in world.lose:
                world.lose[method] -= 1
                if not world.lose[method]:
                    world.lose.clear()
                    raise Fault(504, "Gateway timeout")
            return document
    raise Fault(404, "Not found")


def spend(world: Workable, used: int) -> None:
    if used >= world.limit:
        raise Fault(429, "Rate limit exceeded")


def create_app(world: Workable) -> Litestar:
    """The API, for ``tests.fixtures.sandbox.serving``."""

    @route("/{path:path}", http_method=["GET", "POST", "PUT", "PATCH", "DELETE"])
    async def everything(request: Request[Any, Any, Any]) -> Response[bytes]:
        path, body = request.scope["path"], await request.body()
        world.requests.append((request.method, path))
        began, used = world.window
        if time.monotonic() - began >= WINDOW:
            began, used = time.monotonic(), 0
        world.window = (began, used + 1)
        told = {
            "X-Rate-Limit-Limit": str(world.limit),
            "X-Rate-Limit-Remaining": str(max(0, world.limit - used - 1)),
            "X-Rate-Limit-Reset": str(int(time.time() + WINDOW - (time.monotonic() - began)) + 1),
        }
        try:
            spend(world, used)
            document = answered(
                world, request.method, path, dict(request.query_params), request.headers.get("authorization", ""), body
            )
        except Fault as fault:
            headers = told if fault.status == 429 or request.method == "GET" else {}
            return Response(json.dumps({"error": fault.error}).encode(), status_code=fault.status, headers=headers,
                            media_type="application/json")  # fmt: skip
        content = b"" if document is None else json.dumps(document).encode()
        # Recorded: the answers to writes do not tell the limit.
        headers = told if request.method == "GET" else {}
        return Response(content, status_code=200, headers=headers, media_type="application/json")

    return Litestar([everything], openapi_config=None, logging_config=None)
