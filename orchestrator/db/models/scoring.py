"""Scorecards (machine), review cases, decisions (human) and results, and what leads to a decision. Append-only but for states."""

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


class HeldState(StrEnum):
    """How far a decision is on its way to being final."""

    WAITING = "waiting"  # entered when two people must agree / left when the second one chooses, or it is taken back
    HELD = "held"  # entered when it is decided / left when its time is over, or it is taken back
    FINAL = "final"  # entered when it became the decision, or is agreed with in it / never left
    UNDONE = "undone"  # entered when who made it took it back / never left
    REPLACED = "replaced"  # entered when the second person chose otherwise / never left
    DROPPED = "dropped"  # entered when the case ended without it / never left


class HeldDecisionRow(Keyed, Base):
    """What a person chose for a result, from then until it is final, and the record of it. PII class: evaluation of a person.

    ``opened_at`` is when that person first opened the case, ``final_at`` when it becomes the decision unless it is taken
    back, ``agrees_with`` the choice of the first person where two were needed.
    """

    __tablename__ = "held_decision"
    __table_args__ = (
        # Two that wait, or two that are held, would be two decisions about one case.
        sa.Index(
            "uq_held_decision_waiting",
            "case_id",
            unique=True,
            postgresql_where=sa.text("state = 'waiting'"),
            sqlite_where=sa.text("state = 'waiting'"),
        ),
        sa.Index(
            "uq_held_decision_held",
            "case_id",
            unique=True,
            postgresql_where=sa.text("state = 'held'"),
            sqlite_where=sa.text("state = 'held'"),
        ),
        sa.Index("ix_held_decision_actor_id_decided_at", "actor_id", "decided_at"),
    )

    case_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("review_case.id", ondelete="CASCADE"), index=True)
    interview_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("interview.id", ondelete="CASCADE"), index=True)
    scorecard_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("scorecard.id", ondelete="CASCADE"))
    actor_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id"))
    actor_name: Mapped[str]
    verdict: Mapped[DecisionVerdict] = mapped_column(enum_text(DecisionVerdict))
    band: Mapped[str | None]
    reason: Mapped[str]
    opened_at: Mapped[datetime | None]
    decided_at: Mapped[datetime]
    final_at: Mapped[datetime | None]
    state: Mapped[HeldState] = mapped_column(enum_text(HeldState))
    ended_at: Mapped[datetime | None]
    agrees_with: Mapped[uuid.UUID | None]


class BlindReadingRow(Base):
    """The band that a reviewer chose before the software's was shown, and that one. PII class: evaluation of a person."""

    __tablename__ = "blind_reading"

    case_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("review_case.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)
    scorecard_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("scorecard.id", ondelete="CASCADE"))
    band: Mapped[str]
    machine_band: Mapped[str]
    at: Mapped[datetime]


class CaseOpeningRow(Base):
    """When a reviewer first opened an open case. PII class: pseudonymous (how staff work)."""

    __tablename__ = "case_opening"

    case_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("review_case.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)
    at: Mapped[datetime]


class CaseAssignmentRow(Base):
    """Who looks after a case. PII class: pseudonymous (how staff work)."""

    __tablename__ = "case_assignment"

    case_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("review_case.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id"), index=True)
    at: Mapped[datetime]
