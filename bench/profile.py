"""Where the web process spends its time under load: ``python -m bench.profile [sqlite|postgres]``. A tool, not a part."""

import os
import pstats
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bench import evenhand
from bench.load import wrk
from bench.postgres import production_cluster

SECONDS = 5
LINES = 45


def main(kind: str) -> None:
    """Profile one kind of database and print where the time went."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="evenhand-bench-")))
        url = evenhand.sqlite_url(folder, "profile")
        if kind == "postgres":
            cluster = stack.enter_context(production_cluster())
            cluster.create("profile")
            url = cluster.url("profile")
        evenhand.migrated(url)
        out = folder / "web.profile"
        program = ("bench.profiled", str(out))
        with evenhand.web("web", url, folder, program=program) as (process, host):
            os.kill(process.id, signal.SIGUSR1)
            before = process.processor_seconds()
            load = wrk(host, seconds=SECONDS, most_per_second=4000, folder=folder, seed=1)
            used = process.processor_seconds() - before
        sys.stdout.write(f"{load}\n{used / load.acknowledged * 1000:.3f} ms of processor per delivery (profiled)\n")
        stats = pstats.Stats(str(out), stream=sys.stdout)
        stats.sort_stats("tottime").print_stats(LINES)
        stats.sort_stats("cumtime").print_stats(LINES)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "sqlite")
