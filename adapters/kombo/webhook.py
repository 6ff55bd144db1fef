"""Deliveries of Kombo: the signature, and what a delivery means. Pure.

``data-changed`` says only that something changed: it names no application, and whoever gets it goes and polls.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from adapters.contract.delivery import SomethingChanged
from adapters.contract.events import Event, Unknown
from adapters.kit.payload import Word, decode
from adapters.kit.signatures import as_base64url, unpadded_base64url, verify_hmac
from adapters.kombo.mapping import ORDERED

SIGNATURE = "x-kombo-signature"
NEWS = "data-changed"


class _Envelope(Struct, frozen=True, kw_only=True):
    id: Word
    type: Word


def verify(headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> None:  # noqa: ARG001 - Kombo signs no time
    """Check ``X-Kombo-Signature``: base64url over the raw body, without padding.

    Raises:
        SignatureInvalid: unsigned or wrongly signed.
    """
    keys = [secret.encode() for secret in secrets]
    signature = unpadded_base64url(headers.get(SIGNATURE, ""))
    verify_hmac(body, signatures=[signature], keys=keys, encode=as_base64url)


def parse(headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:  # noqa: ARG001 - the port's signature
    """Say what a verified delivery means: nothing here names an application as this connection knows it.

    Raises:
        PayloadInvalid: not the documented shape.
    """
    envelope = _envelope(body)
    kind = SomethingChanged if envelope.type == NEWS else Unknown
    return (kind(kind=envelope.type, delivery_id=envelope.id),)


def is_order(body: bytes) -> bool:
    """Whether a verified delivery brings an order; raises PayloadInvalid."""
    return _envelope(body).type in ORDERED


def _envelope(body: bytes) -> _Envelope:
    return decode(body, _Envelope, what="the delivery")
