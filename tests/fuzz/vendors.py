"""Every vendor of the registry as something to fuzz: its adapter, its documented payloads, how it signs.

A vendor that comes later is found by itself: its :class:`Case` in ``tests.adapters.<key>.world`` gives the signature,
and every file of ``tests/adapters/<key>/payloads`` or ``tests/fuzz/payloads/<key>`` is one more body to bend (with the
headers of ``<file>.headers.json`` where there is one).
"""

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import msgspec

from adapters.contract.adapter import Adapter
from adapters.contract.errors import AdapterError, PayloadInvalid, SignatureInvalid
from adapters.contract.events import ApplicationChanged, Event, Ping, StageChanged, Unknown
from adapters.registry import VENDORS, create
from tests.adapters.case import Case, in_headers, status

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SECRET = "the-current-secret"
SECRETS = ("the-next-secret", SECRET)
TESTS = Path(__file__).parents[1]
HEADERS = ".headers.json"
LONGEST_ID = 255
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_EVENTS = (StageChanged, ApplicationChanged, Ping, Unknown)


@dataclass(frozen=True)
class Target:
    """One vendor to fuzz."""

    key: str
    adapter: Adapter
    sign: Callable[[bytes, str, datetime], Mapping[str, str]]
    payloads: tuple[bytes, ...]
    headers: tuple[Mapping[str, str], ...]
    seal: Callable[[bytes, str, datetime], bytes] = in_headers

    def signed(self, body: bytes) -> dict[str, str]:
        """The headers that the vendor sends with a body."""
        return dict(self.sign(body, SECRET, NOW))

    def sealed(self, body: bytes) -> bytes:
        """The body with its signature in it, where the vendor signs there."""
        return self.seal(body, SECRET, NOW)


class ContractBroken(AssertionError):
    """An adapter let something through that the contract excludes."""


def targets() -> tuple[Target, ...]:
    """Every vendor, by key."""
    return tuple(target_of(key) for key in sorted(VENDORS))


def target_of(key: str) -> Target:
    """One vendor.

    Raises:
        LookupError: the vendor has no case, so nobody said how it signs.
    """
    case = case_of(key)
    files = [file for folder in _folders(key) for file in sorted(folder.rglob("*")) if file.is_file()]
    bodies = [file.read_bytes() for file in files if not file.name.endswith(HEADERS)]
    headers = [
        msgspec.json.decode(file.read_bytes(), type=dict[str, str]) for file in files if file.name.endswith(HEADERS)
    ]
    return Target(
        key=key,
        adapter=create(
            key, base_url=case.base_url, credentials=case.credentials, options=case.options, transport=status(500)
        ),
        sign=case.sign,
        payloads=(case.stage_changed, *([case.ping] if case.ping is not None else []), case.unknown, *bodies),
        headers=tuple({name.lower(): value for name, value in one.items()} for one in headers)
        or (MappingProxyType({}),),
        seal=case.seal,
    )


def case_of(key: str) -> Case:
    """What the vendor tells the conformance suite.

    Raises:
        LookupError: there is no Case for it in ``tests.adapters.<key>.world``.
    """
    module = importlib.import_module(f"tests.adapters.{key.replace('-', '_')}.world")
    for value in vars(module).values():
        if isinstance(value, Case) and value.key == key:
            return value
    raise LookupError(f"{module.__name__} has no Case for {key}")


def _folders(key: str) -> tuple[Path, ...]:
    name = key.replace("-", "_")
    return TESTS / "adapters" / name / "payloads", TESTS / "fuzz" / "payloads" / name


def take(target: Target, headers: Mapping[str, str], body: bytes) -> bool:
    """Give one delivery to verify and to parse; whether both took it.

    Parse gets it in any case: what a vendor signs may be as wrong as what a stranger sends.

    Raises:
        ContractBroken: what came out is no list of events as the contract has them.
    """
    genuine = True
    try:
        target.adapter.verify(headers, body, secrets=SECRETS, now=NOW)
    except SignatureInvalid:
        genuine = False
    try:
        events = target.adapter.parse(headers, body)
    except PayloadInvalid:
        return False
    check_events(events)
    return genuine


def check_events(events: tuple[Event, ...]) -> None:
    """What the contract promises of events: ids that a database and an address can hold, moments with a zone."""
    if not isinstance(events, tuple):
        raise ContractBroken("parse gives a tuple")
    for event in events:
        if not isinstance(event, _EVENTS):
            raise ContractBroken(f"{type(event).__name__} is no event")
        if isinstance(event, Ping):
            continue
        if event.delivery_id is not None:
            _check_id(event.delivery_id)
        if isinstance(event, Unknown):
            _check_id(event.kind)
            continue
        _check_id(event.application_id)
        if event.occurred_at is not None and event.occurred_at.tzinfo is None:
            raise ContractBroken("a moment has a zone")


def _check_id(text: str) -> None:
    if not 1 <= len(text) <= LONGEST_ID or _CONTROL.search(text):
        raise ContractBroken(f"an id has 1 to {LONGEST_ID} characters and no control characters")


def permitted(error: Exception) -> bool:
    """Whether an adapter may raise it."""
    return isinstance(error, AdapterError)
