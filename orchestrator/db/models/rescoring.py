"""Readings of stored transcripts that came later, with a newer rubric or another grader, beside the result and never over it."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.db.base import Base, Keyed, StructJson
from orchestrator.domain.scoring import Scorecard


class RescoringRow(Keyed, Base):
    """One later reading of one transcript. Nothing is written to an ATS because of it. PII class: evaluation of a person.

    ``revision`` is that of the scorecard beside which it stands; ``actor`` an account's id or the command line.
    """

    __tablename__ = "rescoring"
    __table_args__ = (sa.Index("ix_rescoring_interview_id_made_at", "interview_id", "made_at"),)

    interview_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("interview.id", ondelete="CASCADE"))
    revision: Mapped[int]
    rubric_hash: Mapped[str] = mapped_column(sa.ForeignKey("rubric_snapshot.content_hash"))
    card: Mapped[Scorecard] = mapped_column(StructJson(Scorecard))
    reasons: Mapped[list[str]] = mapped_column(StructJson(list[str]))
    made_at: Mapped[datetime]
    actor: Mapped[str]
