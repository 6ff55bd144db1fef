"""What the processes of a chaos run do: Evenhand's own two kinds of process, and the three servers around them.

Each role is one function of its part, run in a process of its own that the zygote forked.
"""

import asyncio
import http
import json
import os
import random
import re
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from types import FrameType
from typing import NoReturn

import msgspec
import uvicorn
from msgspec import Struct
from typing_extensions import override
from uvicorn.loops.auto import auto_loop_factory

from adapters.sandbox.server import applications, candidates, jobs
from adapters.sandbox.server.__main__ import listen
from adapters.sandbox.server.app import create_app
from adapters.sandbox.server.seed import seed_pilot
from adapters.sandbox.server.settings import Settings as SandboxSettings
from adapters.sandbox.server.store import Store
from orchestrator.cli.app import evenhand
from orchestrator.cli.processes import serve_until_told, work_until_told
from orchestrator.cli.sockets import bound_to
from orchestrator.mail.catching.pages import create_catcher_app
from orchestrator.mail.catching.reception import receiving
from orchestrator.mail.catching.store import Delivery, MailStore, without_brackets
from orchestrator.main import Runtime, build, configure_logging, read_environment
from orchestrator.services import writeback
from orchestrator.work import schedule, trouble
from orchestrator.work.limits import RateLimit
from tests.chaos.plan import Person
from tests.fixtures.model_stub import (
    Behaviour,
    Call,
    Reply,
    failing,
    graded,
    hanging_up,
    malformed,
    running_model_stub,
    truncated,
)

HOST = "127.0.0.1"
SOURCE = "Chaos"
EVENHAND_RATE = RateLimit(rate=200.0, burst=200.0)
SANDBOX = SandboxSettings(
    requests_per_second=250.0,
    burst=300,
    retry_schedule=(0.2, 0.5, 1.0, 1.0, 2.0, 2.0, 4.0, 4.0, *(5.0,) * 30),
    delivery_timeout=8.0,
)
RETRIES = (0.2, 0.5, 1.0, 2.0, 2.0, 4.0, 4.0, 8.0, 8.0)
WAITS = (0.2, 0.3, 0.5, 1.0, 2.0)
"""Of the breaker. An announced fault waits for whoever asks, so that each probe meets one until all are used up."""
NOTE_PATIENCE = 3.0
MODEL_FAULTS = 0.06
"""Of the calls; a grading makes one for each competency, so that one in four meets a fault."""
LONG_AGO = timedelta(hours=1)
INDEXES = (
    "CREATE INDEX IF NOT EXISTS chaos_history ON stage_history (application_id)",
    "CREATE INDEX IF NOT EXISTS chaos_activity ON activity (application_id)",
    "CREATE INDEX IF NOT EXISTS chaos_notes ON notes (application_id)",
)
"""The sandbox is made for ten applications; without these it reads all history for each of many."""


class SkewedClock:
    """A wall clock that is wrong by so many seconds, always the same."""

    def __init__(self, seconds: float) -> None:
        self._wrong = timedelta(seconds=seconds)

    def now(self) -> datetime:
        """The wrong instant."""
        return datetime.now(UTC) + self._wrong


class EvenhandPart(Struct, frozen=True, tag="evenhand"):
    """``evenhand serve --port PORT``, or ``evenhand worker --concurrency N`` where there is no port."""

    environment: dict[str, str]
    skew: float
    port: int | None = None
    concurrency: int = 8

    def play(self) -> None:
        """Run until told."""
        _compress_time()
        settings = read_environment(self.environment)
        configure_logging(settings)
        runtime = build(settings, self.environment, clock=SkewedClock(self.skew))
        runtime = replace(runtime, buckets=dict.fromkeys(runtime.buckets, EVENHAND_RATE))
        with asyncio.Runner(loop_factory=auto_loop_factory(use_subprocess=False)) as runner:
            runner.run(self._until_told(runtime))

    async def _until_told(self, runtime: Runtime) -> None:
        if self.port is None:
            await work_until_told(runtime, self.concurrency, None)
        else:
            await serve_until_told(runtime, [bound_to(HOST, self.port)], with_worker=False)


class SandboxPart(Struct, frozen=True, tag="sandbox"):
    """The sandbox ATS with everybody of the plan in it: applied, and not moved yet."""

    port: int
    database: str
    people: str
    api_key: str
    admin_key: str

    def play(self) -> None:
        """Serve until SIGTERM."""
        self._fill()
        store = Store(Path(self.database))
        for statement in INDEXES:
            store.write(statement)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _end)
        _serve(create_app(store, SANDBOX), listen(HOST, self.port))

    def _fill(self) -> None:
        # They applied long ago: the first poll looks back only some minutes, and would read everybody again.
        store = Store(Path(self.database), clock=lambda: datetime.now(UTC) - LONG_AGO)
        people = msgspec.json.decode(Path(self.people).read_bytes(), type=list[Person])
        seed_pilot(store, api_key=self.api_key, admin_key=self.admin_key)
        ids = {job.title: job.id for job in jobs.list_jobs(store)}
        with store.transaction():
            for person in people:
                _apply(store, person, ids[person.job])
        store.close()


