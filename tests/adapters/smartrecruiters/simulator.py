"""SmartRecruiters as its documents describe it: strict, in memory, over HTTP. Written from the reference, not from our client."""

import hmac
import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

import httpx
from litestar import Litestar, Request, Response, get, post, put
from litestar.params import FromPath

from tests.adapters.simulated import Faults, Gate, Letter, Limit, Post, Problem, answer_problem

Asked = Request[Any, Any, Any]
BEGAN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ALL_SCOPES = frozenset(
    {
        "candidates_read",
        "candidates_manage",
        "candidate_status_read",
        "jobs_read",
        "configuration_read",
        "messages_read",
        "messages_write",
        "webhooks_manage",
    }
)
STATUSES = ("LEAD", "NEW", "IN_REVIEW", "INTERVIEW", "OFFERED", "HIRED", "REJECTED", "WITHDRAWN", "TRANSFERRED")
SEARCH = {"q", "limit", "pageId", "updatedAfter", "jobId", "status", "subStatus"}
COMPLETIONS = {
    "opt-1": "Invited",
    "opt-2": "Completed",
    "opt-3": "In progress",
    "opt-4": "In review",
    "opt-5": "Expired",
    "opt-6": "Withdrawn",
    "opt-7": "Alternative requested",
    "opt-8": "Not scored by AI",
}
MARKUP = re.compile(r"</?[a-zA-Z]")
TAGGED = re.compile(r"#\[CANDIDATE:([^\]]+)\]")


@dataclass
class Application:
    """A candidate on a job: visits are (when, status, sub-status)."""

    visits: list[tuple[datetime, str, str | None]]
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass
class Person:
    """A candidate."""

    id: str
    first: str
    last: str
    email: str
    changed: datetime
    applications: dict[str, Application] = field(default_factory=dict)


@dataclass
class Subscription:
    """A webhook subscription with its keys, newest last."""

    id: str
    url: str
    events: list[dict[str, str]]
    keys: list[str] = field(default_factory=list)
    active: bool = False


def signed(keys: Iterable[str], *, at: datetime, body: bytes, head: dict[str, str]) -> dict[str, str]:
    """The headers of a notification, signed with every active key."""
    stamp = str(int(at.timestamp()))
    names = ("event-id", "event-name", "event-version", "link")
    parts = [stamp.encode(), body, *(head.get(name, "").encode() for name in names)]
    segments = [f"v1={hmac.new(key.encode(), b'.'.join(parts), sha256).hexdigest()}" for key in keys]
    return {**head, "smartrecruiters-timestamp": stamp, "smartrecruiters-signature": ";".join(segments)}


