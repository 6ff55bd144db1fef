"""A receiver that follows the adapter's README to the letter: records to be read, signed deliveries in and out.

Signatures are made and checked here without the adapter's code. What the README does not describe is refused.
"""

import hmac
import json
import random
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx
from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State

TOKEN = "read-token-for-tests"
SIGNING = f"whsec_{b64encode(b'what evenhand signs with, for tests').decode()}"
STAGES = (("Applied", None), ("AI Interview", None), ("Manager Review", None), ("Hired", "hired"), ("Gone", "rejected"))
SHAPES = {"type", "data"}
NOTE, FIELDS = {"application_id", "body", "visibility"}, {"application_id", "values", "expected"}


def signature(secret: str, message_id: str, at: str, body: bytes) -> str:
    key = b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()
    digest = hmac.new(key, f"{message_id}.{at}.".encode() + body, sha256).digest()
    return f"v1,{b64encode(digest).decode()}"


def signed(
    body: bytes, secret: str, at: datetime, *, message_id: str = "msg_1", name: str = "webhook"
) -> dict[str, str]:
    """The headers of a delivery to Evenhand."""
    moment = str(int(at.timestamp()))
    return {
        f"{name}-id": message_id,
        f"{name}-timestamp": moment,
        f"{name}-signature": signature(secret, message_id, moment, body),
    }


