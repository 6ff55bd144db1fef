"""Processes of this run: started with a log each, waited for, and ended by their ids."""

import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

GRACE_SECONDS = 20.0


class NotReady(Exception):
    """A process did not come up; its last words are in the message."""


class Processes:
    """What runs, by name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start one."""
        with self._log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=dict(environment)
            )

    def wait_for(self, name: str, address: str, *, seconds: float = 90.0) -> None:
        """Wait until an address answers with success.

        Raises:
            NotReady: the process ended, or took too long.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._running[name].poll() is None:
            try:
                if httpx.get(address, timeout=10.0, trust_env=False).is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise NotReady(f"{name} did not come up. Its last words:\n{self.last_words(name)}")

    def last_words(self, name: str) -> str:
        """The end of a log."""
        return self._log(name).read_text("utf-8", errors="replace")[-2000:] if self._log(name).exists() else ""

    def end(self) -> None:
        """End everything, gently first, the last that was started first."""
        for process in reversed(self._running.values()):
            process.terminate()
            try:
                process.wait(timeout=GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"
