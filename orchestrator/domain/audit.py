"""The audit chain: every event holds the hash of the one before it, so that nothing can be altered silently (N9)."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec
from msgspec import Struct

from orchestrator.errors import ChainBroken

GENESIS: str = "0" * 64


class AuditEvent(Struct, frozen=True, kw_only=True):
    """One event. ``tag`` has the grammar source:subject:action (system:interview:started).

    ``details`` holds facts, codes and hashes, never free text of a candidate, so that erasure leaves the chain whole.
    PII class: pseudonymous (ids only).
    """

    at: datetime
    actor: str
    tag: str
    subject: str
    details: Mapping[str, object] = {}


class ChainedEvent(Struct, frozen=True, kw_only=True):
    """An event in its place. ``sequence`` counts from 1 without a gap."""

    sequence: int
    event: AuditEvent
    previous_hash: str
    hash: str


def chain(event: AuditEvent, *, sequence: int, previous_hash: str) -> ChainedEvent:
    """Put an event in its place."""
    return ChainedEvent(
        sequence=sequence,
        event=event,
        previous_hash=previous_hash,
        hash=event_hash(event, sequence=sequence, previous_hash=previous_hash),
    )


def event_hash(event: AuditEvent, *, sequence: int, previous_hash: str) -> str:
    """SHA-256 (hex) over place, predecessor and content."""
    body = msgspec.json.encode([sequence, previous_hash, event], order="sorted")
    return hashlib.sha256(body).hexdigest()


class Walk:
    """A walk along the chain, one event after the other, holding no more than the last link."""

    def __init__(self) -> None:
        self.count: int = 0
        self.last_hash: str = GENESIS

    def add(self, chained: ChainedEvent) -> None:
        """Take the next event.

        Raises:
            ChainBroken: it does not follow the one before it, or was changed.
        """
        expected = self.count + 1
        if chained.sequence != expected:
            raise ChainBroken(f"event {expected} is missing (found {chained.sequence})", sequence=expected)
        if chained.previous_hash != self.last_hash:
            raise ChainBroken(f"event {expected} does not follow the event before it", sequence=expected)
        if event_hash(chained.event, sequence=expected, previous_hash=self.last_hash) != chained.hash:
            raise ChainBroken(f"event {expected} was changed after it was written", sequence=expected)
        self.count, self.last_hash = expected, chained.hash


def verify(events: Iterable[ChainedEvent]) -> tuple[int, str]:
    """Walk the chain from the first event; returns how many events there are and the last hash.

    Raises:
        ChainBroken: an event was changed, removed, added or moved.
    """
    walk = Walk()
    for chained in events:
        walk.add(chained)
    return walk.count, walk.last_hash
