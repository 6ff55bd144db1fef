"""What simulated vendors share: a gate with limits and faults in front of an app, and a sender of webhooks."""

import asyncio
import random
from abc import ABC, abstractmethod
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, cast

import httpx
from litestar import Request, Response

from adapters.contract.model import FieldValue

COMPLETIONS = (
    *("Invited", "In progress", "Completed", "In review", "Expired", "Withdrawn"),
    *("Alternative requested", "Not scored by AI"),
)
"""What the customer's admin made the options of the field for completion, as the documentation says."""


class Problem(Exception):
    """A request that the vendor refuses."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(status)
        self.status, self.body = status, body


def answer_problem(_: Request[Any, Any, Any], problem: Problem) -> Response[object]:
    return Response(problem.body, status_code=problem.status)


@dataclass
class Faults:
    """Switches. ``lose`` writes are carried out and their answers lost; ``answer`` are statuses given instead of acting (0: act).

    ``slow`` is how long (seconds) every answer takes.
    """

    lose: int = 0
    slow: float = 0.0
    answer: deque[int] = field(default_factory=deque)


@dataclass
class Limit:
    """``most`` requests of one credential in ``window`` seconds, ``at_once`` beside each other, ``alone`` on one path."""

    most: int
    window: float
    at_once: int = 1000
    alone: str = ""


class NotesOnly(ABC):
    """What worlds share whose vendor has no custom fields that can be written, and no right to move."""

    email = "ada.quill@example.org"

    @property
    @abstractmethod
    def credentials(self) -> Mapping[str, str]: ...
    @property
    @abstractmethod
    def faults(self) -> Faults: ...

    @property
    def moving_credentials(self) -> Mapping[str, str]:
        return self.credentials

    @property
    def writable(self) -> Mapping[str, FieldValue]:
        return {}

    async def lose_next_answer(self) -> None:
        self.faults.lose = 1


class Gate:
    """An ASGI app before the vendor's: counts, refuses with 429, says the limits in headers, plays the faults."""

    def __init__(
        self, app: Any, *, faults: Faults, limit: Limit, headers: Callable[[int, int, float], Mapping[str, str]]
    ) -> None:
        self._app, self.faults, self.limit, self._headers = app, faults, limit, headers
        self._times: dict[bytes, deque[float]] = defaultdict(deque)
        self._running: dict[bytes, int] = defaultdict(int)
        self._alone = 0
        self.most_at_once = 0
        self.asked: list[tuple[str, str]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Be an ASGI app."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self.asked.append((scope["method"], scope["path"]))
        given = dict(scope["headers"])
        who = given.get(b"authorization", b"") + given.get(b"x-smarttoken", b"")
        alone = scope["method"] == "GET" and scope["path"] == self.limit.alone
        left, reset = self._count(who)
        self._running[who] += 1
        self._alone += alone
        self.most_at_once = max(self.most_at_once, self._running[who])
        told = self._headers(left, self.limit.at_once - self._running[who], reset)
        crowded = self._running[who] > self.limit.at_once or (alone and self._alone > 1)
        try:
            await asyncio.sleep(self.faults.slow)
            await self._answer(scope, receive, _Told(send, told), refused=left < 0 or crowded)
        finally:
            self._running[who] -= 1
            self._alone -= alone

    def _count(self, who: bytes) -> tuple[int, float]:
        now, times = monotonic(), self._times[who]
        while times and now - times[0] >= self.limit.window:
            times.popleft()
        if len(times) < self.limit.most:
            times.append(now)
            return self.limit.most - len(times), self.limit.window - (now - times[0])
        return -1, self.limit.window - (now - times[0])

    async def _answer(self, scope: Any, receive: Any, send: Any, *, refused: bool) -> None:
        if refused:
            await _say(send, 429)
        elif status := self.faults.answer.popleft() if self.faults.answer else 0:
            await _say(send, status)
        elif self.faults.lose and scope["method"] not in {"GET", "HEAD"}:
            self.faults.lose -= 1
            await self._app(scope, receive, _discard)
            cast("Any", receive).__self__.transport.abort()
        else:
            await self._app(scope, receive, send)


@dataclass
class _Told:
    """Adds headers to an answer."""

    send: Any
    headers: Mapping[str, str]

    async def __call__(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            more = [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]
            message = {**message, "headers": [*message.get("headers", ()), *more]}
        await self.send(message)


async def _say(send: Any, status: int) -> None:
    head = [(b"content-type", b"application/json"), (b"content-length", b"2")]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": b"{}"})


async def _discard(_: Any) -> None:
    return


@dataclass
class Letter:
    """One webhook on its way."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Post:
    """Sends webhooks when told to: each ``copies`` times, in any order with ``shuffled``, ``lost`` of them never."""

    copies: int = 1
    shuffled: bool = False
    lost: int = 0
    waiting: list[Letter] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def put(self, letter: Letter) -> None:
        if self.lost:
            self.lost -= 1
            return
        self.waiting += [letter] * self.copies

    async def deliver(self) -> list[int]:
        """Send what waits; the statuses that were answered."""
        letters, self.waiting = self.waiting, []
        if self.shuffled:
            self.chance.shuffle(letters)
        async with httpx.AsyncClient(timeout=5.0, trust_env=False) as client:
            return [
                (await client.post(one.url, content=one.body, headers=dict(one.headers))).status_code for one in letters
            ]
