"""(w) Two and four worker processes on PostgreSQL with a slow model: whether more processes score more, and waste nothing.

The model takes half a second for each call and writes down how many calls it has at once; each worker may have two. So
waiting decides and not the processor, as with a real model.
"""

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import sqlalchemy as sa

from bench.harness import Comparison, Figure, Goal, Options, Section, Void
from bench.loader import migrated
from bench.postgres import production_cluster
from bench.processes import HOST, Process, free_port, python, running
from bench.whole_house import NO_CAP, answer_all, invite, opened, settings
from orchestrator.main import Runtime
from orchestrator.services.kinds import ScoreInterview
from orchestrator.work.queue import enqueue
from orchestrator.work.table import work

FEW, MANY = 2, 4
SLOTS = 2
CALL_SECONDS = 0.5
INTERVIEWS, QUICK_INTERVIEWS = 64, 16
WARM_UP = 2 * SLOTS
"""Interviews for each process before it counts: the first call of a process loads the client's modules."""
ROUNDS, QUICK_ROUNDS = 2, 1
RISE, USED = 1.8, 0.95
LOOK_SECONDS = 0.01
PATIENCE = 180.0
SCORING = (work.c.kind == ScoreInterview.kind,)


class Outing(msgspec.Struct, frozen=True, kw_only=True):
    """What one run gave: interviews scored a second, and the share of the allowed calls that was under way."""

    per_second: float
    used: float


class Stand(msgspec.Struct, frozen=True):
    """What all runs share: Evenhand in this process, the workers' environment, the model's record, the log folder."""

    runtime: Runtime
    environment: dict[str, str]
    record: Path
    folder: Path


async def prepare(runtime: Runtime, application_ids: Sequence[str]) -> list[ScoreInterview]:
    """Interviews that have been handed in and wait to be scored, without their work: it is added all at once later."""
    await invite(runtime, application_ids)
    tokens = await answer_all(runtime)
    for token in tokens.values():
        await runtime.services.interviewing.submit(token)
    async with runtime.database.transaction() as tx:
        statement = sa.delete(work).where(*SCORING, work.c.state == "queued").returning(work.c.payload)
        stored = (await tx.session.execute(statement)).scalars().all()
    if len(stored) != len(application_ids):
        raise Void(f"{len(stored)} of {len(application_ids)} interviews were handed in")
    return [msgspec.json.decode(payload, type=ScoreInterview) for payload in stored]


async def perform(stand: Stand, processes: int, payloads: Sequence[ScoreInterview]) -> Outing:
    """Start the workers, add all the work at once, and watch."""
    with ExitStack() as stack:
        started = [stack.enter_context(a_worker(stand, number)) for number in range(processes)]
        for process in started:
            await until_said(process, "runs")
        warm_up = WARM_UP * processes
        await add(stand.runtime, payloads[:warm_up])
        await until_none(stand.runtime, "queued", "running")
        began = await add(stand.runtime, payloads[warm_up:])
        claimed = await until_none(stand.runtime, "queued")
        ended = await until_none(stand.runtime, "queued", "running")
    allowed = SLOTS * processes
    return Outing(
        per_second=(len(payloads) - warm_up) / (ended - began),
        used=calls_at_once(stand.record.read_text("ascii"), began, claimed) / allowed,
    )


async def add(runtime: Runtime, payloads: Sequence[ScoreInterview]) -> float:
    """Add work in one transaction; when it was committed, in seconds since the epoch."""
    async with runtime.database.transaction() as tx:
        for payload in payloads:
            key = f"score:{payload.interview_id}:{payload.round}"
            await enqueue(tx, payload, dedupe=key, subject=f"interview:{payload.interview_id}")
    return time.time()


@contextmanager
def a_worker(stand: Stand, number: int) -> Iterator[Process]:
    """One worker process for scoring only, with a log of its own."""
    command = python("-m", "orchestrator", "worker", "--concurrency", str(SLOTS), "--kinds", ScoreInterview.kind)
    folder = stand.folder / f"{time.monotonic_ns()}-{number}"
    folder.mkdir()
    with running(f"worker-{number}", command, folder=folder, environment=stand.environment) as process:
        yield process


