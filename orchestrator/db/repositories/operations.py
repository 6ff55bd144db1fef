"""What operations looks at: quarantine, conflicts, sync log, applications, and the history of one of them."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from adapters.contract.model import StageKind
from orchestrator.db.models.application import ApplicationRow, StageEntryRow, TriggerDecisionRow
from orchestrator.db.models.audit import AuditRow
from orchestrator.db.models.follow_up import FollowUpRow
from orchestrator.db.models.intake import DeliveryRow, QuarantineRow, QuarantineState, RefusedCount
from orchestrator.db.models.interview import InterviewRow, TransitionRow
from orchestrator.db.models.ordering import OrderRow
from orchestrator.db.models.scoring import CaseRow, CaseState, DecisionRow, ScorecardRow
from orchestrator.db.models.writeback import SyncRow, WriteBackAttemptRow, WriteBackRow, WriteBackState
from orchestrator.domain.interview import InterviewState

_CANDIDATE = joinedload(ApplicationRow.candidate)


class History(NamedTuple):
    """Everything stored about one application."""

    application: ApplicationRow
    deliveries: Sequence[DeliveryRow]
    decisions: Sequence[TriggerDecisionRow]
    transitions: Sequence[TransitionRow]
    scorecards: Sequence[ScorecardRow]
    cases: Sequence[CaseRow]
    verdicts: Sequence[DecisionRow]
    write_backs: Sequence[WriteBackRow]
    attempts: Sequence[WriteBackAttemptRow]
    sync: Sequence[SyncRow]
    mails: Sequence[AuditRow]
    orders: Sequence[OrderRow] = ()
    follow_ups: Sequence[FollowUpRow] = ()


def candidate_name(application: ApplicationRow) -> str:
    """First and last name."""
    return f"{application.candidate.first_name} {application.candidate.last_name}".strip()


async def open_quarantine(session: AsyncSession) -> Sequence[tuple[QuarantineRow, int]]:
    """Stages nobody has mapped, with how many applications stand in each now."""
    waiting = (
        sa.select(sa.func.count())
        .select_from(ApplicationRow)
        .where(
            ApplicationRow.connection == QuarantineRow.connection,
            ApplicationRow.stage_id == QuarantineRow.stage_id,
            ApplicationRow.stage_name == QuarantineRow.stage_name,
        )
        .scalar_subquery()
    )
    found = await session.execute(
        sa.select(QuarantineRow, waiting)
        .where(QuarantineRow.state == QuarantineState.OPEN)
        .order_by(QuarantineRow.first_seen)
    )
    return [(row, count) for row, count in found]


async def map_quarantine(
    session: AsyncSession, quarantine_id: uuid.UUID, *, kind: StageKind, actor: str, at: datetime
) -> Sequence[QuarantineRow]:
    """Write down what a stage is, and every open stage of the connection with the same name; empty if it is not open.

    In many an ATS each job has its own stages, so one name comes under many ids.
    """
    chosen = await session.get(QuarantineRow, quarantine_id)
    if chosen is None:
        return ()
    rows = (
        await session.scalars(
            sa.select(QuarantineRow)
            .where(
                QuarantineRow.connection == chosen.connection,
                QuarantineRow.stage_name == chosen.stage_name,
                QuarantineRow.state == QuarantineState.OPEN,
            )
            .order_by(QuarantineRow.id)
            .with_for_update()
        )
    ).all()
    if quarantine_id not in {row.id for row in rows}:
        return ()
    for row in rows:
        row.state, row.kind, row.mapped_by, row.mapped_at = QuarantineState.MAPPED, kind, actor, at
    return rows


async def held_in(session: AsyncSession, row: QuarantineRow) -> Sequence[ApplicationRow]:
    """Applications that stand in a stage now and were held there."""
    return (
        await session.scalars(
            sa.select(ApplicationRow)
            .where(
                ApplicationRow.connection == row.connection,
                ApplicationRow.stage_id == row.stage_id,
                ApplicationRow.stage_name == row.stage_name,
                sa.exists().where(
                    StageEntryRow.application_id == ApplicationRow.id,
                    StageEntryRow.stage_id == row.stage_id,
                    StageEntryRow.kind.is_(None),
                ),
            )
            .order_by(ApplicationRow.id)
        )
    ).all()


async def subjects(session: AsyncSession, names: Sequence[str | None]) -> dict[str, str]:
    """For work subjects like "interview:<id>", whom they concern in words."""
    ids = {name: uuid.UUID(name.removeprefix("interview:")) for name in names if name and name.startswith("interview:")}
    if not ids:
        return {}
    found = await session.scalars(
        sa.select(InterviewRow)
        .where(InterviewRow.id.in_(ids.values()))
        .options(joinedload(InterviewRow.application).options(_CANDIDATE))
    )
    words = {row.id: f"{candidate_name(row.application)}, {row.application.job_title}" for row in found}
    return {name: words[id_] for name, id_ in ids.items() if id_ in words}


async def conflicts(session: AsyncSession, *, limit: int) -> Sequence[tuple[WriteBackRow, ApplicationRow]]:
    """Write-backs that stopped at a person's own words, newest first."""
    found = await session.execute(
        sa.select(WriteBackRow, ApplicationRow)
        .join(ApplicationRow, ApplicationRow.id == WriteBackRow.application_id)
        .where(WriteBackRow.state == WriteBackState.CONFLICT)
        .order_by(WriteBackRow.settled_at.desc())
        .limit(limit)
        .options(_CANDIDATE)
    )
    return [(row, application) for row, application in found]


