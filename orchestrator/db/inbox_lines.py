"""How deliveries get into the inbox's table: the driver is spoken to directly, in autocommit.

On this one path the mapper and the pool cost more than the database does.
"""

import sqlite3
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, Protocol

import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types
import sqlalchemy as sa
import structlog
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from orchestrator.db.models.intake import DeliveryRow, DeliverySource, DeliveryState
from orchestrator.db.session import Database, in_driver, quickly

LINES = 4
"""Connections to PostgreSQL that store groups at the same time."""

SINGLE_LINES = 10
"""The same where every delivery has a statement of its own: each then waits for the disk by itself."""

SINGLES = 16
"""Statements of one delivery each that SQLite runs in one go, each committing itself."""

_AGAIN_ONCE = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.DeadlockDetectedError,
    sa.exc.DBAPIError,
    OSError,
)

log = structlog.get_logger(__name__)

_COLUMNS = (
    "id", "connection", "source", "dedupe", "received_at", "headers", "body", "state", "times_received", "outcome", "lane"
)  # fmt: skip
_ARRAYS = (
    "uuid", "text", "text", "text", "timestamptz", "text", "bytea", "text", "int", "text", "text"
)  # fmt: skip
_INSERT = f"INSERT INTO delivery ({', '.join(_COLUMNS)})"
_AGAIN = (
    "ON CONFLICT (connection, dedupe) DO UPDATE SET times_received = delivery.times_received + excluded.times_received "
    "RETURNING id"
)


class Received(Struct, frozen=True, kw_only=True):
    """A delivery that was verified. ``lane`` is the order it will be worked off in, None where there is no order."""

    connection: str
    dedupe: str
    at: datetime
    headers: dict[str, str]
    body: bytes
    state: DeliveryState
    outcome: str | None
    lane: str | None


Row = tuple[uuid.UUID, Received, int]
"""A delivery with its id and how often it came."""

Stored = set[uuid.UUID] | sa.exc.SQLAlchemyError
"""What one statement did: the ids of the rows that were new, or why it stored nothing."""


class Line(Protocol):
    """How rows get to one kind of database: ``width`` portions at the same time, each of ``portion`` deliveries at most."""

    width: int
    portion: int

    async def insert(self, groups: Sequence[Sequence[Row]]) -> list[Stored]:
        """Store each group by one statement that commits itself. On disk when this returns.

        Raises:
            OSError, SQLAlchemyError: nothing is known to be stored.
        """

    async def aclose(self) -> None:
        """Let connections go."""


class SqliteLine:
    """The one writer of this process, borrowed for a portion at a time: who else wants to write has their turn between."""

    width = 1

    def __init__(self, database: Database, group: int) -> None:
        self.portion = max(group, SINGLES) if group == 1 else group
        self._engine = database.engine
        self._bind = _binding(database)
        self._row = f"({', '.join('?' * len(_COLUMNS))})"
        self._texts: dict[int, str] = {}

    async def insert(self, groups: Sequence[Sequence[Row]]) -> list[Stored]:
        """Every group's statement in one go of the driver's thread: changing threads costs as much as a statement."""
        statements = [(self._text(len(rows)), [value for row in rows for value in self._bind(row)]) for rows in groups]
        async with self._engine.connect() as connection:
            return await in_driver(connection, partial(_run_each, statements))

    def _text(self, rows: int) -> str:
        if rows not in self._texts:
            self._texts[rows] = f"{_INSERT} VALUES {', '.join([self._row] * rows)} {_AGAIN}"
        return self._texts[rows]

    async def aclose(self) -> None:
        """Nothing is held."""


def _run_each(statements: Sequence[tuple[str, list[Any]]], connection: sqlite3.Connection) -> list[Stored]:
    stored: list[Stored] = []
    for text, values in statements:
        try:
            rows = quickly(connection, partial(_fetch_all, connection, text, values))
            stored.append({uuid.UUID(row[0]) for row in rows})
        except sqlite3.Error as error:
            # A database that is in the way of one is in the way of all: each would wait for as long again.
            refused = sa.exc.DBAPIError("storing deliveries", None, error, hide_parameters=True)
            return stored + [refused] * (len(statements) - len(stored))
    return stored


def _fetch_all(connection: sqlite3.Connection, text: str, values: list[Any]) -> list[Any]:
    return connection.execute(text, values).fetchall()


class PostgresLine:
    """A few connections of its own, taken out of the pool and kept, because checking out costs as much as storing."""

    def __init__(self, database: Database, group: int) -> None:
        self.width = SINGLE_LINES if group == 1 else LINES
        self.portion = group
        self._engine = database.engine
        self._bind = _binding(database)
        self._idle: list[_Held] = []
        numbered = [(f"${number}", kind) for number, kind in enumerate(_ARRAYS, start=1)]
        self._one = f"{_INSERT} VALUES ({', '.join(place for place, _ in numbered)}) {_AGAIN}"
        arrays = ", ".join(f"{place}::{kind}[]" for place, kind in numbered)
        self._many = f"{_INSERT} SELECT * FROM unnest({arrays}) {_AGAIN}"  # noqa: S608 - constants only

    async def insert(self, groups: Sequence[Sequence[Row]]) -> list[Stored]:
        """One group: that is what a portion is here."""
        (rows,) = groups
        values = [self._bind(row) for row in rows]
        try:
            if len(values) == 1:
                stored = await self._insert_again(self._one, values[0])
            else:
                stored = await self._insert_again(self._many, list(zip(*values, strict=True)))
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise sa.exc.DBAPIError("storing deliveries", None, error, hide_parameters=True) from error
        return [{row[0] for row in stored}]

    async def _insert_again(self, text: str, values: list[Any]) -> Any:
        try:
            return await self._fetch(self._idle.pop() if self._idle else await self._connect(), text, values)
        except _AGAIN_ONCE:
            # The server was restarted, or two waited for each other. The same rows have the same ids: none is stored twice.
            log.warning("inbox.again")
        return await self._fetch(await self._connect(), text, values)

    async def _fetch(self, line: "_Held", text: str, values: list[Any]) -> Any:
        kept = False
        try:
            stored = await line.driver.fetch(text, *values)
            kept = True
        finally:
            if kept:
                self._idle.append(line)
            else:
                # Cut off in the middle, nobody knows what this connection would answer next.
                line.driver.terminate()
                await line.connection.close()
        return stored

    async def _connect(self) -> "_Held":
        connection = await self._engine.connect()
        fairy = await connection.get_raw_connection()
        held = _Held(connection, fairy.driver_connection)
        # Not the pool's any more: it stays ours until it breaks, and the pool may open another.
        fairy.detach()
        return held

    async def aclose(self) -> None:
        """Close every connection that is held."""
        while self._idle:
            await self._idle.pop().connection.close()


class _Held(NamedTuple):
    connection: AsyncConnection
    driver: Any


def _binding(database: Database) -> Callable[[Row], list[Any]]:
    """What the driver takes for a row, by the mapped types, so that there is one truth about it."""
    dialect = database.engine.dialect
    table: sa.Table = DeliveryRow.__table__  # type: ignore[assignment]  # a mapped class of one table
    found = [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in _COLUMNS]
    binders = [(number, binder) for number, binder in enumerate(found) if binder is not None]
    source = DeliverySource.WEBHOOK

    def bind(row: Row) -> list[Any]:
        identity, one, times = row
        values = [
            identity, one.connection, source, one.dedupe, one.at, one.headers, one.body, one.state, times, one.outcome,
            one.lane,
        ]  # fmt: skip
        for number, binder in binders:
            values[number] = binder(values[number])
        return values

    return bind
