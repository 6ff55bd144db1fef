"""Work in the hands of a person: look, replay, settle by hand, cancel, count, clear away."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import Struct, structs
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.worker import WorkerProcess
from orchestrator.db.session import Transaction
from orchestrator.domain.audit import AuditEvent
from orchestrator.errors import InputInvalid, Missing, Stale
from orchestrator.work.lanes import IS_OPEN, lanes_of, lock_lanes, promote
from orchestrator.work.limits import PauseEntry
from orchestrator.work.sql import DatabaseNow
from orchestrator.work.table import Cause, WorkState, work, work_pause
from orchestrator.work.times import moment
from orchestrator.work.trouble import THRESHOLD
from orchestrator.work.wakeup import ring_after_commit

SETTLED = (WorkState.DONE, WorkState.CANCELLED)
ENDED = (*SETTLED, WorkState.DEAD)


class WorkItem(Struct, frozen=True, kw_only=True):
    """An item of work as an operator sees it. ``payload`` is JSON with ids only."""

    id: int
    kind: str
    version: int
    payload: str
    subject: str | None
    lane: str | None
    rate_key: str | None
    dedupe: str | None
    priority: int
    state: WorkState
    attempt: int
    max_attempts: int
    run_at: datetime
    created_at: datetime
    lease_until: datetime | None
    finished_at: datetime | None
    worker: str | None
    error: str | None
    cause: Cause | None
    done_by: str | None
    done_reason: str | None


class Cancelled(Struct, frozen=True, kw_only=True):
    """An item that was cancelled."""

    id: int
    kind: str
    payload: str


class ConnectionPause(PauseEntry, frozen=True, kw_only=True):
    """A connection whose work waits. ``failures`` 0: a person or rejected credentials began it, a person ends it.

    More: so many times in a row nobody answered; at ``until`` one attempt is made.
    """

    failures: int


class Selection(Struct, frozen=True, kw_only=True):
    """Which work is meant; every condition that is given must hold."""

    ids: Collection[int] = ()
    states: Collection[WorkState] = ()
    kinds: Collection[str] = ()
    lane: str | None = None
    subject: str | None = None
    dedupe_prefix: str | None = None

    @property
    def narrow(self) -> bool:
        """Whether anything but the state narrows it."""
        return any((self.ids, self.kinds, self.lane, self.subject, self.dedupe_prefix))

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """As SQL."""
        found: list[sa.ColumnElement[bool]] = []
        if self.ids:
            found.append(work.c.id.in_(list(self.ids)))
        if self.states:
            found.append(work.c.state.in_(list(self.states)))
            # Said again in the words of a partial index, without which open and ended work are sought among all.
            if not set(self.states) & set(ENDED):
                found.append(IS_OPEN)
            elif set(self.states) <= set(ENDED):
                found.append(work.c.finished_at.is_not(None))
        if self.kinds:
            found.append(work.c.kind.in_(list(self.kinds)))
        if self.lane is not None:
            found.append(work.c.lane == self.lane)
        if self.subject is not None:
            found.append(work.c.subject == self.subject)
        if self.dedupe_prefix is not None:
            found.append(work.c.dedupe.startswith(self.dedupe_prefix, autoescape=True))
        return found


async def list_work(session: AsyncSession, selection: Selection, *, limit: int = 100) -> list[WorkItem]:
    """The newest items first."""
    statement = sa.select(work).where(*selection.conditions()).order_by(work.c.id.desc()).limit(limit)
    return [_item(row) for row in await session.execute(statement)]


async def show_work(session: AsyncSession, work_id: int) -> WorkItem:
    """One item.

    Raises:
        Missing: there is none with this number.
    """
    row = (await session.execute(sa.select(work).where(work.c.id == work_id))).first()
    if row is None:
        raise Missing(f"there is no work {work_id}")
    return _item(row)


async def replay(tx: Transaction, work_id: int, *, actor: str) -> None:
    """Put a dead letter back into the queue, with all its attempts before it and the same idempotency key.

    Raises:
        Missing: there is none with this number.
        Stale: it is not dead (any more).
    """
    item = await show_work(tx.session, work_id)
    replayed = await _replay_where(tx, [work.c.id == work_id])
    if not replayed:
        raise Stale(f"work {work_id} is {item.state}, only dead work can be replayed")
    _record(tx, actor, "replayed", f"work:{work_id}", {"kind": item.kind})


async def replay_many(tx: Transaction, selection: Selection, *, actor: str, but: Collection[int] = ()) -> list[int]:
    """Replay every dead letter of a selection (its ``states`` are not looked at) ``but`` these; returns their numbers."""
    replayed = await _replay_where(tx, [*_any_state(selection).conditions(), work.c.id.not_in(but)])
    for work_id in replayed:
        _record(tx, actor, "replayed", f"work:{work_id}", {})
    return replayed


async def done_by_hand(tx: Transaction, work_id: int, *, actor: str, reason: str) -> None:
    """Settle a dead letter, or work that waits, as done by a person outside Evenhand.

    Raises:
        InputInvalid: no reason was given.
        Missing: there is none with this number.
        Stale: it runs just now, or is settled already.
    """
    if not reason.strip():
        raise InputInvalid("say why this work is done", fields={"reason": "a reason is needed"})
    item = await show_work(tx.session, work_id)
    if item.lane is not None:
        await lock_lanes(tx, [item.lane])
    statement = (
        sa.update(work)
        .where(work.c.id == work_id, work.c.state.in_([WorkState.DEAD, WorkState.QUEUED]))
        .values(state=WorkState.DONE, done_by=actor, done_reason=reason.strip(), finished_at=DatabaseNow())
        .returning(work.c.id)
    )
    if (await tx.session.execute(statement)).first() is None:
        raise Stale(f"work {work_id} is {item.state}, only dead or queued work can be settled by hand")
    if item.lane is not None:
        await promote(tx, [item.lane])
    _record(tx, actor, "done_by_hand", f"work:{work_id}", {"kind": item.kind})


async def open_ids(session: AsyncSession, selection: Selection) -> list[int]:
    """The numbers of what is queued or running in a selection, in order (its ``states`` are not looked at)."""
    statement = sa.select(work.c.id).where(IS_OPEN, *_any_state(selection).conditions()).order_by(work.c.id)
    return list((await session.execute(statement)).scalars())


async def cancel(tx: Transaction, selection: Selection) -> int:
    """Cancel what is queued or running in a selection; returns how many. A running handler can no longer finish.

    Raises:
        ValueError: the selection has no condition beside states.
    """
    return len(await _cancel_where(tx, selection, {}))


async def cancel_by_hand(tx: Transaction, selection: Selection, *, actor: str, reason: str) -> list[Cancelled]:
    """The same for a person: who and why stand on every item, and once in the audit log.

    Raises:
        InputInvalid: no reason was given.
        ValueError: the selection has no condition beside states.
    """
    if not reason.strip():
        raise InputInvalid("say why this work is cancelled", fields={"reason": "a reason is needed"})
    rows = await _cancel_where(tx, selection, {"done_by": actor, "done_reason": reason.strip()})
    cancelled = sorted(
        (Cancelled(id=row.id, kind=row.kind, payload=row.payload) for row in rows), key=lambda item: item.id
    )
    if cancelled:
        kinds = sorted({item.kind for item in cancelled})
        subject = f"work:{cancelled[0].id}" if len(cancelled) == 1 else "work"
        _record(tx, actor, "cancelled", subject, {"count": len(cancelled), "kinds": kinds})
    return cancelled


async def _cancel_where(tx: Transaction, selection: Selection, values: Mapping[str, str]) -> Sequence[sa.Row[Any]]:
    if not selection.narrow:
        raise ValueError("refusing to cancel all work: name a kind, a lane, a subject or a dedupe prefix")
    meant = (IS_OPEN, *_any_state(selection).conditions())
    lanes = await lanes_of(tx, meant)
    statement = (
        sa.update(work)
        .where(*meant, sa.or_(work.c.lane.is_(None), work.c.lane.in_(lanes)))
        .values(state=WorkState.CANCELLED, token=None, lease_until=None, finished_at=DatabaseNow(), **values)
        .returning(work.c.id, work.c.kind, work.c.lane, work.c.payload)
    )
    rows = (await tx.session.execute(statement)).all()
    if lanes:
        await promote(tx, lanes)
    return rows


async def clear_finished(tx: Transaction, *, older_than: timedelta, limit: int = 1000) -> int:
    """Delete done and cancelled work that ended before, at most ``limit``; returns how many. Dead work stays.

    Call it again, in a transaction of its own, for as long as it returns something.
    """
    # Asked once: PostgreSQL takes a clock that is read for every row to no index.
    before = sa.select(DatabaseNow() - older_than.total_seconds()).scalar_subquery()
    cleared = 0
    for state in SETTLED:
        # One state at a time, so that the oldest stand first in the index and nothing is sorted.
        old = (
            sa.select(work.c.id)
            .where(work.c.state == sa.literal_column(f"'{state}'"), work.c.finished_at < before)
            .order_by(work.c.finished_at)
            .limit(limit - cleared)
        )
        statement = sa.delete(work).where(work.c.id.in_(old)).returning(work.c.id)
        cleared += len((await tx.session.execute(statement)).all())
    return cleared


async def clear_gone(tx: Transaction, *, older_than: timedelta) -> int:
    """Delete the rows of workers that were last seen before without a clean stop; returns how many."""
    long_ago = WorkerProcess.seen_at + WorkerProcess.lease < DatabaseNow() - older_than.total_seconds()
    gone = await tx.session.execute(sa.delete(WorkerProcess).where(long_ago).returning(WorkerProcess.name))
    return len(gone.all())


async def pauses(session: AsyncSession) -> list[ConnectionPause]:
    """Connections whose work waits now."""
    by_hand = sa.and_(work_pause.c.failures == 0, work_pause.c.until.is_(None))
    still = sa.or_(by_hand, work_pause.c.until > DatabaseNow(), work_pause.c.failures >= THRESHOLD)
    return [
        ConnectionPause(
            rate_key=row.rate_key,
            reason=row.reason,
            since=moment(row.since),
            until=moment(row.until),
            failures=row.failures,
        )
        for row in await session.execute(sa.select(work_pause).where(still).order_by(work_pause.c.rate_key))
    ]


async def _replay_where(tx: Transaction, conditions: Collection[sa.ColumnElement[bool]]) -> list[int]:
    dead = Selection(states=[WorkState.DEAD]).conditions()
    lanes = await lanes_of(tx, (*dead, *conditions))
    # Nobody is a head before it is known who is first: the lane may have moved on meanwhile.
    statement = (
        sa.update(work)
        .where(*dead, *conditions, sa.or_(work.c.lane.is_(None), work.c.lane.in_(lanes)))
        .values(
            state=WorkState.QUEUED,
            head=work.c.lane.is_(None),
            attempt=0,
            run_at=DatabaseNow(),
            cause=None,
            finished_at=None,
        )
        .returning(work.c.id)
    )
    replayed = sorted((await tx.session.execute(statement)).scalars())
    if lanes:
        await promote(tx, lanes)
    if replayed:
        await ring_after_commit(tx)
    return replayed


def _any_state(selection: Selection) -> Selection:
    return structs.replace(selection, states=())


def _record(tx: Transaction, actor: str, verb: str, subject: str, details: Mapping[str, object]) -> None:
    tx.audit(
        AuditEvent(at=datetime.now(UTC), actor=actor, tag=f"operations:work:{verb}", subject=subject, details=details)
    )


def _item(row: sa.Row[Any]) -> WorkItem:
    values = {name: value for name, value in row._mapping.items() if name in WorkItem.__struct_fields__}  # noqa: SLF001 - the public name of a row's mapping
    times = {name: moment(values[name]) for name in ("run_at", "created_at", "lease_until", "finished_at")}
    return WorkItem(**{**values, **times})
