"""Taking stock: everybody once, page by page and one by one, whatever dies in between; only ids are kept."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import cast

import pytest
import sqlalchemy as sa
from msgspec import structs

from adapters.contract.adapter import Adapter
from adapters.contract.errors import NotFound, PayloadInvalid, PermissionMissing, Timeout
from adapters.contract.manifest import EntryIdentity, Manifest, RateLimit
from adapters.contract.model import Application, ChangedPage, Stage, StageEntryRef
from orchestrator.config.schema import Connection
from orchestrator.db.models.audit import AuditRow
from orchestrator.db.models.watching import StandingRow, StockRow
from orchestrator.db.repositories import stock
from orchestrator.db.session import Database
from orchestrator.errors import InputInvalid, Stale
from orchestrator.ports import SystemClock
from orchestrator.services import stocktaking
from orchestrator.services.connections import AtsConnection, Connections, SyncLog
from orchestrator.services.stocktaking import Stocktaking, TakeStock
from orchestrator.work.admin import replay
from orchestrator.work.limits import RateLimit as Bucket
from orchestrator.work.queue import enqueue
from orchestrator.work.table import WorkState, work
from orchestrator.work.trouble import answered
from orchestrator.work.worker import Worker
from tests.fixtures.timers import advance
from tests.integration.services.rows import dump
from tests.unit.domain import doctoring as given
from tests.unit.domain.samples import application

STAGES: Mapping[str, str | Exception] = {
    "a1": "s1",
    "a2": NotFound("deleted"),
    "a3": "s2",
    "a4": PayloadInvalid("has no stage"),
    "a5": "s1",
}


class Listing:
    """An ATS that lists two applications a page; every answer is lost once if it is ``shaky``.

    With ``hidden`` it shows none of those that it lists; ``never`` is one whose answer never comes.
    """

    def __init__(
        self, *, entry: EntryIdentity = EntryIdentity.NONE, dates_entries: bool = False, shaky: bool = False
    ) -> None:
        self.manifest: Manifest = structs.replace(
            given.MANIFEST,
            entry=entry,
            dates_entries=dates_entries,
            rate_limit=RateLimit(per_second=500, burst=500),
        )
        self.asked: list[str] = []
        self.hidden: Exception | None = None
        self.never: str | None = None
        self._lost = not shaky

    async def list_changed(self, cursor: str | None, *, since: object = None) -> ChangedPage:
        assert since is None
        self._answer(f"list {cursor}")
        begin = int(cursor or 0)
        return ChangedPage(application_ids=tuple(STAGES)[begin : begin + 2], cursor=str(begin + 2), more=begin + 2 < 5)

    async def read_application(self, application_id: str) -> Application:
        self._answer(application_id)
        if application_id == self.never:
            raise Timeout("lost")
        stage = self.hidden or STAGES[application_id]
        if isinstance(stage, Exception):
            raise stage
        return application(id=application_id, stage=Stage(id=stage, name="Any"), entry=StageEntryRef())

    def _answer(self, question: str) -> None:
        self.asked.append(question)
        if not self._lost and self.asked.count(question) == 1:
            raise Timeout("lost")


class Stopped:
    """A clock that says the same for ever."""

    def __init__(self) -> None:
        self.at = SystemClock().now()

    def now(self) -> datetime:
        return self.at


def connected(adapter: Listing) -> AtsConnection:
    settings = cast("Connection", given.connection())  # it has the key, which is all that is read of it
    return AtsConnection(settings, cast("Adapter", adapter), ("s",))


def taking(database: Database, connection: AtsConnection) -> Stocktaking:
    clock = SystemClock()
    connections = Connections([connection])
    return Stocktaking(database=database, clock=clock, connections=connections, sync=SyncLog(database, clock))


async def work_off(database: Database, connection: AtsConnection) -> None:
    """Take stock to the end, or until a person is needed; retries at once."""
    for _ in range(40):
        worker = Worker(
            database,
            {TakeStock: taking(database, connection).advance},
            name="stock",
            buckets={connection.key: Bucket(rate=1000, burst=1000)},
        )
        await worker.run_until_idle()
        await advance(database, timedelta(minutes=10).total_seconds())
        async with database.transaction() as tx:
            # A poll in between: the ATS as a whole is there.
            await answered(tx, connection.key)
        async with database.reading() as session:
            row = await stock.of(session, connection.key)
        if row is None or row.ended_at is not None or await dead(database):
            return
    raise AssertionError("stocktaking did not end")


async def dead(database: Database) -> list[int]:
    """The steps that wait for a person."""
    async with database.reading() as session:
        return list(await session.scalars(sa.select(work.c.id).where(work.c.state == WorkState.DEAD)))


async def standing(database: Database) -> list[tuple[str, str | None]]:
    """Who stands where, as far as it is known."""
    async with database.reading() as session:
        rows = (await session.scalars(sa.select(StandingRow).order_by(StandingRow.external_id))).all()
    return [(row.external_id, row.stage_id) for row in rows]


READABLE = [("a1", "s1"), ("a3", "s2"), ("a5", "s1")]


@pytest.mark.parametrize("shaky", [False, True])
async def test_everybody_is_looked_at_once(database: Database, *, shaky: bool) -> None:
    """Whom the ATS does not show or nobody can read is looked at once more, then not known; of a person nothing is kept."""
    adapter = Listing(shaky=shaky)
    connection = connected(adapter)
    for _ in range(2):
        await stocktaking.begin(database, SystemClock(), connection)
    await work_off(database, connection)
    await stocktaking.begin(database, SystemClock(), connection)
    await work_off(database, connection)
    assert await standing(database) == READABLE
    # Three pages and five applications, each lost once where the ATS is shaky; two cannot be read and are asked for twice.
    assert len(adapter.asked) == (1 + shaky) * 8 + 2
    assert adapter.asked[-2:] == ["a2", "a4"]
    kept = await dump(database)
    assert kept["candidate"] == kept["application"] == []
    assert not any("Quill" in line for lines in kept.values() for line in lines)


async def test_who_dates_entries_needs_no_stock(sqlite_database: Database) -> None:
    """Nothing is asked of a vendor that always says when a stage was entered; one that may leave it out is asked."""
    adapter = Listing(entry=EntryIdentity.HISTORY, dates_entries=True)
    await stocktaking.begin(sqlite_database, SystemClock(), connected(adapter))
    await work_off(sqlite_database, connected(adapter))
    assert adapter.asked == []
    with pytest.raises(InputInvalid, match="no stock to take"):
        await taking(sqlite_database, connected(adapter)).retake(connected(adapter).key, actor="cli")
    mostly = connected(Listing(entry=EntryIdentity.HISTORY))
    await stocktaking.begin(sqlite_database, SystemClock(), mostly)
    await work_off(sqlite_database, mostly)
    assert await standing(sqlite_database) == READABLE


@pytest.mark.parametrize("hidden", [NotFound("no such thing"), PermissionMissing("applications")])
async def test_a_permission_that_is_missing_burns_no_list(sqlite_database: Database, hidden: Exception) -> None:
    """Not one can be read: a person is needed, and when the permission is there the same step goes on."""
    adapter = Listing()
    adapter.hidden = hidden
    connection = connected(adapter)
    await stocktaking.begin(sqlite_database, SystemClock(), connection)
    await work_off(sqlite_database, connection)
    assert len(await standing(sqlite_database)) == len(STAGES)
    [step] = await dead(sqlite_database)
    adapter.hidden = None
    async with sqlite_database.transaction() as tx:
        await replay(tx, step, actor="cli")
    await work_off(sqlite_database, connection)
    assert await standing(sqlite_database) == READABLE


async def test_stock_is_taken_again_where_somebody_asks_for_it(database: Database) -> None:
    """A key that saw few jobs sees all: the list is asked for anew, and who is known to have stood somewhere still has."""
    adapter = Listing()
    connection = connected(adapter)
    await stocktaking.begin(database, SystemClock(), connection)
    await work_off(database, connection)
    async with database.transaction() as tx:
        await tx.session.execute(sa.delete(StandingRow).where(StandingRow.external_id == "a3"))
        await tx.session.execute(sa.update(StandingRow).where(StandingRow.external_id == "a1").values(stage_id="s0"))
    await taking(database, connection).retake(connection.key, actor="cli")
    await work_off(database, connection)
    assert await standing(database) == [("a1", "s0"), *READABLE[1:]]
    async with database.reading() as session:
        tags = (await session.scalars(sa.select(AuditRow.tag).order_by(AuditRow.sequence))).all()
    assert [tag for tag in tags if "stock" in tag] == [
        "system:stock:began",
        "system:stock:taken",
        "operations:stock:retaken",
        "system:stock:taken",
    ]


async def test_what_is_known_goes_with_its_connection(database: Database) -> None:
    """Who is no more in evenhand.yaml is forgotten, also what was told of a move."""
    connection = connected(Listing())
    await stocktaking.begin(database, SystemClock(), connection)
    await work_off(database, connection)
    at = SystemClock().now()
    async with database.transaction() as tx:
        await stock.note_move(tx.session, connection="another", external_id="b1", moved_at=at, at=at)
        assert await stock.forget_others(tx.session, [connection.key]) == []
    assert await standing(database) == READABLE
    async with database.transaction() as tx:
        assert await stock.forget_others(tx.session, ["another"]) == [connection.key]
    assert await standing(database) == []


async def test_a_step_that_comes_twice_is_done_once(sqlite_database: Database) -> None:
    """A step of long ago finds that stock went on without it."""
    adapter = Listing()
    connection = connected(adapter)
    await stocktaking.begin(sqlite_database, SystemClock(), connection)
    await work_off(sqlite_database, connection)
    async with sqlite_database.transaction() as tx:
        await tx.session.execute(sa.update(StockRow).values(ended_at=None))
        await enqueue(tx, TakeStock(connection=connection.key, step=1), dedupe="again")
    asked = len(adapter.asked)
    await Worker(
        sqlite_database,
        {TakeStock: taking(sqlite_database, connection).advance},
        name="again",
    ).run_until_idle()
    assert len(adapter.asked) == asked


async def test_what_stock_says_of_one(sqlite_database: Database) -> None:
    """Where it stood, and when it is said to have moved; looking at the list leaves what was told alone."""
    connection = connected(Listing())

    async def said(name: str) -> stock.Stood:
        async with sqlite_database.reading() as session:
            return await stock.stood(session, connection=connection.key, external_id=name)

    at = SystemClock().now()
    await stocktaking.begin(sqlite_database, SystemClock(), connection)
    for name in ("a1", "a2"):
        async with sqlite_database.transaction() as tx:
            await stock.note_move(tx.session, connection=connection.key, external_id=name, moved_at=at, at=at)
    assert await said("a3") == stock.Stood()
    await work_off(sqlite_database, connection)
    await taking(sqlite_database, connection).retake(connection.key, actor="cli")
    await work_off(sqlite_database, connection)
    assert await said("a1") == stock.Stood(stage_id="s1", moved_at=at)
    assert await said("a2") == stock.Stood(moved_at=at)
    assert await said("a3") == stock.Stood(stage_id="s2")
    assert await said("a9") == stock.Stood()


async def test_a_connection_that_comes_back_is_taken_stock_of_anew(database: Database) -> None:
    """Out of evenhand.yaml and in again: the steps of the first time, which are still on the table, hide none of the next."""
    connection = connected(Listing())
    await stocktaking.begin(database, SystemClock(), connection)
    await work_off(database, connection)
    async with database.transaction() as tx:
        await stock.forget_others(tx.session, ["another"])
    await stocktaking.begin(database, SystemClock(), connection)
    await work_off(database, connection)
    assert await standing(database) == READABLE
    await taking(database, connection).retake(connection.key, actor="cli")
    async with database.transaction() as tx:
        await stock.forget_others(tx.session, ["another"])
    await taking(database, connection).retake(connection.key, actor="cli")
    await work_off(database, connection)
    assert await standing(database) == READABLE


async def test_a_step_that_cannot_be_put_on_the_table_is_told(sqlite_database: Database) -> None:
    """Success that does nothing is none: whoever asked hears of it, and nothing is kept."""
    connection = connected(Listing())
    clock = Stopped()
    await stocktaking.begin(sqlite_database, clock, connection)
    async with sqlite_database.transaction() as tx:
        await stock.forget_others(tx.session, ["another"])
    with pytest.raises(Stale):
        await stocktaking.begin(sqlite_database, clock, connection)
    async with sqlite_database.reading() as session:
        assert await stock.of(session, connection.key) is None


async def test_one_whose_answer_never_comes_keeps_nobody_else_out(sqlite_database: Database) -> None:
    """The ATS answers for all others: the one is looked at again after them, and then given up."""
    adapter = Listing()
    adapter.never = "a1"
    connection = connected(adapter)
    await stocktaking.begin(sqlite_database, SystemClock(), connection)
    await work_off(sqlite_database, connection)
    assert await standing(sqlite_database) == READABLE[1:]
    assert adapter.asked.count("a1") == 2 * stocktaking.PATIENCE
