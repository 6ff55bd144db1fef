"""Choices to use a later reading that are not final yet: while there is one, nothing else is decided about the interview."""

import uuid
from collections.abc import Collection, Mapping

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.adoption import AdoptionRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.scoring import CaseKind, CaseRow, HeldState


async def live(session: AsyncSession, interview_id: uuid.UUID) -> AdoptionRow | None:
    """The choice that is held or waits for a second person; one that a later step of the interview overtook is none."""
    return (await live_in(session, [interview_id])).get(interview_id)


async def live_in(session: AsyncSession, interview_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, AdoptionRow]:
    """The same for many interviews; what is held goes before what waits."""
    rows = await session.scalars(
        sa.select(AdoptionRow)
        .join(InterviewRow, InterviewRow.id == AdoptionRow.interview_id)
        .where(
            AdoptionRow.interview_id.in_(interview_ids),
            AdoptionRow.state.in_((HeldState.HELD, HeldState.WAITING)),
            AdoptionRow.interview_version == InterviewRow.version,
        )
        .order_by(sa.case((AdoptionRow.state == HeldState.HELD, 1), else_=0))
        # As they are now, not as this transaction may have read them before it had the interview's lock.
        .execution_options(populate_existing=True)
    )
    return {row.interview_id: row for row in rows}


def decides_case() -> sa.ColumnElement[bool]:
    """Whether a held choice is about to decide the case that the enclosing query reads."""
    return sa.exists().where(
        AdoptionRow.interview_id == CaseRow.interview_id,
        AdoptionRow.state == HeldState.HELD,
        InterviewRow.id == AdoptionRow.interview_id,
        InterviewRow.version == AdoptionRow.interview_version,
        CaseRow.kind == CaseKind.RESULT,
    )
