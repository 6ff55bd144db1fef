"""Limits on how often one address may post to the doors that are open to everybody, and one ATS to its own.

Kept in memory per process: it slows guessing down, it does not count exactly over a fleet.
"""

import time
from collections.abc import Callable, Sequence

from litestar.enums import ScopeType
from litestar.exceptions import TooManyRequestsException
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec import Struct

from orchestrator.errors import Busy

_MOST_ADDRESSES = 20_000


class Door(Struct, frozen=True):
    """Paths that begin with ``prefix`` take ``burst`` posts at once and ``per_minute`` over time, per address.

    ``every`` where all requests count, not only posts.
    """

    prefix: str
    burst: int
    per_minute: int
    every: bool = False


# The server sets it in the state of a request where more run already than it wants to.
OVERLOADED = "overloaded"
HOOKS = "/hooks/"
PARTNERS = "/partner/"
HOOKS_PER_SECOND = 100


def hook_door(per_second: int = HOOKS_PER_SECOND) -> Door:
    """The door for deliveries.

    An ATS sends all of them from few addresses: a hundred a second, sustained, are more than the busiest careers page
    makes and far below what a stranger needs to wear us out by signatures; the burst covers a job that is closed with
    everybody in it.
    """
    return Door(HOOKS, burst=per_second * 6, per_minute=per_second * 60)


# A candidate's page saves a draft every few seconds, and a whole training centre may share one address.
DOORS = (
    Door("/i/", burst=240, per_minute=240),
    Door("/sign-in", burst=10, per_minute=10),
    # Result links: a recruiter opens a few; each view is a line in the audit log, so that all requests count.
    Door("/r/", burst=60, per_minute=60, every=True),
    hook_door(),
    # Requests that show a key. A vendor asks from one address for all its customers, and hardly any tries an order again.
    Door(PARTNERS, burst=600, per_minute=3000, every=True),
)


class Buckets:
    """Token buckets of one door, by key. Forgets all when it would hold too many: better open than out of memory."""

    def __init__(self, door: Door, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._levels: dict[str, tuple[float, float]] = {}
        self.set(door)

    def set(self, door: Door) -> None:
        """Limit as this door says from now on."""
        self._burst = float(door.burst)
        self._per_second = door.per_minute / 60

    def take(self, key: str) -> None:
        """Count one.

        Raises:
            TooManyRequestsException: 429, with the seconds to wait in Retry-After.
        """
        now = self._clock()
        level = self._levels.get(key)
        if level is None:
            if len(self._levels) >= _MOST_ADDRESSES:
                self._levels.clear()
            tokens = self._burst
        else:
            tokens = min(self._burst, level[0] + (now - level[1]) * self._per_second)
        if tokens < 1:
            raise TooManyRequestsException(headers={"Retry-After": str(int((1 - tokens) / self._per_second) + 1)})
        self._levels[key] = (tokens - 1, now)

    def give_back(self, key: str) -> None:
        """Uncount one that was not what it seemed to be."""
        level = self._levels.get(key)
        if level is not None:
            self._levels[key] = (level[0] + 1, level[1])


class AddressLimit(ASGIMiddleware):
    """Holds every address to the limits of the doors."""

    def __init__(self, doors: Sequence[Door] = DOORS, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._doors = [(door.prefix, door.every, Buckets(door, clock=clock)) for door in doors]

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Let the request through, or refuse it with Retry-After.

        Raises:
            Busy: 503; the server has too much to do.
            TooManyRequestsException: 429; the address asks too often.
        """
        if scope.get("state", {}).get(OVERLOADED):
            raise Busy("Evenhand is busy.", retry_after=1)
        if scope["type"] == ScopeType.HTTP:
            path, posted = scope["path"], scope["method"] == "POST"
            for prefix, every, buckets in self._doors:
                if (posted or every) and path.startswith(prefix):
                    client = scope["client"]
                    buckets.take(client[0] if client else "")
                    break
        await next_app(scope, receive, send)

    def set(self, door: Door) -> None:
        """Hold a door to other numbers from now on; a door that is not there stays open."""
        for prefix, _, buckets in self._doors:
            if prefix == door.prefix:
                buckets.set(door)
