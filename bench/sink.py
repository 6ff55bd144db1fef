"""Where the flows of part (c) end: counts completed POSTs, path by path, and remembers when the last one came. ``python -m bench.sink PORT``."""

import asyncio
import sys
import time
from collections import defaultdict
from typing import cast

import httptools
import uvloop

ANSWER = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Count:
    """What came to one path. ``last`` is the machine's monotonic clock, the same for every process on it."""

    posts = 0
    last = 0.0


class Connection(asyncio.Protocol):
    """One kept-alive connection."""

    _transport: asyncio.Transport

    def __init__(self, counts: defaultdict[bytes, Count]) -> None:
        self._counts = counts
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        # uvloop's transports are of no class of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Feed the parser."""
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        """Remember what is asked for."""
        self._url = url

    def on_message_complete(self) -> None:
        """Count, answer."""
        count = self._counts[self._url]
        if self._parser.get_method() == b"POST":
            count.posts += 1
            count.last = time.monotonic()
            self._transport.write(ANSWER)
            return
        body = f'{{"posts":{count.posts},"last":{count.last}}}'.encode()
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))


async def serve(port: int) -> None:
    """Serve until the process is ended."""
    counts: defaultdict[bytes, Count] = defaultdict(Count)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(counts), "127.0.0.1", port, backlog=512)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
