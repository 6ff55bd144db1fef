"""Operations: what is wrong first, then everything that came in and went out, and the timeline of an application."""

import uuid
from collections.abc import Sequence

import msgspec
from msgspec import Struct, structs
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.contract.model import StageKind
from orchestrator.db.models.intake import DeliverySource
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.ordering import OrderReportRow, ReportState
from orchestrator.db.repositories import credentials, interviews, stops, writebacks
from orchestrator.db.repositories import operations as rows
from orchestrator.db.repositories.audit import verify_chain
from orchestrator.db.session import Database, Transaction
from orchestrator.domain.audit import AuditEvent
from orchestrator.domain.interview import COMPLETION, InterviewState, Reopen, allowed
from orchestrator.errors import Missing
from orchestrator.ports import Clock
from orchestrator.services.connections import Connections
from orchestrator.services.endings import ending_troubles, still_used
from orchestrator.services.engine import closed_troubles, engine_troubles, engine_view, paused_connections
from orchestrator.services.field_check import HELD, RESUMED
from orchestrator.services.intake import Intake, reading_lane
from orchestrator.services.kinds import ReportOrder, WriteBack
from orchestrator.services.rescoring.held import SettleAdoption, give_up_adoption, lock_adoptions
from orchestrator.services.review.asking_again import HELD_KINDS, give_up, held_kinds, lock_choices
from orchestrator.services.review.holds import SettleDecision
from orchestrator.services.review.quality import review_troubles
from orchestrator.services.steps import Steps
from orchestrator.services.stopping import stop_item, stop_troubles, stopped_keys
from orchestrator.services.timelines import timeline_items
from orchestrator.services.views import (
    Account,
    ApplicationItem,
    ConflictItem,
    OperationsView,
    PausedConnection,
    QuarantineItem,
    SyncItem,
    TimelineView,
    WorkItem,
)
from orchestrator.services.watching import watch_troubles
from orchestrator.work import admin, allowance, limits
from orchestrator.work.admin import Selection
from orchestrator.work.holds import Hold, holds, let_held_go
from orchestrator.work.lanes import lock_lanes
from orchestrator.work.metrics import Metrics, measure
from orchestrator.work.table import WorkState

LIMIT = 100
MANY = 1_000_000


class _Carried(Struct, frozen=True):
    """What an item of work was to do, and what becomes of it if it was to tell how an order stands."""

    kind: str
    payload: str
    report: ReportState


class Replayed(Struct, frozen=True):
    """The numbers of what is in the queue again, and of what stays: a person must look first whether its note is there."""

    ids: list[int]
    asked: list[int]


