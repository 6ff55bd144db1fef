"""Putting work into the queue, in the caller's transaction."""

from datetime import datetime, timedelta

import msgspec
import sqlalchemy as sa

from orchestrator.db.session import Transaction
from orchestrator.db.upsert import insert_into
from orchestrator.work.payload import Payload
from orchestrator.work.sql import DatabaseNow
from orchestrator.work.table import QUEUED, Priority, work
from orchestrator.work.wakeup import ring_after_commit


async def enqueue(
    tx: Transaction,
    payload: Payload,
    *,
    lane: str | None = None,
    rate_key: str | None = None,
    dedupe: str | None = None,
    subject: str | None = None,
    run_at: datetime | None = None,
    delay: timedelta | None = None,
    priority: Priority | None = None,
    max_attempts: int | None = None,
) -> bool:
    """Add work that exists if and only if ``tx`` commits.

    Work of one ``lane`` runs one at a time in the order it was enqueued, and an earlier item blocks the later ones
    while it waits, also for its ``run_at``: timers have no lane or one of their own. Order is by id, not by commit:
    lock the application row before enqueueing into its lane. ``rate_key`` is the connection whose limit and pause
    apply. ``subject`` says what the work is about, for cancelling and looking up ("interview:<id>").
    Due at ``run_at`` (absolute), else after ``delay``, else now.

    Returns:
        False if work with this ``dedupe`` key was enqueued before, whatever became of it.

    """
    due = _due(run_at, delay)
    statement = (
        insert_into(work, tx.dialect)
        .values(
            kind=payload.kind,
            version=payload.version,
            payload=msgspec.json.encode(payload).decode(),
            lane=lane,
            rate_key=rate_key,
            dedupe=dedupe,
            subject=subject,
            priority=payload.priority if priority is None else priority,
            max_attempts=payload.max_attempts if max_attempts is None else max_attempts,
            run_at=due,
            created_at=DatabaseNow(),
        )
        .on_conflict_do_nothing(index_elements=["dedupe"])
        .returning(work.c.id)
    )
    # RETURNING, because the row count of an INSERT is -1 on some drivers.
    added = (await tx.session.execute(statement)).first() is not None
    if added and run_at is None and not delay:
        await ring_after_commit(tx)
    return added


async def hurry(tx: Transaction, lane: str) -> None:
    """What waits for its next try in a lane is tried now: there is news, and the newest item must not wait for hours."""
    await tx.session.execute(
        sa.update(work)
        .where(work.c.lane == lane, work.c.state == QUEUED, work.c.run_at > DatabaseNow())
        .values(run_at=DatabaseNow())
    )


def _due(run_at: datetime | None, delay: timedelta | None) -> "sa.ColumnElement[float]":
    if run_at is not None:
        if run_at.tzinfo is None:
            raise ValueError("run_at needs a time zone")
        return sa.literal(run_at.timestamp(), sa.Double)
    return DatabaseNow() + (delay.total_seconds() if delay else 0.0)
