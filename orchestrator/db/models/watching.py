"""What we watch on the way in: what only polling found, who is shown no more, and where everybody stood at first."""

import uuid
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.db.base import Base


class DriftRow(Base):
    """Moves of one connection and day that polling found and no delivery told.

    ``dated`` counts those of which the ATS says when they were; ``lag_total`` and ``lag_most`` are in how many seconds
    those were found. Stage entries below ``judged`` (a UUIDv7) have been looked at. PII class: none.
    """

    __tablename__ = "drift"

    connection: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    moves: Mapped[int] = mapped_column(default=0)
    dated: Mapped[int] = mapped_column(default=0)
    lag_total: Mapped[float] = mapped_column(sa.Double, default=0.0)
    lag_most: Mapped[float] = mapped_column(sa.Double, default=0.0)
    last_at: Mapped[datetime | None]
    judged: Mapped[uuid.UUID]


class AbsenceRow(Base):
    """An application with an open interview that the ATS says is not there. PII class: pseudonymous.

    It counts until the application was read again after ``looked_at``, or its interviews have ended.
    """

    __tablename__ = "absence"
    __table_args__ = (sa.Index("ix_absence_connection_look_again_at", "connection", "look_again_at"),)

    application_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("application.id", ondelete="CASCADE"), primary_key=True
    )
    connection: Mapped[str]
    since: Mapped[datetime]
    looked_at: Mapped[datetime]
    look_again_at: Mapped[datetime]


class StockRow(Base):
    """How far taking stock of a connection is: the list of everybody, then where each stands. PII class: none."""

    __tablename__ = "stock"

    connection: Mapped[str] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(default=0)
    cursor: Mapped[str | None]
    began_at: Mapped[datetime]
    listed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class StandingRow(Base):
    """An application and its stage when stock was taken, or that it was told to have moved. PII class: pseudonymous.

    ``seen_at`` is empty until it was looked at; ``missed`` counts the looks at which it could not be read. ``moved_at``
    is the last move of which a verified delivery told and which no reading has shown. Kept while the connection is in
    evenhand.yaml: it says where people stood before anything else was seen of them.
    """

    __tablename__ = "standing"
    __table_args__ = (
        sa.Index(
            "ix_standing_unseen",
            "connection",
            "missed",
            "external_id",
            postgresql_where=sa.text("seen_at IS NULL"),
            sqlite_where=sa.text("seen_at IS NULL"),
        ),
    )

    connection: Mapped[str] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    stage_id: Mapped[str | None]
    seen_at: Mapped[datetime | None]
    missed: Mapped[int] = mapped_column(default=0, server_default="0")
    moved_at: Mapped[datetime | None]
