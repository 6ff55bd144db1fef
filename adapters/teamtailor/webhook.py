"""Company webhooks of Teamtailor: check the signature, say what they mean. Pure.

Body, header and freshness are described by another integration, not by the vendor.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime

from adapters.contract.errors import PayloadInvalid, SignatureInvalid
from adapters.contract.events import ApplicationChanged, Event, StageChanged, Unknown
from adapters.kit.payload import decode
from adapters.kit.signatures import as_hex, check_fresh, signed_at_unix, verify_hmac
from adapters.teamtailor import answers, mapping

SIGNATURE = "tt-signature"
LONGEST = 400
_SIGNED = re.compile(r"t=([0-9]{1,16}),v2=([0-9a-f]{64})")
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


def verify(headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> None:
    """Check ``TT-Signature``, base64 of ``t=<unix>,v2=<hex>``, over ``<unix>.`` and the raw body.

    Raises:
        SignatureInvalid: unsigned, wrongly signed, or signed more than five minutes from ``now``.
    """
    found = _SIGNED.fullmatch(_unwrapped(headers.get(SIGNATURE, "")))
    if found is None:
        raise SignatureInvalid("the delivery is not signed")
    stamp, signature = found.groups()
    keys = [secret.encode() for secret in secrets]
    verify_hmac(stamp.encode() + b"." + body, signatures=[signature], keys=keys, encode=as_hex)
    check_fresh(signed_at_unix(stamp), now=now)


def parse(headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:  # noqa: ARG001 - the port's signature
    """Say what a verified delivery means. It says that an application changed, not how: a move is one way.

    Raises:
        PayloadInvalid: not the described shape.
    """
    notice = _notice(body)
    if notice.event_name in mapping.MOVED:
        return (StageChanged(application_id=_application_id(notice)),)
    if notice.event_name in mapping.GONE:
        return (ApplicationChanged(application_id=_application_id(notice)),)
    return (Unknown(kind=notice.event_name),)


def _notice(body: bytes) -> answers.Notice:
    try:
        return decode(body, answers.Wrapped, what="the delivery").payload
    except PayloadInvalid:
        return decode(body, answers.Notice, what="the delivery")


def _application_id(notice: answers.Notice) -> str:
    told = notice.data.id if notice.data else notice.id
    if isinstance(told, bool) or not _ID.fullmatch(str(told if told is not None else "")):
        raise PayloadInvalid("the delivery names no application")
    return str(told)


def _unwrapped(header: str) -> str:
    if len(header) > LONGEST:
        return ""
    try:
        given = header.encode("ascii")
        text = b64decode(given, validate=True)
    except ValueError:
        return ""
    # Base64 has several spellings of the same text; the vendor sends one, and so a changed byte never passes.
    return text.decode("latin-1") if b64encode(text) == given else ""
