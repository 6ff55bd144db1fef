"""OAuth tokens: renewed once whoever asks, kept before they are used, refused in words that tell no secret."""

import asyncio
import logging
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from typing_extensions import override

from adapters.contract.errors import AdapterError, AuthRejected, PayloadInvalid, RateLimited, Timeout, Unavailable
from adapters.contract.tokens import Tokens
from adapters.kit.http import HttpClient
from adapters.kit.oauth import EARLY, LAST_WAIT, MemoryTokens, OAuth

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
GRANT = {"grant_type": "client_credentials", "sub": "158108"}
ID, SECRET = "an id", "s3cret+/=:é"
BASIC = "Basic YW4raWQ6czNjcmV0JTJCJTJGJTNEJTNBJUMzJUE5"


@dataclass
class Vendor(httpx.AsyncBaseTransport):
    """A token endpoint and an API behind it, with one active token and refresh tokens that are good for one use.

    ``faults`` are answered or raised in turn by the token endpoint before it works.
    """

    log: list[str] = field(default_factory=list)
    faults: list[httpx.Response | Exception] = field(default_factory=list)
    life: dict[str, Any] = field(default_factory=lambda: {"expires_in": 3600})
    rotates: bool = True
    granted: int = 0
    active: str = ""
    refresh: str = "refresh-0"

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        if request.url.path != "/token":
            token = request.headers["Authorization"].removeprefix("Bearer ")
            self.log.append(f"use {token}")
            return httpx.Response(200 if token == self.active else 401, content=b"{}")
        assert request.headers["Authorization"] == BASIC
        assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
        if self.faults:
            fault = self.faults.pop(0)
            if isinstance(fault, Exception):
                raise fault
            return fault
        form = {name: values[0] for name, values in parse_qs((await request.aread()).decode()).items()}
        return self._grant(form)

    def _grant(self, form: dict[str, str]) -> httpx.Response:
        if form not in (GRANT, {"grant_type": "refresh_token", "refresh_token": self.refresh}):
            return httpx.Response(400, json={"error": "invalid_grant", "error_description": str(form)})
        self.granted += 1
        self.active = f"access-{self.granted}"
        self.log.append(f"grant {self.active}")
        answer: dict[str, Any] = {"access_token": self.active, "token_type": "Bearer", **self.life}
        if form != GRANT and self.rotates:
            self.refresh = f"refresh-{self.granted}"
            answer["refresh_token"] = self.refresh
        return httpx.Response(200, json=answer)


class Disk(MemoryTokens):
    """A store that several processes share, and that tells when it kept what."""

    def __init__(self, log: list[str], tokens: Tokens | None = None) -> None:
        super().__init__(tokens)
        self.log = log
        self.turns = 0

    @override
    async def keep(self, tokens: Tokens) -> None:
        await asyncio.sleep(0)
        self.log.append(f"keep {tokens.access} {tokens.refresh}")
        await super().keep(tokens)

    @override
    @asynccontextmanager
    async def turn(self) -> AsyncIterator["Disk"]:
        self.turns += 1
        async with super().turn():
            yield self


def oauth(
    vendor: Vendor,
    store: MemoryTokens,
    *,
    code: bool = False,
    clock: Callable[[], datetime] = lambda: NOW,
    last_wait: float = LAST_WAIT,
) -> OAuth:
    return OAuth(
        HttpClient("https://auth.example.com", headers={}, transport=vendor),
        "/token",
        client_id=ID,
        client_secret=SECRET,
        store=store,
        grant=None if code else GRANT,
        clock=clock,
        last_wait=last_wait,
    )


def api(vendor: Vendor, credentials: OAuth) -> HttpClient:
    return HttpClient("https://ats.example.com", headers={}, credentials=credentials, transport=vendor)


def consented(access: str = "access-0", *, ends: datetime | None = None) -> Tokens:
    return Tokens(access=access, expires_at=ends, refresh="refresh-0")


def test_basic_header_is_form_encoded() -> None:
    """Id and secret are form-encoded before they become a Basic header, so that any character is safe in them."""
    assert b64decode(BASIC.removeprefix("Basic ")) == b"an+id:s3cret%2B%2F%3D%3A%C3%A9"


