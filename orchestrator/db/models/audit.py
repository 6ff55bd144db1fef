"""The append-only audit log and the head of its chain."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from orchestrator.db.base import Base, StructJson
from orchestrator.domain.audit import GENESIS, AuditEvent, chain

HEAD = 1


class AuditRow(Base):
    """One event. PII class: pseudonymous (ids and codes, never free text). Never updated, never deleted."""

    __tablename__ = "audit_event"
    __table_args__ = (sa.Index("ix_audit_event_subject", "subject"),)

    sequence: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=False
    )
    at: Mapped[datetime]
    actor: Mapped[str]
    tag: Mapped[str]
    subject: Mapped[str]
    event: Mapped[AuditEvent] = mapped_column(StructJson(AuditEvent))
    previous_hash: Mapped[str]
    hash: Mapped[str]


class AuditHead(Base):
    """The last link: one row, locked by whoever appends, so that the chain has no fork. PII class: none."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sequence: Mapped[int] = mapped_column(sa.BigInteger)
    hash: Mapped[str]


async def append_events(session: AsyncSession, events: Sequence[AuditEvent]) -> None:
    """Append events in order behind the head. The migration puts the head there."""
    look = sa.select(AuditHead.sequence, AuditHead.hash).where(AuditHead.id == HEAD).with_for_update()
    head = (await session.execute(look)).one()
    sequence, previous = head.sequence, head.hash or GENESIS
    rows = []
    for event in events:
        sequence += 1
        chained = chain(event, sequence=sequence, previous_hash=previous)
        rows.append(
            {
                "sequence": sequence,
                "at": event.at,
                "actor": event.actor,
                "tag": event.tag,
                "subject": event.subject,
                "event": event,
                "previous_hash": previous,
                "hash": chained.hash,
            }
        )
        previous = chained.hash
    moved = (
        sa.update(AuditHead)
        .where(AuditHead.id == HEAD)
        .values(sequence=sequence, hash=previous)
        .execution_options(synchronize_session=False)
    )
    inserted = sa.insert(AuditRow).values(rows)
    if session.get_bind().dialect.name == "postgresql":
        # Everybody who commits waits for this row, so it is held for one round trip to the server less.
        await session.execute(moved.add_cte(inserted.cte("inserted")))
    else:
        await session.execute(inserted)
        await session.execute(moved)
