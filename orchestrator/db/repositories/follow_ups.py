"""What was decided about follow-ups, by interview."""

import uuid
from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.follow_up import FollowUpRow
from orchestrator.db.repositories.intake import insert
from orchestrator.domain.followups import Decision


async def decided(session: AsyncSession, interview_id: uuid.UUID) -> Mapping[str, tuple[FollowUpRow, ...]]:
    """Decisions of an interview by question, in the order in which they were made."""
    rows = await session.scalars(
        sa.select(FollowUpRow).where(FollowUpRow.interview_id == interview_id).order_by(FollowUpRow.place)
    )
    found: dict[str, tuple[FollowUpRow, ...]] = {}
    for row in rows:
        found[row.question_id] = (*found.get(row.question_id, ()), row)
    return found


async def keep(
    session: AsyncSession, *, interview_id: uuid.UUID, question_id: str, place: int, decision: Decision, at: datetime
) -> bool:
    """Store a decision; False where this place of the question was decided before, which stays as it is."""
    kept = await session.execute(
        insert(session, FollowUpRow)
        .values(
            interview_id=interview_id,
            question_id=question_id,
            place=place,
            probe_id=decision.probe,
            reason=decision.reason,
            missing=decision.missing,
            decided_at=at,
        )
        .on_conflict_do_nothing(index_elements=["interview_id", "question_id", "place"])
        .returning(FollowUpRow.place)
    )
    return kept.scalar_one_or_none() is not None


async def forget(session: AsyncSession, interview_id: uuid.UUID) -> None:
    """Remove the decisions of an interview."""
    await session.execute(sa.delete(FollowUpRow).where(FollowUpRow.interview_id == interview_id))
