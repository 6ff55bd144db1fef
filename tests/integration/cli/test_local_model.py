"""model serve: what is wrong is said at once, and what is served is said so that it can be copied."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.integration.cli.terminal import Terminal

ENGINE = Path(__file__).parents[2] / "fixtures" / "local_engine"
HEAD = b"GGUF\x03\x00\x00\x00"


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A file that begins as weights do."""
    file = tmp_path / "small.gguf"
    file.write_bytes(HEAD + b"weights")
    return file


@pytest.fixture
def port() -> int:
    """One that nobody listens at."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


@pytest.mark.parametrize(
    ("content", "said"), [(None, "there is no file"), (b"PK\x03\x04....", "does not begin with the letters GGUF")]
)
def test_what_is_no_weights_is_said(sqlite_url: str, tmp_path: Path, content: bytes | None, said: str) -> None:
    """Whatever else is missing: one sentence and status 1."""
    file = tmp_path / "one.gguf"
    if content is not None:
        file.write_bytes(content)
    printed = Terminal(url=sqlite_url).run("model", "serve", "--weights", str(file))
    assert (printed.status, printed.out, printed.err.count("\n")) == (1, "", 1)
    assert said in printed.err


def test_a_taken_port_is_said(sqlite_url: str, weights: Path) -> None:
    """Before the file is read."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        printed = Terminal(url=sqlite_url).run("model", "serve", "--weights", str(weights), "--port", port)
    assert (printed.status, printed.out) == (1, "")
    assert f"port {port} of 127.0.0.1 cannot be used" in printed.err
    assert "--port" in printed.err


def test_a_missing_extra_is_named(weights: Path, port: int) -> None:
    """The engine is optional: without it one sentence says how to install it."""
    program = (
        "import sys; sys.modules['xllamacpp'] = None\n"
        "from orchestrator.cli.app import evenhand\n"
        f"evenhand(['model', 'serve', '--weights', {str(weights)!r}, '--port', '{port}'])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=100)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "pip install 'evenhand[local]'" in done.stderr


@contextmanager
def served(weights: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """The command with an engine that loads nothing."""
    with subprocess.Popen(
        [sys.executable, "-m", "orchestrator", "model", "serve", "--weights", str(weights), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ENGINE), "PYTHONUNBUFFERED": "1"},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def said_until(process: subprocess.Popen[str], last: str) -> str:
    """What was printed, up to the line that begins with ``last``."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith(last):
            break
    return "".join(lines)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_is_served_can_be_copied(weights: Path, port: int, number: signal.Signals) -> None:
    """On loopback alone, with the settings to set and the hash of the weights; a signal ends it in order."""
    with served(weights, "--port", str(port), "--context", "1024", "--parallel", "3", "--threads", "2") as process:
        said = said_until(process, "export EVENHAND_OPENAI_TIMEOUT=")
        settings = dict(re.findall(r"^export (\w+)=(\S+)$", said, flags=re.MULTILINE))
        told = httpx.get(f"{settings['EVENHAND_OPENAI_BASE_URL']}/models").json()
        process.send_signal(number)
        out, err = process.communicate(timeout=100)
    assert settings == {
        "EVENHAND_OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1",
        "EVENHAND_OPENAI_MODEL": "small",
        "EVENHAND_OPENAI_CONCURRENCY": "3",
        "EVENHAND_OPENAI_TIMEOUT": "600",
    }
    assert re.search(r"^15 bytes, sha256 [0-9a-f]{64}$", said, flags=re.MULTILINE)
    assert told == {
        "model": str(weights),
        "threads": [2, 2],
        "model_alias": ["small"],
        "hostnames": ["127.0.0.1"],
        "port": port,
        "n_ctx": 3072,
        "n_parallel": 3,
        "n_predict": 1000,
        "offline": True,
        "ui": False,
        "endpoint_slots": False,
        "cors_origins": f"http://127.0.0.1:{port}",
        "cache_ram_mib": 1024,
        "verbosity": 1,
    }
    assert (process.returncode, out, err) == (0, "\nEnds.\n", "")


def test_weights_that_do_not_load_are_said(weights: Path, port: int) -> None:
    """In one sentence with what to look at, not as a traceback."""
    weights.write_bytes(HEAD + b"BROKEN")
    with served(weights, "--port", str(port)) as process:
        _, err = process.communicate(timeout=100)
    assert process.returncode == 1
    assert err.count("\n") == 1
    assert "small.gguf could not be served: is the file whole" in err
