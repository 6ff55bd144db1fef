"""The ATS connections of this installation, and the log of every push and pull."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from msgspec import Struct
from typing_extensions import override

from adapters.contract.adapter import Adapter
from adapters.contract.errors import AdapterError
from adapters.contract.model import Stage, StageKind
from orchestrator.config.schema import Connection
from orchestrator.db.base import new_id
from orchestrator.db.models.writeback import Direction, SyncRow
from orchestrator.db.session import Database
from orchestrator.domain.audit import AuditEvent
from orchestrator.domain.stage import StageMap, normal_name
from orchestrator.errors import Missing
from orchestrator.ports import Clock


class AtsConnection(Struct, frozen=True):
    """One connection at run time: its settings, its adapter, and the secrets that sign its webhooks."""

    settings: Connection
    adapter: Adapter
    webhook_secrets: tuple[str, ...]

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


class SyncLog:
    """Records every push and pull: what, which fields, how long, what came of it; never a value."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

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
        """Record one call to the ATS, in the sync log and in the audit chain (N9), whatever comes of it.

        A push is written down before it is made: should the process die in between, the log says that it began.
        """
        row_id, at, began = new_id(), self._clock.now(), time.perf_counter()
        row: dict[str, Any] = {
            "connection": connection.key,
            "external_id": external_id,
            "direction": direction,
            "operation": operation,
            "fields": list(fields),
            "at": at,
        }
        if direction is Direction.PUSH:
            async with self._database.transaction() as tx:
                tx.session.add(SyncRow(id=row_id, **row, duration_ms=0.0, outcome="begun", detail=""))
        outcome, detail = "interrupted", ""
        try:
            yield
            outcome = "ok"
        except AdapterError as error:
            outcome, detail = type(error).__name__, str(error)[:300]
            raise
        finally:
            took = (time.perf_counter() - began) * 1000
            async with self._database.transaction() as tx:
                await tx.session.merge(SyncRow(id=row_id, **row, duration_ms=took, outcome=outcome, detail=detail))
                details = {"operation": operation, "fields": list(fields), "outcome": outcome}
                tx.audit(
                    AuditEvent(
                        at=at,
                        actor="system",
                        tag=f"system:sync:{direction.value}",
                        subject=f"{connection.key}/{external_id or '*'}",
                        details=details,
                    )
                )
