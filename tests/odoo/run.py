"""The main job on a real Odoo 19: ``make test-odoo``. Not part of the test suite: it needs the network once, and minutes.

A recruiter moves somebody on Odoo's board; Evenhand hears of it by the automation webhook, and with the webhook off by
polling; the interview, the score and the review happen; the applicant in Odoo shows what came of it. Everything is done
twice, and nothing doubles. The last line has the verdict.
"""

import asyncio
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from orchestrator.demo.ats import NotSeen
from orchestrator.demo.browser import Surprised
from tests.fixtures.postgres import Cluster
from tests.odoo.facts import check_facts
from tests.odoo.job import Job, Verdict
from tests.odoo.processes import NotReady, Processes
from tests.odoo.provision import BUILD, CannotRun, installation
from tests.odoo.server import Server

BEGAN = time.monotonic()


def say(words: str) -> None:
    """Say what happens now."""
    sys.stdout.write(f"{time.monotonic() - BEGAN:6.1f}s {words}\n")
    sys.stdout.flush()


def perform(folder: Path, processes: Processes) -> Verdict:
    """Everything from an empty machine to the verdict.

    Raises:
        CannotRun: this machine cannot run Odoo.
    """
    cluster = _cluster()
    try:
        odoo = Server(installation(say), cluster, folder)
        keys = odoo.prepare(say)
        odoo.start(processes)
        say("Odoo serves")
        verdict = Verdict(say)
        asyncio.run(check_facts(odoo, cluster, keys, verdict))
        with Job(folder, odoo, keys, processes, verdict) as job:
            job.by_webhook()
            job.by_polling()
        return verdict
    finally:
        processes.end()
        cluster.stop()


def _cluster() -> Cluster:
    try:
        cluster = Cluster()
    except (RuntimeError, KeyError) as error:
        raise CannotRun(f"PostgreSQL: {error}") from error
    cluster.start()
    return cluster


def main() -> int:
    """Run; 0 only if everything was seen."""
    # What is told to end must still end its processes and its database.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = Path(tempfile.mkdtemp(prefix="evenhand-odoo-"))
    processes = Processes(folder)
    clean = False
    try:
        verdict = perform(folder, processes)
        clean = not verdict.missing
    except CannotRun as error:
        sys.stdout.write(f"make test-odoo cannot run on this machine: {error}\n")
        clean = True
        return 2
    except (NotReady, NotSeen, Surprised, AssertionError) as error:
        say(f"FAILED: {error}")
        return 1
    finally:
        if clean:
            shutil.rmtree(folder)
        else:
            say(f"logs and databases are kept in {folder}; Odoo itself is in {BUILD}")
    for words in verdict.missing:
        say(f"MISSING: {words}")
    sys.stdout.write(f"odoo seen={len(verdict.seen)} missing={len(verdict.missing)}\n")
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
