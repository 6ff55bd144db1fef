"""The people around a running house: newcomers in the ATS, candidates and colleagues with browsers of their own.

A browser runs in a thread, because it waits for pages that the test's own event loop serves.
"""

import asyncio
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import httpx
import sqlalchemy as sa
from typing_extensions import override

from orchestrator.db.models.application import ApplicationRow, TriggerDecisionRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.scoring import CaseKind, CaseRow
from orchestrator.demo.browser import TIMEOUT, Page, ScriptedBrowser
from orchestrator.demo.script import Reviewer, take_interview
from orchestrator.demo.show import read_answers
from orchestrator.domain.interview import InterviewState
from orchestrator.domain.trigger import Reason
from tests.fixtures.house import REVIEWER, SUPPORT, House

ANSWERS = tuple(read_answers(None))
ROOMY = ("cap: {total: 125, per_day: 25}", "cap: {total: 5000, per_day: 5000}")


def fresh_sqlite(template: Path, folder: Path) -> str:
    """The URL of a fresh migrated database, for a house that several tests share."""
    path = folder / f"{uuid.uuid4().hex}.db"
    shutil.copyfile(template, path)
    return f"sqlite+aiosqlite:///{path}"


class Visitor(ScriptedBrowser):
    """A browser whose owner also reads error pages."""

    def __init__(self, base_url: str) -> None:
        self._client = httpx.Client(
            base_url=base_url,
            follow_redirects=True,
            timeout=TIMEOUT,
            trust_env=False,
            headers={"Accept": "text/html"},
            verify=False,  # plain HTTP on loopback; reading certificates would only cost time
        )

    @staticmethod
    @override
    def _page(response: httpx.Response) -> Page:
        return Page(response)

    def cookie(self, name: str) -> str | None:
        """A cookie that the browser holds."""
        return self._client.cookies.get(name)

    def post_raw(self, path: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> httpx.Response:
        """Post without a form, as a script of the page does."""
        return self._client.post(path, data=dict(fields), headers=dict(headers))


@dataclass(frozen=True)
class Newcomer:
    """A fresh application in the ATS."""

    id: str
    email: str
    candidate_id: str


async def newcomer(
    house: House, *, job: int = SUPPORT, job_id: str | None = None, email: str | None = None
) -> Newcomer:
    """Let somebody new apply for one of the pilot's jobs, or for ``job_id``. An empty ``email`` is none."""
    email = f"newcomer-{uuid.uuid4().hex[:12]}@applicants.example" if email is None else email
    emails = [email] if email else []
    person = {"first_name": "Wren", "last_name": "Newcomer", "emails": emails, "phones": ["+44 7700 900999"]}
    made = await house.sandbox.admin.post("/api/v1/candidates", json=person)
    assert made.status_code == 201, made.text
    candidate_id = str(made.json()["id"])
    applied = await house.sandbox.admin.post(
        "/api/v1/applications",
        json={"candidate_id": candidate_id, "job_id": job_id or house.sandbox.pilot.job_ids[job]},
    )
    assert applied.status_code == 201, applied.text
    return Newcomer(str(applied.json()["id"]), email, candidate_id)


async def new_job(house: House, title: str, *stages: str) -> str:
    """Open one more job in the ATS; its id."""
    answer = await house.sandbox.admin.post(
        "/api/v1/jobs", json={"title": title, "stages": [{"name": name} for name in stages]}
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def move_to(house: House, application: Newcomer, stage: str) -> None:
    """Move somebody, whatever their job is, to the stage of that name."""
    job_id = (await house.sandbox.application(application.id))["job"]["id"]
    stages = (await house.sandbox.get(f"/api/v1/jobs/{job_id}/stages"))["items"]
    wanted = next(item["id"] for item in stages if item["name"] == stage)
    answer = await house.sandbox.admin.post(f"/applications/{application.id}/move", data={"stage_id": wanted})
    assert answer.status_code == 303, answer.text


class Candidate:
    """Somebody with a link. Every method reads the page that has the form before sending it."""

    def __init__(self, link: str) -> None:
        parts = urlsplit(link)
        self.link, self._path = link, parts.path
        self._browser = Visitor(f"{parts.scheme}://{parts.netloc}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._browser.__exit__()

    async def open(self, path: str = "") -> Page:
        """Open a page below the link."""
        return await asyncio.to_thread(self._browser.open, f"{self._path}{path}")

    async def send(self, path: str, action: str, fields: Mapping[str, str] | None = None) -> Page:
        """Open a page, fill one of its forms and send it."""
        return await self.send_from(await self.open(path), action, fields)

    async def send_from(self, page: Page, action: str, fields: Mapping[str, str] | None = None) -> Page:
        """Send a form of a page that was opened before."""
        return await asyncio.to_thread(self._browser.post, page, action=action, fields=fields or {})

    async def begin(self) -> Page:
        """Agree to the notice."""
        return await self.send("", "/begin")

    async def answer(self, number: int, text: str) -> Page:
        """Answer a question and go on."""
        return await self.send(f"/questions/{number}", f"/questions/{number}", {"answer": text, "go": "next"})

    async def submit(self) -> Page:
        """Hand in."""
        return await self.send("/check", "/submit")

    async def ask(self, kind: str, message: str = "") -> Page:
        """Ask for an adjustment or a person."""
        return await self.send("/help", "/help", {"kind": kind, "message": message})

    async def withdraw(self) -> Page:
        """Withdraw, from the help page."""
        return await self.send("/help", "/withdraw")

    async def draft(self, page: Page, number: int, text: str) -> httpx.Response:
        """Save as the page's script does while somebody types."""
        token = page.tree.css_first("input[name=_csrf_token]")
        assert token is not None
        headers = {"x-csrftoken": token.attributes["value"] or "", "Accept": "application/json"}
        path = f"{self._path}/questions/{number}/draft"
        return await asyncio.to_thread(self._browser.post_raw, path, {"answer": text}, headers)


class Colleague:
    """A member of the hiring team."""

    def __init__(self, house: House, account: Reviewer = REVIEWER) -> None:
        self._account = account
        self._browser = Visitor(house.url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._browser.__exit__()

    @property
    def session(self) -> str | None:
        """The token of the session that the browser holds."""
        return self._browser.cookie("evenhand_session")

    async def sign_in(self) -> Page:
        """Sign in with the form."""
        fields = {"email": self._account.email, "password": self._account.password}
        return await self.send("/sign-in", "/sign-in", fields)

    async def open(self, path: str) -> Page:
        """Open a page."""
        return await asyncio.to_thread(self._browser.open, path)

    async def send(self, path: str, action: str, fields: Mapping[str, str] | None = None) -> Page:
        """Open a page, fill one of its forms and send it."""
        return await self.send_from(await self.open(path), action, fields)

    async def send_from(self, page: Page, action: str, fields: Mapping[str, str] | None = None) -> Page:
        """Send a form of a page that was opened before."""
        return await asyncio.to_thread(self._browser.post, page, action=action, fields=fields or {})

    async def post_elsewhere(self, action: str, fields: Mapping[str, str]) -> Page:
        """Send to an address for which one's own pages have no form, as somebody curious would."""
        mine = (await self.open("/operations")).tree.css_first("input[name=_csrf_token]")
        assert mine is not None
        values = {**fields, "_csrf_token": mine.attributes["value"] or ""}
        return Page(await asyncio.to_thread(self._browser.post_raw, action, values, {"Accept": "text/html"}))

    async def answer(self, case: uuid.UUID, *, resume: bool) -> Page:
        """Answer a candidate's request."""
        fields = {"resume": "yes" if resume else "no", "reason": "Agreed with the candidate by phone."}
        return await self.send(f"/review/{case}", "/answer", fields)


async def interviewed(house: House, application: Newcomer, *, job: int = SUPPORT) -> str:
    """Invite somebody and let them answer every question and hand in; their link."""
    link = await house.invite(application.id, job=job)
    await asyncio.to_thread(take_interview, house.ports, link, ANSWERS)
    return link


async def in_review(house: House, application: Newcomer) -> uuid.UUID:
    """Take somebody through the interview until a person must decide; the case."""
    await interviewed(house, application)
    await house.until_field(application.id, "interview_completion", "In review")
    return await open_case(house, application)


async def open_case(house: House, application: Newcomer, kind: CaseKind = CaseKind.RESULT) -> uuid.UUID:
    """The open case of an application in the review queue, which has to be of one kind."""
    interview = await interview_of(house, application)
    queue = {item.case_id: item for item in await house.runtime.services.reviewing.queue()}
    async with house.runtime.database.reading() as session:
        ids = await session.scalars(sa.select(CaseRow.id).where(CaseRow.interview_id == interview.id))
        found = [queue[id_] for id_ in ids if id_ in queue]
    assert [item.kind for item in found] == [kind]
    return found[0].case_id


async def interview_of(house: House, application: Newcomer) -> InterviewRow:
    """The newest interview of an application."""
    async with house.runtime.database.reading() as session:
        statement = (
            sa.select(InterviewRow)
            .join(ApplicationRow, ApplicationRow.id == InterviewRow.application_id)
            .where(ApplicationRow.external_id == application.id)
            .order_by(InterviewRow.created_at.desc())
            .limit(1)
        )
        return (await session.scalars(statement)).one()


def mails_to(house: House, application: Newcomer) -> list[str]:
    """Which mails somebody got, by template, in order. The template stands in the Message-ID."""
    return [mail.message_id.split(".")[1] for mail in house.mails.deliveries if mail.to == application.email]


def newest_link(house: House, application: Newcomer) -> str:
    """The link in the newest mail to somebody."""
    mail = [mail for mail in house.mails.deliveries if mail.to == application.email][-1]
    return next(word for word in mail.text.split() if word.startswith(f"{house.url}/i/"))


async def reasons_of(house: House, application: Newcomer) -> list[str]:
    """Why events about an application started an interview or not, in order; repetitions that told nothing left out."""
    statement = (
        sa.select(TriggerDecisionRow.reason)
        .join(ApplicationRow, ApplicationRow.id == TriggerDecisionRow.application_id)
        .where(ApplicationRow.external_id == application.id, TriggerDecisionRow.reason != Reason.DUPLICATE)
        .order_by(TriggerDecisionRow.id)
    )
    async with house.runtime.database.reading() as session:
        return [reason.value for reason in await session.scalars(statement)]


async def interviews_of(house: House, application: Newcomer) -> list[InterviewState]:
    """The states of every interview of an application, the oldest first."""
    statement = (
        sa.select(InterviewRow.state)
        .join(ApplicationRow, ApplicationRow.id == InterviewRow.application_id)
        .where(ApplicationRow.external_id == application.id)
        .order_by(InterviewRow.created_at)
    )
    async with house.runtime.database.reading() as session:
        return list(await session.scalars(statement))