async def test_one_token_for_all_that_ask_at_once() -> None:
    """Ten requests that begin together get one token, and use it."""
    vendor = Vendor()
    http = api(vendor, oauth(vendor, Disk(vendor.log)))
    await asyncio.gather(*(http.read("/x") for _ in range(10)))
    assert vendor.granted == 1
    assert vendor.log == ["grant access-1", "keep access-1 None", *["use access-1"] * 10]


async def test_one_renewal_for_all_that_were_rejected_at_once() -> None:
    """Ten requests whose token was revoked renew it once and succeed."""
    vendor = Vendor()
    http = api(vendor, oauth(vendor, Disk(vendor.log)))
    await http.read("/x")
    vendor.active = "revoked by somebody else"
    await asyncio.gather(*(http.read("/x") for _ in range(10)))
    assert vendor.granted == 2
    assert vendor.log.count("use access-2") == 10


async def test_processes_that_share_a_store_share_the_token() -> None:
    """Two processes on one credential never knock each other out: the second finds what the first was given."""
    vendor = Vendor()
    disk = Disk(vendor.log)
    one, other = (api(vendor, oauth(vendor, disk)) for _ in range(2))
    await asyncio.gather(*(http.read("/x") for http in (one, other) * 5))
    assert vendor.granted == 1
    vendor.active = "revoked"
    await asyncio.gather(*(http.read("/x") for http in (one, other) * 5))
    await one.read("/x")
    assert vendor.granted == 2


async def test_processes_that_share_nothing_survive_each_other() -> None:
    """Where each keeps its own, each request is rejected once, renewed once, and done."""
    vendor = Vendor()
    one, other = (api(vendor, oauth(vendor, MemoryTokens())) for _ in range(2))
    for _ in range(3):
        await one.read("/x")
        await other.write("POST", "/x", body={})
    assert vendor.granted == 6


async def test_a_token_that_is_never_taken_is_renewed_once() -> None:
    """An ATS that rejects the new token as well gets no third request."""
    vendor = Vendor(rotates=False)
    credentials = oauth(vendor, MemoryTokens())

    def reject(request: httpx.Request) -> httpx.Response:
        vendor.log.append(f"use {request.headers['Authorization'].removeprefix('Bearer ')}")
        return httpx.Response(401)

    http = HttpClient(
        "https://ats.example.com", headers={}, credentials=credentials, transport=httpx.MockTransport(reject)
    )
    with pytest.raises(AuthRejected):
        await http.read("/x")
    assert vendor.log == ["grant access-1", "use access-1", "grant access-2", "use access-2"]


async def test_a_rotated_refresh_token_is_kept_before_it_is_used() -> None:
    """Whatever comes is on disk before the first request with it, and the next renewal uses the new one."""
    vendor = Vendor(active="access-0")
    http = api(vendor, oauth(vendor, Disk(vendor.log, consented()), code=True))
    for _ in range(3):
        vendor.active = "revoked"
        await http.read("/x")
    assert [line for line in vendor.log if "access-2" in line or "refresh-2" in line] == [
        "grant access-2",
        "keep access-2 refresh-2",
        "use access-2",
        "use access-2",
    ]
    assert vendor.granted == 3


async def test_a_process_that_starts_again_goes_on_with_what_was_kept() -> None:
    """Nothing but the store is needed to go on after a crash."""
    vendor = Vendor()
    disk = Disk(vendor.log, consented(ends=NOW))
    await api(vendor, oauth(vendor, disk, code=True)).read("/x")
    await api(vendor, oauth(vendor, disk, code=True)).read("/x")
    assert vendor.log == ["grant access-1", "keep access-1 refresh-1", "use access-1", "use access-1"]


async def test_a_token_that_could_not_be_kept_is_not_used() -> None:
    """When the store fails, nothing is sent with the token that it did not keep."""
    vendor = Vendor()

    class Full(MemoryTokens):
        @override
        async def keep(self, tokens: Tokens) -> None:
            raise OSError("no space left")

    http = api(vendor, oauth(vendor, Full(consented(ends=NOW)), code=True))
    with pytest.raises(OSError, match="no space"):
        await http.read("/x")
    assert [line for line in vendor.log if line.startswith("use")] == []


