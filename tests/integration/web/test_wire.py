"""The HTTP server towards rude, slow and too many callers: everybody else is served, and each is told what was wrong."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from litestar import Litestar, Request, Response, get, post
from litestar.params import FromPath
from litestar.types import Receive, Scope, Send

from orchestrator.web.app import create_app
from orchestrator.web.watch import Limits, Watch
from tests.fixtures import guarded as wire
from tests.fixtures.guarded import Guarded, eventually, guarded

QUICK = Limits(
    head_seconds=0.4,
    body_seconds=0.4,
    answer_seconds=0.6,
    reader_seconds=0.4,
    idle_seconds=0.5,
    linger_seconds=0.3,
    head_bytes=4096,
    headers=20,
    target_bytes=1000,
    pipelined=3,
    wasted_bytes=300_000,
)
LARGE = 8 * 1024 * 1024


class Door:
    """Holds handlers until it is opened."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.inside = 0

    async def hold(self) -> None:
        self.inside += 1
        await self.open.wait()

    async def full(self, count: int) -> None:
        await eventually(lambda: self.inside >= count)


def application(door: Door | None = None) -> Litestar:
    kept = door or Door()

    @get("/held")
    async def held() -> Response[str]:
        await kept.hold()
        return Response("at last")

    @get("/large")
    async def large() -> Response[bytes]:
        return Response(b"x" * LARGE, media_type="text/plain")

    @post("/hooks/{name:str}")
    async def take(name: FromPath[str], request: Request[Any, Any, Any]) -> Response[str]:
        return Response(f"{name} {len(await request.body())}", status_code=202)

    return create_app(handlers=[held, large, take], services=None, secret_key="x" * 40, base_url="http://127.0.0.1")


@pytest.fixture
async def server() -> AsyncIterator[Guarded]:
    async with guarded(application(), limits=QUICK) as running:
        yield running


async def is_well(server: Guarded) -> bool:
    return (await (await server.line()).ask(wire.get("/healthz"))).body == b"ok\n"


async def test_who_dribbles_headers_is_told_and_cut(server: Guarded) -> None:
    """A byte now and then does not hold a connection: 408 with a hint, then the end."""
    line = await server.line()
    for byte in b"GET / HTTP":
        await line.say(bytes([byte]))
        await asyncio.sleep(0.02)
    answer = await line.reply()
    assert answer.status == answer.problem["status"] == 408
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["connection"] == "close"
    assert await line.ended() == b""
    assert await is_well(server)


async def test_who_says_nothing_is_cut_without_a_word(server: Guarded) -> None:
    """There is no request that could be answered."""
    assert await (await server.line()).ended() == b""


async def test_who_dribbles_a_body_is_told_and_cut(server: Guarded) -> None:
    """The handler waits for the body, and the sender for us: 408 ends both."""
    line = await server.line()
    await line.say(wire.post("/hooks/x", b"")[:-4].replace(b"Content-Length: 0", b"Content-Length: 100") + b"\r\n\r\n{")
    assert (await line.reply()).status == 408
    assert await line.ended() == b""


async def test_a_request_in_pieces_is_served(server: Guarded) -> None:
    """Slow but in time is fine, and the time begins anew with every request on the connection."""
    line = await server.line()
    for _ in range(4):
        whole = wire.post("/hooks/x", b"12345")
        for start in range(0, len(whole), 20):
            await line.say(whole[start : start + 20])
            await asyncio.sleep(0.03)
        assert (await line.reply()).body == b"x 5"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (wire.get("/", "X-Long: " + "x" * 5000), 431),
        (wire.get("/", *(f"X-{number}: 1" for number in range(40))), 431),
        (b"GET / HTTP/1.1\r\nX-Endless: " + b"x" * 5000, 431),
        (wire.get("/" + "x" * 2000), 414),
        (b"GET /" + b"x" * 5000, 414),
        (b"\x16\x03\x01 this is no HTTP\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    ],
)
@pytest.mark.parametrize("piece", [100_000, 700])
async def test_heads_that_are_too_large_or_no_heads(server: Guarded, head: bytes, status: int, piece: int) -> None:
    """Refused in words whether they come at once or in pieces, and the words arrive though more was on its way."""
    line = await server.line()
    for start in range(0, len(head), piece):
        await line.say(head[start : start + piece])
        await asyncio.sleep(0.005)
    answer = await line.reply()
    assert answer.status == answer.problem["status"] == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert await line.ended() == b""
    assert await is_well(server)


