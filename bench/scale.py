"""(e) Ingest, decision and write-back on a database with a long history, against one with none: ``make bench-scale``.

APPLICATIONS and EVENTS in the environment say how long (else --applications, with ten events each). Both databases are used in turn; Evenhand runs in this process
and talks to an ATS that answers at once, so that the database is as large a part of the time as it can be.
"""

import asyncio
import itertools
import os
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager

import msgspec
import sqlalchemy as sa

from bench.harness import Comparison, Figure, Options, Section, Void
from bench.history import History, application_id, load, size, tables
from bench.loader import migrated
from bench.plans import Plan, explained, scans, statements_of
from bench.postgres import production_cluster
from bench.processes import HOST, free_port, python, running
from bench.whole_house import HIGH_CAP, NO_CAP, answer_all, long_ago, opened, receive_all, settings, work_off
from orchestrator.main import Runtime
from orchestrator.services.kinds import ProcessDelivery, ReadApplication, ScoreInterview, WriteBack
from orchestrator.work.table import WorkState, work
from tests.fixtures.postgres import Cluster

QUICK_APPLICATIONS = 2_000
EVENTS_EACH = 10
"""Events of history for each application, where EVENTS does not say otherwise."""
SAMPLE = 50
"""A database one fiftieth of the size (at least a thousand applications) says how much disk the whole will take."""
LEAST_SAMPLE = 1_000
ROUNDS, QUICK_ROUNDS = 7, 3
BATCH, QUICK_BATCH = 100, 30
DELIVERIES, QUICK_DELIVERIES = 3_000, 500
"""Deliveries of one round of ingest; they are too quick for a batch to be timed, and too many to be worked off."""
WANTED = 0.9
HEADROOM = 2.0
DECIDING = (ProcessDelivery.kind, ReadApplication.kind)
STEPS = ("ingest", "decision", "decision under a cap", "write-back")


