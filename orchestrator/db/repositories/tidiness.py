"""What the audit of an ATS asks of our own database. Reads only."""

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.application import ApplicationRow
from orchestrator.db.models.interview import ConsentRow, InterviewRow, TurnRow
from orchestrator.domain.interview import TERMINAL, InterviewState

_WENT_ON = (InterviewState.IN_PROGRESS, InterviewState.SUBMITTED, InterviewState.IN_REVIEW, InterviewState.FINAL)


async def without_consent(session: AsyncSession, connection: str) -> Sequence[str]:
    """External ids of applications whose interview went on although nobody agreed to the notice."""
    begun = sa.or_(InterviewRow.state.in_(_WENT_ON), sa.exists().where(TurnRow.interview_id == InterviewRow.id))
    agreed = sa.exists().where(ConsentRow.interview_id == InterviewRow.id)
    statement = (
        sa.select(ApplicationRow.external_id)
        .join(InterviewRow, InterviewRow.application_id == ApplicationRow.id)
        .where(ApplicationRow.connection == connection, begun, ~agreed)
        .distinct()
        .order_by(ApplicationRow.external_id)
    )
    return (await session.scalars(statement)).all()


async def stored(session: AsyncSession, connection: str, external_id: str) -> uuid.UUID | None:
    """Our row of an application."""
    statement = sa.select(ApplicationRow.id).where(
        ApplicationRow.connection == connection, ApplicationRow.external_id == external_id
    )
    return (await session.scalars(statement)).first()


async def interview_open(session: AsyncSession, connection: str, external_id: str) -> bool:
    """Whether an application has an interview that has not ended."""
    statement = (
        sa.select(sa.literal(1))
        .select_from(InterviewRow)
        .join(ApplicationRow, ApplicationRow.id == InterviewRow.application_id)
        .where(
            ApplicationRow.connection == connection,
            ApplicationRow.external_id == external_id,
            InterviewRow.state.not_in([*TERMINAL, InterviewState.EXPIRED]),
        )
        .limit(1)
    )
    return (await session.execute(statement)).first() is not None
