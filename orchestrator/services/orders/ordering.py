"""Orders: a recruiter orders an interview in the ATS itself. What the ATS asks us is answered here, from the database.

An order is on disk before it is answered; what it leads to happens afterwards, as for a stage change.
"""

import uuid
from contextlib import suppress
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from adapters.contract.assessment import (
    AssessmentOffer,
    CancelOrder,
    CheckConnection,
    ListOffers,
    Order,
    OrderReport,
    PartnerRequest,
    PlaceOrder,
    ReadStatus,
    ReportProblem,
)
from adapters.contract.delivery import Answer
from adapters.contract.errors import NotFound, Unsupported
from adapters.contract.model import Application
from orchestrator.config.schema import Configuration
from orchestrator.db.models.ordering import OrderRow
from orchestrator.db.repositories import interviews, orders
from orchestrator.db.repositories.intake import count_refusal
from orchestrator.db.session import Database, Transaction
from orchestrator.domain.audit import AuditEvent
from orchestrator.domain.interview import TERMINAL, Cancel, InterviewState, allowed
from orchestrator.domain.ordering import OrderRefusal, OrderState, offer_id, offers_of
from orchestrator.domain.program import Program
from orchestrator.errors import Missing, Stale
from orchestrator.ports import Clock
from orchestrator.services.connections import AtsConnection, Connections, OrderDesk, SyncLog
from orchestrator.services.intake import reading_lane
from orchestrator.services.kinds import TakeOrder
from orchestrator.services.orders.reports import Reports
from orchestrator.services.steps import Steps
from orchestrator.services.strangers import Strangers
from orchestrator.services.triggering import Triggering
from orchestrator.work.job import Job
from orchestrator.work.lanes import bounded
from orchestrator.work.outcome import Done, Outcome, Retry
from orchestrator.work.queue import enqueue

LOOKS = 3
"""How often an application that an order names is looked for, before the order itself takes its place."""

_READ = ("candidate", "job", "stage", "stage_entry", "disposition", "source")
_OPEN = frozenset({OrderState.RECEIVED, OrderState.HELD})
_UNKNOWN = "There is no such order."
_TRIES = 3


class OrderSource(StrEnum):
    """How an order came to us."""

    DELIVERED = "delivered"  # the ATS sent it
    FOUND = "found"  # we asked which are open


class OrderKey(NamedTuple):
    """What identifies an order at its connection."""

    dedupe: str
    turn: int


class Refusal(Struct, frozen=True):
    """An order that is not taken; the recruiter reads the words."""

    words: str


