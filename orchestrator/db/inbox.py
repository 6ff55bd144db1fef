"""The inbox: deliveries are on disk before they are acknowledged (N2), many of them by one statement.

Requests that come in while a statement is under way wait for the next one together (group commit): each is answered
after the statement that stored it has committed, none waits for a timer. The driver is spoken to directly, in
autocommit, because on this one path the mapper costs more than the database.
"""

import asyncio
import sqlite3
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types
import sqlalchemy as sa
import structlog
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from orchestrator.db.base import new_id
from orchestrator.db.models.intake import DeliveryRow, DeliverySource, DeliveryState
from orchestrator.db.session import Database
from orchestrator.errors import Busy

ROOM = 2000
"""Deliveries that may wait at once; who comes then is told to come again."""

GROUP = 64
LINES = 4
"""Connections to PostgreSQL that store at the same time."""

LAST_WAIT = 5.0
"""Seconds."""

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
_AGAIN = (
    "ON CONFLICT (connection, dedupe) DO UPDATE SET times_received = delivery.times_received + excluded.times_received"
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


class Inbox:
    """Stores deliveries. ``group`` is how many one statement may store; 1 gives each delivery its own."""

    def __init__(self, database: Database, *, group: int = GROUP, room: int = ROOM) -> None:
        self._line: _Line = _Postgres(database) if database.dialect == "postgresql" else _Sqlite(database)
        self._group = group
        self._room = room
        self._waiting: deque[tuple[Received, asyncio.Future[bool]]] = deque()
        self._writers: set[asyncio.Task[None]] = set()

    async def store(self, delivery: Received) -> bool:
        """Store a delivery; True where it is new, False where it came before and was counted. On disk when this returns.

        Raises:
            Busy: too many wait already; nothing was stored.
            OSError, SQLAlchemyError: the database did not take it.
        """
        if len(self._waiting) >= self._room:
            raise Busy("too many deliveries at once", retry_after=1)
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((delivery, future))
        if len(self._writers) < self._line.width:
            writer = asyncio.create_task(self._write(), name="inbox")
            self._writers.add(writer)
            writer.add_done_callback(self._writers.discard)
        return await future

    async def aclose(self) -> None:
        """Store what waits, then let the connections go. A database that hangs is not waited for: nobody was answered."""
        if self._writers:
            await asyncio.wait(self._writers, timeout=LAST_WAIT)
        await self._line.aclose()

    async def _write(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(self._group, len(self._waiting)))]
            # Whatever goes wrong is raised where each of them waits, and none is left waiting.
            (outcome,) = await asyncio.gather(self._store_all([one for one, _ in batch]), return_exceptions=True)
            error = outcome if isinstance(outcome, BaseException) else None
            fresh = [False] * len(batch) if isinstance(outcome, BaseException) else outcome
            for (_, future), new in zip(batch, fresh, strict=True):
                # Whoever asked may be gone; the delivery is stored all the same.
                if not future.done() and error:
                    future.set_exception(error)
                elif not future.done():
                    future.set_result(new)

    async def _store_all(self, deliveries: Sequence[Received]) -> list[bool]:
        """Which of them are new. What came twice in one portion is stored once and counted twice."""
        firsts: dict[tuple[str, str], tuple[uuid.UUID, Received]] = {}
        times: dict[tuple[str, str], int] = {}
        new: list[bool] = []
        for delivery in deliveries:
            key = (delivery.connection, delivery.dedupe)
            new.append(key not in firsts)
            firsts.setdefault(key, (new_id(), delivery))
            times[key] = times.get(key, 0) + 1
        rows = [(identity, one, times[key]) for key, (identity, one) in sorted(firsts.items(), key=_by_key)]
        stored = await self._line.insert(rows)
        own = {key: identity in stored for key, (identity, _) in firsts.items()}
        return [first and own[one.connection, one.dedupe] for first, one in zip(new, deliveries, strict=True)]


