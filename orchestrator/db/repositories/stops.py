"""Stops that are on, and the interviews that they hold up."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.application import ApplicationRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.stop import StopRow, StopScope
from orchestrator.db.session import Transaction
from orchestrator.db.upsert import insert_into
from orchestrator.domain.interview import InterviewState


async def listed(session: AsyncSession) -> Sequence[StopRow]:
    """Every stop that is on, the oldest first."""
    return (await session.scalars(sa.select(StopRow).order_by(StopRow.since, StopRow.scope, StopRow.name))).all()


async def add(tx: Transaction, scope: StopScope, name: str, *, reason: str, actor: str, since: datetime) -> bool:
    """Stop; False where it is stopped already, also since this moment."""
    values = {"scope": scope, "name": name, "reason": reason, "actor": actor, "since": since}
    statement = insert_into(StopRow, tx.dialect).values(**values).on_conflict_do_nothing().returning(StopRow.name)
    return (await tx.session.execute(statement)).first() is not None


async def holding(session: AsyncSession, *, connection: str, program: str | None) -> StopRow | None:
    """The stop that holds what a connection and a program would send now; None where they are free."""
    meant = [(StopScope.EVERYTHING, ""), (StopScope.CONNECTION, connection)]
    meant += [(StopScope.PROGRAM, program)] if program is not None else []
    one_of = sa.or_(*(sa.and_(StopRow.scope == scope, StopRow.name == name) for scope, name in meant))
    return (await session.scalars(sa.select(StopRow).where(one_of).order_by(StopRow.since).limit(1))).first()


async def take_away(session: AsyncSession, scope: StopScope, name: str) -> StopRow | None:
    """Remove a stop; None where it is not on."""
    statement = sa.delete(StopRow).where(StopRow.scope == scope, StopRow.name == name).returning(StopRow)
    return (await session.scalars(statement)).one_or_none()


async def waiting_interviews(
    session: AsyncSession, scope: StopScope, name: str, *, states: Collection[InterviewState], lock: bool = True
) -> Sequence[InterviewRow]:
    """The interviews of a scope in these states, in the order of their ids; ``lock`` holds them."""
    statement = sa.select(InterviewRow).where(InterviewRow.state.in_(states)).order_by(InterviewRow.id)
    if scope is StopScope.PROGRAM:
        statement = statement.where(InterviewRow.program_key == name)
    elif scope is StopScope.CONNECTION:
        of_it = sa.select(ApplicationRow.id).where(ApplicationRow.connection == name)
        statement = statement.where(InterviewRow.application_id.in_(of_it))
    return (await session.scalars(statement.with_for_update() if lock else statement)).all()
