"""Local accounts: argon2id passwords, sessions whose tokens are hashed at rest, one answer to every failing sign-in."""

import asyncio
import re
import secrets
from datetime import timedelta

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from orchestrator.db.base import new_id
from orchestrator.db.models.account import AccountRow, Role, SessionRow
from orchestrator.db.session import Database
from orchestrator.domain.audit import AuditEvent
from orchestrator.errors import InputInvalid, Unauthenticated
from orchestrator.ports import Clock
from orchestrator.services.links import token_hash
from orchestrator.services.views import Account

SESSION = timedelta(hours=12)
MIN_PASSWORD = 12
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_FAILED = "E-mail and password do not fit together. Check both, or ask an admin for a new password."


class Accounts:
    """Who may sign in."""

    def __init__(self, *, database: Database, clock: Clock, hasher: PasswordHasher | None = None) -> None:
        self._database = database
        self._clock = clock
        self._hasher = hasher or PasswordHasher()
        self._decoy = ""

    async def create(self, *, email: str, name: str, role: Role, password: str) -> Account:
        """Add an account.

        Raises:
            InputInvalid: the password is too short, or the address is taken.
        """
        if not _ADDRESS.fullmatch(email.strip()):
            raise InputInvalid("That is not an e-mail address.", fields={"email": "Enter a whole e-mail address."})
        if len(password) < MIN_PASSWORD:
            message = f"A password needs at least {MIN_PASSWORD} characters."
            raise InputInvalid(message, fields={"password": message})
        now = self._clock.now()
        row = AccountRow(
            id=new_id(),
            email=_folded(email),
            name=name.strip(),
            role=role,
            password_hash=self._hasher.hash(password),
            created_at=now,
        )
        async with self._database.transaction() as tx:
            if await _by_email(tx.session, row.email) is not None:
                raise InputInvalid("There is an account with this e-mail.", fields={"email": "taken"})
            tx.session.add(row)
            tx.audit(
                AuditEvent(
                    at=now,
                    actor="system",
                    tag="system:account:created",
                    subject=str(row.id),
                    details={"role": role.value},
                )
            )
        return _account(row)

    async def sign_in(self, email: str, password: str) -> str:
        """Check the password and open a session; returns its token.

        Raises:
            Unauthenticated: one answer for an unknown address, a wrong password and a disabled account.
        """
        async with self._database.reading() as session:
            row = await _by_email(session, _folded(email))
        known = await asyncio.to_thread(self._fits, row.password_hash if row else None, password)
        now = self._clock.now()
        if row is None or not known or row.disabled_at is not None:
            subject = str(row.id) if row else "unknown"
            async with self._database.transaction() as tx:
                tx.audit(AuditEvent(at=now, actor="anonymous", tag="account:session:refused", subject=subject))
            raise Unauthenticated(_FAILED)
        token = secrets.token_urlsafe(32)
        async with self._database.transaction() as tx:
            tx.session.add(
                SessionRow(token_hash=token_hash(token), account_id=row.id, created_at=now, expires_at=now + SESSION)
            )
            tx.audit(AuditEvent(at=now, actor=f"account:{row.id}", tag="account:session:opened", subject=str(row.id)))
        return token

    async def account(self, session_token: str) -> Account | None:
        """Who holds this session; None where it ended."""
        async with self._database.reading() as session:
            row = (
                await session.scalars(
                    sa.select(SessionRow)
                    .where(SessionRow.token_hash == token_hash(session_token))
                    .options(joinedload(SessionRow.account))
                )
            ).one_or_none()
        if row is None or row.expires_at <= self._clock.now() or row.account.disabled_at is not None:
            return None
        return _account(row.account)

    async def sign_out(self, session_token: str) -> None:
        """End a session."""
        now = self._clock.now()
        async with self._database.transaction() as tx:
            ended = await tx.session.scalar(
                sa.delete(SessionRow)
                .where(SessionRow.token_hash == token_hash(session_token))
                .returning(SessionRow.account_id)
            )
            if ended is not None:
                tx.audit(AuditEvent(at=now, actor=f"account:{ended}", tag="account:session:closed", subject=str(ended)))

    def _fits(self, password_hash: str | None, password: str) -> bool:
        """Slow on purpose, so it runs in a thread: a sign-in must not stop every other request."""
        # An unknown address costs the same time as a wrong password, so that nobody can tell which it was. Made at the
        # first sign-in, whoever it is: a worker never has one, and need not wait for it at its start.
        self._decoy = self._decoy or self._hasher.hash(secrets.token_urlsafe(16))
        try:
            return self._hasher.verify(password_hash or self._decoy, password)
        except VerificationError:
            return False


async def _by_email(session: AsyncSession, email: str) -> AccountRow | None:
    return (await session.scalars(sa.select(AccountRow).where(AccountRow.email == email))).one_or_none()


def _folded(email: str) -> str:
    return email.strip().casefold()


def _account(row: AccountRow) -> Account:
    return Account(id=row.id, email=row.email, name=row.name, role=row.role)
