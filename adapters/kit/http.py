"""The only place that builds an HTTP client.

Every failure becomes an error of :mod:`adapters.contract.errors`. A write that was sent and not clearly answered is
OutcomeUnknown, never "failed". Log lines have method, path and status; never a query, a header or a body.
"""

import logging
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from math import isfinite
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx
import msgspec
from typing_extensions import override

from adapters.contract.allowance import Allowance, tell
from adapters.contract.errors import (
    AdapterError,
    AuthRejected,
    Conflict,
    NotFound,
    OutcomeUnknown,
    PermissionMissing,
    RateLimited,
    Refused,
    Timeout,
    Unavailable,
)
from adapters.kit.clock import vendor_time
from adapters.kit.limits import allowance_of

logger = logging.getLogger("adapters.http")

TIMEOUT = httpx.Timeout(15.0, connect=5.0)
# Shorter than the usual keep-alive of servers (5 s), so that a write rarely meets a connection that just closed.
LIMITS = httpx.Limits(max_connections=20, max_keepalive_connections=10, keepalive_expiry=4.0)
MAX_ANSWER_BYTES = 20_000_000


class AnswerHints(msgspec.Struct, frozen=True):
    """What a vendor's error body says of use to us. Never free text: it may repeat what we sent."""

    code: str | None = None
    scope: str | None = None


@cache
def _tls() -> ssl.SSLContext:
    """The trusted roots, read once: they cost more than many requests."""
    return httpx.create_ssl_context(trust_env=False)


class HttpAnswer(msgspec.Struct, frozen=True):
    """A 2xx answer; ``headers`` have lower-case names."""

    body: bytes
    headers: Mapping[str, str]


class Credentials(Protocol):
    """Credentials that change while the process runs."""

    async def headers(self) -> Mapping[str, str]:
        """The headers that authenticate the next request."""
        ...

    async def renew(self, rejected: Mapping[str, str]) -> bool:
        """The ATS rejected these headers: True where there are other ones now, so that asking again makes sense."""
        ...


Judge = Callable[[int, bytes], AdapterError | None]
"""A vendor's own reading of an error answer (status, body); None where the usual reading is right."""


def no_hints(_: bytes) -> AnswerHints:
    """Read nothing from an error body."""
    return AnswerHints()


def no_judgement(_: int, __: bytes) -> None:
    """Leave an error answer to the usual reading."""


def utc_now() -> datetime:
    """Read the wall clock."""
    return datetime.now(UTC)


class EgressGuard(httpx.AsyncBaseTransport):
    """Lets requests through to the base URL's origin and to https on the allowed hosts; refuses the rest unsent."""

    def __init__(self, inner: httpx.AsyncBaseTransport, *, base_url: httpx.URL, hosts: frozenset[str]) -> None:
        self._inner = inner
        self._origin = _origin(base_url)
        self._hosts = hosts

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        allowed = request.url.scheme == "https" and request.url.host in self._hosts
        if _origin(request.url) != self._origin and not allowed:
            raise Refused("a request to a host that this vendor does not use was stopped", code="host_not_allowed")
        return await self._inner.handle_async_request(request)

    @override
    async def aclose(self) -> None:
        await self._inner.aclose()


