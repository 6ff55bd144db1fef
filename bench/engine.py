"""(b) The engine: put a job on the queue with a domain row, take it off with another, against two libraries and pgbench."""

import subprocess
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

import msgspec

from bench import evenhand
from bench.environment import rivals_python
from bench.harness import Comparison, Figure, Measure, Options, Section, Void, interleave
from bench.machine import ROOT
from bench.postgres import address, pgbench_program, production_cluster
from bench.processes import clean_environment, python
from tests.fixtures.postgres import Cluster

JOBS, QUICK_JOBS = 2000, 400
CONCURRENCY = 16
SIDE_SECONDS = 240
RIVALS = Path(__file__).parent / "rivals"
DOMAIN = (RIVALS / "domain.sql").read_text("utf-8")
# One job of the ceiling: a transaction that puts it there and one that marks it done, prepared, nothing else.
CEILING = r"""\set job random(1, 1000000000)
INSERT INTO placed (job, note) VALUES (:job, 'a short note about what was decided') RETURNING id \gset
UPDATE placed SET note = 'done' WHERE id = :id;
"""
EVENHAND, PROCRASTINATE, PGQUEUER = "Evenhand", "Procrastinate", "PgQueuer"
PGBENCH = "pgbench: one insert, one update, two transactions"


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds that one side took, and how many jobs have left their row."""

    enqueue: float
    drain: float
    finished: int


def run(options: Options) -> Section:
    """All sides in turn on one server, each time in a fresh database."""
    jobs = QUICK_JOBS if options.quick else JOBS
    taken: dict[str, list[Times]] = {}
    with production_cluster() as cluster:
        sides = _sides(cluster, jobs)

        def measure(name: str) -> Callable[[], float]:
            def once() -> float:
                times = sides[name]()
                taken.setdefault(name, []).append(times)
                return jobs / (times.enqueue + times.drain)

            return once

        measures: dict[str, Measure] = {name: measure(name) for name in sides}
        measures[PGBENCH] = lambda: _pgbench(cluster, options)
        found = interleave(options.rounds, measures, unit="jobs/s")
    parts = [
        Figure(name=f"{name}: {what}", unit="jobs/s", values=tuple(jobs / getattr(one, what) for one in times))
        for name, times in taken.items()
        for what in ("enqueue", "drain")
    ]
    whole = {name: msgspec.structs.replace(one, name=f"{name}, both ways") for name, one in found.items()}
    comparisons = tuple(
        Comparison(name=f"{EVENHAND} / {name}, both ways", ours=whole[EVENHAND], theirs=whole[name])
        for name in (PROCRASTINATE, PGQUEUER, PGBENCH)
    )
    return Section(
        key="b",
        title=f"Engine: enqueue and drain {jobs} jobs with a domain row each, PostgreSQL",
        figures=(*whole.values(), *parts),
        comparisons=comparisons,
        remarks=REMARKS,
    )


REMARKS = (
    (
        f"Every side: one process, uvloop, {CONCURRENCY} transactions at once for enqueueing, {CONCURRENCY} jobs at once for "
        f"draining, pools of {CONCURRENCY}; wall time from the first enqueue to the last job done and said so."
    ),
    (
        "Evenhand commits the domain row and 'done' in one fenced transaction, with a lane for each job. Procrastinate and "
        "PgQueuer write the row in a transaction of its own and mark the job done afterwards: a crash between the two repeats it."
    ),
    (
        "Procrastinate: psycopg 3, LISTEN on, finished jobs deleted. PgQueuer: asyncpg, batches of "
        f"{CONCURRENCY}, completions logged in batches, no order per key."
    ),
    f"pgbench: {CONCURRENCY} clients, 2 threads, prepared statements, no Python and no queue: what two transactions cost.",
)


def _sides(cluster: Cluster, jobs: int) -> dict[str, Callable[[], Times]]:
    rivals = str(rivals_python())
    numbers = count(1)

    def fresh() -> str:
        name = f"engine_{next(numbers)}"
        cluster.create(name)
        return name

    def ours() -> Times:
        name = fresh()
        evenhand.migrated(cluster.url(name))
        _psql(cluster, name, DOMAIN)
        return _side(EVENHAND, python("-m", "bench.evenhand_side", cluster.url(name)), jobs)

    def theirs(title: str, script: str) -> Callable[[], Times]:
        def once() -> Times:
            name = fresh()
            _psql(cluster, name, DOMAIN)
            return _side(title, [rivals, str(RIVALS / script), address(cluster, name)], jobs)

        return once

    return {
        EVENHAND: ours,
        PROCRASTINATE: theirs(PROCRASTINATE, "procrastinate_side.py"),
        PGQUEUER: theirs(PGQUEUER, "pgqueuer_side.py"),
    }


def _side(title: str, command: Sequence[str], jobs: int) -> Times:
    told = subprocess.run(  # noqa: S603 - fixed arguments, no shell
        [*command, str(jobs), str(CONCURRENCY)],
        cwd=ROOT, env=clean_environment(), capture_output=True, text=True, timeout=SIDE_SECONDS, check=False,
    )  # fmt: skip
    if told.returncode:
        raise Void(f"{title} ended with {told.returncode}: {told.stderr[-400:]}")
    times = msgspec.json.decode(told.stdout.splitlines()[-1], type=Times)
    if times.finished != jobs:
        raise Void(f"{title} finished {times.finished} of {jobs} jobs")
    return times


def _psql(cluster: Cluster, database: str, statements: str) -> None:
    command = [str(cluster.bin / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", address(cluster, database)]
    subprocess.run(command, input=statements, check=True, capture_output=True, text=True)  # noqa: S603 - fixed arguments, no shell


def _pgbench(cluster: Cluster, options: Options) -> float:
    name = "engine_ceiling"
    cluster.drop(name)
    cluster.create(name)
    _psql(cluster, name, DOMAIN)
    script = options.folder / "ceiling.sql"
    script.write_text(CEILING, "utf-8")
    command = [
        str(pgbench_program(cluster)), "-n", "-M", "prepared", "-c", str(CONCURRENCY), "-j", "2",
        "-T", str(options.seconds), "-f", str(script), address(cluster, name),
    ]  # fmt: skip
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=SIDE_SECONDS)  # noqa: S603 - fixed arguments, no shell
    line = next(line for line in told.stdout.splitlines() if line.startswith("tps"))
    return float(line.split()[2])
