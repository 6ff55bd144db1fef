"""Deliveries of Ashby: check the signature, say what they mean. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from adapters.ashby.mapping import CHANGE_ACTIONS, PING_ACTION, STAGE_ACTIONS
from adapters.contract.errors import PayloadInvalid, SignatureInvalid
from adapters.contract.events import ApplicationChanged, Event, Ping, StageChanged, Unknown
from adapters.kit.payload import decode
from adapters.kit.signatures import verify_hmac_sha256

SIGNATURE = "ashby-signature"
SCHEME = "sha256="
# Short enough that an id put together of two or three of them is still an id.
Part = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"\A[^\x00-\x1f\x7f-\x9f]+\Z")]


class _Envelope(Struct, frozen=True, rename="camel"):
    action: Part
    webhook_action_id: Part | None = None


class _Application(Struct, frozen=True, rename="camel"):
    id: Part
    updated_at: Part | None = None


class _Content(Struct, frozen=True):
    application: _Application


class _ApplicationEvent(Struct, frozen=True):
    data: _Content


def verify(
    headers: Mapping[str, str],
    body: bytes,
    *,
    secrets: Sequence[str],
    now: datetime,  # noqa: ARG001 - the port's signature; Ashby signs no time
) -> None:
    """Check ``Ashby-Signature: sha256=<hex>`` over the raw body.

    Raises:
        SignatureInvalid: unsigned or wrongly signed.
    """
    signature = headers.get(SIGNATURE, "")
    if not signature.startswith(SCHEME):
        raise SignatureInvalid("the delivery is not signed")
    verify_hmac_sha256(body, signature_hex=signature.removeprefix(SCHEME), secrets=secrets)


def parse(headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:  # noqa: ARG001 - the port's signature
    """Say what a verified delivery means.

    All webhooks of one move carry the same ``webhookActionId``, so only together with the action it names a delivery.

    Raises:
        PayloadInvalid: not the documented shape.
    """
    envelope = decode(body, _Envelope, what="the delivery")
    if envelope.action == PING_ACTION:
        return (Ping(),)
    named = f"{envelope.webhook_action_id}:{envelope.action}" if envelope.webhook_action_id else None
    if envelope.action not in STAGE_ACTIONS | CHANGE_ACTIONS:
        return (Unknown(kind=envelope.action, delivery_id=named),)
    application = decode(body, _ApplicationEvent, what="the delivery").data.application
    delivery_id = named or _semantic(envelope.action, application)
    if envelope.action in STAGE_ACTIONS:
        return (StageChanged(application_id=application.id, delivery_id=delivery_id),)
    return (ApplicationChanged(application_id=application.id, delivery_id=delivery_id),)


def _semantic(action: str, application: _Application) -> str:
    if application.updated_at is None:
        raise PayloadInvalid("the delivery has neither an id nor a time of change")
    return f"{action}:{application.id}:{application.updated_at}"
