"""Engine and transactions on SQLite and PostgreSQL with one meaning.

A transaction commits state, work and audit events together, or nothing. SQLite has one writer connection per process
(``BEGIN IMMEDIATE``, WAL, ``synchronous=FULL``: acknowledged means on disk, N2) and a few read-only ones beside it.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from sqlite3 import SQLITE_BUSY, OperationalError
from sqlite3 import Connection as SqliteConnection
from sqlite3 import Error as SqliteError
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection, PoolResetState

from orchestrator.db.models.audit import append_events
from orchestrator.domain.audit import AuditEvent

# Patience first: what follows may have to wait for another process.
SQLITE_PRAGMAS = ("busy_timeout=30000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
SQLITE_READERS = 4
IMMEDIATE = "BEGIN IMMEDIATE"
_PATIENT, _IMPATIENT = (f"PRAGMA busy_timeout={milliseconds}" for milliseconds in (30000, 0))
_SHORTEST, _LONGEST, _QUICKLY = 0.0003, 0.001, 25.0
"""Seconds: how long to sleep until the next look at a lock that another process holds, and for how long to do so."""

POOL_PATIENCE = 5.0
"""Seconds to wait for a free connection to PostgreSQL; who asked is then told to come again."""

START_PATIENCE = 30.0
"""Seconds that a process waits at its start for a database that does not answer."""

AGAIN = 0.25

PING_AFTER = 5.0
"""Seconds of rest after which a connection to PostgreSQL is asked whether it still lives."""

DATABASE_TROUBLE = (sa.exc.SQLAlchemyError, OSError)
"""What a database that is away, overloaded or in the way raises."""

ERRANDS = 5.0
"""Seconds that closing waits for what still runs beside."""

_PRIMARY = 0xFF
"""The part of SQLite's error codes that says of which kind an error is."""

T = TypeVar("T")


class Transaction:
    """One open transaction.

    Audit events are kept until the end and appended last, so that the chain's head is locked for as short as possible
    and always after every other row.
    """

    def __init__(self, session: AsyncSession, database: "Database") -> None:
        self.session = session
        self.database = database
        self._events: list[AuditEvent] = []

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.database.dialect

    def audit(self, event: AuditEvent) -> None:
        """Add an event to the chain when the transaction commits."""
        self._events.append(event)

    async def close(self) -> None:
        """Write what is still to be written; the caller commits."""
        await self.session.flush()
        if self._events:
            await append_events(self.session, self._events)


class Database:
    """The engine of one process. Parameters never stand in its errors: they are what candidates wrote."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = make_url(url)
        self.dialect = self.url.get_backend_name()
        if self.dialect == "sqlite":
            self.engine = _sqlite_engine(url, begin=IMMEDIATE, pool_size=1)
            self._reader = _sqlite_engine(url, begin="BEGIN", pool_size=SQLITE_READERS, read_only=True)
        else:
            self.engine = _postgres_engine(url, pool_size=pool_size)
            self._reader = self.engine
        self._write = async_sessionmaker(self.engine, expire_on_commit=False)
        self._read = async_sessionmaker(self._reader, expire_on_commit=False)
        self._background: set[asyncio.Task[None]] = set()

    def background(self, errand: Coroutine[Any, Any, None]) -> None:
        """Run a short errand on this database beside the caller; ``aclose`` waits for it."""
        task = asyncio.get_running_loop().create_task(errand)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def patiently(self, errand: Callable[[], Awaitable[None]], *, patience: float = START_PATIENCE) -> None:
        """Do what can be done twice, again where the server is away: a process may be started while its server is.

        Raises:
            OSError, SQLAlchemyError: the server did not come back within ``patience`` seconds, or it is there and refuses.
        """
        deadline = time.monotonic() + patience
        while True:
            try:
                await errand()
            except DATABASE_TROUBLE as error:
                refused = self.dialect != "postgresql" or isinstance(error, sa.exc.ProgrammingError)
                if refused or time.monotonic() > deadline:
                    raise
                await asyncio.sleep(AGAIN)
            else:
                return

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Open a transaction; commits at the end of the block, rolls back if the block raises.

        Never wait for anything but the database inside, and never open a second one inside: on SQLite there is one.
        """
        async with self._write() as session, session.begin():
            transaction = Transaction(session, self)
            yield transaction
            await transaction.close()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Open a session for reading only; nothing it does is kept."""
        async with self._read() as session:
            yield session

    async def aclose(self) -> None:
        """Close every connection."""
        if self._background:
            await asyncio.wait(self._background, timeout=ERRANDS)
        await self.engine.dispose()
        if self._reader is not self.engine:
            await self._reader.dispose()


async def in_driver(connection: AsyncConnection, errand: Callable[[SqliteConnection], T]) -> T:
    """Run an errand with SQLite's own connection, in the thread that it belongs to; the errand's errors are raised."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    # aiosqlite offers a thread's turn for one statement only.
    done: T = await driver._execute(lambda: errand(driver._conn))  # noqa: SLF001 - the way that its own methods take
    return done


