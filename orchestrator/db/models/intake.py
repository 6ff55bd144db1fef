"""What comes in: deliveries, what was refused (counted only), unknown stages, and where polling stands."""

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adapters.contract.model import StageKind
from orchestrator.db.base import Base, Keyed, StructJson, enum_text


class DeliverySource(StrEnum):
    """How we learnt that something changed."""

    WEBHOOK = "webhook"
    POLL = "poll"
    REPLAY = "replay"


class DeliveryState(StrEnum):
    """How far a delivery is.

    Received: on disk, acknowledged. Processed: what it is about was read again and decided. Ignored: nothing in it is
    about an application.
    """

    RECEIVED = "received"
    PROCESSED = "processed"
    IGNORED = "ignored"


class DeliveryRow(Keyed, Base):
    """One inbound delivery, raw. PII class: whatever the vendor sent; body removed by retention."""

    __tablename__ = "delivery"
    __table_args__ = (
        sa.UniqueConstraint("connection", "dedupe"),
        sa.Index("ix_delivery_received_at", "received_at"),
        sa.Index(
            "ix_delivery_waiting",
            "id",
            postgresql_where=sa.text("state = 'received' AND NOT queued"),
            sqlite_where=sa.text("state = 'received' AND queued = 0"),
        ),
    )

    connection: Mapped[str]
    source: Mapped[DeliverySource] = mapped_column(enum_text(DeliverySource))
    dedupe: Mapped[str]
    received_at: Mapped[datetime]
    headers: Mapped[dict[str, str]] = mapped_column(StructJson(dict[str, str]))
    body: Mapped[bytes | None]
    state: Mapped[DeliveryState] = mapped_column(enum_text(DeliveryState), default=DeliveryState.RECEIVED)
    # True once work was made of it.
    queued: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    times_received: Mapped[int] = mapped_column(default=1)
    processed_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    lane: Mapped[str | None]


class RefusedCount(Base):
    """How many deliveries were refused, by day and reason: nothing else of them is kept. PII class: none."""

    __tablename__ = "refused_count"

    connection: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(default=0)


class QuarantineState(StrEnum):
    """Whether a person has said what the stage is."""

    OPEN = "open"
    MAPPED = "mapped"


class QuarantineRow(Keyed, Base):
    """A stage that no table knows. Held, shown, never guessed. PII class: none."""

    __tablename__ = "quarantine"
    __table_args__ = (sa.UniqueConstraint("connection", "stage_id", "stage_name"),)

    connection: Mapped[str]
    stage_id: Mapped[str]
    stage_name: Mapped[str]
    state: Mapped[QuarantineState] = mapped_column(enum_text(QuarantineState), default=QuarantineState.OPEN)
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    times_seen: Mapped[int] = mapped_column(default=1)
    kind: Mapped[StageKind | None] = mapped_column(enum_text(StageKind))
    mapped_by: Mapped[str | None]
    mapped_at: Mapped[datetime | None]


class ConnectionRow(Base):
    """What we remember of a connection: since when it is live, and where polling stands. PII class: none."""

    __tablename__ = "connection"

    key: Mapped[str] = mapped_column(primary_key=True)
    live_since: Mapped[datetime]
    cursor: Mapped[str | None]
    polled_at: Mapped[datetime | None]


class ClockSlot(Base):
    """The last slot of each clock job that was turned into work, for catching up after a pause. PII class: none."""

    __tablename__ = "clock_slot"

    job: Mapped[str] = mapped_column(primary_key=True)
    slot: Mapped[datetime]
