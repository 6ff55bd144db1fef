"""Chaos: many stage moves while processes die and pause, the ATS and the mail server misbehave, deliveries come doubled
and out of order. ``python -m tests.chaos.run --moves 200 --database sqlite --seed 1``; the last line has the verdict.
"""

import argparse
import asyncio
import random
import secrets
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from orchestrator.db.migrate import upgrade
from orchestrator.db.models.application import ApplicationRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.session import Database
from orchestrator.demo.processes import HOST
from orchestrator.work.table import WorkState, work
from tests.chaos.checker import COMPLETION, Expected, Findings, check
from tests.chaos.processes import LEASE_SECONDS, Mischief, Troupe
from tests.fixtures.house import configuration_text, free_port
from tests.fixtures.postgres import Cluster

SETTLE_SECONDS = 240.0
HUMAN = "Withdrawn"
UNLIMITED = (("cap: {total: 125, per_day: 25}", "cap: {}"),)


@dataclass
class Run:
    """One run: its size, its ports, its secrets, and what it did."""

    moves: int
    seed: int
    folder: Path
    database_url: str
    webs: int = 2
    workers: int = 2
    api_key: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    admin_key: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    webhook_secret: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    sandbox_port: int = field(default_factory=free_port)
    mail_port: int = field(default_factory=free_port)
    smtp_port: int = field(default_factory=free_port)
    faults: int = 0
    stages: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Take ports for the web processes."""
        self.web_ports = [free_port() for _ in range(self.webs)]
        self.random = random.Random(self.seed)
        headers = {"Authorization": f"Bearer {self.admin_key}"}
        self.ats = httpx.Client(
            base_url=f"http://{HOST}:{self.sandbox_port}", headers=headers, timeout=30, trust_env=False
        )

    def environment(self) -> dict[str, str]:
        """Of every Evenhand process."""
        return {
            "EVENHAND_DATABASE_URL": self.database_url,
            "EVENHAND_CONFIG": str(self.folder / "evenhand.yaml"),
            "EVENHAND_BASE_URL": f"http://{HOST}:{self.web_ports[0]}",
            "EVENHAND_SECRET_KEY": "chaos-secret-key-that-is-long-enough-to-use",
            "EVENHAND_SMTP_PORT": str(self.smtp_port),
            "EVENHAND_MAIL_FROM": "interviews@northwind-outdoor.example",
            "EVENHAND_MAIL_LOOKUP_URL": f"http://{HOST}:{self.mail_port}/api/messages/by-id/",
            "EVENHAND_LEASE_SECONDS": str(LEASE_SECONDS),
            "EVENHAND_SANDBOX_API_KEY": self.api_key,
            "EVENHAND_SANDBOX_WEBHOOK_SECRET": self.webhook_secret,
        }


def start_everything(run: Run, troupe: Troupe) -> None:
    """Sandbox with a webhook to every web process, catcher, web processes, workers."""
    text = configuration_text(f"http://{HOST}:{run.sandbox_port}", changes=UNLIMITED)
    (run.folder / "evenhand.yaml").write_text(text, "utf-8")
    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(upgrade, run.database_url).result()
    keys = {
        "SANDBOX_API_KEY": run.api_key,
        "SANDBOX_ADMIN_KEY": run.admin_key,
        "SANDBOX_WEBHOOK_SECRET": run.webhook_secret,
    }
    database = ["--database", str(run.folder / "ats.sqlite3"), "--seed", "pilot"]
    troupe.start("sandbox", ["adapters.sandbox.server", "--port", str(run.sandbox_port), *database], keys)
    ports = ["--smtp-port", str(run.smtp_port), "--port", str(run.mail_port)]
    troupe.start("mail-catcher", ["orchestrator", "mail-catcher", *ports], {})
    for number, port in enumerate(run.web_ports, start=1):
        troupe.start(f"web-{number}", ["orchestrator", "serve", "--port", str(port)], run.environment())
    for number in range(1, run.workers + 1):
        troupe.start(f"worker-{number}", ["orchestrator", "worker", "--concurrency", "8"], run.environment())
    troupe.wait_for("sandbox", run.sandbox_port, "/")
    troupe.wait_for("mail-catcher", run.mail_port, "/api/messages")
    for number, port in enumerate(run.web_ports, start=1):
        troupe.wait_for(f"web-{number}", port)
    for port in run.web_ports:
        hook = {"url": f"http://{HOST}:{port}/hooks/sandbox", "secret": run.webhook_secret}
        run.ats.post("/api/v1/webhooks", json=hook).raise_for_status()


def apply_all(run: Run) -> list[Expected]:
    """Candidates and applications for every move, before any fault."""
    job = next(job for job in _read(run, "/api/v1/jobs")["items"] if "Support" in job["title"])
    people = []
    for number in range(run.moves):
        email = f"chaos-{number}@applicants.example"
        body = {"first_name": "Chaos", "last_name": str(number), "emails": [email], "phones": []}
        candidate = _persist(partial(run.ats.post, "/api/v1/candidates", json=body)).raise_for_status().json()
        body = {"candidate_id": candidate["id"], "job_id": job["id"], "source": "Chaos"}
        application = _persist(partial(run.ats.post, "/api/v1/applications", json=body))
        people.append(Expected(application_id=application.raise_for_status().json()["id"], email=email))
    stages = _read(run, f"/api/v1/jobs/{job['id']}/stages")["items"]
    run.stages = {stage["name"]: stage["id"] for stage in stages}
    return people


def stir(run: Run) -> None:
    """A new mixture of faults, by the run's own random numbers."""
    dice = run.random
    rate, late, limited = dice.choice([0.0, 0.05, 0.2]), dice.randint(0, 3), dice.randint(0, 2)
    switches: dict[str, Any] = {
        "error_500": {"probability": rate},
        "timeout_after_commit": {"next": late, "hang_seconds": 0.1},
        "rate_limited": {"next": limited, "retry_after": dice.choice([None, 1])},
        "deliveries": {
            "duplicates": dice.randint(0, 2),
            "delay_seconds": 0.0,
            "reorder_seconds": dice.choice([0.0, 0.5]),
        },
        "writes_only": dice.random() < 0.3,
        "seed": dice.randint(0, 10**6),
    }
    _persist(lambda: run.ats.put("/api/v1/faults", json=switches))
    mail = {"temporary": dice.randint(0, 2), "drop": dice.randint(0, 2)}
    httpx.put(f"http://{HOST}:{run.mail_port}/api/faults", json=mail, trust_env=False).raise_for_status()
    run.faults += late + limited + sum(mail.values()) + switches["deliveries"]["duplicates"] + (rate > 0)


