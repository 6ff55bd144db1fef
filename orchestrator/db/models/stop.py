"""Stops: what people switched off, for everything, one connection or one program."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.db.base import Base, enum_text


class StopScope(StrEnum):
    """How far a stop reaches."""

    EVERYTHING = "everything"
    CONNECTION = "connection"
    PROGRAM = "program"


class StopRow(Base):
    """One stop that is on. ``name`` is the key of the connection or program, empty for everything. PII class: none.

    ``actor`` is an account's id or the command line, as in the audit chain, where the history of stops is.
    """

    __tablename__ = "stop"

    scope: Mapped[StopScope] = mapped_column(enum_text(StopScope), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True, default="")
    reason: Mapped[str]
    actor: Mapped[str]
    since: Mapped[datetime]
