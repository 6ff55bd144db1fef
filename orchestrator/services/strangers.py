"""Requests about orders that showed no key of ours: each counts, and none makes us write."""

from collections import Counter
from datetime import datetime, timedelta

from orchestrator.db.repositories.intake import count_refusal
from orchestrator.db.session import Database
from orchestrator.domain.ordering import OrderRefusal
from orchestrator.ports import Clock

EVERY = timedelta(seconds=1)
"""How often they are written down at most: all of a connection count in one row, and anybody may send thousands."""


class Strangers:
    """Counts in memory and writes down, with the first that comes once it is time, all that came since the last time.

    A process that ends forgets those of its last second.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._waiting: Counter[str] = Counter()
        self._written: datetime | None = None

    async def count(self, connection_key: str) -> None:
        """Count one."""
        self._waiting[connection_key] += 1
        now = self._clock.now()
        if self._written is not None and now - self._written < EVERY:
            return
        self._written = now
        waiting, self._waiting = self._waiting, Counter()
        async with self._database.transaction() as tx:
            for key, times in sorted(waiting.items()):
                await count_refusal(
                    tx.session, connection=key, day=now.date(), reason=OrderRefusal.KEY_WRONG, times=times
                )
