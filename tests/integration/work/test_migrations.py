"""The migrations build what the tables say."""

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.engine import Connection

from orchestrator.db import models
from orchestrator.db.base import Base
from orchestrator.db.session import Database


def differences(connection: Connection) -> list[object]:
    """What autogenerate would still change."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, Base.metadata))


async def test_migrated_schema_equals_tables(database: Database) -> None:
    """A table that changed without a migration is a difference."""
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_audit_chain_has_its_head(database: Database) -> None:
    """Exactly one head, before the first event."""
    async with database.reading() as session:
        heads = (await session.execute(sa.select(models.audit.AuditHead))).scalars().all()
    assert [(head.id, head.sequence, head.hash) for head in heads] == [(1, 0, "")]
