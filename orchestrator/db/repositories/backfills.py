"""Backfills, and what they must know of an application before they invite anybody."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.contract.model import Application
from orchestrator.db.models.application import ApplicationRow, CandidateRow, StageEntryRow, TriggerDecisionRow
from orchestrator.db.models.backfill import BackfillApplicationRow, BackfillRow, BackfillState
from orchestrator.db.models.intake import ConnectionRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.repositories.intake import insert
from orchestrator.domain.backfill import Known
from orchestrator.domain.interview import InterviewState
from orchestrator.domain.stage import entry_key, visit_of
from orchestrator.domain.trigger import Reason

ENDED = (BackfillState.DONE, BackfillState.STOPPED)
# What was said of an entry before anybody knew its stage, or again later, does not count as the first decision.
_NO_DECISION = (Reason.STAGE_UNMAPPED, Reason.DUPLICATE)


async def by_id(session: AsyncSession, backfill_id: uuid.UUID, *, lock: bool = False) -> BackfillRow | None:
    """A backfill; ``lock`` holds it until the transaction ends, and reads it anew."""
    statement = sa.select(BackfillRow).where(BackfillRow.id == backfill_id).execution_options(populate_existing=lock)
    return (await session.execute(statement.with_for_update() if lock else statement)).scalar_one_or_none()


async def newest(session: AsyncSession, *, limit: int) -> Sequence[BackfillRow]:
    """The newest backfills first."""
    return (await session.scalars(sa.select(BackfillRow).order_by(BackfillRow.id.desc()).limit(limit))).all()


async def running(session: AsyncSession, program: str) -> uuid.UUID | None:
    """The backfill of a program that has not ended."""
    statement = sa.select(BackfillRow.id).where(BackfillRow.program == program, BackfillRow.state.not_in(ENDED))
    return (await session.scalars(statement)).first()


async def add(session: AsyncSession, values: Mapping[str, object]) -> bool:
    """Store a backfill; False where the program has one under way, also one that was begun in this moment."""
    statement = insert(session, BackfillRow).values(**values).on_conflict_do_nothing().returning(BackfillRow.id)
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def note_applications(session: AsyncSession, backfill_id: uuid.UUID, external_ids: Sequence[str]) -> None:
    """Put applications on the list, each once, in this order behind those that are there."""
    if not external_ids:
        return
    mine = BackfillApplicationRow.backfill_id == backfill_id
    highest = await session.scalar(sa.select(sa.func.max(BackfillApplicationRow.position)).where(mine))
    rows = [
        {"backfill_id": backfill_id, "external_id": one, "position": place}
        for place, one in enumerate(dict.fromkeys(external_ids), start=(highest or 0) + 1)
    ]
    statement = insert(session, BackfillApplicationRow)
    await session.execute(statement.on_conflict_do_nothing(index_elements=["backfill_id", "external_id"]), rows)


async def stored(session: AsyncSession, connection: str) -> Sequence[str]:
    """Every application of a connection that we have seen."""
    statement = sa.select(ApplicationRow.external_id).where(ApplicationRow.connection == connection)
    return (await session.scalars(statement.order_by(ApplicationRow.id))).all()


async def stored_early(session: AsyncSession, connection: str) -> Sequence[str]:
    """Applications that we have seen and left alone, because they stood in their stage before the connection went live."""
    early = sa.exists().where(
        TriggerDecisionRow.application_id == ApplicationRow.id, TriggerDecisionRow.reason == Reason.BEFORE_LAUNCH
    )
    statement = sa.select(ApplicationRow.external_id).where(ApplicationRow.connection == connection, early)
    return (await session.scalars(statement.order_by(ApplicationRow.id))).all()


async def next_waiting(session: AsyncSession, backfill_id: uuid.UUID) -> str | None:
    """The application that is looked at next."""
    statement = (
        sa.select(BackfillApplicationRow.external_id)
        .where(BackfillApplicationRow.backfill_id == backfill_id, BackfillApplicationRow.outcome.is_(None))
        .order_by(BackfillApplicationRow.position)
        .limit(1)
    )
    return (await session.scalars(statement)).first()


async def settle(
    session: AsyncSession, backfill_id: uuid.UUID, external_id: str, *, outcome: str, why: str, at: datetime
) -> None:
    """Note what became of an application."""
    await session.execute(
        sa.update(BackfillApplicationRow)
        .where(BackfillApplicationRow.backfill_id == backfill_id, BackfillApplicationRow.external_id == external_id)
        .values(outcome=outcome, why=why, at=at)
        .execution_options(synchronize_session=False)
    )


async def tally(session: AsyncSession, backfill_id: uuid.UUID) -> dict[tuple[str | None, str | None], int]:
    """How many applications by outcome and reason; (None, None) were not looked at yet."""
    one = BackfillApplicationRow
    statement = (
        sa.select(one.outcome, one.why, sa.func.count())
        .where(one.backfill_id == backfill_id)
        .group_by(one.outcome, one.why)
    )
    return {(outcome, why): count for outcome, why, count in await session.execute(statement)}


async def known(session: AsyncSession, connection: str, application: Application) -> tuple[uuid.UUID | None, Known]:
    """Our row of the application, if there is one, and what we knew of its person and of the entry it stands in."""
    withdrew = (
        sa.select(sa.literal(1))
        .select_from(InterviewRow)
        .join(ApplicationRow, ApplicationRow.id == InterviewRow.application_id)
        .join(CandidateRow, CandidateRow.id == ApplicationRow.candidate_id)
        .where(
            CandidateRow.connection == connection,
            CandidateRow.external_id == application.candidate.id,
            InterviewRow.state == InterviewState.WITHDRAWN,
        )
    )
    ever = (await session.execute(withdrew.limit(1))).first() is not None
    mine = sa.select(ApplicationRow.id, ApplicationRow.visits, ApplicationRow.stage_id).where(
        ApplicationRow.connection == connection, ApplicationRow.external_id == application.id
    )
    row = (await session.execute(mine)).first()
    if row is None:
        return None, Known(withdrew=ever)
    # As when it is taken in: standing elsewhere than we last saw it means that it left once more.
    left = row.stage_id != application.stage.id
    key = entry_key(application, visits=row.visits + left)
    # One visit is one entry, also where the vendor tells its id or its time only now.
    keys = {key} if left else {key, f"{visit_of(key)}v:{row.visits}"}
    entries = sa.select(StageEntryRow.id).where(
        StageEntryRow.application_id == row.id, StageEntryRow.entry_key.in_(keys)
    )
    entry = (await session.scalars(entries.order_by(StageEntryRow.entry_key != key).limit(1))).first()
    if entry is None:
        return row.id, Known(withdrew=ever)
    first = (
        sa.select(TriggerDecisionRow.reason)
        .where(TriggerDecisionRow.stage_entry_id == entry, TriggerDecisionRow.reason.not_in(_NO_DECISION))
        .order_by(TriggerDecisionRow.id)
        .limit(1)
    )
    interview = sa.select(InterviewRow.id).where(InterviewRow.stage_entry_id == entry).limit(1)
    return row.id, Known(
        first_reason=(await session.scalars(first)).first(),
        interviewed=(await session.scalars(interview)).first() is not None,
        withdrew=ever,
    )


async def live_moment(session: AsyncSession, connection: str) -> datetime | None:
    """Since when a connection is live; None where no process was started with it yet."""
    return (await session.scalars(sa.select(ConnectionRow.live_since).where(ConnectionRow.key == connection))).first()


async def remove_ended(session: AsyncSession, *, before: datetime, limit: int) -> Collection[uuid.UUID]:
    """Remove backfills that ended before, with their lists; at most ``limit``."""
    due = sa.select(BackfillRow.id).where(BackfillRow.state.in_(ENDED), BackfillRow.ended_at < before).limit(limit)
    gone = (await session.scalars(due)).all()
    await session.execute(
        sa.delete(BackfillApplicationRow)
        .where(BackfillApplicationRow.backfill_id.in_(gone))
        .execution_options(synchronize_session=False)
    )
    await session.execute(
        sa.delete(BackfillRow).where(BackfillRow.id.in_(gone)).execution_options(synchronize_session=False)
    )
    return gone
