"""serve and worker as processes of their own: ready, answering, and gone at once when asked."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from orchestrator.main import build, read_environment
from tests.integration.cli.terminal import Terminal

GONE_SECONDS = 15


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


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_serve_with_worker_answers_and_stops(without_an_ats: Terminal, tmp_path: Path, ending: signal.Signals) -> None:
    """On an empty folder it migrates, serves, and ends with status 0 when asked, though the ATS is away."""
    without_an_ats.environment["EVENHAND_DATABASE_URL"] = f"sqlite+aiosqlite:///{tmp_path}/fresh.db"
    with running(without_an_ats, "serve", "--with-worker", "--port", "0") as (process, line):
        assert line.startswith("Evenhand serves on http://127.0.0.1:")
        with httpx.Client(base_url=line.rpartition(" ")[2], trust_env=False, timeout=20) as client:
            assert client.get("/healthz").text == "ok\n"
            assert client.get("/readyz").status_code == 200
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
