"""Processes come and go under load: nothing that was acknowledged is lost, and nobody is left without an answer."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from orchestrator.db.session import Database
from orchestrator.work.table import WorkState, work
from tests.integration.processes import fleet
from tests.integration.processes.fleet import DRAIN


@pytest.mark.long
async def test_a_rolling_restart_answers_everybody(database_url: str, tmp_path: Path) -> None:
    """A parent holds the socket; B takes over from A and C from B, under load on kept and on new connections."""
    variables = fleet.environment(database_url, tmp_path)
    async with AsyncExitStack() as stack:
        given = stack.enter_context(fleet.listening())
        load = fleet.Load(given.getsockname()[1])

        async def one_more() -> fleet.Member:
            return await stack.enter_async_context(fleet.member(variables, "serve", given=given))

        a = await one_more()
        assert a.port == load.port
        load.start()
        await load.more(60)
        b = await one_more()
        await load.more(60)
        assert await a.end(within=DRAIN) == 0
        await load.more(60)
        await one_more()
        assert await b.end(within=DRAIN) == 0
        await load.more(60)
        await load.stop()
    assert load.wrong == []
    assert await fleet.missing(database_url, load.stored) == set()


async def test_a_socket_that_is_handed_over_bridges_a_gap(sqlite_url: str, tmp_path: Path) -> None:
    """Between two processes, callers wait in the socket's queue and are answered by the next one."""
    variables = fleet.environment(sqlite_url, tmp_path)
    with fleet.listening() as given:
        port = given.getsockname()[1]
        async with fleet.member(variables, "serve", given=given) as first:
            assert (await fleet.ask(port, fleet.delivery(1))).status == 202
            assert await first.end(within=DRAIN) == 0
        waiting = await fleet.connect(port)
        await waiting.say(fleet.delivery(2))
        async with fleet.member(variables, "serve", given=given):
            assert (await waiting.reply()).status == 202
        waiting.writer.close()
    assert await fleet.missing(sqlite_url, [1, 2]) == set()


async def test_sigterm_under_load_loses_nothing(database_url: str, tmp_path: Path) -> None:
    """Web and worker in one process, at work and under load: it ends in time with 0, and no work stays behind as running."""
    variables = fleet.environment(database_url, tmp_path)
    async with AsyncExitStack() as stack:
        given = stack.enter_context(fleet.listening())
        load = fleet.Load(given.getsockname()[1])
        first = await stack.enter_async_context(fleet.member(variables, "serve", "--with-worker", given=given))
        load.start()
        await load.more(80)
        await stack.enter_async_context(fleet.member(variables, "serve", given=given))
        assert await first.end(within=DRAIN) == 0
        assert await running(database_url) == 0
        await load.more(50)
        await load.stop()
    assert load.wrong == []
    assert await fleet.missing(database_url, load.stored) == set()


@pytest.mark.long
async def test_a_worker_gives_back_what_it_cannot_finish(database_url: str, tmp_path: Path) -> None:
    """The ATS hangs in the middle of a read: the worker ends in time and its work is in the queue again."""
    with fleet.listening() as hanging:
        # It takes connections and never says a word.
        ats = f"http://127.0.0.1:{hanging.getsockname()[1]}"
        variables = fleet.environment(database_url, tmp_path, ats=ats, EVENHAND_DRAIN_SECONDS="2")
        async with fleet.member(variables, "serve") as web, fleet.member(variables, "worker") as worker:
            for number in range(5):
                assert (await fleet.ask(web.port, fleet.delivery(number))).status == 202
            await fleet.until(lambda: running(database_url))
            assert await worker.end(within=10.0) == 0
            assert await running(database_url) == 0


async def running(database_url: str) -> int:
    """How much work somebody claims to be doing."""
    database = Database(database_url)
    try:
        async with database.reading() as session:
            count = sa.select(sa.func.count()).where(work.c.state == WorkState.RUNNING)
            return int((await session.execute(count)).scalar_one())
    finally:
        await database.aclose()


async def test_a_second_signal_ends_sooner(sqlite_url: str, tmp_path: Path) -> None:
    """Whoever presses Ctrl-C twice does not wait for an ATS that hangs."""
    with fleet.listening() as hanging:
        ats = f"http://127.0.0.1:{hanging.getsockname()[1]}"
        variables = fleet.environment(sqlite_url, tmp_path, ats=ats, EVENHAND_DRAIN_SECONDS="120")
        async with fleet.member(variables, "serve", "--with-worker") as both:
            assert (await fleet.ask(both.port, fleet.delivery(1))).status == 202
            await fleet.until(lambda: running(sqlite_url))
            both.process.terminate()
            # Only a signal that was heard closes the door; two that are not would be one.
            await fleet.until(lambda: fleet.deaf(both.port))
            assert both.process.returncode is None
            assert await both.end(within=10.0) == 0
