"""Talking to an ATS: turns, leases and the log of every push and pull, in as few transactions as they need.

What a sudden death of the process (kill -9) can lose, and what not:

- A pull whose answer no transaction has followed yet leaves no line. Nothing came of it either.
- A push is never lost: that it begins is committed, in the sync log and in the audit chain, before the request is sent.
  Only what came of it can be lost. Its line then says "begun" for ever, and the next attempt looks at the ATS first.
"""

import asyncio
import time
import uuid
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from functools import partial

from msgspec import Struct

from adapters.contract.allowance import listening
from adapters.contract.errors import AdapterError, OutcomeUnknown, Timeout, Unavailable, Unsupported
from orchestrator.db.base import new_id
from orchestrator.db.models.writeback import Direction
from orchestrator.db.repositories import writebacks
from orchestrator.db.session import Database, Transaction
from orchestrator.domain.audit import AuditEvent
from orchestrator.ports import Clock
from orchestrator.work.allowance import Allowances, Heard
from orchestrator.work.job import Job
from orchestrator.work.limits import PATIENCE, keep_lease, reserve_turns
from orchestrator.work.outcome import LeaseLost, Outcome
from orchestrator.work.stops import refuse_if_stopped

ONCE_BEGUN = 15.0
"""Seconds that a conversation waits for a further turn: giving up would waste the turns it has used already."""

HELD_FOR = 5.0
"""Seconds that a lease must last at least from before a push; the worker goes on extending it meanwhile."""

DETAIL_LENGTH = 300

Record = Callable[[Transaction], Awaitable[None]]
"""Writes something down. May be called again where nobody knows whether the first transaction was committed."""


