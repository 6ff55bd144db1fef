"""Deliveries of Recruitee: the set-up test, the signature, and what a delivery means. Pure.

A delivery says from which stage to which somebody moved. That is a hint: the ids of candidate and job say whom to read, and
the stage what the delivery may be evidence of.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from adapters.contract.delivery import Answer
from adapters.contract.errors import PayloadInvalid
from adapters.contract.events import ApplicationChanged, Event, Ping, StageChanged, Unknown
from adapters.kit.payload import Word, decode
from adapters.kit.signatures import as_hex, verify_hmac
from adapters.recruitee.mapping import MOVED, STAGE_CHANGED, application_id

SIGNATURE = "x-recruitee-signature"
Number = Annotated[int, Meta(ge=1, le=2**63 - 1)]


class _Test(Struct, frozen=True, kw_only=True):
    test: bool = False


class _Envelope(Struct, frozen=True, kw_only=True):
    event_type: Word
    event_subtype: str | None = None


class _Subject(Struct, frozen=True, kw_only=True):
    id: Number


class _Move(Struct, frozen=True, kw_only=True):
    candidate: _Subject
    offer: _Subject
    details: msgspec.Raw = msgspec.Raw(b"{}")


class _Details(Struct, frozen=True, kw_only=True):
    to_stage: _Subject | None = None


class _Moved(Struct, frozen=True, kw_only=True):
    payload: _Move


def greet(body: bytes) -> Answer | None:
    """Answer the test that Recruitee sends when a webhook is made, before anybody can know its secret.

    It may carry an example of a move: nothing in it is looked at.
    """
    try:
        told = decode(body, _Test, what="the delivery")
    except PayloadInvalid:
        return None
    return Answer(status=200) if told.test else None


def verify(headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> None:  # noqa: ARG001 - Recruitee signs no time
    """Check ``X-Recruitee-Signature``: lower-case hex over the raw body.

    Raises:
        SignatureInvalid: unsigned or wrongly signed.
    """
    keys = [secret.encode() for secret in secrets]
    verify_hmac(body, signatures=[headers.get(SIGNATURE, "")], keys=keys, encode=as_hex)


def parse(headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:  # noqa: ARG001 - the port's signature
    """Say what a verified delivery means. A signed test is a ping, whatever else it carries.

    Raises:
        PayloadInvalid: not the documented shape.
    """
    if greet(body) is not None:
        return (Ping(),)
    envelope = decode(body, _Envelope, what="the delivery")
    if envelope.event_type != MOVED:
        return (Unknown(kind=envelope.event_type),)
    move = decode(body, _Moved, what="the delivery").payload
    about = application_id(move.candidate.id, move.offer.id)
    if envelope.event_subtype == STAGE_CHANGED:
        return (StageChanged(application_id=about, to_stage=_to_stage(move)),)
    return (ApplicationChanged(application_id=about),)


def _to_stage(move: _Move) -> str | None:
    # Seen in other people's code alone: a delivery that says it otherwise still names whom to read.
    try:
        to_stage = decode(bytes(move.details), _Details, what="the delivery").to_stage
    except PayloadInvalid:
        return None
    return None if to_stage is None else str(to_stage.id)
