"""Reading the audit chain."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.audit import HEAD, AuditHead, AuditRow
from orchestrator.domain.audit import GENESIS, ChainedEvent, verify
from orchestrator.errors import ChainBroken

BATCH = 1000


async def verify_chain(session: AsyncSession) -> tuple[int, str]:
    """Walk the chain in the order of its sequence and compare its end with the head.

    The columns that queries use are compared with the event that was hashed, so that neither can be altered alone.

    Raises:
        ChainBroken: an event was changed, removed, added or moved.
    """
    chained: list[ChainedEvent] = []
    rows = await session.stream_scalars(
        sa.select(AuditRow).order_by(AuditRow.sequence).execution_options(yield_per=BATCH)
    )
    async for row in rows:
        if (row.at, row.actor, row.tag, row.subject) != (
            row.event.at,
            row.event.actor,
            row.event.tag,
            row.event.subject,
        ):
            raise ChainBroken(f"event {row.sequence} was changed after it was written", sequence=row.sequence)
        chained.append(
            ChainedEvent(sequence=row.sequence, event=row.event, previous_hash=row.previous_hash, hash=row.hash)
        )
    count, last = verify(chained)
    head = await session.get_one(AuditHead, HEAD)
    if head.sequence != count or (head.hash or GENESIS) != last:
        raise ChainBroken(f"the log ends at event {count}, its head says {head.sequence}", sequence=count + 1)
    return count, last