@pytest.mark.parametrize("moment", ["asked", "answered", "kept"])
async def test_who_is_cancelled_loses_no_refresh_token(moment: str) -> None:
    """A renewal that was begun is kept, whoever stops waiting for it: the old refresh token is good no more."""
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def stop_at(name: str) -> None:
        if name == moment:
            reached.set()
            await go_on.wait()

    class Slow(Vendor):
        @override
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path == "/token":
                await stop_at("asked")
            answer = await super().handle_async_request(request)
            await stop_at("answered")
            return answer

    class SlowDisk(Disk):
        @override
        async def keep(self, tokens: Tokens) -> None:
            await stop_at("kept")
            await super().keep(tokens)

    vendor = Slow()
    disk = SlowDisk(vendor.log, consented(ends=NOW))
    work = asyncio.create_task(api(vendor, oauth(vendor, disk, code=True)).read("/x"))
    await reached.wait()
    work.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert vendor.log == ["grant access-1", "keep access-1 refresh-1"]
    await api(vendor, oauth(vendor, disk, code=True)).read("/x")
    assert vendor.log[-1] == "use access-1"


async def test_a_renewal_that_does_not_end_is_given_up() -> None:
    """Whoever is cancelled waits only so long for a token endpoint that hangs, and others get their turn."""
    asked = asyncio.Event()

    class Hanging(Vendor):
        @override
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            asked.set()
            await asyncio.Event().wait()
            raise AssertionError("never")

    vendor = Hanging()
    disk = Disk(vendor.log, consented(ends=NOW))
    work = asyncio.create_task(api(vendor, oauth(vendor, disk, code=True, last_wait=0.02)).read("/x"))
    await asked.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(work, timeout=5)
    async with asyncio.timeout(5), disk.turn():
        assert await disk.read() == consented(ends=NOW)


async def test_a_refresh_token_without_rotation_stays() -> None:
    """An answer without a refresh token leaves the one that is there."""
    vendor = Vendor(rotates=False)
    disk = Disk(vendor.log, consented(ends=NOW))
    await api(vendor, oauth(vendor, disk, code=True)).read("/x")
    assert await disk.read() == Tokens(access="access-1", expires_at=NOW + timedelta(hours=1), refresh="refresh-0")


@pytest.mark.parametrize(
    ("left", "renewed"), [(EARLY + timedelta(seconds=1), False), (EARLY, True), (timedelta(0), True)]
)
async def test_a_token_is_renewed_before_it_ends(left: timedelta, *, renewed: bool) -> None:
    """A token that ends within a minute is not used any more."""
    vendor = Vendor(active="access-0")
    http = api(vendor, oauth(vendor, MemoryTokens(consented(ends=NOW + left)), code=True))
    await http.read("/x")
    assert vendor.granted == renewed


async def test_a_token_that_ends_while_the_process_runs() -> None:
    """The clock is asked each time, not once."""
    vendor = Vendor()
    now = [NOW]
    http = api(vendor, oauth(vendor, MemoryTokens(), clock=lambda: now[0]))
    for minutes, granted in ((0, 1), (58, 1), (59, 2), (60, 2), (118, 3)):
        now[0] = NOW + timedelta(minutes=minutes)
        await http.read("/x")
        assert vendor.granted == granted, minutes


