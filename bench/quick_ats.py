"""An ATS that knows every application, always in the trigger stage, and answers at once: ``python -m bench.quick_ats``.

It stands in where Evenhand's own cost is measured: the sandbox ATS costs as much as what it would be measured with.
It speaks the sandbox's REST API, keeps custom fields and notes in memory, and sends no webhooks.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from adapters.sandbox.server.seed import FIELDS
from bench.processes import HOST

JOB = {
    "id": "job_000001",
    "title": "Customer Support Specialist",
    "department": "Support",
    "location": "Leeds, United Kingdom",
    "requisition_ref": "REQ-2041",
    "status": "open",
}
DEFINITIONS = "/api/v1/fields"
PREFIX = "/api/v1/applications"
_fields: dict[str, dict[str, object]] = {}
_notes: dict[str, list[dict[str, object]]] = {}


def application(application_id: str) -> dict[str, object]:
    """Any application, as somebody who entered the first interview just now."""
    now = datetime.now(UTC).isoformat()
    number = application_id.removeprefix("app_")
    return {
        "id": application_id,
        "candidate": {
            "id": f"cand_{number}",
            "first_name": "Amara",
            "last_name": f"Okafor {number}",
            "emails": [f"candidate-{number}@applicants.example"],
            "phones": ["+44 7700 900142"],
            "locale": "en-GB",
            "time_zone": "Europe/London",
        },
        "job": JOB,
        "stage": {"id": "stg_000003", "name": "First Interview", "kind": None},
        "stage_entry": {"id": f"ent_live_{number}", "entered_at": now},
        "disposition": None,
        "source": "Careers page",
        "updated_at": now,
    }


def answer(method: str, path: str, body: bytes) -> object:
    """What the API answers."""
    if path.partition("?")[0] == DEFINITIONS:
        names = ("key", "name", "kind", "options", "max_length")
        return {"items": [dict(zip(names, field, strict=True)) for field in FIELDS], "next_cursor": None}
    parts = path.partition("?")[0].removeprefix(PREFIX).strip("/").split("/")
    if parts == [""]:
        return {"items": [], "next_cursor": None}
    application_id, rest = parts[0], parts[1:]
    if not rest:
        return application(application_id)
    if rest == ["custom_fields"]:
        kept = _fields.setdefault(application_id, {})
        if method == "PATCH":
            kept |= json.loads(body)
        return {key: value for key, value in kept.items() if value is not None}
    notes = _notes.setdefault(application_id, [])
    if method == "GET":
        return {"items": notes, "next_cursor": None}
    note: Mapping[str, Any] = json.loads(body)
    about = {"author": "Interview integration", "created_at": datetime.now(UTC).isoformat()}
    notes.append({"id": f"note_{len(notes):06d}", **note, **about})
    return notes[-1]


async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection, kept open."""
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.split("\r\n")
            method, path, _ = first.split(" ")
            length = next((int(line[15:]) for line in lines if line.lower().startswith("content-length:")), 0)
            content = json.dumps(answer(method, path, await reader.readexactly(length))).encode()
            status = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            writer.write(f"{status}Content-Length: {len(content)}\r\n\r\n".encode() + content)
            await writer.drain()
    writer.close()


async def serve(port: int) -> None:
    """Serve until cancelled."""
    server = await asyncio.start_server(converse, HOST, port)
    async with server:
        await server.serve_forever()


def main(argv: Sequence[str] | None = None) -> None:
    """Run until ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(parser.parse_args(argv).port))


if __name__ == "__main__":
    main(sys.argv[1:])
