"""Where requests may go. The addresses come from a configuration file, and what answers there is anybody's.

Every name is resolved here and the connection made to the very address that was looked at, so that a name which points
somewhere else a moment later changes nothing.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx
from typing_extensions import override

from adapters.contract.errors import RateLimited, Refused
from adapters.kit.http import LIMITS, parse_retry_after

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]

BUSY = frozenset({502, 503, 504})
# Networks in which an IPv4 address is wrapped: it would have to be unwrapped to be judged, and nobody needs them.
_WRAPPED = (
    IPv6Network("64:ff9b::/96"),
    IPv6Network("64:ff9b:1::/48"),
    IPv6Network("2002::/16"),
    IPv6Network("2001::/32"),
)


class Reach(StrEnum):
    """How far outgoing requests may go."""

    PUBLIC = "public"  # the internet, by https
    LOOPBACK = "loopback"  # this machine as well
    PRIVATE = "private"  # this machine and private networks as well


def permitted(address: Address, reach: Reach) -> bool:
    """Whether requests may go there. Link-local addresses (cloud metadata) never are reached."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return permitted(address.ipv4_mapped, reach)
        if any(address in network for network in _WRAPPED):
            return False
    if address.is_loopback:
        return reach is not Reach.PUBLIC
    if address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved:
        return False
    return address.is_global or (reach is Reach.PRIVATE and address.is_private)


async def resolve(host: str, port: int) -> Sequence[Address]:
    """Every address of a name, IPv4 first.

    Raises:
        httpx.ConnectError: it has none.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise httpx.ConnectError("the name has no address") from None
    addresses = {ip_address(str(target[0]).partition("%")[0]) for *_, target in found}
    return sorted(addresses, key=lambda address: (address.version, int(address)))


class Guarded(httpx.AsyncBaseTransport):
    """Connects only to permitted addresses; without encryption only to those that are not public.

    One for each host: connections are kept by address, and were verified for the name that they were made for.
    """

    def __init__(self, reach: Reach, *, inner: httpx.AsyncBaseTransport | None = None, find: Resolve = resolve) -> None:
        self._reach, self._find = reach, find
        self._inner = inner or httpx.AsyncHTTPTransport(verify=_tls(), limits=LIMITS, trust_env=False)

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url, host = request.url, request.url.host
        addresses = await self._find(host, url.port or (443 if url.scheme == "https" else 80))
        if not addresses or not all(permitted(address, self._reach) for address in addresses):
            raise Refused("an address that is not on the internet was refused unasked", code="private_address")
        if url.scheme != "https" and any(address.is_global for address in addresses):
            raise Refused("a public address is only used by https", code="not_https")
        request.url = url.copy_with(host=str(addresses[0]))
        request.extensions = {**request.extensions, "sni_hostname": host}
        return await self._inner.handle_async_request(request)

    @override
    async def aclose(self) -> None:
        await self._inner.aclose()


class Endpoint(httpx.AsyncBaseTransport):
    """Sends everything to one address, exactly as it was configured, with the request's own query added.

    An answer 502, 503 or 504 with Retry-After closes it for so long (in this process): the kit reads that header only
    of a 429, because a write that was answered 5xx may have happened.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, address: str, *, clock: Callable[[], datetime]) -> None:
        self._inner, self._address, self._clock = inner, httpx.URL(address), clock
        self._closed_until: datetime | None = None

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        now = self._clock()
        if self._closed_until is not None and now < self._closed_until:
            left = (self._closed_until - now).total_seconds()
            raise RateLimited("the receiver asked for patience", retry_after=left)
        request.url = self._address.copy_merge_params(request.url.params)
        answer = await self._inner.handle_async_request(request)
        if answer.status_code in BUSY:
            wait = parse_retry_after(answer.headers.get("retry-after"), now=now)
            self._closed_until = now + timedelta(seconds=min(wait, _LONGEST)) if wait else None
        return answer

    @override
    async def aclose(self) -> None:
        await self._inner.aclose()


_LONGEST = 86_400.0


@cache
def _tls() -> ssl.SSLContext:
    """The trusted roots, read once: they cost more than many requests."""
    return httpx.create_ssl_context(trust_env=False)
