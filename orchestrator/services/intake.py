"""Intake: verify, store, answer; then find out what a delivery means by re-reading the application."""

import hashlib
import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import lru_cache, partial

import msgspec
import structlog
from msgspec import Struct
from sqlalchemy.exc import SQLAlchemyError

from adapters.contract.delivery import Answer, Greeter, SomethingChanged
from adapters.contract.errors import NotFound, PayloadInvalid, SignatureInvalid
from adapters.contract.events import ApplicationChanged, Event, Ping, StageChanged
from adapters.contract.model import Application, ChangedPage
from orchestrator.db.inbox import Inbox, Received
from orchestrator.db.models.intake import DeliverySource, DeliveryState
from orchestrator.db.repositories import intake as rows
from orchestrator.db.repositories import stock
from orchestrator.db.session import Database, Transaction
from orchestrator.domain.trigger import CLOCK_TOLERANCE
from orchestrator.errors import Stale
from orchestrator.ports import Clock
from orchestrator.services import stocktaking
from orchestrator.services.absences import Absences
from orchestrator.services.connections import AtsConnection, Connections, SyncLog
from orchestrator.services.drifting import NEWS, Drifting
from orchestrator.services.kinds import PollConnection, ProcessDelivery, ReadApplication
from orchestrator.services.triggering import OLDER, Triggering
from orchestrator.work.admin import Selection, list_work
from orchestrator.work.job import Job
from orchestrator.work.lanes import behind, bounded, lock_lanes, settle_behind
from orchestrator.work.outcome import Dead, Done, Outcome, Retry
from orchestrator.work.queue import Item, enqueue, enqueue_many, hurry
from orchestrator.work.table import WorkState
from orchestrator.work.wakeup import News, ring

log = structlog.get_logger(__name__)

PORTION = 200
"""Deliveries that are made into work in one transaction."""

# A header whose name has one of these words may be a credential, and is not kept.
_SECRET_HEADERS = ("authorization", "cookie", "signature", "token", "secret", "key", "capability")


class Receipt(Struct, frozen=True):
    """What to answer the vendor."""

    status: int
    stored: bool
    duplicate: bool = False


