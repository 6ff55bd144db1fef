"""Our shadow of the ATS: candidates, applications, stage entries, and what was decided about each entry."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from adapters.contract.model import Application, StageKind
from orchestrator.db.base import Base, Keyed, StructJson, enum_text
from orchestrator.domain.trigger import Reason, TriggerDecision, Verdict


class CandidateRow(Keyed, Base):
    """A person as the ATS knows them. Key: (connection, external id), N7. PII class: identity and contact."""

    __tablename__ = "candidate"
    __table_args__ = (sa.UniqueConstraint("connection", "external_id"),)

    connection: Mapped[str]
    external_id: Mapped[str]
    first_name: Mapped[str]
    last_name: Mapped[str]
    emails: Mapped[list[str]] = mapped_column(StructJson(list[str]))
    phones: Mapped[list[str]] = mapped_column(StructJson(list[str]))
    locale: Mapped[str | None]
    time_zone: Mapped[str | None]
    updated_at: Mapped[datetime]


class ApplicationRow(Keyed, Base):
    """Candidate × job. ``snapshot`` is the application as last re-read. PII class: identity and contact."""

    __tablename__ = "application"
    __table_args__ = (sa.UniqueConstraint("connection", "external_id"),)

    connection: Mapped[str]
    external_id: Mapped[str]
    candidate_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("candidate.id"), index=True)
    job_external_id: Mapped[str]
    job_title: Mapped[str]
    stage_id: Mapped[str]
    stage_name: Mapped[str]
    visits: Mapped[int] = mapped_column(default=0)
    snapshot: Mapped[Application] = mapped_column(StructJson(Application))
    seen_at: Mapped[datetime]

    candidate: Mapped[CandidateRow] = relationship(lazy="raise")


class StageEntryRow(Keyed, Base):
    """One entry of one application into one stage; its key is unique, so one move starts at most one interview (N3).

    PII class: pseudonymous.
    """

    __tablename__ = "stage_entry"
    __table_args__ = (
        sa.UniqueConstraint("application_id", "entry_key"),
        sa.Index("ix_stage_entry_stage", "stage_id", "stage_name"),
    )

    application_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("application.id"), index=True)
    entry_key: Mapped[str]
    stage_id: Mapped[str]
    stage_name: Mapped[str]
    kind: Mapped[StageKind | None] = mapped_column(enum_text(StageKind))
    entered_at: Mapped[datetime | None]
    seen_at: Mapped[datetime]
    delivery_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("delivery.id"))


class TriggerDecisionRow(Keyed, Base):
    """Why an event did or did not start an interview. PII class: pseudonymous."""

    __tablename__ = "trigger_decision"

    application_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("application.id"), index=True)
    stage_entry_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("stage_entry.id"), index=True)
    delivery_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("delivery.id"), index=True)
    at: Mapped[datetime]
    verdict: Mapped[Verdict] = mapped_column(enum_text(Verdict))
    reason: Mapped[Reason] = mapped_column(enum_text(Reason))
    program: Mapped[str | None]
    decision: Mapped[TriggerDecision] = mapped_column(StructJson(TriggerDecision))
