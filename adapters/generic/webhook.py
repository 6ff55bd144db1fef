"""Deliveries in the form that this adapter documents: the signature, and what a delivery means. Pure.

A delivery is signed whole, and still only says where to look: what counts is what ``read_url`` tells afterwards.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct, ValidationError, convert

from adapters.contract.errors import PayloadInvalid
from adapters.contract.events import ApplicationChanged, Event, Ping, StageChanged, Unknown
from adapters.generic import standard
from adapters.generic.mapping import CHANGED, MOVED, PING
from adapters.kit.payload import Moment, Word, decode


class _Envelope(Struct, frozen=True, kw_only=True):
    type: Word
    timestamp: Moment | None = None


class _Subject(Struct, frozen=True, kw_only=True):
    application_id: Word


class _About(Struct, frozen=True, kw_only=True):
    data: _Subject


def verify(headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> None:
    """Check a delivery by Standard Webhooks; see :func:`adapters.generic.standard.verify`."""
    standard.verify(headers, body, secrets=secrets, now=now)


def parse(headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:
    """Say what a verified delivery means. Its id is part of what was signed.

    Raises:
        PayloadInvalid: not the documented shape.
    """
    envelope = decode(body, _Envelope, what="the delivery")
    delivery_id = _delivery_id(headers)
    match envelope.type:
        case kind if kind == PING:
            return (Ping(),)
        case kind if kind in {MOVED, CHANGED}:
            event = StageChanged if kind == MOVED else ApplicationChanged
            about = decode(body, _About, what="the delivery").data.application_id
            return (event(application_id=about, delivery_id=delivery_id, occurred_at=envelope.timestamp),)
        case kind:
            return (Unknown(kind=kind, delivery_id=delivery_id),)


def _delivery_id(headers: Mapping[str, str]) -> str | None:
    told = standard.id_of(headers)
    if told is None:
        return None
    try:
        return convert(told.encode("ascii").decode(), Word)
    except (ValidationError, UnicodeEncodeError):
        raise PayloadInvalid("the id of the delivery is none that can be kept") from None
