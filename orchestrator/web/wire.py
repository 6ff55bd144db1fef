"""One HTTP connection, guarded: how much may come, how long it may take, and how it ends.

uvicorn's httptools protocol with limits. Nothing here makes a timer for a request: every connection has one deadline,
and the server looks at all of them ten times a second.
"""

import asyncio
import select
from collections import deque
from enum import IntEnum
from typing import Any, NoReturn, cast

import httptools
import uvicorn
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from orchestrator.web.rate_limit import OVERLOADED
from orchestrator.web.watch import (
    HEAD_TOO_LARGE,
    OVERDUE,
    TARGET_TOO_LONG,
    TOO_MANY,
    TOO_SLOW,
    UNREADABLE,
    Limits,
    Watch,
)


class WatchedConfig(uvicorn.Config):
    """uvicorn's configuration with our limits; its protocol and its server read them from here."""

    def __init__(self, app: Any, *, limits: Limits | None = None, **options: Any) -> None:
        # Our own limit on requests answers with a hint when to come again; uvicorn's does not.
        super().__init__(app, http=WatchedProtocol, ws="none", limit_concurrency=None, **options)
        self.watch = Watch(limits or Limits())


class _Reading(IntEnum):
    """How much of a request was read."""

    NOTHING = 0
    HEAD = 1
    BODY = 2


_ALWAYS_ANSWERED = (b"/healthz", b"/readyz")
# Takes what is appended and keeps none of it, without a method of ours that every header would have to pass.
_NOWHERE = cast("list[tuple[bytes, bytes]]", deque[tuple[bytes, bytes]](maxlen=0))


class _HeadRefusedError(Exception):
    """Ends parsing; the parser turns it into its own error."""


class _PoliteTransport(asyncio.Transport):
    """What an answer is written to: closing it waits until the other side could read what was said."""

    def __init__(self, protocol: "WatchedProtocol", transport: asyncio.Transport) -> None:
        super().__init__()
        self._protocol = protocol
        self._transport = transport
        self.write = transport.write  # type: ignore[method-assign]  # every answer goes through here, one call less

    @override
    def is_closing(self) -> bool:
        return self._transport.is_closing()

    @override
    def close(self) -> None:
        self._protocol.part()