class HttpClient:
    """JSON over HTTP to one ATS, with one set of credentials.

    ``headers`` carry the credentials, or ``credentials`` makes them. ``hints`` reads a vendor's error body, ``judge``
    an answer whose status means something else at this vendor, ``wait`` the seconds that a 429 asks for where they do
    not stand in Retry-After. ``content_type`` is that of what we send. ``transport`` is for tests.
    """

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str],
        hosts: frozenset[str] = frozenset(),
        credentials: Credentials | None = None,
        hints: Callable[[bytes], AnswerHints] = no_hints,
        judge: Judge = no_judgement,
        wait: Callable[[Mapping[str, str], datetime], float | None] | None = None,
        content_type: str = "application/json",
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        url = httpx.URL(base_url)
        inner = transport or httpx.AsyncHTTPTransport(verify=_tls(), limits=LIMITS, trust_env=False)
        self._client = httpx.AsyncClient(
            base_url=url,
            headers={"Accept": content_type, **headers},
            timeout=timeout,
            transport=EgressGuard(inner, base_url=url, hosts=hosts),
            follow_redirects=False,
            trust_env=False,
        )
        self._credentials = credentials
        self._hints = hints
        self._judge = judge
        self._wait = wait
        self._content_type = content_type
        self._clock = clock

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def read(self, path: str, *, params: Mapping[str, str | int] | None = None) -> bytes:
        """GET a path below the base URL; the body of the 2xx answer.

        Raises:
            AdapterError: one of the contract's, never OutcomeUnknown.
        """
        return (await self.read_answer(path, params=params)).body

    async def read_answer(
        self, path: str, *, params: Mapping[str, str | int] | None = None, headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        """GET a path below the base URL, or an address that the ATS gave (its host must be allowed).

        Raises:
            AdapterError: one of the contract's, never OutcomeUnknown.
        """
        return await self._request("GET", path, writes=False, params=params, extra=headers)

    async def ask(self, path: str, *, body: object, headers: Mapping[str, str] | None = None) -> bytes:
        """POST JSON that changes nothing, where a vendor reads by POST; the body of the 2xx answer.

        Raises:
            AdapterError: one of the contract's, never OutcomeUnknown.
        """
        content = msgspec.json.encode(body)
        return (await self._request("POST", path, writes=False, content=content, extra=headers)).body

    async def ask_form(self, path: str, fields: Mapping[str, str], *, headers: Mapping[str, str]) -> bytes:
        """POST a form that changes no record (a token endpoint); the body of the 2xx answer.

        Raises:
            AdapterError: one of the contract's, never OutcomeUnknown.
        """
        extra = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        content = urlencode(fields).encode()
        # Tokens have a limit of their own.
        return (await self._request("POST", path, writes=False, content=content, extra=extra, limited=False)).body

    async def write(self, method: str, path: str, *, body: object, headers: Mapping[str, str] | None = None) -> bytes:
        """Send JSON that changes something (None: no body); the body of the 2xx answer.

        Raises:
            OutcomeUnknown: sent, and not clearly answered.
            AdapterError: one of the contract's; nothing was changed.
        """
        content = None if body is None else msgspec.json.encode(body)
        return (await self._request(method, path, writes=True, content=content, extra=headers)).body

    async def _request(
        self,
        method: str,
        path: str,
        *,
        writes: bool,
        params: Mapping[str, str | int] | None = None,
        content: bytes | None = None,
        extra: Mapping[str, str] | None = None,
        limited: bool = True,
    ) -> HttpAnswer:
        headers = {**({} if content is None else {"Content-Type": self._content_type}), **(extra or {})}
        own = await self._credentials.headers() if self._credentials else {}
        answer = await self._send(
            method, path, writes=writes, params=params, content=content, headers={**headers, **own}
        )
        if answer.status_code == 401 and self._credentials and await self._credentials.renew(own):  # noqa: PLR2004 - Unauthorized
            # Rejected credentials mean that nothing was done, so that a write may be sent again as well.
            own = await self._credentials.headers()
            answer = await self._send(
                method, path, writes=writes, params=params, content=content, headers={**headers, **own}
            )
        if limited:
            self._tell_what_is_left(answer)
        if answer.is_success:
            return HttpAnswer(_within_limit(answer.content, writes=writes), dict(answer.headers))
        raise self._from_status(answer, writes=writes)

    async def _send(
        self,
        method: str,
        path: str,
        *,
        writes: bool,
        params: Mapping[str, str | int] | None,
        content: bytes | None,
        headers: Mapping[str, str],
    ) -> httpx.Response:
        started = time.monotonic()
        shown = path.partition("?")[0]
        try:
            answer = await self._client.request(method, path, params=params, content=content, headers=headers)
        except httpx.HTTPError as error:
            logger.debug("%s %s: %s", method, shown, type(error).__name__)
            raise _from_exception(error, writes=writes) from None
        except httpx.InvalidURL:
            # Not one of httpx's HTTP errors, and not to be logged: an address that an ATS gave may have anything in it.
            raise Refused("an address that the ATS gave is none", code="bad_address") from None
        logger.debug("%s %s: %d in %.3f s", method, shown, answer.status_code, time.monotonic() - started)
        return answer

    def _from_status(self, answer: httpx.Response, *, writes: bool) -> AdapterError:
        status = answer.status_code
        judged = self._judge(status, answer.content)
        if judged is not None:
            return judged
        if status >= 500:  # noqa: PLR2004 - the class of server errors
            return _no_answer(f"the ATS answered {status}", writes=writes)
        if status == 429:  # noqa: PLR2004 - Too Many Requests
            return RateLimited("the ATS asks for fewer requests", retry_after=self._retry_after(answer))
        if status == 408:  # noqa: PLR2004 - Request Timeout
            return OutcomeUnknown("the ATS gave up waiting") if writes else Timeout("the ATS gave up waiting")
        hints = self._hints(answer.content)
        make = _PERMANENT.get(status)
        if make is not None:
            return make(hints)
        return Refused(f"the ATS answered {status}", code=hints.code or f"http_{status}")

    def _tell_what_is_left(self, answer: httpx.Response) -> None:
        if answer.status_code == 429:  # noqa: PLR2004 - Too Many Requests
            tell(Allowance(left=0, seconds=self._retry_after(answer), refused=True))
        elif allowance := allowance_of(answer.headers, clock=self._clock):
            tell(allowance)

    def _retry_after(self, answer: httpx.Response) -> float | None:
        # A moment that the ATS names is one of its own clock.
        now = vendor_time(answer.headers) or self._clock()
        told = parse_retry_after(answer.headers.get("retry-after"), now=now)
        return self._wait(dict(answer.headers), now) if told is None and self._wait else told


def parse_retry_after(value: str | None, *, now: datetime) -> float | None:
    """Seconds to wait, from a number of seconds or an HTTP date; None when absent or unreadable."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            at = parsedate_to_datetime(value)
        except ValueError:
            return None
        seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return max(0.0, seconds) if isfinite(seconds) else None


_PERMANENT: Mapping[int, Callable[[AnswerHints], AdapterError]] = {
    401: lambda _: AuthRejected("the ATS rejected the credentials"),
    403: lambda hints: PermissionMissing("the credentials may not do this", scope=hints.scope),
    404: lambda _: NotFound("the ATS has no such record"),
    409: lambda _: Conflict("the record changed or exists already"),
    410: lambda _: NotFound("the ATS has no such record any more"),
    412: lambda _: Conflict("the record changed since it was read"),
}

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


def _from_exception(error: httpx.HTTPError, *, writes: bool) -> AdapterError:
    if isinstance(error, _NEVER_SENT):
        return Unavailable("the ATS could not be reached")
    if isinstance(error, httpx.UnsupportedProtocol):
        return Refused("the address of the ATS is not http or https", code="bad_base_url")
    if isinstance(error, httpx.TimeoutException) and not writes:
        return Timeout("the ATS did not answer in time")
    return _no_answer("the connection ended before the answer", writes=writes)


def _no_answer(message: str, *, writes: bool) -> AdapterError:
    return OutcomeUnknown(message) if writes else Unavailable(message)


def _within_limit(body: bytes, *, writes: bool) -> bytes:
    if len(body) > MAX_ANSWER_BYTES:
        raise _no_answer("the answer is larger than any record can be", writes=writes)
    return body


def _origin(url: httpx.URL) -> tuple[Any, ...]:
    return (url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme))
