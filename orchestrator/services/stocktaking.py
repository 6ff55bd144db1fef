"""Taking stock of an ATS that may leave a stage entry undated: who stands where when Evenhand goes live.

Without it, everybody who stood somewhere before the launch would look, at first sight, as if they had stood where they
are found for ever. That somebody is not in stock says nothing: lists are cut by permissions and by syncs under way. Of
each application its id and the id of its stage are kept, nothing else. One step after the other, below half of what the
vendor allows; what dies in between goes on where the last step was committed.
"""

from datetime import datetime, timedelta
from typing import ClassVar

from adapters.contract.errors import NotFound, RateLimited, Refused, Transient
from adapters.contract.manifest import Capability
from adapters.contract.model import Application
from orchestrator.db.repositories import stock as rows
from orchestrator.db.session import Database, Transaction
from orchestrator.domain.audit import AuditEvent
from orchestrator.errors import InputInvalid, Stale
from orchestrator.ports import Clock
from orchestrator.services.connections import AtsConnection, Connections, SyncLog
from orchestrator.services.steps import SYSTEM
from orchestrator.services.surveying import UNREADABLE, pace
from orchestrator.work.job import Job
from orchestrator.work.outcome import Done, Outcome
from orchestrator.work.payload import Payload
from orchestrator.work.queue import enqueue
from orchestrator.work.table import Priority

PATIENCE = 4
"""The attempt from which on an application that does not come is taken for one that cannot be read."""


class TakeStock(Payload, frozen=True, kw_only=True):
    """Take stock of a connection one step on: a page of the list, or where the next application stands."""

    kind: ClassVar[str] = "stock.take"
    priority: ClassVar[Priority] = Priority.BULK
    max_attempts: ClassVar[int] = 30
    connection: str
    step: int


async def begin(database: Database, clock: Clock, connection: AtsConnection) -> None:
    """Put the first step on the table, once, where the vendor may leave an entry undated but lists what it has."""
    if not _worth_it(connection):
        return
    async with database.reading() as session:
        if await rows.of(session, connection.key) is not None:
            return
    now = clock.now()
    async with database.transaction() as tx:
        if await rows.begin(tx.session, connection.key, at=now):
            await _put(tx, connection.key, 0, since=now)
            tx.audit(event(now, "began", connection.key))


def _worth_it(connection: AtsConnection) -> bool:
    manifest = connection.adapter.manifest
    return not manifest.dates_entries and Capability.POLLING in manifest.capabilities


