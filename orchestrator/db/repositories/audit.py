"""Reading the audit chain."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.audit import HEAD, AuditHead, AuditRow
from orchestrator.domain.audit import GENESIS, ChainedEvent, Walk
from orchestrator.errors import ChainBroken

BATCH = 1000


async def newest_event(session: AsyncSession, *, subject: str, tag: str) -> int:
    """The number of the newest event of this kind about somebody or something; 0 where there is none."""
    newest = sa.select(sa.func.max(AuditRow.sequence)).where(AuditRow.subject == subject, AuditRow.tag == tag)
    return (await session.execute(newest)).scalar() or 0


async def verify_chain(session: AsyncSession) -> tuple[int, str]:
    """Walk the chain in the order of its sequence and compare its end with the head.

    The head is read first: what is appended meanwhile comes after it and is not looked at. The columns that queries use
    are compared with the event that was hashed, so that neither can be altered alone.

    Raises:
        ChainBroken: an event was changed, removed, added or moved.
    """
    head = await session.get_one(AuditHead, HEAD)
    walk = Walk()
    rows = await session.stream_scalars(
        sa.select(AuditRow)
        .where(AuditRow.sequence <= head.sequence)
        .order_by(AuditRow.sequence)
        .execution_options(yield_per=BATCH)
    )
    async for row in rows:
        event = row.event
        if (row.at, row.actor, row.tag, row.subject) != (event.at, event.actor, event.tag, event.subject):
            raise ChainBroken(f"event {row.sequence} was changed after it was written", sequence=row.sequence)
        walk.add(ChainedEvent(sequence=row.sequence, event=event, previous_hash=row.previous_hash, hash=row.hash))
    if head.sequence != walk.count or (head.hash or GENESIS) != walk.last_hash:
        raise ChainBroken(f"the log ends at event {walk.count}, its head says {head.sequence}", sequence=walk.count + 1)
    return walk.count, walk.last_hash
