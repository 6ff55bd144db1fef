"""Who is told of credentials that end, and who was told."""

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.account import AccountRow, Role
from orchestrator.db.models.audit import AuditRow

TOLD = "system:credential:told"
"""The audit event of a mail that was sent."""


async def administrators(session: AsyncSession) -> Sequence[AccountRow]:
    """Everybody who can mend it, the oldest account first."""
    statement = sa.select(AccountRow).where(AccountRow.role == Role.ADMIN, AccountRow.disabled_at.is_(None))
    return (await session.scalars(statement.order_by(AccountRow.created_at, AccountRow.id))).all()


async def administrator(session: AsyncSession, account_id: uuid.UUID) -> AccountRow | None:
    """One of them; None for whoever is none any more."""
    return next((one for one in await administrators(session) if one.id == account_id), None)


async def was_told(session: AsyncSession, *, subject: str, key: str, account: str) -> bool:
    """Whether the audit log has it: finished work is removed after a while, and this must outlive it."""
    told = sa.select(AuditRow).where(AuditRow.subject == subject, AuditRow.tag == TOLD)
    wanted = (key, account)
    return any(
        (row.event.details.get("key"), row.event.details.get("account")) == wanted
        for row in await session.scalars(told)
    )
