"""Later readings of stored transcripts, and the interviews that can be read again."""

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.adoption import AdoptionRow
from orchestrator.db.models.interview import InterviewRow, RubricRow, TurnRow
from orchestrator.db.models.rescoring import RescoringRow
from orchestrator.db.models.scoring import CaseKind, CaseRow, CaseState, DecisionRow, ResultRow, ScorecardRow
from orchestrator.domain.interview import InterviewState

READ_AGAIN = (InterviewState.IN_REVIEW, InterviewState.FINAL)
"""Whoever withdrew, asked for a person or was closed unscored is not read again."""


async def readable(session: AsyncSession, *, program: str) -> Sequence[uuid.UUID]:
    """Interviews of a program that have a scorecard and whose words are still held, the oldest first."""
    statement = (
        sa.select(InterviewRow.id)
        .where(
            InterviewRow.program_key == program,
            InterviewRow.state.in_(READ_AGAIN),
            sa.exists().where(ScorecardRow.interview_id == InterviewRow.id),
            sa.exists().where(TurnRow.interview_id == InterviewRow.id),
        )
        .order_by(InterviewRow.created_at, InterviewRow.id)
    )
    return (await session.scalars(statement)).all()


async def of_interview(session: AsyncSession, interview_id: uuid.UUID) -> Sequence[RescoringRow]:
    """Every later reading of an interview, the newest first."""
    statement = (
        sa.select(RescoringRow)
        .where(RescoringRow.interview_id == interview_id)
        .order_by(RescoringRow.made_at.desc(), RescoringRow.id.desc())
    )
    return (await session.scalars(statement)).all()


async def snapshot_of(session: AsyncSession, content_hash: str) -> bytes | None:
    """The stored rubric with this content hash; None where none was ever used."""
    statement = sa.select(RubricRow.content).where(RubricRow.content_hash == content_hash)
    return (await session.execute(statement)).scalar_one_or_none()


async def forget_words(session: AsyncSession, interview_id: uuid.UUID) -> None:
    """Remove the candidate's words from every later reading; levels stay, as in scorecards."""
    for row in await session.scalars(sa.select(RescoringRow).where(RescoringRow.interview_id == interview_id)):
        scores = tuple(structs.replace(score, evidence=(), rationale="") for score in row.card.scores)
        row.card = structs.replace(row.card, scores=scores)


async def adoptions(session: AsyncSession, interview_id: uuid.UUID) -> Sequence[AdoptionRow]:
    """Every choice to use a later reading of an interview, the newest first."""
    rows = await session.scalars(
        sa.select(AdoptionRow)
        .where(AdoptionRow.interview_id == interview_id)
        .order_by(AdoptionRow.decided_at.desc(), AdoptionRow.id.desc())
        # As they are now, not as this transaction may have read them before it had the interview's lock.
        .execution_options(populate_existing=True)
    )
    return rows.all()


async def has_result(session: AsyncSession, interview_id: uuid.UUID) -> bool:
    """Whether an interview has a result."""
    found = sa.select(sa.exists().where(ResultRow.interview_id == interview_id))
    return bool((await session.execute(found)).scalar())


async def open_case(session: AsyncSession, interview_id: uuid.UUID, *, lock: bool = False) -> CaseRow | None:
    """The open case about the result of an interview."""
    statement = sa.select(CaseRow).where(
        CaseRow.interview_id == interview_id, CaseRow.state == CaseState.OPEN, CaseRow.kind == CaseKind.RESULT
    )
    return (await session.scalars(statement.with_for_update() if lock else statement)).one_or_none()


async def standing_decision(session: AsyncSession, interview_id: uuid.UUID) -> DecisionRow | None:
    """What a person decided last about the result of an interview."""
    rows = await session.scalars(
        sa.select(DecisionRow)
        .where(DecisionRow.interview_id == interview_id, DecisionRow.scorecard_id.is_not(None))
        .order_by(DecisionRow.decided_at.desc(), DecisionRow.id.desc())
        .limit(1)
    )
    return rows.one_or_none()
