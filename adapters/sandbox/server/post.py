"""Send one signed POST and read the status of the answer. Small on purpose: the sandbox depends on no HTTP client."""

import asyncio
import hmac
import ssl
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlsplit

MAX_HEAD_BYTES = 16_384


def signed_headers(*, secret: str, event_id: str, body: bytes, at: datetime) -> dict[str, str]:
    """Headers of a delivery: HMAC-SHA256 over ``{timestamp}.{body}``, timestamp in whole seconds since 1970."""
    timestamp = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, sha256).hexdigest()
    return {
        "X-Sandbox-Timestamp": timestamp,
        "X-Sandbox-Event-Id": event_id,
        "X-Sandbox-Signature": f"v1={digest}",
    }


async def post(url: str, *, headers: dict[str, str], body: bytes, timeout: float) -> int:  # noqa: ASYNC109 - a setting
    """Post a JSON body; the HTTP status of the answer.

    Raises:
        OSError: no connection, or the peer hung up or spoke no HTTP (TimeoutError, ConnectionError included).
    """
    async with asyncio.timeout(timeout):
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        reader, writer = await asyncio.open_connection(
            parts.hostname, port, ssl=ssl.create_default_context() if secure else None, limit=MAX_HEAD_BYTES
        )
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            lines = [
                f"POST {target} HTTP/1.1",
                f"Host: {parts.netloc.rpartition('@')[2]}",
                "Content-Type: application/json",
                f"Content-Length: {len(body)}",
                "User-Agent: sandbox-ats/1",
                "Connection: close",
                *(f"{name}: {value}" for name, value in headers.items()),
            ]
            writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
            await writer.drain()
            return _status(await reader.readline())
        finally:
            writer.close()


def _status(line: bytes) -> int:
    version, _, rest = line.partition(b" ")
    code = rest[:3]
    if not version.startswith(b"HTTP/1.") or not code.isdigit():
        raise ConnectionError("the receiver did not answer in HTTP")
    return int(code)