class Operating:
    """Looks at the whole, and lets people mend it."""

    def __init__(
        self, *, database: Database, clock: Clock, connections: Connections, intake: Intake, steps: Steps
    ) -> None:
        self._database = database
        self._clock = clock
        self._connections = connections
        self._intake = intake
        self._steps = steps

    async def overview(self) -> OperationsView:
        """The operations page."""
        quarantine = await self.quarantine()
        dead = await self.dead_letters()
        conflicts = await self.conflicts()
        sync = await self.sync_log(limit=LIMIT)
        async with self._database.reading() as session:
            engine = await measure(session)
            counts = await rows.counts(session)
            stopped = await stops.listed(session)
            ends = await credentials.ends(session)
            held = await holds(session, HELD)
            closed = await allowance.closed(session)
            watched = await watch_troubles(session, now=self._clock.now())
            watched += await review_troubles(session, now=self._clock.now())
        ends = still_used(ends, self._connections)
        troubles = [*stop_troubles(stopped), *ending_troubles(ends, now=self._clock.now()), *watched]
        troubles += engine_troubles(engine, stopped=stopped_keys(stopped))
        troubles += closed_troubles(closed)
        troubles += [f"{_waiting(hold)} to {hold.connection} {_wait(hold)}: {hold.reason}" for hold in held]
        troubles += [f"{len(dead)} piece{_s(len(dead))} of work given up; a person is needed"] if dead else []
        waiting = len(quarantine)
        troubles += [f"{waiting} stage{_s(waiting)} nobody has mapped yet"] if waiting else []
        kept = len(conflicts)
        troubles += [f"{kept} write-back{_s(kept)} stopped because someone had written in our field"] if kept else []
        return OperationsView(
            troubles=tuple(troubles),
            quarantine=quarantine,
            dead_letters=dead,
            conflicts=conflicts,
            sync=sync,
            counts=counts,
            stage_kinds=tuple(kind.value for kind in StageKind),
            pauses=(*paused_connections(engine), *map(_held, held)),
            engine=engine_view(engine),
            stops=tuple(stop_item(row) for row in stopped),
        )

    async def metrics(self) -> Metrics:
        """What the engine is measured by."""
        async with self._database.reading() as session:
            return await measure(session)

    async def quarantine(self) -> tuple[QuarantineItem, ...]:
        """Stages that wait for someone to say what they are."""
        async with self._database.reading() as session:
            found = await rows.open_quarantine(session)
        return tuple(
            QuarantineItem(
                id=row.id,
                connection=row.connection,
                stage_id=row.stage_id,
                stage_name=row.stage_name,
                times_seen=row.times_seen,
                waiting=waiting,
                first_seen=row.first_seen,
                last_seen=row.last_seen,
            )
            for row, waiting in found
        )

    async def dead_letters(self) -> tuple[WorkItem, ...]:
        """Work that was given up."""
        return await self.work(Selection(states=(WorkState.DEAD,)))

    async def work(self, selection: Selection, *, limit: int = LIMIT) -> tuple[WorkItem, ...]:
        """Items of work, newest first."""
        async with self._database.reading() as session:
            found = await admin.list_work(session, selection, limit=limit)
            subjects = await rows.subjects(session, [item.subject for item in found])
        return tuple(
            WorkItem(
                id=item.id,
                kind=item.kind,
                state=item.state.value,
                subject=subjects.get(item.subject or "", item.subject or item.lane or ""),
                attempt=item.attempt,
                max_attempts=item.max_attempts,
                run_at=item.run_at,
                cause=item.error or (item.cause.value if item.cause else None),
            )
            for item in found
        )

    async def one_work(self, work_id: int) -> admin.WorkItem:
        """One item of work in full; raises Missing."""
        async with self._database.reading() as session:
            return await admin.show_work(session, work_id)

    async def verify_audit(self) -> tuple[int, str]:
        """Walk the audit chain: how many events, and the last hash.

        Raises:
            ChainBroken: an event was changed, removed, added or moved.
        """
        async with self._database.reading() as session:
            return await verify_chain(session)

    async def conflicts(self) -> tuple[ConflictItem, ...]:
        """Write-backs that stopped at a person's own words."""
        async with self._database.reading() as session:
            found = await rows.conflicts(session, limit=LIMIT)
        return tuple(
            ConflictItem(
                write_back_id=row.id,
                application_id=application.id,
                candidate=rows.candidate_name(application),
                job_title=application.job_title,
                fields=tuple(row.conflicts),
                at=row.settled_at or row.created_at,
            )
            for row, application in found
        )

    async def sync_log(self, *, limit: int = LIMIT, connection: str | None = None) -> tuple[SyncItem, ...]:
        """Every push and pull, newest first."""
        async with self._database.reading() as session:
            found = await rows.sync_entries(session, limit=limit, connection=connection)
        return tuple(
            SyncItem(
                id=row.id,
                at=row.at,
                connection=row.connection,
                external_id=row.external_id,
                application_id=application_id,
                direction=row.direction.value,
                operation=row.operation,
                fields=tuple(row.fields),
                outcome=row.outcome,
                detail=row.detail,
                duration_ms=row.duration_ms,
            )
            for row, application_id in found
        )

    async def applications(self, *, limit: int = 50) -> tuple[ApplicationItem, ...]:
        """The applications seen last."""
        async with self._database.reading() as session:
            found = await rows.applications(session, limit=limit)
        return tuple(
            ApplicationItem(
                application_id=row.id,
                candidate=rows.candidate_name(row),
                job_title=row.job_title,
                stage_name=row.stage_name,
                completion=COMPLETION[state].value if state else None,
                last_seen=row.seen_at,
            )
            for row, state in found
        )

    async def timeline(self, application_id: uuid.UUID, *, viewer: Account) -> TimelineView:
        """Everything about one application in the order of time; the view is logged.

        Raises:
            Missing: there is no such application.
        """
        async with self._database.transaction() as tx:
            history = await rows.application_history(tx.session, application_id)
            if history is None:
                raise Missing("There is no such application.")
            newest = await rows.newest_interview(tx.session, application_id)
            tx.audit(
                AuditEvent(
                    at=self._clock.now(),
                    actor=f"account:{viewer.id}",
                    tag="account:timeline:viewed",
                    subject=str(application_id),
                )
            )
        application = history.application
        return TimelineView(
            application_id=application.id,
            external_id=application.external_id,
            connection=application.connection,
            candidate=rows.candidate_name(application),
            job_title=application.job_title,
            stage_name=application.stage_name,
            items=timeline_items(history),
            extendable=newest is not None and _extendable(newest),
        )

    async def map_stage(self, quarantine_id: uuid.UUID, *, kind: StageKind, actor: str) -> int:
        """Say what a quarantined stage is; every application held in it is looked at again. Returns how many.

        Raises:
            Missing: there is no such stage in the quarantine.
        """
        now = self._clock.now()
        async with self._database.transaction() as tx:
            mapped = await rows.map_quarantine(tx.session, quarantine_id, kind=kind, actor=actor, at=now)
            if not mapped:
                raise Missing("That stage is not in the quarantine any more.")
            held = [application for row in mapped for application in await rows.held_in(tx.session, row)]
            mark = f"mapped:{quarantine_id}:{now.timestamp():.0f}"
            await lock_lanes(tx, [reading_lane(one.connection, one.external_id) for one in held])
            for application in held:
                await self._intake.announce(
                    tx, application.connection, application.external_id, DeliverySource.REPLAY, mark=mark
                )
            details = {"stages": [row.stage_id for row in mapped], "kind": kind.value, "held": len(held)}
            tx.audit(
                AuditEvent(
                    at=now, actor=actor, tag="operations:stage:mapped", subject=str(quarantine_id), details=details
                )
            )
        return len(held)

    async def extend(self, application_id: uuid.UUID, *, actor: str) -> None:
        """Send the candidate a new link with new time; the old one ends. What was answered so far is kept.

        Raises:
            Missing: no interview of this application can be opened again.
            Stale: it moved on in the same moment.
        """
        async with self._database.transaction() as tx:
            newest = await rows.newest_interview(tx.session, application_id)
            interview = await interviews.by_id(tx.session, newest.id, lock=True) if newest else None
            if interview is None or not _extendable(interview):
                raise Missing("There is no interview here that a new link could open again.")
            await self._steps.take(tx, interview, Reopen(), actor=actor, now=self._clock.now())

    async def resume(self, connection: str, *, actor: str) -> None:
        """Let the work of a connection go on, after its credentials or its fields were mended.

        Raises:
            Missing: the connection is not paused, and no write-back waits for its fields.
        """
        async with self._database.transaction() as tx:
            freed = await let_held_go(tx, connection, HELD)
            if not await limits.resume(tx, connection) and not freed:
                raise Missing("That connection is not paused.")
            tx.audit(AuditEvent(at=self._clock.now(), actor=actor, tag=RESUMED, subject=connection))

    async def replay(self, work_id: int, *, actor: str) -> None:
        """Put a dead letter back into the queue."""
        async with self._database.transaction() as tx:
            await admin.replay(tx, work_id, actor=actor)

    async def replay_many(self, selection: Selection, *, actor: str) -> Replayed:
        """Put every dead letter of a selection back, but those of which a person is asked: each of those by its number."""
        async with self._database.transaction() as tx:
            asked = await _asked(tx.session, selection)
            return Replayed(await admin.replay_many(tx, selection, actor=actor, but=asked), asked)

    async def open_work(self, selection: Selection) -> list[int]:
        """The numbers of what is queued or running in a selection: what ``cancel`` would take."""
        async with self._database.reading() as session:
            return await admin.open_ids(session, selection)

    async def cancel(self, selection: Selection, *, reason: str, actor: str) -> list[int]:
        """Cancel what is queued or running in a selection; write-backs and reports among it are no longer pending.

        A case whose decision is held by such work is back in the review queue, and a later reading that was to be used is
        not. Returns their numbers.

        Raises:
            InputInvalid: no reason was given.
        """
        async with self._database.transaction() as tx:
            await _lock_decisions(tx, selection)
            cancelled = await admin.cancel_by_hand(tx, selection, actor=actor, reason=reason)
            for item in cancelled:
                carried = _Carried(item.kind, item.payload, ReportState.OVERTAKEN)
                await self._settle_carried(tx, carried, reason=reason, actor=actor)
        return [item.id for item in cancelled]

    async def done_by_hand(self, work_id: int, *, reason: str, actor: str) -> None:
        """Settle a dead letter as done by a person; a write-back or a report that it carried is settled with it.

        A decision is not made outside Evenhand: where the work held one, the case is back in the review queue.
        """
        async with self._database.transaction() as tx:
            item = await admin.show_work(tx.session, work_id)
            if item.kind in HELD_KINDS:
                await _lock_held(tx, [(item.kind, item.payload)])
            await admin.done_by_hand(tx, work_id, actor=actor, reason=reason)
            carried = _Carried(item.kind, item.payload, ReportState.TOLD)
            await self._settle_carried(tx, carried, reason=reason, actor=actor)

    async def _settle_carried(self, tx: Transaction, carried: _Carried, *, reason: str, actor: str) -> None:
        now = self._clock.now()
        if carried.kind == WriteBack.kind:
            write_back = msgspec.json.decode(carried.payload, type=WriteBack)
            await rows.settle_by_hand(tx.session, write_back.write_back_id, at=now)
        elif carried.kind == SettleAdoption.kind:
            await give_up_adoption(tx, _adoption_id(carried.payload), actor=actor, reason=reason, now=now)
        elif carried.kind in HELD_KINDS:
            await give_up(tx, _held_id(carried.payload), actor=actor, reason=reason, now=now)
        elif carried.kind == ReportOrder.kind:
            told = msgspec.json.decode(carried.payload, type=ReportOrder)
            report = await tx.session.get(OrderReportRow, told.report_id, with_for_update=True)
            if report is None or report.state is not ReportState.PENDING:
                return
            report.state, report.settled_at = carried.report, now
            details: dict[str, object] = {
                "progress": report.progress.value,
                "state": report.state.value,
                "reason": reason.strip(),
            }
            tag = "operations:order:settled"
            tx.audit(AuditEvent(at=now, actor=actor, tag=tag, subject=str(report.order_id), details=details))


