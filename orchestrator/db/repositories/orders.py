"""Orders, the interviews that they belong to, and what is told about them."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.contract.assessment import Progress
from adapters.contract.model import Stage
from orchestrator.db.base import new_id
from orchestrator.db.models.application import ApplicationRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.ordering import OrderReportRow, OrderRow, PublishedOffers, ReportState
from orchestrator.db.models.scoring import ResultRow
from orchestrator.db.repositories.intake import insert
from orchestrator.domain.interview import TERMINAL, InterviewState
from orchestrator.domain.ordering import OrderState
from orchestrator.domain.result import Result


async def newest(session: AsyncSession, *, connection: str, dedupe: str) -> OrderRow | None:
    """The order of this key, the last of them where the same thing was ordered again."""
    statement = (
        sa.select(OrderRow)
        .where(OrderRow.connection == connection, OrderRow.dedupe == dedupe)
        .order_by(OrderRow.turn.desc())
        .limit(1)
    )
    return (await session.scalars(statement)).one_or_none()


async def store(session: AsyncSession, values: Mapping[str, object]) -> uuid.UUID | None:
    """Store an order once; None where (connection, dedupe, turn) was stored before."""
    statement = (
        insert(session, OrderRow)
        # By column: the attribute of one of them has another name.
        .values({OrderRow.id: new_id(), **{getattr(OrderRow, name): value for name, value in values.items()}})
        .on_conflict_do_nothing(index_elements=["connection", "dedupe", "turn"])
        .returning(OrderRow.id)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def known(session: AsyncSession, *, connection: str, dedupes: Sequence[str]) -> frozenset[str]:
    """Which of these keys have an order."""
    statement = sa.select(OrderRow.dedupe).where(OrderRow.connection == connection, OrderRow.dedupe.in_(dedupes))
    return frozenset(await session.scalars(statement))


async def published(session: AsyncSession, connection: str) -> PublishedOffers | None:
    """What an ATS was last told that can be ordered; None where it was never told."""
    return await session.get(PublishedOffers, connection)


async def keep_published(session: AsyncSession, *, connection: str, edition: str, at: datetime) -> None:
    """Remember what an ATS was told just now."""
    values = {"edition": edition, "published_at": at}
    statement = insert(session, PublishedOffers).values(connection=connection, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=["connection"], set_=values))


async def by_id(session: AsyncSession, order_id: uuid.UUID, *, lock: bool = False) -> OrderRow | None:
    """An order; ``lock`` holds it until the transaction ends."""
    statement = sa.select(OrderRow).where(OrderRow.id == order_id)
    return (await session.scalars(statement.with_for_update(key_share=True) if lock else statement)).one_or_none()


async def held(session: AsyncSession, application_id: uuid.UUID) -> Sequence[OrderRow]:
    """Orders for an application that wait until its stage is mapped, oldest first; held, so that no other ends them."""
    statement = sa.select(OrderRow).where(OrderRow.application_id == application_id, OrderRow.state == OrderState.HELD)
    return (await session.scalars(statement.order_by(OrderRow.id).with_for_update(key_share=True))).all()


class HeldOrder(NamedTuple):
    """An order that waits, and the application that it is for, as it was read last."""

    order_id: uuid.UUID
    external_id: str
    stage: Stage


async def all_held(session: AsyncSession, connection: str) -> Sequence[HeldOrder]:
    """Every order of a connection that waits for a stage to be mapped, oldest first."""
    statement = (
        sa.select(OrderRow.id, ApplicationRow.external_id, ApplicationRow.snapshot)
        .join(ApplicationRow, ApplicationRow.id == OrderRow.application_id)
        .where(OrderRow.connection == connection, OrderRow.state == OrderState.HELD, OrderRow.ours.is_(False))
        .order_by(OrderRow.id)
    )
    return [HeldOrder(row.id, row.external_id, row.snapshot.stage) for row in await session.execute(statement)]


async def wanted(session: AsyncSession, interview_id: uuid.UUID) -> Sequence[OrderRow]:
    """Orders that wait for what becomes of an interview."""
    statement = sa.select(OrderRow).where(OrderRow.interview_id == interview_id, OrderRow.state == OrderState.PLACED)
    return (await session.scalars(statement.order_by(OrderRow.id))).all()


async def interview_to_join(
    session: AsyncSession, *, application_id: uuid.UUID, entry_id: uuid.UUID | None, program: str
) -> InterviewRow | None:
    """The interview in a program that an order means as well: that of this stage entry, or one that is still open.

    None whose time ran out: nothing would come of it, and whoever orders then asks for another.
    """
    over = [*TERMINAL, InterviewState.EXPIRED]
    gone = (InterviewState.CANCELLED, InterviewState.EXPIRED)
    same_move = sa.and_(InterviewRow.stage_entry_id == entry_id, InterviewRow.state.not_in(gone))
    statement = (
        sa.select(InterviewRow)
        .where(
            InterviewRow.application_id == application_id,
            InterviewRow.program_key == program,
            sa.or_(same_move, InterviewRow.state.not_in(over)),
        )
        .order_by(InterviewRow.id.desc())
        .limit(1)
    )
    return (await session.scalars(statement)).one_or_none()


async def is_ours(session: AsyncSession, application_id: uuid.UUID) -> bool:
    """Whether an application was made of an order, because the ATS shows none."""
    found = sa.exists().where(OrderRow.application_id == application_id, OrderRow.ours)
    return bool((await session.execute(sa.select(found))).scalar())


async def add_report(
    session: AsyncSession, *, order_id: uuid.UUID, progress: Progress, at: datetime
) -> uuid.UUID | None:
    """Note what is to be told about an order; None where that was noted before."""
    statement = (
        insert(session, OrderReportRow)
        .values(id=new_id(), order_id=order_id, progress=progress, at=at, state=ReportState.PENDING)
        .on_conflict_do_nothing(index_elements=["order_id", "progress"])
        .returning(OrderReportRow.id)
    )
    return (await session.execute(statement)).scalar_one_or_none()


class ToTell(NamedTuple):
    """A report with its order; ``interview`` and ``application`` where there are any."""

    report: OrderReportRow
    order: OrderRow
    interview: InterviewRow | None
    application: ApplicationRow | None


async def to_tell(session: AsyncSession, report_id: uuid.UUID) -> ToTell:
    """One report with what belongs to it."""
    statement = (
        sa.select(OrderReportRow, OrderRow, InterviewRow, ApplicationRow)
        .join(OrderRow, OrderRow.id == OrderReportRow.order_id)
        .outerjoin(InterviewRow, InterviewRow.id == OrderRow.interview_id)
        .outerjoin(ApplicationRow, ApplicationRow.id == OrderRow.application_id)
        .where(OrderReportRow.id == report_id)
    )
    return ToTell(*(await session.execute(statement)).one())


async def ended(session: AsyncSession, order_id: uuid.UUID) -> bool:
    """Whether it was told, or need not be, how an order ended: that it began must not be told afterwards."""
    end = sa.exists().where(
        OrderReportRow.order_id == order_id,
        OrderReportRow.progress.in_((Progress.COMPLETED, Progress.CANCELLED)),
        OrderReportRow.state != ReportState.PENDING,
    )
    return bool((await session.execute(sa.select(end))).scalar())


async def result_of_interview(session: AsyncSession, interview_id: uuid.UUID) -> Result | None:
    """The newest result of an interview, None where there is none."""
    statement = sa.select(ResultRow).where(ResultRow.interview_id == interview_id)
    row = (await session.scalars(statement.order_by(ResultRow.revision.desc()).limit(1))).one_or_none()
    return row.result if row else None


class Waiting(NamedTuple):
    """How orders of a connection stand: when the last came, and how many wait for too long."""

    last: datetime | None
    stuck: int
    held: int
    untold: int


async def waiting(
    session: AsyncSession, connection: str, *, stuck: datetime, held: datetime, untold: datetime
) -> Waiting:
    """Orders that came before ``stuck`` or ``held`` and still wait, and what was to be told before ``untold``."""
    ours = OrderRow.connection == connection
    late = sa.and_(OrderRow.state == OrderState.RECEIVED, OrderRow.received_at < stuck)
    unmapped = sa.and_(OrderRow.state == OrderState.HELD, OrderRow.received_at < held)
    pending = (
        sa.select(sa.func.count())
        .select_from(OrderReportRow)
        .join(OrderRow, OrderRow.id == OrderReportRow.order_id)
        .where(ours, OrderReportRow.state == ReportState.PENDING, OrderReportRow.at < untold)
    )
    statement = sa.select(
        sa.func.max(OrderRow.received_at, type_=OrderRow.received_at.type),
        sa.func.count().filter(late),
        sa.func.count().filter(unmapped),
    ).where(ours)
    last, received, kept = (await session.execute(statement)).one()
    return Waiting(last=last, stuck=received, held=kept, untold=(await session.execute(pending)).scalar_one())


async def forget_contents(session: AsyncSession, *, before: datetime, limit: int) -> Sequence[OrderRow]:
    """Orders that came before and still hold what they said, locked; the caller ends those that nobody took in.

    One that somebody is placing or cancelling right now is left for the next time.
    """
    statement = (
        sa.select(OrderRow)
        .where(OrderRow.order.is_not(None), OrderRow.received_at < before)
        .order_by(OrderRow.received_at)
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
    )
    return (await session.scalars(statement)).all()