async def test_a_large_head_that_is_allowed(server: Guarded) -> None:
    """Just under the limits is served, also behind a body that was larger than they are."""
    line = await server.line()
    assert (await line.ask(wire.post("/hooks/x", b"x" * 6000))).body == b"x 6000"
    head = wire.get("/healthz", "X-Long: " + "x" * 3900)
    await line.say(head[:100])
    await asyncio.sleep(0.02)
    assert (await line.ask(head[100:])).status == 200


async def test_who_does_not_read_is_cut(server: Guarded) -> None:
    """Megabytes that nobody takes are not kept for ever."""
    line = await server.line()
    line.writer.transport.pause_reading()  # type: ignore[attr-defined]  # the transport reads, whatever its type says
    await line.say(wire.get("/large"))
    await eventually(lambda: len(server.server.server_state.connections) == 1)
    await eventually(lambda: not server.server.server_state.connections)


async def test_who_reads_slowly_is_served(server: Guarded) -> None:
    """The whole time may be longer than any limit as long as something is taken."""
    line = await server.line()
    await line.say(wire.get("/large"))
    taken = len(await line.reader.readuntil(b"\r\n\r\n"))
    body = 0
    for _ in range(8):
        body += len(await line.reader.readexactly(LARGE // 8))
        await asyncio.sleep(0.2)
    assert (taken > 0, body) == (True, LARGE)


async def test_an_idle_connection_ends(server: Guarded) -> None:
    """After some time without a request, and not before."""
    line = await server.line()
    assert (await line.ask(wire.get("/healthz"))).status == 200
    await asyncio.sleep(0.2)
    assert (await line.ask(wire.get("/healthz"))).status == 200
    assert await line.ended() == b""


async def test_a_handler_that_hangs_is_answered_for(server: Guarded) -> None:
    """503 with a hint instead of silence."""
    answer = await (await server.line()).ask(wire.get("/held"))
    assert answer.status == answer.problem["status"] == 503
    assert int(answer.headers["retry-after"]) > 0


async def test_pipelined_requests_are_answered_in_their_order_up_to_a_limit(server: Guarded) -> None:
    """A few are served one after the other; who sends heaps of them gets those few answers and the end."""
    line = await server.line()
    await line.say(b"".join(wire.post("/hooks/x", b"1" * size) for size in (1, 2, 3)))
    assert [(await line.reply()).body for _ in range(3)] == [b"x 1", b"x 2", b"x 3"]
    await line.say(wire.get("/healthz") * 2000)
    said = await line.ended()
    assert 1 <= said.count(b"HTTP/1.1 200 OK") <= QUICK.pipelined + 1
    assert len(said) < 10_000


async def test_an_early_answer_arrives_though_the_body_is_still_coming(server: Guarded) -> None:
    """Who is refused before the body was read still learns why, and may go on using the connection."""
    line = await server.line()
    body = b"x" * 200_000
    assert (await line.ask(wire.post("/nowhere", body))).status == 404
    assert (await line.ask(wire.get("/healthz"))).status == 200
    # Endless bodies are not taken in to the end.
    await line.say(
        wire.post("/nowhere", b"")[:-4].replace(b"Content-Length: 0", b"Content-Length: 99999999") + b"\r\n\r\n"
    )
    assert (await line.reply()).status == 404
    for _ in range(500):
        await line.say(b"x" * 10_000)
        await asyncio.sleep(0)
    await eventually(lambda: not server.server.server_state.connections)


CHUNKED = wire.post("/hooks/x", b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")


@pytest.mark.parametrize(
    ("before", "piece"),
    [(b"0\r\n", b"a: b\r\n" * 150), (b"0\r\nX-Endless: ", b"x" * 900), (b"2;", b"x" * 900)],
    ids=["trailers", "one trailer", "a chunk extension"],
)
async def test_what_comes_with_a_body_but_is_none_has_a_limit(server: Guarded, before: bytes, piece: bytes) -> None:
    """As much of it as of headers, then 431 and the end; the application is told that nobody is there any more."""
    line = await server.line()
    await line.say(CHUNKED + b"2\r\n{}\r\n" + before)
    for _ in range(6):
        await asyncio.sleep(0.005)
        await line.say(piece)
    answer = await line.reply()
    assert answer.status == answer.problem["status"] == 431
    assert await line.ended() == b""
    await eventually(lambda: not server.server.server_state.tasks)
    assert await is_well(server)


@pytest.mark.parametrize("rest", [b"0\r\n" + b"a: b\r\n" * 5000, b"this is no chunk\r\n"])
async def test_the_rest_of_an_answered_body_is_never_answered_again(rest: bytes) -> None:
    """A second answer would be read as the one to the next request: the connection ends without a word, and at once."""
    async with guarded(application(), limits=Limits(linger_seconds=0.2)) as server:
        line = await server.line()
        assert (await line.ask(CHUNKED.replace(b"/hooks/x", b"/nowhere"))).status == 404
        await line.say(rest)
        assert await line.ended() == b""
        assert await is_well(server)


async def test_a_large_body_in_many_small_chunks_is_served(server: Guarded) -> None:
    """However much its framing comes to over time; the connection goes on to be used."""
    line = await server.line()
    for _ in range(2):
        await line.say(CHUNKED)
        for _ in range(300):
            await line.say(b"64;name=" + b"x" * 40)
            await asyncio.sleep(0)
            await line.say(b"\r\n" + b"x" * 100 + b"\r\n")
        answer = await line.ask(b"0\r\nX-Sum: 1\r\n\r\n")
        assert (answer.status, answer.body) == (202, b"x 30000")


async def test_a_trailer_is_no_header() -> None:
    """What comes after the body cannot stand for a header that was checked before."""
    seen: list[list[bytes]] = []

    async def read_it_all(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        seen.append(sorted(name for name, _ in scope["headers"]))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async with guarded(read_it_all, limits=QUICK) as server:
        line = await server.line()
        trailers = b"0\r\nX-Forwarded-For: 192.0.2.1\r\nCookie: a=b\r\n\r\n"
        assert (await line.ask(CHUNKED + b"2\r\n{}\r\n" + trailers)).status == 200
        assert (await line.ask(wire.get("/"))).status == 200
    assert seen == [[b"host", b"transfer-encoding"], [b"host"]]


async def test_too_many_connections_are_told_when_to_come_again() -> None:
    """503 with a hint as a problem document while all are busy; an idle one makes room for somebody new."""
    door = Door()
    async with guarded(application(door), limits=Limits(connections=3, linger_seconds=0.2)) as server:
        busy = [await server.line() for _ in range(3)]
        for line in busy:
            await line.say(wire.get("/held"))
        await door.full(3)
        refused = await server.line()
        answer = await refused.reply()
        assert answer.status == answer.problem["status"] == 503
        assert int(answer.headers["retry-after"]) > 0
        door.open.set()
        assert [(await line.reply()).status for line in busy] == [200] * 3
        assert await refused.ended() == b""
        assert await is_well(server)
        await eventually(lambda: sum(line.reader.at_eof() for line in busy) == 1)


async def test_too_many_requests_at_once_are_told_when_to_come_again() -> None:
    """Machines get a problem, people a page, both a hint; health is still answered, and so is everybody afterwards."""
    door = Door()
    async with guarded(application(door), limits=Limits(requests=2)) as server:
        busy = [await server.line() for _ in range(2)]
        for line in busy:
            await line.say(wire.get("/held"))
        await door.full(2)
        third = await server.line()
        answer = await third.ask(wire.post("/hooks/x", b"{}"))
        assert answer.status == answer.problem["status"] == 503
        assert int(answer.headers["retry-after"]) > 0
        page = await third.ask(wire.get("/held", "Accept: text/html"))
        assert (page.status, page.headers["content-type"]) == (503, "text/html; charset=utf-8")
        assert b"in a moment" in page.body
        assert page.headers["retry-after"] == "1"
        assert (await third.ask(wire.get("/healthz"))).status == 200
        door.open.set()
        assert [(await line.reply()).body for line in busy] == [b"at last"] * 2
        assert (await third.ask(wire.post("/hooks/x", b"{}"))).status == 202


async def test_an_upgrade_is_answered_as_if_it_had_not_been_asked_for(server: Guarded) -> None:
    """We speak HTTP/1.1 and nothing else."""
    line = await server.line()
    answer = await line.ask(wire.get("/healthz", "Connection: Upgrade", "Upgrade: websocket"))
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert await line.ended() == b""


async def _raw(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    raise ZeroDivisionError("what-a-candidate-said", scope["type"])


async def test_a_bare_error_of_an_application_has_no_words(caplog: pytest.LogCaptureFixture) -> None:
    """Even what no error handler saw leaves the process as a plain 500, and the log names its kind only."""
    async with guarded(_raw, limits=QUICK) as server:
        answer = await (await server.line()).ask(wire.get("/"))
        assert (answer.status, answer.body) == (500, b"Internal Server Error")
    assert "request failed: ZeroDivisionError" in caplog.text
    assert "what-a-candidate-said" not in caplog.text


def test_time_in_which_the_process_stood_still_does_not_count() -> None:
    """A process that was paused blames nobody for it."""
    watch = Watch(Limits())
    for clock in (100.0, 100.1, 160.0, 160.1):
        watch.tick(clock)
    assert watch.now == pytest.approx(0.1 + Watch.LONGEST_STEP + 0.1)