async def _lock_decisions(tx: Transaction, selection: Selection) -> None:
    kinds = held_kinds(selection.kinds)
    if not kinds:
        return
    queued = (WorkState.QUEUED, WorkState.RUNNING)
    meant = structs.replace(selection, states=queued, kinds=kinds)
    await _lock_held(tx, [(item.kind, item.payload) for item in await admin.list_work(tx.session, meant, limit=MANY)])


async def _lock_held(tx: Transaction, carried: Sequence[tuple[str, str]]) -> None:
    """Lock what such work holds, by its kind and payload."""
    await lock_choices(tx, [_held_id(payload) for kind, payload in carried if kind != SettleAdoption.kind])
    await lock_adoptions(tx, [_adoption_id(payload) for kind, payload in carried if kind == SettleAdoption.kind])


def _held_id(payload: str) -> uuid.UUID:
    # Decisions and reopenings are named in the same way.
    return msgspec.json.decode(payload, type=SettleDecision).held_id


def _adoption_id(payload: str) -> uuid.UUID:
    return msgspec.json.decode(payload, type=SettleAdoption).adoption_id


async def _asked(session: AsyncSession, selection: Selection) -> list[int]:
    """Dead letters of a selection that ask whether a note is in the ATS: who runs many again has looked at none."""
    asked = await writebacks.asked(session)
    meant = not selection.kinds or WriteBack.kind in selection.kinds
    if not asked or not meant:
        return []
    dead = structs.replace(selection, states=(WorkState.DEAD,), kinds=(WriteBack.kind,))
    found = await admin.list_work(session, dead, limit=MANY)
    return sorted(item.id for item in found if msgspec.json.decode(item.payload, type=WriteBack).write_back_id in asked)


def _waiting(hold: Hold) -> str:
    return f"{hold.count} write-back{_s(hold.count)}"


def _wait(hold: Hold) -> str:
    return "waits" if hold.count == 1 else "wait"


def _held(hold: Hold) -> PausedConnection:
    return PausedConnection(
        connection=hold.connection,
        reason=f"{_waiting(hold)} {_wait(hold)}, and everything else goes on. {hold.reason[:1].upper()}{hold.reason[1:]}",
        since=hold.since,
    )


def _extendable(interview: InterviewRow) -> bool:
    # A paused interview waits for an answer to the candidate's request: that is given in the review queue.
    return interview.state is not InterviewState.PAUSED and allowed(interview.state, Reopen())


def _s(count: int) -> str:
    return "" if count == 1 else "s"
