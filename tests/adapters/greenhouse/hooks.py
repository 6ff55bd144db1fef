"""Greenhouse's sender of webhooks: bodies as it writes them, its signature, and what a network does to them."""

import hmac
import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import httpx

from tests.adapters.greenhouse.records import Records

ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def signature(body: bytes, secret: str) -> str:
    """The value of the Signature header."""
    return f"sha256 {hmac.new(secret.encode(), body, sha256).hexdigest()}"


def written(document: object) -> bytes:
    """JSON as Greenhouse writes it: everything beyond ASCII and everything of HTML is escaped."""
    text = json.dumps(document, separators=(",", ":"))
    return "".join(ESCAPED.get(letter, letter) for letter in text).encode()


def about(action: str, records: Records, application_id: int) -> bytes:
    """The body of a delivery about an application, as things are when it is sent."""
    row = records.one("applications", application_id)
    visit = records.one("application_stages", row["stage_id"])
    person = records.one("candidates", row["candidate_id"])
    application = {
        "id": application_id,
        "status": "active",
        "prospect": False,
        "last_activity_at": row["last_activity_at"],
        "current_stage": {"id": visit["job_interview_stage_id"], "name": row["stage_name"], "interviews": []},
        "custom_fields": row["custom_fields"],
        "candidate": {name: person[name] for name in ("id", "first_name", "last_name", "email_addresses")},
        "jobs": [{"id": row["job_id"], "name": "Data Engineer", "status": "open"}],
    }
    return written({"action": action, "payload": {"application": application}})


@dataclass
class Sender:
    """Sends to one address. Only an answer of exactly 200 is a success; everything else is sent again."""

    url: str
    secret: str
    twice: bool = False
    backwards: bool = False
    lose: int = 0
    waiting: list[tuple[str, bytes]] = field(default_factory=list)
    posted: list[bytes] = field(default_factory=list)

    def post(self, body: bytes) -> None:
        """Put a delivery in the queue."""
        self.posted.append(body)
        self.waiting.append((f"event-{len(self.posted)}", body))

    async def flush(self, *, attempts: int = 7) -> list[int]:
        """Send what waits until it is taken or given up; every answer."""
        answers: list[int] = []
        async with httpx.AsyncClient(timeout=10) as client:
            for _ in range(attempts):
                queue = self.waiting[::-1] if self.backwards else list(self.waiting)
                self.waiting = []
                for event, body in queue:
                    answers += [await self._send(client, event, body) for _ in range(2 if self.twice else 1)]
                if not self.waiting:
                    break
        return answers

    async def _send(self, client: httpx.AsyncClient, event: str, body: bytes) -> int:
        if self.lose:
            self.lose -= 1
            return 0
        headers: dict[str, Any] = {
            "Signature": signature(body, self.secret),
            "Greenhouse-Event-ID": event,
            "Content-Type": "application/json",
        }
        answer = await client.post(self.url, content=body, headers=headers)
        if answer.status_code != httpx.codes.OK and (event, body) not in self.waiting:
            self.waiting.append((event, body))
        return answer.status_code
