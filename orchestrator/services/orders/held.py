"""Orders that wait for a stage to be mapped: what evenhand.yaml says of stages is looked at when a process starts.

Who maps a stage on the operations page has every application in it read again. A file that was edited says nothing by
itself, and nobody may move or poll an application that stands still. While processes start one after another, one with
the old file may take such a reading, and the order waits on: so it is looked again with every start, and every hour.
"""

from datetime import timedelta
from hashlib import sha256
from typing import Protocol

import msgspec

from adapters.contract.model import StageKind
from orchestrator.db.models.intake import DeliverySource
from orchestrator.db.repositories import intake as rows
from orchestrator.db.repositories import orders
from orchestrator.db.session import Database, Transaction
from orchestrator.domain.stage import StageMap
from orchestrator.ports import Clock
from orchestrator.services.connections import AtsConnection, Connections
from orchestrator.services.intake import reading_lane
from orchestrator.services.kinds import FreeOrders
from orchestrator.work.clock import Tick, slot_of
from orchestrator.work.job import Job
from orchestrator.work.lanes import lock_lanes

LOOK_SECONDS = 3600
"""How often is looked, whether or not a process starts."""

ONCE_IN = timedelta(minutes=5)
"""How often an application is read again for one edition of the stages, however many processes start."""


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

    def ticks(self) -> tuple[Tick, ...]:
        """What the clock asks for, where anything can be ordered."""
        if all(connection.desk is None for connection in self._connections.all()):
            return ()
        return (Tick(name="held-orders", seconds=LOOK_SECONDS, payload=lambda _slot: FreeOrders()),)

    async def free(self, _payload: FreeOrders, _job: Job) -> None:
        """Look, as a process that starts does."""
        await self.begin()

    async def begin(self) -> None:
        """What a process that starts does: once in a while for each application, however many start."""
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
        slot = slot_of(self._clock.now(), int(ONCE_IN.total_seconds()))
        edition = _edition_of(stage_map)
        for external_id, kind in freed.items():
            mark = f"mapped:{kind}:{edition}:{slot:%Y-%m-%dT%H:%M}"
            await self._announce(tx, connection.key, external_id, DeliverySource.REPLAY, mark=mark)


def _edition_of(stage_map: StageMap) -> str:
    """Tells tables of stages apart."""
    return sha256(msgspec.json.encode(sorted(stage_map.kinds.items()))).hexdigest()[:12]