def _persist(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """The sandbox's faults hit the chaos itself too: it asks again."""
    for _ in range(200):
        try:
            answer = ask()
        except httpx.TransportError:
            continue
        if answer.status_code < 500 and answer.status_code != 429:
            return answer
        time.sleep(0.02)
    raise AssertionError("the sandbox does not answer the chaos")


def move_all(run: Run, people: list[Expected]) -> None:
    """Every move, some of them undone again, some fields edited by a person; the mixture of faults changes on the way."""
    for number, one in enumerate(people):
        if number % max(5, run.moves // 40) == 0:
            stir(run)
        _move(run, one, run.stages["First Interview"])
        if run.random.random() < 0.1:
            one.human = HUMAN
            form = {"key": COMPLETION, "value": HUMAN}
            _persist(partial(run.ats.post, f"/applications/{one.application_id}/field", data=form))
        elif run.random.random() < 0.1:
            one.left = True
            _move(run, one, run.stages["Application Review"])


def _move(run: Run, one: Expected, stage_id: str) -> None:
    _persist(lambda: run.ats.post(f"/applications/{one.application_id}/move", data={"stage_id": stage_id}))


async def settle(run: Run) -> Counter[str]:
    """Wait until every delivery arrived and no work is open; timers (days away) do not count."""
    database = Database(run.database_url)
    try:
        deadline = time.monotonic() + SETTLE_SECONDS
        quiet = 0
        while time.monotonic() < deadline and quiet < 4:
            async with database.reading() as session:
                soon = work.c.run_at < time.time() + 3600
                open_ = await session.scalar(
                    sa.select(sa.func.count())
                    .select_from(work)
                    .where(work.c.state.in_([WorkState.QUEUED, WorkState.RUNNING]), soon)
                )
            pending = await asyncio.to_thread(_pending_deliveries, run)
            quiet = quiet + 1 if not open_ and not pending else 0
            await asyncio.sleep(0.5)
        async with database.reading() as session:
            rows = await session.execute(
                sa.select(ApplicationRow.external_id, sa.func.count())
                .join(InterviewRow, InterviewRow.application_id == ApplicationRow.id)
                .group_by(ApplicationRow.external_id)
            )
            return Counter({row[0]: row[1] for row in rows})
    finally:
        await database.aclose()


def _pending_deliveries(run: Run) -> int:
    hooks = _read(run, "/api/v1/webhooks")["items"]
    return sum(one["status"] == "pending" for hook in hooks for one in _all(run, hook["id"]))


def _read(run: Run, path: str, **params: str | int) -> dict[str, Any]:
    answer: dict[str, Any] = _persist(partial(run.ats.get, path, params=params)).raise_for_status().json()
    return answer


def verdict(run: Run, people: list[Expected], interviews: Counter[str]) -> Findings:
    """Read the final state from outside."""
    fields, activity = {}, {}
    for one in people:
        profile = _read(run, f"/api/v1/applications/{one.application_id}/profile")
        fields[one.application_id] = profile["custom_fields"]
        activity[one.application_id] = _read(run, f"/api/v1/applications/{one.application_id}/activity")["items"]
    mails = httpx.get(f"http://{HOST}:{run.mail_port}/api/messages", timeout=60, trust_env=False).json()
    return check(people, mails=mails, fields=fields, activity=activity, interviews=interviews)


def perform(run: Run, *, gap: tuple[float, float], pauses: bool) -> Findings:
    """Everything, in order; processes are ended whatever happens."""
    troupe = Troupe(run.folder)
    try:
        start_everything(run, troupe)
        people = apply_all(run)
        mischief = Mischief(troupe, seed=run.seed, gap=gap, pauses=pauses)
        mischief.start()
        move_all(run, people)
        wanted = max(6, run.moves // 10)
        while mischief.kills + mischief.pauses < wanted:
            stir(run)
            time.sleep(1)
        run.ats.put("/api/v1/faults", json={}).raise_for_status()
        mischief.stop()
        interviews = asyncio.run(settle(run))
        found = verdict(run, people, interviews)
        found.kills, found.faults = mischief.kills + mischief.pauses, run.faults
        found.deliveries = sum(len(_all(run, hook["id"])) for hook in _read(run, "/api/v1/webhooks")["items"])
        return found
    finally:
        run.ats.close()
        troupe.end()


def _all(run: Run, hook: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    more: dict[str, str | int] = {}
    while True:
        page = _read(run, f"/api/v1/webhooks/{hook}/deliveries", limit=100, **more)
        found += page["items"]
        if page.get("next_cursor") is None:
            return found
        more = {"cursor": page["next_cursor"]}


@contextmanager
def a_database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database of a kind."""
    if kind == "sqlite":
        yield f"sqlite+aiosqlite:///{folder / 'evenhand.sqlite3'}"
        return
    cluster = Cluster()
    cluster.start()
    try:
        cluster.create("chaos")
        yield cluster.url("chaos")
    finally:
        cluster.stop()


def main(arguments: list[str]) -> int:
    """Run chaos; 0 only if nothing was lost, doubled, disordered or overwritten."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.run", description=__doc__)
    parser.add_argument("--moves", type=int, default=200)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gap", type=float, default=1.5, help="mean seconds between two kills")
    parser.add_argument("--no-pauses", action="store_true", help="kill only, never stop the world")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs")
    options = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="evenhand-chaos-"))
    try:
        with a_database(options.database, folder) as url:
            run = Run(moves=options.moves, seed=options.seed, folder=folder, database_url=url)
            gap = (options.gap * 0.5, options.gap * 1.5)
            found = perform(run, gap=gap, pauses=not options.no_pauses)
    finally:
        if options.keep:
            sys.stdout.write(f"kept {folder}\n")
        else:
            shutil.rmtree(folder)
    sys.stdout.write(found.line() + "\n")
    return 0 if found.clean else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