class Simulator:
    """One account: two jobs, a few candidates, properties, messages, subscriptions."""

    def __init__(self, *, people: int = 5, page: int = 100, limit: Limit | None = None) -> None:
        self.keys: dict[str, frozenset[str]] = {"smart-token-for-tests-01": ALL_SCOPES}
        self.clients = {"client-for-tests": "client-secret-for-tests-01"}
        self.tokens: dict[str, frozenset[str]] = {}
        self.most_per_page, self.lag = page, 0
        self.now = BEGAN
        self.jobs = {f"job-{n:04d}": ("Account executive", "Customer Support Specialist")[n % 2] for n in (1, 2)}
        self.job_status = dict.fromkeys(self.jobs, "SOURCING")
        self.properties: dict[str, tuple[str, str, dict[str, str]]] = {
            "prop-completion": ("Interview", "SINGLE_SELECT", COMPLETIONS),
            "prop-band": ("Interview band", "TEXT", {}),
            "prop-bullets": ("Interview summary", "TEXT", {}),
            "prop-link": ("Interview link", "TEXT", {}),
            "prop-score": ("Interview score", "NUMBER", {}),
            "prop-ref": ("Interview reference", "TEXT", {}),
            "prop-visa": ("Visa", "BOOLEAN", {}),
        }
        self.messages: list[dict[str, Any]] = []
        self.orders: set[str] = set()
        self.results: dict[str, list[Any]] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.people: dict[str, Person] = {}
        self.post, self.faults = Post(), Faults()
        for number in range(1, people + 1):
            self._hire_nobody(number)
        app = Litestar(
            route_handlers=[
                search, read_candidate, read_history, read_values, write_values, read_job, processes, definitions,
                choices, company, me, read_messages, share, token, list_subscriptions, subscribe, activate, take_result,
            ],
            exception_handlers={Problem: answer_problem},
            openapi_config=None,
            logging_config=None,
        )  # fmt: skip
        app.state.sim = self
        self.gate = Gate(
            app,
            faults=self.faults,
            limit=limit or Limit(most=500, window=1.0, at_once=8, alone="/candidates"),
            headers=self._limits,
        )

    def _hire_nobody(self, number: int) -> None:
        person = Person(f"cand-{number:04d}", "Amara", f"Okafor {number}", f"amara.{number}@example.com", self.now)
        person.applications["job-0001"] = Application([(self.now, "NEW", None)])
        if number % 2:
            person.applications["job-0002"] = Application([(self.now, "LEAD", None)])
        self.people[person.id] = person

    def _limits(self, left: int, beside: int, _: float) -> dict[str, str]:
        limit = self.gate.limit
        return {
            "X-RateLimit-Limit": str(limit.most),
            "X-RateLimit-Remaining": str(max(0, left)),
            "X-RateLimit-Concurrent-Limit": str(limit.at_once),
            "X-RateLimit-Concurrent-Remaining": str(max(0, beside)),
        }

    def tick(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def move(self, candidate: str, job: str, status: str, sub_status: str | None = None) -> None:
        """A recruiter moves a candidate; whoever subscribed is told ids only."""
        person = self.people[candidate]
        person.changed = self.tick()
        person.applications[job].visits.append((self.now, status, sub_status))
        self.tell("application.status.updated", candidate, job)

    def tell(self, name: str, candidate: str, job: str) -> None:
        """Put one notification for every active subscription into the post."""
        for one in self.subscriptions.values():
            versions = [event["version"] for event in one.events if event["name"] == name]
            if not one.active or not versions:
                continue
            head = {
                "event-id": secrets.token_hex(8),
                "event-name": name,
                "event-version": versions[0],
                "link": f"<https://api.smartrecruiters.com/candidates/{candidate}/jobs/{job}>; rel=self",
            }
            body = json.dumps({"job_id": job, "candidate_id": candidate}).encode()
            self.post.put(Letter(one.url, signed(one.keys[-2:], at=datetime.now(UTC), body=body, head=head), body))

    def person(self, candidate: str) -> Person:
        if candidate not in self.people:
            raise Problem(404, {"message": "Not found", "errors": [{"code": "NOT_FOUND"}]})
        return self.people[candidate]

    def application(self, candidate: str, job: str) -> Application:
        found = self.person(candidate).applications.get(job)
        if found is None:
            raise Problem(404, {"message": "Not found", "errors": [{"code": "NOT_FOUND"}]})
        return found

    def allow(self, request: Asked, scope: str) -> None:
        """Who is it, and may they?"""
        key = request.headers.get("x-smarttoken")
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        scopes = self.keys.get(key) if key else self.tokens.get(bearer)
        if scopes is None:
            raise Problem(401, {"message": "Unauthorized"})
        if scope not in scopes:
            raise Problem(403, {"message": "Forbidden", "errors": [{"code": "FORBIDDEN"}]})


def sim_of(request: Asked, scope: str | None = None) -> Simulator:
    sim: Simulator = request.app.state.sim
    if scope is not None:
        sim.allow(request, scope)
    return sim


def bad(code: str) -> Problem:
    return Problem(400, {"message": "Bad request", "errors": [{"code": code}]})


async def document(request: Asked) -> Any:
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise Problem(415, {"message": "Unsupported media type"})
    try:
        return json.loads(await request.body())
    except ValueError:
        raise bad("NOT_JSON") from None


def moment(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def assignment(sim: Simulator, job: str, application: Application) -> dict[str, Any]:
    _, status, sub_status = application.visits[-1]
    told = {"job": {"id": job, "title": sim.jobs[job], "actions": {}}, "status": status, "source": "Careers page"}
    return told | ({"subStatus": sub_status} if sub_status else {})


def told(sim: Simulator, person: Person, *, whole: bool) -> dict[str, Any]:
    first, *others = [assignment(sim, job, one) for job, one in person.applications.items()]
    return {
        "id": person.id,
        "internal": False,
        "firstName": person.first,
        "lastName": person.last,
        "email": person.email,
        "createdOn": moment(BEGAN),
        "updatedOn": moment(person.changed),
        "primaryAssignment": first,
        "secondaryAssignments": others if whole else [{"job": one["job"]} for one in others],
        **({"phoneNumber": "+41 44 000 00 00"} if whole else {}),
        "actions": {},
    }


@get("/candidates")
async def search(request: Asked) -> dict[str, Any]:
    sim = sim_of(request, "candidates_read")
    asked = dict(request.query_params.items())
    if not set(asked) <= SEARCH:
        raise bad("UNKNOWN_PARAMETER")
    limit, page = asked.get("limit", "10"), asked.get("pageId", "p0")
    if not (limit.isdigit() and 1 <= int(limit) <= 100 and re.fullmatch(r"p\d+", page)):
        raise bad("INVALID_PARAMETER")
    after = asked.get("updatedAfter")
    try:
        since = datetime.fromisoformat(after) if after else None
    except ValueError:
        raise bad("INVALID_PARAMETER") from None
    if since is not None and since.tzinfo is None:
        raise bad("INVALID_PARAMETER")
    found = [one for one in sim.people.values() if since is None or one.changed > since]
    start, size = int(page[1:]), min(int(limit), sim.most_per_page)
    more = {"nextPageId": f"p{start + size}"} if start + size < len(found) else {}
    rows = [told(sim, one, whole=False) for one in found[start : start + size]]
    return {"limit": size, "totalFound": len(found), "content": rows, **more}


@get("/candidates/{candidate:str}")
async def read_candidate(request: Asked, candidate: FromPath[str]) -> dict[str, Any]:
    sim = sim_of(request, "candidates_read")
    return told(sim, sim.person(candidate), whole=True)


@get("/candidates/{candidate:str}/jobs/{job:str}/status/history")
async def read_history(request: Asked, candidate: FromPath[str], job: FromPath[str]) -> dict[str, Any]:
    visits = sim_of(request, "candidate_status_read").application(candidate, job).visits
    rows = [
        {"changedOn": moment(at), "status": status, **({"subStatus": sub} if sub else {}), "actions": {}}
        for at, status, sub in visits
    ]
    # What happened last may not be shown yet.
    return window(request, rows[: len(rows) - sim_of(request).lag])


@get("/candidates/{candidate:str}/jobs/{job:str}/properties")
async def read_values(request: Asked, candidate: FromPath[str], job: FromPath[str]) -> dict[str, Any]:
    sim = sim_of(request, "candidates_read")
    values = sim.application(candidate, job).properties
    rows = [
        {"id": key, "label": label, "type": kind, "value": values.get(key, {}), "actions": {}}
        for key, (label, kind, _) in sim.properties.items()
    ]
    return {"content": rows}


@put("/candidates/{candidate:str}/jobs/{job:str}/properties", status_code=204)
async def write_values(request: Asked, candidate: FromPath[str], job: FromPath[str]) -> None:
    sim = sim_of(request, "candidates_manage")
    values = sim.application(candidate, job).properties
    batch = await document(request)
    if not isinstance(batch, list) or not batch:
        raise bad("NOT_A_BATCH")
    for line in batch:
        check_line(sim, line)
    for line in batch:
        if "value" in line:
            values[line["id"]] = line["value"]
        else:
            values.pop(line["id"], None)
    sim.people[candidate].changed = sim.tick()
    sim.tell("application.fields.updated", candidate, job)


def check_line(sim: Simulator, line: Any) -> None:
    if not isinstance(line, dict) or not {"id"} <= set(line) <= {"id", "value"} or line["id"] not in sim.properties:
        raise bad("INVALID_PROPERTY")
    if "value" not in line:
        return
    value, (_, kind, options) = line["value"], sim.properties[line["id"]]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    right = {"NUMBER": number, "TEXT": isinstance(value, str), "BOOLEAN": isinstance(value, bool)}
    if not right.get(kind, value in options):
        raise bad("INVALID_VALUE")


@get("/jobs/{job:str}")
async def read_job(request: Asked, job: FromPath[str]) -> dict[str, Any]:
    sim = sim_of(request, "jobs_read")
    if job not in sim.jobs:
        raise Problem(404, {"message": "Not found"})
    return {
        "id": job,
        "title": sim.jobs[job],
        "refNumber": f"REF-{job[-1]}",
        "status": sim.job_status[job],
        "department": {"id": "1", "label": "Customers"},
        "location": {"country": "ch", "city": "Zurich"},
    }


@get("/configuration/hiring-processes")
async def processes(request: Asked) -> dict[str, Any]:
    sim_of(request, "configuration_read")
    subs = {"IN_REVIEW": ["CV review"], "INTERVIEW": ["First interview", "Team interview"], "OFFERED": []}
    return {"totalFound": 1, "content": [{"id": "hp-1", "name": "Usual", "active": True, "subStatuses": subs}]}


def window(request: Asked, rows: list[dict[str, Any]]) -> dict[str, Any]:
    limit, offset = request.query_params.get("limit", "10"), request.query_params.get("offset", "0")
    if not (limit.isdigit() and offset.isdigit() and 1 <= int(limit) <= 100):
        raise bad("INVALID_PARAMETER")
    size = min(int(limit), request.app.state.sim.most_per_page)
    page = rows[int(offset) : int(offset) + size]
    return {"limit": size, "offset": int(offset), "totalFound": len(rows), "content": page}


@get("/configuration/candidate-properties")
async def definitions(request: Asked) -> dict[str, Any]:
    sim = sim_of(request, "configuration_read")
    return window(
        request, [{"id": key, "label": label, "type": kind} for key, (label, kind, _) in sim.properties.items()]
    )


@get("/configuration/candidate-properties/{key:str}/values")
async def choices(request: Asked, key: FromPath[str]) -> dict[str, Any]:
    sim = sim_of(request, "configuration_read")
    if key not in sim.properties:
        raise Problem(404, {"message": "Not found"})
    return window(request, [{"id": one, "label": label} for one, label in sim.properties[key][2].items()])


@get("/configuration/company")
async def company(request: Asked) -> dict[str, Any]:
    sim_of(request, "configuration_read")
    return {"identifier": "quill", "name": "Quill & Co"}


@get("/users/me")
async def me(request: Asked) -> dict[str, Any]:
    sim_of(request, "jobs_read")
    return {"id": "user-1", "firstName": "Interview", "lastName": "Integration", "email": "integration@example.com"}


@get("/messages")
async def read_messages(request: Asked) -> dict[str, Any]:
    sim = sim_of(request, "messages_read")
    candidate = request.query_params.get("candidateId", "")
    sim.person(candidate)
    about = [one for one in sim.messages if candidate in TAGGED.findall(one["content"])]
    page = request.query_params.get("pageId", "p0")
    if not re.fullmatch(r"p\d+", page):
        raise bad("INVALID_PARAMETER")
    start, size = int(page[1:]), min(int(request.query_params.get("limit", "10")), sim.most_per_page)
    more = {"nextPageId": f"p{start + size}"} if start + size < len(about) else {}
    return {"content": about[::-1][start : start + size], **more}


@post("/messages/shares", status_code=201)
async def share(request: Asked) -> dict[str, Any]:
    sim = sim_of(request, "messages_write")
    message = await document(request)
    content = message.get("content") if isinstance(message, dict) else None
    shared = message.get("shareWith", {}) if isinstance(message, dict) else {}
    if not isinstance(content, str) or not content or not set(message) <= {"content", "correlationId", "shareWith"}:
        raise bad("INVALID_MESSAGE")
    if MARKUP.search(content) or not set(shared) <= {"users", "hiringTeamOf", "everyone", "openNote"}:
        raise bad("INVALID_MESSAGE")
    tags = TAGGED.findall(content)
    if not set(tags) <= set(sim.people) or not set(shared.get("hiringTeamOf", ())) <= set(sim.jobs):
        raise bad("UNKNOWN_RECORD")
    number = f"msg-{len(sim.messages) + 1:04d}"
    sim.messages.append(
        {
            "id": number,
            "content": content,
            "createdOn": moment(sim.tick()),
            "creator": {"id": "user-1", "firstName": "Interview", "lastName": "Integration"},
            "shareWith": shared,
        }
    )
    return {"id": number, "shareRequired": False}


@post("/identity/oauth/token", status_code=200)
async def token(request: Asked) -> dict[str, Any]:
    sim = sim_of(request)
    if "authorization" in request.headers:
        raise Problem(400, {"error": "invalid_request"})
    form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
    if form.get("grant_type") != "client_credentials":
        raise Problem(400, {"error": "unsupported_grant_type"})
    if sim.clients.get(form.get("client_id", "")) != form.get("client_secret"):
        raise Problem(401, {"error": "invalid_client"})
    value = secrets.token_hex(16)
    sim.tokens[value] = ALL_SCOPES
    return {"access_token": value, "token_type": "Bearer", "expires_in": 1799}


WEBHOOKS = "/webhooks-api/v201907/subscriptions"


def shown(one: Subscription) -> dict[str, Any]:
    return {
        "id": one.id,
        "callbackUrl": one.url,
        "events": one.events,
        "status": "active" if one.active else "inactive",
    }


@get(WEBHOOKS)
async def list_subscriptions(request: Asked) -> dict[str, Any]:
    return {"content": [shown(one) for one in sim_of(request, "webhooks_manage").subscriptions.values()]}


@post(WEBHOOKS, status_code=201)
async def subscribe(request: Asked) -> dict[str, Any]:
    sim = sim_of(request, "webhooks_manage")
    asked = await document(request)
    if not set(asked) <= {"callbackUrl", "events", "alertEmailAddress"} or not asked.get("events"):
        raise bad("INVALID_SUBSCRIPTION")
    one = Subscription(f"sub-{len(sim.subscriptions) + 1}", asked["callbackUrl"], asked["events"])
    sim.subscriptions[one.id] = one
    return shown(one)


@put(WEBHOOKS + "/{number:str}/activation", status_code=204)
async def activate(request: Asked, number: FromPath[str]) -> None:
    one = sim_of(request, "webhooks_manage").subscriptions[number]
    secret = secrets.token_urlsafe(24)
    async with httpx.AsyncClient(timeout=20.0, trust_env=False) as client:
        answer = await client.post(one.url, headers={"X-Hook-Secret": secret}, content=b"")
    if answer.status_code != 200 or answer.headers.get("x-hook-secret") != secret:
        raise bad("HANDSHAKE_FAILED")
    one.active = True


@put("/assessments/v1/orders/{order:str}/results", status_code=204)
async def take_result(request: Asked, order: FromPath[str]) -> Response[None]:
    sim = sim_of(request)
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    if bearer not in sim.tokens:
        raise Problem(401, {"message": "Unauthorized"})
    if order not in sim.orders:
        raise Problem(404, {"message": "Not found"})
    result = await document(request)
    words = {"status", "resultUrl", "updatedOn", "score", "maxScore", "scoreLabel", "summary"}
    if not isinstance(result, dict) or not {"status", "resultUrl"} <= set(result) <= words:
        raise bad("INVALID_RESULT")
    if result["status"] not in {"IN_PROGRESS", "COMPLETED", "CANCELLED"}:
        raise bad("INVALID_STATUS")
    sim.results.setdefault(order, []).append(result)
    return Response(None, status_code=204)
