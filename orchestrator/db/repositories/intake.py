"""Deliveries, refusals, quarantine and the shadow of the ATS."""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from adapters.contract.model import Application, Candidate, Stage, StageKind
from orchestrator.db.base import Base, new_id
from orchestrator.db.models.application import ApplicationRow, CandidateRow, StageEntryRow, TriggerDecisionRow
from orchestrator.db.models.intake import (
    ConnectionRow,
    DeliveryRow,
    DeliverySource,
    DeliveryState,
    QuarantineRow,
    QuarantineState,
    RefusedCount,
)
from orchestrator.db.session import Database
from orchestrator.db.upsert import insert_into
from orchestrator.domain.stage import counted, visit_of
from orchestrator.domain.trigger import Reason


def insert(session: AsyncSession, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can say ON CONFLICT, for the session's database."""
    return insert_into(table, session.get_bind().dialect.name)


async def store_delivery(session: AsyncSession, delivery: Mapping[str, object]) -> uuid.UUID | None:
    """Store a delivery of our own making once; None where (connection, dedupe) was stored before."""
    statement = (
        insert(session, DeliveryRow)
        .values(id=new_id(), **delivery)
        .on_conflict_do_nothing(index_elements=["connection", "dedupe"])
        .returning(DeliveryRow.id)
    )
    stored: uuid.UUID | None = (await session.execute(statement)).scalar_one_or_none()
    return stored


# A literal, not a parameter: SQLite uses a partial index only where it can read the condition in the statement.
_WAITS = (DeliveryRow.state == sa.literal_column("'received'"), ~DeliveryRow.queued)


class Waiting(Struct, frozen=True):
    """A delivery that nobody has made work of."""

    id: uuid.UUID
    connection: str
    lane: str | None


async def take_waiting(session: AsyncSession, *, limit: int) -> Sequence[Waiting]:
    """The oldest deliveries that wait, now marked as queued: the caller makes work of them in the same transaction."""
    oldest = (
        sa.select(DeliveryRow.id).where(*_WAITS).order_by(DeliveryRow.id).limit(limit).with_for_update(skip_locked=True)
    )
    statement = (
        sa.update(DeliveryRow)
        .where(DeliveryRow.id.in_(oldest), *_WAITS)
        .values(queued=True)
        .returning(DeliveryRow.id, DeliveryRow.connection, DeliveryRow.lane)
        .execution_options(synchronize_session=False)
    )
    found = [Waiting(*row) for row in await session.execute(statement)]
    return sorted(found, key=lambda one: one.id)


class StoredDelivery(Struct, frozen=True):
    """A delivery as it came in. ``body`` is None where retention removed it, or where there never was one."""

    id: uuid.UUID
    connection: str
    headers: dict[str, str]
    body: bytes | None
    state: DeliveryState


class Deliveries:
    """Reads stored deliveries; what is asked for in one moment, as by items that were claimed together, is read together."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asked: list[uuid.UUID] = []
        self._reading: asyncio.Task[dict[uuid.UUID, StoredDelivery]] | None = None

    async def get(self, delivery_id: uuid.UUID) -> StoredDelivery | None:
        """The delivery, None where there is none of this id. Raises what the database raises."""
        self._asked.append(delivery_id)
        if self._reading is None:
            # Begins when everybody who is about to run has run.
            self._reading = asyncio.create_task(self._read(), name="read-deliveries")
        # Who asked and is cut off must not cut off the others.
        return (await asyncio.shield(self._reading)).get(delivery_id)

    async def _read(self) -> dict[uuid.UUID, StoredDelivery]:
        asked, self._asked, self._reading = self._asked, [], None
        async with self._database.reading() as session:
            found = await session.execute(_STORED, {"ids": asked})
            return {row.id: StoredDelivery(*row) for row in found}


_STORED = sa.select(
    DeliveryRow.id, DeliveryRow.connection, DeliveryRow.headers, DeliveryRow.body, DeliveryRow.state
).where(DeliveryRow.id.in_(sa.bindparam("ids", expanding=True)))


async def processed(session: AsyncSession, deliveries: Sequence[uuid.UUID], *, outcome: str, at: datetime) -> None:
    """Note what came of deliveries."""
    # In the inbox's order, which counts repeated deliveries meanwhile: two in two orders would wait for each other.
    rows = sa.select(DeliveryRow.id).where(DeliveryRow.id.in_(deliveries))
    await session.execute(rows.order_by(DeliveryRow.connection, DeliveryRow.dedupe).with_for_update())
    await session.execute(
        sa.update(DeliveryRow)
        .where(DeliveryRow.id.in_(deliveries))
        .values(state=DeliveryState.PROCESSED, processed_at=at, outcome=outcome)
        .execution_options(synchronize_session=False)
    )


async def count_refusal(session: AsyncSession, *, connection: str, day: date, reason: str, times: int = 1) -> None:
    """Count a refused delivery, or so many: all that is kept of them."""
    statement = insert(session, RefusedCount).values(connection=connection, day=day, reason=reason, count=times)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["connection", "day", "reason"], set_={"count": RefusedCount.count + times}
        )
    )


async def learnt_stages(session: AsyncSession, connection: str) -> Sequence[tuple[Stage, StageKind]]:
    """What people said about stages in the quarantine."""
    rows = await session.execute(
        sa.select(QuarantineRow.stage_id, QuarantineRow.stage_name, QuarantineRow.kind)
        .where(QuarantineRow.connection == connection, QuarantineRow.state == QuarantineState.MAPPED)
        .order_by(QuarantineRow.id)
    )
    return [(Stage(id=stage_id, name=name), kind) for stage_id, name, kind in rows if kind is not None]


async def quarantine(session: AsyncSession, *, connection: str, stage: Stage, at: datetime) -> None:
    """Put an unknown stage where people see it, or count it once more."""
    statement = insert(session, QuarantineRow).values(
        id=new_id(),
        connection=connection,
        stage_id=stage.id,
        stage_name=stage.name,
        state=QuarantineState.OPEN,
        first_seen=at,
        last_seen=at,
        times_seen=1,
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["connection", "stage_id", "stage_name"],
            set_={"last_seen": at, "times_seen": QuarantineRow.times_seen + 1},
        )
    )


async def save_candidate(
    session: AsyncSession, *, connection: str, candidate: Candidate, at: datetime, refresh: bool
) -> tuple[uuid.UUID, bool]:
    """The candidate with this (connection, external id), inserted if new; ``refresh`` also brings a known one up to date.

    True where it is as it was handed over, false where a known one was left as it is.
    """
    find = sa.select(CandidateRow.id).where(
        CandidateRow.connection == connection, CandidateRow.external_id == candidate.id
    )
    known = None if refresh else (await session.execute(find)).scalar_one_or_none()
    if known is not None:
        return known, False
    values = {
        "first_name": candidate.first_name,
        "last_name": candidate.last_name,
        "emails": list(candidate.emails),
        "phones": list(candidate.phones),
        "locale": candidate.locale,
        "time_zone": candidate.time_zone,
        "updated_at": at,
    }
    statement = insert(session, CandidateRow).values(
        id=new_id(), connection=connection, external_id=candidate.id, **values
    )
    key = ["connection", "external_id"]
    upsert = (
        statement.on_conflict_do_update(index_elements=key, set_=values)
        if refresh
        else (statement.on_conflict_do_nothing(index_elements=key))
    )
    saved: uuid.UUID | None = (await session.execute(upsert.returning(CandidateRow.id))).scalar_one_or_none()
    # Nothing comes back where somebody else was faster by a moment.
    return (saved, True) if saved is not None else ((await session.execute(find)).scalar_one(), False)


async def lock_application(
    session: AsyncSession, *, connection: str, application: Application, candidate_id: uuid.UUID, at: datetime
) -> tuple[ApplicationRow, bool]:
    """The application's row, locked until the transaction ends; True where it was not known before."""
    find = (
        sa.select(ApplicationRow)
        .where(ApplicationRow.connection == connection, ApplicationRow.external_id == application.id)
        .with_for_update()
    )
    known = (await session.execute(find)).scalar_one_or_none()
    if known is not None:
        return known, False
    statement = (
        insert(session, ApplicationRow)
        .values(
            id=new_id(),
            connection=connection,
            external_id=application.id,
            candidate_id=candidate_id,
            job_external_id=application.job.id,
            job_title=application.job.title,
            stage_id=application.stage.id,
            stage_name=application.stage.name,
            visits=0,
            snapshot=application,
            seen_at=at,
        )
        .on_conflict_do_nothing(index_elements=["connection", "external_id"])
        .returning(ApplicationRow.id)
    )
    created = (await session.execute(statement)).scalar_one_or_none() is not None
    return (await session.execute(find)).scalar_one(), created


async def application(session: AsyncSession, *, connection: str, external_id: str) -> ApplicationRow:
    """An application that is known."""
    return (await session.execute(_named(connection, external_id))).scalar_one()


async def application_if_known(session: AsyncSession, *, connection: str, external_id: str) -> ApplicationRow | None:
    """An application; None where it was never taken in."""
    return (await session.execute(_named(connection, external_id))).scalar_one_or_none()


def _named(connection: str, external_id: str) -> sa.Select[ApplicationRow]:
    return sa.select(ApplicationRow).where(
        ApplicationRow.connection == connection, ApplicationRow.external_id == external_id
    )


async def add_stage_entry(
    session: AsyncSession, *, application_id: uuid.UUID, entry: Mapping[str, object]
) -> uuid.UUID | None:
    """Insert a stage entry once; None where its key is known."""
    statement = (
        insert(session, StageEntryRow)
        .values(id=new_id(), application_id=application_id, **entry)
        .on_conflict_do_nothing(index_elements=["application_id", "entry_key"])
        .returning(StageEntryRow.id)
    )
    added: uuid.UUID | None = (await session.execute(statement)).scalar_one_or_none()
    return added


async def key_of_visit(session: AsyncSession, *, application_id: uuid.UUID, key: str) -> str:
    """The key under which an entry is known, where the application was not seen anywhere else since.

    A vendor whose history lags tells an entry first without its id or time and later with it, or the other way round:
    that is one entry (N3), which keeps the better key.
    """
    latest = (
        sa.select(StageEntryRow)
        .where(
            StageEntryRow.application_id == application_id,
            StageEntryRow.entry_key.startswith(visit_of(key), autoescape=True),
        )
        .order_by(StageEntryRow.seen_at.desc(), StageEntryRow.id.desc())
        .limit(1)
    )
    known = await session.scalar(latest)
    if known is None or counted(known.entry_key) == counted(key):
        return key
    if not counted(key):
        known.entry_key = key
        await session.flush()
    return known.entry_key


async def stage_entry(session: AsyncSession, *, application_id: uuid.UUID, entry_key: str) -> StageEntryRow:
    """Find a stage entry by its key."""
    return (
        await session.execute(
            sa.select(StageEntryRow).where(
                StageEntryRow.application_id == application_id, StageEntryRow.entry_key == entry_key
            )
        )
    ).scalar_one()


async def seen_elsewhere(session: AsyncSession, entry_id: uuid.UUID) -> bool:
    """Whether the application of an entry was seen elsewhere before: in another stage, or in another visit of this one.

    Of one that was just added, and about which nothing was decided, every other is an earlier one, whatever the clock of
    the process said that made its id.
    """
    entry, earlier = StageEntryRow, aliased(StageEntryRow)
    decided = sa.exists().where(TriggerDecisionRow.stage_entry_id == entry.id)
    # Both told by the vendor's history: another id is another visit.
    visited = sa.and_(
        entry.entry_key.contains("/h:", autoescape=True),
        earlier.entry_key.contains("/h:", autoescape=True),
        earlier.entry_key != entry.entry_key,
    )
    found = sa.select(earlier.id).where(
        entry.id == entry_id,
        earlier.application_id == entry.application_id,
        earlier.id != entry.id,
        sa.or_(earlier.id < entry.id, ~decided),
        sa.or_(earlier.stage_id != entry.stage_id, visited),
    )
    return await session.scalar(found.limit(1)) is not None


async def told_of(
    session: AsyncSession, entry_id: uuid.UUID, delivery_id: uuid.UUID | None
) -> Sequence[tuple[dict[str, str], bytes]]:
    """Headers and body of this delivery, and of those that came while nobody knew the stage of an entry.

    What was found wanting once stays so, and is not read again.
    """
    unheard = sa.select(TriggerDecisionRow.delivery_id).where(
        TriggerDecisionRow.stage_entry_id == entry_id, TriggerDecisionRow.reason != Reason.BEFORE_LAUNCH
    )
    found = await session.execute(
        sa.select(DeliveryRow.headers, DeliveryRow.body).where(
            sa.or_(DeliveryRow.id == delivery_id, DeliveryRow.id.in_(unheard)),
            DeliveryRow.source == DeliverySource.WEBHOOK,
            DeliveryRow.body.is_not(None),
        )
    )
    return [(headers, body) for headers, body in found if body is not None]


async def told_by_the_ats(session: AsyncSession, deliveries: Sequence[uuid.UUID]) -> Sequence[uuid.UUID]:
    """Those of some deliveries that the ATS made, in the order in which they came."""
    theirs = sa.select(DeliveryRow.id).where(
        DeliveryRow.id.in_(deliveries), DeliveryRow.source == DeliverySource.WEBHOOK, DeliveryRow.body.is_not(None)
    )
    return (await session.scalars(theirs.order_by(DeliveryRow.id))).all()


async def left_alone(session: AsyncSession, entry_id: uuid.UUID) -> bool:
    """Whether all that was decided about an entry is that it may be older than the launch."""
    said = await session.scalars(
        sa.select(TriggerDecisionRow.reason).where(TriggerDecisionRow.stage_entry_id == entry_id).distinct()
    )
    return set(said) - {Reason.DUPLICATE, Reason.STAGE_UNMAPPED} == {Reason.BEFORE_LAUNCH}


async def live_since(session: AsyncSession, connection: str, *, now: datetime) -> datetime:
    """Since when a connection is live; now, where it has not been seen before."""
    find = sa.select(ConnectionRow.live_since).where(ConnectionRow.key == connection)
    known = (await session.execute(find)).scalar_one_or_none()
    if known is not None:
        return known
    await session.execute(
        insert(session, ConnectionRow)
        .values(key=connection, live_since=now)
        .on_conflict_do_nothing(index_elements=["key"])
    )
    return (await session.execute(find)).scalar_one()


async def poll_cursor(session: AsyncSession, connection: str) -> str | None:
    """Where polling of a connection stands."""
    return (await session.execute(sa.select(ConnectionRow.cursor).where(ConnectionRow.key == connection))).scalar()


async def save_poll_cursor(session: AsyncSession, *, connection: str, cursor: str, at: datetime) -> None:
    """Remember where polling of a connection stands."""
    values = {"cursor": cursor, "polled_at": at}
    await session.execute(
        insert(session, ConnectionRow)
        .values(key=connection, live_since=at, **values)
        .on_conflict_do_update(index_elements=["key"], set_=values)
    )
