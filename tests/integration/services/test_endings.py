"""An ATS that tells when its credentials end is asked, and the operations page warns (H4)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.contract.inspection import Inspection
from adapters.sandbox.adapter import SandboxAdapter
from orchestrator.db.repositories import credentials
from orchestrator.services.connections import AtsConnection, Connections, SyncLog
from orchestrator.services.endings import Endings
from orchestrator.services.kinds import InspectConnection
from orchestrator.work.queue import enqueue
from orchestrator.work.worker import Worker
from tests.fixtures.house import House, running_house
from tests.fixtures.sandbox import API_KEY

AT = datetime(2031, 5, 1, tzinfo=UTC)


class Telling(SandboxAdapter):
    """A sandbox that says when its key ends."""

    ends_at: datetime | None = AT

    async def inspect(self) -> Inspection:
        """Tell it."""
        return Inspection(expires_at=self.ends_at)


def telling(house: House) -> tuple[Connections, Telling]:
    """The connection of the house through an adapter that tells."""
    connection = house.runtime.connections.get("sandbox")
    adapter = Telling(connection.settings.base_url, API_KEY)
    return Connections([AtsConnection(settings=connection.settings, adapter=adapter, webhook_secrets=())]), adapter


async def ask(house: House, connections: Connections) -> None:
    """Do what the clock asks for once a day."""
    database = house.runtime.database
    endings = Endings(clock=house.clock, connections=connections, sync=SyncLog(database, house.clock))
    async with database.transaction() as tx:
        await enqueue(tx, InspectConnection(connection="sandbox"), rate_key="sandbox")
    await Worker(database, {InspectConnection: endings.look}).run_until_idle()


async def test_what_the_ats_tells_is_kept_and_said(database_url: str, tmp_path: Path) -> None:
    """Fourteen days before its end; a longer life that it tells later takes the warning away."""
    async with running_house(database_url, tmp_path, subscribe=False) as house:
        connections, adapter = telling(house)
        adapter.ends_at = house.clock.now() + timedelta(days=5, hours=1)
        await ask(house, connections)
        [trouble] = (await house.runtime.services.operating.overview()).troubles
        assert "a credential of sandbox ends on" in trouble
        assert "in 5 days" in trouble
        adapter.ends_at = None
        await ask(house, connections)
        assert (await house.runtime.services.operating.overview()).troubles == ()
        async with house.runtime.database.reading() as session:
            assert await credentials.ends(session) == []


async def test_every_ats_that_can_tell_is_asked_by_the_clock(sqlite_url: str, tmp_path: Path) -> None:
    """Once a day, within the connection's limits, by work that the product's workers know."""
    async with running_house(sqlite_url, tmp_path, subscribe=False) as house:
        [tick] = [tick for tick in house.runtime.ticks if tick.name == "inspect:sandbox"]
        assert (tick.seconds, tick.rate_key) == (86400, "sandbox")
        asked = tick.payload(AT)
        assert isinstance(asked, InspectConnection)
        assert type(asked) in house.runtime.handlers
