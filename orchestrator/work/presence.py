"""A worker's own row: that it lives, how much it does at once, and what it has seen."""

from bisect import bisect_left
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager

import sqlalchemy as sa
import structlog

from orchestrator.db.models.worker import BOUNDS, KindTally, Spread, WorkerProcess
from orchestrator.db.session import DATABASE_TROUBLE, Database, Transaction
from orchestrator.db.upsert import insert_into
from orchestrator.work.claim import ClaimedRow
from orchestrator.work.outcome import Done, Outcome
from orchestrator.work.sql import DatabaseNow

log = structlog.get_logger(__name__)


class Presence:
    """Counts in memory; ``write`` puts it down in a transaction that the worker opens anyway.

    ``lease`` in seconds: after so long without a sign the worker counts as gone.
    """

    def __init__(
        self, database: Database, *, name: str, lease: float, concurrency: int, kinds: Collection[str] | None
    ) -> None:
        self._database = database
        self._name = name
        self._lease = lease
        self._concurrency = concurrency
        self._kinds = None if kinds is None else ",".join(sorted(kinds))
        self._claimed = 0
        self._finished = 0
        self._failed = 0
        self._tallies: dict[str, KindTally] = {}
        self._shown = False

    def claimed(self, rows: Sequence[ClaimedRow]) -> None:
        """Count what was just claimed, and how long it had been due. Both times are the database's."""
        self._claimed += len(rows)
        for row in rows:
            _count(self._tally(row.kind).wait, row.lease_until - self._lease - row.run_at)

    def ended(self, kind: str, outcome: Outcome | None, *, seconds: float) -> None:
        """Count one attempt; ``outcome`` is None where the lease was lost."""
        if isinstance(outcome, Done):
            self._finished += 1
        else:
            self._failed += 1
        _count(self._tally(kind).handling, seconds)

    async def write(self, tx: Transaction, *, leases_lost: int) -> None:
        """Say that the worker lives, in the caller's transaction; does nothing outside ``shown``."""
        if not self._shown:
            return
        seen = {
            "seen_at": DatabaseNow(),
            "claimed": self._claimed,
            "finished": self._finished,
            "failed": self._failed,
            "leases_lost": leases_lost,
            "tallies": self._tallies,
        }
        fixed = {"lease": self._lease, "concurrency": self._concurrency, "kinds": self._kinds}
        statement = insert_into(WorkerProcess, tx.dialect).values(
            name=self._name, started_at=DatabaseNow(), **fixed, **seen
        )
        await tx.session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=seen))

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[None]:
        """Have a row while the block lasts, from the first ``write`` on; none is left after a clean stop."""
        self._shown = True
        try:
            yield
        finally:
            await self._leave()

    async def _leave(self) -> None:
        self._shown = False
        try:
            async with self._database.transaction() as tx:
                await tx.session.execute(sa.delete(WorkerProcess).where(WorkerProcess.name == self._name))
        except DATABASE_TROUBLE as error:
            # The row tells by its age that nobody keeps it.
            log.warning("work.leave_failed", error=type(error).__name__)

    def _tally(self, kind: str) -> KindTally:
        return self._tallies.setdefault(kind, KindTally())


def _count(spread: Spread, seconds: float) -> None:
    seconds = max(0.0, seconds)
    spread.slots[bisect_left(BOUNDS, seconds)] += 1
    spread.seconds += seconds
