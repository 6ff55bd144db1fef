"""Standard Webhooks 1.0.0, both directions: ``v1`` (HMAC-SHA256 over id, time and raw body), under either name. Pure."""

import hmac
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

from adapters.contract.errors import Refused, SignatureInvalid
from adapters.kit.signatures import as_base64, check_fresh, signed_at_unix, verify_hmac

NAMES = ("webhook", "svix")
SECRET = "whsec_"  # noqa: S105 - the prefix by which a secret is known, not one
VERSION = "v1,"
LEAST_KEY = 24
"""Bytes that the standard wants a key to have at least; ours have them."""


def key_of(secret: str) -> bytes:
    """The bytes of a secret: base64 behind ``whsec_``, else the text itself. One that cannot be read is empty."""
    if not secret.startswith(SECRET):
        return secret.encode()
    try:
        return b64decode(secret.removeprefix(SECRET), validate=True)
    except (NotBase64, ValueError):
        return b""


def id_of(headers: Mapping[str, str]) -> str | None:
    """The id of a message; the same for every attempt to deliver it."""
    return next((headers[f"{name}-id"] for name in NAMES if headers.get(f"{name}-id")), None)


def verify(headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> None:
    """Check a delivery. Any ``v1`` signature by any current secret is good; other versions are passed over.

    Raises:
        SignatureInvalid: unsigned, wrongly signed, or signed more than five minutes from ``now``, before or after.
    """
    name = next((name for name in NAMES if headers.get(f"{name}-id")), NAMES[0])
    message_id, time, told = (headers.get(f"{name}-{part}", "") for part in ("id", "timestamp", "signature"))
    # The parts are joined by dots: an id with one in it would leave open where it ends.
    if not message_id or "." in message_id:
        raise SignatureInvalid("the delivery has no id")
    signed_at = signed_at_unix(time)
    signatures = [entry.removeprefix(VERSION) for entry in told.split(" ") if entry.startswith(VERSION)]
    keys = [key_of(secret) for secret in secrets]
    verify_hmac(_signed(message_id, time, body), signatures=signatures, keys=keys, encode=as_base64)
    check_fresh(signed_at, now=now)


def sign(message_id: str, body: bytes, *, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """The headers of one attempt to deliver a message, signed with every secret (two while one is changed).

    Raises:
        Refused: ``bad_signing_secret`` where one is no ``whsec_`` secret of at least 24 bytes.
    """
    time = str(int(now.timestamp()))
    signatures = []
    for secret in secrets:
        key = key_of(secret)
        if not secret.startswith(SECRET) or len(key) < LEAST_KEY:
            words = f"a secret for outgoing deliveries is {SECRET} and at least {LEAST_KEY} bytes in base64"
            raise Refused(words, code="bad_signing_secret")
        signatures.append(VERSION + as_base64(hmac.new(key, _signed(message_id, time, body), sha256).digest()))
    return {"webhook-id": message_id, "webhook-timestamp": time, "webhook-signature": " ".join(signatures)}


def _signed(message_id: str, time: str, body: bytes) -> bytes:
    return b".".join((message_id.encode("utf-8", "surrogatepass"), time.encode(), body))
