"""Looking at everything in an ATS, slowly: for a backfill's dry run and for the audit of what is in the ATS.

Nothing of what is read is kept. Every request waits for its turn like any other, stays below half of what the vendor
allows, and stands in the sync log.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

from adapters.contract.errors import NotFound, PayloadInvalid, PermissionMissing, RateLimited, Refused, Transient
from adapters.contract.manifest import Capability
from adapters.contract.model import Application
from orchestrator.db.models.writeback import Direction
from orchestrator.db.repositories import backfills
from orchestrator.db.session import Database
from orchestrator.services.connections import AtsConnection, SyncLog
from orchestrator.work.limits import allowed_rate, take_token
from orchestrator.work.stops import refuse_if_stopped

T = TypeVar("T")
SHARE = 0.5
"""Part of the vendor's limit that a look at everything may use: the rest is for what happens meanwhile."""

PATIENCE = 300.0
"""Seconds that a turn may be away: somebody waits at a terminal, and everyone else goes first."""

UNREADABLE = (PayloadInvalid, PermissionMissing, Refused)
"""What says something about one application and not about the connection."""

READ = ("candidate", "job", "stage", "stage_entry", "disposition", "source")
MOST_PAGES = 100_000
TRIES = 5
FALLBACK_WAIT = 30.0


async def pace(database: Database, connection: AtsConnection) -> float:
    """Seconds between two requests of somebody who looks at everything."""
    async with database.reading() as session:
        told = await allowed_rate(session, connection.key)
    return 1 / (SHARE * (told or connection.adapter.manifest.rate_limit.per_second))


class Surveying:
    """Reads whatever is there. ``hiccup``: seconds to wait after an error that passes, where the ATS says nothing else."""

    def __init__(self, *, database: Database, sync: SyncLog, hiccup: float = FALLBACK_WAIT) -> None:
        self._database = database
        self._sync = sync
        self._hiccup = hiccup
        self._heard: set[str] = set()

    async def names(self, connection: AtsConnection) -> Sequence[str]:
        """The id of every application that the ATS tells of, and of every one that it told us of before, each once."""
        async with self._database.reading() as session:
            found = dict.fromkeys(await backfills.stored(session, connection.key))
        if Capability.POLLING not in connection.adapter.manifest.capabilities:
            return list(found)
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = await self.ask(connection, "list_changed", partial(connection.adapter.list_changed, cursor))
            found |= dict.fromkeys(page.application_ids)
            cursor = page.cursor
            if not page.more:
                return list(found)
        raise PayloadInvalid("the ATS's list of applications does not end")

    async def applications(self, connection: AtsConnection) -> AsyncIterator[tuple[str, Application | None]]:
        """Every application, read one by one; None for one whose answer cannot be read. Who is gone is left out."""
        for name in await self.names(connection):
            try:
                yield (
                    name,
                    await self.ask(
                        connection,
                        "read_application",
                        partial(connection.adapter.read_application, name),
                        external_id=name,
                        fields=READ,
                    ),
                )
            except NotFound:
                continue
            except UNREADABLE:
                yield name, None

    async def ask(
        self,
        connection: AtsConnection,
        operation: str,
        call: Callable[[], Awaitable[T]],
        *,
        external_id: str | None = None,
        fields: Sequence[str] = (),
    ) -> T:
        """Make one request that changes nothing, in its turn, again after what passes: a look at everything takes hours.

        Raises:
            Stopped: somebody stopped the connection or everything by hand.
            AdapterError: what the adapter raises, and what did not pass.
        """
        for tried in range(1, TRIES + 1):
            await take_token(self._database, connection.key, patience=PATIENCE)
            await asyncio.sleep(await pace(self._database, connection))
            async with self._database.reading() as session:
                await refuse_if_stopped(session, connection=connection.key)
            try:
                async with self._sync.exchange(
                    connection, Direction.PULL, operation, external_id=external_id, fields=fields
                ):
                    answer = await call()
                    self._heard.add(connection.key)
                    return answer
            except Transient as error:
                # Whoever has never answered is not there: whoever waits for the look is told so now.
                if tried == TRIES or not (isinstance(error, RateLimited) or connection.key in self._heard):
                    raise
                wait = error.retry_after if isinstance(error, RateLimited) else None
                await asyncio.sleep(self._hiccup if wait is None else wait)
        raise AssertionError(operation)
