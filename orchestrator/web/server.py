"""The HTTP server: takes connections, watches over them, and leaves without losing a request.

How it leaves: what comes from now on is answered with ``Connection: close``; after a short grace, connections that ask
nothing are closed; a listening socket of our own is closed when everybody who waited at it was let in; a socket that
was handed to us stays open for whoever comes next.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import structlog
import uvicorn
from typing_extensions import override

from orchestrator.errors import EvenhandError
from orchestrator.web.trace import trace
from orchestrator.web.wire import WatchedConfig, WatchedProtocol

log = structlog.get_logger(__name__)

TICK = 0.1
# Connections above the limit that are told so; those beyond wait until one of them is gone.
_REFUSED_AT_ONCE = 128
_AT_ONCE = 64
_NO_MORE_FILES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class _Wordless(logging.Filter):
    """Takes the words out of what uvicorn logs of an error; a request that was cut off is no error."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            record.msg, record.args, record.exc_info = f"request failed: {trace(error)}", (), None
        return not isinstance(error, asyncio.CancelledError)


_WORDLESS = _Wordless()


class WatchedServer(uvicorn.Server):
    """uvicorn's server with connections that it watches. ``own`` says whether the sockets are closed when it leaves.

    Leaves the process's signals alone: uvicorn would raise them again before a worker beside it has drained.
    """

    def __init__(self, config: WatchedConfig, *, drain: float, own: bool = True) -> None:
        super().__init__(config)
        logging.getLogger("uvicorn.error").addFilter(_WORDLESS)
        self.watch = config.watch
        self._drain = drain
        self._own = own
        self._doors: list[_Door] = []
        self._joining: set[asyncio.Task[object]] = set()
        self._hurry = asyncio.Event()

    @property
    def leaving(self) -> bool:
        """Whether it has been told to leave."""
        return self.watch.leaving

    async def readiness(self) -> Sequence[str]:
        """What a balancer should know about this server."""
        return ("this process is leaving",) if self.watch.leaving else ()

    def leave(self) -> None:
        """Answer what is under way, then end. The second call ends at once, with an answer for those who wait."""
        if self.watch.leaving:
            self._hurry.set()
        self.watch.leaving = True
        self.should_exit = True
        for connection in self._connections():
            connection.leave()

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to take connections.

        Raises:
            EvenhandError: the application could not start.
        """
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            raise EvenhandError("the web application could not start")
        self._tick()
        self._doors = [_Door(one, self._welcome, self._has_room) for one in sockets or ()]
        for door in self._doors:
            door.open()
        self.started = True

    @override
    async def on_tick(self, counter: int) -> bool:
        self._tick()
        for door in self._doors:
            door.open()
        return await super().on_tick(counter)

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        clock = asyncio.get_running_loop().time
        end = clock() + self._drain
        if not self._own:
            # Whoever holds the socket has the next process take from it.
            self._close_doors()
        grace = clock() + min(self.watch.limits.grace_seconds, self._drain / 4)
        while clock() < grace and not self._hurry.is_set() and (self._own or self.server_state.connections):
            await self._pass_time()
        if self._own:
            self._take_everybody_in()
        self._close_doors()
        while (self.server_state.connections or self._joining) and clock() < end and not self._hurry.is_set():
            await self._pass_time()
        await self._send_home()
        await self.lifespan.shutdown()

    def _tick(self) -> None:
        self.watch.tick(asyncio.get_running_loop().time())
        for connection in self._connections():
            connection.look()

    async def _pass_time(self) -> None:
        try:
            await asyncio.wait_for(self._hurry.wait(), timeout=TICK / 2)
        except TimeoutError:
            self._tick()

    def _connections(self) -> list[WatchedProtocol]:
        return list(cast("set[WatchedProtocol]", self.server_state.connections))

    def _has_room(self) -> bool:
        most = self.watch.limits.connections + _REFUSED_AT_ONCE
        return len(self.server_state.connections) + len(self._joining) < most

    def _welcome(self, line: socket.socket) -> None:
        joining = asyncio.get_running_loop().create_task(self._join(line), name="joining")
        self._joining.add(joining)
        joining.add_done_callback(self._joining.discard)

    async def _join(self, line: socket.socket) -> None:
        config = cast("WatchedConfig", self.config)
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(
            lambda: WatchedProtocol(config, self.server_state, self.lifespan.state, loop), line
        )

    def _take_everybody_in(self) -> None:
        for door in self._doors:
            door.take_all()

    def _close_doors(self) -> None:
        for door in self._doors:
            door.close()
        self._doors = []

    async def _send_home(self) -> None:
        """Whoever is still here gets a last word; requests that run are cut off."""
        if self._connections():
            log.warning("serve.cut_off", connections=len(self._connections()), requests=len(self.server_state.tasks))
        for connection in self._connections():
            connection.give_up()
        running = set(self.server_state.tasks)
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=1.0)
        for connection in self._connections():
            connection.transport.abort()


class _Door:
    """One listening socket. Takes connections while there is room; the others wait in the system's queue, which is bounded."""

    def __init__(
        self, bound: socket.socket, welcome: Callable[[socket.socket], None], has_room: Callable[[], bool]
    ) -> None:
        self._bound = bound
        self._welcome = welcome
        self._has_room = has_room
        self._is_open = False
        bound.settimeout(0)

    def open(self) -> None:
        """Take connections from now on, if there is room."""
        if not self._is_open and self._has_room():
            asyncio.get_running_loop().add_reader(self._bound.fileno(), self._take)
            self._is_open = True

    def close(self) -> None:
        """Take no more and let go of the socket."""
        self._shut()
        self._bound.close()

    def take_all(self) -> None:
        """Let everybody in who waits now, whether there is room or not."""
        while self._accept():
            pass

    def _shut(self) -> None:
        if self._is_open:
            asyncio.get_running_loop().remove_reader(self._bound.fileno())
            self._is_open = False

    def _take(self) -> None:
        for _ in range(_AT_ONCE):
            if not self._has_room():
                self._shut()
                return
            if not self._accept():
                return

    def _accept(self) -> bool:
        """Take one; False where there is none now."""
        try:
            line, _ = self._bound.accept()
        except (BlockingIOError, InterruptedError):
            return False
        except ConnectionError:
            # It was gone before we came; the next one may be there.
            return True
        except OSError as error:
            if error.errno not in _NO_MORE_FILES:
                raise
            # Until the next tick; asking again at once would only burn time.
            log.warning("serve.no_more_files", error=type(error).__name__)
            self._shut()
            return False
        line.settimeout(0)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._welcome(line)
        return True
