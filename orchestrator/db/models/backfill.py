"""Backfills: who asked for one, how far it is, and what became of each application that it looked at."""

import uuid
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.db.base import Base, Keyed, enum_text
from orchestrator.domain.backfill import Outcome


class BackfillState(StrEnum):
    """Listing: finding out who is there. Inviting: looking at one after the other. Then done, or stopped by a person."""

    LISTING = "listing"
    INVITING = "inviting"
    DONE = "done"
    STOPPED = "stopped"


_ENDED = "state IN ('done', 'stopped')"


class BackfillRow(Keyed, Base):
    """One backfill. ``step`` counts the work it has put on the table. PII class: none."""

    __tablename__ = "backfill"
    __table_args__ = (
        # Of one program, one at a time.
        sa.Index(
            "uq_backfill_running",
            "program",
            unique=True,
            postgresql_where=sa.text(f"NOT ({_ENDED})"),
            sqlite_where=sa.text(f"NOT ({_ENDED})"),
        ),
    )

    program: Mapped[str]
    connection: Mapped[str]
    stage: Mapped[str | None]
    cap: Mapped[int]
    per_hour: Mapped[int]
    state: Mapped[BackfillState] = mapped_column(enum_text(BackfillState), default=BackfillState.LISTING)
    cursor: Mapped[str | None]
    step: Mapped[int] = mapped_column(default=0)
    actor: Mapped[str]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]


class BackfillApplicationRow(Base):
    """One application in one backfill; ``outcome`` is empty until it was looked at. PII class: pseudonymous."""

    __tablename__ = "backfill_application"
    __table_args__ = (sa.Index("ix_backfill_application_waiting", "backfill_id", "outcome", "position"),)

    backfill_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("backfill.id", ondelete="CASCADE"), primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    outcome: Mapped[Outcome | None] = mapped_column(enum_text(Outcome))
    why: Mapped[str | None]
    at: Mapped[datetime | None]
