"""A server process under bytes that no client sends: it answers below 500 or closes, and lives on."""

import asyncio
from pathlib import Path

import pytest

from tests.fuzz.over_http import Stranger, Tally, knock, running_server, status_of
from tests.fuzz.vendors import target_of
from tests.fuzz.wire import Answer

REQUESTS = 250

# A Host whose port is no number: asked for its address, the framework raised while it answered the 404.
ONCE_WRONG = (b"POST / HTTP/1.1\r\nHost: :x\r\n\r\n", b"GET /nowhere HTTP/1.1\r\nHost: [\r\nAccept: text/html\r\n\r\n")


@pytest.mark.long
def test_a_server_survives_strangers(tmp_path: Path) -> None:
    """Two hundred and fifty requests of every kind: no 5xx, no silence, some deliveries stored, and /healthz afterwards."""
    tally = Tally()
    with running_server(tmp_path) as server:
        asyncio.run(knock(server, Stranger("5/http", target_of("sandbox")), REQUESTS, tally))
        for request in ONCE_WRONG:
            assert asyncio.run(status_of(server, request)) < 500, request
        assert server.healthy()
    assert tally.wrong == []
    assert tally.statuses.total() + tally.busy == REQUESTS
    assert {0, 202, 400, 401, 403, 404, 405} <= set(tally.statuses)


def test_what_counts_as_wrong() -> None:
    """A 5xx and a silent server are wrong; a 503 with Retry-After, a 4xx and a closed connection are not."""
    tally = Tally()
    for answer in (
        Answer(200),
        Answer(404),
        Answer(0),
        Answer(503, retry_after="1"),
        Answer(503),
        Answer(500),
        Answer(-1),
    ):
        tally.count(answer, b"x")
    assert [status for status, _ in tally.wrong] == [503, 500, -1]
    assert tally.busy == 1
    assert tally.last_line() == "requests=7 status_2xx=1 status_4xx=1 status_5xx=2"
