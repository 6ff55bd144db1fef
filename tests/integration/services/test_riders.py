"""One reading may answer every delivery that waited when it began; what proves nothing, or came later, it must not (N2)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from typing_extensions import override

from adapters.contract.errors import NotFound
from adapters.contract.model import Application
from adapters.sandbox.adapter import SandboxAdapter
from orchestrator.services.connections import AtsConnection, Connections, SyncLog
from orchestrator.services.intake import Intake
from orchestrator.services.kinds import ProcessDelivery, ReadApplication
from orchestrator.work.worker import Worker
from tests.fixtures.house import House, running_house
from tests.fixtures.sandbox import API_KEY, WEBHOOK_SECRET
from tests.integration.services.people import Newcomer, mails_to, newcomer
from tests.integration.services.rows import count, settled

TOGETHER = "SELECT count(*) FROM delivery WHERE outcome = 'one reading answered this and an earlier delivery'"


class Interrupted(SandboxAdapter):
    """Something happens between the ATS's answer to a reading and its arrival here, once."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    @override
    async def read_application(self, application_id: str) -> Application:
        found = await super().read_application(application_id)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return found


def intake_with(house: House, adapter: SandboxAdapter) -> Intake:
    """The intake of a house that reads through another adapter."""
    runtime = house.runtime
    settings = runtime.configuration.connections[0]
    return Intake(
        database=runtime.database,
        clock=house.clock,
        connections=Connections([AtsConnection(settings=settings, adapter=adapter, webhook_secrets=(WEBHOOK_SECRET,))]),
        sync=SyncLog(runtime.database, house.clock),
        triggering=runtime.services.intake._triggering,
        inbox=runtime.inbox,
    )


async def read_all(house: House, intake: Intake) -> None:
    """Do everything that is due, with readings through that intake."""
    worker = Worker(
        house.runtime.database,
        {
            **house.runtime.handlers,
            ProcessDelivery: intake.process_delivery,
            ReadApplication: intake.read_application,
        },
        name="interrupted",
        concurrency=1,
        feed=intake.feed,
    )
    await worker.run_until_idle()


async def delivered(house: House, deliveries: int) -> None:
    """Wait until so many deliveries were stored, and make work of them."""

    async def look() -> bool | None:
        stored = await count(house.runtime.database, "SELECT count(*) FROM delivery")
        return True if stored >= deliveries else None

    await house.until("a delivery", look, work=False)
    async with house.runtime.database.transaction() as tx:
        await house.runtime.services.intake.feed(tx)


async def note(house: House, application: Newcomer) -> None:
    """Let the ATS deliver something about an application that does not move it."""
    await house.sandbox.admin.post(f"/applications/{application.id}/notes", data={"body": "A", "visibility": "team"})


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """A house on a database of each kind."""
    async with running_house(database_url, tmp_path) as running:
        yield running


async def test_a_delivery_that_came_while_the_ats_was_read_gets_a_reading_of_its_own(house: House) -> None:
    """The answer under way is older than the move: were the move settled by it, nobody would ever be invited."""
    application = await newcomer(house)
    await settled(house)
    before = await count(house.runtime.database, "SELECT count(*) FROM delivery")
    adapter = Interrupted(house.sandbox.base_url, API_KEY)
    intake = intake_with(house, adapter)

    happened: list[str] = []

    async def moved() -> None:
        happened.append("moved")
        await house.sandbox.move(application.id, "First Interview")
        await delivered(house, before + 2)

    adapter.meanwhile = moved
    await note(house, application)
    await delivered(house, before + 1)
    await read_all(house, intake)
    assert happened == ["moved"]
    assert await count(house.runtime.database, TOGETHER) == 0
    await settled(house)
    assert mails_to(house, application) == ["invitation"]
    await adapter.aclose()


async def test_a_reading_that_found_nothing_settles_nothing_else(house: House) -> None:
    """A replica that lags says 404 once: the move that waits behind still gets a reading, and the invitation goes out."""
    application = await newcomer(house)
    await settled(house)
    before = await count(house.runtime.database, "SELECT count(*) FROM delivery")
    adapter = Interrupted(house.sandbox.base_url, API_KEY)
    intake = intake_with(house, adapter)

    async def not_there() -> None:
        raise NotFound("the replica lags")

    adapter.meanwhile = not_there
    await note(house, application)
    await delivered(house, before + 1)
    await house.sandbox.move(application.id, "First Interview")
    await delivered(house, before + 2)
    await read_all(house, intake)
    assert await count(house.runtime.database, TOGETHER) == 0
    await settled(house)
    assert mails_to(house, application) == ["invitation"]
    await adapter.aclose()


async def test_what_waited_when_the_reading_began_is_answered_by_it(house: House) -> None:
    """Two notes and a move that wait in one lane are one question to the ATS."""
    application = await newcomer(house)
    await settled(house)
    before = await count(house.runtime.database, "SELECT count(*) FROM delivery")
    adapter = Interrupted(house.sandbox.base_url, API_KEY)
    for _ in range(2):
        await note(house, application)
    await house.sandbox.move(application.id, "First Interview")
    await delivered(house, before + 3)
    await read_all(house, intake_with(house, adapter))
    assert await count(house.runtime.database, TOGETHER) == 2
    await settled(house)
    assert mails_to(house, application) == ["invitation"]
    await adapter.aclose()
