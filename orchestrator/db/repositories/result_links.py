"""Result links, and what their page may show."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.contract.assessment import Progress
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.ordering import OrderReportRow, OrderRow, ReportState
from orchestrator.db.models.result_link import ResultLinkRow
from orchestrator.db.models.scoring import ResultRow
from orchestrator.db.models.writeback import WriteBackKind, WriteBackRow, WriteBackState
from orchestrator.db.repositories import orders
from orchestrator.domain.interview import InterviewState
from orchestrator.domain.ordering import OrderState
from orchestrator.domain.result import Result


class LinkedInterview(NamedTuple):
    """A link, its interview and the newest result of that, and what decides how much of them is said.

    ``outdated`` where a newer interview took its place, ``ordered`` while an order waits for it or had it, ``ours`` where
    the ATS shows no application, ``told`` once the ATS has the result, by a report or in its fields.
    """

    link: ResultLinkRow
    interview: InterviewRow
    result: Result | None
    outdated: bool
    ordered: bool
    ours: bool
    told: bool


class ListedLink(NamedTuple):
    """A link with the audit reference of its interview's newest result, if any; ``ordered`` as above."""

    link: ResultLinkRow
    audit_ref: str | None
    ordered: bool


async def hold(session: AsyncSession, interview_id: uuid.UUID) -> bool:
    """Let nobody else issue or revoke links of an interview until the transaction ends; False where it is gone."""
    statement = sa.select(InterviewRow.id).where(InterviewRow.id == interview_id)
    return (await session.scalars(statement.with_for_update(key_share=True))).one_or_none() is not None


async def note_refusal(session: AsyncSession, link_id: uuid.UUID, *, now: datetime, unless_since: datetime) -> bool:
    """Note that a link opened no more; False where that was noted after ``unless_since``."""
    statement = (
        sa.update(ResultLinkRow)
        .where(
            ResultLinkRow.id == link_id,
            sa.or_(ResultLinkRow.refused_at.is_(None), ResultLinkRow.refused_at <= unless_since),
        )
        .values(refused_at=now)
        .returning(ResultLinkRow.id)
        .execution_options(synchronize_session=False)
    )
    return (await session.execute(statement)).scalar_one_or_none() is not None


async def of_interview(session: AsyncSession, interview_id: uuid.UUID) -> Sequence[ResultLinkRow]:
    """Every link of an interview, whatever became of it, oldest first."""
    statement = sa.select(ResultLinkRow).where(ResultLinkRow.interview_id == interview_id)
    return (await session.scalars(statement.order_by(ResultLinkRow.generation))).all()


async def behind(session: AsyncSession, token_hash: str) -> LinkedInterview | None:
    """What lies behind a token, living or not; None for a token that nobody was given."""
    statement = (
        sa.select(ResultLinkRow, InterviewRow, _ordered(), _told())
        .join(InterviewRow, InterviewRow.id == ResultLinkRow.interview_id)
        .where(ResultLinkRow.token_hash == token_hash)
    )
    found = (await session.execute(statement)).one_or_none()
    if found is None:
        return None
    link, interview, ordered, told = found
    return LinkedInterview(
        link=link,
        interview=interview,
        result=await orders.result_of_interview(session, interview.id),
        outdated=await _outdated(session, interview),
        ordered=ordered,
        ours=await orders.is_ours(session, interview.application_id),
        told=told,
    )


async def interview_of(session: AsyncSession, reference: str) -> uuid.UUID | None:
    """The interview that an audit reference, or the id of one of its links, names."""
    named = sa.select(ResultRow.interview_id).where(ResultRow.audit_ref == reference)
    if (found := (await session.scalars(named)).one_or_none()) is not None:
        return found
    try:
        # The column alone: the row is read later, once nobody else can change it.
        linked = sa.select(ResultLinkRow.interview_id).where(ResultLinkRow.id == uuid.UUID(reference))
    except ValueError:
        return None
    return (await session.scalars(linked)).one_or_none()


async def listed(
    session: AsyncSession,
    *,
    limit: int,
    connection: str | None = None,
    interview_id: uuid.UUID | None = None,
    application_id: uuid.UUID | None = None,
) -> Sequence[ListedLink]:
    """Links, newest first; of one connection, interview or application where one is named."""
    reference = (
        sa.select(ResultRow.audit_ref)
        .where(ResultRow.interview_id == ResultLinkRow.interview_id)
        .order_by(ResultRow.revision.desc())
        .limit(1)
        .scalar_subquery()
    )
    statement = sa.select(ResultLinkRow, reference, _ordered()).order_by(ResultLinkRow.id.desc()).limit(limit)
    if connection is not None:
        statement = statement.where(ResultLinkRow.connection == connection)
    if interview_id is not None:
        statement = statement.where(ResultLinkRow.interview_id == interview_id)
    if application_id is not None:
        of_it = sa.select(InterviewRow.id).where(InterviewRow.application_id == application_id)
        statement = statement.where(ResultLinkRow.interview_id.in_(of_it))
    return [ListedLink(link, audit_ref, ordered) for link, audit_ref, ordered in await session.execute(statement)]


def _ordered() -> sa.ColumnElement[bool]:
    return sa.exists().where(OrderRow.interview_id == ResultLinkRow.interview_id, OrderRow.state == OrderState.PLACED)


def _told() -> sa.ColumnElement[bool]:
    reported = sa.exists().where(
        OrderReportRow.order_id == OrderRow.id,
        OrderRow.interview_id == ResultLinkRow.interview_id,
        OrderReportRow.progress == Progress.COMPLETED,
        OrderReportRow.state == ReportState.TOLD,
    )
    written = sa.exists().where(
        WriteBackRow.interview_id == ResultLinkRow.interview_id,
        WriteBackRow.kind == WriteBackKind.RESULT,
        WriteBackRow.state == WriteBackState.WRITTEN,
    )
    return sa.or_(reported, written)


async def _outdated(session: AsyncSession, interview: InterviewRow) -> bool:
    # One that was cancelled never took place, and takes nobody's place.
    newer = sa.exists().where(
        InterviewRow.application_id == interview.application_id,
        InterviewRow.program_key == interview.program_key,
        InterviewRow.id > interview.id,
        InterviewRow.state != InterviewState.CANCELLED,
    )
    return bool((await session.execute(sa.select(newer))).scalar())
