"""Deliveries of Workable: check the signature, say what they mean. Pure.

A delivery shows the candidate as it was when it was sent, not at the event, and Workable guarantees no id of the event:
only the candidate's id is used, and the candidate is read again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from adapters.contract.errors import SignatureInvalid
from adapters.contract.events import ApplicationChanged, Event, StageChanged, Unknown
from adapters.kit.payload import Word, decode
from adapters.kit.signatures import as_base64, as_hex, verify_hmac
from adapters.workable.client import Subject
from adapters.workable.mapping import EVENTS

SIGNATURE = "x-workable-signature"


class _Envelope(Struct, frozen=True, kw_only=True):
    event_type: Word


class _CandidateEvent(Struct, frozen=True, kw_only=True):
    data: Subject


def verify(headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> None:  # noqa: ARG001 - Workable signs no time
    """Check ``X-Workable-Signature`` over the raw body: lower-case hex, or base64 (the vendor does not say which).

    The key is the account's API token, or the secret of an OAuth application.

    Raises:
        SignatureInvalid: unsigned or wrongly signed.
    """
    signature = headers.get(SIGNATURE, "")
    keys = [secret.encode() for secret in secrets]
    try:
        verify_hmac(body, signatures=[signature], keys=keys, encode=as_hex)
    except SignatureInvalid:
        verify_hmac(body, signatures=[signature], keys=keys, encode=as_base64)


def parse(headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:  # noqa: ARG001 - the port's signature
    """Say what a verified delivery means.

    Raises:
        PayloadInvalid: not the documented shape.
    """
    kind = decode(body, _Envelope, what="the delivery").event_type
    if kind not in EVENTS:
        return (Unknown(kind=kind),)
    candidate = decode(body, _CandidateEvent, what="the delivery").data
    if EVENTS[kind]:
        return (StageChanged(application_id=candidate.id),)
    return (ApplicationChanged(application_id=candidate.id),)
