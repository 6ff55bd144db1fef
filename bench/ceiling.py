"""What no receiver on this server can beat: the same uvicorn and Litestar with a handler that does next to nothing.

``--kind none``: check the signature, decode, answer. ``--kind insert``: the same and one autocommit insert straight through
the driver, into a table whose only index is its key.
"""

import argparse
import hmac
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

import aiosqlite
import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types
import msgspec
import uvicorn
import uvloop
from litestar import Litestar, Request, Response, get, post

from bench.deliveries import PATH, SECRET
from orchestrator.db.session import SQLITE_PRAGMAS

TABLE = "CREATE TABLE IF NOT EXISTS hook (id text PRIMARY KEY, received_at double precision NOT NULL, body {bytes} NOT NULL)"
POOL = 10

Insert = Callable[[str, float, bytes], Awaitable[object]]


class Event(msgspec.Struct):
    """What has to be known of a delivery to take it in."""

    id: str
    type: str
    application_id: str


async def nothing(_id: str, _at: float, _body: bytes) -> None:
    """Store nothing."""


async def postgres_insert(url: str) -> Insert:
    """One autocommit insert through an asyncpg pool as large as Evenhand's."""
    pool = await asyncpg.create_pool(url, min_size=POOL, max_size=POOL)
    await pool.execute(TABLE.format(bytes="bytea"))

    async def insert(key: str, at: float, body: bytes) -> object:
        return await pool.execute("INSERT INTO hook VALUES ($1, $2, $3)", key, at, body)

    return insert


async def sqlite_insert(path: str) -> Insert:
    """One autocommit insert through the one connection that writes, with Evenhand's own pragmas."""
    database = await aiosqlite.connect(path, isolation_level=None)
    for pragma in SQLITE_PRAGMAS:
        await database.execute(f"PRAGMA {pragma}")
    await database.execute(TABLE.format(bytes="blob"))

    async def insert(key: str, at: float, body: bytes) -> object:
        return await database.execute("INSERT INTO hook VALUES (?, ?, ?)", (key, at, body))

    return insert


def application(insert: Insert) -> Litestar:
    """One door."""
    decoder = msgspec.json.Decoder(Event)
    secret = SECRET.encode()

    @post(PATH)
    async def receive(request: Request[Any, Any, Any]) -> Response[Any]:
        body = await request.body()
        message = request.headers["x-sandbox-timestamp"].encode() + b"." + body
        expected = "v1=" + hmac.new(secret, message, sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers["x-sandbox-signature"]):
            return Response(None, status_code=401)
        event = decoder.decode(body)
        await insert(event.id, time.time(), body)
        return Response({"stored": True}, status_code=202)

    @get("/ready")
    async def ready() -> str:
        return "ok"

    return Litestar([receive, ready], openapi_config=None)


async def serve(port: int, kind: str, database: str) -> None:
    """Serve until a signal comes, with the server settings of ``evenhand serve``."""
    insert: Insert = nothing
    if kind == "insert":
        insert = await (postgres_insert(database) if database.startswith("postgres") else sqlite_insert(database))
    await serve_application(application(insert), port)


async def serve_application(asgi: Litestar, port: int) -> None:
    """Serve an application with uvicorn as Evenhand does: httptools, the caller's uvloop, proxies believed, no access log."""
    configuration = uvicorn.Config(
        asgi,
        http="httptools",
        access_log=False,
        log_level="warning",
        server_header=False,
        ws="none",
        lifespan="on",
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1",
    )
    # With the protocol named, the event loop turns Nagle's algorithm off; without it every answer waits 40 ms.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    bound.listen(1024)
    await uvicorn.Server(configuration).serve(sockets=[bound])


def main(arguments: list[str]) -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--kind", choices=["none", "insert"], required=True)
    parser.add_argument("--database", default="")
    given = parser.parse_args(arguments)
    uvloop.run(serve(given.port, given.kind, given.database))


if __name__ == "__main__":
    main(sys.argv[1:])
