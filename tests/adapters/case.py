"""What a vendor tells the conformance suite, and the transports that the suite uses."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import httpx
from typing_extensions import override

from adapters.contract.adapter import Adapter, ForwardMover
from adapters.contract.errors import AdapterError
from adapters.contract.manifest import Capability
from adapters.contract.model import FieldValue, Stage, StageKind, Visibility
from adapters.kit.quality import Exempt
from adapters.kit.signatures import REPLAY_WINDOW
from adapters.registry import VENDORS, create, quality


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


def in_headers(body: bytes, _secret: str, _at: datetime) -> bytes:
    return body


def unprepared(_: httpx.Request) -> httpx.Response | None:
    return None


def by_method(request: httpx.Request) -> bool:
    return request.method not in {"GET", "HEAD"}


Verb = Callable[[Adapter], Awaitable[object]]


@dataclass(frozen=True)
class Case:
    """What a vendor tells the suite. What has a default is for vendors that differ there.

    ``seal`` puts the signature into the body, for vendors that sign there. ``stage_changes`` is how many events the
    ``stage_changed`` body means and ``delivery_ids`` whether they have an id; ``tells_moves`` whether the vendor's
    deliveries say that a change is a move; ``tells_applied`` whether an application says when it was made; ``signs_event_time`` where the signed time is
    that of the event, the same for every attempt. ``instead`` are other values for the writable fields, where none can be
    emptied. ``prepared`` answers token requests and
    the like before a canned answer, ``changes`` says which requests change something, ``drift`` has other answers in a
    wrong shape for a verb, ``permanent`` other meanings of a status.
    """

    key: str
    sign: Callable[[bytes, str, datetime], dict[str, str]]
    stage_changed: bytes
    unknown: bytes
    running: Callable[[], AbstractAsyncContextManager[World]]
    credentials: Mapping[str, str]
    ping: bytes | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    base_url: str = "https://ats.example.com"
    permission_body: bytes = b"{}"
    permission_scope: str | None = None
    broken_bodies: tuple[bytes, ...] = (b"", b"not json", b"[]", b"{}", b"\xff\xfe", b'{"id": 1}')
    seal: Callable[[bytes, str, datetime], bytes] = in_headers
    delivery_ids: bool = True
    tells_moves: bool = True
    tells_applied: bool = False
    signs_event_time: bool = False
    instead: Mapping[str, FieldValue] = field(default_factory=dict)
    prepared: Callable[[httpx.Request], httpx.Response | None] = unprepared
    changes: Callable[[httpx.Request], bool] = by_method
    drift: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)
    permanent: Mapping[int, type[AdapterError]] = field(default_factory=dict)
    sample_id: str = "1"
    sample_values: Mapping[str, FieldValue] = field(default_factory=lambda: {"a": "b"})
    terminal_kinds: frozenset[StageKind] = frozenset({StageKind.HIRED, StageKind.REJECTED})
    window: timedelta = REPLAY_WINDOW
    no_such_ids: tuple[str, ...] = ("nobody", "..", "a b", "é")

    @property
    def capabilities(self) -> frozenset[Capability]:
        return VENDORS[self.key].manifest.capabilities

    def exempt(self, rule: str) -> bool:
        """Whether the quality file says, with a reason, that a rule does not apply."""
        return isinstance(quality(self.key)[rule], Exempt)

    def reads(self) -> dict[str, Verb]:
        """Every verb that reads, of those that the vendor claims."""
        verbs: dict[str, Verb] = {"read_application": lambda adapter: adapter.read_application(self.sample_id)}
        if Capability.POLLING in self.capabilities:
            verbs["list_changed"] = lambda adapter: adapter.list_changed(None)
        if Capability.STAGES in self.capabilities:
            verbs["list_stages"] = lambda adapter: adapter.list_stages()
        if Capability.CUSTOM_FIELDS in self.capabilities:
            verbs["list_fields"] = lambda adapter: adapter.list_fields()
            verbs["read_fields"] = lambda adapter: adapter.read_fields(self.sample_id)
        if Capability.NOTES in self.capabilities:
            verbs["list_notes"] = lambda adapter: adapter.list_notes(self.sample_id)
        return verbs

    def writes(self) -> dict[str, Verb]:
        """Every verb that writes, of those that the vendor claims."""
        verbs: dict[str, Verb] = {}
        if Capability.CUSTOM_FIELDS in self.capabilities:
            verbs["write_fields"] = lambda adapter: adapter.write_fields(
                self.sample_id, self.sample_values, expected={}
            )
        if Capability.NOTES in self.capabilities:
            verbs["add_note"] = lambda adapter: adapter.add_note(self.sample_id, "a note", visibility=self.visibility)
        return verbs

    @property
    def visibility(self) -> Visibility:
        """Private, where the vendor has private notes."""
        return Visibility.PRIVATE if Capability.PRIVATE_NOTES in self.capabilities else Visibility.TEAM


@dataclass
class Canned(httpx.AsyncBaseTransport):
    """Answers every request the same way and keeps what it was asked."""

    answer: Callable[[httpx.Request], httpx.Response]
    prepared: Callable[[httpx.Request], httpx.Response | None] = unprepared
    requests: list[httpx.Request] = field(default_factory=list)

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        ready = self.prepared(request)
        if ready is not None:
            return ready
        self.requests.append(request)
        return self.answer(request)

    def changed(self, case: Case) -> bool:
        """Whether anything was asked that changes something."""
        return any(case.changes(request) for request in self.requests)


def status(code: int, *, headers: Mapping[str, str] | None = None, body: bytes = b"{}") -> Canned:
    return Canned(lambda _: httpx.Response(code, headers=dict(headers or {}), content=body))


def failing(error: Exception) -> Canned:
    def answer(_: httpx.Request) -> httpx.Response:
        raise error

    return Canned(answer)


@asynccontextmanager
async def connected(case: Case, world: World, credentials: Mapping[str, str] | None = None) -> AsyncIterator[Adapter]:
    """A live adapter, closed at the end."""
    adapter = create(
        case.key, base_url=world.base_url, credentials=credentials or world.credentials, options=case.options
    )
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
