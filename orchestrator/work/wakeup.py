"""Waking workers when work is added: at once in the same process, by LISTEN/NOTIFY across processes on PostgreSQL.

A wake-up is a hint and may be lost; polling finds whatever no wake-up announced.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types
import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from orchestrator.db.session import Database, Transaction

CHANNEL = "evenhand_work"
_RUNG = "evenhand_work_rung"
_waiting: WeakKeyDictionary[sa.Engine, "WeakSet[asyncio.Event]"] = WeakKeyDictionary()

log = structlog.get_logger(__name__)


async def ring_after_commit(tx: Transaction) -> None:
    """Wake workers when ``tx`` commits, once however often it is asked for."""
    session = tx.session.sync_session
    if session.info.get(_RUNG):
        return
    session.info[_RUNG] = True
    sa.event.listen(session, "after_commit", _ring, once=True)
    if tx.dialect == "postgresql":
        await tx.session.execute(sa.select(sa.func.pg_notify(CHANNEL, "")))


def _ring(session: Session) -> None:
    engine = session.get_bind().engine
    for event in _waiting.get(engine, ()):
        event.set()


@asynccontextmanager
async def wakeups(database: Database, event: asyncio.Event, *, poll: float) -> AsyncIterator[None]:
    """Set ``event`` whenever work is added, while the block lasts."""
    waiting = _waiting.setdefault(database.engine.sync_engine, WeakSet())
    waiting.add(event)
    listener = asyncio.create_task(_listen(database, event, poll)) if database.dialect == "postgresql" else None
    try:
        yield
    finally:
        waiting.discard(event)
        if listener is not None:
            listener.cancel()
            with suppress(asyncio.CancelledError):
                await listener


async def _listen(database: Database, event: asyncio.Event, poll: float) -> None:
    """Listen for ever; a lost connection is made again, polling bridges the gap."""
    while True:
        try:
            await _listen_once(database, event)
        except (sa.exc.SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            log.warning("work.listen_failed", error=type(error).__name__)
        await asyncio.sleep(poll)


async def _listen_once(database: Database, event: asyncio.Event) -> None:
    """Hold one connection of its own, detached from the pool, until it ends."""
    ended = asyncio.Event()
    async with database.engine.connect() as connection:
        fairy = await connection.get_raw_connection()
        driver: Any = fairy.driver_connection
        fairy.detach()
        driver.add_termination_listener(lambda _connection: ended.set())
        await driver.add_listener(CHANNEL, lambda *_notification: event.set())
        # What was announced before we listened is not announced again.
        event.set()
        try:
            await ended.wait()
        finally:
            driver.terminate()
