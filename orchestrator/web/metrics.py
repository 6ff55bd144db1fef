"""The engine's metrics at GET /metrics, as Prometheus text, for whoever holds the token; there is no such page else."""

import hmac
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from orchestrator.db.models.worker import BOUNDS, Spread
from orchestrator.web.rate_limit import Buckets, Door
from orchestrator.work.metrics import Metrics

PATH = "/metrics"
DOOR = Door(PATH, burst=30, per_minute=60)
"""Scraping every few seconds is far below; who guesses tokens is slowed down."""

TEXT = "text/plain; version=0.0.4"
Measure = Callable[[], Awaitable[Metrics]]
Labels = Mapping[str, str]


def metrics_handlers(token: str | None, measure: Measure, *, door: Door = DOOR) -> list[HTTPRouteHandler]:
    """The route; none without a token."""
    if not token:
        return []
    expected = f"Bearer {token}".encode()
    buckets = Buckets(door)

    @get(PATH, include_in_schema=False, media_type=TEXT, exclude_from_csrf=True)
    async def metrics(request: Request[object, object, State]) -> Response[str]:
        buckets.take(request.client.host if request.client else "")
        given = request.headers.get("authorization", "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, expected):
            # As where there is no such page: a stranger does not learn that there is one.
            raise NotFoundException
        return Response(exposition(await measure()), media_type=TEXT, headers={"Cache-Control": "no-store"})

    return [metrics]


class Family(Struct, frozen=True):
    """One metric: name, type, meaning, and its samples as (suffix of the name, labels, value)."""

    name: str
    type: str
    help: str
    samples: Sequence[tuple[str, Labels, float]]


def exposition(metrics: Metrics) -> str:
    """The text exposition format, version 0.0.4."""
    return "".join(line for family in _families(metrics) for line in _lines(family))


def _lines(family: Family) -> Iterator[str]:
    yield f"# HELP {family.name} {family.help}\n# TYPE {family.name} {family.type}\n"
    for suffix, labels, value in family.samples:
        inside = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
        yield f"{family.name}{suffix}{'{' + inside + '}' if inside else ''} {value:.12g}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _families(metrics: Metrics) -> Iterator[Family]:
    yield from _waiting(metrics)
    yield from _connections(metrics)
    yield from _workers(metrics)
    yield _histogram(metrics, "evenhand_work_wait_seconds", "From due to claimed.", lambda tally: tally.wait)
    yield _histogram(
        metrics, "evenhand_work_handling_seconds", "From claimed to handled.", lambda tally: tally.handling
    )


def _waiting(metrics: Metrics) -> Iterator[Family]:
    rows = [
        ({"kind": row.kind, "connection": row.connection or "", "state": row.state.value}, row)
        for row in metrics.backlog
    ]
    yield Family("evenhand_work_items", "gauge", "Open work.", [("", labels, row.count) for labels, row in rows])
    waiting = [({"kind": row.kind, "connection": row.connection or ""}, row) for _, row in rows if row.due]
    yield Family(
        "evenhand_work_due", "gauge", "Work that may run now.", [("", labels, row.due) for labels, row in waiting]
    )
    yield Family(
        "evenhand_work_oldest_due_seconds",
        "gauge",
        "For how long the oldest of it has been due.",
        [("", labels, row.oldest_age or 0.0) for labels, row in waiting],
    )
    yield Family(
        "evenhand_dead_letters",
        "gauge",
        "Work that was given up and needs a person.",
        [("", {"kind": row.kind, "cause": row.cause.value}, row.count) for row in metrics.dead],
    )
    yield Family(
        "evenhand_deliveries_unread",
        "gauge",
        "Deliveries on disk, not made into work.",
        [("", {}, metrics.unread.count)],
    )
    yield Family(
        "evenhand_deliveries_unread_oldest_seconds",
        "gauge",
        "How long ago the oldest of them came.",
        [("", {}, metrics.unread.oldest_age or 0.0)],
    )


def _connections(metrics: Metrics) -> Iterator[Family]:
    held = [({"connection": one.rate_key}, one) for one in metrics.connections]
    yield Family(
        "evenhand_connection_held_seconds",
        "gauge",
        "Connections whose work waits: for how long.",
        [("", labels, (metrics.at - one.since).total_seconds()) for labels, one in held],
    )
    yield Family(
        "evenhand_connection_failures",
        "gauge",
        "How often in a row it did not answer; 0 where it was paused.",
        [("", labels, one.failures) for labels, one in held],
    )


def _workers(metrics: Metrics) -> Iterator[Family]:
    workers = [({"worker": one.name}, one) for one in metrics.workers]
    alive = [one for one in metrics.workers if one.alive]
    yield Family("evenhand_workers", "gauge", "Workers that live.", [("", {}, len(alive))])
    yield Family(
        "evenhand_worker_slots", "gauge", "How much they do at once.", [("", {}, sum(one.concurrency for one in alive))]
    )
    for what, words in (
        ("claimed", "Attempts begun."),
        ("finished", "Attempts that ended well."),
        ("failed", "Attempts that ended otherwise."),
        ("leases_lost", "Attempts that were taken over or cancelled."),
    ):
        samples = [("", labels, float(getattr(one, what))) for labels, one in workers]
        yield Family(f"evenhand_worker_{what}_total", "counter", words, samples)


def _histogram(metrics: Metrics, name: str, words: str, spread: Callable[..., Spread]) -> Family:
    samples: list[tuple[str, Labels, float]] = []
    for worker in metrics.workers:
        for kind, tally in worker.tallies.items():
            labels = {"worker": worker.name, "kind": kind}
            seen, total = spread(tally), 0
            for count, bound in zip(seen.slots, (*(f"{bound:g}" for bound in BOUNDS), "+Inf"), strict=True):
                total += count
                samples.append(("_bucket", {**labels, "le": bound}, total))
            samples += [("_sum", labels, seen.seconds), ("_count", labels, total)]
    return Family(name, "histogram", words, samples)