class Intake:
    """Everything that comes in from the ATSs."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        connections: Connections,
        sync: SyncLog,
        triggering: Triggering,
        inbox: Inbox,
    ) -> None:
        self._database = database
        self._clock = clock
        self._connections = connections
        self._sync = sync
        self._triggering = triggering
        self._inbox = inbox
        self._deliveries = rows.Deliveries(database)
        self._absences = Absences(database=database, clock=clock, lane=reading_lane)
        self._drifting = Drifting(database=database, clock=clock, lane=reading_lane)

    async def go_live(self) -> None:
        """Remember since when each connection is live: who stood in a stage before is not interviewed by surprise."""
        async with self._database.transaction() as tx:
            now, keys = self._clock.now(), [connection.key for connection in self._connections.all()]
            for key in keys:
                await rows.live_since(tx.session, key, now=now)
            for key in await stock.forget_others(tx.session, keys):
                tx.audit(stocktaking.event(now, "forgotten", key))

    async def receive(self, connection_key: str, headers: Mapping[str, str], body: bytes) -> Receipt:
        """Take one webhook request in. When this returns a stored receipt, the delivery is on disk (N2).

        Raises:
            Missing: no such connection.
            SignatureInvalid: 401; only counted.
            PayloadInvalid: 400; only counted.
            Busy: 503; more come in than can be stored.
        """
        connection = self._connections.get(connection_key)
        now = self._clock.now()
        kept = _kept(headers)
        try:
            connection.adapter.verify(headers, body, secrets=connection.webhook_secrets, now=now)
            events = connection.adapter.parse(kept, body)
        except (SignatureInvalid, PayloadInvalid) as error:
            await self.refuse(connection_key, type(error).__name__)
            raise
        status = connection.adapter.manifest.answer_status
        if all(isinstance(event, Ping) for event in events):
            return Receipt(status, stored=False)
        wanted, news = _application_ids(events), _is_news(events)
        new = await self._inbox.store(
            Received(
                connection=connection.key,
                dedupe=_dedupe(events, body),
                at=now,
                headers=kept,
                body=body,
                state=DeliveryState.RECEIVED if wanted or news else DeliveryState.IGNORED,
                outcome=None if wanted or news else "nothing in it is about an application",
                lane=reading_lane(connection.key, wanted[0]) if len(wanted) == 1 else None,
            )
        )
        if new and (wanted or news):
            ring(self._database, News.INBOX)
        return Receipt(status, stored=True, duplicate=not new)

    def greet(self, connection_key: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        """The answer to a vendor's handshake or set-up test, which nobody can have signed; None for a delivery.

        Nothing in such a request is stored or believed.
        """
        connection = self._connections.get(connection_key)
        if not isinstance(connection.adapter, Greeter):
            return None
        return connection.adapter.greet(headers, body, secrets=connection.webhook_secrets)

    async def feed(self, tx: Transaction) -> bool:
        """Make work of the deliveries that wait, a portion at a time; True where there may be more."""
        waiting = await rows.take_waiting(tx.session, limit=PORTION)
        items = [
            Item(
                payload=ProcessDelivery(delivery_id=one.id),
                lane=one.lane,
                rate_key=one.connection,
                dedupe=f"delivery:{one.id}",
            )
            for one in waiting
        ]
        await enqueue_many(tx, items)
        return len(waiting) == PORTION

    def known(self, connection_key: str) -> None:
        """Make sure that there is such a connection; raises Missing."""
        self._connections.get(connection_key)

    async def refuse(self, connection_key: str, reason: str) -> None:
        """Count a delivery that was refused; raises Missing where there is no such connection."""
        self.known(connection_key)
        async with self._database.transaction() as tx:
            await rows.count_refusal(tx.session, connection=connection_key, day=self._clock.now().date(), reason=reason)

    async def process_delivery(self, payload: ProcessDelivery, job: Job) -> Outcome | None:
        """Re-read every application that a delivery names, then decide; where it names none, poll at once."""
        delivery = await self._deliveries.get(payload.delivery_id)
        if delivery is None or delivery.state is not DeliveryState.RECEIVED:
            return Done()
        if delivery.body is None:
            return Dead("what this delivery said was removed by retention before it could be processed")
        connection = self._connections.get(delivery.connection)
        events = connection.adapter.parse(delivery.headers, delivery.body)
        ids, news = _application_ids(events), _is_news(events)
        if len(ids) == 1 and not news:
            return await self._read_and_decide(connection, ids[0], delivery.id, job)
        # Many at once (a job was closed): each on its own, so that one that cannot be read holds up no other.
        async with job.finish() as tx:
            await lock_lanes(tx, [reading_lane(connection.key, external_id) for external_id in ids])
            for external_id in ids:
                await self._enqueue_read(tx, connection.key, external_id, delivery.id)
            if news:
                await self._poll_at_once(tx, connection.key, delivery.id)
            if news and not ids:
                await rows.processed(tx.session, [delivery.id], outcome=NEWS, at=self._clock.now())
        return None

    @staticmethod
    async def _poll_at_once(tx: Transaction, connection: str, delivery_id: uuid.UUID) -> None:
        """Poll now and not at the next tick; a poll that nobody has begun yet does for this news as well."""
        subject = f"clock:poll:{connection}"
        await lock_lanes(tx, [f"news/{connection}"])
        queued = await list_work(tx.session, Selection(states=(WorkState.QUEUED,), subject=subject))
        # One that was tried waits for its next try, perhaps for hours; the clock does not count it either.
        if not any(item.attempt == 0 for item in queued):
            await enqueue(
                tx,
                PollConnection(connection=connection),
                rate_key=connection,
                subject=subject,
                dedupe=f"news:{delivery_id}",
            )

    async def read_application(self, payload: ReadApplication, job: Job) -> Outcome | None:
        """Re-read one application, then decide."""
        connection = self._connections.get(payload.connection)
        return await self._read_and_decide(connection, payload.external_id, payload.delivery_id, job)

    async def poll(self, payload: PollConnection, job: Job) -> Outcome | None:
        """Ask what changed and put every application found on the work table, page by page.

        The first poll begins where the connection went live: what lay there before is for a backfill.
        """
        connection = self._connections.get(payload.connection)
        async with self._database.reading() as session:
            cursor = await rows.poll_cursor(session, connection.key)
        async with self._database.transaction() as tx:
            since = await rows.live_since(tx.session, connection.key, now=self._clock.now())
        while True:
            page = await self._poll_page(connection, cursor, since, job)
            cursor = page.cursor
            if not page.more:
                break
        await self._watch(connection)
        return Done()

    async def _watch(self, connection: AtsConnection) -> None:
        """After a poll: have stock taken, look again for whoever is not shown, count what the last polls alone found.

        None of it may hold up the polls: what the database refuses is tried again after the next one.
        """
        for what, watch in (
            ("stock", partial(stocktaking.begin, self._database, self._clock, connection)),
            ("absences", partial(self._absences.look_again, connection.key, self._look_again)),
            ("drift", partial(self._drifting.judge, connection)),
        ):
            try:
                await watch()
            except (SQLAlchemyError, Stale) as error:
                # Never the message: it repeats statements and values.
                log.warning("poll.watch_failed", what=what, connection=connection.key, error=type(error).__name__)

    async def _poll_page(self, connection: AtsConnection, cursor: str | None, since: datetime, job: Job) -> ChangedPage:
        async with self._sync.conversation(connection, None, job) as ats:
            async with ats.pull("list_changed"):
                page = await connection.adapter.list_changed(cursor, since=since - CLOCK_TOLERANCE)
            async with ats.transaction() as tx:
                await lock_lanes(tx, [reading_lane(connection.key, one) for one in page.application_ids])
                for external_id in page.application_ids:
                    await self.announce(tx, connection.key, external_id, DeliverySource.POLL, mark=page.cursor)
                await rows.save_poll_cursor(
                    tx.session, connection=connection.key, cursor=page.cursor, at=self._clock.now()
                )
        return page

    async def announce(
        self, tx: Transaction, connection: str, external_id: str, source: DeliverySource, *, mark: str
    ) -> None:
        """Note that an application may have changed, as if a delivery had said so. ``mark`` tells two notes apart."""
        delivery_id = await rows.store_delivery(
            tx.session,
            {
                "connection": connection,
                "source": source,
                "dedupe": f"{source}:{external_id}:{mark}",
                "received_at": self._clock.now(),
                "headers": {},
                "body": None,
                "state": DeliveryState.RECEIVED,
                "queued": True,
                "times_received": 1,
            },
        )
        if delivery_id is not None:
            await self._enqueue_read(tx, connection, external_id, delivery_id)

    async def _look_again(self, tx: Transaction, connection: str, external_id: str, at: datetime) -> None:
        mark = f"absent:{at.timestamp():.0f}"
        await self.announce(tx, connection, external_id, DeliverySource.REPLAY, mark=mark)

    @staticmethod
    async def _enqueue_read(tx: Transaction, connection: str, external_id: str, delivery_id: uuid.UUID) -> None:
        payload = ReadApplication(delivery_id=delivery_id, connection=connection, external_id=external_id)
        lane = reading_lane(connection, external_id)
        await hurry(tx, lane)
        await enqueue(
            tx,
            payload,
            lane=lane,
            rate_key=connection,
            dedupe=bounded(f"delivery:{delivery_id}:{external_id}", 160),
        )

    async def _read_and_decide(
        self, connection: AtsConnection, external_id: str, delivery_id: uuid.UUID, job: Job
    ) -> Outcome | None:
        found: Application | None = None
        async with self._database.reading() as session:
            # Looked up before the ATS is asked: what it answers is newer than every delivery that waits by now.
            riders = await behind(session, job.lane, after=job.id, kinds=_READING) if job.lane else []
        async with self._sync.conversation(connection, external_id, job) as ats:
            with suppress(NotFound):
                async with ats.pull("read_application", fields=_READ):
                    found = await connection.adapter.read_application(external_id)
            told: StageChanged | None = None
            lags = found is not None and await self._may_lag(connection, found)
            # Who dates entries needs nobody to speak for them: whoever was deleted keeps nobody waiting.
            if lags or (found is None and not connection.adapter.manifest.dates_entries):
                told = await self._said_to_move(connection, external_id, delivery_id)
            if told is not None and (again := _look_again_later(told, job.attempt, lags=lags)) is not None:
                return again
            if lags:
                # Each of those that wait may tell of another move: a reading of its own, later, answers it.
                riders = []
            async with ats.finish() as tx:
                now = self._clock.now()
                if found is not None:
                    outcome = await self._triggering.take_in(tx, connection, found, delivery_id)
                else:
                    # Nothing ends because of one 404: a lagging replica or a lost permission says the same.
                    outcome = await self._absences.note(tx, connection.key, external_id) or GONE
                if found is None and told is not None:
                    one = {"connection": connection.key, "external_id": external_id}
                    await stock.note_move(tx.session, **one, moved_at=told.occurred_at or now, at=now)
                await rows.processed(tx.session, [delivery_id], outcome=outcome, at=now)
                # What proves nothing settles nothing else: the next delivery gets a reading of its own.
                if riders and job.lane and found is not None and outcome != OLDER:
                    await lock_lanes(tx, [job.lane])
                    settled = await settle_behind(tx, riders)
                    others = [msgspec.json.decode(text, type=_Rider).delivery_id for text in settled]
                    if found.entry.entered_at is None:
                        # Only who tells of such an entry can say that it is new: each is heard by itself.
                        for rider in await rows.told_by_the_ats(tx.session, others):
                            await self._triggering.take_in(tx, connection, found, rider)
                    await rows.processed(tx.session, others, outcome=_TOGETHER, at=now)
        return None

    async def _said_to_move(
        self, connection: AtsConnection, external_id: str, delivery_id: uuid.UUID
    ) -> StageChanged | None:
        """What a delivery says of a move of an application; None where it says no such thing."""
        delivery = await self._deliveries.get(delivery_id)
        if delivery is None or delivery.body is None:
            return None
        for event in connection.adapter.parse(delivery.headers, delivery.body):
            if isinstance(event, StageChanged) and event.application_id == external_id:
                return event
        return None

    async def _may_lag(self, connection: AtsConnection, found: Application) -> bool:
        if found.entry.entered_at is not None:
            return False
        async with self._database.reading() as session:
            return await self._triggering.may_lag(session, connection.key, found)


_READING = (ProcessDelivery.kind, ReadApplication.kind)
GONE = "the application is gone"
NOT_YET = "the ATS tells of a move and does not show the application; we look again"
LAGS = "the ATS tells of a move and shows the application where it was; we look again"
LOOKS = (60.0, 600.0)
"""Seconds after which an application is looked for again that is said to have moved: a replica may lag."""


def _look_again_later(told: StageChanged, attempt: int, *, lags: bool) -> Retry | None:
    """Whom the ATS does not show is looked for twice more; who stands where they stood, and no stage was named, once."""
    if not lags:
        return Retry(reason=NOT_YET, after=LOOKS[attempt - 1]) if attempt <= len(LOOKS) else None
    return Retry(reason=LAGS, after=LOOKS[0]) if told.to_stage is None and attempt == 1 else None


_TOGETHER = "one reading answered this and an earlier delivery"


class _Rider(Struct, frozen=True):
    """What the payloads of both kinds of reading have in common."""

    delivery_id: uuid.UUID


_READ = ("candidate", "job", "stage", "stage_entry", "disposition", "source")


def reading_lane(connection: str, external_id: str) -> str:
    """One reading of an application at a time, so that an older answer can never overtake a newer one."""
    return bounded(f"read/{connection}/{external_id}", 128)


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that say what the delivery is; it is parsed again when it is processed."""
    return {name: value for name, value in headers.items() if not _may_be_secret(name)}


@lru_cache(maxsize=1024)
def _may_be_secret(header: str) -> bool:
    return any(word in header for word in _SECRET_HEADERS)


def _application_ids(events: tuple[Event, ...]) -> tuple[str, ...]:
    ids = (event.application_id for event in events if isinstance(event, StageChanged | ApplicationChanged))
    return tuple(dict.fromkeys(ids))


def _is_news(events: tuple[Event, ...]) -> bool:
    """Whether something changed, and nobody says of whom."""
    return any(isinstance(event, SomethingChanged) for event in events)


def _dedupe(events: tuple[Event, ...], body: bytes) -> str:
    """The vendor's id of the event where it has one.

    Where it has none, each delivery counts: the bytes of two moves may be the same (an id and nothing else), and a
    delivery too many costs one reading, which finds the stage entry known (N3).
    """
    ids = [event.delivery_id for event in events if not isinstance(event, Ping) and event.delivery_id]
    return (
        bounded("id:" + "+".join(dict.fromkeys(ids)), 200)
        if ids
        else f"body:{hashlib.sha256(body).hexdigest()}:{uuid.uuid4().hex}"
    )
