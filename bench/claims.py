"""(g) What a claim costs behind a backlog, by the shape of the backlog, on both databases.

Every shape lies in a database of its own and holds, besides the backlog, work that can be claimed. A claim is timed and
rolled back, so that the shape stays; shapes take turns.
"""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count as count_up
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from bench.harness import Comparison, Figure, Options, Section
from bench.loader import analyse, clone, migrated
from bench.postgres import production_cluster
from orchestrator.db.session import Database, Transaction
from orchestrator.services.kinds import ReadApplication, ScoreInterview
from orchestrator.work import claim as claiming
from orchestrator.work import limits
from orchestrator.work.lanes import promote
from orchestrator.work.payload import Payload
from orchestrator.work.queue import enqueue
from orchestrator.work.table import Priority, work

BACKLOG, QUICK_BACKLOG = 100_000, 10_000
REPEATS, QUICK_REPEATS = 21, 5
WARM_UP = 3
ONE_LANE = "lane/one"
TAKEN = 20
MOST = 3.0
READY = 200
"""Claimable items behind a backlog that is not claimable itself."""

HERE, ELSEWHERE = "ats-here", "ats-elsewhere"
NOW = {
    "postgresql": "extract(epoch FROM clock_timestamp())",
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
}
YES, NO = "(1 = 1)", "(1 = 0)"
_numbers = count_up()


class Undone(Exception):
    """Raised to roll a claim back."""


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """A share of a shape: so many items, alike but for SQL expressions over ``n.i``.

    ``age`` is how many seconds ago the first became due (negative: in the future); each next one is a millisecond later.
    ``head`` says which are the first of their lane, where the table knows heads.
    """

    count: int
    age: float
    scored: bool = False
    rate_key: str | None = HERE
    priority: Priority = Priority.NORMAL
    lane: str = "NULL"
    head: str = YES
    changed: Mapping[str, str] = {}


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """A backlog: what it is called, what it holds, how to prepare it, and which kinds the worker takes."""

    name: str
    fills: tuple[Fill, ...]
    prepare: Callable[[Database], Awaitable[None]] | None = None
    kinds: tuple[str, ...] | None = None
    analysed: bool = True
    backlog: bool = True
    settled: bool = False
    """Whether the head of its one lane runs, and settling it is timed too."""

    @property
    def settling(self) -> str:
        """What settling its head is called."""
        return f"settling the head of {self.name.partition(' whose')[0]}"


def ready(count: int = READY) -> Fill:
    """Work that can be claimed, younger than any backlog."""
    return Fill(count=count, age=10.0)


