"""Follow-ups: what was decided after an answer, once for each place, so that nothing is asked twice."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.db.base import Base, StructJson, enum_text
from orchestrator.domain.followups import FollowUpReason


class FollowUpRow(Base):
    """One decision about a question: the probe that was asked at this place (1: the first), or None and why not.

    The answer is a draft under `orchestrator.domain.followups.answer_key`. ``missing`` holds ids of indicators. Removed
    together with the words of the candidate. PII class: pseudonymous.
    """

    __tablename__ = "follow_up"

    interview_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("interview.id"), primary_key=True)
    question_id: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    probe_id: Mapped[str | None]
    reason: Mapped[FollowUpReason] = mapped_column(enum_text(FollowUpReason))
    missing: Mapped[tuple[str, ...]] = mapped_column(StructJson(tuple[str, ...]))
    decided_at: Mapped[datetime]