class Exchange(Struct, kw_only=True):
    """One push or pull; becomes a line of the sync log. Never a value, only which fields."""

    id: uuid.UUID
    connection: str
    external_id: str | None
    direction: Direction
    operation: str
    fields: tuple[str, ...]
    at: datetime
    duration_ms: float = 0.0
    outcome: str = "begun"
    detail: str = ""

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Note how long the block takes and what comes of it."""
        began = time.perf_counter()
        outcome = "interrupted"
        try:
            yield
            outcome = "ok"
        except AdapterError as error:
            outcome, self.detail = type(error).__name__, str(error)[:DETAIL_LENGTH]
            raise
        finally:
            self.outcome, self.duration_ms = outcome, (time.perf_counter() - began) * 1000

    async def begin(self, tx: Transaction) -> None:
        """Write down that a push is about to be made."""
        await writebacks.keep_exchange(tx.session, self._row())
        tx.audit(self._event("begun"))

    async def end(self, tx: Transaction) -> None:
        """Write down what came of it, once."""
        if await writebacks.keep_exchange(tx.session, self._row()):
            tx.audit(self._event(self.direction.value))

    def _row(self) -> dict[str, object]:
        return {
            "id": self.id,
            "connection": self.connection,
            "external_id": self.external_id,
            "direction": self.direction,
            "operation": self.operation,
            "fields": list(self.fields),
            "at": self.at,
            "duration_ms": self.duration_ms,
            "outcome": self.outcome,
            "detail": self.detail,
        }

    def _event(self, verb: str) -> AuditEvent:
        details: dict[str, object] = {"operation": self.operation, "fields": list(self.fields), "outcome": self.outcome}
        if self.direction is Direction.PUSH:
            details["exchange"] = self.id.hex
        subject = f"{self.connection}/{self.external_id or '*'}"
        return AuditEvent(at=self.at, actor="system", tag=f"system:sync:{verb}", subject=subject, details=details)


class Conversation:
    """What one attempt at an item of work says to one ATS and hears from it, about one application or about all.

    Every request waits for its turn. What is to be written down waits for the next transaction of the conversation:
    before a push, when a turn is taken, or when the work ends; ``close`` writes down what is left.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        job: Job,
        *,
        connection: str,
        allowances: Allowances,
        external_id: str | None = None,
        program: str | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._job = job
        self._connection = connection
        self._allowances = allowances
        self._external_id = external_id
        self._program = program
        self._unwritten: list[Record] = []
        self._turns: deque[float] = deque()
        self._patience = PATIENCE
        self._fed: Heard | None = None

    def keep(self, record: Record) -> None:
        """Write something down in the next transaction."""
        self._unwritten.append(record)

    @asynccontextmanager
    async def pull(
        self, operation: str, *, fields: Sequence[str] = (), turns: int = 1, about_all: bool = False
    ) -> AsyncIterator[None]:
        """Make a request that changes nothing, in the block; ``about_all``: about the connection, not one application.

        ``turns`` are taken in one transaction where none is left from before: this one and those of the requests that
        are likely to follow. A turn that is used late is never used twice, so the connection's rate holds on average.

        Raises:
            TokenDenied: the next turn is too far away.
        """
        if not self._turns:
            async with self.transaction() as tx:
                await self._reserve(tx, turns)
        await self._wait_for_turn()
        exchange = self._exchange(Direction.PULL, operation, fields)
        if about_all:
            exchange.external_id = None
        self.keep(exchange.end)
        with self._answering(), exchange.timed():
            yield

    @asynccontextmanager
    async def push(self, operation: str, *, fields: Sequence[str] = ()) -> AsyncIterator[None]:
        """Make a request that changes something, in the block.

        Written down before it is made, in the transaction that also makes sure that the work is ours.

        Raises:
            TokenDenied: the next turn is too far away.
            LeaseLost: the work was taken over or cancelled meanwhile.
            Stopped: somebody stopped it by hand.
        """
        exchange = self._exchange(Direction.PUSH, operation, fields)
        held_at = time.monotonic()
        async with self.transaction() as tx:
            await refuse_if_stopped(tx.session, connection=self._connection, program=self._program)
            await exchange.begin(tx)
            if not await keep_lease(tx, self._job.held, seconds=HELD_FOR):
                raise LeaseLost(f"{self._job.kind} {self._job.id} is no longer held by this worker")
            if not self._turns:
                await self._reserve(tx, 1)
        exchange.outcome = "not sent"
        self.keep(exchange.end)
        await self._wait_for_turn()
        await self._job.hold_again(held_at)
        with self._answering(), exchange.timed():
            yield

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Note what the ATS says is left of its limit, and for the engine whether it answered, with whatever.

        Only then is a connection no longer down.
        """
        try:
            with listening(partial(self._allowances.hear, self._connection)):
                yield
        except (Timeout, Unavailable, OutcomeUnknown, Unsupported):
            raise
        except AdapterError:
            self._job.answered = True
            raise
        self._job.answered = True

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Open a transaction that also writes down what waits for it."""
        self._fed = None
        async with self._database.transaction() as tx:
            await self._write_down(tx)
            yield tx
            await self._feed(tx, promised=len(self._turns))
        self._unwritten.clear()
        # Only now: what a transaction that was rolled back took along, the next one must take along again.
        self._allowances.taken(self._connection, self._fed)

    @asynccontextmanager
    async def finish(self, outcome: Outcome | None = None) -> AsyncIterator[Transaction]:
        """Commit an effect, what waits to be written down and what became of the work together; as ``Job.finish``.

        Raises:
            LeaseLost: the work was taken over or cancelled meanwhile; the effect is rolled back.
        """
        async with self._job.finish(outcome) as tx:
            yield tx
            await self._write_down(tx)
        self._unwritten.clear()

    async def close(self) -> None:
        """Write down what no transaction has, and tell the others of a limit that is nearly used up.

        Not in ``finish``: the bucket is locked after the work, which is settled last there.
        """
        self._turns.clear()
        if self._unwritten or self._allowances.pressing(self._connection):
            async with self.transaction():
                pass

    async def _write_down(self, tx: Transaction) -> None:
        for record in self._unwritten:
            await record(tx)

    async def _reserve(self, tx: Transaction, count: int) -> None:
        await self._feed(tx)
        now = time.monotonic()
        waits = await reserve_turns(tx, self._connection, count=count, patience=self._patience)
        self._turns.extend(now + wait for wait in waits)

    async def _feed(self, tx: Transaction, *, promised: int = 0) -> None:
        if self._fed is None:
            self._fed = await self._allowances.feed(tx, self._connection, promised=promised)

    async def _wait_for_turn(self) -> None:
        self._patience = ONCE_BEGUN
        await asyncio.sleep(max(0.0, self._turns.popleft() - time.monotonic()))

    def _exchange(self, direction: Direction, operation: str, fields: Sequence[str]) -> Exchange:
        return Exchange(
            id=new_id(),
            connection=self._connection,
            external_id=self._external_id,
            direction=direction,
            operation=operation,
            fields=tuple(fields),
            at=self._clock.now(),
        )
