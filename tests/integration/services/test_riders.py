"""One reading may answer every delivery that waited when it began; what proves nothing, or came later, it must not (N2)."""

import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import structs
from typing_extensions import override

from adapters.contract.errors import NotFound
from adapters.contract.manifest import Manifest
from adapters.contract.model import Application, StageEntryRef
from adapters.sandbox.adapter import SandboxAdapter
from orchestrator.db.models.intake import DeliveryRow, DeliverySource, DeliveryState
from orchestrator.db.repositories import stock
from orchestrator.services.connections import AtsConnection, Connections, SyncLog
from orchestrator.services.intake import Intake, reading_lane
from orchestrator.services.kinds import ProcessDelivery, ReadApplication
from orchestrator.work.worker import Worker
from tests.fixtures.house import House, running_house
from tests.fixtures.sandbox import API_KEY, WEBHOOK_SECRET
from tests.fixtures.timers import advance
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


class Undated(SandboxAdapter):
    """An ATS that does not say when a stage was entered; counts readings, and hides whom it shows for so many of them."""

    readings = 0
    hidden = 0
    lagging: Application | None = None
    """What its replica still shows."""

    @property
    @override
    def manifest(self) -> Manifest:
        return structs.replace(super().manifest, dates_entries=False)

    @override
    async def read_application(self, application_id: str) -> Application:
        self.readings += 1
        if self.readings <= self.hidden:
            raise NotFound("the replica lags")
        found = self.lagging or await super().read_application(application_id)
        return structs.replace(found, entry=StageEntryRef(), updated_at=None)


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


@pytest.fixture
async def quiet_house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """The same, and the ATS tells it nothing: the tests do."""
    async with running_house(database_url, tmp_path, subscribe=False) as running:
        yield running


async def tell(house: House, application: Newcomer, *kinds: str) -> None:
    """Deliveries of these kinds about an application came in, and wait as work."""
    now = datetime.now(UTC)
    async with house.runtime.database.transaction() as tx:
        for kind in kinds:
            event = {"id": f"evt_{uuid.uuid4().hex}", "type": kind, "occurred_at": now.isoformat()}
            tx.session.add(
                DeliveryRow(
                    connection="sandbox",
                    source=DeliverySource.WEBHOOK,
                    dedupe=event["id"],
                    received_at=now,
                    headers={},
                    body=json.dumps({**event, "application_id": application.id}).encode(),
                    state=DeliveryState.RECEIVED,
                    lane=reading_lane("sandbox", application.id),
                )
            )
            await tx.session.flush()
        await house.runtime.services.intake.feed(tx)


CHANGED, MOVED = "application.updated", "application.stage_changed"


@pytest.mark.parametrize("last", [MOVED, CHANGED])
async def test_each_of_those_that_one_reading_answers_is_heard(quiet_house: House, last: str) -> None:
    """The ATS dates no entry: the last of three deliveries tells of the move, or none does; one reading does for all."""
    house = quiet_house
    application = await newcomer(house)
    await house.sandbox.move(application.id, "First Interview")
    await tell(house, application, CHANGED, CHANGED, last)
    adapter = Undated(house.sandbox.base_url, API_KEY)
    await read_all(house, intake_with(house, adapter))
    assert adapter.readings == 1
    assert await count(house.runtime.database, TOGETHER) == 2
    assert mails_to(house, application) == (["invitation"] if last == MOVED else [])
    await adapter.aclose()


@pytest.mark.parametrize(
    ("kind", "hidden", "readings", "mails"),
    [(MOVED, 1, 2, ["invitation"]), (MOVED, 2, 3, ["invitation"]), (MOVED, 3, 3, []), (CHANGED, 1, 1, [])],
)
async def test_whom_a_move_is_told_of_is_looked_for_again(
    quiet_house: House, kind: str, hidden: int, readings: int, mails: list[str]
) -> None:
    """A replica lags behind the move: after a minute and ten it is asked again. Then only the delivery is remembered."""
    house = quiet_house
    application = await newcomer(house)
    await house.sandbox.move(application.id, "First Interview")
    await tell(house, application, kind)
    adapter = Undated(house.sandbox.base_url, API_KEY)
    adapter.hidden = hidden
    intake = intake_with(house, adapter)
    for seconds in (120, 1200, 1200):
        await read_all(house, intake)
        await advance(house.runtime.database, seconds)
    assert (adapter.readings, mails_to(house, application)) == (readings, mails)
    # A poll that lists it later finds that it was told of.
    async with house.runtime.database.transaction() as tx:
        await intake.announce(tx, "sandbox", application.id, DeliverySource.POLL, mark="later")
    await read_all(house, intake)
    assert mails_to(house, application) == (["invitation"] if kind == MOVED else [])
    await adapter.aclose()


@pytest.mark.parametrize("known", ["polled", "in stock"])
async def test_a_move_out_of_a_stage_invites_nobody_into_it(quiet_house: House, known: str) -> None:
    """Stood in the trigger stage before the launch, and moves on: a replica that lags shows the stage of before."""
    house = quiet_house
    application = await newcomer(house)
    await house.sandbox.move(application.id, "First Interview")
    adapter = Undated(house.sandbox.base_url, API_KEY)
    intake = intake_with(house, adapter)
    before = await adapter.read_application(application.id)
    async with house.runtime.database.transaction() as tx:
        if known == "polled":
            await intake.announce(tx, "sandbox", application.id, DeliverySource.POLL, mark="first")
        else:
            await stock.note_names(tx.session, connection="sandbox", external_ids=[application.id])
            one = {"connection": "sandbox", "external_id": application.id}
            await stock.note_stage(tx.session, **one, stage_id=before.stage.id, at=datetime.now(UTC))
    await read_all(house, intake)
    await house.sandbox.move(application.id, "Manager Review")
    adapter.lagging = before
    await tell(house, application, MOVED, CHANGED)
    await read_all(house, intake)
    adapter.lagging = None
    await advance(house.runtime.database, 120)
    await read_all(house, intake)
    assert mails_to(house, application) == []
    await adapter.aclose()


async def test_a_poll_that_was_faster_than_the_delivery_costs_a_minute(quiet_house: House) -> None:
    """The stage that was left alone is the one that was entered: the second look says so, and the invitation goes out."""
    house = quiet_house
    application = await newcomer(house)
    await house.sandbox.move(application.id, "First Interview")
    adapter = Undated(house.sandbox.base_url, API_KEY)
    intake = intake_with(house, adapter)
    async with house.runtime.database.transaction() as tx:
        await intake.announce(tx, "sandbox", application.id, DeliverySource.POLL, mark="first")
    await read_all(house, intake)
    await tell(house, application, MOVED)
    await read_all(house, intake)
    assert mails_to(house, application) == []
    await advance(house.runtime.database, 120)
    await read_all(house, intake)
    assert mails_to(house, application) == ["invitation"]
    await adapter.aclose()


async def test_who_was_deleted_where_entries_are_dated_keeps_nobody_waiting(quiet_house: House) -> None:
    """The ATS will say when the stage was entered, whenever it shows the application: one look is enough."""
    house = quiet_house
    application = await newcomer(house)
    adapter = Interrupted(house.sandbox.base_url, API_KEY)

    async def deleted() -> None:
        raise NotFound("deleted")

    adapter.meanwhile = deleted
    await tell(house, application, MOVED)
    await read_all(house, intake_with(house, adapter))
    gone = "SELECT count(*) FROM delivery WHERE outcome = 'the application is gone'"
    assert await count(house.runtime.database, gone) == 1
    await adapter.aclose()
