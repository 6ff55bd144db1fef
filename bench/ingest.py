"""(a) Ingest: deliveries acknowledged and on disk, against what the same server can do with next to nothing behind it."""

from collections.abc import Callable
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import msgspec

from bench import evenhand
from bench.databases import NAMES, Bases, databases
from bench.harness import Comparison, Figure, Measure, Options, Section, Void, interleave
from bench.load import CONNECTIONS, Load, wrk
from bench.processes import HOST, Process, free_port, python, running

SINGLE_TARGET, GROUPED_TARGET = 0.9, 0.6
MOST_PER_SECOND = 12000


class Door(msgspec.Struct, frozen=True):
    """One server under load: where it listens, and how to count what it has stored (None: it stores nothing)."""

    name: str
    host: str
    process: Process
    stored: Callable[[], int] | None


def run(options: Options) -> Section:
    """Both databases, one after the other; the doors of one in turn."""
    figures: list[Figure] = []
    comparisons: list[Comparison] = []
    beside: dict[tuple[str, str], list[float]] = {}
    for kind in options.databases:
        with databases(kind, options.folder) as bases, ExitStack() as stack:
            doors = _open_doors(stack, bases, options.folder)
            found = interleave(options.rounds, _measures(doors, options, beside, kind), unit="requests/s")
        named = {name: msgspec.structs.replace(one, name=f"{NAMES[kind]}: {name}") for name, one in found.items()}
        figures += named.values()
        pairs = (("single", "insert", SINGLE_TARGET), ("grouped", "none", GROUPED_TARGET))
        comparisons += [
            Comparison(
                name=f"{NAMES[kind]}: {TITLES[ours]} / {TITLES[theirs]}",
                ours=named[TITLES[ours]],
                theirs=named[TITLES[theirs]],
                target=target,
            )
            for ours, theirs, target in pairs
        ]
    figures += [Figure(name=name, unit=unit, values=tuple(values)) for (name, unit), values in beside.items()]
    return Section(
        key="a",
        title="Ingest: acknowledged and on disk",
        figures=tuple(figures),
        comparisons=tuple(comparisons),
        remarks=REMARKS,
    )


TITLES = {
    "single": "Evenhand, one statement for each delivery",
    "grouped": "Evenhand, grouped as by default",
    "insert": "ceiling: signature, decode, one raw insert",
    "none": "ceiling: signature, decode, no database",
}
REMARKS = (
    (
        "Every server is one process of uvicorn (httptools) and Litestar with the same settings; wrk shares the machine, "
        f"one thread, {CONNECTIONS} connections, distinct signed bodies of 1 to 4 KB."
    ),
    (
        "The one-insert ceiling writes three columns into a table whose only index is its key, in autocommit, without ORM: "
        "asyncpg with a pool of ten, aiosqlite with the one connection that writes (WAL, synchronous=FULL)."
    ),
    (
        "Evenhand runs with its whole stack (limits, headers, tracing, error pages); its limit per address is on, "
        "the load comes from 250 addresses behind a trusted proxy."
    ),
    (
        "After each load the rows are counted: every acknowledged delivery must be stored, and no more than were on "
        "their way when wrk hung up. Otherwise the figure is void."
    ),
)


def _open_doors(stack: ExitStack, bases: Bases, folder: Path) -> list[Door]:
    doors = []
    for key, group in (("single", {"ingest_group": "1"}), ("grouped", {})):
        url = evenhand.migrated(bases.sqlalchemy(key))
        process, host = stack.enter_context(evenhand.web(key, url, folder, **group))
        doors.append(Door(TITLES[key], host, process, _counter(bases, key, "SELECT count(*) FROM delivery")))
    for key, more in (("insert", ["--database", bases.driver("insert")]), ("none", [])):
        port = free_port()
        command = python("-m", "bench.ceiling", "--kind", key, "--port", str(port), *more)
        process = stack.enter_context(running(key, command, folder=folder))
        process.wait_for(f"http://{HOST}:{port}/ready")
        stored = _counter(bases, key, "SELECT count(*) FROM hook") if key == "insert" else None
        doors.append(Door(TITLES[key], f"{HOST}:{port}", process, stored))
    return doors


def _counter(bases: Bases, name: str, statement: str) -> Callable[[], int]:
    return lambda: bases.number(name, statement)


def _measures(
    doors: list[Door], options: Options, beside: dict[tuple[str, str], list[float]], kind: str
) -> dict[str, Measure]:
    seeds = count(1)

    def measure(door: Door) -> Measure:
        def once() -> float:
            before = door.stored() if door.stored else 0
            worked = door.process.processor_seconds()
            load = wrk(
                door.host,
                seconds=options.seconds,
                most_per_second=MOST_PER_SECOND,
                folder=options.folder,
                seed=next(seeds),
            )
            load.require_clean(door.name)
            if door.stored:
                require_stored(door.name, load, door.stored() - before)
            cost = (door.process.processor_seconds() - worked) / load.acknowledged * 1_000_000
            name = f"{NAMES[kind]}: {door.name}"
            beside.setdefault((f"{name}: 99th percentile", "ms"), []).append(load.p99)
            beside.setdefault((f"{name}: its processor time", "µs/delivery"), []).append(cost)
            return load.per_second

        return once

    return {door.name: measure(door) for door in doors}


def require_stored(name: str, load: Load, stored: int) -> None:
    """Raise Void unless everything acknowledged is stored; what was on its way when wrk hung up may be stored too."""
    if not load.acknowledged <= stored <= load.acknowledged + CONNECTIONS:
        raise Void(f"{name}: {load.acknowledged} acknowledged, {stored} stored")