class MailPart(Struct, frozen=True, tag="mail"):
    """The mail catcher. What it keeps of a mail is a line of ``kept``: recipient, Message-ID, link; a run has many."""

    smtp_port: int
    port: int
    kept: str

    def play(self) -> None:
        """Catch until SIGTERM."""
        asyncio.run(self._catch())

    async def _catch(self) -> None:
        store = Mailroom(Path(self.kept))
        async with receiving(store, socket.create_server((HOST, self.smtp_port))):
            await _server(create_catcher_app(store)).serve(sockets=[listen(HOST, self.port)])


class ModelPart(Struct, frozen=True, tag="model"):
    """The model endpoint: a good model that errs, stalls, limits and babbles for a share of the calls."""

    port: int
    seed: int

    def play(self) -> None:
        """Answer until SIGTERM."""
        asyncio.run(self._answer())

    async def _answer(self) -> None:
        async with running_model_stub(port=self.port) as stub:
            faulty = moody(random.Random(self.seed))

            async def answer(call: Call) -> Reply | None:
                # A long run has tens of thousands of calls, and nobody looks at them afterwards.
                stub.calls.clear()
                return await faulty(call)

            stub.behaviour = answer
            ended = asyncio.Event()
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
            await ended.wait()


class CommandPart(Struct, frozen=True, tag="command"):
    """``evenhand ARGUMENTS`` in an environment of its own, and nothing changed about it."""

    arguments: list[str]
    environment: dict[str, str]

    def play(self) -> None:
        """Run until told."""
        os.environ.clear()
        os.environ.update(self.environment)
        evenhand(args=self.arguments, prog_name="evenhand")


Part = EvenhandPart | CommandPart | SandboxPart | MailPart | ModelPart


class Mailroom(MailStore):
    """Keeps one line for each mail in a file, and in memory only the Message-IDs."""

    def __init__(self, kept: Path) -> None:
        super().__init__()
        self._file = kept.open("a", encoding="utf-8")
        self._by_id: dict[str, Delivery] = {}
        self._count = 0

    @override
    def keep(self, content: bytes, *, sender: str, recipients: list[str]) -> Delivery:
        message = message_from_bytes(content, policy=default)
        body = message.get_body(("plain",))
        link = re.search(r"\S+/i/\S+", body.get_content() if body else "")
        message_id = without_brackets(str(message.get("Message-ID", "")))
        self._count += 1
        delivery = Delivery(
            id=self._count,
            message_id=message_id,
            to=", ".join(recipients),
            sender=sender,
            subject="",
            received_at=datetime.now(UTC),
            text="",
            html="",
            headers={},
        )
        self._by_id.setdefault(message_id, delivery)
        line = {"to": delivery.to, "message_id": message_id, "link": link.group() if link else None}
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        return delivery

    @override
    def by_message_id(self, message_id: str) -> Delivery | None:
        return self._by_id.get(without_brackets(message_id))


def moody(dice: random.Random) -> Behaviour:
    """A good model, but for a share of the calls."""
    good = graded(5)
    faults: list[Behaviour] = [
        failing(http.HTTPStatus.INTERNAL_SERVER_ERROR),
        failing(http.HTTPStatus.SERVICE_UNAVAILABLE),
        failing(http.HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": "1"}),
        malformed(),
        truncated(),
        hanging_up(),
        _slow(good, seconds=0.8),
    ]

    async def answer(call: Call) -> Reply | None:
        chosen = dice.choice(faults) if dice.random() < MODEL_FAULTS else good
        return await chosen(call)

    return answer


def _slow(behaviour: Behaviour, *, seconds: float) -> Behaviour:
    async def answer(call: Call) -> Reply | None:
        await asyncio.sleep(seconds)
        return await behaviour(call)

    return answer


def _apply(store: Store, person: Person, job_id: str) -> None:
    made = candidates.create_candidate(
        store,
        first_name="Chaos",
        last_name=str(person.number),
        emails=[person.email],
        phones=[],
        locale="en-GB",
        time_zone="Europe/London",
    )
    applications.create_application(store, candidate_id=made.id, job_id=job_id, source=SOURCE, actor="Careers site")


def _compress_time() -> None:
    """Retries come after tenths of a second: a run lasts minutes, and the real schedule is made for hours of outage."""
    schedule.SCHEDULE = RETRIES
    trouble.WAITS = WAITS
    writeback.NOTE_PATIENCE = NOTE_PATIENCE


def _server(app: Callable[..., object]) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(app, ws="none", log_level="warning", access_log=False, timeout_graceful_shutdown=1)
    )


def _serve(app: Callable[..., object], bound: socket.socket) -> None:
    _server(app).run(sockets=[bound])


def _end(_: int, __: FrameType | None) -> NoReturn:
    sys.exit(0)
