"""A relay before the sandbox ATS: shut it, and the ATS is away (connections are refused); open it, and it is back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from orchestrator.main import build, read_environment
from tests.fixtures.house import House, free_port

CHUNK = 65536


@dataclass
class Relay:
    """Passes bytes to ``target`` (a port) while it is open. ``requests`` are the request lines that went through."""

    target: int
    port: int = field(default_factory=free_port)
    requests: list[str] = field(default_factory=list)
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def open(self) -> None:
        """Let connections through."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def shut(self) -> None:
        """Refuse new connections and cut the others."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        ends = [writer]
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
            ends.append(back)
            with suppress(ConnectionError, asyncio.CancelledError):
                await asyncio.gather(self._requests(reader, back), _pass(there, writer))
        finally:
            self._tasks.discard(task)
            for end in ends:
                end.close()
            for end in ends:
                with suppress(ConnectionError):
                    await end.wait_closed()

    async def _requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(CHUNK):
            first = piece.partition(b"\r\n")[0]
            if first.endswith(b"HTTP/1.1"):
                self.requests.append(first.decode("latin-1").removesuffix(" HTTP/1.1"))
            writer.write(piece)
            await writer.drain()
        writer.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(CHUNK):
        writer.write(piece)
        await writer.drain()
    writer.close()


def _relayed(house: House, folder: Path, relay: Relay) -> Path:
    """The house's evenhand.yaml with the relay as the address of the ATS."""
    config = folder / "relayed.yaml"
    text = Path(house.environment["EVENHAND_CONFIG"]).read_text("utf-8")
    config.write_text(text.replace(house.sandbox.base_url, f"http://127.0.0.1:{relay.port}"), "utf-8")
    return config


@asynccontextmanager
async def behind_relay(house: House, folder: Path) -> AsyncIterator[tuple[House, Relay]]:
    """The same house with another worker process, one that reaches the ATS only through a relay."""
    relay = Relay(house.ports.sandbox)
    await relay.open()
    config = _relayed(house, folder, relay)
    variables = {**house.environment, "EVENHAND_CONFIG": str(config)}
    runtime = build(read_environment(variables), variables, clock=house.clock)
    try:
        yield replace(house, runtime=runtime), relay
    finally:
        await runtime.aclose()
        await relay.shut()
