"""Waking workers: at once in the same process, by LISTEN/NOTIFY across processes on PostgreSQL.

A wake-up is a hint and may be lost; polling finds whatever no wake-up announced. So nobody waits for one to be sent: a
transaction that notifies takes a lock of the whole server while it commits, hence one notice for all that was
committed within some milliseconds, sent afterwards.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types
import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from orchestrator.db.session import Database, Transaction

CHANNEL = "evenhand_work"
GAP = 0.01
"""Seconds between two notices of one process."""

log = structlog.get_logger(__name__)


class News(StrEnum):
    """What there is news of: work to be claimed, or deliveries to be made into work."""

    WORK = "work"
    INBOX = "inbox"


class _Bell:
    """Of one process and database: who waits here, and what the other processes have not been told yet."""

    def __init__(self) -> None:
        self.waiting: dict[News, WeakSet[asyncio.Event]] = {news: WeakSet() for news in News}
        self._untold: set[News] = set()
        self._telling = False

    def ring(self, database: Database, news: News) -> None:
        for event in self.waiting[news]:
            event.set()
        if database.dialect == "postgresql":
            self._untold.add(news)
            if not self._telling:
                self._telling = True
                database.background(self._tell(database))

    async def _tell(self, database: Database) -> None:
        try:
            while self._untold:
                told, self._untold = self._untold, set()
                async with database.engine.connect() as connection:
                    for news in sorted(told):
                        await connection.execute(sa.select(sa.func.pg_notify(CHANNEL, news.value)))
                    await connection.commit()
                await asyncio.sleep(GAP)
        except (sa.exc.SQLAlchemyError, OSError) as error:
            log.warning("work.notify_failed", error=type(error).__name__)
        finally:
            self._telling = False


_bells: WeakKeyDictionary[Database, _Bell] = WeakKeyDictionary()


def ring(database: Database, news: News = News.WORK) -> None:
    """Wake those who wait for this news, here and elsewhere."""
    _bells.setdefault(database, _Bell()).ring(database, news)


async def ring_after_commit(tx: Transaction, news: News = News.WORK) -> None:
    """Wake workers when ``tx`` commits, once however often it is asked for."""
    session = tx.session.sync_session
    mark = f"evenhand_{news.value}_rung"
    if session.info.get(mark):
        return
    session.info[mark] = True
    database = tx.database

    def after_commit(_session: Session) -> None:
        ring(database, news)

    sa.event.listen(session, "after_commit", after_commit, once=True)


@asynccontextmanager
async def wakeups(
    database: Database, event: asyncio.Event, *, poll: float, news: News = News.WORK
) -> AsyncIterator[None]:
    """Set ``event`` whenever there is news, while the block lasts."""
    waiting = _bells.setdefault(database, _Bell()).waiting[news]
    waiting.add(event)
    listener = asyncio.create_task(_listen(database, event, poll, news)) if database.dialect == "postgresql" else None
    try:
        yield
    finally:
        waiting.discard(event)
        if listener is not None:
            listener.cancel()
            with suppress(asyncio.CancelledError):
                await listener


async def _listen(database: Database, event: asyncio.Event, poll: float, news: News) -> None:
    """Listen for ever; a lost connection is made again, polling bridges the gap."""
    while True:
        try:
            await _listen_once(database, event, news)
        except (sa.exc.SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            log.warning("work.listen_failed", error=type(error).__name__)
        await asyncio.sleep(poll)


async def _listen_once(database: Database, event: asyncio.Event, news: News) -> None:
    """Hold one connection of its own, detached from the pool, until it ends."""
    ended = asyncio.Event()

    def heard(_connection: Any, _process: int, _channel: str, payload: str) -> None:
        if payload == news.value:
            event.set()

    async with database.engine.connect() as connection:
        fairy = await connection.get_raw_connection()
        driver: Any = fairy.driver_connection
        fairy.detach()
        driver.add_termination_listener(lambda _connection: ended.set())
        await driver.add_listener(CHANNEL, heard)
        # What was announced before we listened is not announced again.
        event.set()
        try:
            await ended.wait()
        finally:
            driver.terminate()
