"""HTTP as bytes: requests that no client library would send, and just enough reading to know how they were answered."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass

ANSWER_SECONDS = 10.0
PATIENCE_SECONDS = 0.2
_METHODS = (
    *("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "get", "PROPFIND", "G\x00T", ""),
    *("A" * 300, "GET\t", "\uff27\uff25\uff34"),
)
_ODD_HEADERS: Sequence[bytes] = (
    *(b"X: " + b"a" * 9_000, b"X" * 9_000 + b": 1", b"X: " + b"a" * 70_000, b"no colon", b": no name", b"X: a\x00b"),
    *(b"X: \xff\xfe", b"X\xff: 1", b"X : 1", b" X: folded", b"Host: a", b"Content-Length: 5", b"Content-Length: -1"),
    *(b"Content-Length: 99999999999999999999", b"Content-Length: 1, 2", b"Content-Length: 0x5", b"Content-Length:"),
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: xchunked"),
    *(
        b"Content-Encoding: gzip",
        b"Expect: 100-continue",
        b"Expect: 200-ok",
        b"Upgrade: websocket\r\nConnection: upgrade",
    ),
    *(b"Connection: close, keep-alive", b"Range: bytes=0-1,5-,-1", b"Accept: " + b"text/html;q=x," * 200),
    *(
        b"Accept: text/html",
        b"Accept: */*",
        b"Accept: \x80",
        b"Content-Type: ;;;",
        b"Content-Type: multipart/form-data",
    ),
    *(b"Content-Type: multipart/form-data; boundary=", b"Content-Type: text/plain; charset=utf-9", b"Origin: null"),
    *(b"Content-Type: application/x-www-form-urlencoded; charset=utf-16", b"If-None-Match: *", b"Forwarded: for=x"),
    *(b"X-Forwarded-For: ", b"X-Forwarded-For: nobody, ::1, 999.1.1.1", b"X-Forwarded-Proto: gopher", b"Host:"),
    *(
        b"Cookie: evenhand_session=",
        b"Cookie: ;;;=;a",
        b"Cookie: evenhand_csrf=" + b"a" * 4_000,
        b'Cookie: a="\\',
        b"Cookie: \xff",
    ),
    *(b"Cookie: evenhand_session=\xc3\xa9; evenhand_session=2", b"X-CSRFToken: \xff", b"Authorization: Basic ====="),
)
_FRAGMENTS = (
    *("%00", "%ff", "%c3%28", "%2e%2e", "..", "//", "%0d%0aX:1", "é", "\x80", " ", "\\", ";a=b", "%", "%zz", "%u0041"),
    *(
        "a" * 9_000,
        "0",
        "-1",
        "1e9",
        "9" * 40,
        "null",
        "00000000-0000-0000-0000-000000000000",
        "{}",
        "١٢",
        "+",
        "~",
        "*",
    ),
)
_FOREIGN = (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET /\r\n\r\n")
_VERSIONS = (b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2", b"HTTP/9.9", b"http/1.1", b"")
_QUERIES = ("kind", "next", "show", "told", "", "a[]", "%00", "theme")


@dataclass(frozen=True)
class Answer:
    """Status of an answer; 0 where the connection was closed without one. ``retry_after`` is None without the header."""

    status: int
    retry_after: str | None = None
    reusable: bool = False


class Connection:
    """One connection to the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def ask(self, request: bytes, *, half_close: bool = False) -> Answer:
        """Send bytes and read one answer; ``half_close`` ends our side where none comes within a moment.

        Raises:
            TimeoutError: the server kept the connection open and said nothing.
        """
        try:
            self._writer.write(request)
            await self._writer.drain()
            async with asyncio.timeout(ANSWER_SECONDS):
                answering = asyncio.ensure_future(self._answer())
                await asyncio.wait({answering}, timeout=PATIENCE_SECONDS if half_close else None)
                if not answering.done():
                    # It waits for more of a request that has no more. Before, it would take the end for a hang-up.
                    self._writer.write_eof()
                return await answering
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return Answer(0)

    async def aclose(self) -> None:
        """End the connection."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            return

    async def _answer(self) -> Answer:
        head = await self._reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        status = int(first.split()[1])
        if status == 100:  # the real answer follows
            return await self._answer()
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if headers.get("content-length", "").isdigit():
            await self._reader.readexactly(int(headers["content-length"]))
        else:
            await self._reader.read()
        reusable = headers.get("connection", "") != "close" and "content-length" in headers
        return Answer(status, headers.get("retry-after"), reusable)


async def connect(host: str, port: int) -> Connection:
    """Open a connection."""
    return Connection(*await asyncio.open_connection(host, port))


class Writer:
    """Writes requests by chance; ``places`` are paths that lead somewhere."""

    def __init__(self, chance: random.Random, places: Sequence[str]) -> None:
        self._chance = chance
        self._places = tuple(places)

    def path(self) -> str:
        """A path: known, bent, or noise, sometimes with a query."""
        chance = self._chance
        path = chance.choice(self._places)
        if chance.random() < 0.6:
            steps = path.split("/")
            steps[chance.randrange(len(steps))] = chance.choice(_FRAGMENTS)
            path = "/".join(steps)
        if chance.random() < 0.3:
            pairs = [f"{chance.choice(_QUERIES)}={chance.choice(_FRAGMENTS)}" for _ in range(chance.randrange(1, 4))]
            path += "?" + "&".join(pairs)
        return path

    def request(
        self, body: bytes, *, method: str | None = None, path: str | None = None, headers: Sequence[bytes] = ()
    ) -> bytes:
        """A request that a server can understand, apart from what is in its parts."""
        lines = [*headers, b"Host: 127.0.0.1", b"Content-Length: %d" % len(body)]
        return self._joined(method or "POST", path or self.path(), lines, body)

    def odd(self, body: bytes, headers: Sequence[bytes]) -> bytes:
        """A request with odd methods, paths and headers."""
        chance = self._chance
        method = chance.choice(_METHODS if chance.random() < 0.4 else ("GET", "POST"))
        lines = [*headers, b"Host: 127.0.0.1", *chance.choices(_ODD_HEADERS, k=chance.randrange(4))]
        if chance.random() < 0.02:
            lines += [b"X-%d: 1" % number for number in range(500)]
        if body and chance.random() < 0.8:
            lines.append(b"Content-Length: %d" % len(body))
        chance.shuffle(lines)
        return self._joined(method, self.path(), lines, body)

    def chunked(self, body: bytes, *, path: str, headers: Sequence[bytes] = ()) -> bytes:
        """The body in chunks; in one of two the chunks are broken."""
        chance = self._chance
        at = 0
        chunks: list[bytes] = []
        while at < len(body) and len(chunks) < 50:
            size = chance.randrange(1, max(2, len(body) // 3 + 1))
            part = body[at : at + size]
            chunks.append(b"%x\r\n%b\r\n" % (len(part), part))
            at += size
        sent = b"".join(chunks) + b"0\r\n\r\n"
        if chance.random() < 0.5:
            wrong = (
                b"zz\r\n",
                b"-1\r\n",
                b"ffffffffffffffffff\r\n",
                b"5;ext=" + b"a" * 3_000 + b"\r\n",
                b"\r\n",
                b"1\r\nab\r\n",
            )
            at = chance.randrange(len(sent))
            sent = sent[:at] + chance.choice(wrong) + sent[at:]
        return self._joined("POST", path, [*headers, b"Host: 127.0.0.1", b"Transfer-Encoding: chunked"], sent)

    def broken(self, request: bytes) -> bytes:
        """Bytes that are no HTTP any more, or never were."""
        chance = self._chance
        at = chance.randrange(1, len(request))
        kinds = (
            lambda: chance.randbytes(chance.randrange(1, 400)),
            lambda: request[:at],
            lambda: chance.choice(_FOREIGN),
            lambda: request.replace(b"HTTP/1.1", chance.choice(_VERSIONS), 1),
            lambda: request.replace(b"\r\n", chance.choice((b"\n", b"\r", b"\r\n\r\n", b"\x00"))),
            lambda: request[:at] + chance.randbytes(3) + request[at + 3 :],
            lambda: request + request[:at],
        )
        return chance.choice(kinds)()

    def _joined(self, method: str, path: str, lines: Sequence[bytes], body: bytes) -> bytes:
        first = f"{method} {path} HTTP/1.1".encode("utf-8", "surrogatepass")
        return b"\r\n".join((first, *lines)) + b"\r\n\r\n" + body
