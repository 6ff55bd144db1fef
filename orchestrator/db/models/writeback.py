"""Write-backs and their attempts (two tables), the values that are ours, and the log of every push and pull."""

import uuid
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from adapters.contract.model import FieldValue
from orchestrator.db.base import Base, Keyed, StructJson, enum_text


class WriteBackKind(StrEnum):
    """What is written."""

    COMPLETION = "completion"
    RESULT = "result"


class WriteBackState(StrEnum):
    """How far a write-back is. One whose work was given up stays pending: replaying the work goes on with it."""

    PENDING = "pending"
    WRITTEN = "written"
    CONFLICT = "conflict"
    BY_HAND = "by_hand"


class WriteBackRow(Keyed, Base):
    """An intended change in the ATS: fixed content, at most one per result revision (N4). PII class: evaluation."""

    __tablename__ = "write_back"
    __table_args__ = (
        sa.UniqueConstraint("interview_id", "kind", "sequence"),
        sa.Index("uq_write_back_application_id_sequence", "application_id", "sequence", unique=True),
    )

    interview_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("interview.id"), index=True)
    application_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("application.id"), index=True)
    connection: Mapped[str]
    kind: Mapped[WriteBackKind] = mapped_column(enum_text(WriteBackKind))
    # Within the application: which of two write-backs is the later one.
    sequence: Mapped[int]
    fields: Mapped[dict[str, FieldValue]] = mapped_column(StructJson(dict[str, FieldValue]))
    note: Mapped[str | None]
    note_visibility: Mapped[str | None]
    note_marker: Mapped[str | None]
    state: Mapped[WriteBackState] = mapped_column(enum_text(WriteBackState), default=WriteBackState.PENDING)
    conflicts: Mapped[list[str]] = mapped_column(StructJson(list[str]), default=list)
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class WriteBackAttemptRow(Keyed, Base):
    """One try. ``outcome`` is written, same, conflict, unknown or an error name. PII class: none."""

    __tablename__ = "write_back_attempt"

    write_back_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("write_back.id"), index=True)
    at: Mapped[datetime]
    outcome: Mapped[str]
    detail: Mapped[str]


class OwnedFieldRow(Base):
    """The value that we wrote last into a field of an application; what differs from it, a person wrote.

    PII class: evaluation of a person.
    """

    __tablename__ = "owned_field"

    application_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("application.id"), primary_key=True)
    field: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[FieldValue] = mapped_column(StructJson(FieldValue), nullable=True)
    written_at: Mapped[datetime]


class Direction(StrEnum):
    """Which way data went."""

    PULL = "pull"
    PUSH = "push"


class SyncRow(Keyed, Base):
    """One push or pull: which fields, how long it took, what came of it; never a value. PII class: pseudonymous."""

    __tablename__ = "sync_entry"
    __table_args__ = (
        sa.Index("ix_sync_entry_at", "at"),
        sa.Index("ix_sync_entry_external", "connection", "external_id"),
    )

    connection: Mapped[str]
    external_id: Mapped[str | None]
    direction: Mapped[Direction] = mapped_column(enum_text(Direction))
    operation: Mapped[str]
    fields: Mapped[list[str]] = mapped_column(StructJson(list[str]))
    at: Mapped[datetime]
    duration_ms: Mapped[float]
    outcome: Mapped[str]
    detail: Mapped[str]
