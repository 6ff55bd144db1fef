"""Credentials and tokens of connections, encrypted; questions for consent that wait; and when credentials end."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.db.base import Base


class SecretRow(Base):
    """One credential of a connection. ``sealed`` names the key that it is encrypted with. PII class: none.

    ``ends_at`` is when it ends, where whoever stored it said so.
    """

    __tablename__ = "connection_secret"

    connection: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    sealed: Mapped[str]
    set_at: Mapped[datetime]
    set_by: Mapped[str]
    ends_at: Mapped[datetime | None]


class TokenRow(Base):
    """The OAuth tokens of a connection, encrypted, and whose turn it is to renew them. PII class: none.

    ``bound`` is a hash of the account that they belong to: a connection that points elsewhere does not use them. ``turn``
    is held until ``turn_until`` (seconds on the database's clock). ``unsettled``: a renewal began, and what came of it was
    not kept, so that a refresh token that is good for one use may be used up.
    """

    __tablename__ = "connection_token"

    connection: Mapped[str] = mapped_column(primary_key=True)
    bound: Mapped[str | None]
    sealed: Mapped[str | None]
    access_ends_at: Mapped[datetime | None]
    renewed_at: Mapped[datetime | None]
    consented_at: Mapped[datetime | None]
    turn: Mapped[str | None] = mapped_column(sa.String(36))
    turn_until: Mapped[float | None] = mapped_column(sa.Double)
    unsettled: Mapped[bool] = mapped_column(default=False, server_default=sa.false())


class ConsentRequestRow(Base):
    """An administrator was sent to a vendor to consent, and is not back. PII class: pseudonymous.

    Only the SHA-256 of the state and of the session that asked are stored; ``sealed`` is the PKCE verifier, encrypted.
    Good once, until ``expires_at``; retention removes what was never answered.
    """

    __tablename__ = "consent_request"

    state_hash: Mapped[str] = mapped_column(primary_key=True)
    connection: Mapped[str]
    session_hash: Mapped[str]
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("account.id"))
    sealed: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class CredentialEndRow(Base):
    """When the credentials of a connection end, as its vendor says; None where it names no end. PII class: none."""

    __tablename__ = "credential_end"

    connection: Mapped[str] = mapped_column(primary_key=True)
    ends_at: Mapped[datetime | None]
    looked_at: Mapped[datetime]
