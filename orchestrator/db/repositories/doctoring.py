"""What the doctor asks the database: how far it is migrated, and what came in and went out of each connection."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.application import StageEntryRow
from orchestrator.db.models.intake import (
    ConnectionRow,
    DeliveryRow,
    DeliverySource,
    QuarantineRow,
    QuarantineState,
    RefusedCount,
)
from orchestrator.db.repositories import absences, drift
from orchestrator.db.repositories.absences import Missed
from orchestrator.domain.drift import REPORTED, Drift

_VERSION = sa.table("alembic_version", sa.column("version_num"))


class Comings(Struct, frozen=True, kw_only=True):
    """What we know of one connection. ``last_missed`` is when polling last found a stage entry that nobody had told.

    ``drift`` counts the moves of the last days that no delivery told; ``missed`` are applications that are out of sight.
    """

    live_since: datetime | None
    polled_at: datetime | None
    last_webhook: datetime | None
    last_missed: datetime | None
    refused: Mapping[str, int]
    quarantined: tuple[str, ...]
    drift: Drift = Drift()
    missed: Missed | None = None


async def answers(session: AsyncSession) -> None:
    """Ask for nothing: raises where the database does not answer."""
    await session.execute(sa.select(1))


async def applied_revisions(session: AsyncSession) -> frozenset[str]:
    """Which migrations ran last; raises where none ever did."""
    return frozenset((await session.execute(sa.select(_VERSION.c.version_num))).scalars())


async def comings(session: AsyncSession, connection: str, *, now: datetime) -> Comings:
    """What came in of one connection; deliveries that were refused are those of today and yesterday."""
    row = await session.get(ConnectionRow, connection)
    refused = await session.execute(
        sa.select(RefusedCount.reason, sa.func.sum(RefusedCount.count))
        .where(RefusedCount.connection == connection, RefusedCount.day >= (now - timedelta(days=1)).date())
        .group_by(RefusedCount.reason)
    )
    return Comings(
        live_since=row.live_since if row else None,
        polled_at=row.polled_at if row else None,
        last_webhook=await _last_webhook(session, connection),
        last_missed=await _last_missed(session, connection),
        refused={reason: int(count) for reason, count in refused},
        quarantined=tuple(await _quarantined(session, connection)),
        drift=(await drift.since(session, (now - REPORTED).date())).get(connection, Drift()),
        missed=(await absences.missed(session)).get(connection),
    )


async def _last_webhook(session: AsyncSession, connection: str) -> datetime | None:
    return await session.scalar(
        sa.select(DeliveryRow.received_at)
        .where(DeliveryRow.connection == connection, DeliveryRow.source == DeliverySource.WEBHOOK)
        .order_by(DeliveryRow.received_at.desc())
        .limit(1)
    )


async def _last_missed(session: AsyncSession, connection: str) -> datetime | None:
    return await session.scalar(
        sa.select(StageEntryRow.seen_at)
        .join(DeliveryRow, DeliveryRow.id == StageEntryRow.delivery_id)
        .where(DeliveryRow.connection == connection, DeliveryRow.source == DeliverySource.POLL)
        .order_by(StageEntryRow.id.desc())
        .limit(1)
    )


async def _quarantined(session: AsyncSession, connection: str) -> Sequence[str]:
    return (
        await session.scalars(
            sa.select(QuarantineRow.stage_name)
            .where(QuarantineRow.connection == connection, QuarantineRow.state == QuarantineState.OPEN)
            .distinct()
            .order_by(QuarantineRow.stage_name)
        )
    ).all()
