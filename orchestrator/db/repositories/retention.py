"""What has been kept long enough."""

import uuid
from collections.abc import Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.interview import DraftRow, InterviewRow, TransitionRow, TurnRow
from orchestrator.db.models.scoring import CaseRow, ResultRow, ScorecardRow
from orchestrator.db.repositories import interviews
from orchestrator.domain.interview import TERMINAL, Close, InterviewState, allowed

BATCH = 500
_CLOSABLE = [state for state in InterviewState if allowed(state, Close())]


async def waiting_since(session: AsyncSession, before: datetime) -> Sequence[uuid.UUID]:
    """Interviews that could be closed and took their last step before."""
    last = (
        sa.select(sa.func.max(TransitionRow.at)).where(TransitionRow.interview_id == InterviewRow.id).scalar_subquery()
    )
    statement = sa.select(InterviewRow.id).where(InterviewRow.state.in_(_CLOSABLE), last < before).limit(BATCH)
    return (await session.scalars(statement)).all()


async def locked(session: AsyncSession, interview_id: uuid.UUID) -> InterviewRow | None:
    """An interview, locked until the transaction ends."""
    return await interviews.by_id(session, interview_id, lock=True)


async def transcripts_due(session: AsyncSession, before: datetime) -> Sequence[uuid.UUID]:
    """Ended interviews whose words are still held and that ended before."""
    held = sa.or_(
        sa.exists().where(TurnRow.interview_id == InterviewRow.id),
        sa.exists().where(DraftRow.interview_id == InterviewRow.id),
    )
    statement = (
        sa.select(InterviewRow.id)
        .where(InterviewRow.state.in_(list(TERMINAL)), InterviewRow.finished_at < before, held)
        .limit(BATCH)
    )
    return (await session.scalars(statement)).all()


async def forget_words(session: AsyncSession, interview_id: uuid.UUID) -> None:
    """Remove every word that the candidate said: turns, drafts, messages, and the quotes inside scores and results."""
    await session.execute(sa.delete(TurnRow).where(TurnRow.interview_id == interview_id))
    await session.execute(sa.delete(DraftRow).where(DraftRow.interview_id == interview_id))
    await session.execute(sa.update(CaseRow).where(CaseRow.interview_id == interview_id).values(message=None))
    for card in await session.scalars(sa.select(ScorecardRow).where(ScorecardRow.interview_id == interview_id)):
        scores = tuple(msgspec.structs.replace(score, evidence=(), rationale="") for score in card.card.scores)
        card.card = msgspec.structs.replace(card.card, scores=scores)
    for result in await session.scalars(sa.select(ResultRow).where(ResultRow.interview_id == interview_id)):
        result.result = msgspec.structs.replace(result.result, bullets=())
