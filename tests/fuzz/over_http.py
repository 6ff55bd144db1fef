"""Fuzz the real server over the network: ``python -m tests.fuzz.over_http --requests 20000 --seed 1``.

A process of its own serves; signed and unsigned bodies, forms, paths, methods, headers, chunks and bytes that are no
HTTP go in over raw sockets. What may come out: any answer below 500, a 503 with Retry-After (counted apart), or a
closed connection. Afterwards the server must still answer, and its memory must not have grown with the requests.
"""

import argparse
import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode

import httpx

from orchestrator.web.operation_table import OPERATIONS
from tests.fixtures.databases import migrate_to_head
from tests.fixtures.house import configuration_text, free_port
from tests.fixtures.sandbox import API_KEY, WEBHOOK_SECRET
from tests.fuzz.mutate import HEADER_VALUES, Mutator
from tests.fuzz.running import another_address
from tests.fuzz.shrink import shrink_bytes
from tests.fuzz.vendors import Target, target_of
from tests.fuzz.wire import Answer, Connection, Writer, connect

HOST = "127.0.0.1"
READY_SECONDS = 30
CONNECTIONS = 8
WARM_UP = 1_000
MOST_GROWTH = 64 * 1024  # kB of resident memory
SILENT = -1
HOOK = "/hooks/sandbox"


@dataclass
class Server:
    """The process, and where it listens."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path

    def resident(self) -> int:
        """Resident memory in kB."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text("ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))

    def healthy(self) -> bool:
        """Whether it answers."""
        try:
            return httpx.get(f"http://{HOST}:{self.port}/healthz", timeout=10, trust_env=False).is_success
        except httpx.TransportError:
            return False


