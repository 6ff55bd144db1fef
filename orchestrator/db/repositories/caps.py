"""How many interviews a program has started: counted for its cap, at a cost that does not grow with its history."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.interview import InterviewRow

SETTLED = timedelta(hours=1)
"""What was created longer ago is committed or never will be, whatever a process' clock says."""
MANY = 500
"""So many since the remembered moment are worth a newer one."""


class Started:
    """Counts what programs have started. One for each database and process.

    It remembers how many there were before a moment that is an hour past. No interview is ever deleted, nor is the
    moment of its creation changed, so that number stays true; only what came since is counted again.
    """

    def __init__(self, *, many: int = MANY) -> None:
        self._many = many
        self._before: dict[str, tuple[datetime, int]] = {}

    async def in_all(self, session: AsyncSession, program: str, *, most: int | None, now: datetime) -> int:
        """How many a program has started, counted up to ``most``: more than full it cannot be. 0 without a cap."""
        if most is None:
            return 0
        since, before = self._before.get(program, (None, 0))
        if before >= most:
            return most
        lately = await _count(session, program, since=since, most=most - before)
        moment = now - SETTLED
        # Decisions come in any order, and clocks are set back: what is remembered never ends earlier than before.
        if lately > self._many and (since is None or moment > since):
            older = await _count(session, program, since=since, until=moment)
            self._before[program] = (moment, before + older)
        return before + lately

    @staticmethod
    async def since(session: AsyncSession, program: str, moment: datetime, *, most: int | None) -> int:
        """How many a program has started since a moment, counted up to ``most``. 0 without a cap."""
        return 0 if most is None else await _count(session, program, since=moment, most=most)


async def _count(
    session: AsyncSession,
    program: str,
    *,
    since: datetime | None,
    until: datetime | None = None,
    most: int | None = None,
) -> int:
    ours = sa.select(sa.literal(1)).where(InterviewRow.program_key == program)
    if since is not None:
        ours = ours.where(InterviewRow.created_at >= since)
    if until is not None:
        ours = ours.where(InterviewRow.created_at < until)
    counted: int = (
        await session.execute(sa.select(sa.func.count()).select_from(ours.limit(most).subquery()))
    ).scalar_one()
    return counted
