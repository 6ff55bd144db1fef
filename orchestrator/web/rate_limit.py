"""A limit on how often one address may post to the doors that are open to everybody.

Kept in memory per process: it slows guessing down, it does not count exactly over a fleet.
"""

import time
from collections.abc import Callable, Sequence

from litestar.enums import ScopeType
from litestar.exceptions import TooManyRequestsException
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec import Struct

_MOST_ADDRESSES = 20_000


class Door(Struct, frozen=True):
    """Paths that begin with ``prefix`` take ``burst`` posts at once and ``per_minute`` over time, per address."""

    prefix: str
    burst: int
    per_minute: int


# A candidate's page saves a draft every few seconds, and a whole training centre may share one address.
# An ATS sends all its deliveries from few addresses: a hundred a second, sustained, are more than the busiest careers
# page makes and far below what a stranger needs to wear us out by signatures; the burst covers a job that is closed
# with everybody in it.
DOORS = (
    Door("/i/", burst=240, per_minute=240),
    Door("/sign-in", burst=10, per_minute=10),
    Door("/hooks/", burst=600, per_minute=6000),
)


class AddressLimit(ASGIMiddleware):
    """Token buckets per door and address. Forgets everyone when it would hold too many: better open than out of memory."""

    def __init__(self, doors: Sequence[Door] = DOORS, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._doors = tuple(doors)
        self._clock = clock
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Let the request through or raise 429 with Retry-After."""
        if scope["type"] == ScopeType.HTTP and scope["method"] == "POST":
            path = scope["path"]
            door = next((d for d in self._doors if path.startswith(d.prefix)), None)
            if door is not None:
                client = scope["client"]
                self._take(door, client[0] if client else "")
        await next_app(scope, receive, send)

    def _take(self, door: Door, address: str) -> None:
        now = self._clock()
        tokens, since = self._buckets.get((door.prefix, address), (float(door.burst), now))
        tokens = min(float(door.burst), tokens + (now - since) * door.per_minute / 60)
        if tokens < 1:
            wait = int((1 - tokens) * 60 / door.per_minute) + 1
            raise TooManyRequestsException(headers={"Retry-After": str(wait)})
        if len(self._buckets) >= _MOST_ADDRESSES and (door.prefix, address) not in self._buckets:
            self._buckets.clear()
        self._buckets[door.prefix, address] = (tokens - 1, now)
