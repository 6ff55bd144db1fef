"""The flow of part (c) with nothing kept: one Litestar + httpx process. ``python -m bench.bare PORT SINK request|after``.

``request``: verify, decide, post, answer. ``after``: verify, decide, answer; the post goes on beside, a bounded number at once.
"""

import asyncio
import hmac
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

import httpx
import msgspec
import uvloop
from litestar import Litestar, Request, Response, get, post

from bench.ceiling import Event, serve_application
from bench.decision import AT_ONCE, result, starts
from bench.deliveries import PATH, SECRET


def application(sink: str, mode: str) -> Litestar:
    """One door and one client."""
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    client = httpx.AsyncClient(base_url=sink, limits=limits, trust_env=False)
    room = asyncio.Semaphore(AT_ONCE)
    beside: set[asyncio.Task[None]] = set()
    decoder = msgspec.json.Decoder(Event)
    secret = SECRET.encode()

    async def send(event: Event) -> None:
        answer = await client.post("result", json=result(event.application_id, event.id))
        answer.raise_for_status()

    async def send_beside(event: Event) -> None:
        try:
            await send(event)
        finally:
            room.release()

    @post(PATH)
    async def receive(request: Request[Any, Any, Any]) -> Response[Any]:
        body = await request.body()
        message = request.headers["x-sandbox-timestamp"].encode() + b"." + body
        expected = "v1=" + hmac.new(secret, message, sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers["x-sandbox-signature"]):
            return Response(None, status_code=401)
        event = decoder.decode(body)
        if starts(event.application_id):
            if mode == "request":
                async with room:
                    await send(event)
            else:
                await room.acquire()
                task = asyncio.create_task(send_beside(event))
                beside.add(task)
                task.add_done_callback(beside.discard)
        return Response({"stored": False}, status_code=202)

    @get("/ready")
    async def ready() -> str:
        return "ok"

    @asynccontextmanager
    async def closing(_app: Litestar) -> AsyncIterator[None]:
        yield
        if beside:
            await asyncio.wait(beside, timeout=10)
        await client.aclose()

    return Litestar([receive, ready], openapi_config=None, lifespan=[closing])


async def main(port: int, sink: str, mode: str) -> None:
    """Serve."""
    await serve_application(application(sink, mode), port)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
