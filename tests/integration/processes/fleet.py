"""Evenhand's processes as a test starts them, a load of signed deliveries, and what the database says afterwards."""

import asyncio
import hmac
import json
import os
import socket
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa

from orchestrator.cli.sockets import bound_to
from orchestrator.db.models.intake import DeliveryRow
from orchestrator.db.session import Database
from tests.fixtures.guarded import Line, Reply
from tests.fixtures.house import configuration_text

SECRET = "a webhook secret for the tests"
NOBODY = "http://127.0.0.1:9"
READY_SECONDS = 30.0
DRAIN = 30.0
"""Seconds within which a process may leave: who hands everything over needs a fraction, on a busy machine too."""
# The descriptor has to be 3, and the variables have to name the process that it becomes.
_HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


def environment(database_url: str, folder: Path, *, ats: str = NOBODY, **more: str) -> dict[str, str]:
    """What every process is started with."""
    config = folder / "evenhand.yaml"
    config.write_text(configuration_text(ats), "utf-8")
    return {
        "EVENHAND_DATABASE_URL": database_url,
        "EVENHAND_CONFIG": str(config),
        "EVENHAND_BASE_URL": "http://127.0.0.1:8400",
        "EVENHAND_SECRET_KEY": "a secret of forty characters for the tests",
        "EVENHAND_SANDBOX_API_KEY": "an api key for the tests",
        "EVENHAND_SANDBOX_WEBHOOK_SECRET": SECRET,
        "EVENHAND_HOOKS_PER_SECOND": "100000",
        "EVENHAND_DRAIN_SECONDS": str(DRAIN),
        **more,
    }


@dataclass
class Member:
    """One process."""

    process: Process
    said: str

    @property
    def port(self) -> int:
        """Where it serves."""
        return int(self.said.rpartition(":")[2])

    async def end(self, *, within: float) -> int:
        """SIGTERM; the status that it ended with."""
        self.process.terminate()
        return await asyncio.wait_for(self.process.wait(), within)


@asynccontextmanager
async def member(
    variables: Mapping[str, str], *command: str, given: socket.socket | None = None
) -> AsyncIterator[Member]:
    """A process that has said that it runs; killed at the end if it still does."""
    arguments = ["-m", "orchestrator", *command]
    if given is not None:
        arguments = ["-c", _HAND_OVER, str(given.fileno()), *arguments]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        env=os.environ | variables,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=None,
        pass_fds=() if given is None else (given.fileno(),),
    )
    try:
        assert process.stdout is not None
        said = await asyncio.wait_for(process.stdout.readline(), READY_SECONDS)
        assert said, "it ended before it said that it runs"
        yield Member(process, said.decode().strip())
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def listening() -> socket.socket:
    """A socket that a parent holds for its children."""
    return bound_to("127.0.0.1", 0)


def delivery(number: int) -> bytes:
    """The bytes of a signed request."""
    event = {
        "id": f"evt_{number}",
        "type": "application.stage_changed",
        "application_id": f"app_{number:06d}",
        "occurred_at": "2026-08-04T09:30:00Z",
    }
    body, timestamp = json.dumps(event).encode(), str(int(time.time()))
    signature = hmac.new(SECRET.encode(), timestamp.encode() + b"." + body, sha256).hexdigest()
    head = (
        "POST /hooks/sandbox HTTP/1.1",
        "Host: 127.0.0.1",
        f"X-Sandbox-Timestamp: {timestamp}",
        f"X-Sandbox-Signature: v1={signature}",
        f"Content-Length: {len(body)}",
        "",
        "",
    )
    return "\r\n".join(head).encode() + body


async def connect(port: int) -> Line:
    """A connection; the caller closes it."""
    return Line(*await asyncio.open_connection("127.0.0.1", port))


async def deaf(port: int) -> bool:
    """Whether nobody listens there."""
    try:
        line = await connect(port)
    except ConnectionError:
        return True
    line.writer.close()
    return False


async def until(look: Callable[[], Awaitable[object]]) -> None:
    """Wait until another process is as far as that; the test's own limit ends it."""
    while not await look():  # noqa: ASYNC110 - another process cannot set an event here
        await asyncio.sleep(0.01)


async def ask(port: int, request: bytes) -> Reply:
    """One request on a connection of its own."""
    line = await connect(port)
    try:
        return await line.ask(request)
    finally:
        line.writer.close()


@dataclass
class Load:
    """Callers that deliver one event after the other, half of them on connections that they keep."""

    port: int
    stored: list[int] = field(default_factory=list)
    put_off: int = 0
    wrong: list[str] = field(default_factory=list)
    _next: int = 0
    _enough: bool = False
    _calling: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self, callers: int = 6) -> None:
        """Begin to deliver."""
        self._calling = [asyncio.create_task(self._call(keep=number % 2 == 0)) for number in range(callers)]

    async def stop(self) -> None:
        """End when every request under way has its answer."""
        self._enough = True
        await asyncio.gather(*self._calling)

    async def more(self, count: int) -> None:
        """Wait until so many more are stored, or something went wrong."""
        wanted = len(self.stored) + count
        for _ in range(3000):
            if len(self.stored) >= wanted or self.wrong:
                return
            await asyncio.sleep(0.03)
        raise AssertionError(f"only {len(self.stored)} of {wanted} deliveries were stored, {self.put_off} put off")

    async def _call(self, *, keep: bool) -> None:
        line: Line | None = None
        while not self._enough:
            self._next += 1
            number = self._next
            try:
                line = line or await connect(self.port)
                reply = await line.ask(delivery(number))
            except (OSError, EOFError) as error:
                self.wrong.append(f"{number}: {type(error).__name__}, connection kept: {keep}")
                line = None
                continue
            self._take(number, reply)
            if not keep or reply.headers.get("connection") == "close":
                line.writer.close()
                line = None
            await asyncio.sleep(0.03)
        if line is not None:
            line.writer.close()
            with suppress(ConnectionError):
                await line.writer.wait_closed()

    def _take(self, number: int, reply: Reply) -> None:
        if reply.status // 100 == 2 and json.loads(reply.body)["stored"]:
            self.stored.append(number)
        elif reply.status == 503 and int(reply.headers.get("retry-after", "0")) > 0:
            self.put_off += 1
        else:
            self.wrong.append(f"{number}: {reply.status}")


async def missing(database_url: str, numbers: list[int]) -> set[str]:
    """Which of the acknowledged deliveries the database does not have."""
    database = Database(database_url)
    try:
        async with database.reading() as session:
            there = set((await session.execute(sa.select(DeliveryRow.dedupe))).scalars())
    finally:
        await database.aclose()
    return {f"id:evt_{number}" for number in numbers} - there
