"""Webhook requests as the sandbox ATS sends them, signed beforehand, in a file that wrk replays byte for byte.

Signing happens before the load: the load generator shares the machine and must cost as little as it can.
"""

import hashlib
import hmac
import random
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import msgspec

SECRET = "bench-webhook-secret-that-is-long-enough"  # noqa: S105 - a throwaway secret of a server on loopback
PATH = "/hooks/sandbox"
SHORTEST, LONGEST = 1024, 4096
# Behind a proxy, an ATS has several addresses; the limit per address stays switched on while we measure.
ADDRESSES = 250
_NAMES = ("Ada", "Boris", "Chidi", "Dana", "Emre", "Farah", "Goran", "Hanna", "Imani", "Jonas", "Keiko", "Luis")


class _Application(msgspec.Struct):
    id: str
    type: str
    application_id: str
    occurred_at: str
    payload: dict[str, object]


def body(number: int, *, dice: random.Random) -> bytes:
    """One delivery of 1 to 4 KB: a stage change with the record that an ATS likes to send along; never twice the same id."""
    size = dice.randint(SHORTEST, LONGEST)
    event = _Application(
        id=f"evt_{UUID(int=dice.getrandbits(128))}",
        type="application.stage_changed",
        application_id=f"app_{number:08d}",
        occurred_at="2026-01-05T09:30:00Z",
        payload={"candidate": {"name": dice.choice(_NAMES), "emails": [f"{number}@applicants.example"]}, "notes": ""},
    )
    missing = size - len(msgspec.json.encode(event))
    event.payload["notes"] = "".join(dice.choices("abcdefghij klmnop", k=max(0, missing)))
    return msgspec.json.encode(event)


def request(host: str, number: int, content: bytes, *, signed_at: int) -> bytes:
    """A whole HTTP/1.1 request with the sandbox's signature."""
    message = str(signed_at).encode() + b"." + content
    signature = hmac.new(SECRET.encode(), message, hashlib.sha256).hexdigest()
    third, fourth = divmod(number % ADDRESSES, 200)
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"User-Agent: SandboxATS/1\r\nX-Forwarded-For: 10.1.{third}.{fourth + 1}\r\n"
        f"X-Sandbox-Timestamp: {signed_at}\r\nX-Sandbox-Signature: v1={signature}\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def requests(host: str, count: int, *, seed: int) -> Iterator[bytes]:
    """Distinct requests, signed now."""
    dice, now = random.Random(seed), int(time.time())  # noqa: S311 - test content, no secret
    for number in range(count):
        yield request(host, number, body(number, dice=dice), signed_at=now)


def write_requests(path: Path, host: str, count: int, *, seed: int) -> None:
    """Write requests one after the other, each behind its length in ten digits."""
    with path.open("wb") as file:
        for each in requests(host, count, seed=seed):
            file.write(f"{len(each):010d}".encode())
            file.write(each)
