"""Deliveries of Merge: the signature, and what a delivery means. Pure.

A webhook belongs to the whole organisation at Merge, so deliveries about other linked accounts may come as well: their
ids are not found with this connection's account token. ``hook.id`` names the webhook and not the delivery; two
deliveries of the same bytes are one (the vendor says so), and the model's ``modified_at`` makes two changes differ.
That a sync ended names no application: whoever gets it goes and polls.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from adapters.contract.delivery import SomethingChanged
from adapters.contract.events import ApplicationChanged, Event, Unknown
from adapters.kit.payload import Moment, Word, decode
from adapters.kit.signatures import as_base64url, unpadded_base64url, verify_hmac
from adapters.merge.mapping import APPLICATION_EVENT

SIGNATURE = "x-merge-webhook-signature"

# The end of a sync, of the whole linked account or of one model.
NEWS = re.compile(r"(linkedaccount|application)\.synced", re.IGNORECASE | re.ASCII)


class _Hook(Struct, frozen=True, kw_only=True):
    event: Word


class _Envelope(Struct, frozen=True, kw_only=True):
    hook: _Hook


class _Model(Struct, frozen=True, kw_only=True):
    id: Word
    modified_at: Moment


class _Delivery(Struct, frozen=True, kw_only=True):
    data: _Model


def verify(headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> None:  # noqa: ARG001 - Merge signs no time
    """Check ``X-Merge-Webhook-Signature``: base64url over the raw body, with padding or without.

    Raises:
        SignatureInvalid: unsigned or wrongly signed.
    """
    keys = [secret.encode() for secret in secrets]
    verify_hmac(body, signatures=[unpadded_base64url(headers.get(SIGNATURE, ""))], keys=keys, encode=as_base64url)


def parse(headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:  # noqa: ARG001 - the port's signature
    """Say what a verified delivery means: an application changed, and never that it moved. A sync that ended names none.

    A tag, or Merge's first look at an application, is told in the same words as a move.

    Raises:
        PayloadInvalid: not the documented shape.
    """
    event = decode(body, _Envelope, what="the delivery").hook.event
    if not APPLICATION_EVENT.fullmatch(event):
        return (SomethingChanged(kind=event) if NEWS.fullmatch(event) else Unknown(kind=event),)
    model = decode(body, _Delivery, what="the delivery").data
    return (ApplicationChanged(application_id=model.id),)
