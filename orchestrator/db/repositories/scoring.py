"""Scorecards, review cases, decisions and results."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from orchestrator.db.models.application import ApplicationRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.scoring import (
    CaseKind,
    CaseRow,
    CaseState,
    DecisionRow,
    HeldDecisionRow,
    ResultRow,
    ScorecardRow,
)
from orchestrator.db.repositories import review_desk
from orchestrator.domain.result import Result


class QueueRow(NamedTuple):
    """A case with its interview and the newest scorecard."""

    case: CaseRow
    interview: InterviewRow


async def drop_open_cases(session: AsyncSession, interview_id: uuid.UUID, *, at: datetime) -> Sequence[HeldDecisionRow]:
    """Take every open case of an interview out of the queue, with what was chosen for it and is not final: returned."""
    dropped = await review_desk.drop_live(session, interview_id, at=at)
    await session.execute(
        sa.update(CaseRow)
        .where(CaseRow.interview_id == interview_id, CaseRow.state == CaseState.OPEN)
        .values(state=CaseState.DROPPED, closed_at=at)
    )
    return dropped


async def latest_scorecard(session: AsyncSession, interview_id: uuid.UUID) -> ScorecardRow | None:
    """The newest scorecard of an interview."""
    return (
        await session.scalars(
            sa.select(ScorecardRow)
            .where(ScorecardRow.interview_id == interview_id)
            .order_by(ScorecardRow.revision.desc())
            .limit(1)
        )
    ).one_or_none()


async def latest_result(session: AsyncSession, interview_id: uuid.UUID) -> Result:
    """The newest result of an interview that has one."""
    row = (
        await session.scalars(
            sa.select(ResultRow)
            .where(ResultRow.interview_id == interview_id)
            .order_by(ResultRow.revision.desc())
            .limit(1)
        )
    ).one()
    return row.result


async def result_at(session: AsyncSession, interview_id: uuid.UUID, *, at: datetime) -> Result | None:
    """The result that an interview had then, if it had one."""
    row = (
        await session.scalars(
            sa.select(ResultRow)
            .where(ResultRow.interview_id == interview_id, ResultRow.created_at <= at)
            .order_by(ResultRow.revision.desc())
            .limit(1)
        )
    ).one_or_none()
    return None if row is None else row.result


async def only_result(session: AsyncSession) -> ResultRow:
    """The result of a database that holds exactly one, such as the demo's."""
    return (await session.scalars(sa.select(ResultRow))).one()


async def result_by_ref(session: AsyncSession, audit_ref: str) -> ResultRow | None:
    """The result that an audit reference names."""
    return (await session.scalars(sa.select(ResultRow).where(ResultRow.audit_ref == audit_ref))).one_or_none()


async def case_by_id(session: AsyncSession, case_id: uuid.UUID, *, lock: bool = False) -> CaseRow | None:
    """A review case."""
    statement = sa.select(CaseRow).where(CaseRow.id == case_id)
    return (await session.scalars(statement.with_for_update() if lock else statement)).one_or_none()


async def case_of_result(session: AsyncSession, result: ResultRow) -> CaseRow | None:
    """The decided case behind a result, else the newest of its interview; what was agreed about a request is private."""
    about_it = sa.case((DecisionRow.scorecard_id == result.scorecard_id, 1), else_=0)
    return (
        await session.scalars(
            sa.select(CaseRow)
            .outerjoin(DecisionRow, DecisionRow.case_id == CaseRow.id)
            .where(
                CaseRow.interview_id == result.interview_id,
                CaseRow.state == CaseState.DECIDED,
                CaseRow.kind == CaseKind.RESULT,
            )
            .order_by(about_it.desc(), CaseRow.opened_at.desc())
            .limit(1)
        )
    ).one_or_none()


async def decision_of(session: AsyncSession, case_id: uuid.UUID) -> DecisionRow | None:
    """What a person decided about a case."""
    return (await session.scalars(sa.select(DecisionRow).where(DecisionRow.case_id == case_id))).one_or_none()


async def open_cases(session: AsyncSession) -> Sequence[QueueRow]:
    """The review queue: who waits longest first."""
    rows = await session.execute(
        sa.select(CaseRow, InterviewRow)
        .join(InterviewRow, InterviewRow.id == CaseRow.interview_id)
        .where(CaseRow.state == CaseState.OPEN)
        .order_by(CaseRow.opened_at, CaseRow.id)
        .options(joinedload(InterviewRow.application).joinedload(ApplicationRow.candidate))
    )
    return [QueueRow(case, interview) for case, interview in rows]


async def scorecards_of(session: AsyncSession, interview_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, ScorecardRow]:
    """The newest scorecard of each interview."""
    rows = await session.scalars(
        sa.select(ScorecardRow).where(ScorecardRow.interview_id.in_(interview_ids)).order_by(ScorecardRow.revision)
    )
    return {row.interview_id: row for row in rows}
