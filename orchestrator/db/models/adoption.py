"""That a later reading is used: who chose it and why, from then until it is the result."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.db.base import Base, Keyed, enum_text
from orchestrator.db.models.scoring import HeldState

_WAITING = sa.text("state = 'waiting'")
_HELD = sa.text("state = 'held'")


class AdoptionRow(Keyed, Base):
    """Somebody uses a later reading in the place of what stands. PII class: evaluation of a person.

    It waits for a second person and is held until ``final_at`` as a decision is. ``interview_version`` is the interview's
    when it was chosen: where that has moved on, nothing comes of it. ``scorecard_id`` is the one that it became, beside
    those before it; ``agrees_with`` the choice of the first person where two were needed.
    """

    __tablename__ = "adoption"
    __table_args__ = (
        sa.Index("uq_adoption_waiting", "interview_id", unique=True, postgresql_where=_WAITING, sqlite_where=_WAITING),
        sa.Index("uq_adoption_held", "interview_id", unique=True, postgresql_where=_HELD, sqlite_where=_HELD),
    )

    interview_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("interview.id", ondelete="CASCADE"), index=True)
    rescoring_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("rescoring.id", ondelete="CASCADE"), index=True)
    interview_version: Mapped[int]
    actor_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id"), index=True)
    actor_name: Mapped[str]
    reason: Mapped[str]
    decided_at: Mapped[datetime]
    final_at: Mapped[datetime | None]
    state: Mapped[HeldState] = mapped_column(enum_text(HeldState))
    ended_at: Mapped[datetime | None]
    agrees_with: Mapped[uuid.UUID | None]
    scorecard_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("scorecard.id", ondelete="CASCADE"))