def quickly(connection: SqliteConnection, attempt: Callable[[], T]) -> T:
    """Write as soon as no other process does. To be called in the driver's thread.

    SQLite's own patience sleeps up to a tenth of a second between two looks, and whoever has just come finds the lock
    free before whoever sleeps: of several processes one would write and the others wait.

    Raises:
        sqlite3.Error: what the attempt raises, a lock that stays included.
    """
    connection.execute(_IMPATIENT)
    try:
        deadline, wait = time.monotonic() + _QUICKLY, _SHORTEST
        while True:
            try:
                return attempt()
            except OperationalError as error:
                if error.sqlite_errorcode & _PRIMARY != SQLITE_BUSY or time.monotonic() > deadline:
                    raise
            time.sleep(wait)
            wait = min(wait * 1.5, _LONGEST)
    finally:
        connection.execute(_PATIENT)


async def _begin_quickly(driver: Any) -> bool:
    """Begin to write; False where it did not work, and the usual way will say why."""

    def begin() -> bool:
        connection: SqliteConnection = driver._conn  # noqa: SLF001 - as in_driver
        try:
            quickly(connection, lambda: connection.execute(IMMEDIATE))
        except SqliteError:
            return False
        return True

    begun: bool = await driver._execute(begin)  # noqa: SLF001 - the way that its own methods take
    return begun


def _postgres_engine(url: str, *, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(
        url, pool_size=pool_size, max_overflow=0, pool_timeout=POOL_PATIENCE, hide_parameters=True
    )

    def on_checkin(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info["rested_since"] = time.monotonic()

    def on_checkout(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
        rested = time.monotonic() - record.info.get("rested_since", math.inf)
        # Asking every time whether it still lives would cost each transaction a round trip.
        if rested < PING_AFTER:
            return
        try:
            engine.sync_engine.dialect.do_ping(connection)
        except engine.sync_engine.dialect.loaded_dbapi.Error as error:
            raise sa.exc.DisconnectionError from error

    sa.event.listen(engine.sync_engine, "checkin", on_checkin)
    sa.event.listen(engine.sync_engine, "checkout", on_checkout)
    return engine


def _sqlite_engine(url: str, *, begin: str, pool_size: int, read_only: bool = False) -> AsyncEngine:
    engine = create_async_engine(
        url, pool_size=pool_size, max_overflow=0, pool_timeout=60, pool_reset_on_return=None, hide_parameters=True
    )
    pragmas = (*SQLITE_PRAGMAS, "query_only=ON") if read_only else SQLITE_PRAGMAS

    def on_connect(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        # The driver must not open transactions by itself, or BEGIN IMMEDIATE below comes too late.
        raw: Any = connection
        raw.isolation_level = None
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        if not read_only:
            adapted: Any = connection.connection.dbapi_connection
            if adapted.run_async(_begin_quickly):
                return
        connection.exec_driver_sql(begin)

    def on_reset(connection: DBAPIConnection, _record: ConnectionPoolEntry, state: PoolResetState) -> None:
        raw: Any = connection
        # A rollback costs a turn of the driver's thread, asking whether there is something to roll back costs nothing.
        if state.asyncio_safe and not state.terminate_only and raw.driver_connection.in_transaction:
            connection.rollback()

    sa.event.listen(engine.sync_engine, "connect", on_connect)
    sa.event.listen(engine.sync_engine, "begin", on_begin)
    sa.event.listen(engine.sync_engine, "reset", on_reset)
    return engine
