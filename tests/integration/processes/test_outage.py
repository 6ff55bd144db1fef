"""The database goes away, hangs, or has no connection left: callers are told when to come again, and are served afterwards."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from time import monotonic

import httpx
import pytest
import sqlalchemy as sa

from orchestrator.db.session import Database
from orchestrator.main import Runtime, build, read_environment
from orchestrator.web.readiness import Migrated
from tests.fixtures import guarded as wire
from tests.fixtures.databases import migrate_to_head
from tests.fixtures.postgres import Cluster
from tests.integration.processes import fleet

PEOPLE = {"accept": "text/html"}


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """A server that the test may stop."""
    cluster = Cluster()
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()


@asynccontextmanager
async def application(url: str, folder: Path) -> AsyncIterator[tuple[Runtime, httpx.AsyncClient]]:
    """The product in this process."""
    variables = fleet.environment(url, folder)
    runtime = build(read_environment(variables), variables)
    transport = httpx.ASGITransport(app=runtime.app())  # type: ignore[arg-type]  # Litestar's own ASGI types are narrower
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8400", timeout=30) as client:
        try:
            yield runtime, client
        finally:
            await runtime.aclose()


async def test_a_server_that_is_stopped_and_started(own_cluster: Cluster, tmp_path: Path) -> None:
    """Meanwhile 503 with a hint for machines and people, never a 500; readiness tells it; afterwards all is as before."""
    own_cluster.create("evenhand")
    url = own_cluster.url("evenhand")
    migrate_to_head(url)
    async with fleet.member(fleet.environment(url, tmp_path), "serve") as web:

        async def statuses() -> list[tuple[int, bool]]:
            asked = [
                fleet.delivery(1),
                wire.get("/i/nobody-knows-this-link", "Accept: text/html"),
                wire.get("/readyz"),
                wire.get("/healthz"),
            ]
            replies = [await fleet.ask(web.port, request) for request in asked]
            assert b"asyncpg" not in b"".join(one.body for one in replies).lower()
            return [(one.status, "retry-after" in one.headers) for one in replies]

        before = [(202, False), (404, False), (200, False), (200, False)]
        assert await statuses() == before
        own_cluster._control("stop", "-w", "-m", "immediate")
        for _ in range(3):
            assert await statuses() == [(503, True), (503, True), (503, True), (200, False)]
        own_cluster._control("start", "-w", "-t", "60", "-o", f"-p {own_cluster.port}")
        assert await statuses() == before


async def test_a_database_that_hangs(postgres_url: str, tmp_path: Path) -> None:
    """Readiness does not wait for it: the answer comes within two seconds, and health is not touched at all."""
    somebody = Database(postgres_url)
    async with application(postgres_url, tmp_path) as (_, client), AsyncExitStack() as stack:
        stack.push_async_callback(somebody.aclose)
        assert (await client.get("/readyz")).status_code == 200
        async with somebody.transaction() as tx:
            await tx.session.execute(sa.text("LOCK TABLE work_pause IN ACCESS EXCLUSIVE MODE"))
            began = monotonic()
            answers = await asyncio.gather(*(client.get("/readyz") for _ in range(30)))
            assert monotonic() - began < 2.5
            assert {answer.status_code for answer in answers} == {503}
            assert answers[0].json()["detail"] == "the database does not answer in time"
            assert (await client.get("/healthz")).status_code == 200
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            # However many asked, one question waits.
            assert (await tx.session.execute(sa.text(waiting))).scalar_one() == 1
        assert (await client.get("/readyz")).status_code == 200


async def test_a_pool_without_a_free_connection(postgres_url: str, tmp_path: Path) -> None:
    """Whoever gets no connection in time is told to come again, in words that name nothing inside."""
    async with application(postgres_url, tmp_path) as (runtime, client), AsyncExitStack() as stack:
        pool = runtime.database.engine.pool
        pool._timeout = 0.2  # type: ignore[attr-defined]  # only to be quicker
        for _ in range(pool.size()):  # type: ignore[attr-defined]  # this kind of pool has a size
            await stack.enter_async_context(runtime.database.engine.connect())
        for headers in (PEOPLE, {}):
            answer = await client.get("/i/nobody-knows-this-link", headers=headers)
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            assert "pool" not in answer.text.lower()
        await stack.aclose()
        assert (await client.get("/i/nobody-knows-this-link")).status_code == 404


@pytest.mark.parametrize(
    ("statement", "ready"),
    [
        ("UPDATE alembic_version SET version_num = '{older}'", False),
        ("DELETE FROM alembic_version", False),
        ("DROP TABLE alembic_version", False),
        ("UPDATE alembic_version SET version_num = 'of-the-next-release'", True),
    ],
)
async def test_ready_on_the_schema_of_this_release(database: Database, statement: str, *, ready: bool) -> None:
    """Not before it is migrated; still while the next release has migrated already."""
    migrated = Migrated(database)
    assert list(await migrated.troubles()) == []
    older = min(migrated._known - migrated._newest)
    async with database.transaction() as tx:
        await tx.session.execute(sa.text(statement.format(older=older)))
    assert (list(await migrated.troubles()) == []) is ready