@dataclass
class Tally:
    """How it went. A status of -1 stands for a server that said nothing and did not close."""

    statuses: Counter[int] = field(default_factory=Counter)
    busy: int = 0
    wrong: list[tuple[int, bytes]] = field(default_factory=list)

    def count(self, answer: Answer, request: bytes) -> None:
        """Note one answer; a 503 that says when to come back is no fault."""
        if answer.status == HTTPStatus.SERVICE_UNAVAILABLE and answer.retry_after:
            self.busy += 1
            return
        self.statuses[answer.status] += 1
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status == SILENT:
            self.wrong.append((answer.status, request))

    def of_class(self, number: int) -> int:
        """How many answers had a status of this class."""
        return sum(count for status, count in self.statuses.items() if status // 100 == number)

    def last_line(self) -> str:
        """The line that others read."""
        total = self.statuses.total() + self.busy
        return f"requests={total} status_2xx={self.of_class(2)} status_4xx={self.of_class(4)} status_5xx={self.of_class(5)}"


@contextmanager
def running_server(folder: Path, *, database_url: str | None = None) -> Iterator[Server]:
    """`serve` as a process of its own, without a worker, on a fresh SQLite database or on the given one."""
    url = database_url or f"sqlite+aiosqlite:///{folder / 'evenhand.db'}"
    migrate_to_head(url)
    config, log, port = folder / "evenhand.yaml", folder / "server.log", free_port()
    config.write_text(configuration_text(f"http://{HOST}:9"), "utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EVENHAND_")} | {
        "EVENHAND_DATABASE_URL": url,
        "EVENHAND_CONFIG": str(config),
        "EVENHAND_BASE_URL": f"http://{HOST}:{port}",
        "EVENHAND_SECRET_KEY": "a-secret-key-for-fuzzing-that-is-long-enough",
        "EVENHAND_HOOKS_PER_SECOND": "100000",  # a limit would hide what lies behind it
        "EVENHAND_SANDBOX_API_KEY": API_KEY,
        "EVENHAND_SANDBOX_WEBHOOK_SECRET": WEBHOOK_SECRET,
    }
    command = [sys.executable, "-m", "orchestrator", "serve", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
    server = Server(process, port, log)
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not server.healthy():
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError(f"the server did not come up: {log.read_text('utf-8', 'replace')[-2000:]}")
            time.sleep(0.05)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


_UUID = "01a20166-25b3-7352-8426-905d3f29391e"
_LIKELY = {"{connection}": "sandbox", "{token}": "a" * 43, "{number}": "1", "{work_id}": "1"}


def _filled(path: str) -> str:
    steps = (_LIKELY.get(step, _UUID if step.startswith("{") else step) for step in path.split("/"))
    return "/".join(steps)


class Stranger:
    """Writes one request after the other, by seed."""

    def __init__(self, seed: str, target: Target) -> None:
        self._chance = random.Random(seed)
        self._target = target
        self._bodies = Mutator(self._chance, target.payloads)
        self._wire = Writer(self._chance, [_filled(path) for _, path in OPERATIONS])

    def request(self) -> tuple[bytes, bool]:
        """The next request, and whether its connection is half closed after it."""
        chance = self._chance
        kind = chance.random()
        address = [f"{name}: {value}".encode() for name, value in another_address().items()]
        body = self._bodies.body()
        if kind < 0.35:
            return self._wire.request(body, path=HOOK, headers=[*address, *self._signature(body)]), False
        if kind < 0.50:
            return self._wire.chunked(body, path=HOOK, headers=[*address, *self._signature(body)]), True
        if kind < 0.65:
            return self._form(address), False
        if kind < 0.85:
            return self._wire.odd(body, address), True
        request = self._wire.request(body, path=HOOK, headers=[*address, *self._signature(body)])
        return self._wire.broken(request), True

    def _signature(self, body: bytes) -> list[bytes]:
        headers = dict(self._target.sign(body, WEBHOOK_SECRET, datetime.now(UTC)))
        if self._chance.random() < 0.2:
            headers = self._bodies.headers(headers)
        return [f"{name}: {value}".encode("utf-8", "surrogatepass") for name, value in headers.items()]

    def _form(self, address: list[bytes]) -> bytes:
        chance = self._chance
        names = ("_csrf_token", "answer", "revision", "go", "kind", "message", "reason", "next", "band", "notice_hash")
        token = chance.choice(("", "x", "a" * 128, "é"))
        fields = {chance.choice(names): chance.choice(HEADER_VALUES[:-1]) for _ in range(chance.randrange(5))}
        body = urlencode({**fields, "_csrf_token": token}, errors="replace").encode()
        if chance.random() < 0.3:
            body = self._bodies.body()
        kinds = (b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=x", b"application/json", b"\xff")
        cookie = f"Cookie: evenhand_csrf={token}; evenhand_session={chance.choice(('', 'x', 'a' * 43))}".encode()
        return self._wire.request(body, headers=[*address, b"Content-Type: " + chance.choice(kinds), cookie])


async def knock(server: Server, stranger: Stranger, requests: int, tally: Tally) -> None:
    """Send so many requests, several at once; whole ones share connections, others get one of their own."""
    left = iter(range(requests))

    async def one_at_a_time() -> None:
        connection: Connection | None = None
        for _ in left:
            request, half_close = stranger.request()
            if connection is None or half_close:
                await _closed(connection)
                connection = await connect(HOST, server.port)
            answer = await _asked(connection, request, half_close=half_close)
            tally.count(answer, request)
            if not answer.reusable or half_close:
                await _closed(connection)
                connection = None
        await _closed(connection)

    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(one_at_a_time())


async def _asked(connection: Connection, request: bytes, *, half_close: bool) -> Answer:
    try:
        return await connection.ask(request, half_close=half_close)
    except TimeoutError:
        return Answer(SILENT)


async def _closed(connection: Connection | None) -> None:
    if connection is not None:
        await connection.aclose()


async def status_of(server: Server, request: bytes) -> int:
    """Send one request on a connection of its own; its status."""
    connection = await connect(HOST, server.port)
    answer = await _asked(connection, request, half_close=True)
    await connection.aclose()
    return answer.status


def report(server: Server, tally: Tally) -> Iterator[str]:
    """What went wrong, each with the smallest request found that still does it."""
    for status, request in tally.wrong[:5]:

        def again(smaller: bytes, status: int = status) -> bool:
            return asyncio.run(status_of(server, smaller)) == status

        yield f"WRONG {status}: {shrink_bytes(request, again, most_tries=200)[:1500]!r}"
    if tally.wrong:
        yield "the server's last words:\n" + server.log.read_text("utf-8", "replace")[-3000:]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.over_http", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--database-url", default=None, help="an empty database; SQLite in a temporary folder if not given"
    )
    given = parser.parse_args(arguments)
    stranger = Stranger(f"{given.seed}/http", target_of("sandbox"))
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server(Path(folder), database_url=given.database_url) as server,
    ):
        tally = Tally()
        warm_up = min(WARM_UP, given.requests // 2)
        asyncio.run(knock(server, stranger, warm_up, tally))
        before = server.resident()
        asyncio.run(knock(server, stranger, given.requests - warm_up, tally))
        after = server.resident()
        alive = server.healthy()
        for line in report(server, tally):
            sys.stdout.write(line + "\n")
    grown = after - before
    sys.stdout.write(
        f"statuses={dict(sorted(tally.statuses.items()))} (0: closed without an answer) busy_503={tally.busy}\n"
        f"rss_before_kb={before} rss_after_kb={after} alive_afterwards={'yes' if alive else 'NO'}"
        f" seed={given.seed} seconds={time.monotonic() - started:.0f}\n{tally.last_line()}\n"
    )
    return 1 if tally.wrong or not alive or grown > MOST_GROWTH else 0


if __name__ == "__main__":
    sys.exit(main())
