"""Headers that every answer carries, errors included.

Candidate links hold a secret in the path: nothing may pass it on (no referrer) or keep the page (no store).
"""

from typing import Protocol

from litestar.datastructures import MutableScopeHeaders
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
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_TWO_YEARS = "max-age=63072000; includeSubDomains"


class BeforeSend(Protocol):
    """Litestar calls it with every message before it leaves."""

    async def __call__(self, message: Message, scope: Scope) -> None:
        """Look at a message, or change it."""
        ...


def security_headers(*, https: bool) -> BeforeSend:
    """Make the hook. ``https`` adds HSTS and is true where the public address is https."""
    headers = {**_HEADERS, **({"Strict-Transport-Security": _TWO_YEARS} if https else {})}

    async def add(message: Message, scope: Scope) -> None:
        del scope
        if message["type"] == "http.response.start":
            answer = MutableScopeHeaders.from_message(message)
            for name, value in headers.items():
                answer[name] = value
            answer.setdefault("Cache-Control", "no-store")

    return add
