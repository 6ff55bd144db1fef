"""Every process of an Evenhand in use: sandbox ATS, mail catcher, model, web and worker; and what the outside saw of it.

Times come from the outside: the ATS's own activity log (microseconds, read from its file) and the mail catcher's time of
acceptance (microseconds). Everything runs on one machine, so there is one wall clock.
"""

import asyncio
import itertools
import sqlite3
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import sqlalchemy as sa

from bench.deliveries import SECRET
from bench.harness import Void
from bench.loader import migrated
from bench.processes import HOST, Process, free_port, python, running
from bench.whole_house import ADMIN_KEY, BY_POLICY, NO_CAP, NO_POLL, UNLIMITED, answer_all, opened, settings
from orchestrator.db.models.application import ApplicationRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.scoring import ResultRow
from orchestrator.main import Runtime
from orchestrator.work.table import work

MODEL_SECONDS = 0.02
WORKER = 8
PATIENCE = 60.0
COMPLETION, BAND, INVITED = "Interview completion", "Interview band", '"Invited"'


class Places(msgspec.Struct, frozen=True):
    """Where everything listens."""

    sandbox: int
    web: int
    mail: int
    smtp: int
    model: int


class Household:
    """Makes things happen from outside and reads what came of them."""

    def __init__(self, places: Places, runtime: Runtime, ats_file: Path) -> None:
        self._runtime = runtime
        admin = {"Authorization": f"Bearer {ADMIN_KEY}"}
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
        common: dict[str, Any] = {"timeout": 30.0, "trust_env": False, "limits": limits}
        self._ats = httpx.AsyncClient(base_url=f"http://{HOST}:{places.sandbox}", headers=admin, **common)
        self._web = httpx.AsyncClient(base_url=f"http://{HOST}:{places.web}", **common)
        self._mail = httpx.AsyncClient(base_url=f"http://{HOST}:{places.mail}", **common)
        self._hook = f"http://{HOST}:{places.web}/hooks/sandbox"
        self._log = sqlite3.connect(f"file:{ats_file}?mode=ro", uri=True)
        self._numbers = itertools.count(1)
        self._emails: dict[str, str] = {}
        self._tokens: dict[str, str] = {}
        self._unanswered: list[str] = []
        self._csrf = ""
        self._job = self._stage = ""
        self._mails: dict[str, float] = {}

    async def arrive(self) -> None:
        """Find job and stage, subscribe Evenhand to the ATS, and lift the limit of requests to the ATS."""
        jobs = (await self._ats.get("/api/v1/jobs")).raise_for_status().json()["items"]
        self._job = next(job["id"] for job in jobs if "Support" in job["title"])
        stages = (await self._ats.get(f"/api/v1/jobs/{self._job}/stages")).raise_for_status().json()["items"]
        self._stage = next(stage["id"] for stage in stages if stage["name"] == "First Interview")
        answer = await self._ats.post("/api/v1/webhooks", json={"url": self._hook, "secret": SECRET})
        self._webhook = answer.raise_for_status().json()["webhook"]["id"]
        await self._until_quiet()
        # A worker writes the manifest's limit down when it claims for the first time, and reads it from this row ever after.
        async with self._runtime.database.transaction() as tx:
            statement = f"UPDATE rate_bucket SET rate = {UNLIMITED}, burst = {UNLIMITED}, tokens = {UNLIMITED}"  # noqa: S608 - a number
            await tx.session.execute(sa.text(statement))

    async def aclose(self) -> None:
        """Release connections."""
        self._log.close()
        for client in (self._ats, self._web, self._mail):
            await client.aclose()

    async def new_applications(self, count: int) -> Sequence[str]:
        """People who applied; of this the ATS sends no events."""
        await self._subscribed(active=False)
        made = []
        for number in itertools.islice(self._numbers, count):
            email = f"bench-{number}@applicants.example"
            person = {"first_name": "Amara", "last_name": f"Okafor {number}", "emails": [email], "phones": []}
            candidate = (await self._ats.post("/api/v1/candidates", json=person)).raise_for_status().json()
            body = {"candidate_id": candidate["id"], "job_id": self._job, "source": "Bench"}
            made.append((await self._ats.post("/api/v1/applications", json=body)).raise_for_status().json()["id"])
            self._emails[made[-1]] = email
        await self._subscribed(active=True)
        return made

    async def _subscribed(self, *, active: bool) -> None:
        answer = await self._ats.patch(f"/api/v1/webhooks/{self._webhook}", json={"active": active})
        answer.raise_for_status()

    async def move(self, application_id: str) -> None:
        """A recruiter moves an application into the trigger stage."""
        answer = await self._ats.post(f"/applications/{application_id}/move", data={"stage_id": self._stage})
        if answer.status_code != httpx.codes.SEE_OTHER:
            raise Void(f"the ATS answered a move with {answer.status_code}")

    async def invitations(self) -> Mapping[str, float]:
        """When the mail server accepted each first mail."""
        mails = (await self._mail.get("/api/messages")).raise_for_status().json()
        for mail in mails:
            self._mails.setdefault(mail["to"], datetime.fromisoformat(mail["received_at"]).timestamp())
        return {item: self._mails[email] for item, email in self._emails.items() if email in self._mails}

    async def invited(self) -> Mapping[str, float]:
        """When the ATS showed each as invited, which is the last thing that an invitation leads to."""
        return self._changed(COMPLETION, INVITED)

    async def answered(self, count: int) -> Sequence[str]:
        """Interviews with every answer in place, not handed in yet."""
        if not self._tokens:
            self._tokens = await answer_all(self._runtime)
            self._unanswered = list(self._tokens)
            page = await self._web.get(f"/i/{self._tokens[self._unanswered[0]]}/")
            page.raise_for_status() if not page.is_redirect else None
            self._csrf = self._web.cookies["evenhand_csrf"]
        taken, self._unanswered = self._unanswered[:count], self._unanswered[count:]
        if len(taken) < count:
            raise Void(f"only {len(taken)} of {count} interviews were prepared")
        return taken

    async def hand_in(self, application_id: str) -> None:
        """A candidate hands in; each has an address of their own, for posts are limited per address."""
        number = int(application_id.rpartition("_")[2])
        headers = {"x-csrftoken": self._csrf, "x-forwarded-for": f"10.9.{number // 250 % 250}.{number % 250 + 1}"}
        answer = await self._web.post(f"/i/{self._tokens[application_id]}/submit", headers=headers)
        if not answer.is_redirect or not answer.headers["location"].endswith("/done"):
            raise Void(f"handing in was answered with {answer.status_code}")

    async def bands(self) -> Mapping[str, float]:
        """When the ATS showed a band."""
        return self._changed(BAND, None)

    async def notes(self) -> Mapping[str, float]:
        """When the ATS showed the note, which is the last thing that a result leads to."""
        rows = self._log.execute("SELECT application_id, at FROM activity WHERE action = 'note.added'")
        return {f"app_{number:06d}": datetime.fromisoformat(at).timestamp() for number, at in rows}

    async def scored(self) -> Mapping[str, float]:
        """When each result was stored: the policy let it stand."""
        async with self._runtime.database.reading() as session:
            rows = await session.execute(
                sa.select(ApplicationRow.external_id, ResultRow.created_at)
                .join(InterviewRow, InterviewRow.application_id == ApplicationRow.id)
                .join(ResultRow, ResultRow.interview_id == InterviewRow.id)
            )
            return {external_id: at.timestamp() for external_id, at in rows}

    def _changed(self, field: str, new: str | None) -> dict[str, float]:
        rows = self._log.execute(
            "SELECT application_id, min(at) FROM activity WHERE action = 'field.changed' AND subject = ?1"
            " AND (?2 IS NULL OR new = ?2) GROUP BY application_id",
            (field, new),
        )
        return {f"app_{number:06d}": datetime.fromisoformat(at).timestamp() for number, at in rows}

    async def _until_quiet(self) -> None:
        """Wait until the work of the start is done: the first poll and what it found."""
        deadline = time.monotonic() + PATIENCE
        open_ = work.c.state.in_(["queued", "running"]) & (work.c.run_at < time.time() + 60)
        while time.monotonic() < deadline:
            async with self._runtime.database.reading() as session:
                found = await session.scalar(sa.select(sa.func.count()).select_from(work))
                left = await session.scalar(sa.select(sa.func.count()).select_from(work).where(open_))
            if found and not left:
                return
            await asyncio.sleep(0.2)
        raise Void("Evenhand did not finish what it found at its start")


