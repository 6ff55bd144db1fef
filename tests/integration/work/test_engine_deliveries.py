"""From the door to the work table: each delivery once, whoever dies on the way."""

import asyncio
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from orchestrator.db.models.audit import AuditRow
from orchestrator.db.models.intake import DeliveryRow
from orchestrator.db.session import Database
from orchestrator.domain.audit import AuditEvent
from orchestrator.services.kinds import ProcessDelivery
from orchestrator.work.table import work
from tests.fixtures.house import House, running_house
from tests.fixtures.sandbox import WEBHOOK_SECRET
from tests.fixtures.work import create_effects, effects, leave
from tests.integration.work.engine_model import KilledTransaction, die

AT = datetime(2026, 11, 22, tzinfo=UTC)


def delivery(number: int) -> tuple[dict[str, str], bytes]:
    """A signed note that somebody moved, as the sandbox sends it; the event has number ``number``."""
    event = {
        "id": f"evt_{number:06}",
        "type": "application.stage_changed",
        "occurred_at": "2026-11-01T10:00:00Z",
        "application_id": f"app_{number % 7:06}",
    }
    body, at = json.dumps(event).encode(), str(int(time.time()))
    digest = hmac.new(WEBHOOK_SECRET.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {"x-sandbox-timestamp": at, "x-sandbox-event-id": event["id"], "x-sandbox-signature": f"v1={digest}"}
    return headers, body


async def stored(database: Database) -> list[DeliveryRow]:
    """Every delivery."""
    async with database.reading() as session:
        return list(await session.scalars(sa.select(DeliveryRow)))


async def keys_of_work(database: Database) -> list[str]:
    """The keys of the work that was made of deliveries."""
    async with database.reading() as session:
        made = sa.select(work.c.dedupe).where(work.c.kind == ProcessDelivery.kind)
        return [key or "" for key in (await session.execute(made)).scalars()]


async def feed(house: House, *, killed: bool) -> None:
    """One portion; killed before it was committed, or not."""
    try:
        async with house.runtime.database.transaction() as tx:
            await house.runtime.services.intake.feed(tx)
            die(killed)
    except KilledTransaction:
        return


async def test_every_delivery_becomes_work_once_whatever_dies(database_url: str, tmp_path: Path) -> None:
    """Portions that are rolled back, and made again, and made beside each other: one item for each delivery."""
    async with running_house(database_url, tmp_path, subscribe=False) as house:
        database, intake = house.runtime.database, house.runtime.services.intake
        for begin in range(0, 30, 10):
            await asyncio.gather(*(intake.receive("sandbox", *delivery(n)) for n in range(begin, begin + 10)))
            await feed(house, killed=True)
            assert len(await keys_of_work(database)) == begin
            await asyncio.gather(*(feed(house, killed=False) for _ in range(3)))
        rows = await stored(database)
        assert len(rows) == 30
        assert {row.queued for row in rows} == {True}
        assert sorted(await keys_of_work(database)) == sorted(f"delivery:{row.id}" for row in rows)


async def test_a_delivery_that_comes_again_is_counted(database_url: str, tmp_path: Path) -> None:
    """At once, later, and after it was made into work: the same delivery, one item of work."""
    async with running_house(database_url, tmp_path, subscribe=False) as house:
        intake = house.runtime.services.intake
        receipts = await asyncio.gather(*(intake.receive("sandbox", *delivery(1)) for _ in range(4)))
        assert sorted(receipt.duplicate for receipt in receipts) == [False, True, True, True]
        await feed(house, killed=False)
        again = await intake.receive("sandbox", *delivery(1))
        await feed(house, killed=False)
        (row,) = await stored(house.runtime.database)
        assert (again.duplicate, row.times_received) == (True, 5)
        assert await keys_of_work(house.runtime.database) == [f"delivery:{row.id}"]


async def test_state_and_audit_event_are_one(database: Database) -> None:
    """Where the event cannot be written, what it tells of has not happened; and the other way round."""
    await create_effects(database)
    event = AuditEvent(at=AT, actor="test", tag="test:effect:left", subject="effect:1", details={})

    async def write(*, killed: bool) -> None:
        async with database.transaction() as tx:
            tx.audit(event)
            await tx.session.execute(leave(1))
            die(killed)

    with pytest.raises(KilledTransaction):
        await write(killed=True)
    async with database.transaction() as tx:
        await tx.session.execute(sa.text("ALTER TABLE audit_event RENAME TO elsewhere"))
    with pytest.raises(sa.exc.DBAPIError):
        await write(killed=False)
    async with database.transaction() as tx:
        await tx.session.execute(sa.text("ALTER TABLE elsewhere RENAME TO audit_event"))
    assert await effects(database) == []
    await write(killed=False)
    assert await effects(database) == [1]
    async with database.reading() as session:
        assert [row.subject for row in await session.scalars(sa.select(AuditRow))] == ["effect:1"]