class Stocktaking:
    """Does the steps."""

    def __init__(self, *, database: Database, clock: Clock, connections: Connections, sync: SyncLog) -> None:
        self._database = database
        self._clock = clock
        self._connections = connections
        self._sync = sync

    async def advance(self, payload: TakeStock, job: Job) -> Outcome | None:
        """Ask for a page of the list, or read the next application."""
        connection = self._connections.get(payload.connection)
        async with self._database.reading() as session:
            row = await rows.of(session, connection.key)
            chosen = await rows.next_unseen(session, connection.key)
        if row is None or row.ended_at is not None or row.step != payload.step:
            return Done()
        wait = timedelta(seconds=await pace(self._database, connection))
        if row.listed_at is None:
            await self._list(connection, payload, row.cursor, job, wait=wait)
        elif chosen is not None:
            await self._look(connection, payload, chosen, job, wait=wait)
        else:
            async with job.finish() as tx:
                held = await rows.of(tx.session, connection.key, lock=True)
                if held is not None and held.step == payload.step:
                    held.ended_at = self._clock.now()
                    tx.audit(event(held.ended_at, "taken", connection.key))
        return None

    async def retake(self, key: str, *, actor: str) -> None:
        """Take stock of a connection once more from the beginning; where people are known to have stood stays known.

        Raises:
            Missing: no such connection.
            InputInvalid: this ATS needs no stock, or lists nothing.
            Stale: somebody else asked for it at the same moment.
        """
        connection = self._connections.get(key)
        if not _worth_it(connection):
            raise InputInvalid("There is no stock to take here: this ATS dates every stage entry, or lists nobody.")
        now = self._clock.now()
        async with self._database.transaction() as tx:
            await rows.begin(tx.session, key, at=now)
            held = await rows.of(tx.session, key, lock=True)
            assert held is not None  # noqa: S101 - begun a line ago
            held.step, held.cursor, held.listed_at, held.ended_at = held.step + 1, None, None, None
            held.began_at = now
            await rows.look_anew(tx.session, key)
            await _put(tx, key, held.step, since=now)
            tx.audit(AuditEvent(at=now, actor=actor, tag="operations:stock:retaken", subject=key))

    async def _list(
        self, connection: AtsConnection, payload: TakeStock, cursor: str | None, job: Job, *, wait: timedelta
    ) -> None:
        async with self._sync.conversation(connection, None, job) as ats:
            async with ats.pull("list_changed"):
                page = await connection.adapter.list_changed(cursor)
            async with ats.finish() as tx:
                held = await rows.of(tx.session, connection.key, lock=True)
                if held is None or held.step != payload.step:
                    return
                await rows.note_names(tx.session, connection=connection.key, external_ids=page.application_ids)
                held.step, held.cursor = payload.step + 1, page.cursor
                held.listed_at = None if page.more else self._clock.now()
                delay = wait if page.more else None
                await _put(tx, connection.key, held.step, since=held.began_at, delay=delay)

    async def _look(
        self, connection: AtsConnection, payload: TakeStock, chosen: rows.Unseen, job: Job, *, wait: timedelta
    ) -> None:
        """Who cannot be read is looked at again after everybody else; where nobody at all can be, a person is needed."""
        external_id = chosen.external_id
        found: Application | None = None
        async with self._sync.conversation(connection, external_id, job) as ats:
            try:
                async with ats.pull("read_application", fields=("stage",)):
                    found = await connection.adapter.read_application(external_id)
            except (NotFound, Transient, *UNREADABLE) as error:
                # One application that never comes must not keep everybody behind it from being looked at.
                if isinstance(error, RateLimited) or (isinstance(error, Transient) and job.attempt < PATIENCE):
                    raise
                if chosen.missed and not await self._anybody(connection):
                    words = f"not one of the listed applications can be read ({type(error).__name__})"
                    raise Refused(words, code="nothing_readable") from error
            async with ats.finish() as tx:
                held = await rows.of(tx.session, connection.key, lock=True)
                if held is None or held.step != payload.step:
                    return
                one, now = {"connection": connection.key, "external_id": external_id}, self._clock.now()
                if found is not None:
                    await rows.note_stage(tx.session, **one, stage_id=found.stage.id, at=now)
                elif chosen.missed:
                    await rows.give_up(tx.session, **one, at=now)
                else:
                    await rows.note_missed(tx.session, **one)
                held.step = payload.step + 1
                await _put(tx, connection.key, held.step, since=held.began_at, delay=wait)

    async def _anybody(self, connection: AtsConnection) -> bool:
        async with self._database.reading() as session:
            return await rows.anybody_seen(session, connection.key)


async def _put(tx: Transaction, connection: str, step: int, *, since: datetime, delay: timedelta | None = None) -> None:
    # The work of a stock that was forgotten outlives it: without the time, the steps of the next one would be known.
    added = await enqueue(
        tx,
        TakeStock(connection=connection, step=step),
        rate_key=connection,
        subject=f"stock:{connection}",
        dedupe=f"stock:{connection}:{since.timestamp():.6f}:{step}",
        delay=delay,
    )
    if not added:
        raise Stale("Stock of this connection is being taken by somebody else at this moment: look again.")


def event(at: datetime, verb: str, connection: str) -> AuditEvent:
    """An audit event about the stock of a connection."""
    return AuditEvent(at=at, actor=SYSTEM, tag=f"system:stock:{verb}", subject=connection)
