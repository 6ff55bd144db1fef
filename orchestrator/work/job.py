"""One attempt at an item of work, as its handler sees it."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from orchestrator.db.session import Database, Transaction
from orchestrator.work.claim import ClaimedRow, extend
from orchestrator.work.outcome import Done, LeaseLost, Outcome
from orchestrator.work.settle import settle
from orchestrator.work.times import moment

STALE = 1.0
"""Seconds after which a lease is made good again before an outside effect: the process may have slept through it."""

HOLDS = 5
"""How often that is tried where making sure takes longer than it lasts."""


class Job:
    """One attempt. At least one is made, so a handler does nothing outside the database without looking first.

    ``key`` is the same for every attempt: the idempotency key for the other side.
    """

    def __init__(self, database: Database, row: ClaimedRow, *, lease: float, troubled: bool = False) -> None:
        self._database = database
        self._lease = lease
        self.troubled = troubled
        self.row = row
        self.id: int = row.id
        self.kind: str = row.kind
        self.lane: str | None = row.lane
        self.rate_key: str | None = row.rate_key
        self.subject: str | None = row.subject
        self.attempt: int = row.attempt
        self.max_attempts: int = row.max_attempts
        self.created_at: datetime = moment(row.created_at)
        self.key = f"work-{row.dedupe or row.id}"
        self.settled = False
        self.answered = False
        """Whether the other side of the connection answered this attempt; whoever asks it says so."""

    @property
    def last_attempt(self) -> bool:
        """True where a counted retry would make a dead letter."""
        return self.attempt >= self.max_attempts

    @property
    def held(self) -> tuple[int, str]:
        """Id and fencing token."""
        return self.row.id, self.row.token

    async def hold(self) -> None:
        """Make sure that the work is still ours, and for a whole lease; to be called right before an outside effect.

        The fence protects the database; a worker that slept through its lease must not reach the outside either.

        Raises:
            LeaseLost: the work was taken over or cancelled meanwhile.
        """
        async with self._database.transaction() as tx:
            if self.id not in await extend(tx.session, [self.held], lease=self._lease):
                raise LeaseLost(f"{self.kind} {self.id} is no longer held by this worker")

    async def hold_again(self, made_sure: float) -> None:
        """Make sure again where that was last done (``made_sure``, of ``time.monotonic``) so long ago that it proves nothing.

        Returns without giving up the processor in between, so that the effect can follow at once.

        Raises:
            LeaseLost: the work was taken over or cancelled meanwhile, or the database is too slow to make sure of it.
        """
        for _ in range(HOLDS):
            if time.monotonic() - made_sure <= STALE:
                return
            made_sure = time.monotonic()
            await self.hold()
        raise LeaseLost(f"{self.kind} {self.id} took too long to be made sure of")

    @asynccontextmanager
    async def finish(self, outcome: Outcome | None = None) -> AsyncIterator[Transaction]:
        """Commit an effect together with what became of the work (done, unless said otherwise): both, or neither.

        Raises:
            LeaseLost: the work was taken over or cancelled meanwhile; the effect is rolled back.
        """
        async with self._database.transaction() as tx:
            yield tx
            # Last, so that locks are always taken in one order: domain rows, then work.
            if not await settle(tx, self.row, outcome or Done(), troubled=self.troubled and self.answered):
                raise LeaseLost(f"{self.kind} {self.id} is no longer held by this worker")
        self.settled = True


Handler = Callable[[Any, Job], Awaitable[Outcome | None]]
"""Called with the payload and the job. Returns None or Done when finished, or another outcome; raising is a Retry."""
