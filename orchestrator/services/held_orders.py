"""Orders that wait for a stage to be mapped: what evenhand.yaml says of stages since this process began is looked at.

Who maps a stage on the operations page has every application in it read again. A file that was edited says nothing by
itself, and nobody may move or poll an application that stands still.
"""

from typing import Protocol

from adapters.contract.model import StageKind
from orchestrator.db.models.intake import DeliverySource
from orchestrator.db.repositories import intake as rows
from orchestrator.db.repositories import orders
from orchestrator.db.session import Database, Transaction
from orchestrator.ports import Clock
from orchestrator.services.connections import AtsConnection, Connections
from orchestrator.services.intake import reading_lane
from orchestrator.work.lanes import lock_lanes


class Announce(Protocol):
    """How it is noted that an application is to be read again."""

    async def __call__(
        self, tx: Transaction, connection: str, external_id: str, source: DeliverySource, *, mark: str
    ) -> None:
        """Note it; ``mark`` tells two notes apart."""
        ...


class HeldOrders:
    """Has applications read again whose orders need not wait any more."""

    def __init__(self, *, database: Database, clock: Clock, connections: Connections, announce: Announce) -> None:
        self._database = database
        self._clock = clock
        self._connections = connections
        self._announce = announce

    async def begin(self) -> None:
        """What a process that starts does: once an hour for each application, however many start."""
        for connection in self._connections.all():
            if connection.desk is not None:
                async with self._database.transaction() as tx:
                    await self._read_again(tx, connection)

    async def _read_again(self, tx: Transaction, connection: AtsConnection) -> None:
        stage_map = connection.stage_map(await rows.learnt_stages(tx.session, connection.key))
        freed: dict[str, StageKind] = {}
        for waiting in await orders.all_held(tx.session, connection.key):
            kind = stage_map.kind_of(waiting.stage)
            if kind is not None:
                freed[waiting.external_id] = kind
        await lock_lanes(tx, [reading_lane(connection.key, external_id) for external_id in freed])
        hour = f"{self._clock.now():%Y-%m-%dT%H}"
        for external_id, kind in freed.items():
            mark = f"mapped:{kind}:{hour}"
            await self._announce(tx, connection.key, external_id, DeliverySource.REPLAY, mark=mark)
