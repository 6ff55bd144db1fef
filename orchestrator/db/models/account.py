"""Local accounts and their sessions."""

import uuid
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from orchestrator.db.base import Base, Keyed, enum_text


class Role(StrEnum):
    """What an account may do: recruiters review, admins also operate."""

    RECRUITER = "recruiter"
    ADMIN = "admin"


class AccountRow(Keyed, Base):
    """A team member. ``password_hash`` is argon2id. PII class: identity and contact of staff."""

    __tablename__ = "account"

    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[Role] = mapped_column(enum_text(Role))
    password_hash: Mapped[str]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class SessionRow(Base):
    """A signed-in browser. Only the SHA-256 of the cookie is stored. PII class: pseudonymous."""

    __tablename__ = "account_session"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    account: Mapped[AccountRow] = relationship(lazy="raise")