class Fault(Exception):
    """An error answer."""

    def __init__(self, status: int, code: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.headers = status, code, dict(headers or {})


def needs(condition: object, code: str, status: int = 422) -> None:
    if not condition:
        raise Fault(status, code)


@dataclass
class Receiver:
    """An ATS behind middleware, and the switches of its faults.

    ``fail`` are statuses for the next requests (0: none), with ``headers``; ``lose`` coming deliveries are carried out
    and answered 504; ``speaks`` is whether a note is answered with what was written; what is ``gone`` (a
    type of message) is taken no more.
    """

    secret: str = SIGNING
    page: int = 2
    speaks: bool = True
    gone: str = ""
    lose: int = 0
    fail: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    hook_secret: str = ""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    applications: dict[str, dict[str, Any]] = field(default_factory=dict)
    fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    definitions: list[dict[str, Any]] = field(default_factory=list)
    changes: list[tuple[datetime, str]] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    taken: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)
    outbox: list[tuple[str, bytes]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    # What people do there

    def tick(self) -> str:
        self.now += timedelta(seconds=1)
        return self.now.isoformat()

    def add(self, application_id: str, *, title: str = "Data Engineer") -> None:
        self.applications[application_id] = {
            "id": application_id, "disposition": None, "source": "career page", "updated_at": self.tick(), "applied_at": "2026-01-07T09:00:00Z",
            "candidate": {"id": f"cand-{application_id}", "first_name": "Ada", "last_name": "Quill",
                          "emails": ["ada.quill@example.org"], "phones": ["+43 1 000000"], "locale": "en"},
            "job": {"id": "job-1", "title": title, "status": "open", "department": "Support", "location": "Vienna"},
        }  # fmt: skip
        self.fields[application_id] = {one["key"]: None for one in self.definitions}
        self.notes[application_id] = []
        self.move(application_id, STAGES[0][0])

    def move(self, application_id: str, stage: str) -> None:
        record = next(one for one in self.stages() if one["name"] == stage)
        at = self.tick()
        entry = {"id": f"entry-{len(self.changes) + 1}", "entered_at": at}
        self.applications[application_id].update(stage=record, entry=entry, updated_at=at)
        self.changed(application_id, "application.stage_changed")

    def changed(self, application_id: str, kind: str = "application.updated") -> None:
        self.changes.append((self.now, application_id))
        body = {"type": kind, "timestamp": self.tick(), "data": {"application_id": application_id}}
        self.outbox.append((f"msg_{len(self.changes)}", json.dumps(body).encode()))

    def stages(self) -> list[dict[str, Any]]:
        return [
            {"id": f"stage-{place}", "name": name} | ({"kind": kind} if kind else {})
            for place, (name, kind) in enumerate(STAGES)
        ]

    async def deliver(self, url: str, *, copies: int = 1, shuffle: int | None = None, lose: int = 0) -> list[int]:
        """Send what waits: ``copies`` of each, in an order drawn from the seed, the first ``lose`` never."""
        letters = [letter for letter in self.outbox[lose:] for _ in range(copies)]
        self.outbox.clear()
        if shuffle is not None:
            random.Random(shuffle).shuffle(letters)
        async with httpx.AsyncClient(timeout=10) as client:
            return [
                (
                    await client.post(
                        url, content=body, headers=signed(body, self.hook_secret, datetime.now(UTC), message_id=name)
                    )
                ).status_code
                for name, body in letters
            ]

    # What Evenhand asks

    def play_faults(self) -> None:
        if self.fail and (status := self.fail.pop(0)):
            raise Fault(status, "planted", self.headers)

    def known(self, application_id: Any) -> str:
        needs(application_id in self.applications, "unknown_application", 404)
        return str(application_id)

    def take(self, headers: Mapping[str, str], body: bytes) -> Any:
        """A delivery: checked, then carried out; a note once for each id."""
        self.taken.append((dict(headers), body))
        message_id, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        needs(message_id and "." not in message_id and at.isdigit(), "unsigned", 401)
        needs(abs(time.time() - int(at)) <= 300, "stale", 401)
        told = headers.get("webhook-signature", "").split(" ")
        needs(signature(self.secret, message_id, at, body) in told, "wrong_signature", 401)
        message = json.loads(body)
        needs(set(message) == SHAPES, "shape")
        needs(message["type"] != self.gone, "gone", 410)
        match message["type"]:
            case "application.note":
                return self.take_note(message_id, message["data"])
            case "application.fields":
                # Middleware passes over what it has seen, and says that all is well.
                return {} if message_id in self.seen else self.take_fields(message_id, message["data"])
            case _:
                raise Fault(422, "unknown_type")

    def take_note(self, message_id: str, wish: dict[str, Any]) -> Any:
        needs(set(wish) == NOTE and wish["visibility"] in {"private", "team"} and wish["body"], "shape")
        notes = self.notes[self.known(wish["application_id"])]
        if message_id not in self.seen:
            self.seen.append(message_id)
            notes.append(
                {"id": message_id, "author": "middleware", "created_at": self.tick(), "body": wish["body"],
                 "visibility": wish["visibility"]}
            )  # fmt: skip
        return {"note": next(note for note in notes if note["id"] == message_id)} if self.speaks else {"ok": True}

    def take_fields(self, message_id: str, wish: dict[str, Any]) -> Any:
        needs(set(wish) == FIELDS and wish["values"], "shape")
        current = self.fields[self.known(wish["application_id"])]
        for key, value in wish["values"].items():
            defined = next((one for one in self.definitions if one["key"] == key), None)
            if defined is None:
                raise Fault(422, "unknown_field")
            needs(not defined.get("max_length") or len(str(value)) <= defined["max_length"], "too_long")
            needs(value is None or not defined.get("options") or value in defined["options"], "unknown_option")
        if any(current.get(key) != value for key, value in wish["expected"].items()):
            raise Fault(409, "changed_meanwhile")
        current.update(wish["values"])
        self.seen.append(message_id)
        return {}

    def list_changes(self, query: Mapping[str, str]) -> Any:
        cursor, since = query["cursor"], query.get("since")
        needs(cursor == "" or cursor.isdigit(), "bad_cursor")
        begin = int(cursor or "0")
        found = list(enumerate(self.changes, start=1))[begin:]
        if since and not cursor:
            found = [(at, change) for at, change in found if change[0] >= datetime.fromisoformat(since)]
        latest = {change[1]: at for at, change in found}
        rows = sorted((at, name) for name, at in latest.items())[: self.page]
        end = rows[-1][0] if len(rows) < len(latest) else len(self.changes)
        return {"application_ids": [name for _, name in rows], "cursor": str(end), "more": len(rows) < len(latest)}


READS: Mapping[str, tuple[set[str], Callable[[Receiver, Mapping[str, str]], Any]]] = {
    "application": ({"application_id"}, lambda w, q: {"application": w.applications[w.known(q["application_id"])]}),
    "notes": ({"application_id"}, lambda w, q: {"notes": w.notes[w.known(q["application_id"])]}),
    "fields": ({"application_id"}, lambda w, q: {"fields": w.fields[w.known(q["application_id"])]}),
    "definitions": (set(), lambda w, _: {"definitions": w.definitions}),
    "stages": (set(), lambda w, _: {"stages": w.stages()}),
    "changes": ({"cursor"}, lambda w, q: w.list_changes(q)),
}


def read(world: Receiver, request: Request[Any, Any, State]) -> Any:
    needs(request.headers.get("authorization") == f"Bearer {TOKEN}", "unauthorized", 401)
    query = dict(request.query_params.items())
    needs(query.get("read") in READS, "unknown_read", 404)
    wanted, answer = READS[query["read"]]
    needs(set(query) - {"read"} - ({"since"} if query["read"] == "changes" else set()) == wanted, "bad_query")
    return answer(world, query)


def create_app(world: Receiver) -> Litestar:
    """Both addresses, for ``tests.fixtures.sandbox.serving``."""

    def answered(request: Request[Any, Any, State], act: Callable[[], Any]) -> Response[bytes]:
        world.asked.append(f"{request.method} {request.scope['path']}")
        headers: dict[str, str] = {}
        try:
            world.play_faults()
            document, status = act(), 200
        except Fault as fault:
            document, status, headers = {"code": fault.code}, fault.status, fault.headers
        return Response(
            json.dumps(document).encode(), status_code=status, headers=headers, media_type="application/json"
        )

    @get("/hook/records")
    async def records(request: Request[Any, Any, State]) -> Response[bytes]:
        return answered(request, lambda: read(world, request))

    @post("/hook")
    async def deliveries(request: Request[Any, Any, State]) -> Response[bytes]:
        body = await request.body()
        answer = answered(request, lambda: world.take(dict(request.headers), body))
        if world.lose and answer.status_code == 200:
            world.lose -= 1
            return Response(b"{}", status_code=504, headers=world.headers, media_type="application/json")
        return answer

    return Litestar([records, deliveries], openapi_config=None, logging_config=None)
