"""What every API request passes: key, rate limit, fault switches; in that order."""

import asyncio
import json
import math
import time
from collections.abc import Callable, Collection
from typing import Any, cast
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPResponseStartEvent, HTTPScope, Message, Receive, Scope, Send

from adapters.sandbox.server.errors import Problem
from adapters.sandbox.server.faults import SchemaDrift, TimeoutAfterCommit
from adapters.sandbox.server.keys import find_key
from adapters.sandbox.server.records import Key
from adapters.sandbox.server.settings import Settings
from adapters.sandbox.server.store import Store

AnyConnection = ASGIConnection[Any, Any, Any, Any]
ApiConnection = ASGIConnection[Any, Any, Key, Any]
FAULTLESS_PATHS = ("/api/v1/faults", "/api/v1/webhooks", "/api/v1/keys")


class TokenBucket:
    """So many requests per second on average, so many at once. Times are monotonic seconds."""

    def __init__(self, *, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._tokens = float(burst)
        self._at = clock()

    def take(self) -> float:
        """Take one token: 0.0, or the seconds until there is one again."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self._per_second


class Gate(ASGIMiddleware):
    """Authenticates, limits, and misbehaves where a switch says so."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._buckets: dict[str, TokenBucket] = {}

    def open(self) -> None:
        """Let everybody in anew, whoever asked too often before."""
        self._buckets.clear()

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Let the request through, or raise a problem, or break the answer."""
        key = self._authenticate(scope)
        scope["auth"] = key
        scope["user"] = None
        self._limit(key)
        method, path = cast("HTTPScope", scope)["method"], scope["path"]
        faults = self._store.faults
        if path.startswith(FAULTLESS_PATHS) or not faults.applies_to(method):
            await next_app(scope, receive, send)
            return
        if cut := faults.take_cut_connections():
            if cut.carried_out:
                await next_app(scope, receive, _discard)
            await _hang_up(receive)
            return
        if turned_away := faults.take_rate_limited():
            raise Problem(429, "rate_limited", "too many requests", retry_after=turned_away.retry_after)
        if faults.take_error_500():
            raise Problem(500, "internal_error", "something broke")
        if method not in {"GET", "HEAD"} and (lost := faults.take_timeout_after_commit()):
            await next_app(scope, receive, _discard)
            await _fall_silent(receive, send, lost)
            return
        drift = faults.current.schema_drift
        await next_app(scope, receive, _Drifting(send, drift) if drift.rename or drift.omit else send)

    def _authenticate(self, scope: Scope) -> Key:
        header = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        scheme, _, value = header.partition(" ")
        key = find_key(self._store, value.strip()) if scheme.lower() == "bearer" else None
        if key is None:
            raise Problem(401, "bad_key", "send a valid API key: Authorization: Bearer …")
        return key

    def _limit(self, key: Key) -> None:
        if key.id not in self._buckets:
            self._buckets[key.id] = TokenBucket(
                per_second=self._settings.requests_per_second, burst=self._settings.burst
            )
        wait = self._buckets[key.id].take()
        if wait:
            raise Problem(429, "rate_limited", "too many requests", retry_after=max(1, math.ceil(wait)))


def known_host(names: Collection[str]) -> Callable[[AnyConnection, BaseRouteHandler], None]:
    """Make a guard that answers only to these host names, whatever the port; keeps rebound DNS names out."""

    def guard(connection: AnyConnection, _: BaseRouteHandler) -> None:
        if urlsplit(f"//{connection.headers.get('host', '')}").hostname not in names:
            raise Problem(400, "unknown_host", "this server does not answer to that host name")

    return guard


def requires(*needed: str) -> Callable[[ApiConnection, BaseRouteHandler], None]:
    """Make a guard that asks for these scopes; ``admin`` includes every other."""

    def guard(connection: ApiConnection, _: BaseRouteHandler) -> None:
        granted = connection.auth.scopes
        for scope in needed:
            if scope not in granted and "admin" not in granted:
                raise Problem(403, "missing_scope", f"this key lacks the scope {scope}", required_scope=scope)

    return guard


async def _discard(_: Message) -> None:
    """Swallow the answer of a request that was carried out."""


async def _hang_up(receive: Receive) -> None:
    """Abort the connection. ASGI has no word for it; the server's own request object knows its transport."""
    cast("Any", receive).__self__.transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _fall_silent(receive: Receive, send: Send, lost: TimeoutAfterCommit) -> None:
    try:
        async with asyncio.timeout(lost.hang_seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        # An answer that starts and never ends makes the server cut the connection.
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
        await send({"type": "http.response.body", "body": b"", "more_body": True})


class _Drifting:
    """Holds a JSON answer back until it is complete, then renames and omits members."""

    def __init__(self, send: Send, drift: SchemaDrift) -> None:
        self._send = send
        self._drift = drift
        self._start: HTTPResponseStartEvent | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        if message["type"] != "http.response.body" or self._start is None:
            await self._send(message)
            return
        self._body += message["body"]
        if message["more_body"]:
            return
        body = json.dumps(self._drifted(json.loads(self._body))).encode() if self._body else b""
        headers = [pair for pair in self._start["headers"] if pair[0].lower() != b"content-length"]
        self._start["headers"] = [*headers, (b"content-length", str(len(body)).encode())]
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    def _drifted(self, value: object) -> object:
        if isinstance(value, list):
            return [self._drifted(item) for item in value]
        if isinstance(value, dict):
            return {
                self._drift.rename.get(name, name): self._drifted(item)
                for name, item in value.items()
                if name not in self._drift.omit
            }
        return value
