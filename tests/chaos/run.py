"""Chaos: many stage moves while processes die and pause, the ATS, the model and the mail server misbehave, the database
restarts, deliveries come doubled and out of order. ``python -m tests.chaos.run --moves 200 --database sqlite --seed 1``;
the last line has the verdict. docs/reliability.md says what it proves.
"""

import argparse
import asyncio
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from orchestrator.db.migrate import upgrade
from orchestrator.db.session import Database
from tests.chaos.checker import Findings, House, check
from tests.chaos.cluster import MortalCluster, a_database
from tests.chaos.director import Director
from tests.chaos.plan import Plan, draw
from tests.chaos.processes import Troupe
from tests.chaos.scene import Scene, make_scene
from tests.chaos.state import AtsFile, invitations, read_house


def perform(
    plan: Plan, scene: Scene, cluster: MortalCluster | None, *, seed: int, say: Callable[[str], None]
) -> Findings:
    """Start everything, play the plan, end everything, judge. Processes are ended whatever happens."""
    troupe = Troupe(scene.folder)
    try:
        for name, (part, _) in scene.servers(seed).items():
            troupe.start(name, part)
        upgrade(scene.database_url)
        for name, own in scene.evenhand(plan.skew).items():
            troupe.start(name, own)
        for name, (_, port) in scene.servers(seed).items():
            troupe.wait_for(name, port)
        for number, port in enumerate(scene.web_ports, start=1):
            troupe.wait_for(f"web-{number}", port)
        say("everything is up")
        director = Director(plan, scene, troupe, cluster, seed=seed, say=say)
        asyncio.run(director.perform())
        say(director.summary())
    finally:
        troupe.end()
    found = judge(plan, scene)
    _add_what_happened(found, director)
    return found


def judge(plan: Plan, scene: Scene) -> Findings:
    """Read the three final states and compare them with the plan."""
    file = AtsFile(scene.ats_file)
    try:
        found = check(
            plan.people,
            ats=file.records(),
            acknowledged=file.acknowledged(),
            mails=invitations(scene.mail_file),
            house=asyncio.run(_house(scene.database_url)),
        )
        found.deliveries = file.deliveries()
    finally:
        file.close()
    return found


def _add_what_happened(found: Findings, director: Director) -> None:
    """What nobody's final state can show: visitors who were turned away, and processes that ended by themselves."""
    tally = director.tally
    found.kills, found.faults = tally.kills, tally.every_fault
    if not director.settled:
        found.add("lost", "run", "it did not settle in time", first=True)
    for who in tally.turned_away:
        found.add("lost", "visitor", who, first=True)
    for name, status in tally.ended_by_themselves.items():
        found.add("lost", name, f"ended by itself with status {status}", first=True)


async def _house(url: str) -> House:
    database = Database(url, pool_size=1)
    try:
        return await read_house(database)
    finally:
        await database.aclose()


def main(arguments: list[str]) -> int:
    """Run chaos; 0 only if nothing was lost, doubled, disordered or overwritten."""
    options = _parser().parse_args(arguments)
    began = time.monotonic()
    # What is told to end must still end its processes and its database.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

    def say(words: str) -> None:
        sys.stdout.write(f"{time.monotonic() - began:6.1f}s {words}\n")
        sys.stdout.flush()

    plan = draw(
        moves=options.moves,
        seed=options.seed,
        webs=options.webs,
        workers=options.workers,
        postgres=options.database == "postgres",
    )
    folder = Path(tempfile.mkdtemp(prefix="evenhand-chaos-"))
    clean = False
    try:
        with a_database(options.database, folder) as (url, cluster):
            scene = make_scene(folder, url, plan)
            found = perform(plan, scene, cluster, seed=options.seed, say=say)
        clean = found.clean
    finally:
        if clean and not options.keep:
            shutil.rmtree(folder)
        else:
            say(f"logs and databases are kept in {folder}")
    for offender in found.offenders:
        say(offender)
    say(f"final_band_violations={found.final_band_violations} seed={options.seed} database={options.database}")
    sys.stdout.write(found.line() + "\n")
    return 0 if clean else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.run", description=__doc__)
    parser.add_argument("--moves", type=int, default=200)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--webs", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs even of a clean run")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