async def settle_by_hand(session: AsyncSession, write_back_id: uuid.UUID, *, at: datetime) -> None:
    """A person did what this write-back was to do: its values are no longer taken for ours."""
    await session.execute(
        sa.update(WriteBackRow)
        .where(WriteBackRow.id == write_back_id, WriteBackRow.state == WriteBackState.PENDING)
        .values(state=WriteBackState.BY_HAND, settled_at=at)
    )


async def sync_entries(
    session: AsyncSession, *, limit: int, connection: str | None
) -> Sequence[tuple[SyncRow, uuid.UUID | None]]:
    """Pushes and pulls, newest first, with the application they concern."""
    statement = (
        sa.select(SyncRow, ApplicationRow.id)
        .outerjoin(
            ApplicationRow,
            (ApplicationRow.connection == SyncRow.connection) & (ApplicationRow.external_id == SyncRow.external_id),
        )
        .order_by(SyncRow.at.desc(), SyncRow.id.desc())
        .limit(limit)
    )
    if connection is not None:
        statement = statement.where(SyncRow.connection == connection)
    return [(row, application_id) for row, application_id in await session.execute(statement)]


async def applications(session: AsyncSession, *, limit: int) -> Sequence[tuple[ApplicationRow, InterviewState | None]]:
    """Applications seen last, with the state of their newest interview."""
    newest = (
        sa.select(InterviewRow.state)
        .where(InterviewRow.application_id == ApplicationRow.id)
        .order_by(InterviewRow.created_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    found = await session.execute(
        sa.select(ApplicationRow, newest).order_by(ApplicationRow.seen_at.desc()).limit(limit).options(_CANDIDATE)
    )
    return [(row, InterviewState(state) if state else None) for row, state in found]


async def counts(session: AsyncSession) -> tuple[tuple[str, int], ...]:
    """A few totals for the head of the page."""
    interviews = await session.scalar(sa.select(sa.func.count()).select_from(InterviewRow)) or 0
    waiting = (
        await session.scalar(sa.select(sa.func.count()).select_from(CaseRow).where(CaseRow.state == CaseState.OPEN))
        or 0
    )
    written = (
        await session.scalar(
            sa.select(sa.func.count()).select_from(WriteBackRow).where(WriteBackRow.state == WriteBackState.WRITTEN)
        )
        or 0
    )
    deliveries = await session.scalar(sa.select(sa.func.count()).select_from(DeliveryRow)) or 0
    refused = await session.scalar(sa.select(sa.func.sum(RefusedCount.count))) or 0
    return (
        ("Deliveries received", deliveries),
        ("Deliveries refused", int(refused)),
        ("Interviews started", interviews),
        ("Cases waiting", waiting),
        ("Write-backs written", written),
    )


async def newest_interview(session: AsyncSession, application_id: uuid.UUID) -> InterviewRow | None:
    """The newest interview of an application."""
    return (
        await session.scalars(
            sa.select(InterviewRow)
            .where(InterviewRow.application_id == application_id)
            .order_by(InterviewRow.created_at.desc())
            .limit(1)
        )
    ).one_or_none()


async def application_history(session: AsyncSession, application_id: uuid.UUID) -> History | None:
    """Everything stored about one application."""
    application = (
        await session.scalars(sa.select(ApplicationRow).where(ApplicationRow.id == application_id).options(_CANDIDATE))
    ).one_or_none()
    if application is None:
        return None
    decisions = (
        await session.scalars(sa.select(TriggerDecisionRow).where(TriggerDecisionRow.application_id == application_id))
    ).all()
    interview_ids = (
        await session.scalars(sa.select(InterviewRow.id).where(InterviewRow.application_id == application_id))
    ).all()
    write_backs = (
        await session.scalars(sa.select(WriteBackRow).where(WriteBackRow.application_id == application_id))
    ).all()
    return History(
        application=application,
        deliveries=(
            await session.scalars(
                sa.select(DeliveryRow).where(DeliveryRow.id.in_([d.delivery_id for d in decisions if d.delivery_id]))
            )
        ).all(),
        decisions=decisions,
        transitions=(
            await session.scalars(sa.select(TransitionRow).where(TransitionRow.interview_id.in_(interview_ids)))
        ).all(),
        scorecards=(
            await session.scalars(sa.select(ScorecardRow).where(ScorecardRow.interview_id.in_(interview_ids)))
        ).all(),
        cases=(await session.scalars(sa.select(CaseRow).where(CaseRow.interview_id.in_(interview_ids)))).all(),
        verdicts=(
            await session.scalars(sa.select(DecisionRow).where(DecisionRow.interview_id.in_(interview_ids)))
        ).all(),
        write_backs=write_backs,
        attempts=(
            await session.scalars(
                sa.select(WriteBackAttemptRow).where(
                    WriteBackAttemptRow.write_back_id.in_([row.id for row in write_backs])
                )
            )
        ).all(),
        sync=(
            await session.scalars(
                sa.select(SyncRow)
                .where(SyncRow.connection == application.connection, SyncRow.external_id == application.external_id)
                .order_by(SyncRow.at)
            )
        ).all(),
        mails=(
            await session.scalars(
                sa.select(AuditRow).where(
                    AuditRow.subject.in_([str(id_) for id_ in interview_ids]), AuditRow.tag == "system:mail:sent"
                )
            )
        ).all(),
        orders=(await session.scalars(sa.select(OrderRow).where(OrderRow.application_id == application_id))).all(),
        follow_ups=(
            await session.scalars(sa.select(FollowUpRow).where(FollowUpRow.interview_id.in_(interview_ids)))
        ).all(),
    )
