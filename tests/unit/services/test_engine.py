"""What the operations page says of the engine: quiet on an ordinary day, and in words what is wrong and what to do."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from orchestrator.services.engine import engine_troubles, engine_view, paused_connections
from orchestrator.work.admin import ConnectionPause
from orchestrator.work.metrics import Backlog, Metrics, Unread, WorkerFacts
from orchestrator.work.table import WorkState

NOW = datetime(2026, 8, 24, 14, 5, 9, tzinfo=UTC)


def waiting(
    age: float | None, *, kind: str = "mail.send", connection: str | None = None, count: int = 3, due: int = 2
) -> Backlog:
    """Queued work, the oldest of it due for ``age`` seconds."""
    state = WorkState.QUEUED
    return Backlog(kind=kind, state=state, connection=connection, count=count, due=due, oldest_age=age)


def worker(*, alive: bool = True, kinds: tuple[str, ...] | None = None, seen_ago: float = 3) -> WorkerFacts:
    """A worker that began two hours ago."""
    return WorkerFacts(
        name="desk-1",
        alive=alive,
        started_at=NOW - timedelta(hours=2),
        seen_at=NOW - timedelta(seconds=seen_ago),
        concurrency=8,
        kinds=kinds,
        claimed=5,
        finished=4,
        failed=1,
        leases_lost=0,
    )


def down(**changes: object) -> ConnectionPause:
    """A connection that has not answered for twelve minutes."""
    pause = ConnectionPause(
        rate_key="northlight",
        reason="Unavailable: 503",
        since=NOW - timedelta(minutes=12),
        until=NOW + timedelta(seconds=40),
        failures=9,
    )
    return msgspec.structs.replace(pause, **changes)


def metrics(
    *backlog: Backlog,
    workers: tuple[WorkerFacts, ...] = (),
    connections: tuple[ConnectionPause, ...] = (),
    unread: float | None = None,
) -> Metrics:
    """Everything at one moment."""
    return Metrics(
        at=NOW,
        backlog=backlog,
        dead=(),
        unread=Unread(count=0 if unread is None else 1, oldest_age=unread),
        times=(),
        connections=connections,
        workers=workers,
    )


@pytest.mark.parametrize(
    "quiet",
    [
        metrics(),
        metrics(waiting(None)),
        metrics(waiting(50.0)),
        metrics(waiting(200.0), workers=(worker(),)),
        metrics(waiting(200.0), workers=(worker(kinds=("mail.send",)),)),
    ],
    ids=["nothing", "for later", "a restart", "a busy day", "the right kinds"],
)
def test_an_ordinary_day_is_quiet(quiet: Metrics) -> None:
    """A database that waits for its first work needs nobody."""
    assert list(engine_troubles(quiet)) == []


@pytest.mark.parametrize(
    ("workers", "words"),
    [((), "no worker runs"), ((worker(alive=False, seen_ago=4000),), "no worker has been seen for 1 hour")],
)
def test_due_work_without_a_worker_says_what_to_do(workers: tuple[WorkerFacts, ...], words: str) -> None:
    """Since when, and the command that helps."""
    [trouble] = engine_troubles(metrics(waiting(720.0), workers=workers))
    assert trouble == f"{words}, and the oldest work has been due for 12 minutes: start `evenhand worker`"


def test_unread_deliveries_without_a_worker_count_as_due_work() -> None:
    """What came in is made into work by a worker too."""
    [trouble] = engine_troubles(metrics(unread=120.0))
    assert "due for 2 minutes" in trouble


def test_work_that_no_worker_takes_is_named() -> None:
    """Every worker is limited to some kinds, and one kind is in none of them."""
    workers = (worker(kinds=("mail.send",)), worker(kinds=("ats.write",)))
    [trouble] = engine_troubles(metrics(waiting(90.0, kind="interview.score"), waiting(20.0), workers=workers))
    assert trouble.startswith("no worker takes interview.score")
    assert list(engine_troubles(metrics(waiting(90.0, kind="interview.score"), workers=(*workers, worker())))) == []


def test_workers_that_cannot_keep_up_are_named() -> None:
    """They live, and the oldest still waits."""
    [trouble] = engine_troubles(metrics(waiting(700.0), workers=(worker(),)))
    assert "due for 12 minutes although workers live" in trouble


def test_an_outage_is_said_once_with_its_connection() -> None:
    """What waits for a connection that is down is no sign of workers that are too few."""
    found = metrics(waiting(3000.0, connection="northlight"), workers=(worker(),), connections=(down(),))
    [trouble] = engine_troubles(found)
    assert trouble == "northlight has not answered for 12 minutes; it is asked again and again, and nothing is lost"


def test_a_pause_gives_its_reason() -> None:
    """A person began it, or rejected credentials: the cause has to be mended."""
    [trouble] = engine_troubles(metrics(connections=(down(failures=0, until=None, reason="AuthRejected"),)))
    assert trouble == "northlight is paused: AuthRejected"


def test_the_next_try_is_told_only_while_it_lies_ahead() -> None:
    """After it, a worker tries as soon as one is free."""
    coming, passed = paused_connections(metrics(connections=(down(), down(until=NOW - timedelta(seconds=1)))))
    assert (coming.next_try, coming.failures) == (NOW + timedelta(seconds=40), 9)
    assert passed.next_try is None


def test_the_view_counts_what_is_due_and_what_is_for_later() -> None:
    """Over every kind and connection; running work is neither."""
    running = Backlog(kind="ats.write", state=WorkState.RUNNING, connection="a", count=4, due=0, oldest_age=None)
    gone = worker(alive=False, seen_ago=4000)
    view = engine_view(
        metrics(waiting(90.0), waiting(30.0, connection="a"), running, workers=(worker(), gone), unread=5.0)
    )
    assert (view.due, view.planned, view.running, view.unread) == (4, 2, 4, 1)
    assert view.oldest_due == NOW - timedelta(seconds=90)
    assert view.oldest_unread == NOW - timedelta(seconds=5)
    assert [one.alive for one in view.workers] == [True, False]
    assert [one.at_once for one in view.alive] == [8]
