"""The HTTP client's own rules, over a transport in memory and one real socket."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qs

import httpx
import pytest

from adapters.contract.errors import (
    AdapterError,
    AuthRejected,
    Conflict,
    NotFound,
    OutcomeUnknown,
    PayloadInvalid,
    RateLimited,
    Refused,
    Timeout,
    Unavailable,
)
from adapters.kit.http import MAX_ANSWER_BYTES, AnswerHints, HttpClient, parse_retry_after
from adapters.kit.pagination import next_link, walk
from tests.adapters.case import Canned, failing, status

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


@dataclass
class Keys:
    """Credentials that count up; ``more`` says whether there are other ones after a rejection."""

    more: bool = True
    number: int = 1
    rejected: list[Mapping[str, str]] = field(default_factory=list)

    async def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.number}"}

    async def renew(self, rejected: Mapping[str, str]) -> bool:
        self.rejected.append(rejected)
        self.number += 1
        return self.more


def accepting(*keys: str) -> Canned:
    """An ATS that takes these keys and rejects every other."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200 if request.headers["Authorization"].removeprefix("Bearer ") in keys else 401)

    return Canned(answer)


def keyed(transport: httpx.AsyncBaseTransport, keys: Keys) -> HttpClient:
    return HttpClient("https://ats.example.com", headers={"X-Own": "1"}, credentials=keys, transport=transport)


async def test_credentials_that_are_renewed() -> None:
    """After one rejection the request goes again, the same but for the credentials: reads, questions and writes."""
    for verb in ("read", "ask", "write"):
        keys, transport = Keys(), accepting("2")
        http = keyed(transport, keys)
        if verb == "read":
            await http.read("/x", params={"a": "b"})
        elif verb == "ask":
            await http.ask("/x", body={"a": "b"})
        else:
            await http.write("PATCH", "/x", body={"a": "b"}, headers={"If-Match": "3"})
        first, second = transport.requests
        assert keys.rejected == [{"Authorization": "Bearer 1"}]
        assert second.headers["Authorization"] == "Bearer 2"
        assert (first.method, first.url, first.content) == (second.method, second.url, second.content)
        without = [{k: v for k, v in one.headers.items() if k != "authorization"} for one in (first, second)]
        assert without[0] == without[1]


@pytest.mark.parametrize(("more", "sent"), [(True, 2), (False, 1)])
async def test_credentials_that_stay_rejected(*, more: bool, sent: int) -> None:
    """A second rejection, or nothing to renew, is AuthRejected; there is never a third request."""
    transport = accepting("9")
    with pytest.raises(AuthRejected):
        await keyed(transport, Keys(more=more)).write("POST", "/x", body={})
    assert len(transport.requests) == sent


async def test_credentials_are_renewed_for_no_other_status() -> None:
    """A missing permission or a server error renews nothing."""
    for code in (400, 403, 500):
        keys, transport = Keys(), status(code)
        with pytest.raises(AdapterError):
            await keyed(transport, keys).read("/x")
        assert (keys.rejected, len(transport.requests)) == ([], 1)


async def test_own_credentials_win() -> None:
    """No header of a request overrides the credentials."""
    transport = accepting("1")
    await keyed(transport, Keys()).write("POST", "/x", body={}, headers={"Authorization": "Bearer 7"})
    assert transport.requests[0].headers["Authorization"] == "Bearer 1"


async def test_questions_change_nothing() -> None:
    """Reading by POST is no write: without an answer it may simply be asked again."""
    for error in (httpx.ReadError("x"), httpx.RemoteProtocolError("x")):
        transport = failing(error)
        with pytest.raises(Unavailable):
            await client(transport).ask("/x", body={})
        with pytest.raises(Unavailable):
            await client(transport).ask_form("/x", {}, headers={})
    with pytest.raises(Timeout):
        await client(failing(httpx.ReadTimeout("x"))).ask("/x", body={})
    with pytest.raises(Unavailable):
        await client(status(500)).ask("/x", body={})


async def test_what_is_asked() -> None:
    """A question is JSON, a form is a form; both are POST, with the headers of the call."""
    transport = status(200, body=b"[1]")
    http = client(transport)
    assert await http.ask("/q", body={"a": [1]}, headers={"X-Page": "2"}) == b"[1]"
    assert await http.ask_form("/f", {"a": "b c&d", "é": "="}, headers={"Authorization": "Basic y"}) == b"[1]"
    question, form = transport.requests
    assert (question.method, question.url.path, question.content) == ("POST", "/base/q", b'{"a":[1]}')
    assert (question.headers["Content-Type"], question.headers["X-Page"]) == ("application/json", "2")
    assert (form.method, form.headers["Content-Type"]) == ("POST", "application/x-www-form-urlencoded")
    assert form.headers["Authorization"] == "Basic y"
    assert parse_qs(form.content.decode()) == {"a": ["b c&d"], "é": ["="]}