class Side(msgspec.Struct, frozen=True):
    """One database in use: Evenhand without caps and with one, and the numbers of applications it will see."""

    name: str
    runtime: Runtime
    capped: Runtime
    known: Iterator[int]
    new: Iterator[int]

    def ids(self, count: int) -> list[str]:
        """Half of them in the history, where there is one, half never seen before."""
        known = [application_id(number) for number in itertools.islice(self.known, count // 2)]
        return known + [application_id(number) for number in itertools.islice(self.new, count - len(known))]


async def one_round(side: Side, batch: int, deliveries: int) -> dict[str, float]:
    """Items a second of each step."""
    found: dict[str, float] = {}
    found["ingest"] = await _timed(
        receive_all(side.runtime, [application_id(n) for n in range(deliveries)]), deliveries
    )
    async with side.runtime.database.transaction() as tx:
        # Marked, so that it is not explained with the main path; by the inbox's index, so that no scan is counted.
        taken = "/* bench */ UPDATE delivery SET state = 'processed' WHERE state = 'received' AND NOT queued"
        await tx.session.execute(sa.text("SET LOCAL enable_seqscan = off"))
        await tx.session.execute(sa.text(taken))
    await receive_all(side.runtime, side.ids(batch))
    found["decision"] = await _timed(work_off(side.runtime, *DECIDING), batch)
    found["write-back"] = await _timed(work_off(side.runtime, WriteBack.kind), batch)
    await receive_all(side.capped, side.ids(batch))
    found["decision under a cap"] = await _timed(work_off(side.capped, *DECIDING), batch)
    await work_off(side.capped, WriteBack.kind)
    await _require_written(side.runtime)
    return found


async def _require_written(runtime: Runtime) -> None:
    """An attempt that failed is counted as made, and would be measured instead of a write."""
    statement = sa.select(work.c.error).where(work.c.state == WorkState.QUEUED, work.c.kind == WriteBack.kind).limit(1)
    async with runtime.database.reading() as session:
        left = (await session.execute(statement)).first()
    if left is not None:
        raise Void(f"not everything was written to the ATS: {left.error}")


async def _timed(work: Awaitable[int | None], count: int) -> float:
    began = time.perf_counter()
    done = await work
    if done is not None and done < count:
        raise Void(f"{done} of {count} were done")
    return count / (time.perf_counter() - began)


async def pattern(runtime: Runtime) -> None:
    """One application from its first delivery to its scores, with everything that was written back on the way."""
    await receive_all(runtime, ["app_pattern"])
    await work_off(runtime, *DECIDING)
    for token in (await answer_all(runtime)).values():
        await runtime.services.interviewing.submit(token)
    await work_off(runtime, ScoreInterview.kind, WriteBack.kind)
    await _require_written(runtime)


@asynccontextmanager
async def side(
    cluster: Cluster, name: str, options: Options, ats_url: str, history: History | None
) -> AsyncIterator[Side]:
    """A database with one finished application and, where asked for, a history."""
    cluster.create(name)
    url = cluster.url(name)
    await (await migrated(url)).aclose()
    folders = [options.folder / f"{name}-{kind}" for kind in ("plain", "capped")]
    runtimes = []
    for folder, cap in zip(folders, (NO_CAP, HIGH_CAP), strict=True):
        folder.mkdir()
        environment = settings(url, folder, ats_url=ats_url, port=free_port(), changes=(cap,))
        runtimes.append(await opened(environment))
    try:
        await pattern(runtimes[0])
        known: Iterator[int] = iter(())
        first_new = 0
        if history is not None:
            await load(runtimes[0].database, history)
            known, first_new = iter(range(history.count("interview"), history.applications)), history.applications
        yield Side(name, runtimes[0], runtimes[1], known, itertools.count(first_new))
    finally:
        for runtime in runtimes:
            await runtime.aclose()


async def projected_bytes(cluster: Cluster, options: Options, ats_url: str, history: History) -> float:
    """How large the database will be, from a small one of the same make."""
    small = max(LEAST_SAMPLE, history.applications // SAMPLE)
    events = max(1, history.events * small // history.applications)
    async with side(cluster, "sample", options, ats_url, None) as sample:
        empty = await size(sample.runtime.database)
        await load(
            sample.runtime.database, History(applications=small, events=events, began_ms=history.began_ms), say=False
        )
        taken = await size(sample.runtime.database) - empty
    cluster.drop("sample")
    return empty + taken * history.applications / small


async def measure(cluster: Cluster, options: Options, ats_url: str, history: History) -> Section:
    """Both sides in turn, then the plans of the large one."""
    projected = await projected_bytes(cluster, options, ats_url, history)
    free = shutil.disk_usage(cluster.folder).free
    _say(
        f"{history.rows:,} rows; about {projected / 1e9:.1f} GB of disk, and 4 GB of log; {free / 1e9:.0f} GB are free"
    )
    if projected * HEADROOM + 4e9 > free:
        raise Void(f"{projected / 1e9:.1f} GB of history do not fit on the disk with room to spare")
    found: dict[str, dict[str, list[float]]] = {}
    async with (
        side(cluster, "empty", options, ats_url, None) as empty,
        side(cluster, "large", options, ats_url, history) as large,
    ):
        bytes_ = await size(large.runtime.database)
        batch = QUICK_BATCH if options.quick else BATCH
        deliveries = QUICK_DELIVERIES if options.quick else DELIVERIES
        for each in (empty, large):
            found[each.name] = {step: [] for step in STEPS}
            await one_round(each, batch, deliveries)
        before = await scans(large.runtime.database)
        for turn in range(QUICK_ROUNDS if options.quick else ROUNDS):
            for each in (empty, large) if turn % 2 else (large, empty):
                for step, value in (await one_round(each, batch, deliveries)).items():
                    found[each.name][step].append(value)
        after = await scans(large.runtime.database)
        async with statements_of(large.runtime.database, large.capped.database) as seen:
            await one_round(large, 4, 4)
        plans = await explained(large.runtime.database, seen)
    scanned = {name: after[name] - before.get(name, 0) for name in after if after[name] > before.get(name, 0)}
    return _section(history, found, plans, scanned, bytes_, projected)


def _section(
    history: History,
    found: Mapping[str, Mapping[str, Sequence[float]]],
    plans: Sequence[Plan],
    scanned: Mapping[str, int],
    bytes_: int,
    projected: float,
) -> Section:
    figures = {
        (name, step): Figure(name=f"{step}, {name}", unit="/s", values=tuple(values))
        for name, steps in found.items()
        for step, values in steps.items()
    }
    large = {table for table in scanned if table in set(tables())}
    walked = [plan for plan in plans if plan.scanned & set(tables())]
    return Section(
        key="e",
        title=f"{history.applications:,} applications and {history.events:,} events of history against none",
        figures=tuple(figures.values()),
        comparisons=tuple(
            Comparison(
                name=f"{step}: large / empty", ours=figures["large", step], theirs=figures["empty", step], target=WANTED
            )
            for step in STEPS
        ),
        remarks=(
            (
                f"{history.rows:,} rows in all, {bytes_ / 1e9:.2f} GB on disk (projected {projected / 1e9:.2f} GB),"
                " loaded with constraints and indexes on, then vacuumed and analysed."
            ),
            "The audit chain of the history is no real chain: its hashes are made up, and only new events are linked.",
            (
                f"{len(plans)} different statements of the main path were explained on the large database; with a sequential"
                f" scan of a table of history: {len(walked) or 'none'}{_named(walked)}."
            ),
            (
                "Rows that the server itself counted as read by sequential scans of those tables while measuring: "
                + (", ".join(f"{table} {scanned[table]:,}" for table in sorted(large)) or "none")
                + "."
            ),
        ),
    )


def _named(plans: Sequence[Plan]) -> str:
    return "".join(f"; {', '.join(sorted(plan.scanned))}: {' '.join(plan.statement.split())[:160]}" for plan in plans)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a program that says what it is about to do


def run(options: Options) -> Section:
    """Measure at the size that the environment asks for."""
    usual = QUICK_APPLICATIONS if options.quick else options.applications
    applications = int(os.environ.get("APPLICATIONS") or usual)
    history = History(
        applications=applications,
        events=int(os.environ.get("EVENTS") or applications * EVENTS_EACH),
        began_ms=int(long_ago().timestamp() * 1000),
    )
    port = free_port()
    with (
        production_cluster() as cluster,
        running("ats", python("-m", "bench.quick_ats", "--port", str(port)), folder=options.folder) as ats,
    ):
        ats.wait_for(f"http://{HOST}:{port}/api/v1/applications")
        return asyncio.run(measure(cluster, options, f"http://{HOST}:{port}", history))
