"""What has been kept long enough."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.contract.model import FieldValue
from orchestrator.db.models.adoption import AdoptionRow
from orchestrator.db.models.interview import DraftRow, InterviewRow, TransitionRow, TurnRow
from orchestrator.db.models.reopening import ReopeningRow
from orchestrator.db.models.scoring import (
    CaseRow,
    DecisionRow,
    DecisionVerdict,
    HeldDecisionRow,
    HeldState,
    ResultRow,
    ScorecardRow,
)
from orchestrator.db.models.writeback import OwnedFieldRow, WriteBackRow
from orchestrator.db.repositories import calibration, follow_ups, interviews, reopenings, rescorings
from orchestrator.db.repositories.writebacks import fingerprint
from orchestrator.domain.interview import TERMINAL, Close, InterviewState, allowed

BATCH = 500
_CLOSABLE = [state for state in InterviewState if allowed(state, Close())]


async def waiting_since(
    session: AsyncSession, before: datetime, *, only: uuid.UUID | None = None
) -> Sequence[uuid.UUID]:
    """Interviews that could be closed and took their last step before; ``only`` asks about one of them.

    Where a person's decision or choice of a later reading is held, its time is about to pass: that decision counts.
    """
    last = (
        sa.select(sa.func.max(TransitionRow.at)).where(TransitionRow.interview_id == InterviewRow.id).scalar_subquery()
    )
    held = sa.or_(
        sa.exists().where(HeldDecisionRow.interview_id == InterviewRow.id, HeldDecisionRow.state == HeldState.HELD),
        sa.exists().where(ReopeningRow.interview_id == InterviewRow.id, ReopeningRow.state == HeldState.HELD),
        sa.exists().where(AdoptionRow.interview_id == InterviewRow.id, AdoptionRow.state == HeldState.HELD),
    )
    statement = sa.select(InterviewRow.id).where(InterviewRow.state.in_(_CLOSABLE), last < before, ~held).limit(BATCH)
    if only is not None:
        statement = statement.where(InterviewRow.id == only)
    return (await session.scalars(statement)).all()


async def locked(session: AsyncSession, interview_id: uuid.UUID) -> InterviewRow | None:
    """An interview, locked until the transaction ends."""
    return await interviews.by_id(session, interview_id, lock=True)


async def transcripts_due(session: AsyncSession, before: datetime) -> Sequence[uuid.UUID]:
    """Ended interviews that ended before and of whose candidates we still hold words."""
    held = sa.or_(
        sa.exists().where(TurnRow.interview_id == InterviewRow.id),
        sa.exists().where(DraftRow.interview_id == InterviewRow.id),
        sa.exists().where(CaseRow.interview_id == InterviewRow.id, CaseRow.message.is_not(None)),
        sa.exists().where(ReopeningRow.interview_id == InterviewRow.id, ReopeningRow.answers.is_not(None)),
    )
    statement = (
        sa.select(InterviewRow.id)
        .where(InterviewRow.state.in_(list(TERMINAL)), InterviewRow.finished_at < before, held)
        .limit(BATCH)
    )
    return (await session.scalars(statement)).all()


async def forget_words(session: AsyncSession, interview_id: uuid.UUID) -> None:
    """Remove every word that the candidate said: turns, drafts, messages, and quotes in scores, results, write-backs."""
    await session.execute(sa.delete(TurnRow).where(TurnRow.interview_id == interview_id))
    await session.execute(sa.delete(DraftRow).where(DraftRow.interview_id == interview_id))
    await follow_ups.forget(session, interview_id)
    await calibration.forget_notes(session, interview_id)
    await rescorings.forget_words(session, interview_id)
    await reopenings.forget_words(session, interview_id)
    await session.execute(sa.update(CaseRow).where(CaseRow.interview_id == interview_id).values(message=None))
    # What was agreed about an adjustment says something about the candidate; why a band was chosen does not.
    private = DecisionRow.verdict.in_((DecisionVerdict.CONTINUE, DecisionVerdict.HAND_OVER))
    await session.execute(
        sa.update(DecisionRow).where(DecisionRow.interview_id == interview_id, private).values(reason="")
    )
    for card in await session.scalars(sa.select(ScorecardRow).where(ScorecardRow.interview_id == interview_id)):
        scores = tuple(msgspec.structs.replace(score, evidence=(), rationale="") for score in card.card.scores)
        card.card = msgspec.structs.replace(card.card, scores=scores)
    quotes: set[str] = set()
    for result in await session.scalars(sa.select(ResultRow).where(ResultRow.interview_id == interview_id)):
        quotes.update(bullet.quote for bullet in result.result.bullets)
        result.result = msgspec.structs.replace(result.result, bullets=())
    await _forget_written(session, interview_id, quotes)


async def _forget_written(session: AsyncSession, interview_id: uuid.UUID, quotes: Collection[str]) -> None:
    """Remove quotes from our copies of what was written back; of a field that is ours, a fingerprint stays."""
    applications: set[uuid.UUID] = set()
    for written in await session.scalars(sa.select(WriteBackRow).where(WriteBackRow.interview_id == interview_id)):
        applications.add(written.application_id)
        written.fields = {key: value for key, value in written.fields.items() if not _quotes(value, quotes)}
        written.note = None
    for owned in await session.scalars(sa.select(OwnedFieldRow).where(OwnedFieldRow.application_id.in_(applications))):
        if _quotes(owned.value, quotes):
            owned.value = fingerprint(owned.value)


def _quotes(value: FieldValue, quotes: Collection[str]) -> bool:
    return isinstance(value, str) and any(quote in value for quote in quotes)
