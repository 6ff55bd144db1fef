"""The inbox: acknowledged means stored, however many come at once, and whatever the database does meanwhile."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from orchestrator.db.inbox import Inbox, Received
from orchestrator.db.models.intake import DeliveryRow, DeliverySource, DeliveryState
from orchestrator.db.session import Database
from orchestrator.errors import Busy
from tests.fixtures.postgres import Cluster

AT = datetime(2026, 11, 22, 9, 30, 15, 123456, tzinfo=UTC)


def delivery(dedupe: str, *, connection: str = "sandbox") -> Received:
    """One that names an application."""
    return Received(
        connection=connection,
        dedupe=dedupe,
        at=AT,
        headers={"x-event": "moved", "x-name": "Zoë"},
        body=b'{"id": "\x00\xff"}',
        state=DeliveryState.RECEIVED,
        outcome=None,
        lane=f"read/{connection}/{dedupe}",
    )


async def rows(database: Database) -> Sequence[DeliveryRow]:
    """What is stored, as the mapper reads it, the oldest first."""
    async with database.reading() as session:
        return (await session.execute(sa.select(DeliveryRow).order_by(DeliveryRow.id))).scalars().all()


@pytest.mark.parametrize("group", [1, 64])
async def test_what_is_stored_reads_back_as_it_was(database: Database, group: int) -> None:
    """The driver is spoken to directly; the mapper must not see a difference."""
    inbox = Inbox(database, group=group)
    assert await inbox.store(delivery("one"))
    await inbox.aclose()
    (row,) = await rows(database)
    assert (row.connection, row.dedupe, row.received_at) == ("sandbox", "one", AT)
    assert (row.headers, row.body) == ({"x-event": "moved", "x-name": "Zoë"}, b'{"id": "\x00\xff"}')
    assert (row.source, row.state, row.queued) == (DeliverySource.WEBHOOK, DeliveryState.RECEIVED, False)
    assert (row.times_received, row.outcome, row.lane) == (1, None, "read/sandbox/one")


@pytest.mark.parametrize("group", [1, 7, 64])
async def test_many_at_once_are_stored_once_each_and_counted(database: Database, group: int) -> None:
    """Every delivery three times, in one wave and then again: new is said exactly once for each."""
    inbox = Inbox(database, group=group)
    keys = [f"d-{number}" for number in range(40)] * 3
    for _ in range(2):
        fresh = await asyncio.gather(*(inbox.store(delivery(key)) for key in keys))
        assert sum(fresh) in {40, 0}
    await inbox.aclose()
    stored = await rows(database)
    assert sorted(row.dedupe for row in stored) == sorted(set(keys))
    assert {row.times_received for row in stored} == {6}


async def test_one_key_on_two_connections_is_two_deliveries(database: Database) -> None:
    """What one vendor calls 7 has nothing to do with what another calls 7."""
    inbox = Inbox(database)
    both = await asyncio.gather(inbox.store(delivery("7")), inbox.store(delivery("7", connection="other")))
    await inbox.aclose()
    assert list(both) == [True, True]


async def test_who_goes_away_leaves_the_others_unharmed(database: Database) -> None:
    """A cancelled request stops waiting; its delivery and everybody else's are stored."""
    inbox = Inbox(database)
    waiting = [asyncio.create_task(inbox.store(delivery(f"d-{number}"))) for number in range(10)]
    await asyncio.sleep(0)
    waiting[3].cancel()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    await inbox.aclose()
    assert isinstance(answers[3], asyncio.CancelledError)
    assert [answer for number, answer in enumerate(answers) if number != 3] == [True] * 9
    assert len(await rows(database)) == 10


async def test_a_full_inbox_says_so(database: Database) -> None:
    """Memory is bounded: who finds no room is told when to come again, and nothing of it is kept."""
    inbox = Inbox(database, room=3)
    answers = await asyncio.gather(
        *(inbox.store(delivery(f"d-{number}")) for number in range(5)), return_exceptions=True
    )
    await inbox.aclose()
    assert list(answers[:3]) == [True, True, True]
    assert [type(answer) for answer in answers[3:]] == [Busy, Busy]
    assert len(await rows(database)) == 3


async def test_nothing_is_acknowledged_that_the_database_refused(database: Database) -> None:
    """A statement that fails fails for everybody who waited for it, and the next one goes through."""
    async with aclosing(Inbox(database)) as inbox:
        async with database.transaction() as tx:
            await tx.session.execute(sa.text("ALTER TABLE delivery RENAME TO elsewhere"))
        answers = await asyncio.gather(*(inbox.store(delivery(f"d-{n}")) for n in range(4)), return_exceptions=True)
        assert all(isinstance(answer, sa.exc.DBAPIError) for answer in answers)
        assert "Zoë" not in repr(answers)
        async with database.transaction() as tx:
            await tx.session.execute(sa.text("ALTER TABLE elsewhere RENAME TO delivery"))
        assert await inbox.store(delivery("d-0"))
    assert len(await rows(database)) == 1


async def test_statements_that_share_a_turn_commit_each_for_itself(sqlite_database: Database) -> None:
    """Without grouping, one that is refused takes nothing back of those before it, and is answered for what it is."""
    inbox = Inbox(sqlite_database, group=1)
    async with sqlite_database.transaction() as tx:
        await tx.session.execute(
            sa.text(
                "CREATE TRIGGER no_bad BEFORE INSERT ON delivery WHEN NEW.dedupe = 'bad' "
                "BEGIN SELECT RAISE(ABORT, 'refused'); END"
            )
        )
    answers = await asyncio.gather(
        *(inbox.store(delivery(key)) for key in ("one", "one", "bad", "two")), return_exceptions=True
    )
    assert answers[:2] == [True, False]
    assert [type(answer) for answer in answers[2:]] == [sa.exc.DBAPIError, sa.exc.DBAPIError]
    assert await inbox.store(delivery("two"))
    await inbox.aclose()
    assert [(row.dedupe, row.times_received) for row in await rows(sqlite_database)] == [("one", 2), ("two", 1)]


async def test_who_waits_when_it_closes_is_stored(database: Database) -> None:
    """Closing ends with the last of those who were let in, however many statements they need."""
    inbox = Inbox(database, group=7)
    waiting = [asyncio.create_task(inbox.store(delivery(f"d-{number}"))) for number in range(40)]
    await asyncio.sleep(0)
    await inbox.aclose()
    assert await asyncio.gather(*waiting) == [True] * 40
    assert len(await rows(database)) == 40


async def test_a_server_that_came_back_is_used_at_once(postgres_cluster: Cluster, postgres_database: Database) -> None:
    """Kept connections died with the server; the first delivery after it is stored all the same, once."""
    inbox = Inbox(postgres_database)
    assert await inbox.store(delivery("before"))
    await asyncio.to_thread(postgres_cluster.restart)
    assert await inbox.store(delivery("after"))
    assert not await inbox.store(delivery("before"))
    await inbox.aclose()
    assert [row.dedupe for row in await rows(postgres_database)] == ["before", "after"]
