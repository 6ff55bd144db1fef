"""What came in otherwise than it should, in sentences for the operations page."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.repositories import absences, drift
from orchestrator.domain.drift import REPORTED, span


async def watch_troubles(session: AsyncSession, *, now: datetime) -> list[str]:
    """Applications in interview that an ATS shows no more, then moves that only polling found; none on a good day."""
    told = [
        f"{key} has not shown {missed.count} application{_s(missed.count)} with an open interview for "
        f"{span((now - missed.since).total_seconds())}: check permissions there; the interviews go on"
        for key, missed in sorted((await absences.missed(session)).items())
    ]
    found = await drift.since(session, (now - REPORTED).date())
    return told + [
        f"{key} did not tell of {one.moves} move{_s(one.moves)} in {REPORTED.days} days; polling found "
        f"{'it' if one.moves == 1 else 'them'}{_late(one.lag_average)}: look at its webhook"
        for key, one in sorted(found.items())
    ]


def _late(average: float | None) -> str:
    return "" if average is None else f", {span(average)} late on average"


def _s(count: int) -> str:
    return "" if count == 1 else "s"