async def test_content_type() -> None:
    """A vendor's own media type is sent and accepted; a request without a body has none."""
    transport = status(200)
    http = HttpClient(
        "https://ats.example.com", headers={}, content_type="application/vnd.api+json", transport=transport
    )
    await http.write("POST", "/x", body={})
    await http.write("DELETE", "/x", body=None)
    await http.read("/x")
    types = [request.headers.get("content-type") for request in transport.requests]
    assert types == ["application/vnd.api+json", None, None]
    assert {request.headers["accept"] for request in transport.requests} == {"application/vnd.api+json"}
    assert transport.requests[1].content == b""


@pytest.mark.parametrize("code", [400, 401, 404, 408, 429, 500])
async def test_a_vendor_judges_its_own_errors(code: int) -> None:
    """What a vendor says of status and body comes before the usual reading; where it says nothing, that stands."""
    seen: list[tuple[int, bytes]] = []

    def judge(status_code: int, body: bytes) -> AdapterError | None:
        seen.append((status_code, body))
        return Conflict("theirs") if body == b"stale" else None

    def judged(body: bytes) -> HttpClient:
        transport = status(code, body=body)
        return HttpClient("https://ats.example.com", headers={}, judge=judge, transport=transport)

    with pytest.raises(Conflict, match="theirs"):
        await judged(b"stale").write("POST", "/x", body={})
    with pytest.raises(AdapterError) as usual:
        await judged(b"other").read("/x")
    assert not isinstance(usual.value, Conflict)
    assert seen == [(code, b"stale"), (code, b"other")]


async def test_a_vendor_judges_no_success() -> None:
    """A 2xx answer is not asked about."""

    def judge(_: int, __: bytes) -> AdapterError | None:
        raise AssertionError("asked about a success")

    http = HttpClient("https://ats.example.com", headers={}, judge=judge, transport=status(201))
    assert await http.write("POST", "/x", body={}) == b"{}"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X-Reset": "1772443830"}, 30.0),
        ({"X-Reset": "1772443830", "Retry-After": "7"}, 7.0),
        ({"X-Reset": "1772443830", "Retry-After": "0"}, 0.0),
        ({"X-Reset": "1772443830", "Retry-After": "soon"}, 30.0),
        ({}, None),
    ],
)
async def test_a_wait_that_stands_elsewhere(headers: dict[str, str], seconds: float | None) -> None:
    """Where Retry-After is missing or unreadable, the vendor's own header tells; Retry-After comes first."""

    def wait(found: Mapping[str, str], now: datetime) -> float | None:
        return float(found["x-reset"]) - now.timestamp() if "x-reset" in found else None

    http = HttpClient(
        "https://ats.example.com", headers={}, wait=wait, transport=status(429, headers=headers), clock=lambda: NOW
    )
    with pytest.raises(RateLimited) as limited:
        await http.read("/x")
    assert limited.value.retry_after == seconds


async def test_an_answer_with_its_headers() -> None:
    """Headers come in lower case; an address that the ATS gave is followed only to hosts that are allowed."""
    transport = status(200, headers={"Link": '<https://ats.example.com/p?c=2>; rel="next"', "X-Total": "9"})
    http = client(transport)
    answer = await http.read_answer("/p", params={"c": 1}, headers={"X-Own": "1"})
    assert (answer.body, answer.headers["x-total"]) == (b"{}", "9")
    following = next_link(answer.headers["link"])
    assert following == "https://ats.example.com/p?c=2"
    await http.read_answer(following)
    assert [str(request.url) for request in transport.requests] == [
        "https://ats.example.com/base/p?c=1",
        "https://ats.example.com/p?c=2",
    ]
    assert transport.requests[0].headers["X-Own"] == "1"
    with pytest.raises(Refused):
        await http.read_answer("https://elsewhere.example.net/p?c=3")
    for impossible in ("https://x:port/", "https://x/\x00"):
        with pytest.raises(Refused) as refused:
            await http.read_answer(impossible)
        assert refused.value.code == "bad_address"
    with pytest.raises(NotFound):
        await client(status(404)).read_answer("/p")
    assert len(transport.requests) == 2


@pytest.mark.parametrize(
    ("header", "address"),
    [
        (None, None),
        ("", None),
        ('<https://x/?c=1>; rel="next"', "https://x/?c=1"),
        ("<https://x/?c=1>; rel=next", "https://x/?c=1"),
        ("<https://x/?c=1>;rel=Next", "https://x/?c=1"),
        ('<https://x/?c=1>; title="a"; rel="next"', "https://x/?c=1"),
        ('<https://x/?c=0>; rel="prev", <https://x/?c=2>; rel="next", <https://x/?c=9>; rel="last"', "https://x/?c=2"),
        ('<https://x/?c=2>; rel="next",<https://x/?c=9>; rel="last"', "https://x/?c=2"),
        ('<https://x/?ids=1,2&c=2>; rel="next"', "https://x/?ids=1,2&c=2"),
        ('<https://x/?c=0>; rel="prev"', None),
        ('<https://x/?c=0>; rel="nextish"', None),
        ('<https://x/?c=0>; title="next"', None),
        ("https://x/?c=0; rel=next", None),
    ],
)
def test_next_link(header: str | None, address: str | None) -> None:
    """The next page's address is found among other relations, and only where the relation is exactly that."""
    assert next_link(header) == address
