"""Deliveries of SmartRecruiters: the handshake, the signature over six parts, what a delivery means. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from adapters.contract.delivery import Answer
from adapters.contract.errors import PayloadInvalid, SignatureInvalid
from adapters.contract.events import ApplicationChanged, Event, StageChanged, Unknown
from adapters.kit.payload import Word, decode
from adapters.kit.signatures import as_hex, check_fresh, signed_at_unix, verify_hmac
from adapters.smartrecruiters import answers, mapping

SIGNATURE = "smartrecruiters-signature"
TIMESTAMP = "smartrecruiters-timestamp"
HANDSHAKE = "x-hook-secret"
EVENT_ID, EVENT_NAME, LINK = "event-id", "event-name", "link"
AFTER_BODY = (EVENT_ID, EVENT_NAME, "event-version", LINK)
SCHEME = "v1="
WINDOW = timedelta(days=4)
"""Ten redeliveries take about three days, and whether each is signed with a new time is not confirmed by the vendor. A copy
within the window has the event-id of the original and changes nothing."""

# One segment per active key; there are at most sixteen keys.
MOST_SEGMENTS = 32
_SELF = re.compile(r"<[^<>?#]*/candidates/([A-Za-z0-9_-]{1,100})/jobs/([A-Za-z0-9_-]{1,100})>\s*;\s*rel=\"?self\"?\Z")
_PRINTABLE = re.compile(r"[\x21-\x7e]{1,255}")


def greet(headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str]) -> Answer | None:  # noqa: ARG001 - the port's signature
    """The same header and value back, where SmartRecruiters activates a subscription; None for a delivery."""
    secret = headers.get(HANDSHAKE, "")
    if SIGNATURE in headers or not _PRINTABLE.fullmatch(secret):
        return None
    return mapping.echo(secret)


def verify(headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> None:
    """Check ``v1=<hex>;v1=<hex>`` over time, body, event id, name, version and Link, joined by dots.

    Any segment may match: there is one for each key while keys are changed. A missing header counts as empty.

    Raises:
        SignatureInvalid: unsigned, wrongly signed, or signed more than four days before ``now`` or five minutes after it.
    """
    timestamp = headers.get(TIMESTAMP, "")
    parts = [segment.strip() for segment in headers.get(SIGNATURE, "").split(";")[:MOST_SEGMENTS]]
    signatures = [part.removeprefix(SCHEME) for part in parts if part.startswith(SCHEME)]
    if not signatures:
        raise SignatureInvalid("the delivery is not signed")
    signed = [_octets(timestamp), body, *(_octets(headers.get(name, "")) for name in AFTER_BODY)]
    verify_hmac(b".".join(signed), signatures=signatures, keys=[secret.encode() for secret in secrets], encode=as_hex)
    check_fresh(signed_at_unix(timestamp), now=now, window=WINDOW)


def parse(headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:
    """Say what a verified delivery means. Kind and id stand in signed headers, the ids in the body or the signed Link.

    Raises:
        PayloadInvalid: not the documented shape.
    """
    decode(body, dict[str, object], what="the delivery")
    kind = _word(headers, EVENT_NAME)
    delivery_id = _word(headers, EVENT_ID) if headers.get(EVENT_ID) else None
    if kind in mapping.STAGE_EVENTS:
        return (StageChanged(application_id=_application_id(headers, body), delivery_id=delivery_id),)
    if kind in mapping.CHANGE_EVENTS:
        return (ApplicationChanged(application_id=_application_id(headers, body), delivery_id=delivery_id),)
    return (Unknown(kind=kind, delivery_id=delivery_id),)


def _application_id(headers: Mapping[str, str], body: bytes) -> str:
    ids = decode(body, answers.DeliveryIds, what="the delivery")
    if ids.candidate_id and ids.job_id:
        return answers.pair(ids.candidate_id, ids.job_id)
    found = _SELF.search(headers.get(LINK, ""))
    if found is None:
        raise PayloadInvalid("the delivery names no application")
    return answers.pair(found[1], found[2])


def _word(headers: Mapping[str, str], name: str) -> str:
    try:
        word = msgspec.convert(headers.get(name, ""), Word)
    except msgspec.ValidationError:
        word = ""
    if not word or not word.isascii():
        raise PayloadInvalid(f"the delivery's {name} is not what the ATS documents")
    return word


def _octets(value: str) -> bytes:
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        raise SignatureInvalid("a header has a character that no header has") from None
