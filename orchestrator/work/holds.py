"""Work that waits for a person to mend something outside Evenhand: found by how its reason begins, and let go on."""

from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.session import Transaction
from orchestrator.work.lanes import HEAD, lanes_of
from orchestrator.work.sql import DatabaseNow
from orchestrator.work.table import work
from orchestrator.work.times import moment
from orchestrator.work.wakeup import ring_after_commit


class Hold(Struct, frozen=True, kw_only=True):
    """``count`` items of a connection that wait for the same reason; the oldest of them exists ``since`` then."""

    connection: str
    reason: str
    count: int
    since: datetime


async def holds(session: AsyncSession, marker: str, *, limit: int = 20) -> list[Hold]:
    """What waits with a reason that begins so, by connection and reason, the most first."""
    count, since = sa.func.count(), sa.func.min(work.c.created_at)
    statement = (
        sa.select(work.c.rate_key, work.c.error, count.label("number"), since.label("since"))
        .where(*_waiting(marker), work.c.rate_key.is_not(None))
        .group_by(work.c.rate_key, work.c.error)
        .order_by(count.desc(), work.c.rate_key, work.c.error)
        .limit(limit)
    )
    return [
        Hold(
            connection=row.rate_key,
            reason=row.error.removeprefix(marker),
            count=row.number,
            since=moment(row.since),
        )
        for row in await session.execute(statement)
    ]


async def let_held_go(tx: Transaction, connection: str, marker: str) -> int:
    """What waits so is due now, in the order in which it was enqueued; returns how many."""
    meant = (*_waiting(marker), work.c.rate_key == connection)
    # As by everybody who changes many rows: two that took them in different orders would wait for each other.
    lanes = await lanes_of(tx, meant)
    # Read once, or each row would have a time of its own, in any order.
    now = sa.select(DatabaseNow()).scalar_subquery()
    statement = (
        sa.update(work)
        .where(*meant, sa.or_(work.c.lane.is_(None), work.c.lane.in_(lanes)))
        .values(run_at=now)
        .returning(work.c.id)
    )
    freed = len((await tx.session.execute(statement)).all())
    if freed:
        await ring_after_commit(tx)
    return freed


def _waiting(marker: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (HEAD, work.c.error.startswith(marker, autoescape=True), work.c.run_at > DatabaseNow())
