"""What the engine promises below the mapper, on SQLite."""

import asyncio
import sqlite3

import pytest
import sqlalchemy as sa

from orchestrator.db.session import Database, in_driver, quickly

BUSY = sqlite3.SQLITE_BUSY


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


async def test_who_wants_to_write_waits_for_another_process(sqlite_database: Database) -> None:
    """While somebody else writes, a transaction waits; it goes on when they have committed, and sees what they wrote."""
    async with sqlite_database.transaction() as first:
        # Connected before the lock is taken: a new connection may have to switch the file to WAL.
        await first.session.execute(sa.text("SELECT 1"))
    other = sqlite3.connect(sqlite_database.url.database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("CREATE TABLE theirs (one INTEGER)")

    async def write() -> None:
        async with sqlite_database.transaction() as tx:
            await tx.session.execute(sa.text("INSERT INTO theirs VALUES (1)"))

    waiting = asyncio.create_task(write())
    done, _ = await asyncio.wait([waiting], timeout=0.05)
    assert not done
    other.execute("COMMIT")
    await waiting
    assert other.execute("SELECT count(*) FROM theirs").fetchone() == (1,)
    other.close()


def test_only_a_lock_is_waited_for() -> None:
    """Another error is raised at once; a lock is tried again; and afterwards SQLite is as patient as before."""
    connection = sqlite3.connect(":memory:")
    tries: list[None] = []

    def locked_twice() -> str:
        tries.append(None)
        if len(tries) < 3:
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = BUSY
            raise error
        return "written"

    assert quickly(connection, locked_twice) == "written"
    assert len(tries) == 3
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        quickly(connection, lambda: connection.execute("SELECT * FROM nowhere"))
    assert connection.execute("PRAGMA busy_timeout").fetchone() == (30000,)
    connection.close()
