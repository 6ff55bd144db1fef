"""Webhook signatures: HMAC-SHA256 over exact bytes, several secrets at once for rotation, a replay window."""

import hmac
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from adapters.contract.errors import SignatureInvalid

REPLAY_WINDOW = timedelta(minutes=5)

Encode = Callable[[bytes], str]
"""How a vendor writes a digest."""


def as_hex(digest: bytes) -> str:
    """Lower-case hexadecimal."""
    return digest.hex()


def as_base64(digest: bytes) -> str:
    """Standard base64 with padding (RFC 4648 §4)."""
    return b64encode(digest).decode()


def as_base64url(digest: bytes) -> str:
    """URL-safe base64 without padding (RFC 4648 §5)."""
    return urlsafe_b64encode(digest).decode().rstrip("=")


def unpadded_base64url(presented: str) -> str:
    """A presented signature in the one spelling that ``as_base64url`` gives, padded or not; empty if it is none.

    Padding says nothing about the bytes. The bits that the last character has to spare do not either, and any other
    spelling of them is refused, so that no changed character ever passes.
    """
    bare = presented.strip().rstrip("=")
    try:
        again = as_base64url(urlsafe_b64decode(bare + "=" * (-len(bare) % 4)))
    except (NotBase64, ValueError):
        return ""
    return bare if again == bare else ""


def verify_hmac_sha256(message: bytes, *, signature_hex: str, secrets: Sequence[str]) -> None:
    """Check a hexadecimal signature, in either case, against every secret; see ``verify_hmac``.

    Raises:
        SignatureInvalid: no secret made this signature.
    """
    keys = [secret.encode() for secret in secrets]
    verify_hmac(message, signatures=[signature_hex.strip().lower()], keys=keys, encode=as_hex)


def verify_hmac(message: bytes, *, signatures: Iterable[str], keys: Sequence[bytes], encode: Encode) -> None:
    """Check whether any of ``signatures`` is the HMAC-SHA256 of ``message`` by any of ``keys``, in constant time.

    An empty key verifies nothing.

    Raises:
        SignatureInvalid: none is.
    """
    presented = [signature.encode("utf-8", "surrogatepass") for signature in signatures]
    valid = False
    for key in keys:
        expected = encode(hmac.new(key, message, sha256).digest()).encode()
        for one in presented:
            # No early end: the time taken must not tell which secret matched.
            valid |= hmac.compare_digest(expected, one) and bool(key)
    if not valid:
        raise SignatureInvalid("the signature does not match")


def check_fresh(signed_at: datetime, *, now: datetime, window: timedelta = REPLAY_WINDOW) -> None:
    """Refuse what was signed longer than ``window`` ago, or too far ahead of our clock.

    Where a vendor signs the time of the event and not of the attempt, the window must hold all its attempts.

    Raises:
        SignatureInvalid: outside the window.
    """
    if not now - window <= signed_at <= now + REPLAY_WINDOW:
        raise SignatureInvalid("the delivery was signed outside the replay window")


def signed_at_unix(text: str, *, milliseconds: bool = False) -> datetime:
    """Read a signed time in whole seconds (or milliseconds) since 1970.

    Raises:
        SignatureInvalid: no such number.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 16):  # noqa: PLR2004 - digits of a far future in milliseconds
        raise SignatureInvalid("the signed time is not a number of seconds")
    try:
        return datetime.fromtimestamp(int(text) / (1000 if milliseconds else 1), tz=UTC)
    except (OverflowError, ValueError, OSError):
        raise SignatureInvalid("the signed time is not a time") from None