@pytest.mark.parametrize(
    ("told", "ends"),
    [
        ({"expires_in": 90}, NOW + timedelta(seconds=90)),
        ({"expires_in": "90"}, NOW + timedelta(seconds=90)),
        ({"expires_at": "2026-03-02T10:30:00Z"}, NOW + timedelta(hours=1)),
        ({"expires_at": "2026-03-02T10:30:00"}, NOW + timedelta(hours=1)),
        ({"expires_at": 1772447400}, NOW + timedelta(hours=1)),
        ({"expires_at": "2026-03-02T10:30:00Z", "expires_in": 5}, NOW + timedelta(hours=1)),
        ({"expires_at": "soon"}, None),
        ({"expires_in": "soon"}, None),
        ({"expires_in": "nan"}, None),
        ({"expires_in": "inf"}, None),
        ({"expires_in": 1e300}, None),
        ({"expires_in": -1e300}, None),
        ({"expires_at": 1e300}, None),
        ({"expires_at": "0001-01-01T00:00:00Z"}, datetime.min.replace(tzinfo=UTC)),
        ({}, None),
    ],
)
async def test_when_a_token_ends(told: dict[str, Any], ends: datetime | None) -> None:
    """Seconds or a moment, as number or text; what cannot be read says nothing, and breaks nothing."""
    vendor = Vendor(life=told)
    store = MemoryTokens()
    credentials = oauth(vendor, store)
    for _ in range(2):
        assert (await credentials.headers())["Authorization"] == f"Bearer {vendor.active}"
    kept = await store.read()
    assert kept is not None
    assert kept.expires_at == ends


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (httpx.Response(503), Unavailable),
        (httpx.Response(500), Unavailable),
        (httpx.ConnectError("no"), Unavailable),
        (httpx.RemoteProtocolError("gone"), Unavailable),
        (httpx.ReadTimeout("slow"), Timeout),
        (httpx.Response(429, headers={"Retry-After": "7"}), RateLimited),
        (httpx.Response(400, json={"error": "invalid_grant"}), AuthRejected),
        (httpx.Response(401), AuthRejected),
        (httpx.Response(403), AuthRejected),
        (httpx.Response(404), AuthRejected),
        (httpx.Response(200, content=b"<html>"), PayloadInvalid),
        (httpx.Response(200, json={"access_token": ""}), PayloadInvalid),
        (httpx.Response(200, json={"token": "x"}), PayloadInvalid),
    ],
)
@pytest.mark.parametrize("code", [False, True])
async def test_a_token_endpoint_in_trouble(
    fault: httpx.Response | Exception, error: type[AdapterError], *, code: bool
) -> None:
    """Down is Unavailable and refused is AuthRejected, for writes as well: nothing was sent. The next try succeeds."""
    vendor = Vendor(faults=[fault])
    disk = Disk(vendor.log, consented(ends=NOW))
    http = api(vendor, oauth(vendor, disk, code=code))
    with pytest.raises(error) as caught:
        await http.write("POST", "/x", body={})
    assert type(caught.value) is error
    assert vendor.log == []
    assert await disk.read() == consented(ends=NOW)
    await http.write("POST", "/x", body={})
    assert vendor.log[-1] == "use access-1"


@pytest.mark.parametrize("kept", [None, Tokens(access="access-0", expires_at=NOW)])
async def test_nobody_has_connected_the_account(kept: Tokens | None) -> None:
    """Without a refresh token nothing is asked of the token endpoint: the customer must connect."""
    vendor = Vendor()
    with pytest.raises(AuthRejected, match="connected"):
        await oauth(vendor, MemoryTokens(kept), code=True).headers()
    assert vendor.granted == 0


async def test_no_secret_in_errors_logs_or_representations(caplog: pytest.LogCaptureFixture) -> None:
    """Client secret, access tokens and refresh tokens are in no log line, error or representation."""
    caplog.set_level(logging.DEBUG)
    vendor = Vendor(active="access-0")
    store = Disk([], consented())
    http = api(vendor, oauth(vendor, store, code=True))
    await http.read("/x")
    vendor.active = "revoked"
    await http.read("/x")
    vendor.active, vendor.refresh = "revoked", "another"
    with pytest.raises(AuthRejected) as refused:
        await http.read("/x")
    vendor.faults = [httpx.Response(200, json={"access_token": ["access-7"], "refresh_token": "refresh-7"})]
    with pytest.raises(PayloadInvalid) as unreadable:
        await http.read("/x")
    causes = [refused.value.__cause__, refused.value.__context__, unreadable.value.__cause__]
    told = "\n".join(
        (
            *(record.getMessage() for record in caplog.records),
            *(repr(one) for one in (refused.value, unreadable.value, await store.read(), *causes)),
        )
    )
    assert "POST /token: 400" in told
    assert [word for word in ("s3cret", BASIC[6:], "access-", "refresh-", "Bearer") if word in told] == []


async def test_closing() -> None:
    """The client of the token endpoint is closed with the credentials."""
    vendor = Vendor()
    credentials = oauth(vendor, MemoryTokens())
    await credentials.aclose()
    with pytest.raises(RuntimeError, match="closed"):
        await credentials.headers()
