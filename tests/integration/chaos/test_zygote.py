"""The launcher of the chaos processes: what it starts is a real process, dies a real death, and comes back."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.chaos.processes import NotReady, Troupe
from tests.chaos.roles import HOST, ModelPart
from tests.fixtures.house import free_port


@pytest.fixture
def troupe(tmp_path: Path) -> Iterator[Troupe]:
    """A launcher of one's own."""
    running = Troupe(tmp_path)
    yield running
    running.end()


def state_of(pid: int) -> str:
    """The state letter of proc(5): T is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def start(troupe: Troupe) -> tuple[int, int]:
    """A model endpoint: its port and its process."""
    port = free_port()
    troupe.start("model", ModelPart(port=port, seed=1))
    troupe.wait_for("model", port)
    pid = troupe.stop("model")
    troupe.go_on("model", pid)
    return port, pid


def test_a_kill_is_a_kill(troupe: Troupe) -> None:
    """SIGKILL ends the connection of a client, and another process listens on the same port afterwards."""
    port, pid = start(troupe)
    with socket.create_connection((HOST, port), timeout=10) as client:
        troupe.kill("model")
        with suppress(ConnectionResetError):
            assert client.recv(1) == b""
    troupe.wait_for("model", port)
    assert not Path(f"/proc/{pid}").exists()
    assert troupe.stop("model") != pid


def test_a_pause_is_a_pause(troupe: Troupe) -> None:
    """SIGSTOP stops, SIGCONT goes on; a pause that ends after its process was killed touches nobody else."""
    _, pid = start(troupe)
    assert troupe.stop("model") == pid
    assert state_of(pid) == "T"
    troupe.go_on("model", pid)
    assert state_of(pid) != "T"
    troupe.kill("model")
    successor = troupe.stop("model")
    troupe.go_on("model", pid)
    assert state_of(successor) == "T"


def test_who_ends_unasked_is_named_and_started_again(troupe: Troupe) -> None:
    """A process that ends by itself is reported with its status and comes back."""
    port, pid = start(troupe)
    os.kill(pid, signal.SIGKILL)
    ended: dict[str, int] = {}
    while not ended:
        ended = troupe.revive()
    assert ended == {"model": -signal.SIGKILL}
    troupe.wait_for("model", port)
    seconds, mebibytes = troupe.used()["model"]
    assert seconds > 0
    assert mebibytes > 0


def test_a_zygote_that_died_is_said(tmp_path: Path) -> None:
    """Nothing goes on without the launcher: the next call says that it ended."""
    troupe = Troupe(tmp_path)
    os.kill(troupe.zygote, signal.SIGKILL)
    with pytest.raises((NotReady, BrokenPipeError)):
        start(troupe)
    troupe.end()
