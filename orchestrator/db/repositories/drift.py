"""Which moves only polling found, and how many of each day."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from orchestrator.db.models.application import ApplicationRow, StageEntryRow, TriggerDecisionRow
from orchestrator.db.models.intake import DeliveryRow, DeliverySource
from orchestrator.db.models.watching import DriftRow
from orchestrator.db.repositories.intake import insert
from orchestrator.domain.drift import Drift
from orchestrator.domain.trigger import Verdict


class Candidate(Struct, frozen=True, kw_only=True):
    """A stage entry that a poll told first."""

    entry_id: uuid.UUID
    external_id: str
    seen_at: datetime
    entered_at: datetime | None


class Told(Struct, frozen=True):
    """A delivery of the ATS: its lane, None where it names nobody, and when it came."""

    lane: str | None
    at: datetime


def moment_as_id(at: datetime) -> uuid.UUID:
    """The lowest UUIDv7 of a moment: ids are in the order of time (RFC 9562, 48 bits of milliseconds)."""
    return uuid.UUID(int=(int(at.timestamp() * 1000) & (2**48 - 1)) << 80)


async def judged(session: AsyncSession, connection: str, *, lock: bool = False) -> uuid.UUID | None:
    """Up to where stage entries have been looked at; ``lock``: nobody else judges until the transaction ends."""
    newest = sa.select(DriftRow.judged).where(DriftRow.connection == connection).order_by(DriftRow.day.desc()).limit(1)
    return await session.scalar(newest.with_for_update() if lock else newest)


async def candidates(
    session: AsyncSession, *, connection: str, after: uuid.UUID, before: uuid.UUID, limit: int
) -> Sequence[Candidate]:
    """Moves whose first sight was by a poll and that no delivery was about; in order.

    A move: the application was seen in another stage before, or an interview was started.
    """
    entry, earlier, delivery = StageEntryRow, aliased(StageEntryRow), aliased(DeliveryRow)
    moved = sa.exists().where(
        earlier.application_id == entry.application_id, earlier.id < entry.id, earlier.stage_id != entry.stage_id
    )
    started = sa.exists().where(
        TriggerDecisionRow.stage_entry_id == entry.id, TriggerDecisionRow.verdict == Verdict.START
    )
    told = sa.exists().where(
        TriggerDecisionRow.stage_entry_id == entry.id,
        delivery.id == TriggerDecisionRow.delivery_id,
        delivery.source == DeliverySource.WEBHOOK,
    )
    found = await session.execute(
        sa.select(entry.id, ApplicationRow.external_id, entry.seen_at, entry.entered_at)
        .join(DeliveryRow, DeliveryRow.id == entry.delivery_id)
        .join(ApplicationRow, ApplicationRow.id == entry.application_id)
        .where(
            entry.id >= after,
            entry.id < before,
            DeliveryRow.connection == connection,
            DeliveryRow.source == DeliverySource.POLL,
            sa.or_(moved, started),
            ~told,
        )
        .order_by(entry.id)
        .limit(limit)
    )
    return [Candidate(entry_id=row[0], external_id=row[1], seen_at=row[2], entered_at=row[3]) for row in found]


async def tellings(
    session: AsyncSession, *, connection: str, lanes: Sequence[str], news: str, since: datetime, until: datetime
) -> Sequence[Told]:
    """Deliveries of a span of time that were about one of these lanes, or said (``news``) that something changed."""
    found = await session.execute(
        sa.select(DeliveryRow.lane, DeliveryRow.received_at).where(
            DeliveryRow.received_at >= since,
            DeliveryRow.received_at <= until,
            DeliveryRow.connection == connection,
            DeliveryRow.source == DeliverySource.WEBHOOK,
            sa.or_(DeliveryRow.lane.in_(lanes), DeliveryRow.outcome == news),
        )
    )
    return [Told(*row) for row in found]


async def add(
    session: AsyncSession, *, connection: str, today: date, days: Mapping[date, Drift], judged: uuid.UUID
) -> None:
    """Add to the counts of some days, and remember up to where entries have been looked at."""
    for day in sorted({today, *days}):
        drift = days.get(day, Drift())
        values = {
            "moves": drift.moves,
            "dated": drift.dated,
            "lag_total": drift.lag_total,
            "lag_most": drift.lag_most,
            "last_at": drift.last_at,
            "judged": judged,
        }
        statement = insert(session, DriftRow).values(connection=connection, day=day, **values)
        new = statement.excluded
        most = sa.case((DriftRow.lag_most > new.lag_most, DriftRow.lag_most), else_=new.lag_most)
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=["connection", "day"],
                set_={
                    "moves": DriftRow.moves + new.moves,
                    "dated": DriftRow.dated + new.dated,
                    "lag_total": DriftRow.lag_total + new.lag_total,
                    "lag_most": most,
                    "last_at": sa.func.coalesce(new.last_at, DriftRow.last_at),
                    "judged": new.judged,
                },
            )
        )


async def forget(session: AsyncSession, *, before: date) -> None:
    """Remove the counts of days long ago."""
    await session.execute(sa.delete(DriftRow).where(DriftRow.day < before))


async def since(session: AsyncSession, day: date) -> Mapping[str, Drift]:
    """What only polling found since a day, by connection; those of which there is something to say."""
    rows = await session.scalars(sa.select(DriftRow).where(DriftRow.day >= day, DriftRow.moves > 0))
    found: dict[str, Drift] = {}
    for row in rows:
        one = Drift(
            moves=row.moves, dated=row.dated, lag_total=row.lag_total, lag_most=row.lag_most, last_at=row.last_at
        )
        found[row.connection] = found.get(row.connection, Drift()).and_(one)
    return found
