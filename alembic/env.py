"""How migrations run: on the URL that the caller hands over, or EVENHAND_DATABASE_URL from the command line."""

import asyncio
import os
from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine

import orchestrator.db.models
import orchestrator.work.table
from orchestrator.db.base import Base, StructJson, UtcDateTime

# Imported for the tables that they register.
REGISTERED = (orchestrator.db.models, orchestrator.work.table)

LOCK_TIMEOUT = "4s"
STATEMENT_TIMEOUT = "60s"


def render_item(kind: str, item: Any, _autogenerate: AutogenContext) -> str | Literal[False]:
    """Our own types become plain ones: a migration must not change when the code does."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, StructJson):
        return "sa.Text()"
    return False


def run(connection: Connection) -> None:
    """Run the migrations on an open connection."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.execute(sa.text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        render_item=render_item,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def main() -> None:
    """Connect and run."""
    url = context.config.attributes.get("url") or os.environ["EVENHAND_DATABASE_URL"]
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


asyncio.run(main())
