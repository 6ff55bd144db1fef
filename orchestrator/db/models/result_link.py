"""Result links: what opens the shared page of an interview without an account."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.db.base import Base, Keyed


class ResultLinkRow(Keyed, Base):
    """A result link. Only a keyed hash of its token is stored; it goes with its interview. PII class: none.

    ``generation`` counts within the interview: a link that is over never opens again, what is told later is another.
    ``issued_at`` is when it was last given its whole time, ``refused_at`` when the log last said that it opened no more.
    """

    __tablename__ = "result_link"

    interview_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("interview.id", ondelete="CASCADE"), index=True)
    connection: Mapped[str]
    generation: Mapped[int]
    token_hash: Mapped[str] = mapped_column(unique=True)
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
