"""GET /metrics: for whoever holds the token, and no such page for everybody else."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from orchestrator.db.models.worker import KindTally, Spread
from orchestrator.web.app import create_app
from orchestrator.web.metrics import DOOR, exposition, metrics_handlers
from orchestrator.web.rate_limit import Door
from orchestrator.work.admin import ConnectionPause
from orchestrator.work.metrics import Backlog, DeadLetters, Metrics, Unread, WorkerFacts
from orchestrator.work.table import Cause, WorkState

TOKEN = "a token of twenty characters or more"
NOW = datetime(2026, 8, 24, 14, 5, 9, tzinfo=UTC)
SAMPLE = re.compile(r'^([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*)\})? (-?[0-9.e+-]+)$')


def spread(*slots: int) -> Spread:
    """Counts in the first slots."""
    return Spread(slots=[*slots, *[0] * (15 - len(slots))], seconds=1.5)


def found() -> Metrics:
    """One of everything."""
    return Metrics(
        at=NOW,
        backlog=(
            Backlog(kind="ats.write", state=WorkState.QUEUED, connection='a"b\\', count=7, due=5, oldest_age=12.5),
            Backlog(kind="ats.write", state=WorkState.RUNNING, connection=None, count=1, due=0, oldest_age=None),
        ),
        dead=(DeadLetters(kind="mail.send", cause=Cause.GIVEN_UP, count=2),),
        unread=Unread(count=3, oldest_age=0.25),
        times=(),
        connections=(
            ConnectionPause(
                rate_key="northlight", reason="secret words", since=NOW - timedelta(minutes=2), until=None, failures=4
            ),
        ),
        workers=(
            WorkerFacts(
                name="desk-1",
                alive=True,
                started_at=NOW,
                seen_at=NOW,
                concurrency=8,
                kinds=None,
                claimed=10,
                finished=8,
                failed=1,
                leases_lost=1,
                tallies={"ats.write": KindTally(wait=spread(1, 2), handling=spread(0, 3))},
            ),
        ),
    )


@asynccontextmanager
async def asking(token: str | None, door: Door = DOOR) -> AsyncIterator[AsyncTestClient[Litestar]]:
    """A client of an application with this token."""
    asked = [0]

    async def measure() -> Metrics:
        asked[0] += 1
        return found()

    app = create_app(
        handlers=metrics_handlers(token, measure, door=door),
        services=None,
        secret_key="a secret for tests only, long enough",
        base_url="http://127.0.0.1",
    )
    async with AsyncTestClient(app) as client:
        yield client
    assert asked[0] <= 1


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer wrong"},
        {"Authorization": TOKEN},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"bearer {TOKEN[:-1]}"},
    ],
)
@pytest.mark.parametrize("token", [TOKEN, None])
async def test_without_the_token_there_is_no_such_page(token: str | None, sent: dict[str, str]) -> None:
    """Exactly the answer of an address that leads nowhere, whether a token is set or not."""
    async with asking(token) as client:
        answer, nowhere = await client.get("/metrics", headers=sent), await client.get("/nowhere", headers=sent)
        assert (answer.status_code, answer.content) == (nowhere.status_code, nowhere.content)
        assert answer.status_code == 404
        assert dict(answer.headers) == dict(nowhere.headers)


async def test_an_empty_token_opens_nothing() -> None:
    """A variable that is set and empty is one that is not set."""
    async with asking("") as client:
        assert (await client.get("/metrics", headers={"Authorization": "Bearer "})).status_code == 404


async def test_the_token_opens_the_metrics() -> None:
    """As text that Prometheus reads, and not kept by anybody on the way."""
    async with asking(TOKEN) as client:
        answer = await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "evenhand_workers 1\n" in answer.text


async def test_who_asks_too_often_waits() -> None:
    """Also with wrong tokens: guessing is slowed down."""
    async with asking(TOKEN, Door("/metrics", burst=2, per_minute=1)) as client:
        statuses = [(await client.get("/metrics")).status_code for _ in range(3)]
        refused = await client.get("/metrics")
    assert statuses == [404, 404, 429]
    assert int(refused.headers["retry-after"]) > 0


def test_every_line_is_a_sample_of_a_family_that_was_announced() -> None:
    """Help, type, then samples with escaped labels; no family twice; no words of an ATS."""
    text = exposition(found())
    families: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name, kind = line.removeprefix("# TYPE ").split()
            assert name not in families
            families[name] = kind
        elif not line.startswith("# HELP "):
            sample = SAMPLE.match(line)
            assert sample, line
            assert sample[1].removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") in families, line
    assert len(families) > 12
    assert 'connection="a\\"b\\\\"' in text
    assert "secret words" not in text


def test_samples_say_what_was_found() -> None:
    """The numbers of the metrics, with kind, state and connection."""
    lines = exposition(found()).splitlines()
    for line in (
        'evenhand_work_items{kind="ats.write",connection="a\\"b\\\\",state="queued"} 7',
        'evenhand_work_items{kind="ats.write",connection="",state="running"} 1',
        'evenhand_work_due{kind="ats.write",connection="a\\"b\\\\"} 5',
        'evenhand_work_oldest_due_seconds{kind="ats.write",connection="a\\"b\\\\"} 12.5',
        'evenhand_dead_letters{kind="mail.send",cause="given_up"} 2',
        "evenhand_deliveries_unread 3",
        "evenhand_deliveries_unread_oldest_seconds 0.25",
        'evenhand_connection_failures{connection="northlight"} 4',
        'evenhand_connection_held_seconds{connection="northlight"} 120',
        'evenhand_worker_leases_lost_total{worker="desk-1"} 1',
        'evenhand_work_wait_seconds_bucket{worker="desk-1",kind="ats.write",le="0.01"} 1',
        'evenhand_work_wait_seconds_bucket{worker="desk-1",kind="ats.write",le="+Inf"} 3',
        'evenhand_work_wait_seconds_count{worker="desk-1",kind="ats.write"} 3',
        'evenhand_work_handling_seconds_sum{worker="desk-1",kind="ats.write"} 1.5',
    ):
        assert line in lines
