"""Scorecards (machine), review cases, decisions (human) and results. All append-only but the state of a case."""

import uuid
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.db.base import Base, Keyed, StructJson, enum_text
from orchestrator.domain.result import Finality, Result
from orchestrator.domain.scoring import Scorecard


class ScorecardRow(Keyed, Base):
    """What a rater made of one transcript; the machine's recommendation. PII class: evaluation of a person."""

    __tablename__ = "scorecard"
    __table_args__ = (sa.UniqueConstraint("interview_id", "revision"),)

    interview_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("interview.id"), index=True)
    revision: Mapped[int]
    created_at: Mapped[datetime]
    card: Mapped[Scorecard] = mapped_column(StructJson(Scorecard))
    reasons: Mapped[list[str]] = mapped_column(StructJson(list[str]))


class CaseKind(StrEnum):
    """What a person is asked to decide."""

    RESULT = "result"
    ADJUSTMENT = "adjustment"
    PERSON = "person"


class CaseState(StrEnum):
    """Whether a case still waits."""

    OPEN = "open"
    DECIDED = "decided"
    DROPPED = "dropped"


class CaseRow(Keyed, Base):
    """An item of the review queue. ``message`` is the candidate's own words. PII class: accommodation data."""

    __tablename__ = "review_case"
    __table_args__ = (sa.Index("ix_review_case_queue", "state", "due_at"),)

    interview_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("interview.id"), index=True)
    kind: Mapped[CaseKind] = mapped_column(enum_text(CaseKind))
    state: Mapped[CaseState] = mapped_column(enum_text(CaseState), default=CaseState.OPEN)
    reasons: Mapped[list[str]] = mapped_column(StructJson(list[str]))
    message: Mapped[str | None]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class DecisionVerdict(StrEnum):
    """What a person decided."""

    CONFIRM = "confirm"
    OVERRIDE = "override"
    CLOSE_UNSCORED = "close_unscored"
    CONTINUE = "continue"
    HAND_OVER = "hand_over"


class DecisionRow(Keyed, Base):
    """A person's decision, beside the machine's recommendation and never over it. PII class: evaluation of a person."""

    __tablename__ = "decision"

    case_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("review_case.id"), unique=True)
    interview_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("interview.id"), index=True)
    scorecard_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("scorecard.id"))
    actor_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id"))
    actor_name: Mapped[str]
    verdict: Mapped[DecisionVerdict] = mapped_column(enum_text(DecisionVerdict))
    band: Mapped[str | None]
    reason: Mapped[str]
    decided_at: Mapped[datetime]


class ResultRow(Keyed, Base):
    """A result as written back, one row per revision. PII class: evaluation of a person."""

    __tablename__ = "result"
    __table_args__ = (sa.UniqueConstraint("interview_id", "revision"),)

    interview_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("interview.id"), index=True)
    revision: Mapped[int]
    scorecard_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("scorecard.id"))
    finality: Mapped[Finality] = mapped_column(enum_text(Finality))
    audit_ref: Mapped[str] = mapped_column(unique=True)
    result: Mapped[Result] = mapped_column(StructJson(Result))
    created_at: Mapped[datetime]
