"""The HTTP client's own rules, over a transport in memory and one real socket."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime

import httpx
import pytest

from adapters.contract.errors import (
    NotFound,
    OutcomeUnknown,
    PayloadInvalid,
    Refused,
    Timeout,
    Unavailable,
)
from adapters.kit.http import MAX_ANSWER_BYTES, AnswerHints, HttpClient, parse_retry_after
from adapters.kit.pagination import walk
from tests.adapters.case import Canned, status

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def client(transport: httpx.AsyncBaseTransport, *, hosts: frozenset[str] = frozenset()) -> HttpClient:
    return HttpClient(
        "https://ats.example.com/base", headers={"Authorization": "Bearer x"}, hosts=hosts, transport=transport
    )


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("3", 3.0),
        ("-3", 0.0),
        ("inf", None),
        ("", None),
        ("Mon, 02 Mar 2026 09:30:30 GMT", 30.0),
        ("Mon, 02 Mar 2026 10:30:30 +0100", 30.0),
        ("Mon, 02 Mar 2026 09:30:30 -0000", 30.0),
        ("Mon, 99 Mar 2026 09:30:30 GMT", None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    """Retry-After is seconds or a date, never negative, and None when it cannot be read."""
    assert parse_retry_after(value, now=NOW) == seconds


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://ats.example.com/x", True),
        ("https://ats.example.com:443/x", True),
        ("https://files.example.net/x", True),
        ("http://files.example.net/x", False),
        ("http://ats.example.com/x", False),
        ("https://ats.example.com:8443/x", False),
        ("https://ats.example.com.evil.example/x", False),
        ("https://ats.example.com@evil.example/x", False),
        ("http://169.254.169.254/latest", False),
    ],
)
async def test_egress_guard(url: str, *, sent: bool) -> None:
    """Only the base URL's origin and https to allowed hosts are reached; the rest is refused before it is sent."""
    transport = status(200)
    http = client(transport, hosts=frozenset({"files.example.net"}))
    if sent:
        assert await http.read(url) == b"{}"
    else:
        with pytest.raises(Refused) as refused:
            await http.read(url)
        assert refused.value.code == "host_not_allowed"
    assert len(transport.requests) == sent


async def test_statuses_without_a_name() -> None:
    """Other client errors are Refused with the vendor's code or the status; 410 is gone; 408 is a timeout."""
    hinted = HttpClient(
        "https://ats.example.com",
        headers={},
        hints=lambda _: AnswerHints(code="too_long"),
        transport=status(422),
    )
    for http, code in ((client(status(418)), "http_418"), (client(status(302)), "http_302"), (hinted, "too_long")):
        with pytest.raises(Refused) as refused:
            await http.read("/x")
        assert refused.value.code == code
    with pytest.raises(NotFound):
        await client(status(410)).read("/x")
    with pytest.raises(Timeout):
        await client(status(408)).read("/x")
    with pytest.raises(OutcomeUnknown):
        await client(status(408)).write("POST", "/x", body={})


async def test_impossible_address_and_overlong_answer() -> None:
    """A base URL that is no http is Refused; an answer beyond any record's size is no answer."""
    transport = Canned(lambda _: httpx.Response(200, content=b"x" * (MAX_ANSWER_BYTES + 1)))
    with pytest.raises(Unavailable):
        await client(transport).read("/x")
    with pytest.raises(OutcomeUnknown):
        await client(transport).write("POST", "/x", body={})
    ftp = HttpClient("ftp://ats.example.com", headers={})
    with pytest.raises(Refused) as refused:
        await ftp.read("/x")
    assert refused.value.code == "bad_base_url"
    await ftp.aclose()


async def test_hang_up_over_a_socket() -> None:
    """A peer that reads the request and hangs up leaves a write unknown and a read unavailable; a closed port both."""

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    http = HttpClient(f"http://127.0.0.1:{port}", headers={})
    with pytest.raises(OutcomeUnknown):
        await http.write("POST", "/x", body={"a": 1})
    with pytest.raises(Unavailable):
        await http.read("/x")
    server.close()
    await server.wait_closed()
    with pytest.raises(Unavailable):
        await http.write("POST", "/x", body={"a": 1})
    await http.aclose()


async def test_walk() -> None:
    """Paging yields everything in order, and stops where the vendor goes in circles or on for ever."""
    pages: dict[str | None, tuple[list[int], str | None]] = {None: ([1, 2], "a"), "a": ([], "b"), "b": ([3], None)}

    async def fetch(cursor: str | None) -> tuple[list[int], str | None]:
        return pages[cursor]

    assert [item async for item in walk(fetch)] == [1, 2, 3]
    pages["b"] = ([3], "a")
    with pytest.raises(PayloadInvalid):
        [item async for item in walk(fetch)]

    async def endless(cursor: str | None) -> tuple[list[int], str | None]:
        return [0], f"{cursor}x"

    with pytest.raises(PayloadInvalid):
        [item async for item in walk(endless, most_pages=5)]
