"""The processes of a chaos run, by name: started, killed, paused and started again through the zygote."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from tests.chaos.roles import HOST, Part
from tests.chaos.zygote import Answer, Command, Look, Send, Start

READY_SECONDS = 60.0
GRACE_SECONDS = 10.0


class NotReady(RuntimeError):
    """A process did not come up; its last words are in the message."""


class Troupe:
    """Processes by name, each with the part that starts it again. Calls answer within milliseconds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._parts: dict[str, Part] = {}
        self._pids: dict[str, int] = {}
        self._lock = threading.Lock()
        with (folder / "zygote.log").open("ab") as log:
            self._zygote = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.zygote", str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )

    @property
    def zygote(self) -> int:
        """The id of the launcher's own process."""
        return self._zygote.pid

    def start(self, name: str, part: Part) -> None:
        """Start a process and remember how."""
        self._parts[name] = part
        self._pids[name] = self._ask(Start(name, part)).pid

    def kill(self, name: str) -> None:
        """SIGKILL, and start again."""
        self.end_at_once(name)
        self.start(name, self._parts[name])

    def end_at_once(self, name: str) -> None:
        """SIGKILL."""
        self._ask(Send(name, signal.SIGKILL, wait=True))

    def stop(self, name: str) -> int:
        """SIGSTOP; the id of the stopped process."""
        return self._ask(Send(name, signal.SIGSTOP)).pid

    def go_on(self, name: str, pid: int) -> None:
        """SIGCONT, if it is still the same process."""
        self._ask(Send(name, signal.SIGCONT, pid=pid))

    def revive(self) -> dict[str, int]:
        """Start again whoever ended by itself; their names and exit statuses."""
        ended = self._ask(Look()).ended
        for name in ended:
            self.start(name, self._parts[name])
        return ended

    def wait_for(self, name: str, port: int) -> None:
        """Wait until a port is listened on.

        Raises:
            NotReady: it took too long.
        """
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            try:
                socket.create_connection((HOST, port), timeout=2.0).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise NotReady(f"{name} did not come up:\n{self.last_words(name)}")

    def last_words(self, name: str) -> str:
        """The end of a process's log."""
        log = self.folder / f"{name}.log"
        return log.read_text("utf-8", errors="replace")[-1500:] if log.exists() else ""

    def used(self) -> dict[str, tuple[float, int]]:
        """Seconds of a processor that each name used over all its lives, and its resident memory in MiB now."""
        before = self._ask(Look()).used
        page, tick = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")
        found = {}
        for name, pid in self._pids.items():
            process = Path(f"/proc/{pid}")
            if process.exists():
                # The name in brackets may hold anything; after it, fields 14 and 15 of proc(5) are the times.
                times = (process / "stat").read_text().rpartition(")")[2].split()[11:13]
                now = sum(int(part) for part in times) / tick
                resident = int((process / "statm").read_text().split()[1]) * page // 2**20
                found[name] = (before.get(name, 0.0) + now, resident)
        return found

    def end(self) -> None:
        """End every process: the zygote takes its children with it."""
        assert self._zygote.stdin is not None
        with suppress(BrokenPipeError):
            self._zygote.stdin.close()
        try:
            self._zygote.wait(timeout=GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._zygote.kill()
            self._zygote.wait()
        assert self._zygote.stdout is not None
        self._zygote.stdout.close()

    def _ask(self, command: Command) -> Answer:
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        with self._lock:
            self._zygote.stdin.write(msgspec.json.encode(command) + b"\n")
            self._zygote.stdin.flush()
            line = self._zygote.stdout.readline()
        if not line:
            raise NotReady(f"the zygote ended:\n{self.last_words('zygote')}")
        return msgspec.json.decode(line, type=Answer)
