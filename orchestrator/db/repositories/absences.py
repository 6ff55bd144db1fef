"""Applications with an open interview that the ATS says are not there, and when each is looked for again."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.application import ApplicationRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.watching import AbsenceRow
from orchestrator.db.repositories.intake import insert
from orchestrator.domain.interview import TERMINAL, InterviewState

_ENDED = [*TERMINAL, InterviewState.EXPIRED]
_OPEN = sa.exists().where(InterviewRow.application_id == ApplicationRow.id, InterviewRow.state.not_in(_ENDED))
_STILL = ApplicationRow.seen_at <= AbsenceRow.looked_at
_SEEN_SINCE = sa.exists().where(
    ApplicationRow.id == AbsenceRow.application_id, ApplicationRow.seen_at > AbsenceRow.looked_at
)


class Absent(Struct, frozen=True):
    """An application that is to be looked for again."""

    application_id: uuid.UUID
    external_id: str


class Missed(Struct, frozen=True):
    """How many applications of a connection are out of sight, and since when the first is."""

    count: int
    since: datetime


async def in_interview(session: AsyncSession, *, connection: str, external_id: str) -> uuid.UUID | None:
    """Our id of an application that has an open interview."""
    return await session.scalar(
        sa.select(ApplicationRow.id).where(
            ApplicationRow.connection == connection, ApplicationRow.external_id == external_id, _OPEN
        )
    )


async def since(session: AsyncSession, application_id: uuid.UUID) -> datetime | None:
    """Since when an application is out of sight; None where it was seen since, or never missed."""
    found = sa.select(AbsenceRow.since).where(AbsenceRow.application_id == application_id, ~_SEEN_SINCE)
    return await session.scalar(found)


async def note(
    session: AsyncSession, *, application_id: uuid.UUID, connection: str, since: datetime, at: datetime, wait: timedelta
) -> None:
    """Remember that an application is out of sight, and when to look again."""
    values = {"since": since, "looked_at": at, "look_again_at": at + wait}
    statement = insert(session, AbsenceRow).values(application_id=application_id, connection=connection, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=["application_id"], set_=values))


async def due(session: AsyncSession, *, connection: str, at: datetime, limit: int) -> Sequence[Absent]:
    """Whose turn it is, the longest waiting first; locked, less those that somebody else holds just now."""
    found = await session.execute(
        sa.select(AbsenceRow.application_id, ApplicationRow.external_id)
        .join(ApplicationRow, ApplicationRow.id == AbsenceRow.application_id)
        .where(AbsenceRow.connection == connection, AbsenceRow.look_again_at <= at, _STILL, _OPEN)
        .order_by(AbsenceRow.look_again_at)
        .limit(limit)
        .with_for_update(of=AbsenceRow, skip_locked=True)
    )
    return [Absent(*row) for row in found]


async def put_off(session: AsyncSession, absent: Sequence[Absent], *, until: datetime) -> None:
    """Look for these again not before then, whatever comes of the look that is under way."""
    ids = [one.application_id for one in absent]
    await session.execute(sa.update(AbsenceRow).where(AbsenceRow.application_id.in_(ids)).values(look_again_at=until))


async def clear(session: AsyncSession, *, connection: str) -> Sequence[uuid.UUID]:
    """Forget those that were seen again or whose interviews have ended; returns which. Who is held is for the next time."""
    still = sa.exists().where(ApplicationRow.id == AbsenceRow.application_id, _OPEN)
    over = (
        sa.select(AbsenceRow.application_id)
        .where(AbsenceRow.connection == connection, sa.or_(_SEEN_SINCE, ~still))
        .with_for_update(skip_locked=True)
    )
    statement = (
        sa.delete(AbsenceRow)
        .where(AbsenceRow.application_id.in_(over))
        .returning(AbsenceRow.application_id)
        .execution_options(synchronize_session=False)
    )
    return (await session.scalars(statement)).all()


async def missed(session: AsyncSession) -> Mapping[str, Missed]:
    """Those that are out of sight, by connection."""
    found = await session.execute(
        sa.select(AbsenceRow.connection, sa.func.count(), sa.func.min(AbsenceRow.since))
        .join(ApplicationRow, ApplicationRow.id == AbsenceRow.application_id)
        .where(_STILL, _OPEN)
        .group_by(AbsenceRow.connection)
    )
    return {connection: Missed(count, first) for connection, count, first in found}
