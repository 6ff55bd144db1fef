"""Processes under measurement: started, waited for, looked at, and ended by id."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from bench.harness import Void
from bench.machine import ROOT

HOST = "127.0.0.1"
READY_SECONDS = 60.0
END_SECONDS = 25.0


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.create_server((HOST, 0)) as bound:
        port: int = bound.getsockname()[1]
        return port


class Process:
    """One running process with its log."""

    def __init__(self, name: str, running: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.log = log
        self._running = running

    @property
    def id(self) -> int:
        """The process id."""
        return self._running.pid

    def wait_for(self, url: str, *, seconds: float = READY_SECONDS, pause: float = 0.02) -> None:
        """Wait until an address answers 2xx; raises Void when the process ended or took too long."""
        deadline = time.monotonic() + seconds
        with httpx.Client(timeout=2.0, trust_env=False) as client:
            while time.monotonic() < deadline and self._running.poll() is None:
                try:
                    if client.get(url).is_success:
                        return
                except httpx.TransportError:
                    pass
                time.sleep(pause)
        raise Void(f"{self.name} did not come up: {self.last_words()}")

    def last_words(self) -> str:
        """The end of the log."""
        return self.log.read_text("utf-8", errors="replace")[-1500:]

    def resident_megabytes(self) -> float:
        """Resident memory now."""
        status = Path(f"/proc/{self.id}/status").read_text("ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def processor_seconds(self) -> float:
        """Processor time used so far, user and system."""
        fields = Path(f"/proc/{self.id}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        """Ask it to end, and insist when it does not."""
        self._running.terminate()
        try:
            self._running.wait(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            self._running.kill()
            self._running.wait()


@contextmanager
def running(
    name: str, command: Sequence[str], *, folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Process]:
    """A process in the repository's folder for as long as the block lasts; its log lies in ``folder``."""
    log = folder / f"{name}.log"
    with log.open("ab") as out:
        started = subprocess.Popen(  # noqa: S603 - fixed arguments, no shell
            list(command), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            env=clean_environment() | dict(environment or {}),
        )  # fmt: skip
    process = Process(name, started, log)
    try:
        yield process
    finally:
        process.end()


def python(*arguments: str) -> list[str]:
    """A command that runs our own interpreter."""
    return [sys.executable, *arguments]


def clean_environment() -> dict[str, str]:
    """Our environment without settings of an Evenhand that may run here otherwise."""
    return {name: value for name, value in os.environ.items() if not name.startswith("EVENHAND_")}
