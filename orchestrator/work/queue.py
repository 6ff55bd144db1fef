"""Putting work into the queue, in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from orchestrator.db.session import Transaction
from orchestrator.db.upsert import insert_into
from orchestrator.work.lanes import HEAD, IS_OPEN, lock_lanes, open_lanes, promote, shelf_of
from orchestrator.work.payload import Payload
from orchestrator.work.sql import DatabaseNow
from orchestrator.work.table import Priority, work
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
    while it waits, also for its ``run_at``: timers have no lane or one of their own. A lane stays locked until ``tx``
    ends, so that order is by commit as well as by id. ``rate_key`` is the connection whose limit and pause apply. ``subject`` says what the work is about, for cancelling and looking up ("interview:<id>").
    Due at ``run_at`` (absolute), else after ``delay``, else now.

    Returns:
        False if work with this ``dedupe`` key was enqueued before, whatever became of it.

    """
    due = _due(run_at, delay)
    rank = payload.priority if priority is None else priority
    if lane is not None:
        await lock_lanes(tx, [lane])
    statement = (
        insert_into(work, tx.dialect)
        .values(
            kind=payload.kind,
            version=payload.version,
            payload=msgspec.json.encode(payload).decode(),
            lane=lane,
            head=True if lane is None else ~sa.exists().where(work.c.lane == lane, IS_OPEN),
            rate_key=rate_key,
            shelf=shelf_of(rank, rate_key, payload.kind),
            dedupe=dedupe,
            subject=subject,
            priority=rank,
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


class Item(Struct, frozen=True, kw_only=True):
    """One of many to enqueue; the fields mean what they mean for ``enqueue``."""

    payload: Payload
    lane: str | None
    rate_key: str | None
    dedupe: str


async def enqueue_many(tx: Transaction, items: Sequence[Item]) -> None:
    """Add much work at once, due now, in few statements whatever its number.

    What waits for its next try at the head of one of the lanes is tried now: there is news for it, and the newest item
    must not wait for hours behind a failing one.
    """
    if not items:
        return
    lanes = {item.lane for item in items if item.lane is not None}
    taken: set[str] = set()
    if lanes:
        await hurry(tx, *lanes)
        taken = await open_lanes(tx, lanes)
    rows = []
    for item in items:
        rows.append(
            {
                "kind": item.payload.kind,
                "version": item.payload.version,
                "payload": msgspec.json.encode(item.payload).decode(),
                "lane": item.lane,
                "head": item.lane is None or item.lane not in taken,
                "rate_key": item.rate_key,
                "shelf": shelf_of(item.payload.priority, item.rate_key, item.payload.kind),
                "dedupe": item.dedupe,
                "priority": item.payload.priority,
                "max_attempts": item.payload.max_attempts,
            }
        )
        if item.lane is not None:
            taken.add(item.lane)
    statement = insert_into(work, tx.dialect).values(run_at=DatabaseNow(), created_at=DatabaseNow())
    # What was enqueued before stays as it is; had it been meant as a head, another of its lane becomes one.
    await tx.session.execute(statement.on_conflict_do_nothing(index_elements=["dedupe"]), rows)
    if lanes:
        await promote(tx, lanes)
    await ring_after_commit(tx)


async def hurry(tx: Transaction, *lanes: str) -> None:
    """What waits for its next try at the head of a lane is tried now. The lanes stay locked until ``tx`` ends."""
    await lock_lanes(tx, lanes)
    waiting = (
        sa.select(work.c.id)
        .where(work.c.lane.in_(sorted(lanes)), HEAD, work.c.run_at > DatabaseNow())
        .order_by(work.c.id)
        .with_for_update()
    )
    await tx.session.execute(sa.update(work).where(work.c.id.in_(waiting)).values(run_at=DatabaseNow()))


def _due(run_at: datetime | None, delay: timedelta | None) -> "sa.ColumnElement[float]":
    if run_at is not None:
        if run_at.tzinfo is None:
            raise ValueError("run_at needs a time zone")
        return sa.literal(run_at.timestamp(), sa.Double)
    return DatabaseNow() + (delay.total_seconds() if delay else 0.0)
