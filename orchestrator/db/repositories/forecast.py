"""Interviews of one rubric version as a grader and people rated them, for forecasting how much review it makes."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.calibration import (
    CalibrationAgreedRow,
    CalibrationItemRow,
    CalibrationRatingRow,
    CalibrationSessionRow,
)
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.scoring import ScorecardRow
from orchestrator.domain.calibration import SessionState
from orchestrator.domain.forecast import Graded
from orchestrator.domain.scoring import Rater

NEWEST = 2000
"""As many interviews are enough for an interval of two hundredths to each side."""


class RatedByBoth(NamedTuple):
    """One interview of a calibration session: who graded it, the machine's levels, and people's by competency."""

    rater: Rater
    machine: Mapping[str, float | None]
    people: Mapping[str, Sequence[int]]


async def graded_with(session: AsyncSession, rubric_hash: str, *, limit: int = NEWEST) -> Sequence[Graded]:
    """The newest scorecard of each interview with this very rubric, the newest interviews first."""
    newest = (
        sa.select(ScorecardRow.interview_id, sa.func.max(ScorecardRow.revision).label("revision"))
        .join(InterviewRow, InterviewRow.id == ScorecardRow.interview_id)
        .where(InterviewRow.rubric_hash == rubric_hash)
        .group_by(ScorecardRow.interview_id)
        .subquery()
    )
    rows = await session.scalars(
        sa.select(ScorecardRow)
        .join(
            newest,
            sa.and_(
                ScorecardRow.interview_id == newest.c.interview_id,
                ScorecardRow.revision == newest.c.revision,
            ),
        )
        .order_by(ScorecardRow.created_at.desc(), ScorecardRow.id)
        .limit(limit)
    )
    return [Graded(row.card, tuple(row.reasons)) for row in rows]


async def rated_by_both(session: AsyncSession, rubric_hash: str) -> Sequence[RatedByBoth]:
    """The interviews of revealed and closed sessions under this rubric; what was agreed stands in place of the ratings.

    An interview that is gone, or was in an earlier session, counts no further time.
    """
    rows = await session.scalars(
        sa.select(CalibrationItemRow)
        .join(CalibrationSessionRow, CalibrationSessionRow.id == CalibrationItemRow.session_id)
        .where(
            CalibrationSessionRow.rubric_hash == rubric_hash,
            CalibrationSessionRow.state != SessionState.RATING,
            CalibrationItemRow.interview_id.is_not(None),
        )
        .order_by(CalibrationSessionRow.created_at, CalibrationItemRow.position)
    )
    items = {row.interview_id: row for row in rows if row.interview_id is not None and row.machine is not None}
    raters = await _raters(session, list(items))
    people = await _people(session, [row.id for row in items.values()])
    return [
        RatedByBoth(raters[interview_id], row.machine or {}, people.get(row.id, {}))
        for interview_id, row in items.items()
        if interview_id in raters
    ]


async def _raters(session: AsyncSession, interview_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Rater]:
    """Who made the newest scorecard of each interview."""
    rows = await session.scalars(
        sa.select(ScorecardRow).where(ScorecardRow.interview_id.in_(interview_ids)).order_by(ScorecardRow.revision)
    )
    return {row.interview_id: row.card.rater for row in rows}


async def _people(
    session: AsyncSession, item_ids: Sequence[uuid.UUID]
) -> Mapping[uuid.UUID, Mapping[str, Sequence[int]]]:
    """Levels of people by item and competency."""
    found: dict[uuid.UUID, dict[str, list[int]]] = defaultdict(dict)
    ratings = await session.scalars(sa.select(CalibrationRatingRow).where(CalibrationRatingRow.item_id.in_(item_ids)))
    for rating in ratings:
        if rating.level is not None:
            found[rating.item_id].setdefault(rating.competency, []).append(rating.level)
    agreed = await session.scalars(sa.select(CalibrationAgreedRow).where(CalibrationAgreedRow.item_id.in_(item_ids)))
    for one in agreed:
        found[one.item_id][one.competency] = [] if one.level is None else [one.level]
    return found
