"""What the engine promises below the mapper, on SQLite."""

import sqlite3

import pytest
import sqlalchemy as sa

from orchestrator.db.session import Database, in_driver


def leave_open(connection: sqlite3.Connection) -> bool:
    """Write something and neither commit nor roll back."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("CREATE TABLE left_open (one INTEGER)")
    return connection.in_transaction


async def test_what_was_left_open_is_rolled_back(sqlite_database: Database) -> None:
    """A connection that comes back with an open transaction is cleaned before somebody else writes with it."""
    async with sqlite_database.engine.connect() as connection:
        assert await in_driver(connection, leave_open)
    async with sqlite_database.transaction() as tx:
        found = await tx.session.execute(sa.text("SELECT count(*) FROM sqlite_master WHERE name = 'left_open'"))
        assert found.scalar_one() == 0


async def test_an_errand_raises_its_own_errors(sqlite_database: Database) -> None:
    """What SQLite refuses reaches whoever asked, as the driver says it."""
    async with sqlite_database.engine.connect() as connection:
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            await in_driver(connection, lambda own: own.execute("SELECT * FROM nowhere"))
