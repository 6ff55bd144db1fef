"""The ATS connections of this installation, and the log of every push and pull."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from msgspec import Struct
from typing_extensions import override

from adapters.contract.adapter import Adapter
from adapters.contract.allowance import listening
from adapters.contract.assessment import AssessmentReporter, AssessmentServer
from adapters.contract.model import Stage, StageKind
from orchestrator.config.schema import Connection
from orchestrator.db.base import new_id
from orchestrator.db.models.writeback import Direction
from orchestrator.db.session import Database
from orchestrator.domain.stage import StageMap, normal_name
from orchestrator.errors import Missing
from orchestrator.ports import Clock
from orchestrator.services.exchange import Conversation, Exchange
from orchestrator.work.allowance import Allowances
from orchestrator.work.job import Job
from orchestrator.work.stops import refuse_if_stopped


class OrderDesk(Struct, frozen=True):
    """Where a connection takes orders: the half that the ATS calls, the half that we call, what the ATS presents."""

    server: AssessmentServer
    reporter: AssessmentReporter
    secrets: tuple[str, ...]

    @override
    def __repr__(self) -> str:
        # The secrets must not come into a log by way of a representation.
        return "OrderDesk()"


class AtsConnection(Struct, frozen=True):
    """One connection at run time: its settings, its adapter, and the secrets that sign its webhooks.

    ``desk`` is None where nothing can be ordered; ``by_consent``: it signs in with what somebody consented to.
    """

    settings: Connection
    adapter: Adapter
    webhook_secrets: tuple[str, ...]
    desk: OrderDesk | None = None
    by_consent: bool = False

    @override
    def __repr__(self) -> str:
        # The secrets must not come into a log by way of a representation.
        return f"AtsConnection({self.settings.key!r})"

    @property
    def key(self) -> str:
        """The connection's key in evenhand.yaml."""
        return self.settings.key

    def stage_map(self, learnt: Sequence[tuple[Stage, StageKind]]) -> StageMap:
        """The table of the file with what people mapped from the quarantine; the file wins.

        A name that people mapped in two ways says nothing about a third stage of that name: it is not guessed.
        """
        in_file = {normal_name(mapping.stage) for mapping in self.settings.stages}
        by_name: dict[str, set[StageKind]] = {}
        kinds: dict[str, StageKind] = {}
        for stage, kind in learnt:
            name = normal_name(stage.name)
            by_name.setdefault(name, set()).add(kind)
            if name not in in_file:
                kinds[stage.id] = kind
        kinds |= {name: next(iter(said)) for name, said in by_name.items() if len(said) == 1}
        for mapping in self.settings.stages:
            kinds[mapping.stage] = mapping.kind
            kinds[normal_name(mapping.stage)] = mapping.kind
        return StageMap(kinds)


class Connections:
    """Every connection of the file, by key."""

    def __init__(self, connections: Sequence[AtsConnection]) -> None:
        self._by_key = {connection.key: connection for connection in connections}

    def get(self, key: str) -> AtsConnection:
        """Find a connection.

        Raises:
            Missing: the file has no such connection.
        """
        connection = self._by_key.get(key)
        if connection is None:
            raise Missing(f"There is no connection {key!r}.")
        return connection

    def all(self) -> tuple[AtsConnection, ...]:
        """Every connection, in the order of the file."""
        return tuple(self._by_key.values())

    async def aclose(self) -> None:
        """Close every adapter."""
        for connection in self._by_key.values():
            await connection.adapter.aclose()
            if connection.desk is not None:
                await connection.desk.reporter.aclose()


class SyncLog:
    """Records every push and pull: what, which fields, how long, what came of it; never a value (N9)."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._allowances = Allowances()

    @asynccontextmanager
    async def conversation(
        self, connection: AtsConnection, external_id: str | None, job: Job, *, program: str | None = None
    ) -> AsyncIterator[Conversation]:
        """Talk to an ATS while working on ``job``, in as few transactions as that needs; see ``Conversation``.

        ``program`` is whose result is told, so that a stop of the program holds it.

        What was said and heard is in the log when the block has ended, however it ended.
        """
        talk = Conversation(
            self._database,
            self._clock,
            job,
            connection=connection.key,
            allowances=self._allowances,
            external_id=external_id,
            program=program,
        )
        try:
            yield talk
        finally:
            await talk.close()

    @asynccontextmanager
    async def exchange(
        self,
        connection: AtsConnection,
        direction: Direction,
        operation: str,
        *,
        external_id: str | None,
        fields: Sequence[str] = (),
    ) -> AsyncIterator[None]:
        """Record one call to the ATS in transactions of its own, whatever comes of it.

        A push is written down before it is made: should the process die in between, the log says that it began.

        Raises:
            Stopped: a push, and somebody stopped the connection or everything by hand.
        """
        exchange = Exchange(
            id=new_id(),
            connection=connection.key,
            external_id=external_id,
            direction=direction,
            operation=operation,
            fields=tuple(fields),
            at=self._clock.now(),
        )
        if direction is Direction.PUSH:
            async with self._database.transaction() as tx:
                await refuse_if_stopped(tx.session, connection=connection.key)
                await exchange.begin(tx)
        try:
            with listening(partial(self._allowances.hear, connection.key)), exchange.timed():
                yield
        finally:
            async with self._database.transaction() as tx:
                await exchange.end(tx)
                fed = await self._allowances.feed(tx, connection.key)
            self._allowances.taken(connection.key, fed)
