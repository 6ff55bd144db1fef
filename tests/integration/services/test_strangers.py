"""Who shows no key of ours is counted, and does not make us write at every request."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from orchestrator.db.models.intake import RefusedCount
from orchestrator.db.session import Database
from orchestrator.domain.ordering import OrderRefusal
from orchestrator.services.strangers import EVERY, Strangers


@dataclass
class Hands:
    """A clock that a test moves."""

    at: datetime = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


async def counted(database: Database) -> dict[str, int]:
    """What an administrator would read."""
    async with database.reading() as session:
        found = await session.execute(
            sa.select(RefusedCount.connection, RefusedCount.count.label("times")).where(
                RefusedCount.reason == OrderRefusal.KEY_WRONG
            )
        )
        return {row.connection: row.times for row in found}


async def test_many_are_written_at_most_once_a_second(database: Database) -> None:
    """The first at once, those that follow together; each connection has its own number."""
    clock = Hands()
    strangers = Strangers(database, clock)
    for _ in range(50):
        await strangers.count("customer")
        await strangers.count("other")
    assert await counted(database) == {"customer": 1}
    clock.at += EVERY
    await strangers.count("customer")
    assert await counted(database) == {"customer": 51, "other": 50}
    clock.at += EVERY - timedelta(milliseconds=1)
    await strangers.count("customer")
    assert await counted(database) == {"customer": 51, "other": 50}
