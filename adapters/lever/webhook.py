"""Deliveries of Lever: the signature stands in the body and covers a token and a time, not the event. Pure.

So whoever has one delivery can send it again with another event in it for as long as it is fresh. That is why a delivery
is nothing but a hint to read the opportunity again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct

from adapters.contract.errors import PayloadInvalid, SignatureInvalid
from adapters.contract.events import ApplicationChanged, Event, StageChanged, Unknown
from adapters.kit.payload import decode
from adapters.kit.signatures import check_fresh, signed_at_unix, verify_hmac_sha256
from adapters.lever.mapping import CHANGE_EVENTS, STAGE_EVENTS

WINDOW = timedelta(hours=24)
"""Lever signs when the event came about, so a delivery that is tried again keeps its time; how long it tries is not
confirmed by the vendor. A copy within the window has the id of the original and changes nothing."""

# Short enough that an id put together of three of them is still an id.
Part = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"\A[^\x00-\x1f\x7f-\x9f]+\Z")]


class _Signed(Struct, frozen=True, rename="camel"):
    token: Part
    triggered_at: int
    signature: str


class _Envelope(Struct, frozen=True, rename="camel"):
    event: Part
    token: Part
    triggered_at: Annotated[int, Meta(ge=0, le=10**15)]


class _Ids(Struct, frozen=True, rename="camel"):
    # The second is the old name of the first; that it still comes is not confirmed by the vendor.
    opportunity_id: Part | None = None
    candidate_id: Part | None = None


class _OpportunityEvent(Struct, frozen=True):
    data: _Ids


def verify(
    headers: Mapping[str, str],  # noqa: ARG001 - the port's signature; Lever signs in the body
    body: bytes,
    *,
    secrets: Sequence[str],
    now: datetime,
) -> None:
    """Check ``signature``, the hex HMAC of ``token`` followed by ``triggeredAt`` (not confirmed by the vendor).

    Every webhook of an account has its own signature token, so ``secrets`` are the tokens of all of them.

    Raises:
        SignatureInvalid: unsigned, wrongly signed, or triggered more than a day before ``now`` or five minutes after it.
    """
    try:
        signed = decode(body, _Signed, what="the delivery")
    except PayloadInvalid:
        raise SignatureInvalid("the delivery is not signed") from None
    printed = str(signed.triggered_at)
    verify_hmac_sha256(f"{signed.token}{printed}".encode(), signature_hex=signed.signature, secrets=secrets)
    check_fresh(signed_at_unix(printed, milliseconds=True), now=now, window=WINDOW)


def parse(headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:  # noqa: ARG001 - the port's signature
    """Say what a verified delivery means. Its id is made of what is signed, and of the opportunity.

    Raises:
        PayloadInvalid: not the known shape.
    """
    envelope = decode(body, _Envelope, what="the delivery")
    signed = f"{envelope.token}:{envelope.triggered_at}"
    if envelope.event not in STAGE_EVENTS | CHANGE_EVENTS:
        return (Unknown(kind=envelope.event, delivery_id=signed),)
    ids = decode(body, _OpportunityEvent, what="the delivery").data
    opportunity_id = ids.opportunity_id or ids.candidate_id
    if opportunity_id is None:
        raise PayloadInvalid("the delivery: $.data.opportunityId is missing")
    delivery_id = f"{signed}:{opportunity_id}"
    if envelope.event in STAGE_EVENTS:
        return (StageChanged(application_id=opportunity_id, delivery_id=delivery_id),)
    return (ApplicationChanged(application_id=opportunity_id, delivery_id=delivery_id),)
