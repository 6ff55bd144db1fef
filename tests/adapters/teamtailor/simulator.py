"""Teamtailor as others and its documents describe it: strict JSON:API, in memory, over HTTP. Not written from our client."""

import hmac
import json
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from litestar import Litestar, Request, Response, get, patch, post
from litestar.params import FromPath

from tests.adapters.simulated import COMPLETIONS, Faults, Gate, Letter, Limit, Post, Problem, answer_problem

Asked = Request[Any, Any, Any]
BEGAN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MEDIA = "application/vnd.api+json"
STAGES = {
    "11": ("Inbox", "inbox"),
    "12": ("Screening", "screening"),
    "13": ("AI interview", "interview"),
    "14": ("Offer", "offer"),
    "15": ("Hired", "hired"),
}
FIELDS: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "21": ("interview-completion", "CustomField::Select", "Candidate", COMPLETIONS),
    "22": ("interview-band", "CustomField::Text", "Candidate", ()),
    "23": ("interview-score", "CustomField::Number", "Candidate", ()),
    "24": ("interview-link", "CustomField::Url", "Candidate", ()),
    "25": ("driving-licence", "CustomField::Checkbox", "Candidate", ()),
    "26": ("cost-centre", "CustomField::Text", "Job", ()),
}  # fmt: skip


@dataclass
class Card:
    """A job application."""

    id: str
    candidate: str
    job: str
    stage: str
    changed_stage: datetime
    updated: datetime
    rejected: datetime | None = None


def signed(key: str, *, at: datetime, body: bytes) -> dict[str, str]:
    """The header of a company webhook."""
    stamp = str(int(at.timestamp()))
    digest = hmac.new(key.encode(), stamp.encode() + b"." + body, sha256).hexdigest()
    return {"tt-signature": b64encode(f"t={stamp},v2={digest}".encode()).decode()}


def title(status: int, code: str, text: str) -> Problem:
    return Problem(status, {"errors": [{"status": str(status), "code": code, "title": text}]})


@dataclass
class Simulator:
    """One account: a job, a few candidates, custom fields, notes, partner results."""

    people: int = 5
    page: int = 30
    limit: Limit = field(default_factory=lambda: Limit(most=500, window=10.0))
    key: str = "api-key-for-tests-0001"
    partner_key: str = "partner-key-for-tests-01"
    now: datetime = BEGAN
    job_title: str = "Customer Support Specialist"
    job_status: str = "published"
    wrapped: bool = False
    hooks: list[tuple[str, str]] = field(default_factory=list)
    cards: dict[str, Card] = field(default_factory=dict)
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: list[dict[str, Any]] = field(default_factory=list)
    results: dict[str, list[Any]] = field(default_factory=dict)
    post: Post = field(default_factory=Post)
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        for number in range(1, self.people + 1):
            card = Card(str(100 + number), str(500 + number), "7", "11", self.tick(), self.now)
            self.cards[card.id] = card
        routes = [
            read_application, list_applications, list_stages, list_fields, list_values, add_value, change_value,
            list_notes, add_note, company, take_result,
        ]  # fmt: skip
        app = Litestar(
            route_handlers=routes,
            exception_handlers={Problem: answer_problem},
            openapi_config=None,
            logging_config=None,
        )
        app.state.sim = self
        self.gate = Gate(app, faults=self.faults, limit=self.limit, headers=self._limits)

    def _limits(self, left: int, _: int, reset: float) -> dict[str, str]:
        return {
            "X-Rate-Limit-Limit": str(self.limit.most),
            "X-Rate-Limit-Remaining": str(max(0, left)),
            "X-Rate-Limit-Reset": str(int(reset)),
        }

    def tick(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def move(self, card_id: str, stage: str) -> None:
        """A recruiter moves a card; the company's webhooks say that something changed."""
        card = self.cards[card_id]
        card.stage = stage
        card.changed_stage = card.updated = self.tick()
        self.tell("job_application.update", card_id)

    def tell(self, event: str, record: str) -> None:
        bare = {"event_name": event, "data": {"id": int(record)}}
        body = json.dumps({"payload": bare} if self.wrapped else bare).encode()
        for url, key in self.hooks:
            self.post.put(Letter(url, signed(key, at=datetime.now(UTC), body=body), body))


def sim_of(request: Asked) -> Simulator:
    sim: Simulator = request.app.state.sim
    if request.headers.get("authorization") != f"Token token={sim.key}":
        raise title(401, "unauthorized", "Unauthorized")
    version = request.headers.get("x-api-version", "")
    if not (len(version) == 8 and version.isdigit()):
        raise title(400, "bad_version", "X-Api-Version is missing")
    return sim


async def document(request: Asked, kind: str) -> dict[str, Any]:
    if request.headers.get("content-type") != MEDIA:
        raise title(415, "unsupported_media_type", "Unsupported media type")
    try:
        whole = json.loads(await request.body())
    except ValueError:
        raise title(400, "bad_json", "Bad JSON") from None
    found = whole.get("data") if isinstance(whole, dict) and set(whole) == {"data"} else None
    if not isinstance(found, dict) or found.get("type") != kind:
        raise title(422, "invalid_type", "Invalid resource")
    if not set(found) <= {"type", "id", "attributes", "relationships"}:
        raise title(422, "invalid_member", "Invalid member")
    return found


def related(found: dict[str, Any], name: str, kind: str) -> str:
    data = found.get("relationships", {}).get(name, {}).get("data", {})
    if data.get("type") != kind or not isinstance(data.get("id"), str):
        raise title(422, "invalid_relationship", "Invalid relationship")
    return str(data["id"])


def moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="milliseconds")


