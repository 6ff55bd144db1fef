"""What the demo and the tests read back from a database with one interview."""

import uuid

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.scoring import ResultRow
from orchestrator.domain.result import Result


async def only_interview_with_result(session: AsyncSession) -> tuple[uuid.UUID, Result]:
    """The only interview that has a result, and the result."""
    row = (await session.scalars(sa.select(ResultRow))).one()
    return row.interview_id, row.result
