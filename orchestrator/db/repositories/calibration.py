"""Calibration sessions, their items, raters and ratings, and what could become an item."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from orchestrator.db.models.account import AccountRow
from orchestrator.db.models.calibration import (
    CalibrationAgreedRow,
    CalibrationItemRow,
    CalibrationRaterRow,
    CalibrationRatingRow,
    CalibrationSessionRow,
)
from orchestrator.db.models.interview import InterviewRow, RubricRow, TurnRow
from orchestrator.db.models.scoring import ScorecardRow
from orchestrator.db.repositories.intake import insert
from orchestrator.domain.calibration import SessionState
from orchestrator.domain.interview import InterviewState


class RubricUsed(NamedTuple):
    """A rubric version by its hash; ``interviews`` counts those that have ended and whose answers are still there."""

    content_hash: str
    rubric_id: str
    version: str
    interviews: int


def _ended_with_answers() -> sa.ColumnElement[bool]:
    return sa.and_(
        InterviewRow.state == InterviewState.FINAL, sa.exists().where(TurnRow.interview_id == InterviewRow.id)
    )


async def rubrics_used(session: AsyncSession) -> Sequence[RubricUsed]:
    """Rubrics of interviews that can be items, the most used first."""
    count = sa.func.count(InterviewRow.id)
    rows = await session.execute(
        sa.select(RubricRow.content_hash, RubricRow.rubric_id, RubricRow.version, count)
        .join(InterviewRow, InterviewRow.rubric_hash == RubricRow.content_hash)
        .where(_ended_with_answers())
        .group_by(RubricRow.content_hash, RubricRow.rubric_id, RubricRow.version)
        .order_by(count.desc(), RubricRow.rubric_id)
    )
    return [RubricUsed(*row) for row in rows]


async def rubric_content(session: AsyncSession, content_hash: str) -> bytes | None:
    """A stored rubric; None for an unknown hash."""
    return await session.scalar(sa.select(RubricRow.content).where(RubricRow.content_hash == content_hash))


async def rubric_contents(session: AsyncSession, hashes: Collection[str]) -> dict[str, bytes]:
    """Stored rubrics by their hashes; an unknown hash is left out."""
    statement = sa.select(RubricRow.content_hash, RubricRow.content).where(RubricRow.content_hash.in_(hashes))
    return {row.content_hash: row.content for row in await session.execute(statement)}


async def interviews_to_rate(session: AsyncSession, content_hash: str, *, limit: int) -> Sequence[InterviewRow]:
    """Interviews under a rubric that have ended and whose answers are still there, newest first, with their jobs."""
    rows = await session.scalars(
        sa.select(InterviewRow)
        .where(InterviewRow.rubric_hash == content_hash, _ended_with_answers())
        .order_by(InterviewRow.finished_at.desc(), InterviewRow.id)
        .limit(limit)
        .options(joinedload(InterviewRow.application))
    )
    return rows.all()


async def rateable(session: AsyncSession, content_hash: str, ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of some interviews that can be items of a session under this rubric."""
    rows = await session.scalars(
        sa.select(InterviewRow.id).where(
            InterviewRow.id.in_(ids), InterviewRow.rubric_hash == content_hash, _ended_with_answers()
        )
    )
    return set(rows)


