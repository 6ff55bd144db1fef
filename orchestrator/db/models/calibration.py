"""Calibration sessions: items, raters, what each rated, and what was agreed. The answers stay with their interviews."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.db.base import Base, Keyed, StructJson, enum_text
from orchestrator.domain.calibration import GoldItem, SessionState


class CalibrationSessionRow(Keyed, Base):
    """One session over the items of one rubric. PII class: none."""

    __tablename__ = "calibration_session"

    title: Mapped[str]
    rubric_hash: Mapped[str] = mapped_column(sa.ForeignKey("rubric_snapshot.content_hash"))
    state: Mapped[SessionState] = mapped_column(enum_text(SessionState), default=SessionState.RATING)
    created_by: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id"))
    created_at: Mapped[datetime]
    revealed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class CalibrationItemRow(Keyed, Base):
    """What is rated: an interview, by reference only, or a gold item, as a copy. PII class: evaluation of a person.

    ``machine`` holds levels by competency as they were at the reveal. Without an interview and gold the interview is gone.
    """

    __tablename__ = "calibration_item"
    __table_args__ = (sa.UniqueConstraint("session_id", "position"),)

    session_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("calibration_session.id"), index=True)
    position: Mapped[int]
    interview_id: Mapped[uuid.UUID | None] = mapped_column(
        sa.ForeignKey("interview.id", ondelete="SET NULL"), index=True
    )
    gold: Mapped[GoldItem | None] = mapped_column(StructJson(GoldItem))
    machine: Mapped[dict[str, float | None] | None] = mapped_column(StructJson(dict[str, float | None]))


class CalibrationRaterRow(Base):
    """An account that rates in a session, with its name at that time. PII class: identity of staff."""

    __tablename__ = "calibration_rater"

    session_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("calibration_session.id"), primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id"), primary_key=True, index=True)
    name: Mapped[str]
    handed_in_at: Mapped[datetime | None]


class CalibrationRatingRow(Base):
    """One rater's level on one competency of one item; None is "not enough evidence". PII class: evaluation of a person.

    ``note`` may repeat what a candidate said and is emptied with the interview's words.
    """

    __tablename__ = "calibration_rating"

    item_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("calibration_item.id"), primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id"), primary_key=True, index=True)
    competency: Mapped[str] = mapped_column(primary_key=True)
    level: Mapped[int | None]
    note: Mapped[str]
    rated_at: Mapped[datetime]


class CalibrationAgreedRow(Base):
    """What the raters agreed on for one competency of one item. PII class: evaluation of a person; ``note`` as above."""

    __tablename__ = "calibration_agreed"

    item_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("calibration_item.id"), primary_key=True)
    competency: Mapped[str] = mapped_column(primary_key=True)
    level: Mapped[int | None]
    note: Mapped[str]
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id"))
    agreed_at: Mapped[datetime]
