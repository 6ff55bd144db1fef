"""The processes of a chaos run: sandbox ATS, mail catcher, several web and worker processes; killed, paused, started again."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from orchestrator.demo.processes import HOST, READY_SECONDS, NotReady

LEASE_SECONDS = 3.0
CALM = ("sandbox", "mail-catcher")


class Troupe:
    """Processes by name, each with the command that starts it again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._commands: dict[str, tuple[list[str], dict[str, str]]] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()

    def start(self, name: str, module: list[str], environment: Mapping[str, str]) -> None:
        """Start a process and remember how."""
        self._commands[name] = (module, dict(environment))
        self._spawn(name)

    def _spawn(self, name: str) -> None:
        module, environment = self._commands[name]
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", *module], stdout=log, stderr=subprocess.STDOUT, env=os.environ | environment
            )

    def kill(self, name: str) -> None:
        """SIGKILL, and start again."""
        with self._lock:
            self._running[name].kill()
            self._running[name].wait()
            self._spawn(name)

    def pause(self, name: str, seconds: float) -> None:
        """SIGSTOP for longer than a lease: what it was doing goes on afterwards, when another has taken it over."""
        process = self._running[name]
        process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        process.send_signal(signal.SIGCONT)

    def wait_for(self, name: str, port: int, path: str = "/healthz") -> None:
        """Wait until a process answers."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"http://{HOST}:{port}{path}", timeout=2.0, trust_env=False).is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        log = (self.folder / f"{name}.log").read_text("utf-8", errors="replace")[-1500:]
        raise NotReady(f"{name} did not come up:\n{log}")

    def victims(self) -> list[str]:
        """Names of the processes that may be killed or paused."""
        return sorted(name for name in self._running if name not in CALM)

    def end(self) -> None:
        """End every process."""
        with self._lock:
            for process in self._running.values():
                process.send_signal(signal.SIGCONT)
                process.terminate()
            for process in self._running.values():
                try:
                    process.wait(timeout=25)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


class Mischief(threading.Thread):
    """Kills and pauses at random, repeatably by seed, until told to stop."""

    def __init__(self, troupe: Troupe, *, seed: int, gap: tuple[float, float], pauses: bool) -> None:
        super().__init__(daemon=True)
        self.kills = self.pauses = 0
        self._troupe, self._random, self._gap, self._with_pauses = troupe, random.Random(seed), gap, pauses
        self._enough = threading.Event()

    def run(self) -> None:
        """One victim after the other."""
        while not self._enough.wait(self._random.uniform(*self._gap)):
            victim = self._random.choice(self._troupe.victims())
            if self._with_pauses and self._random.random() < 0.25:
                self._troupe.pause(victim, LEASE_SECONDS * 1.5)
                self.pauses += 1
            else:
                self._troupe.kill(victim)
                self.kills += 1

    def stop(self) -> None:
        """No more."""
        self._enough.set()
        self.join()
