"""Deliveries of the sandbox ATS: check the signature, say what they mean. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from adapters.contract.errors import SignatureInvalid
from adapters.contract.events import ApplicationChanged, Event, Ping, StageChanged, Unknown
from adapters.kit.payload import Moment, Word, decode
from adapters.kit.signatures import check_fresh, verify_hmac_sha256

TIMESTAMP = "x-sandbox-timestamp"
SIGNATURE = "x-sandbox-signature"
SCHEME = "v1="
LONGEST_TIMESTAMP = 12


class _Envelope(Struct, frozen=True, kw_only=True):
    id: Word
    type: Word


class _ApplicationEvent(Struct, frozen=True, kw_only=True):
    application_id: Word
    occurred_at: Moment


class _JobEvent(Struct, frozen=True, kw_only=True):
    application_ids: tuple[Word, ...]
    occurred_at: Moment


def verify(headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> None:
    """Check ``X-Sandbox-Signature: v1=<hex>`` over ``{timestamp}.{raw body}``.

    Raises:
        SignatureInvalid: unsigned, wrongly signed, or signed more than five minutes from ``now``.
    """
    timestamp, signature = headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, "")
    if not signature.startswith(SCHEME):
        raise SignatureInvalid("the delivery is not signed")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= LONGEST_TIMESTAMP):
        raise SignatureInvalid("the delivery has no time")
    verify_hmac_sha256(timestamp.encode() + b"." + body, signature_hex=signature.removeprefix(SCHEME), secrets=secrets)
    try:
        signed_at = datetime.fromtimestamp(int(timestamp), UTC)
    except (OverflowError, ValueError):
        raise SignatureInvalid("the delivery has no possible time") from None
    check_fresh(signed_at, now=now)


def parse(headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:  # noqa: ARG001 - the port's signature
    """Say what a verified delivery means. The event id comes from the signed body, not from the unsigned header.

    Raises:
        PayloadInvalid: not the documented shape.
    """
    envelope = decode(body, _Envelope, what="the delivery")
    match envelope.type:
        case "application.stage_changed":
            event = decode(body, _ApplicationEvent, what="the delivery")
            return (
                StageChanged(
                    application_id=event.application_id, delivery_id=envelope.id, occurred_at=event.occurred_at
                ),
            )
        case "application.updated":
            event = decode(body, _ApplicationEvent, what="the delivery")
            return (_changed(event.application_id, envelope.id, event.occurred_at),)
        case "job.closed":
            closed = decode(body, _JobEvent, what="the delivery")
            return tuple(_changed(each, envelope.id, closed.occurred_at) for each in closed.application_ids)
        case "ping":
            return (Ping(),)
        case kind:
            return (Unknown(kind=kind, delivery_id=envelope.id),)


def _changed(application_id: str, delivery_id: str, occurred_at: datetime) -> ApplicationChanged:
    return ApplicationChanged(application_id=application_id, delivery_id=delivery_id, occurred_at=occurred_at)
