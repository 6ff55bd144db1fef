"""Orders that recruiters placed in an ATS, and what is told there about each."""

import uuid
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adapters.contract.assessment import Order, Progress
from orchestrator.db.base import Base, Keyed, StructJson, enum_text
from orchestrator.domain.ordering import OrderState


class OrderRow(Keyed, Base):
    """One order; the ATS knows it by our id. PII class: identity and contact (``order``; removed by retention).

    ``turn`` counts what was ordered again after it was over, where the vendor has no id of an order. ``ours`` is True
    where the ATS shows no application: then nothing is written but the report.
    """

    __tablename__ = "assessment_order"
    __table_args__ = (
        sa.UniqueConstraint("connection", "dedupe", "turn"),
        sa.Index("ix_assessment_order_received_at", "received_at"),
    )

    connection: Mapped[str]
    dedupe: Mapped[str]
    turn: Mapped[int]
    program_key: Mapped[str]
    report_to: Mapped[str | None]
    order: Mapped[Order | None] = mapped_column("content", StructJson(Order))
    received_at: Mapped[datetime]
    state: Mapped[OrderState] = mapped_column(enum_text(OrderState), default=OrderState.RECEIVED)
    reason: Mapped[str | None]
    ours: Mapped[bool] = mapped_column(default=False)
    application_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("application.id"), index=True)
    interview_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("interview.id"), index=True)


class PublishedOffers(Base):
    """What can be ordered, as an ATS that keeps the list was last told. ``edition`` tells lists apart. PII class: none."""

    __tablename__ = "published_offers"

    connection: Mapped[str] = mapped_column(primary_key=True)
    edition: Mapped[str]
    published_at: Mapped[datetime]


class ReportState(StrEnum):
    """Whether the ATS was told. One whose work was given up stays pending: replaying the work goes on with it."""

    PENDING = "pending"
    TOLD = "told"
    NO_WORD = "no_word"  # the vendor has no word for it
    OVERTAKEN = "overtaken"  # a later state was told


class OrderReportRow(Keyed, Base):
    """What is to be told about an order, once per state. The result itself is not copied here. PII class: pseudonymous."""

    __tablename__ = "order_report"
    __table_args__ = (sa.UniqueConstraint("order_id", "progress"),)

    order_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("assessment_order.id"))
    progress: Mapped[Progress] = mapped_column(enum_text(Progress))
    at: Mapped[datetime]
    state: Mapped[ReportState] = mapped_column(enum_text(ReportState), default=ReportState.PENDING)
    settled_at: Mapped[datetime | None]
