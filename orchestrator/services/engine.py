"""The durable engine in words: who works, what waits, and what an operator should know or do about it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta

from orchestrator.services.views import EngineView, PausedConnection, WorkerItem
from orchestrator.work.claim import EVERYTHING
from orchestrator.work.metrics import Backlog, Metrics
from orchestrator.work.table import WorkState

UNATTENDED = 60.0
"""Seconds that something may be due while no worker takes it, before a person is told: a restart takes less."""

LATE = 300.0
"""Seconds that something may be due while workers live."""


def engine_view(metrics: Metrics) -> EngineView:
    """What the operations page shows on an ordinary day."""
    queued = [row for row in metrics.backlog if row.state is WorkState.QUEUED]
    ages = [row.oldest_age for row in queued if row.oldest_age is not None]
    unread = metrics.unread.oldest_age
    return EngineView(
        workers=tuple(
            WorkerItem(
                name=worker.name,
                alive=worker.alive,
                since=worker.started_at,
                seen=worker.seen_at,
                at_once=worker.concurrency,
                kinds=worker.kinds or (),
                finished=worker.finished,
                failed=worker.failed,
            )
            for worker in metrics.workers
        ),
        due=sum(row.due for row in queued),
        oldest_due=metrics.at - timedelta(seconds=max(ages)) if ages else None,
        planned=sum(row.count - row.due for row in queued),
        running=sum(row.count for row in metrics.backlog if row.state is WorkState.RUNNING),
        unread=metrics.unread.count,
        oldest_unread=None if unread is None else metrics.at - timedelta(seconds=unread),
    )


def paused_connections(metrics: Metrics) -> tuple[PausedConnection, ...]:
    """Connections whose work waits."""
    return tuple(
        PausedConnection(
            connection=one.rate_key,
            reason=one.reason,
            since=one.since,
            failures=one.failures,
            next_try=one.until if one.until is not None and one.until > metrics.at else None,
        )
        for one in metrics.connections
    )


def overdue(metrics: Metrics, *, stopped: Collection[str] = ()) -> float:
    """For how many seconds the oldest work has been due that no connection holds back; ``stopped`` as below."""
    ages = [row.oldest_age or 0 for row in _free(metrics, stopped)]
    return max([*ages, metrics.unread.oldest_age or 0])


def _free(metrics: Metrics, stopped: Collection[str]) -> list[Backlog]:
    """What is due and could be done: what waits for a connection is told with the connection."""
    held = {one.rate_key for one in metrics.connections} | set(stopped)
    free = [row for row in metrics.backlog if row.oldest_age is not None and row.connection not in held]
    return [row for row in free if row.connection is None] if EVERYTHING in held else free


def engine_troubles(metrics: Metrics, *, stopped: Collection[str] = ()) -> Iterator[str]:
    """Sentences, the most pressing first; none where all is quiet. ``stopped``: connections that wait by hand, or ``*``."""
    yield from _unattended(metrics, _free(metrics, stopped))
    for one in metrics.connections:
        if one.failures:
            waited = _span((metrics.at - one.since).total_seconds())
            yield f"{one.rate_key} has not answered for {waited}; it is asked again and again, and nothing is lost"
        else:
            yield f"{one.rate_key} is paused: {one.reason}"


def closed_troubles(closed: Mapping[str, float]) -> Iterator[str]:
    """Sentences about connections whose ATS wants fewer requests, with the seconds until their next turn."""
    for connection, seconds in closed.items():
        yield f"{connection} asks for fewer requests: its work waits for {_span(seconds)}, then it goes on by itself"


def _unattended(metrics: Metrics, free: Sequence[Backlog]) -> Iterator[str]:
    alive = [worker for worker in metrics.workers if worker.alive]
    oldest = max((row.oldest_age or 0 for row in free), default=0.0)
    oldest = max(oldest, metrics.unread.oldest_age or 0)
    if not alive:
        if oldest > UNATTENDED:
            yield f"{_nobody(metrics)}, and the oldest work has been due for {_span(oldest)}: start `evenhand worker`"
        return
    taken = {kind for worker in alive for kind in worker.kinds or ()}
    if all(worker.kinds is not None for worker in alive):
        left = sorted({row.kind for row in free if row.kind not in taken and (row.oldest_age or 0) > UNATTENDED})
        if left:
            yield f"no worker takes {', '.join(left)}: start one without `--kinds`, or with them"
        free = [row for row in free if row.kind in taken]
        oldest = max([row.oldest_age or 0 for row in free] + [metrics.unread.oldest_age or 0])
    if oldest > LATE:
        yield (
            f"the oldest work has been due for {_span(oldest)} although workers live: they have more to do than they "
            "can, so start another one"
        )


def _nobody(metrics: Metrics) -> str:
    if not metrics.workers:
        return "no worker runs"
    last = max(worker.seen_at for worker in metrics.workers)
    return f"no worker has been seen for {_span((metrics.at - last).total_seconds())}"


def _span(seconds: float) -> str:
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = round(seconds / size)
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return "less than a minute"
