"""That a candidate was asked again: who asked and why, and what had been handed in until then."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.db.base import Base, Keyed, StructJson, enum_text
from orchestrator.db.models.scoring import HeldState
from orchestrator.domain.transcript import Transcript

_STANDS = sa.text("state IN ('held', 'final')")


class ReopeningRow(Keyed, Base):
    """Somebody has the candidate asked again, from then until it went out, and the record of it; once for an interview.

    It is held like a decision until ``final_at``. ``round`` is the attempt that it ends. ``answers`` is what was handed in
    then, kept from the moment on in which it is final: the turns of the interview become those of the next attempt, and
    retention empties both. PII class: what a candidate said.
    """

    __tablename__ = "reopening"
    __table_args__ = (
        sa.Index("uq_reopening_once", "interview_id", unique=True, postgresql_where=_STANDS, sqlite_where=_STANDS),
    )

    interview_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("interview.id", ondelete="CASCADE"), index=True)
    case_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("review_case.id", ondelete="CASCADE"), index=True)
    round: Mapped[int]
    actor_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id"), index=True)
    actor_name: Mapped[str]
    reason: Mapped[str]
    asked_at: Mapped[datetime]
    final_at: Mapped[datetime]
    state: Mapped[HeldState] = mapped_column(enum_text(HeldState))
    ended_at: Mapped[datetime | None]
    answers: Mapped[Transcript | None] = mapped_column(StructJson(Transcript))
