"""Stops by hand, as the engine knows them: what must not be sent now waits, without losing an attempt or its place."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.repositories import stops
from orchestrator.db.session import Transaction
from orchestrator.work.outcome import STOPPED, Stopped
from orchestrator.work.sql import DatabaseNow
from orchestrator.work.table import QUEUED, work
from orchestrator.work.wakeup import ring_after_commit


async def refuse_if_stopped(session: AsyncSession, *, connection: str, program: str | None = None) -> None:
    """Let nothing of a stopped scope out; to be called in the transaction right before something is sent.

    Raises:
        Stopped: somebody stopped everything, this connection or this program. The work waits.
    """
    stop = await stops.holding(session, connection=connection, program=program)
    if stop is not None:
        raise Stopped(stop.scope.value, stop.name)


async def let_go(tx: Transaction) -> None:
    """What waited for a stop is due now, in the order in which it was enqueued; what is still stopped waits again."""
    # Read once, or each row would have a time of its own, in any order.
    now = sa.select(DatabaseNow()).scalar_subquery()
    held = (work.c.state == QUEUED, work.c.error.startswith(STOPPED), work.c.run_at > now)
    await tx.session.execute(sa.update(work).where(*held).values(run_at=now))
    await ring_after_commit(tx)


async def postpone(tx: Transaction, timers: Mapping[str, datetime]) -> None:
    """Set timers that wait (by their dedupe keys) to other times."""
    if timers:
        statement = (
            sa.update(work)
            .where(work.c.dedupe == sa.bindparam("timer"), work.c.state == QUEUED)
            .values(run_at=sa.bindparam("due", type_=sa.Double), error=None)
        )
        rows = [{"timer": key, "due": at.timestamp()} for key, at in sorted(timers.items())]
        await tx.session.execute(statement, rows)