class WatchedProtocol(HttpToolsProtocol):
    """A connection with a deadline that always means: until then, the next thing must have happened."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.watch = cast("WatchedConfig", config).watch
        self.limits = self.watch.limits
        self.deadline = self.watch.now + self.limits.head_seconds
        self.reading = _Reading.NOTHING
        # Deaf: hears no more. Parting: has said the last word and waits for the other side to read it.
        self.deaf = self.parting = False
        self._refusal = UNREADABLE
        self._spared = False
        # Barren: bytes since the headers or the last piece of body that were no body (trailers, chunk extensions).
        self._chunk = self._head = self._wasted = self._barren = 0
        self._first_in_chunk = True
        self._stalled: tuple[float, int] | None = None

    # What happens on the line

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._polite = _PoliteTransport(self, transport)
        if self.watch.leaving:
            self.deadline = self.watch.now + self.limits.grace_seconds
        if len(self.connections) > self.limits.connections and not self._make_room():
            self.refuse(TOO_MANY)

    @override
    def data_received(self, data: bytes) -> None:
        if self.deaf:
            return
        self._chunk = len(data)
        if self.reading is _Reading.HEAD:
            self._head += self._chunk
        elif self.reading is _Reading.BODY:
            self._barren += self._chunk
            if self._squanders():
                self.transport.abort()
                return
        self._first_in_chunk = self.reading is _Reading.NOTHING
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # We speak nothing else: the request is answered as if it had not asked, and what follows is not ours.
            self.deaf, self.cycle.keep_alive = True, False
        except httptools.HttpParserError:
            self.refuse(self._refusal)
        else:
            if self.reading is _Reading.HEAD and self._head > self.limits.head_bytes:
                self.refuse(TARGET_TOO_LONG if len(self.url) > self.limits.target_bytes else HEAD_TOO_LARGE)
            elif self._barren > self.limits.head_bytes:
                self.refuse(HEAD_TOO_LARGE)

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = (self.watch.now, self.transport.get_write_buffer_size())

    @override
    def resume_writing(self) -> None:
        super().resume_writing()
        self._stalled = None

    # What the parser found

    @override
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.reading = _Reading.HEAD
        self._head = self._chunk if self._first_in_chunk else 0
        self._first_in_chunk = False
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete:
            self.deadline = self.watch.now + self.limits.head_seconds

    @override
    def on_headers_complete(self) -> None:
        limits = self.limits
        if len(self.url) > limits.target_bytes:
            self._refuse_head(TARGET_TOO_LONG)
        most = limits.head_bytes
        if len(self.headers) > limits.headers or (
            (self._head > most or self._chunk > most) and self._head_size() > most
        ):
            self._refuse_head(HEAD_TOO_LARGE)
        if len(self.pipeline) >= limits.pipelined:
            self._refuse_head(TOO_MANY)
        if len(self.tasks) >= limits.requests and self.url not in _ALWAYS_ANSWERED:
            self.scope["state"][OVERLOADED] = True
        super().on_headers_complete()
        self.cycle.transport = self._polite
        if self.watch.leaving:
            self.cycle.keep_alive = False
        self.reading = _Reading.BODY
        # A trailer is no header: it could stand for one that was checked on the way here, and there is no end of them.
        self.headers = _NOWHERE
        self._wasted, self._barren, self._spared = 0, 0, False
        self.deadline = self.watch.now + limits.body_seconds

    @override
    def on_body(self, body: bytes) -> None:
        self._barren = 0
        super().on_body(body)

    @override
    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.reading, self._barren = _Reading.NOTHING, 0
        answered = self.cycle.response_complete
        self.deadline = self.watch.now + (self._idle_seconds if answered else self.limits.answer_seconds)

    @override
    def on_response_complete(self) -> None:
        # As uvicorn does, but for its timer: the deadline is enough.
        self.server_state.total_requests += 1
        if self.parting or self.transport.is_closing():
            return
        if not self.deaf:
            self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
            self.deadline = self.watch.now + self.limits.answer_seconds
        elif self.reading is _Reading.NOTHING and not self.deaf:
            self.deadline = self.watch.now + self._idle_seconds
        elif self.reading is _Reading.HEAD:
            self.deadline = self.watch.now + self.limits.head_seconds

    # What the server asks for

    @property
    def answering(self) -> bool:
        """Whether the newest request still waits for its answer, or for the end of it."""
        cycle: RequestResponseCycle | None = self.cycle  # None until the first request, whatever uvicorn declares
        return cycle is not None and not cycle.response_complete

    @property
    def idle(self) -> bool:
        """Whether nothing is asked and nothing is on its way."""
        return self.reading is _Reading.NOTHING and not self.answering and not self.deaf

    def look(self) -> None:
        """See whether the time is up. Called ten times a second."""
        now = self.watch.now
        if self._stalled is not None:
            since, size = self._stalled
            left = self.transport.get_write_buffer_size()
            if left < size:
                self._stalled = (now, left)
            elif now - since >= self.limits.reader_seconds:
                self.transport.abort()
        elif now >= self.deadline:
            self._expire()

    def refuse(self, answer: bytes) -> None:
        """Say why, hear no more, and leave when that could be read."""
        self.deaf = True
        if self.answering:
            if self.reading is not _Reading.BODY or self.cycle.response_started or self.pipeline:
                # The trouble is with what came after: what was asked before is answered, then it ends.
                self.cycle.keep_alive = False
                if self.reading is _Reading.BODY:
                    self.transport.abort()
                return
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if not self.transport.is_closing():
            # The rest of a body that was answered already: another answer would be taken for one to what was not asked.
            if self.answering or self.reading is not _Reading.BODY:
                self.transport.write(answer)
            self._linger()

    def part(self) -> None:
        """End a connection whose last answer is written."""
        if self.reading is _Reading.NOTHING:
            self._farewell()
            self.transport.close()
        else:
            self._linger()

    def leave(self) -> None:
        """The server begins to leave: what is asked is answered, nothing is asked after that."""
        if self.cycle is not None:
            self.cycle.keep_alive = False
        if not self.answering:
            self.deadline = min(self.deadline, self.watch.now + self.limits.grace_seconds)

    def give_up(self) -> None:
        """The time to leave is over: whoever still waits is told to come again."""
        if self.answering and not self.cycle.response_started and not self.transport.is_closing():
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            self.transport.write(OVERDUE)
        self.transport.close()

    # Details

    @property
    def _idle_seconds(self) -> float:
        return self.limits.grace_seconds if self.watch.leaving else self.limits.idle_seconds

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _squanders(self) -> bool:
        """Whether too much came of a body whose request is answered."""
        if not self.cycle.response_complete:
            return False
        self._wasted += self._chunk
        return self._wasted > self.limits.wasted_bytes

    def _refuse_head(self, answer: bytes) -> NoReturn:
        self._refusal = answer
        raise _HeadRefusedError

    def _expire(self) -> None:
        if self.parting or self.transport.is_closing():
            self.transport.abort()
        elif self.reading is _Reading.BODY:
            self._expire_in_body()
        elif self.answering:
            self._overdue()
        elif self.reading is _Reading.HEAD:
            self.refuse(TOO_SLOW)
        elif not self._has_spoken():
            self._farewell()
            self.transport.close()

    def _expire_in_body(self) -> None:
        if not self.answering:
            self.transport.abort()
        elif not self.flow.read_paused:
            self.refuse(TOO_SLOW)
        elif self._spared:
            self._overdue()
        else:
            # It is the application that does not take it; it has as long as for an answer.
            self._spared = True
            self.deadline = self.watch.now + self.limits.answer_seconds

    def _overdue(self) -> None:
        if self.cycle.response_started or self.pipeline:
            self.transport.abort()
            return
        self.cycle.disconnected = True
        self.cycle.message_event.set()
        self.transport.write(OVERDUE)
        self._linger()

    def _make_room(self) -> bool:
        """Close the connection that nobody has used for longest; whether there was one."""
        others = cast("set[WatchedProtocol]", self.connections) - {self}
        oldest = min((one for one in others if one.idle), key=lambda one: one.deadline, default=None)
        if oldest is None or oldest._has_spoken():  # noqa: SLF001 - of the same class
            return False
        oldest.transport.close()
        return True

    def _has_spoken(self) -> bool:
        """Whether something lies on the line that the loop has not read yet: it must not be thrown away unanswered."""
        line = self.transport.get_extra_info("socket")
        if line is None or self.transport.is_closing():
            return False
        poll = select.poll()
        poll.register(line.fileno(), select.POLLIN)
        return bool(poll.poll(0))

    def _farewell(self) -> None:
        # Closing waits until what was written is read; who never reads is cut off then.
        self.deadline = self.watch.now + self.limits.reader_seconds

    def _linger(self) -> None:
        """Half close: closing with unread bytes would make the system throw our answer away (RFC 9112, section 9.6)."""
        self.deaf = self.parting = True
        self.deadline = self.watch.now + self.limits.linger_seconds
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
