"""serve and worker as processes of their own: ready, answering, and gone at once when asked."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
import structlog
from structlog.testing import capture_logs
from typing_extensions import override

from orchestrator.cli.processes import _Shift, serve_until_told, server_configuration, work_until_told
from orchestrator.cli.sockets import bound_to
from orchestrator.db.models.worker import WorkerProcess
from orchestrator.errors import EvenhandError
from orchestrator.main import Runtime, build, read_environment
from orchestrator.web.readiness import STILL_ALIVE
from orchestrator.work.sql import DatabaseNow
from orchestrator.work.worker import Worker
from tests.integration.cli.terminal import Terminal

GONE_SECONDS = 15
SPOKEN = "what-a-candidate-said"
BURST = 10


@contextmanager
def running(terminal: Terminal, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process and the first line it says, which is that it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestrator", *arguments],
        env=os.environ | terminal.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def without_an_ats(terminal: Terminal, configuration: Path) -> Terminal:
    """The ATS does not answer: nothing listens on the discard port."""
    text = configuration.read_text("utf-8")
    assert "http://127.0.0.1:8401" in text
    configuration.write_text(text.replace("http://127.0.0.1:8401", "http://127.0.0.1:9"), "utf-8")
    return terminal


def until_ready(client: httpx.Client) -> None:
    """Wait until the worker has shown itself: before that the process says truly that it is not ready."""
    deadline = time.monotonic() + GONE_SECONDS
    while (answer := client.get("/readyz")).status_code != 200:
        assert answer.status_code == 503
        assert time.monotonic() < deadline, answer.text


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_serve_with_worker_answers_and_stops(without_an_ats: Terminal, tmp_path: Path, ending: signal.Signals) -> None:
    """On an empty folder it migrates, serves, and ends with status 0 when asked, though the ATS is away."""
    without_an_ats.environment["EVENHAND_DATABASE_URL"] = f"sqlite+aiosqlite:///{tmp_path}/fresh.db"
    with running(without_an_ats, "serve", "--with-worker", "--port", "0") as (process, line):
        assert line.startswith("Evenhand serves on http://127.0.0.1:")
        with httpx.Client(base_url=line.rpartition(" ")[2], trust_env=False, timeout=20) as client:
            assert client.get("/healthz").text == "ok\n"
            until_ready(client)
            assert client.post("/hooks/sandbox", content=b"{}").status_code == 401
        process.send_signal(ending)
        assert process.wait(timeout=GONE_SECONDS) == 0


def test_worker_stops_when_asked(without_an_ats: Terminal) -> None:
    """A worker by itself says that it runs, and ends with status 0."""
    with running(without_an_ats, "worker", "--concurrency", "2", "--kinds", "mail.send") as (process, line):
        assert line.startswith("Evenhand worker worker-")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=GONE_SECONDS) == 0


def test_port_that_is_taken_is_an_error_in_words(without_an_ats: Terminal) -> None:
    """One line, no trace."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        printed = without_an_ats.run("serve", "--port", str(taken.getsockname()[1]))
    assert (printed.status, printed.err) == (1, "evenhand: Address already in use\n")


@pytest.mark.parametrize(("migrated", "status"), [(True, 200), (False, 503)])
async def test_ready_only_with_a_database_that_works(
    terminal: Terminal, tmp_path: Path, *, migrated: bool, status: int
) -> None:
    """Without the schema /readyz says so and names nothing secret, while /healthz still says that the process lives."""
    environment = dict(terminal.environment)
    if not migrated:
        environment["EVENHAND_DATABASE_URL"] = f"sqlite+aiosqlite:///{tmp_path}/empty.db"
    runtime = build(read_environment(environment), environment)
    transport = httpx.ASGITransport(app=runtime.app())  # type: ignore[arg-type]  # Litestar's own ASGI types are narrower
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8400") as client:
        ready = await client.get("/readyz")
        assert ready.status_code == status
        assert (await client.get("/healthz")).status_code == 200
    assert str(tmp_path) not in ready.text
    await runtime.aclose()


class DoomedWorker(Worker):
    """Ends by itself, with a candidate's words in its error."""

    @override
    async def run(self) -> None:
        raise ZeroDivisionError(SPOKEN)


class IdleWorker(Worker):
    """Ends by itself without a word."""

    @override
    async def run(self) -> None:
        await asyncio.sleep(0)


