"""A whole Evenhand for the bench: configured as an operator would, or in this process where only its own cost counts.

``python -m bench.whole_house --port 8401 --database FILE`` is the sandbox ATS without its limit of requests per second.
"""

import argparse
import asyncio
import hashlib
import hmac
import json
import os
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import msgspec
import sqlalchemy as sa
import uvicorn

from adapters.sandbox.server.__main__ import listen
from adapters.sandbox.server.app import create_app
from adapters.sandbox.server.seed import seed_pilot
from adapters.sandbox.server.settings import Settings as SandboxSettings
from adapters.sandbox.server.store import Store
from bench.deliveries import SECRET
from bench.processes import HOST
from orchestrator.db.models.application import ApplicationRow
from orchestrator.db.models.interview import DraftRow, InterviewRow
from orchestrator.domain.interview import InterviewState
from orchestrator.main import Runtime, build, read_environment
from orchestrator.services.kinds import ProcessDelivery, ReadApplication
from orchestrator.services.links import LinkMaker
from tests.fixtures.house import configuration_text

API_KEY = "bench-api-key-that-is-long-enough-to-use"
ADMIN_KEY = "bench-admin-key-that-is-long-enough-to-use"
SECRET_KEY = "bench-secret-key-that-is-long-enough-to-use"  # noqa: S105 - a throwaway secret of a server on loopback
UNLIMITED = 1_000_000
AT_ONCE = 16

NO_CAP = ("cap: {total: 125, per_day: 25}", "cap: {}")
HIGH_CAP = ("cap: {total: 125, per_day: 25}", "cap: {total: 100000000, per_day: 10000000}")
BY_POLICY = ("review: {mode: always, due_hours: 24}", "review: {mode: borderline_or_flagged, due_hours: 24}")
# A poll re-reads what changed; it would do the work a second time in the middle of a measurement.
NO_POLL = ("poll_minutes: 5", "poll_minutes: 1440")


def settings(
    database_url: str, folder: Path, *, ats_url: str, port: int, changes: Sequence[tuple[str, str]], **more: str
) -> dict[str, str]:
    """The environment of one Evenhand. ``more`` are further settings, without EVENHAND_ and in lower case."""
    config = folder / "evenhand.yaml"
    config.write_text(configuration_text(ats_url, changes=changes), "utf-8")
    return {
        "EVENHAND_DATABASE_URL": database_url,
        "EVENHAND_CONFIG": str(config),
        "EVENHAND_BASE_URL": f"http://{HOST}:{port}",
        "EVENHAND_SECRET_KEY": SECRET_KEY,
        "EVENHAND_MAIL_FROM": "interviews@northwind-outdoor.example",
        "EVENHAND_SANDBOX_API_KEY": API_KEY,
        "EVENHAND_SANDBOX_WEBHOOK_SECRET": SECRET,
        **{f"EVENHAND_{name.upper()}": value for name, value in more.items()},
    }


async def opened(environment: Mapping[str, str]) -> Runtime:
    """Evenhand in this process, without the limit of requests to the ATS, which would be all that is measured."""
    runtime = replace(build(read_environment(environment), environment), buckets={})
    await runtime.services.intake.go_live()
    return runtime


def delivery(application_id: str) -> tuple[dict[str, str], bytes]:
    """Headers and body of one signed stage change."""
    event = {
        "id": f"evt_{uuid.uuid4().hex}",
        "type": "application.stage_changed",
        "application_id": application_id,
        "occurred_at": datetime.now(UTC).isoformat(),
    }
    body, at = msgspec.json.encode(event), str(int(time.time()))
    signature = hmac.new(SECRET.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {
        "content-type": "application/json",
        "x-sandbox-timestamp": at,
        "x-sandbox-signature": f"v1={signature}",
        "x-sandbox-event-id": event["id"],
    }
    return headers, body


async def receive_all(runtime: Runtime, application_ids: Sequence[str]) -> None:
    """Take one delivery in for each application, several at a time."""
    waiting = iter(application_ids)

    async def one_after_the_other() -> None:
        for application_id in waiting:
            headers, body = delivery(application_id)
            await runtime.services.intake.receive("sandbox", headers, body)

    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))


async def work_off(runtime: Runtime, *kinds: str, concurrency: int = 8) -> int:
    """Do everything of these kinds that is due; how many attempts were made."""
    return await runtime.worker(name="bench", concurrency=concurrency, kinds=list(kinds)).run_until_idle()


async def invite(runtime: Runtime, application_ids: Sequence[str]) -> None:
    """Let each application enter the trigger stage: afterwards each has an interview that nobody has begun."""
    await receive_all(runtime, application_ids)
    await work_off(runtime, ProcessDelivery.kind, ReadApplication.kind)


async def answer_all(runtime: Runtime, *, most: int | None = None) -> dict[str, str]:
    """Put answers into interviews that nobody has begun, as if consent was given; tokens by the ATS's application id.

    The steps in between (consent and its write-back) are left out: they are not what is measured.
    """
    texts = json.loads(files("orchestrator.demo").joinpath("answers.json").read_text("utf-8"))
    links = LinkMaker(base_url=runtime.settings.base_url, secret_key=SECRET_KEY)
    tokens: dict[str, str] = {}
    now = datetime.now(UTC)
    async with runtime.database.transaction() as tx:
        rows = await tx.session.execute(
            sa.select(InterviewRow, ApplicationRow.external_id)
            .join(ApplicationRow, ApplicationRow.id == InterviewRow.application_id)
            .where(InterviewRow.state == InterviewState.INVITED)
            .order_by(InterviewRow.id)
            .limit(most)
        )
        for interview, external_id in rows.all():
            interview.state, interview.consented_at = InterviewState.IN_PROGRESS, now
            interview.version += 1
            for question, text in zip(interview.plan.questions, texts, strict=False):
                draft = DraftRow(
                    interview_id=interview.id, question_id=question.id, text=text, saved_at=now, revision=1
                )
                tx.session.add(draft)
            tokens[external_id] = links.token(interview.id, interview.round)
    return tokens


def run_sandbox(arguments: Sequence[str]) -> None:
    """The real sandbox ATS with its pilot company, its own rate limit lifted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--database", type=Path, required=True)
    options = parser.parse_args(arguments)
    store = Store(options.database)
    seed_pilot(store, api_key=API_KEY, admin_key=ADMIN_KEY)
    app = create_app(store, SandboxSettings(requests_per_second=UNLIMITED, burst=UNLIMITED))
    server = uvicorn.Server(uvicorn.Config(app, ws="none", log_level="warning", access_log=False))
    server.run(sockets=[listen(HOST, options.port)])
    store.close()


def long_ago() -> datetime:
    """Before anything that is measured."""
    return datetime.now(UTC) - timedelta(days=400)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    run_sandbox(sys.argv[1:])
