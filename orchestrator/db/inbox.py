"""The inbox: deliveries are on disk before they are acknowledged (N2), many of them by one statement.

Requests that come in while a statement is under way wait for the next one together (group commit): each is answered
after the statement that stored it has committed, none waits for a timer.
"""

import asyncio
import uuid
from collections import deque
from collections.abc import Sequence
from functools import partial

import sqlalchemy as sa

from orchestrator.db.base import new_id
from orchestrator.db.inbox_lines import Line, PostgresLine, Row, SqliteLine
from orchestrator.db.inbox_lines import Received as Received
from orchestrator.db.session import Database
from orchestrator.errors import Busy

ROOM = 2000
"""Deliveries that may wait at once; who comes then is told to come again."""

GROUP = 64

LAST_WAIT = 5.0
"""Seconds."""

_Waiting = tuple[Received, asyncio.Future[bool]]
# Of each delivery whether it is new, or why it is not stored.
_Outcome = bool | BaseException


class Inbox:
    """Stores deliveries. ``group`` is how many one statement may store; 1 gives each delivery its own."""

    def __init__(self, database: Database, *, group: int = GROUP, room: int = ROOM) -> None:
        postgres = database.dialect == "postgresql"
        self._line: Line = PostgresLine(database, group) if postgres else SqliteLine(database, group)
        self._group = group
        self._room = room
        self._waiting: deque[_Waiting] = deque()
        self._writers: set[asyncio.Task[list[_Outcome]]] = set()

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
            self._write()
        return await future

    async def aclose(self) -> None:
        """Store what waits, then let the connections go. A database that hangs is not waited for: nobody was answered."""
        loop = asyncio.get_running_loop()
        until = loop.time() + LAST_WAIT
        while self._writers and (left := until - loop.time()) > 0:
            await asyncio.wait(self._writers, timeout=left)
        await self._line.aclose()

    def _write(self) -> None:
        taken: list[_Waiting] = []
        writer = asyncio.create_task(self._store_waiting(taken), name="inbox")
        self._writers.add(writer)
        writer.add_done_callback(partial(self._answer, taken))

    async def _store_waiting(self, taken: list[_Waiting]) -> list[_Outcome]:
        # Taken when this runs and not before: whoever came in the same turn of the loop is stored with them.
        while self._waiting and len(taken) < self._line.portion:
            taken.append(self._waiting.popleft())
        deliveries = [one for one, _ in taken]
        return await self._store_all([deliveries[n : n + self._group] for n in range(0, len(deliveries), self._group)])

    def _answer(self, taken: list[_Waiting], writer: asyncio.Task[list[_Outcome]]) -> None:
        """Whatever went wrong is raised where each of them waits, and none is left waiting."""
        self._writers.discard(writer)
        error = asyncio.CancelledError() if writer.cancelled() else writer.exception()
        outcomes: Sequence[_Outcome] = [error] * len(taken) if error is not None else writer.result()
        for (_, future), outcome in zip(taken, outcomes, strict=True):
            # Whoever asked may be gone; the delivery is stored all the same.
            if future.done():
                continue
            if isinstance(outcome, BaseException):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
        if self._waiting and len(self._writers) < self._line.width:
            self._write()

    async def _store_all(self, groups: Sequence[Sequence[Received]]) -> list[_Outcome]:
        """One statement for each group. What came twice in one group is stored once and counted twice."""
        prepared = [_prepared(group) for group in groups]
        stored = await self._line.insert([rows for rows, _ in prepared])
        outcomes: list[_Outcome] = []
        for found, (_, own) in zip(stored, prepared, strict=True):
            if isinstance(found, sa.exc.SQLAlchemyError):
                outcomes += [found] * len(own)
            else:
                outcomes += [identity in found for identity in own]
        return outcomes


def _prepared(group: Sequence[Received]) -> tuple[list[Row], list[uuid.UUID | None]]:
    """The rows to store, and of each delivery the id that it would be new under; None where it came before in the group."""
    firsts: dict[tuple[str, str], tuple[uuid.UUID, Received]] = {}
    times: dict[tuple[str, str], int] = {}
    own: list[uuid.UUID | None] = []
    for delivery in group:
        key = (delivery.connection, delivery.dedupe)
        if key in firsts:
            own.append(None)
            times[key] += 1
        else:
            identity = new_id()
            own.append(identity)
            firsts[key] = (identity, delivery)
            times[key] = 1
    # Two statements with the same deliveries wait for each other's rows: in one order, never in a circle.
    keys = sorted(firsts) if len(firsts) > 1 else firsts
    return [(*firsts[key], times[key]) for key in keys], own
