"""Work in the hands of a person: look, replay, settle by hand, cancel, count, clear away."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.session import Transaction
from orchestrator.domain.audit import AuditEvent
from orchestrator.errors import InputInvalid, Missing, Stale
from orchestrator.work.limits import PauseEntry
from orchestrator.work.sql import DatabaseNow
from orchestrator.work.table import QUEUED, Cause, WorkState, work, work_pause
from orchestrator.work.times import moment
from orchestrator.work.wakeup import ring_after_commit

SETTLED = (WorkState.DONE, WorkState.CANCELLED)


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


class Depth(Struct, frozen=True, kw_only=True):
    """How much work of a kind is in a state, and for how many seconds the oldest has been due (queued work only)."""

    kind: str
    state: WorkState
    count: int
    oldest_age: float | None


class Selection(Struct, frozen=True, kw_only=True):
    """Which work is meant; every condition that is given must hold."""

    states: Collection[WorkState] = ()
    kinds: Collection[str] = ()
    lane: str | None = None
    subject: str | None = None
    dedupe_prefix: str | None = None

    @property
    def narrow(self) -> bool:
        """Whether anything but the state narrows it."""
        return any((self.kinds, self.lane, self.subject, self.dedupe_prefix))

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """As SQL."""
        found: list[sa.ColumnElement[bool]] = []
        if self.states:
            found.append(work.c.state.in_(list(self.states)))
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
    _record(tx, actor, "replayed", work_id, {"kind": item.kind})


async def replay_many(tx: Transaction, selection: Selection, *, actor: str) -> list[int]:
    """Replay every dead letter of a selection (its ``states`` are not looked at); returns their numbers."""
    replayed = await _replay_where(tx, _any_state(selection).conditions())
    for work_id in replayed:
        _record(tx, actor, "replayed", work_id, {})
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
    statement = (
        sa.update(work)
        .where(work.c.id == work_id, work.c.state.in_([WorkState.DEAD, WorkState.QUEUED]))
        .values(state=WorkState.DONE, done_by=actor, done_reason=reason.strip(), finished_at=DatabaseNow())
        .returning(work.c.id)
    )
    if (await tx.session.execute(statement)).first() is None:
        raise Stale(f"work {work_id} is {item.state}, only dead or queued work can be settled by hand")
    await ring_after_commit(tx)
    _record(tx, actor, "done_by_hand", work_id, {"kind": item.kind})


async def cancel(tx: Transaction, selection: Selection) -> int:
    """Cancel what is queued or running in a selection; returns how many. A running handler can no longer finish.

    Raises:
        ValueError: the selection has no condition beside states.
    """
    if not selection.narrow:
        raise ValueError("refusing to cancel all work: name a kind, a lane, a subject or a dedupe prefix")
    statement = (
        sa.update(work)
        .where(work.c.state.in_([WorkState.QUEUED, WorkState.RUNNING]), *_any_state(selection).conditions())
        .values(state=WorkState.CANCELLED, token=None, lease_until=None, finished_at=DatabaseNow())
        .returning(work.c.id)
    )
    cancelled = len((await tx.session.execute(statement)).all())
    if cancelled:
        await ring_after_commit(tx)
    return cancelled


async def clear_finished(tx: Transaction, *, older_than: timedelta, limit: int = 5000) -> int:
    """Delete done and cancelled work that ended before, at most ``limit``; returns how many. Dead work stays."""
    old = (
        sa.select(work.c.id)
        .where(work.c.state.in_(SETTLED), work.c.finished_at < DatabaseNow() - older_than.total_seconds())
        .order_by(work.c.finished_at)
        .limit(limit)
    )
    return len((await tx.session.execute(sa.delete(work).where(work.c.id.in_(old)).returning(work.c.id))).all())


async def depths(session: AsyncSession) -> list[Depth]:
    """How much there is of each kind in each state."""
    due_for = sa.case((work.c.state == QUEUED, DatabaseNow() - work.c.run_at))
    statement = (
        sa.select(work.c.kind, work.c.state, sa.func.count().label("count"), sa.func.max(due_for).label("age"))
        .group_by(work.c.kind, work.c.state)
        .order_by(work.c.kind, work.c.state)
    )
    return [
        Depth(
            kind=row.kind,
            state=WorkState(row.state),
            count=row[2],
            oldest_age=None if row.age is None else max(0.0, row.age),
        )
        for row in await session.execute(statement)
    ]


async def pauses(session: AsyncSession) -> list[PauseEntry]:
    """Connections whose work waits now."""
    still = sa.or_(work_pause.c.until.is_(None), work_pause.c.until > DatabaseNow())
    return [
        PauseEntry(rate_key=row.rate_key, reason=row.reason, since=moment(row.since), until=moment(row.until))
        for row in await session.execute(sa.select(work_pause).where(still).order_by(work_pause.c.rate_key))
    ]


async def _replay_where(tx: Transaction, conditions: Collection[sa.ColumnElement[bool]]) -> list[int]:
    statement = (
        sa.update(work)
        .where(work.c.state == WorkState.DEAD, *conditions)
        .values(state=WorkState.QUEUED, attempt=0, run_at=DatabaseNow(), cause=None, finished_at=None)
        .returning(work.c.id)
    )
    replayed = sorted((await tx.session.execute(statement)).scalars())
    if replayed:
        await ring_after_commit(tx)
    return replayed


def _any_state(selection: Selection) -> Selection:
    return Selection(
        kinds=selection.kinds,
        lane=selection.lane,
        subject=selection.subject,
        dedupe_prefix=selection.dedupe_prefix,
    )


def _record(tx: Transaction, actor: str, verb: str, work_id: int, details: Mapping[str, object]) -> None:
    tx.audit(
        AuditEvent(
            at=datetime.now(UTC), actor=actor, tag=f"operations:work:{verb}", subject=f"work:{work_id}", details=details
        )
    )


def _item(row: sa.Row[Any]) -> WorkItem:
    values = {name: value for name, value in row._mapping.items() if name in WorkItem.__struct_fields__}  # noqa: SLF001 - the public name of a row's mapping
    times = {name: moment(values[name]) for name in ("run_at", "created_at", "lease_until", "finished_at")}
    return WorkItem(**{**values, **times})
