"""Webhook signatures: HMAC-SHA256 over exact bytes, several secrets at once for rotation, a replay window."""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from adapters.contract.errors import SignatureInvalid

REPLAY_WINDOW = timedelta(minutes=5)


def verify_hmac_sha256(message: bytes, *, signature_hex: str, secrets: Sequence[str]) -> None:
    """Check ``signature_hex`` against every secret, in constant time. An empty secret verifies nothing.

    Raises:
        SignatureInvalid: no secret made this signature.
    """
    presented = signature_hex.strip().lower().encode("utf-8", "surrogatepass")
    valid = False
    for secret in secrets:
        expected = hmac.new(secret.encode(), message, sha256).hexdigest().encode()
        # No early end: the time taken must not tell which secret matched.
        valid |= hmac.compare_digest(expected, presented) and bool(secret)
    if not valid:
        raise SignatureInvalid("the signature does not match")


def check_fresh(signed_at: datetime, *, now: datetime, window: timedelta = REPLAY_WINDOW) -> None:
    """Refuse what was signed too long ago, or too far ahead of our clock.

    Raises:
        SignatureInvalid: outside the window.
    """
    if abs(now - signed_at) > window:
        raise SignatureInvalid("the delivery was signed outside the replay window")
