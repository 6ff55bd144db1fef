"""Bulk loading: one row that the product itself wrote is cloned many times, with a few columns changed by SQL.

Constraints and indexes stay on. Whatever columns a table has or will have are copied, so that the loader knows no schema.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

import orchestrator.db.models
import orchestrator.work.table
from bench.harness import Void
from orchestrator.db.base import Base
from orchestrator.db.migrate import upgrade
from orchestrator.db.session import Database, Transaction

REGISTERED = (orchestrator.db.models, orchestrator.work.table)
"""Modules that are imported for their tables."""

CHUNK = 250_000
"""Rows of one INSERT: large enough to be fast, small enough to say how far it is."""


async def migrated(url: str) -> Database:
    """An open database that the migrations have brought to the newest schema; the migrations bring their own event loop."""
    await asyncio.to_thread(upgrade, url)
    return Database(url)


async def clone(
    tx: Transaction, table: str, *, template: str, count: int, changed: Mapping[str, str | None], first: int = 0
) -> None:
    """Insert ``count`` copies of the row where ``template`` (an SQL condition) holds.

    ``changed`` has SQL expressions by column; ``n.i`` counts from ``first``, ``t`` is the template. None leaves a column
    to its default; what is said of a column that the table does not have is ignored.

    Raises:
        Void: no row is there to be copied, or not every copy was taken.
    """
    columns = [
        column.name for column in Base.metadata.tables[table].columns if changed.get(column.name, "") is not None
    ]
    values = [changed.get(name) or f't."{name}"' for name in columns]
    names = ", ".join(f'"{name}"' for name in columns)
    numbers = _numbers(tx.dialect, first, count)
    made: Any = await tx.session.execute(
        sa.text(
            f'INSERT INTO "{table}" ({names}) SELECT {", ".join(values)}'  # noqa: S608 - fixed texts of the bench
            f' FROM {numbers} CROSS JOIN (SELECT * FROM "{table}" WHERE {template} LIMIT 1) AS t'
        )
    )
    if made.rowcount != count:
        raise Void(f"{made.rowcount} of {count} rows of {table} were made from the row where {template}")


def _numbers(dialect: str, first: int, count: int) -> str:
    last = first + count - 1
    if dialect == "postgresql":
        return f"generate_series({first}::bigint, {last}::bigint) AS n(i)"
    counted = f"WITH RECURSIVE c(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM c WHERE i < {last}) SELECT i FROM c"  # noqa: S608 - numbers
    return f"({counted}) AS n"


async def analyse(database: Database) -> None:
    """Bring the planner's statistics up to date, as autovacuum and PRAGMA optimize do after a while."""
    async with database.transaction() as tx:
        await tx.session.execute(sa.text("ANALYZE"))
