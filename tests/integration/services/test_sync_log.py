"""The sync log says what came of every exchange, also of one that nobody saw the end of."""

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.contract.errors import Unavailable
from orchestrator.db.models.writeback import Direction, SyncRow
from orchestrator.services.connections import SyncLog
from tests.fixtures.house import running_house


async def test_only_what_was_answered_is_called_ok(sqlite_url: str, tmp_path: Path) -> None:
    """Answered: ok. Refused: the error's name. Cut off by the end of the process: interrupted, never ok."""
    async with running_house(sqlite_url, tmp_path, subscribe=False) as house:
        log = SyncLog(house.runtime.database, house.clock)
        connection = house.runtime.connections.get("sandbox")

        async def exchange(error: BaseException | None) -> None:
            async with log.exchange(connection, Direction.PULL, "read_fields", external_id="app_1", fields=("a", "b")):
                if error is not None:
                    raise error

        await exchange(None)
        with pytest.raises(Unavailable):
            await exchange(Unavailable("the ATS is away"))
        with pytest.raises(asyncio.CancelledError):
            await exchange(asyncio.CancelledError())
        async with house.runtime.database.reading() as session:
            rows = list(await session.scalars(sa.select(SyncRow).order_by(SyncRow.id)))
    assert [(row.outcome, row.detail) for row in rows] == [
        ("ok", ""),
        ("Unavailable", "the ATS is away"),
        ("interrupted", ""),
    ]
    assert {tuple(row.fields) for row in rows} == {("a", "b")}