async def with_answers(session: AsyncSession, ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of some interviews whose answers are still there."""
    return set(await session.scalars(sa.select(TurnRow.interview_id).where(TurnRow.interview_id.in_(ids)).distinct()))


async def accounts(session: AsyncSession) -> Sequence[AccountRow]:
    """Accounts that are not disabled, by name."""
    rows = await session.scalars(
        sa.select(AccountRow).where(AccountRow.disabled_at.is_(None)).order_by(AccountRow.name, AccountRow.id)
    )
    return rows.all()


async def sessions(session: AsyncSession, *, limit: int) -> Sequence[CalibrationSessionRow]:
    """The newest sessions, newest first."""
    rows = await session.scalars(
        sa.select(CalibrationSessionRow)
        .order_by(CalibrationSessionRow.created_at.desc(), CalibrationSessionRow.id.desc())
        .limit(limit)
    )
    return rows.all()


async def by_id(session: AsyncSession, session_id: uuid.UUID, *, lock: bool = False) -> CalibrationSessionRow | None:
    """A session; ``lock`` holds it until the transaction ends: every writer takes it before anything of the session."""
    statement = sa.select(CalibrationSessionRow).where(CalibrationSessionRow.id == session_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(statement)).one_or_none()


async def items(session: AsyncSession, session_ids: Collection[uuid.UUID]) -> Sequence[CalibrationItemRow]:
    """The items of some sessions, in order."""
    rows = await session.scalars(
        sa.select(CalibrationItemRow)
        .where(CalibrationItemRow.session_id.in_(session_ids))
        .order_by(CalibrationItemRow.session_id, CalibrationItemRow.position)
    )
    return rows.all()


async def raters(session: AsyncSession, session_ids: Collection[uuid.UUID]) -> Sequence[CalibrationRaterRow]:
    """The raters of some sessions, by name."""
    rows = await session.scalars(
        sa.select(CalibrationRaterRow)
        .where(CalibrationRaterRow.session_id.in_(session_ids))
        .order_by(CalibrationRaterRow.session_id, CalibrationRaterRow.name, CalibrationRaterRow.account_id)
    )
    return rows.all()


async def ratings(
    session: AsyncSession, session_ids: Collection[uuid.UUID], *, of: uuid.UUID | None = None
) -> Sequence[CalibrationRatingRow]:
    """Ratings of some sessions; ``of`` gives one rater's only."""
    mine = sa.select(CalibrationItemRow.id).where(CalibrationItemRow.session_id.in_(session_ids))
    statement = sa.select(CalibrationRatingRow).where(CalibrationRatingRow.item_id.in_(mine))
    if of is not None:
        statement = statement.where(CalibrationRatingRow.account_id == of)
    return (await session.scalars(statement.order_by(CalibrationRatingRow.account_id))).all()


async def agreed(session: AsyncSession, session_id: uuid.UUID) -> Sequence[CalibrationAgreedRow]:
    """What was agreed in a session."""
    mine = sa.select(CalibrationItemRow.id).where(CalibrationItemRow.session_id == session_id)
    rows = await session.scalars(sa.select(CalibrationAgreedRow).where(CalibrationAgreedRow.item_id.in_(mine)))
    return rows.all()


async def keep_rating(session: AsyncSession, row: Mapping[str, object]) -> None:
    """Store a rating in place of the same rater's earlier one."""
    statement = insert(session, CalibrationRatingRow).values(**row)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["item_id", "account_id", "competency"],
            set_={key: row[key] for key in ("level", "note", "rated_at")},
        )
    )


async def keep_agreed(session: AsyncSession, row: Mapping[str, object]) -> None:
    """Store what was agreed in place of what was agreed before."""
    statement = insert(session, CalibrationAgreedRow).values(**row)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["item_id", "competency"],
            set_={key: row[key] for key in ("level", "note", "account_id", "agreed_at")},
        )
    )


async def machine_levels(session: AsyncSession, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, dict[str, float | None]]:
    """Levels by competency of the newest scorecard of some interviews."""
    rows = await session.scalars(
        sa.select(ScorecardRow).where(ScorecardRow.interview_id.in_(ids)).order_by(ScorecardRow.revision)
    )
    return {row.interview_id: {score.competency: score.level for score in row.card.scores} for row in rows}


async def earlier(
    session: AsyncSession, before: CalibrationSessionRow, account_ids: Collection[uuid.UUID], *, limit: int
) -> Sequence[CalibrationSessionRow]:
    """Sessions in which any of some accounts rated and that were revealed before this one, newest first."""
    took_part = sa.select(CalibrationRaterRow.session_id).where(CalibrationRaterRow.account_id.in_(account_ids))
    statement = sa.select(CalibrationSessionRow).where(
        CalibrationSessionRow.id != before.id,
        CalibrationSessionRow.id.in_(took_part),
        CalibrationSessionRow.state != SessionState.RATING,
    )
    if before.revealed_at is not None:
        statement = statement.where(CalibrationSessionRow.revealed_at < before.revealed_at)
    return (await session.scalars(statement.order_by(CalibrationSessionRow.revealed_at.desc()).limit(limit))).all()


async def forget_notes(session: AsyncSession, interview_id: uuid.UUID) -> None:
    """Empty every note about an interview, for it may repeat what the candidate said. Levels stay."""
    mine = sa.select(CalibrationItemRow.id).where(CalibrationItemRow.interview_id == interview_id)
    for table in (CalibrationRatingRow, CalibrationAgreedRow):
        await session.execute(sa.update(table).where(table.item_id.in_(mine), table.note != "").values(note=""))
