"""Where the worker of part (c) spends its time on a backlog: ``python -m bench.profile_flow [sqlite|postgres] [profile]``. A tool, not a part.

Deliveries are taken in first, then one worker works them off alone, so that its processor time is that of its items.
"""

import cProfile
import pstats
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
import uvloop

from bench import evenhand, flow_worker
from bench.databases import databases
from bench.load import wrk
from bench.processes import HOST, free_port, python, running

SECONDS = 2
LINES = 45
DEADLINE = 90.0


def main(kind: str, *, profiled: bool) -> None:
    """Fill an inbox, work it off, and print what an item cost the worker's processor."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="evenhand-bench-")))
        url = evenhand.migrated(stack.enter_context(databases(kind, folder)).sqlalchemy("profile"))
        with evenhand.web("web", url, folder) as (process, host):
            started = process.processor_seconds()
            load = wrk(host, seconds=SECONDS, most_per_second=6000, folder=folder, seed=1)
            taking_in = (process.processor_seconds() - started) / load.acknowledged
        port = free_port()
        sink = stack.enter_context(running("sink", python("-m", "bench.sink", str(port)), folder=folder))
        sink.wait_for(f"http://{HOST}:{port}/result")
        out = folder / "worker.profile"
        target = f"http://{HOST}:{port}/flow"
        program = ("bench.profile_flow", "child", str(out)) if profiled else ("bench.flow_worker",)
        settings = evenhand.environment(url, folder, free_port(), ats_url=evenhand.ATS_AWAY)
        with running("worker", python("-m", *program, target), folder=folder, environment=settings) as worker:
            first = _posts(target, at_least=1)
            used, began = worker.processor_seconds(), time.monotonic()
            last = _posts(target, at_least=load.acknowledged)
            used, took = worker.processor_seconds() - used, time.monotonic() - began
        sys.stdout.write(
            f"{load.acknowledged} deliveries, {taking_in * 1000:.3f} ms of processor each to take in; "
            f"{used / (last - first) * 1000:.3f} ms of processor, {took / (last - first) * 1000:.3f} ms by the clock per item worked off\n"
        )
        if profiled:
            stats = pstats.Stats(str(out), stream=sys.stdout)
            stats.sort_stats("tottime").print_stats(LINES)
            stats.sort_stats("cumtime").print_stats(2 * LINES)


def _posts(target: str, *, at_least: int) -> int:
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        posts: int = httpx.get(f"{target}/result", trust_env=False, timeout=10).json()["posts"]
        if posts >= at_least:
            return posts
        time.sleep(0.05)
    raise SystemExit(f"fewer than {at_least} posts came in {DEADLINE:g} s")


def child(out: str, sink: str) -> None:
    """The worker under cProfile; the profile is written when it ends."""
    profile = cProfile.Profile()
    try:
        profile.runcall(uvloop.run, flow_worker.work(sink))
    finally:
        profile.dump_stats(out)


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(*sys.argv[2:4])
    else:
        main(sys.argv[1] if len(sys.argv) > 1 else "sqlite", profiled="profile" in sys.argv[2:])
