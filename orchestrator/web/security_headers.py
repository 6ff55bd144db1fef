"""Headers that every answer carries, errors included.

Candidate links hold a secret in the path: nothing may pass it on (no referrer) or keep the page (no store).
"""

from collections.abc import Sequence
from typing import Protocol

from litestar.types import Message, Scope

_POLICY = (
    "default-src 'none'; "
    "style-src 'self'; "
    "script-src 'self'; "
    "img-src 'self' data:; "
    "font-src 'self'; "
    "connect-src 'self'; "
    "form-action 'self'; "
    "frame-ancestors 'none'; "
    "base-uri 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_TWO_YEARS = "max-age=63072000; includeSubDomains"
_NO_STORE = (b"cache-control", b"no-store")


class BeforeSend(Protocol):
    """Litestar calls it with every message before it leaves."""

    async def __call__(self, message: Message, scope: Scope) -> None:
        """Look at a message, or change it."""
        ...


def header_lines(*, https: bool) -> Sequence[tuple[bytes, bytes]]:
    """What every answer carries, as an ASGI server takes it; names in lower case."""
    headers = {**_HEADERS, **({"strict-transport-security": _TWO_YEARS} if https else {})}
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def security_headers(*, https: bool) -> BeforeSend:
    """Make the hook. ``https`` adds HSTS and is true where the public address is https."""
    lines = header_lines(https=https)
    ours = frozenset(name for name, _ in lines)

    async def add(message: Message, scope: Scope) -> None:
        del scope
        if message["type"] == "http.response.start":
            # On bytes and in one go: this runs for every answer, and a header mapping costs ten times as much.
            kept = [line for line in message.get("headers", ()) if line[0].lower() not in ours]
            if all(name.lower() != b"cache-control" for name, _ in kept):
                kept.append(_NO_STORE)
            kept += lines
            message["headers"] = kept

    return add