def _by_key(entry: tuple[tuple[str, str], tuple[uuid.UUID, Received]]) -> tuple[str, str]:
    # Two statements with the same deliveries wait for each other's rows: in one order, never in a circle.
    return entry[0]


class _Line(Protocol):
    """How rows get to one kind of database; ``width`` statements at the same time."""

    width: int

    async def insert(self, rows: Sequence[tuple[uuid.UUID, Received, int]]) -> set[uuid.UUID]:
        """Store rows by one statement that commits itself; the ids of those that were new."""

    async def aclose(self) -> None:
        """Let connections go."""


def _binders(database: Database) -> list[Callable[[Any], Any]]:
    """How the mapped types turn each value into what the driver takes, so that there is one truth about it."""
    dialect = database.engine.dialect
    table: sa.Table = DeliveryRow.__table__  # type: ignore[assignment]  # a mapped class of one table
    found = [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in _COLUMNS]
    return [binder or _as_is for binder in found]


def _as_is(value: Any) -> Any:
    return value


def _values(identity: uuid.UUID, one: Received, times: int) -> tuple[Any, ...]:
    source = DeliverySource.WEBHOOK
    return (
        identity, one.connection, source, one.dedupe, one.at, one.headers, one.body, one.state, times, one.outcome, one.lane
    )  # fmt: skip


class _Sqlite:
    """The one writer of this process; a statement outside BEGIN commits itself."""

    width = 1

    def __init__(self, database: Database) -> None:
        self._engine = database.engine
        self._binders = _binders(database)
        self._row = f"({', '.join('?' * len(_COLUMNS))})"

    async def insert(self, rows: Sequence[tuple[uuid.UUID, Received, int]]) -> set[uuid.UUID]:
        values = [bind(value) for row in rows for bind, value in zip(self._binders, _values(*row), strict=True)]
        statement = (
            f"INSERT INTO delivery ({', '.join(_COLUMNS)}) VALUES {', '.join([self._row] * len(rows))} "  # noqa: S608 - constants only
            f"{_AGAIN} RETURNING id"
        )
        async with self._engine.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            try:
                stored = await driver.execute_fetchall(statement, values)
            except sqlite3.Error as error:
                raise sa.exc.DBAPIError("storing deliveries", None, error, hide_parameters=True) from error
        return {uuid.UUID(row[0]) for row in stored}

    async def aclose(self) -> None:
        """Nothing is held."""


class _Postgres:
    """A few connections of its own, taken out of the pool and kept, because checking out costs as much as storing."""

    width = LINES

    def __init__(self, database: Database) -> None:
        self._engine = database.engine
        self._binders = _binders(database)
        self._idle: list[_Held] = []
        arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(_ARRAYS, start=1))
        self._statement = (
            f"INSERT INTO delivery ({', '.join(_COLUMNS)}) SELECT * FROM unnest({arrays}) {_AGAIN} RETURNING id"  # noqa: S608 - constants only
        )

    async def insert(self, rows: Sequence[tuple[uuid.UUID, Received, int]]) -> set[uuid.UUID]:
        values = [_values(*row) for row in rows]
        columns = [[bind(value[number]) for value in values] for number, bind in enumerate(self._binders)]
        try:
            stored = await self._insert_again(columns)
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise sa.exc.DBAPIError("storing deliveries", None, error, hide_parameters=True) from error
        return {row["id"] for row in stored}

    async def _insert_again(self, columns: list[list[Any]]) -> Any:
        try:
            return await self._fetch(self._idle.pop() if self._idle else await self._connect(), columns)
        except _AGAIN_ONCE:
            # The server was restarted, or two waited for each other. The same rows have the same ids: none is stored twice.
            log.warning("inbox.again", count=len(columns[0]))
        return await self._fetch(await self._connect(), columns)

    async def _fetch(self, line: "_Held", columns: list[list[Any]]) -> Any:
        kept = False
        try:
            stored = await line.driver.fetch(self._statement, *columns)
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
        while self._idle:
            await self._idle.pop().connection.close()


class _Held(NamedTuple):
    connection: AsyncConnection
    driver: Any
