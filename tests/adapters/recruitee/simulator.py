"""A model of Recruitee's API of one company and of its webhook sender, from the reference alone.

It is stricter than a server must be: a request that nobody describes is refused, never interpreted.
"""

import hmac
import json
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx
from litestar import Litestar, Request, Response, route

TOKEN = "recruitee-personal-token-for-tests"
COMPANY = "89564"
STAGES = (("Applied", "apply"), ("AI Interview", "interview"), ("Manager Review", "evaluation"), ("Hired", "hire"))
WINDOW = 60.0


class Fault(Exception):
    """An error answer."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status, self.error = status, error


def needs(condition: object, error: str = "is invalid") -> None:
    if not condition:
        raise Fault(422, error)


def number(text: str) -> int:
    needs(text.isascii() and text.isdigit())
    return int(text)


@dataclass
class Recruitee:
    """One company: everything it knows, and the switches of its faults.

    ``limit`` requests a minute; ``fail`` are statuses for the next requests (0: none); ``lose`` coming notes are written
    and answered 504; ``largest_page`` caps pages.
    """

    limit: int = 100
    largest_page: int = 1000
    fail: list[int] = field(default_factory=list)
    lose: int = 0
    secret: str = "webhook-secret-of-recruitee"
    now: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    offers: dict[int, dict[str, Any]] = field(default_factory=dict)
    candidates: dict[int, dict[str, Any]] = field(default_factory=dict)
    notes: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    outbox: list[bytes] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    window: tuple[float, int] = (0.0, 0)

    # What people do in Recruitee

    def tick(self) -> str:
        self.now += timedelta(seconds=1)
        return self.now.isoformat().replace("+00:00", "Z")

    def add_offer(self, offer_id: int, title: str, **more: Any) -> None:
        stages = [
            {"id": offer_id * 10 + place, "name": name, "position": place, "category": category}
            for place, (name, category) in enumerate(STAGES)
        ]
        self.offers[offer_id] = {
            "id": offer_id, "title": title, "kind": "job", "status": "published", "department": "Engineering",
            "location": "Vienna", "pipeline_template": {"id": offer_id, "stages": stages}, **more,
        }  # fmt: skip

    def add_candidate(self, candidate_id: int, *offer_ids: int, **more: Any) -> None:
        at = self.tick()
        self.candidates[candidate_id] = {
            "id": candidate_id, "name": "Ada Quill", "emails": ["ada.quill@example.org"], "phones": ["+43 1 000000"],
            "source": "career_site", "created_at": at, "updated_at": at, "placements": [
                {"id": 9000 + offer_id, "candidate_id": candidate_id, "offer_id": offer_id, "stage_id": offer_id * 10,
                 "hired_at": None, "hired_in_this_placement": False, "created_at": at, "updated_at": at}
                for offer_id in offer_ids
            ], **more,
        }  # fmt: skip
        self.notes[candidate_id] = []

    def placement(self, candidate_id: int, offer_id: int) -> dict[str, Any]:
        return next(one for one in self.candidates[candidate_id]["placements"] if one["offer_id"] == offer_id)

    def move(self, candidate_id: int, offer_id: int, stage: str) -> None:
        stages = self.offers[offer_id]["pipeline_template"]["stages"]
        place = self.placement(candidate_id, offer_id)
        to = next(one for one in stages if one["name"] == stage)
        before = next(one for one in stages if one["id"] == place["stage_id"])
        # Only the placement's time is set.
        place.update(stage_id=to["id"], updated_at=self.tick())
        self.notify("stage_changed", candidate_id, offer_id, from_stage=before, to_stage=to)

    def turn_away(self, candidate_id: int, offer_id: int) -> None:
        place = self.placement(candidate_id, offer_id)
        place.update(disqualify_kind="admin", disqualify_reason="Wrong skill set", updated_at=self.tick())
        self.notify("disqualified", candidate_id, offer_id)

    def notify(self, subtype: str, candidate_id: int, offer_id: int, **details: Any) -> None:
        person = self.candidates[candidate_id]
        payload = {
            "candidate": {"id": candidate_id, "name": person["name"], "emails": person["emails"]},
            "offer": {"id": offer_id, "title": self.offers[offer_id]["title"]}, "details": details,
        }  # fmt: skip
        body = {
            "event_type": "candidate_moved",
            "event_subtype": subtype,
            "created_at": self.tick(),
            "payload": payload,
        }
        self.outbox.append(json.dumps(body).encode())

    # Webhooks

    def signed(self, body: bytes, secret: str | None = None) -> dict[str, str]:
        key = self.secret if secret is None else secret
        digest = hmac.new(key.encode(), body, sha256).hexdigest()
        return {"X-Recruitee-Signature": digest, "Content-Type": "application/json", "User-Agent": "Recruitee-Webhooks"}

    async def register(self, url: str) -> bool:
        """Make the webhook: Recruitee does, if its test, signed with a secret that nobody knows yet, is answered 200."""
        body = json.dumps({"test": True}).encode()
        async with httpx.AsyncClient(timeout=10) as client:
            answer = await client.post(url, content=body, headers=self.signed(body, "drawn at random, shown later"))
        return answer.status_code == 200

    async def deliver(self, url: str, *, copies: int = 1, shuffle: int | None = None, lose: int = 0) -> list[int]:
        """Send what waits: ``copies`` of each, in an order drawn from the seed ``shuffle``, the first ``lose`` never.

        What is not answered with exactly 200 waits for the next time.
        """
        bodies = [body for body in self.outbox[lose:] for _ in range(copies)]
        if shuffle is not None:
            random.Random(shuffle).shuffle(bodies)
        self.outbox.clear()
        statuses = []
        async with httpx.AsyncClient(timeout=10) as client:
            for body in bodies:
                statuses.append((await client.post(url, content=body, headers=self.signed(body))).status_code)
                self.outbox += [body] * (statuses[-1] != 200)
        return statuses

    # The API

    def cut(self, rows: list[Any], query: dict[str, list[str]], *, also: frozenset[str] = frozenset()) -> list[Any]:
        needs(set(query) <= {"limit", "offset"} | also, "unknown parameter")
        limit, offset = (number(query.get(name, [usual])[0]) for name, usual in (("limit", "100"), ("offset", "0")))
        needs(1 <= limit <= 1000, "limit is invalid")
        return rows[offset : offset + min(limit, self.largest_page)]

    def person(self, found: re.Match[str]) -> int:
        if int(found["id"]) not in self.candidates:
            raise Fault(404, "Not found")
        return int(found["id"])


Handler = Callable[[Recruitee, re.Match[str], dict[str, list[str]], Any], Any]


def list_candidates(world: Recruitee, _: re.Match[str], query: dict[str, list[str]], __: Any) -> Any:
    rows = sorted(world.candidates.values(), key=lambda row: row["created_at"], reverse=True)
    return {"candidates": world.cut(rows, query), "generated_at": world.tick(), "references": []}


def read_candidate(world: Recruitee, found: re.Match[str], _: dict[str, list[str]], __: Any) -> Any:
    return {"candidate": world.candidates[world.person(found)], "references": []}


def list_offers(world: Recruitee, _: re.Match[str], query: dict[str, list[str]], __: Any) -> Any:
    wanted = query.get("statuses[]", [])
    rows = [
        {name: value for name, value in offer.items() if name != "pipeline_template"}
        for offer in world.offers.values()
        if not wanted or offer["status"] in wanted
    ]
    return {"offers": world.cut(rows, query, also=frozenset({"statuses[]"}))}


def read_offer(world: Recruitee, found: re.Match[str], _: dict[str, list[str]], __: Any) -> Any:
    if int(found["id"]) not in world.offers:
        raise Fault(404, "Not found")
    return {"offer": world.offers[int(found["id"])]}


def list_notes(world: Recruitee, found: re.Match[str], _: dict[str, list[str]], __: Any) -> Any:
    return {"notes": world.notes[world.person(found)][::-1], "references": []}


def add_note(world: Recruitee, found: re.Match[str], _: dict[str, list[str]], body: Any) -> Any:
    person = world.person(found)
    needs(isinstance(body, dict) and set(body) == {"note"} and isinstance(body["note"], dict))
    note = body["note"]
    needs(set(note) == {"body", "visibility"} and isinstance(note["body"], str) and note["body"], "body is missing")
    needs(note["visibility"] in ({"level": "public"}, {"level": "private"}), "visibility is invalid")
    number_of = sum(len(notes) for notes in world.notes.values()) + 1
    world.notes[person].append({"id": number_of, "admin_id": 152125, "created_at": world.tick(), "replies": [], **note})
    if world.lose:
        world.lose -= 1
        raise Fault(504, "Gateway timeout")
    return {"note": world.notes[person][-1], "references": []}


# There is no way to turn anybody away or to move anybody here: nothing may ask for it.
ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/candidates", list_candidates),
    ("GET", "/candidates/(?P<id>[0-9]{1,19})", read_candidate),
    ("GET", "/candidates/(?P<id>[0-9]{1,19})/notes", list_notes),
    ("POST", "/candidates/(?P<id>[0-9]{1,19})/notes", add_note),
    ("GET", "/offers", list_offers),
    ("GET", "/offers/(?P<id>[0-9]{1,19})", read_offer),
)


def answered(
    world: Recruitee, method: str, path: str, query: dict[str, list[str]], authorization: str, body: bytes
) -> Any:
    """The document of a 2xx answer."""
    began, used = world.window
    if time.monotonic() - began >= WINDOW:
        began, used = time.monotonic(), 0
    world.window = (began, used + 1)
    if used >= world.limit:
        raise Fault(429, "Too many requests")
    if authorization != f"Bearer {TOKEN}":
        raise Fault(401, "Unauthorized")
    if world.fail and (status := world.fail.pop(0)):
        raise Fault(status, "Internal error")
    for verb, pattern, handler in ROUTES:
        found = re.fullmatch(f"/c/{COMPANY}{pattern}", path, re.ASCII)
        if found and verb == method:
            return handler(world, found, query, json.loads(body) if body else None)
    raise Fault(404, "Not found")


def create_app(world: Recruitee) -> Litestar:
    """The API, for ``tests.fixtures.sandbox.serving``."""

    @route("/{path:path}", http_method=["GET", "POST", "PUT", "PATCH", "DELETE"])
    async def everything(request: Request[Any, Any, Any]) -> Response[bytes]:
        path, body = request.scope["path"], await request.body()
        query: dict[str, list[str]] = {}
        for name, value in request.query_params.multi_items():
            query.setdefault(name, []).append(value)
        world.requests.append((request.method, path))
        try:
            document, status = answered(
                world, request.method, path, query, request.headers.get("authorization", ""), body
            ), 200 if request.method == "GET" else 201  # fmt: skip
        except Fault as fault:
            document, status = {"error": [fault.error]}, fault.status
        return Response(json.dumps(document).encode(), status_code=status, media_type="application/json")

    return Litestar([everything], openapi_config=None, logging_config=None)