def shapes(size: int) -> Iterator[Shape]:
    """Every shape with a backlog of ``size`` items."""
    old = 5000.0
    yield Shape(name="no backlog, for comparison", fills=(ready(),), backlog=False)
    lanes = Fill(count=size, age=old, lane="'lane/' || n.i")
    yield Shape(name="all lanes distinct", fills=(lanes,))
    yield Shape(name="all lanes distinct, statistics never gathered", fills=(lanes,), analysed=False)
    few = max(TAKEN * 2, size // 100)
    # The first of each lane is the one that was enqueued first.
    rows = Fill(count=size, age=old, lane=f"'lane/' || (n.i % {few})", head=f"(n.i < {few})")
    yield Shape(name=f"{few} lanes × {size // few}", fills=(rows,))
    yield from _blocked(size, old)
    yield _running("one lane of 2", 2, old, backlog=False)
    held = Fill(count=size, age=old, rate_key=ELSEWHERE, lane="'lane/' || n.i")
    yield Shape(name="a paused connection in front", fills=(held, ready()), prepare=pause_elsewhere)
    yield Shape(name="a drained bucket in front", fills=(held, ready()), prepare=drain_elsewhere)
    yield Shape(name="future timers", fills=(Fill(count=size, age=-3600.0), ready()))
    other = Fill(count=size, age=old, scored=True)
    yield Shape(name="a kind that this worker does not take", fills=(other, ready()), kinds=(ReadApplication.kind,))
    done = {"state": "'done'", "finished_at": "1.0"}
    dead = {"state": "'dead'", "finished_at": "1.0", "cause": "'given_up'"}
    fills = (Fill(count=size, age=old, changed=dead), Fill(count=size, age=old, changed=done), ready())
    yield Shape(name="dead, and as much done", fills=fills)
    bulk = Fill(count=size, age=old, priority=Priority.BULK)
    urgent = Fill(count=READY, age=10.0, priority=Priority.CANDIDATE)
    yield Shape(name="low priority, high behind it", fills=(bulk, urgent))
    crowd = Fill(count=size, age=old, priority=Priority.CANDIDATE)
    yield Shape(name="high priority, low behind it", fills=(crowd, ready()))


def _blocked(size: int, old: float) -> Iterator[Shape]:
    half = size // 2
    waits = {"run_at": f"CASE WHEN n.i = 0 THEN {{now}} + 3600 ELSE {{now}} - {old} + n.i * 0.001 END"}
    lane = Fill(count=half, age=old, lane=f"'{ONE_LANE}'", head="(n.i = 0)", changed=waits)
    behind = Fill(count=size - half, age=10.0, lane="'other/' || n.i")
    yield Shape(name=f"one lane of {half:,} whose head waits, in front", fills=(lane, behind))
    yield _running(f"one lane of {size:,} whose head runs, in front", size, old)


def _running(name: str, count: int, old: float, *, backlog: bool = True) -> Shape:
    runs = {
        "state": "CASE WHEN n.i = 0 THEN 'running' ELSE 'queued' END",
        "lease_until": "CASE WHEN n.i = 0 THEN {now} + 3600 END",
        "token": "CASE WHEN n.i = 0 THEN 'somebody' END",
    }
    lane = Fill(count=count, age=old, lane=f"'{ONE_LANE}'", head="(n.i = 0)", changed=runs)
    behind = Fill(count=READY, age=10.0, lane="'other/' || n.i")
    return Shape(name=name, fills=(lane, behind), backlog=backlog, settled=True)


async def pause_elsewhere(database: Database) -> None:
    """Pause the connection of the backlog."""
    async with database.transaction() as tx:
        await limits.pause(tx, ELSEWHERE, reason="bench")


async def drain_elsewhere(database: Database) -> None:
    """Give the connection of the backlog a bucket that stays empty for hours."""
    await limits.ensure_buckets(database, {ELSEWHERE: limits.RateLimit(rate=0.001, burst=1.0)})
    async with database.transaction() as tx:
        await tx.session.execute(sa.text(f"UPDATE rate_bucket SET tokens = -100 WHERE key = '{ELSEWHERE}'"))  # noqa: S608 - a constant


async def fill(database: Database, shape: Shape) -> None:
    """Load a shape; one row of each fill is enqueued by the product itself and cloned."""
    for part in shape.fills:
        async with database.transaction() as tx:
            await _fill_part(tx, part)
    if shape.prepare is not None:
        await shape.prepare(database)
    if shape.analysed:
        await analyse(database)


async def _fill_part(tx: Transaction, part: Fill) -> None:
    key = f"pattern-{next(_numbers)}"
    nothing = uuid.UUID(int=0)
    payload: Payload = ReadApplication(delivery_id=nothing, connection=HERE, external_id="app_000001")
    if part.scored:
        payload = ScoreInterview(interview_id=nothing, round=1)
    await enqueue(tx, payload, rate_key=part.rate_key, dedupe=key, priority=part.priority)
    now = NOW[tx.dialect]
    changed: dict[str, str | None] = {
        "id": None,
        "dedupe": f"'{key}/' || n.i",
        "lane": part.lane,
        "head": part.head,
        "run_at": f"{now} - ({part.age}) + n.i * 0.001",
    }
    changed |= {name: value.format(now=now) for name, value in part.changed.items()}
    pattern = f"dedupe = '{key}'"
    await clone(tx, work.name, template=pattern, count=part.count, changed=changed)
    await tx.session.execute(sa.text(f"DELETE FROM work WHERE {pattern}"))  # noqa: S608 - a constant


async def settle_once(database: Database) -> float:
    """Milliseconds to make the next of a lane its head when the first has been done, which is rolled back."""
    taken = 0.0
    try:
        async with database.transaction() as tx:
            gone = "UPDATE work SET state = 'done', finished_at = 1 WHERE state = 'running'"
            await tx.session.execute(sa.text(gone))
            began = time.perf_counter()
            await promote(tx, [ONE_LANE])
            taken = (time.perf_counter() - began) * 1000
            raise Undone  # noqa: TRY301 - it must not stay
    except Undone:
        return taken


async def claim_once(database: Database, shape: Shape) -> float:
    """Milliseconds of one claim, which is rolled back; it must have found as much as it asked for."""
    taken = 0.0
    found: Sequence[Any] = ()
    try:
        async with database.transaction() as tx:
            began = time.perf_counter()
            claimed: Any = await claiming.claim(tx, count=TAKEN, worker="bench", lease=30.0, kinds=shape.kinds)
            taken = (time.perf_counter() - began) * 1000
            found = getattr(claimed, "rows", claimed)
            raise Undone  # noqa: TRY301 - the claim must not stay
    except Undone:
        pass
    if len(found) != TAKEN:
        raise AssertionError(f"{shape.name}: a claim of {TAKEN} found {len(found)}")
    return taken


@contextmanager
def databases(kind: str, folder: Path, names: Sequence[str]) -> Iterator[list[str]]:
    """URLs of as many fresh databases as there are names."""
    if kind == "sqlite":
        yield [f"sqlite+aiosqlite:///{folder / f'{name}.sqlite3'}" for name in names]
        return
    with production_cluster() as cluster:
        for name in names:
            cluster.create(name)
        yield [cluster.url(name) for name in names]


async def measure(urls: Sequence[str], wanted: Sequence[Shape], *, repeats: int) -> dict[str, list[float]]:
    """Milliseconds of every claim, by shape."""
    opened: list[tuple[Shape, Database]] = []
    found: dict[str, list[float]] = {shape.name: [] for shape in wanted}
    found |= {shape.settling: [] for shape in wanted if shape.settled}
    try:
        for url, shape in zip(urls, wanted, strict=True):
            database = await migrated(url)
            opened.append((shape, database))
            await fill(database, shape)
        for turn in range(WARM_UP + repeats):
            for shape, database in opened:
                taken = await claim_once(database, shape)
                settling = await settle_once(database) if shape.settled else None
                if turn < WARM_UP:
                    continue
                found[shape.name].append(taken)
                if settling is not None:
                    found[shape.settling].append(settling)
    finally:
        for _, database in opened:
            await database.aclose()
    return found


def run(options: Options) -> Section:
    """Measure every shape on every database that was asked for."""
    size = QUICK_BACKLOG if options.quick else BACKLOG
    repeats = QUICK_REPEATS if options.quick else REPEATS
    wanted = list(shapes(size))
    figures: list[Figure] = []
    comparisons: list[Comparison] = []
    for kind in options.databases:
        with databases(kind, options.folder, [f"shape{n}" for n in range(len(wanted))]) as urls:
            found = asyncio.run(measure(urls, wanted, repeats=repeats))
        ours = {name: Figure(name=f"{kind}: {name}", unit="ms", values=tuple(values)) for name, values in found.items()}
        figures += ours.values()
        backlogs = [ours[shape.name] for shape in wanted if shape.backlog]
        best = min(backlogs, key=lambda figure: figure.median)
        comparisons += [
            Comparison(name=f"{figure.name} / best shape", ours=figure, theirs=best, target=MOST, at_most=True)
            for figure in backlogs
            if figure is not best
        ]
        long, short = (ours[shape.settling] for shape in wanted if shape.settled)
        comparisons.append(Comparison(name=f"{long.name} / of 2", ours=long, theirs=short, target=MOST, at_most=True))
    return Section(
        key="g",
        title=f"a claim of {TAKEN} behind a backlog of {size:,}",
        figures=tuple(figures),
        comparisons=tuple(comparisons),
        remarks=(
            (
                f"{repeats} claims of each shape in turn, timed without begin and rollback; statistics gathered after loading"
                " unless a shape says otherwise; every claim found all it asked for."
            ),
        ),
    )
