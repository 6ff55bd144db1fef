"""Feeding: what came in from outside becomes work, portion by portion, beside the claiming."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog

from orchestrator.db.session import DATABASE_TROUBLE, Database, Transaction
from orchestrator.work.wakeup import News, wakeups

log = structlog.get_logger(__name__)

Feed = Callable[[Transaction], Awaitable[bool]]
"""Makes one portion of work in a transaction; True where there may be more."""


class Feeder:
    """Feeds whenever there is news of the inbox, and as often as ``poll`` (seconds) says. Without a feed, does nothing."""

    def __init__(self, database: Database, feed: Feed | None, *, poll: float) -> None:
        self._database = database
        self._feed = feed
        self._poll = poll
        self._news = asyncio.Event()

    @asynccontextmanager
    async def running(self, *, on_end: Callable[[asyncio.Task[None]], None]) -> AsyncIterator[None]:
        """Feed while the block lasts. ``on_end`` is called when feeding ends, also by itself; its error is raised here."""
        if self._feed is None:
            yield
            return
        enough = asyncio.Event()
        async with wakeups(self._database, self._news, poll=self._poll, news=News.INBOX):
            task = asyncio.create_task(self._run(enough), name="feed")
            task.add_done_callback(on_end)
            try:
                yield
            finally:
                # Not cancelled: a transaction under way ends as it should.
                enough.set()
                self._news.set()
                await task

    async def feed_all(self) -> None:
        """Feed until nothing is left."""
        more = self._feed is not None
        while more and self._feed is not None:
            async with self._database.transaction() as tx:
                more = await self._feed(tx)

    async def _run(self, enough: asyncio.Event) -> None:
        while not enough.is_set():
            self._news.clear()
            try:
                await self.feed_all()
            except DATABASE_TROUBLE as error:
                log.warning("work.feed_failed", error=type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), timeout=self._poll)
