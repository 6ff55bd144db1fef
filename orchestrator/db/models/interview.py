"""Interviews: state, links, consents, drafts, turns and every step that was taken."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from orchestrator.db.base import Base, Keyed, StructJson, enum_text
from orchestrator.db.models.application import ApplicationRow
from orchestrator.domain.interview import InterviewState
from orchestrator.domain.program import Program
from orchestrator.domain.transcript import Plan, Speaker


class RubricRow(Base):
    """A rubric as it was used, once per content hash. PII class: none."""

    __tablename__ = "rubric_snapshot"

    content_hash: Mapped[str] = mapped_column(primary_key=True)
    rubric_id: Mapped[str]
    version: Mapped[str]
    content: Mapped[bytes]
    stored_at: Mapped[datetime]


class InterviewRow(Keyed, Base):
    """One structured interview for one application. ``version`` is compared and set by every step.

    PII class: pseudonymous.
    """

    __tablename__ = "interview"
    __table_args__ = (
        sa.UniqueConstraint("stage_entry_id"),
        sa.Index("ix_interview_program", "program_key", "created_at"),
    )

    application_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("application.id"), index=True)
    stage_entry_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("stage_entry.id"))
    program_key: Mapped[str]
    program: Mapped[Program] = mapped_column(StructJson(Program))
    rubric_hash: Mapped[str] = mapped_column(sa.ForeignKey("rubric_snapshot.content_hash"))
    plan: Mapped[Plan] = mapped_column(StructJson(Plan))
    state: Mapped[InterviewState] = mapped_column(enum_text(InterviewState))
    version: Mapped[int] = mapped_column(default=1)
    round: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    consented_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    application: Mapped[ApplicationRow] = relationship(lazy="raise")


class LinkRow(Keyed, Base):
    """A candidate link. Only a keyed hash of its token is stored. PII class: none."""

    __tablename__ = "interview_link"

    interview_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("interview.id"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    round: Mapped[int]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class ConsentRow(Keyed, Base):
    """Proof of the notice that was shown and agreed to. PII class: pseudonymous."""

    __tablename__ = "consent"

    interview_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("interview.id"), index=True)
    notice_version: Mapped[str]
    notice_hash: Mapped[str]
    notice_text: Mapped[str]
    agreed_at: Mapped[datetime]


class DraftRow(Base):
    """An answer as last saved. PII class: what a candidate said."""

    __tablename__ = "draft"

    interview_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("interview.id"), primary_key=True)
    question_id: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]
    saved_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=1)


class TurnRow(Base):
    """A turn of a submitted transcript. PII class: what a candidate said."""

    __tablename__ = "turn"

    interview_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("interview.id"), primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    speaker: Mapped[Speaker] = mapped_column(enum_text(Speaker))
    question_id: Mapped[str]
    text: Mapped[str]


class TransitionRow(Keyed, Base):
    """One step that an interview took. PII class: pseudonymous."""

    __tablename__ = "interview_transition"

    interview_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("interview.id"), index=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    command: Mapped[str]
    before: Mapped[InterviewState | None] = mapped_column(enum_text(InterviewState, name="before"))
    after: Mapped[InterviewState] = mapped_column(enum_text(InterviewState, name="after"))
    rubric_hash: Mapped[str]