async def until_said(process: Process, word: str) -> None:
    """Wait until a process has written a word."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if word in process.last_words():
            return
        await asyncio.sleep(0.05)
    raise Void(f"{process.name} did not come up: {process.last_words()}")


async def until_none(runtime: Runtime, *states: str) -> float:
    """When no scoring work was in any of these states any more, in seconds since the epoch."""
    deadline = time.monotonic() + PATIENCE
    statement = sa.select(sa.func.count()).select_from(work).where(*SCORING, work.c.state.in_(states))
    while time.monotonic() < deadline:
        async with runtime.database.reading() as session:
            if not await session.scalar(statement):
                return time.time()
        await asyncio.sleep(LOOK_SECONDS)
    raise Void("the scoring did not end")


def calls_at_once(record: str, began: float, ended: float) -> float:
    """The mean number of calls that the model had at once between two moments: the area under its curve."""
    area, level, since = 0.0, 0, began
    for line in record.splitlines():
        moment, change = line.split()
        at = min(max(float(moment), began), ended)
        area += level * (at - since)
        since, level = at, level + int(change)
    return (area + level * (ended - since)) / (ended - began)


async def measure(stand: Stand, *, interviews: int, rounds: int) -> dict[int, list[Outing]]:
    """Few and many processes in turn."""
    found: dict[int, list[Outing]] = {FEW: [], MANY: []}
    numbers = itertools.count(1)
    for _ in range(rounds):
        for processes, outings in found.items():
            ids = [f"app_{next(numbers):08d}" for _ in range(interviews + WARM_UP * processes)]
            payloads = await prepare(stand.runtime, ids)
            outings.append(await perform(stand, processes, payloads))
    return found


async def rehearse(url: str, options: Options, ats_url: str, model: str, record: Path) -> dict[int, list[Outing]]:
    """Put everything together around one database."""
    database = await migrated(url)
    await database.aclose()
    environment = settings(
        url,
        options.folder,
        ats_url=ats_url,
        port=free_port(),
        changes=(NO_CAP,),
        openai_base_url=model,
        openai_api_key="none",
        openai_samples="1",
        openai_concurrency=str(SLOTS),
    )
    runtime = await opened(environment)
    try:
        return await measure(
            Stand(runtime, environment, record, options.folder),
            interviews=QUICK_INTERVIEWS if options.quick else INTERVIEWS,
            rounds=QUICK_ROUNDS if options.quick else ROUNDS,
        )
    finally:
        await runtime.aclose()


def run(options: Options) -> Section:
    """Measure on PostgreSQL; more processes on SQLite share one writer and are not meant."""
    title = f"{FEW} → {MANY} worker processes, a model call takes {CALL_SECONDS} s, {SLOTS} calls per worker"
    ats, model, record = free_port(), free_port(), options.folder / "model.txt"
    slow = python("-m", "bench.slow_model", "--port", str(model), "--delay", str(CALL_SECONDS), "--record", str(record))
    with (
        production_cluster() as cluster,
        running("ats", python("-m", "bench.quick_ats", "--port", str(ats)), folder=options.folder) as ats_process,
        running("model", slow, folder=options.folder) as model_process,
    ):
        ats_process.wait_for(f"http://{HOST}:{ats}/api/v1/applications")
        asyncio.run(until_said(model_process, "http"))
        cluster.create("workers")
        url, ats_url = cluster.url("workers"), f"http://{HOST}:{ats}"
        found = asyncio.run(rehearse(url, options, ats_url, f"http://{HOST}:{model}/v1", record))
    speed = {
        count: Figure(name=f"{count} processes", unit="interviews/s", values=tuple(each.per_second for each in outings))
        for count, outings in found.items()
    }
    used = {
        count: Figure(
            name=f"{count} processes: allowed model calls in use",
            unit="of 1",
            values=tuple(each.used for each in outings),
        )
        for count, outings in found.items()
    }
    return Section(
        key="w",
        title=title,
        figures=(*speed.values(), *used.values()),
        comparisons=(Comparison(name=f"{MANY} / {FEW} processes", ours=speed[MANY], theirs=speed[FEW], target=RISE),),
        goals=tuple(Goal(figure=figure, target=USED, at_least=True) for figure in used.values()),
        remarks=(
            (
                "Throughput counts from the commit that added all the work until the last interview was scored, its tail"
                " included; the calls in use are the area under the model's own count from that commit until nothing was left"
                f" to claim (seen within {LOOK_SECONDS * 1000:.0f} ms)."
            ),
            (
                "evenhand worker --concurrency 2 --kinds interview.score with EVENHAND_OPENAI_CONCURRENCY=2, one sample for"
                f" each competency; {WARM_UP} interviews for each process go before, for its first call loads modules."
            ),
        ),
    )