@asynccontextmanager
async def household(url: str, folder: Path) -> AsyncIterator[Household]:
    """Start everything; on SQLite web and worker are one process, as they are for whoever uses it."""
    places = Places(*(free_port() for _ in range(5)))
    await (await migrated(url)).aclose()
    environment = settings(
        url,
        folder,
        ats_url=f"http://{HOST}:{places.sandbox}",
        port=places.web,
        changes=(NO_CAP, BY_POLICY, NO_POLL),
        smtp_port=str(places.smtp),
        mail_lookup_url=f"http://{HOST}:{places.mail}/api/messages/by-id/",
        worker_concurrency=str(WORKER),
        openai_base_url=f"http://{HOST}:{places.model}/v1",
        openai_api_key="none",
        openai_samples="1",
    )
    ats_file = folder / "ats.sqlite3"
    sandbox = ["--port", str(places.sandbox), "--database", str(ats_file)]
    mail = ["mail-catcher", "--smtp-port", str(places.smtp), "--port", str(places.mail)]
    model = ["--port", str(places.model), "--delay", str(MODEL_SECONDS)]
    serve = ["serve", "--port", str(places.web), *(["--with-worker"] if url.startswith("sqlite") else [])]

    with ExitStack() as stack:

        def start(name: str, module: str, *arguments: str) -> Process:
            command = python("-m", module, *arguments)
            return stack.enter_context(running(name, command, folder=folder, environment=environment))

        start("sandbox", "bench.whole_house", *sandbox).wait_for(f"http://{HOST}:{places.sandbox}/")
        start("mail-catcher", "orchestrator", *mail).wait_for(f"http://{HOST}:{places.mail}/api/messages")
        start("model", "bench.slow_model", *model)
        start("web", "orchestrator", *serve).wait_for(f"http://{HOST}:{places.web}/readyz")
        if not url.startswith("sqlite"):
            start("worker", "orchestrator", "worker")
        runtime = await opened(environment)
        house = Household(places, runtime, ats_file)
        try:
            await house.arrive()
            yield house
        finally:
            await house.aclose()
            await runtime.aclose()
