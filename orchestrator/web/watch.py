"""What a server allows its connections, the clock that they share, and the last words that need no application."""

from http import HTTPStatus

from msgspec import Struct

from orchestrator.web.errors import PROBLEM, problem_body
from orchestrator.web.security_headers import header_lines


class Limits(Struct, frozen=True, kw_only=True):
    """What a stranger may use up. Sizes in bytes, times in seconds.

    ``requests`` may run at once, ``pipelined`` may wait behind one on the same connection. ``head_seconds`` and
    ``body_seconds`` begin with the first byte of a request and with the end of its headers; ``answer_seconds`` is the
    application's time, ``reader_seconds`` how long the other side may take nothing of our answer. ``idle_seconds`` is
    above the keep-alive of the usual proxies, so that they end a connection before we do. ``wasted_bytes`` of a body are
    still taken in after it was answered.
    """

    connections: int = 512
    requests: int = 400
    pipelined: int = 8
    head_bytes: int = 16 * 1024
    headers: int = 100
    target_bytes: int = 8 * 1024
    wasted_bytes: int = 4 * 1024 * 1024
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    answer_seconds: float = 60.0
    reader_seconds: float = 20.0
    idle_seconds: float = 75.0
    linger_seconds: float = 2.0
    grace_seconds: float = 1.0


class Watch:
    """What all connections of a server share. ``now`` counts the seconds in which this process ran.

    A process that was stopped or starved must not blame its callers for it, so no step of the clock is a long one.
    """

    LONGEST_STEP = 0.5

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.now = 0.0
        self.leaving = False
        self._seen: float | None = None

    def tick(self, clock: float) -> None:
        """Go on to a time of the event loop."""
        if self._seen is not None:
            self.now += min(clock - self._seen, self.LONGEST_STEP)
        self._seen = clock


def _said(status: HTTPStatus, detail: str, **headers: str) -> bytes:
    body = problem_body(status, detail=detail)
    lines = [
        (b"content-type", PROBLEM.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
        *((name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()),
        *header_lines(https=False),
    ]
    head = b"".join(name + b": " + value + b"\r\n" for name, value in lines)
    return f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() + head + b"\r\n" + body


UNREADABLE = _said(HTTPStatus.BAD_REQUEST, "This is no HTTP request.")
TOO_SLOW = _said(HTTPStatus.REQUEST_TIMEOUT, "The request took too long to arrive. Send it again.", retry_after="1")
HEAD_TOO_LARGE = _said(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too large.")
TARGET_TOO_LONG = _said(HTTPStatus.REQUEST_URI_TOO_LONG, "The address is too long.")
TOO_MANY = _said(HTTPStatus.SERVICE_UNAVAILABLE, "Too many connections. Come again in a moment.", retry_after="2")
OVERDUE = _said(HTTPStatus.SERVICE_UNAVAILABLE, "The answer takes too long. Come again in a moment.", retry_after="5")
