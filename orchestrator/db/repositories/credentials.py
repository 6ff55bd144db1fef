"""Stored credentials, tokens, questions for consent, and when credentials end: every query."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.credential import ConsentRequestRow, CredentialEndRow, SecretRow, TokenRow
from orchestrator.db.session import Transaction
from orchestrator.db.upsert import insert_into


async def secrets(session: AsyncSession, *, lock: bool = False) -> Sequence[SecretRow]:
    """Every stored credential, in order; ``lock`` holds them until the transaction ends."""
    statement = sa.select(SecretRow).order_by(SecretRow.connection, SecretRow.name)
    return (await session.scalars(statement.with_for_update() if lock else statement)).all()


async def keep_secret(tx: Transaction, row: SecretRow) -> None:
    """Store a credential in place of the one of its name."""
    await tx.session.merge(row)


async def remove_secret(session: AsyncSession, connection: str, name: str) -> bool:
    """Remove a credential; False where there is none."""
    statement = sa.delete(SecretRow).where(SecretRow.connection == connection, SecretRow.name == name)
    return (await session.execute(statement.returning(SecretRow.name))).first() is not None


async def remove_tokens(session: AsyncSession, connection: str, _name: str) -> bool:
    """Remove the tokens of a connection; False where there are none."""
    statement = sa.delete(TokenRow).where(TokenRow.connection == connection, TokenRow.sealed.is_not(None))
    return (await session.execute(statement.returning(TokenRow.connection))).first() is not None


async def token(session: AsyncSession, connection: str) -> TokenRow | None:
    """The tokens of a connection."""
    return await session.get(TokenRow, connection)


async def tokens(session: AsyncSession) -> Sequence[TokenRow]:
    """The tokens of every connection."""
    return (await session.scalars(sa.select(TokenRow).order_by(TokenRow.connection))).all()


async def locked_token(tx: Transaction, connection: str) -> TokenRow:
    """The tokens of a connection, locked until ``tx`` ends; an empty row where there was none."""
    fresh = insert_into(TokenRow, tx.dialect).values(connection=connection).on_conflict_do_nothing()
    await tx.session.execute(fresh)
    statement = sa.select(TokenRow).where(TokenRow.connection == connection).with_for_update()
    return (await tx.session.scalars(statement.execution_options(populate_existing=True))).one()


async def take_question(
    session: AsyncSession, *, state_hash: str, connection: str, session_hash: str
) -> ConsentRequestRow | None:
    """Take a question for consent away, so that it is answered once; None where nobody asked it in this session."""
    statement = (
        sa.delete(ConsentRequestRow)
        .where(
            ConsentRequestRow.state_hash == state_hash,
            ConsentRequestRow.connection == connection,
            ConsentRequestRow.session_hash == session_hash,
        )
        .returning(ConsentRequestRow)
    )
    return (await session.scalars(statement)).one_or_none()


async def keep_end(tx: Transaction, connection: str, *, ends_at: datetime | None, at: datetime) -> None:
    """Note when the credentials of a connection end, as its vendor says."""
    await tx.session.merge(CredentialEndRow(connection=connection, ends_at=ends_at, looked_at=at))


async def forget_end(tx: Transaction, connection: str) -> None:
    """What the vendor said of the end of credentials that are replaced is not true of the new ones."""
    await tx.session.execute(sa.delete(CredentialEndRow).where(CredentialEndRow.connection == connection))


async def ends(session: AsyncSession) -> Sequence[tuple[str, str | None, datetime]]:
    """Every known end: connection, name of the credential (None: the vendor speaks of all), and when."""
    stored = sa.select(SecretRow.connection, SecretRow.name, SecretRow.ends_at).where(SecretRow.ends_at.is_not(None))
    told = sa.select(CredentialEndRow.connection, CredentialEndRow.ends_at).where(CredentialEndRow.ends_at.is_not(None))
    found = [(row.connection, row.name, row.ends_at) for row in await session.execute(stored)]
    found += [(row.connection, None, row.ends_at) for row in await session.execute(told)]
    return sorted(found, key=lambda one: (one[2], one[0], one[1] or ""))