class Ordering:
    """What an ATS orders here, asks and cancels."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        configuration: Configuration,
        connections: Connections,
        sync: SyncLog,
        triggering: Triggering,
        steps: Steps,
        reports: Reports,
    ) -> None:
        self._database = database
        self._clock = clock
        self._configuration = configuration
        self._connections = connections
        self._sync = sync
        self._triggering = triggering
        self._steps = steps
        self._reports = reports
        self.strangers = Strangers(database, clock)

    def desk(self, connection_key: str) -> OrderDesk:
        """Where a connection takes orders.

        Raises:
            Missing: no such connection, or nothing can be ordered there.
        """
        desk = self._connections.get(connection_key).desk
        if desk is None:
            raise Missing(f"Nothing can be ordered at the connection {connection_key!r}.")
        return desk

    async def answer(self, connection_key: str, request: PartnerRequest) -> Answer:
        """Do what an authenticated request asks, and answer as the ATS reads it; raises Missing."""
        desk, connection = self.desk(connection_key), self._connections.get(connection_key)
        match request:
            case ListOffers():
                return desk.server.offers(self.offers(connection))
            case PlaceOrder(order=order):
                placed = await self.place(connection, order)
                if isinstance(placed, Refusal):
                    await self._count_declined(connection)
                return _said(desk, placed)
            case ReadStatus(order_id=order_id):
                report = await self._status(connection, order_id)
                return desk.server.refused(_UNKNOWN) if report is None else desk.server.status(report)
            case CancelOrder(order_id=order_id):
                refusal = await self._cancel(connection, order_id)
                return desk.server.refused(refusal) if refusal else desk.server.acknowledged(order_id)
            case ReportProblem(problems=problems, order_id=order_id):
                await self._note_problem(connection, order_id, len(problems))
                return desk.server.acknowledged()
            case CheckConnection():
                return desk.server.acknowledged()

    async def take(self, payload: TakeOrder, job: Job) -> Outcome | None:
        """Read the application that an order names, where the ATS shows it, and start or join its interview."""
        async with self._database.reading() as session:
            order = await orders.by_id(session, payload.order_id)
        if order is None or order.state not in _OPEN:
            return Done()
        connection = self._connections.get(order.connection)
        named = order.order.application_id if order.order else None
        found: Application | None = None
        async with self._sync.conversation(connection, named, job) as ats:
            if named is not None:
                with suppress(NotFound, Unsupported):
                    async with ats.pull("read_application", fields=_READ):
                        found = await connection.adapter.read_application(named)
                if found is None and job.attempt < LOOKS:
                    # A replica that lags says the same as a permission that is missing; only the first passes.
                    return Retry(reason="the ATS does not show the application that the order names")
            async with ats.finish() as tx:
                locked = await orders.by_id(tx.session, payload.order_id, lock=True)
                if locked is not None and locked.state in _OPEN:
                    await self._triggering.take_order(tx, connection, locked, found)
        return None

    def offers(self, connection: AtsConnection) -> list[AssessmentOffer]:
        """What can be ordered at a connection, in the order of the file."""
        return offers_of(self._configuration.programs, connection.key)

    def _orderable(self, connection: AtsConnection) -> list[Program]:
        programs = self._configuration.programs
        return [one for one in programs if one.connection == connection.key and one.orderable is True]

    async def place(
        self, connection: AtsConnection, order: Order, *, source: OrderSource = OrderSource.DELIVERED
    ) -> uuid.UUID | Refusal:
        """Store an order once, with the work that it leads to; our id of it, or why it is not taken.

        Raises:
            Stale: the same order came twice at the same moment, and cannot be seen yet.
        """
        programs = {offer_id(connection.key, program.key): program for program in self._orderable(connection)}
        program = programs.get(order.offer_id)
        dedupe = bounded(order.dedupe, 160)
        async with self._database.transaction() as tx:
            known = await orders.newest(tx.session, connection=connection.key, dedupe=dedupe)
            if known is not None and not (order.reusable and await self._over(tx, known)):
                return known.id
            if program is None:
                return Refusal("There is no such interview any more. Please choose another one.")
            if program.paused:
                return Refusal("This interview is paused. Whoever looks after Evenhand can let it go on.")
            turn = known.turn + 1 if known else 1
            key = OrderKey(dedupe, turn)
            order_id = await self._store(tx, connection, order, program=program, key=key, source=source)
            if order_id is None:
                # The same order came twice at once, and the other one was faster.
                known = await orders.newest(tx.session, connection=connection.key, dedupe=dedupe)
                order_id = known.id if known else None
        if order_id is None:
            raise Stale("The same order came twice at the same moment.")
        return order_id

    async def _store(
        self,
        tx: Transaction,
        connection: AtsConnection,
        order: Order,
        *,
        program: Program,
        key: OrderKey,
        source: OrderSource,
    ) -> uuid.UUID | None:
        now = self._clock.now()
        order_id = await orders.store(
            tx.session,
            {
                "connection": connection.key,
                "dedupe": key.dedupe,
                "turn": key.turn,
                "program_key": program.key,
                "report_to": order.report_to,
                "order": order,
                "received_at": now,
                "state": OrderState.RECEIVED,
                "ours": False,
            },
        )
        if order_id is None:
            return None
        lane = reading_lane(connection.key, order.application_id) if order.application_id else None
        await enqueue(
            tx,
            TakeOrder(order_id=order_id),
            lane=lane,
            rate_key=connection.key,
            dedupe=f"order:{order_id}",
            subject=f"order:{order_id}",
        )
        details: dict[str, object] = {"program": program.key, "turn": key.turn, "source": source.value}
        self._audit(tx, connection, "placed", order_id.hex, details)
        return order_id

    @staticmethod
    async def _over(tx: Transaction, order: OrderRow) -> bool:
        """Whether nothing will come of an order any more, or all has come."""
        if order.interview_id is None:
            return order.state not in _OPEN
        interview = await interviews.by_id(tx.session, order.interview_id)
        over = TERMINAL | {InterviewState.EXPIRED}
        return order.state is not OrderState.PLACED or interview is None or interview.state in over

    async def _status(self, connection: AtsConnection, order_id: str) -> OrderReport | None:
        async with self._database.reading() as session:
            order = await orders.by_id(session, _key(order_id))
            if order is None or order.connection != connection.key:
                return None
            return await self._reports.standing(session, order)

    async def _cancel(self, connection: AtsConnection, order_id: str) -> str | None:
        """Take an order back; words for the recruiter where that cannot be done."""
        for _ in range(_TRIES):
            async with self._database.transaction() as tx:
                seen = await orders.by_id(tx.session, _key(order_id))
                if seen is None or seen.connection != connection.key:
                    return _UNKNOWN
                interview_id = seen.interview_id
                # Application and interview before the order, as everybody takes them.
                interview = await interviews.by_id(tx.session, interview_id, lock=True) if interview_id else None
                order = await orders.by_id(tx.session, seen.id, lock=True)
                await tx.session.refresh(seen)
                if order is None or order.interview_id != interview_id:
                    continue
                if order.state is OrderState.CANCELLED:
                    return None
                if interview is not None and interview.submitted_at is not None:
                    return "The candidate has handed in already. A person decides what becomes of it."
                order.state = OrderState.CANCELLED
                await tx.session.flush()
                others = await orders.wanted(tx.session, interview.id) if interview else ()
                if interview is not None and not others and allowed(interview.state, Cancel()):
                    actor = f"ats:{connection.key}"
                    await self._steps.take(tx, interview, Cancel(), actor=actor, now=self._clock.now())
                self._audit(tx, connection, "cancelled", order.id.hex, {})
                return None
        raise Stale("This order changed in the meantime. Please try again.")

    async def _count_declined(self, connection: AtsConnection) -> None:
        """The recruiter reads why; here it is seen that it happens."""
        day = self._clock.now().date()
        async with self._database.transaction() as tx:
            await count_refusal(tx.session, connection=connection.key, day=day, reason=OrderRefusal.DECLINED)

    async def _note_problem(self, connection: AtsConnection, order_id: str | None, count: int) -> None:
        """Keep that the ATS could not read us, and how many complaints it had: its words may be about a candidate."""
        async with self._database.transaction() as tx:
            known = await orders.by_id(tx.session, _key(order_id)) if order_id else None
            subject = known.id.hex if known and known.connection == connection.key else connection.key
            self._audit(tx, connection, "problem", subject, {"problems": count})

    def _audit(
        self, tx: Transaction, connection: AtsConnection, what: str, subject: str, details: dict[str, object]
    ) -> None:
        facts = {"connection": connection.key, **details}
        actor = f"ats:{connection.key}"
        tx.audit(AuditEvent(at=self._clock.now(), actor=actor, tag=f"ats:order:{what}", subject=subject, details=facts))


def _said(desk: OrderDesk, placed: uuid.UUID | Refusal) -> Answer:
    return desk.server.refused(placed.words) if isinstance(placed, Refusal) else desk.server.ordered(str(placed))


def _key(order_id: str) -> uuid.UUID:
    """An order's key; one that no order has, where it is none."""
    try:
        return uuid.UUID(order_id)
    except ValueError:
        return uuid.UUID(int=0)
