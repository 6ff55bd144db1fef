"""What a vendor tells the conformance suite, and the transports that the suite uses."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import httpx
from typing_extensions import override

from adapters.contract.adapter import Adapter, ForwardMover
from adapters.contract.model import FieldValue, Stage, StageKind
from adapters.registry import create


class World(Protocol):
    """A running ATS with one application in it, looked at from outside the adapter."""

    @property
    def base_url(self) -> str: ...
    @property
    def credentials(self) -> Mapping[str, str]:
        """Least privilege, without the right to move."""
        ...

    @property
    def moving_credentials(self) -> Mapping[str, str]: ...
    @property
    def application_id(self) -> str: ...
    @property
    def email(self) -> str:
        """The candidate's address, which no log may show."""
        ...

    @property
    def writable(self) -> Mapping[str, FieldValue]:
        """Fields and values that may be written."""
        ...

    async def snapshot(self) -> object:
        """Everything the ATS knows of the application, to compare."""
        ...

    async def lose_next_answer(self) -> None:
        """Let the next write be committed and its answer be lost."""
        ...

    async def stages(self) -> tuple[Stage, ...]:
        """The stages of the application's job, with the vendor's own kinds."""
        ...

    async def job_closed(self) -> None:
        """Change something that a poll must see."""
        ...


@dataclass(frozen=True)
class Case:
    """What a vendor tells the suite."""

    key: str
    sign: Callable[[bytes, str, datetime], dict[str, str]]
    stage_changed: bytes
    ping: bytes
    unknown: bytes
    running: Callable[[], AbstractAsyncContextManager[World]]
    credentials: Mapping[str, str]
    base_url: str = "https://ats.example.com"
    permission_body: bytes = b"{}"
    permission_scope: str | None = None
    broken_bodies: tuple[bytes, ...] = (b"", b"not json", b"[]", b"{}", b"\xff\xfe", b'{"id": 1}')


@dataclass
class Canned(httpx.AsyncBaseTransport):
    """Answers every request the same way and keeps what it was asked."""

    answer: Callable[[httpx.Request], httpx.Response]
    requests: list[httpx.Request] = field(default_factory=list)

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answer(request)


def status(code: int, *, headers: Mapping[str, str] | None = None, body: bytes = b"{}") -> Canned:
    return Canned(lambda _: httpx.Response(code, headers=dict(headers or {}), content=body))


def failing(error: Exception) -> Canned:
    def answer(_: httpx.Request) -> httpx.Response:
        raise error

    return Canned(answer)


@asynccontextmanager
async def connected(case: Case, world: World, credentials: Mapping[str, str] | None = None) -> AsyncIterator[Adapter]:
    """A live adapter, closed at the end."""
    adapter = create(case.key, base_url=world.base_url, credentials=credentials or world.credentials)
    try:
        yield adapter
    finally:
        await adapter.aclose()


def forward_stage(stages: tuple[Stage, ...]) -> Stage:
    """The last stage that does not end an application, as a customer's stage map would name it."""
    last = [stage for stage in stages if stage.kind is None or not stage.kind.terminal][-1]
    return Stage(id=last.id, name=last.name, kind=StageKind.OFFER)


def mover(adapter: Adapter) -> ForwardMover:
    assert isinstance(adapter, ForwardMover)
    return adapter


async def sweep(adapter: Adapter, cursor: str | None) -> tuple[list[str], str]:
    """Every application id of one sweep, and where the next one begins."""
    found: list[str] = []
    for _ in range(1000):
        page = await adapter.list_changed(cursor)
        found += page.application_ids
        cursor = page.cursor
        if not page.more:
            return found, cursor
    raise AssertionError("paging does not end")
