"""Deliveries of Greenhouse's recruiting webhooks: check the signature, say what they mean. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from adapters.contract.errors import SignatureInvalid
from adapters.contract.events import ApplicationChanged, Event, Ping, StageChanged, Unknown
from adapters.greenhouse.mapping import APPLICATION_ACTIONS, MOVE_ACTIONS, PING_ACTIONS
from adapters.greenhouse.rows import Number
from adapters.kit.payload import Word, decode
from adapters.kit.signatures import as_hex, verify_hmac

SIGNATURE = "signature"
EVENT_ID = "greenhouse-event-id"
SCHEME = "sha256 "
_PLAIN = re.compile(r"[!-~]{1,255}")


class _Envelope(Struct, frozen=True):
    action: Word


class _Application(Struct, frozen=True):
    id: Number


class _Payload(Struct, frozen=True):
    application: _Application


class _ApplicationEvent(Struct, frozen=True):
    payload: _Payload


def verify(headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> None:  # noqa: ARG001 - the port's signature; Greenhouse signs no time
    """Check ``Signature: sha256 <hex>`` over the raw body.

    Greenhouse signs no time, so a delivery that somebody kept can be sent again for ever. It is a hint, and a hint
    that comes twice is one more reading.

    Raises:
        SignatureInvalid: unsigned or wrongly signed.
    """
    signature = headers.get(SIGNATURE, "")
    if not signature.startswith(SCHEME):
        raise SignatureInvalid("the delivery is not signed")
    keys = [secret.encode() for secret in secrets]
    verify_hmac(body, signatures=[signature.removeprefix(SCHEME)], keys=keys, encode=as_hex)


def parse(headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:
    """Say what a verified delivery means. Of the payload only the application's id is used.

    Raises:
        PayloadInvalid: not the documented shape.
    """
    action = decode(body, _Envelope, what="the delivery").action
    if action in PING_ACTIONS:
        return (Ping(),)
    delivery_id = _delivery_id(headers)
    if action not in MOVE_ACTIONS | APPLICATION_ACTIONS:
        return (Unknown(kind=action, delivery_id=delivery_id),)
    application = str(decode(body, _ApplicationEvent, what="the delivery").payload.application.id)
    if action in MOVE_ACTIONS:
        return (StageChanged(application_id=application, delivery_id=delivery_id),)
    return (ApplicationChanged(application_id=application, delivery_id=delivery_id),)


def _delivery_id(headers: Mapping[str, str]) -> str | None:
    # The header is not signed: one that is no plain word is treated as absent, and the bytes tell deliveries apart.
    found = headers.get(EVENT_ID, "")
    return found if _PLAIN.fullmatch(found) else None
