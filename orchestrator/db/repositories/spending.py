"""What gradings took that came to nothing, kept in the audit chain: it was paid for all the same."""

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from msgspec import convert
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.audit import AuditRow
from orchestrator.domain.scoring import Usage

FAILED = "system:interview:grading-failed"


async def spent_in_vain(session: AsyncSession, interview_id: uuid.UUID, *, round_: int) -> Sequence[Usage]:
    """What each failed grading of one round of an interview took, in order."""
    events = await session.scalars(
        sa.select(AuditRow.event)
        .where(AuditRow.subject == str(interview_id), AuditRow.tag == FAILED)
        .order_by(AuditRow.sequence)
    )
    return [convert(one.details["usage"], Usage) for one in events if one.details.get("round") == round_]
