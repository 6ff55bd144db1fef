"""(f) From exec to ready, against importing the same third-party packages and nothing else; resident memory after work."""

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bench import evenhand
from bench.databases import sqlite_number
from bench.evenhand import ATS_AWAY
from bench.harness import Comparison, Figure, Goal, Measure, Options, Section, interleave
from bench.load import wrk
from bench.machine import ROOT
from bench.processes import HOST, clean_environment, free_port, python, running

# What any application of this kind imports, named by hand; openai is not among them because Evenhand without a model's
# endpoint does not import it.
FEW = [
    "litestar",
    "sqlalchemy.ext.asyncio",
    "uvicorn",
    "httpx",
    "apscheduler.schedulers.asyncio",
    "jinja2",
    "msgspec",
]
READY_TARGET = 1.5
MEMORY_TARGET = 150.0
REQUESTS = 1000
SERVE, IMPORTS = "evenhand serve: exec to /readyz 200", "python -c 'import ...' of the same packages"
FEWER = f"python -c 'import ...' of {len(FEW)} packages named by hand"
WEB, WORKER = "web process after 1,000 deliveries", "worker process after 1,000 deliveries"
PROCESSED = "SELECT count(*) FROM delivery WHERE state = 'processed'"
WORKED_SECONDS = 90


def run(options: Options) -> Section:
    """Start often, in turn with the imports; then look at memory once per round."""
    url = evenhand.migrated(evenhand.sqlite_url(options.folder, "start"))
    same = _loaded(url, options.folder)
    # All read the same files from the page cache; the very first start of each would measure the disk.
    _start(url, options.folder)
    _imports(same)
    measures: dict[str, Measure] = {
        SERVE: lambda: _start(url, options.folder),
        IMPORTS: lambda: _imports(same),
        FEWER: lambda: _imports(FEW),
    }
    times = interleave(2 * options.rounds, measures, unit="s")
    memory = _memory(options.folder)
    return Section(
        key="f",
        title="Start to ready, resident memory",
        figures=(*times.values(), *memory.values()),
        comparisons=(
            Comparison(
                name="ready / bare imports", ours=times[SERVE], theirs=times[IMPORTS], target=READY_TARGET, at_most=True
            ),
            Comparison(name=f"ready / {len(FEW)} packages", ours=times[SERVE], theirs=times[FEWER]),
        ),
        goals=tuple(Goal(figure=one, target=MEMORY_TARGET) for one in memory.values()),
        remarks=(_same_packages(same), *REMARKS),
    )


REMARKS = (
    f"The {len(FEW)} packages named by hand: {', '.join(FEW)}.",
    (
        "Ready: a migrated SQLite database, the example configuration and the whole rubric library read and checked, every page "
        "template and route registered, and /readyz asked every 5 ms until it answers 200."
    ),
    (
        "Memory is resident memory (VmRSS), looked at once: after at least 1,000 deliveries were taken in, and after a worker "
        "asked the sandbox ATS about 1,000 applications."
    ),
)


def _start(url: str, folder: Path) -> float:
    port = free_port()
    settings = evenhand.environment(url, folder, port, ats_url=ATS_AWAY)
    started = time.perf_counter()
    with running(
        "start", python("-m", "orchestrator", "serve", "--port", str(port)), folder=folder, environment=settings
    ) as process:
        process.wait_for(f"http://{HOST}:{port}/readyz", pause=0.005)
        return time.perf_counter() - started


def _imports(modules: Sequence[str]) -> float:
    statement = f"import {', '.join(modules)}"
    started = time.perf_counter()
    subprocess.run(python("-c", statement), check=True, cwd=ROOT, env=clean_environment())  # noqa: S603 - fixed arguments, no shell
    return time.perf_counter() - started


def _loaded(url: str, folder: Path) -> list[str]:
    """What the started process itself loads of others' modules: asked, so that the comparison cannot drift from it."""
    settings = evenhand.environment(url, folder, free_port(), ats_url=ATS_AWAY)
    told = subprocess.run(  # noqa: S603 - fixed arguments, no shell
        python("-m", "bench.loaded"), check=True, cwd=ROOT, env={**clean_environment(), **settings}, capture_output=True
    )
    return msgspec.json.decode(told.stdout, type=list[str])


def _same_packages(modules: Sequence[str]) -> str:
    tops = sorted({name.partition(".")[0] for name in modules if not name.startswith("_")})
    return (
        f"Bare imports: the {len(modules)} modules that the started process loads of {', '.join(tops)}, in its order; "
        "without a model's endpoint openai is none of them. Byte code is compiled and files are cached for all."
    )


def _memory(folder: Path) -> dict[str, Figure]:
    """One look at each kind of process after its work; the ATS is a real sandbox that knows none of the applications."""
    path = folder / "memory.sqlite3"
    url = evenhand.migrated(evenhand.sqlite_url(folder, "memory"))
    sizes = {}
    with evenhand.sandbox(folder) as ats_url:
        with evenhand.web("memory-web", url, folder, ats_url=ats_url) as (web, host):
            taken = 0
            while taken < REQUESTS:
                taken += wrk(host, seconds=1, most_per_second=12000, folder=folder, seed=taken + 1).acknowledged
            sizes[WEB] = web.resident_megabytes()
        settings = evenhand.environment(url, folder, free_port(), ats_url=ats_url)
        command = python("-m", "orchestrator", "worker")
        with running("memory-worker", command, folder=folder, environment=settings) as worker:
            deadline = time.monotonic() + WORKED_SECONDS
            while (done := sqlite_number(path, PROCESSED)) < REQUESTS and time.monotonic() < deadline:
                time.sleep(0.2)
            sizes[WORKER] = worker.resident_megabytes()
    few = None if done >= REQUESTS else f"the worker had done {done} of {REQUESTS} after {WORKED_SECONDS} s"
    voids = {WORKER: few}
    return {name: Figure(name=name, unit="MB", values=(size,), void=voids.get(name)) for name, size in sizes.items()}
