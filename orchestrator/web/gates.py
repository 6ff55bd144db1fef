"""What the process that serves an application may still set on it: how often may be knocked, and what readiness asks."""

import asyncio
from collections.abc import Sequence

from litestar import Litestar

from orchestrator.web.health import Readiness
from orchestrator.web.rate_limit import AddressLimit, Buckets, hook_door

OPTION = "gates"
READY_SECONDS = 1.8
"""Seconds after which no answer is an answer."""
_FORGOTTEN_SECONDS = 10.0


class Gates:
    """Of one application. ``readiness`` is asked in its order until something stands in the way."""

    def __init__(self, *, addresses: AddressLimit, connections: Buckets, readiness: Sequence[Readiness]) -> None:
        self.addresses = addresses
        self.connections = connections
        self.readiness = list(readiness)
        self._asking: asyncio.Task[Sequence[str]] | None = None
        self._since = 0.0

    def limit_hooks(self, per_second: int) -> None:
        """How many deliveries a second one address, and one connection, may send, with a burst of six seconds' worth."""
        self.addresses.set(hook_door(per_second))
        self.connections.set(hook_door(per_second))

    async def troubles(self) -> Sequence[str]:
        """What stands in the way of work, in words without secrets; empty means ready.

        However many ask, the question is on its way once; who gets no answer in time is told so.
        """
        loop = asyncio.get_running_loop()
        asking = self._asking
        if asking is not None and loop.time() - self._since > _FORGOTTEN_SECONDS:
            # It may wait for a line that is dead; another one may live.
            asking.cancel()
            asking = None
        if asking is None or asking.done():
            asking = loop.create_task(self._ask(), name="readiness")
            self._asking, self._since = asking, loop.time()
        done, _ = await asyncio.wait({asking}, timeout=READY_SECONDS)
        return asking.result() if done else ("the database does not answer in time",)

    async def _ask(self) -> Sequence[str]:
        for ask in self.readiness:
            if found := await ask():
                return found
        return ()


def gates_of(app: Litestar) -> Gates:
    """The gates of an application that ``create_app`` made."""
    gates: Gates = app.opt[OPTION]
    return gates