def to_one(kind: str, record: str, *, included: bool) -> dict[str, Any]:
    links = {"links": {"related": f"https://api.teamtailor.com/v1/{kind}/{record}"}}
    return links | ({"data": {"type": kind, "id": record}} if included else {})


def asked_for(request: Asked, allowed: set[str]) -> set[str]:
    given = {name for name in request.query_params.get("include", "").split(",") if name}
    if not given <= allowed:
        raise title(400, "invalid_include", "Invalid include")
    return given


def address(request: Asked, query: dict[str, str]) -> str:
    return f"http://{request.headers['host']}{request.url.path}?{urlencode(query)}"


def paged(request: Asked, rows: list[Any], *, filters: tuple[str, ...] = ()) -> dict[str, Any]:
    asked = dict(request.query_params.items())
    if not set(asked) <= {"page[size]", "page[number]", "include", *filters}:
        raise title(400, "filter_not_allowed", "Filter not allowed")
    size, number = asked.get("page[size]", "10"), asked.get("page[number]", "1")
    if not (size.isdigit() and number.isdigit() and 1 <= int(size) <= 30 and int(number) >= 1):
        raise title(400, "invalid_page", "Invalid page")
    length, at = min(int(size), request.app.state.sim.page), int(number)
    links = {"first": address(request, {**asked, "page[number]": "1"})}
    if at * length < len(rows):
        links["next"] = address(request, {**asked, "page[number]": str(at + 1)})
    meta = {"record-count": len(rows), "page-count": -(-len(rows) // length)}
    return {"data": rows[(at - 1) * length : at * length], "links": links, "meta": meta}


def shown(card: Card, included: set[str]) -> dict[str, Any]:
    return {
        "id": card.id,
        "type": "job-applications",
        "attributes": {
            "cover-letter": None,
            "created-at": moment(BEGAN),
            "updated-at": moment(card.updated),
            "changed-stage-at": moment(card.changed_stage),
            "rejected-at": moment(card.rejected),
            "referring-site": None,
            "sourced": False,
            "row-order": 0,
        },
        "relationships": {
            "candidate": to_one("candidates", card.candidate, included="candidate" in included),
            "job": to_one("jobs", card.job, included="job" in included),
            "stage": to_one("stages", card.stage, included="stage" in included),
        },
    }


def beside(sim: Simulator, card: Card) -> dict[str, dict[str, Any]]:
    person: dict[str, Any] = {
        "first-name": "Amara", "last-name": f"Okafor {card.candidate}", "email": f"amara.{card.candidate}@example.com",
        "phone": None, "tags": [], "connected": False,
    }  # fmt: skip
    return {
        "candidate": {"id": card.candidate, "type": "candidates", "attributes": person, "relationships": {}},
        "job": {"id": card.job, "type": "jobs", "attributes": {"title": sim.job_title, "human-status": sim.job_status}},
        "stage": stage_of(card.stage),
    }


def stage_of(number: str) -> dict[str, Any]:
    name, kind = STAGES[number]
    attributes = {"name": name, "stage-type": kind, "row-order": int(number)}
    return {"id": number, "type": "stages", "attributes": attributes, "relationships": {}}


def plain(body: object, status: int = 200) -> Response[bytes]:
    return Response(json.dumps(body).encode(), status_code=status, media_type=MEDIA)


@get("/v1/job-applications/{number:str}")
async def read_application(request: Asked, number: FromPath[str]) -> Response[bytes]:
    sim = sim_of(request)
    if number not in sim.cards:
        raise title(404, "not_found", "Record not found")
    included = asked_for(request, {"candidate", "job", "stage"})
    card = sim.cards[number]
    return plain({"data": shown(card, included), "included": [beside(sim, card)[name] for name in sorted(included)]})


@get("/v1/job-applications")
async def list_applications(request: Asked) -> Response[bytes]:
    sim = sim_of(request)
    since = request.query_params.get("filter[updated-at][from]")
    try:
        start = datetime.fromisoformat(since) if since else None
    except ValueError:
        raise title(400, "invalid_filter_value", "Invalid filter value") from None
    rows = [shown(card, set()) for card in sim.cards.values() if start is None or card.updated >= start]
    return plain(paged(request, rows, filters=("filter[updated-at][from]",)))


@get("/v1/stages")
async def list_stages(request: Asked) -> Response[bytes]:
    sim_of(request)
    return plain(paged(request, [stage_of(number) for number in STAGES]))


@get("/v1/custom-fields")
async def list_fields(request: Asked) -> Response[bytes]:
    sim_of(request)
    included = asked_for(request, {"custom-field-options"})
    rows, options = [], []
    for number, (key, kind, owner, choices) in FIELDS.items():
        ids = [f"{number}{at}" for at in range(len(choices))]
        options += [
            {"id": one, "type": "custom-field-options", "attributes": {"value": choice}}
            for one, choice in zip(ids, choices, strict=True)
        ]
        data = {"data": [{"id": one, "type": "custom-field-options"} for one in ids]} if included else {}
        attributes = {"api-name": key, "name": key.capitalize(), "field-type": kind, "owner-type": owner}
        rows.append(
            {
                "id": number,
                "type": "custom-fields",
                "attributes": attributes,
                "relationships": {"custom-field-options": data},
            }
        )
    page = paged(request, rows)
    return plain(page | ({"included": options} if included else {}))


def value_row(number: str, held: dict[str, Any], *, included: bool) -> dict[str, Any]:
    named = {"custom-field": to_one("custom-fields", held["field"], included=included)}
    return {
        "id": number,
        "type": "custom-field-values",
        "attributes": {"value": held["value"]},
        "relationships": named,
    }


@get("/v1/candidates/{candidate:str}/custom-field-values")
async def list_values(request: Asked, candidate: FromPath[str]) -> Response[bytes]:
    sim = sim_of(request)
    included = bool(asked_for(request, {"custom-field"}))
    rows = [
        value_row(number, held, included=included) for number, held in sim.values.items() if held["owner"] == candidate
    ]
    return plain(paged(request, rows))


def check_value(number: str, value: Any) -> None:
    _, kind, _, options = FIELDS[number]
    number_like = isinstance(value, int | float) and not isinstance(value, bool)
    right = {
        "CustomField::Number": number_like,
        "CustomField::Select": value in options,
        "CustomField::Checkbox": isinstance(value, bool),
        "CustomField::Url": isinstance(value, str) and value.startswith("http"),
    }
    if value is not None and not right.get(kind, isinstance(value, str)):
        raise title(422, "invalid_value", "Value is invalid")


def touch(sim: Simulator, candidate: str) -> None:
    for card in sim.cards.values():
        if card.candidate == candidate:
            card.updated = sim.tick()
            sim.tell("job_application.update", card.id)


@post("/v1/custom-field-values")
async def add_value(request: Asked) -> Response[bytes]:
    sim = sim_of(request)
    found = await document(request, "custom-field-values")
    named, owner = related(found, "custom-field", "custom-fields"), related(found, "owner", "candidates")
    taken = [one for one in sim.values.values() if (one["field"], one["owner"]) == (named, owner)]
    known = named in FIELDS and owner in {card.candidate for card in sim.cards.values()}
    if taken or not known or set(found["attributes"]) != {"value"} or "id" in found:
        raise title(422, "invalid_value", "Value is invalid")
    check_value(named, found["attributes"]["value"])
    number = str(9000 + len(sim.values))
    sim.values[number] = {"field": named, "owner": owner, "value": found["attributes"]["value"]}
    touch(sim, owner)
    return plain({"data": value_row(number, sim.values[number], included=False)}, 201)


@patch("/v1/custom-field-values/{number:str}")
async def change_value(request: Asked, number: FromPath[str]) -> Response[bytes]:
    sim = sim_of(request)
    found = await document(request, "custom-field-values")
    if number not in sim.values:
        raise title(404, "not_found", "Record not found")
    if found.get("id") != number or set(found.get("attributes", {})) != {"value"}:
        raise title(400, "key_not_included_in_url", "The id is not that of the address")
    held = sim.values[number]
    check_value(held["field"], found["attributes"]["value"])
    held["value"] = found["attributes"]["value"]
    touch(sim, held["owner"])
    return plain({"data": value_row(number, held, included=False)})


def note_row(note: dict[str, Any], included: set[str]) -> dict[str, Any]:
    people = {
        "candidate": to_one("candidates", note["candidate"], included="candidate" in included),
        "user": to_one("users", note["user"], included="user" in included),
    }
    attributes = {"note": note["text"], "created-at": moment(note["at"])}
    return {"id": note["id"], "type": "notes", "attributes": attributes, "relationships": people}


@get("/v1/notes")
async def list_notes(request: Asked) -> Response[bytes]:
    sim = sim_of(request)
    included = asked_for(request, {"candidate", "user"})
    candidate = request.query_params.get("filter[candidate]")
    rows = [note_row(one, included) for one in sim.notes[::-1] if candidate in {None, one["candidate"]}]
    return plain(paged(request, rows, filters=("filter[candidate]",)))


@post("/v1/notes")
async def add_note(request: Asked) -> Response[bytes]:
    sim = sim_of(request)
    found = await document(request, "notes")
    candidate, user = related(found, "candidate", "candidates"), related(found, "user", "users")
    text = found.get("attributes", {}).get("note")
    if not isinstance(text, str) or not text or set(found["attributes"]) != {"note"}:
        raise title(422, "invalid_note", "Note can't be blank")
    if user != "2" or candidate not in {card.candidate for card in sim.cards.values()}:
        raise title(422, "invalid_relationship", "Invalid relationship")
    note = {"id": str(3000 + len(sim.notes)), "text": text, "candidate": candidate, "user": user, "at": sim.tick()}
    sim.notes.append(note)
    return plain({"data": note_row(note, set())}, 201)


@get("/v1/company")
async def company(request: Asked) -> Response[bytes]:
    sim_of(request)
    return plain({"data": {"id": "1", "type": "companies", "attributes": {"name": "Quill AB", "locale": "en"}}})


@patch("/partner/v1/partner-results/{number:str}")
async def take_result(request: Asked, number: FromPath[str]) -> Response[bytes]:
    sim: Simulator = request.app.state.sim
    if request.headers.get("authorization") != f"Token token={sim.partner_key}":
        raise title(401, "unauthorized", "Unauthorized")
    told = json.loads(await request.body())
    if not isinstance(told.get("partner-result"), dict) or "status" not in told["partner-result"]:
        raise title(422, "invalid_result", "Invalid result")
    sim.results.setdefault(number, []).append(told["partner-result"])
    return plain({})
