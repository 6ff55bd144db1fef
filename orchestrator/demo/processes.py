"""The three processes of the demo: started, waited for, and ended by id."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx
from msgspec import Struct

from orchestrator.errors import EvenhandError, SettingsInvalid

READY_SECONDS = 60.0
HOST = "127.0.0.1"
HIGHEST_PORT = 65535
PORTS_WANTED = "EVENHAND_DEMO_PORTS must be four different port numbers with commas: Evenhand, ATS, mail, SMTP"
SANDBOX_SCOPED_KEY = "EVENHAND_SANDBOX_API_KEY"
WEBHOOK_SECRET = "EVENHAND_SANDBOX_WEBHOOK_SECRET"  # noqa: S105 - the name of a variable, not a secret


class NotReady(EvenhandError):
    """A process did not come up; its last words are in the message."""


class Ports(Struct, frozen=True):
    """Where everything listens, on 127.0.0.1."""

    evenhand: int
    sandbox: int
    mail: int
    smtp: int

    @property
    def evenhand_url(self) -> str:
        """Evenhand's pages."""
        return f"http://{HOST}:{self.evenhand}"

    @property
    def sandbox_url(self) -> str:
        """The sandbox ATS."""
        return f"http://{HOST}:{self.sandbox}"

    @property
    def mail_url(self) -> str:
        """The mail catcher's pages."""
        return f"http://{HOST}:{self.mail}"


def free_ports() -> Ports:
    """Four ports that nobody uses now."""
    sockets = [socket.create_server((HOST, 0)) for _ in range(4)]
    numbers = [bound.getsockname()[1] for bound in sockets]
    for bound in sockets:
        bound.close()
    return Ports(*numbers)


def wanted_ports(environ: Mapping[str, str]) -> Ports:
    """The usual ports, each of which EVENHAND_DEMO_PORTS (four numbers with commas) can replace.

    Raises:
        SettingsInvalid: the variable cannot be read.
        NotReady: a port is taken.
    """
    given = environ.get("EVENHAND_DEMO_PORTS", "8400,8401,8402,8425")
    try:
        ports = Ports(*(int(number) for number in given.split(",")))
    except (TypeError, ValueError) as error:
        raise SettingsInvalid(PORTS_WANTED) from error
    numbers = (ports.evenhand, ports.sandbox, ports.mail, ports.smtp)
    if len(set(numbers)) < len(numbers) or not all(0 < number <= HIGHEST_PORT for number in numbers):
        raise SettingsInvalid(PORTS_WANTED)
    for number in numbers:
        try:
            socket.create_server((HOST, number)).close()
        except OSError as error:
            raise NotReady(
                f"port {number} is taken. Stop what uses it, or choose others:"
                " EVENHAND_DEMO_PORTS=9400,9401,9402,9425 make demo"
            ) from error
    return ports


class Stage(Struct, frozen=True, kw_only=True):
    """A data folder with everything that the processes need; secrets are fresh for each demo."""

    folder: Path
    ports: Ports
    sandbox_key: str
    admin_key: str
    webhook_secret: str
    secret_key: str

    def environment(self) -> dict[str, str]:
        """The environment of Evenhand's own process. A model from outside can be used: EVENHAND_OPENAI_* pass through."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("EVENHAND_") or name.startswith("EVENHAND_OPENAI_")
        }
        return inherited | {
            "EVENHAND_DATABASE_URL": f"sqlite+aiosqlite:///{self.folder / 'evenhand.sqlite3'}",
            "EVENHAND_CONFIG": str(self.folder / "evenhand.yaml"),
            "EVENHAND_BASE_URL": self.ports.evenhand_url,
            "EVENHAND_SECRET_KEY": self.secret_key,
            "EVENHAND_PORT": str(self.ports.evenhand),
            "EVENHAND_SMTP_PORT": str(self.ports.smtp),
            "EVENHAND_MAIL_FROM": "interviews@northwind-outdoor.example",
            "EVENHAND_MAIL_LOOKUP_URL": f"{self.ports.mail_url}/api/messages/by-id/",
            "EVENHAND_SHOW_DESIGN": "1",
            "EVENHAND_LEASE_SECONDS": "10",
            SANDBOX_SCOPED_KEY: self.sandbox_key,
            WEBHOOK_SECRET: self.webhook_secret,
        }


def new_stage(folder: Path, ports: Ports) -> Stage:
    """Fresh secrets for a fresh folder."""
    one, two, three, four = (secrets.token_urlsafe(32) for _ in range(4))
    return Stage(folder=folder, ports=ports, sandbox_key=one, admin_key=two, webhook_secret=three, secret_key=four)


class Cast:
    """The running processes. Ending them ends each by its id, and nothing else."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start_sandbox(self) -> None:
        """Start the sandbox ATS with the pilot company, its webhook pointing at Evenhand."""
        hook = f"{self._stage.ports.evenhand_url}/hooks/sandbox"
        arguments = ["--port", str(self._stage.ports.sandbox), "--database", str(self._stage.folder / "ats.sqlite3")]
        environment = {
            "SANDBOX_API_KEY": self._stage.sandbox_key,
            "SANDBOX_ADMIN_KEY": self._stage.admin_key,
            "SANDBOX_WEBHOOK_SECRET": self._stage.webhook_secret,
        }
        module = ["adapters.sandbox.server", *arguments, "--seed", "pilot", "--webhook-url", hook]
        self._start("sandbox", module, os.environ | environment)

    def start_mail_catcher(self) -> None:
        """Start the mail catcher."""
        ports = self._stage.ports
        module = ["orchestrator", "mail-catcher", "--smtp-port", str(ports.smtp), "--port", str(ports.mail)]
        self._start("mail-catcher", module, dict(os.environ))

    def start_evenhand(self) -> None:
        """Start Evenhand with an embedded worker; it migrates its database first."""
        self._start("evenhand", ["orchestrator", "serve", "--with-worker"], self._stage.environment())

    def wait_until_ready(self, name: str, address: str) -> None:
        """Wait until an address answers.

        Raises:
            NotReady: the process ended, or took too long.
        """
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self._running[name].poll() is not None:
                break
            try:
                if httpx.get(address, timeout=2.0, trust_env=False).is_success:
                    return
            except httpx.TransportError:
                pass
            # Nothing announces that a port begins to listen, so it is asked.
            time.sleep(0.05)
        raise NotReady(f"{name} did not come up. Its last words:\n{self.last_words(name)}")

    def kill(self, name: str) -> None:
        """Kill one process as a power cut would (SIGKILL)."""
        self._running[name].kill()
        self._running.pop(name).wait()

    def alive(self) -> Sequence[str]:
        """Names of the processes that still run."""
        return [name for name, process in self._running.items() if process.poll() is None]

    def last_words(self, name: str) -> str:
        """The end of a process's log."""
        return (self._stage.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")[-2000:]

    def end(self) -> None:
        """End every process, gently first."""
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()

    def _start(self, name: str, module: Sequence[str], environment: Mapping[str, str]) -> None:
        with (self._stage.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(  # noqa: S603 - fixed arguments, no shell
                [sys.executable, "-m", *module], stdout=log, stderr=subprocess.STDOUT, env=dict(environment)
            )
