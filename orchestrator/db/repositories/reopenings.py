"""Candidates who were asked again, with what they had handed in until then."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.application import ApplicationRow, CandidateRow
from orchestrator.db.models.follow_up import FollowUpRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.reopening import ReopeningRow
from orchestrator.db.models.scoring import CaseRow, CaseState, HeldState, ScorecardRow

STANDS = (HeldState.HELD, HeldState.FINAL)


class Reopened(NamedTuple):
    """What somebody can still take back, with whom it is about."""

    case_id: uuid.UUID
    first_name: str
    last_name: str
    asked_at: datetime
    final_at: datetime


async def of_interview(session: AsyncSession, interview_id: uuid.UUID) -> ReopeningRow | None:
    """The one that stands: its candidate is or was asked again."""
    rows = await session.scalars(
        sa.select(ReopeningRow).where(ReopeningRow.interview_id == interview_id, ReopeningRow.state.in_(STANDS))
    )
    return rows.one_or_none()


async def held_in(session: AsyncSession, case_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of these cases that are about to end because the candidate is asked again."""
    rows = await session.scalars(
        sa.select(ReopeningRow.case_id).where(ReopeningRow.case_id.in_(case_ids), ReopeningRow.state == HeldState.HELD)
    )
    return set(rows)


async def held_by(session: AsyncSession, account_id: uuid.UUID) -> Sequence[Reopened]:
    """What somebody can still take back, the newest first."""
    rows = await session.execute(
        sa.select(
            ReopeningRow.case_id,
            CandidateRow.first_name,
            CandidateRow.last_name,
            ReopeningRow.asked_at,
            ReopeningRow.final_at,
        )
        .join(CaseRow, CaseRow.id == ReopeningRow.case_id)
        .join(InterviewRow, InterviewRow.id == ReopeningRow.interview_id)
        .join(ApplicationRow, ApplicationRow.id == InterviewRow.application_id)
        .join(CandidateRow, CandidateRow.id == ApplicationRow.candidate_id)
        .where(
            ReopeningRow.actor_id == account_id,
            ReopeningRow.state == HeldState.HELD,
            CaseRow.state == CaseState.OPEN,
        )
        .order_by(ReopeningRow.asked_at.desc())
    )
    return [Reopened(*row) for row in rows]


async def scorecard_at(session: AsyncSession, interview_id: uuid.UUID, round_: int) -> ScorecardRow | None:
    """What was made of one attempt."""
    rows = await session.scalars(
        sa.select(ScorecardRow).where(ScorecardRow.interview_id == interview_id, ScorecardRow.revision == round_)
    )
    return rows.one_or_none()


async def ask_follow_ups_anew(session: AsyncSession, interview_id: uuid.UUID) -> None:
    """Forget where it was decided to ask no more: that was because of answers which are given anew.

    What was asked stays, with its answer.
    """
    await session.execute(
        sa.delete(FollowUpRow).where(FollowUpRow.interview_id == interview_id, FollowUpRow.probe_id.is_(None))
    )


async def forget_words(session: AsyncSession, interview_id: uuid.UUID) -> None:
    """Remove what was handed in the first time."""
    await session.execute(sa.update(ReopeningRow).where(ReopeningRow.interview_id == interview_id).values(answers=None))