@dataclass(frozen=True)
class Ending(Runtime):
    """A runtime whose worker ends by itself."""

    kind: type[Worker] = DoomedWorker

    @override
    def worker(self, *, name: str, concurrency: int | None = None, kinds: object = None) -> Worker:
        return self.kind(self.database, self.handlers, name=name, concurrency=concurrency or 1)


def ending(terminal: Terminal, kind: type[Worker]) -> Ending:
    made = build(read_environment(terminal.environment), terminal.environment)
    parts = {name: getattr(made, name) for name in Runtime.__dataclass_fields__}
    return Ending(**parts, kind=kind)


@pytest.mark.parametrize("kind", [DoomedWorker, IdleWorker])
@pytest.mark.parametrize("process", ["worker", "serve"])
async def test_a_process_whose_worker_ended_leaves(terminal: Terminal, process: str, kind: type[Worker]) -> None:
    """It would look healthy and do nothing; it ends with an error instead, which repeats no words."""
    runtime = ending(terminal, kind)
    told = (
        work_until_told(runtime, None, None)
        if process == "worker"
        else serve_until_told(runtime, [bound_to("127.0.0.1", 0)], with_worker=True)
    )
    structlog.reset_defaults()
    with capture_logs() as logs, pytest.raises(EvenhandError, match="the worker ended by itself") as caught:
        await asyncio.wait_for(told, GONE_SECONDS)
    assert SPOKEN not in str(caught.value) + str(logs)
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["worker.ended"]


@pytest.mark.parametrize(("trusted", "last"), [("10.0.0.0/8", 403), ("192.0.2.7", 429)])
async def test_behind_a_trusted_proxy_everybody_counts_alone(terminal: Terminal, trusted: str, last: int) -> None:
    """The address that a trusted proxy tells is the one that is limited; a stranger's word for it counts for nothing."""
    environment = terminal.environment | {"EVENHAND_TRUSTED_PROXIES": trusted}
    runtime = build(read_environment(environment), environment)
    configuration = server_configuration(runtime, runtime.app())
    configuration.load()
    transport = httpx.ASGITransport(app=configuration.loaded_app, client=("10.1.2.3", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8400") as client:
        # Without the form's token each is refused, after it was counted.
        answers = [
            await client.post("/sign-in", headers={"X-Forwarded-For": f"198.51.100.{number}"})
            for number in range(BURST + 1)
        ]
    assert [answer.status_code for answer in answers] == [403] * BURST + [last]
    await runtime.aclose()


@pytest.mark.parametrize("port", ["-1", "65536"])
def test_port_that_cannot_be_is_refused(terminal: Terminal, port: str) -> None:
    """Said as a wrong option, with the bounds."""
    printed = terminal.run("serve", "--port", port)
    assert printed.status == 2
    assert "0<=x<=65535" in printed.err


class SilentWorker(Worker):
    """Is there, and gives no sign of life."""

    @override
    async def run(self) -> None:
        await asyncio.Event().wait()


async def test_ready_only_while_the_worker_works(terminal: Terminal) -> None:
    """Not before it runs, not without a sign of life for a few leases, and not after it ended."""
    runtime = build(read_environment(terminal.environment), terminal.environment)

    async def seen(seconds_ago: float) -> None:
        async with runtime.database.transaction() as tx:
            await tx.session.execute(
                sa.update(WorkerProcess).values(seen_at=DatabaseNow() - seconds_ago, name=silent.name)
            )

    real = runtime.worker(name="real")
    shift = _Shift(runtime, real, lambda: None)
    assert await shift.readiness() == ("the worker of this process has ended",)
    async with shift.working():
        for _ in range(500):
            if await shift.readiness() == ():
                break
            await asyncio.sleep(0.01)
        assert await shift.readiness() == ()
        silent = SilentWorker(runtime.database, {})
        other = _Shift(runtime, silent, lambda: None)
        other._task = asyncio.create_task(silent.run())
        assert await other.readiness() == ("the worker of this process does not work",)
        await seen(runtime.settings.lease_seconds)
        assert await other.readiness() == ()
        await seen(runtime.settings.lease_seconds * STILL_ALIVE + 1)
        assert await other.readiness() == ("the worker of this process does not work",)
        other._task.cancel()
        await asyncio.wait({other._task})
    assert await shift.readiness() == ("the worker of this process has ended",)
    await runtime.aclose()
