"""The main job, once, as people live it: a recruiter moves a card, a candidate answers, a reviewer decides."""

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
from msgspec import Struct

from orchestrator.demo.ats import NotSeen, Profile, Witness
from orchestrator.demo.browser import Page, ScriptedBrowser, Surprised
from orchestrator.demo.processes import Ports
from orchestrator.domain.interview import Completion

JOB = "Customer Support Specialist"
BEFORE_STAGE = "Application Review"
TRIGGER_STAGE = "First Interview"
COMPLETION = "interview_completion"
BAND = "interview_band"
WAIT_SECONDS = 90.0
T = TypeVar("T")


class Reviewer(Struct, frozen=True):
    """Who decides in the demo."""

    email: str
    name: str
    password: str


def wait_for(what: str, look: Callable[[], T | None], *, seconds: float = WAIT_SECONDS) -> T:
    """Look again and again until there is something; the other side is another process and announces nothing.

    Raises:
        NotSeen: it did not come in time.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(0.05)
    raise NotSeen(f"{what} did not happen within {seconds:.0f} seconds")


def move_card(ports: Ports, witness: Witness, application: dict[str, Any]) -> None:
    """The recruiter moves the candidate's card on the ATS's own board."""
    stage_id = witness.stage_id(application["job"]["id"], TRIGGER_STAGE)
    with ScriptedBrowser(ports.sandbox_url) as browser:
        card = browser.open(f"/applications/{application['id']}")
        browser.post(card, action="/move", fields={"stage_id": stage_id})


def invitation_link(ports: Ports, address: str) -> str:
    """Wait for the invitation and take the link out of it, as the candidate would."""

    def look() -> str | None:
        mails = httpx.get(f"{ports.mail_url}/api/messages", trust_env=False).raise_for_status().json()
        texts = [mail["text"] for mail in mails if mail["to"] == address]
        links = [word for text in texts for word in text.split() if word.startswith(f"{ports.evenhand_url}/i/")]
        return links[0] if links else None

    return wait_for("the invitation", look)


def take_interview(ports: Ports, link: str, answers: Sequence[str]) -> None:
    """The candidate reads, agrees, practises, answers every question and hands in: form posts on the real pages.

    Raises:
        Surprised: a page was not as expected, or there are more answers than questions.
    """
    with ScriptedBrowser(ports.evenhand_url) as browser:
        page = browser.open(link)
        while (following := _next_page(browser, page, answers)) is not None:
            page = following


def _next_page(browser: ScriptedBrowser, page: Page, answers: Sequence[str]) -> Page | None:
    """Do what the page asks for; None where nothing is left to do. Whoever comes back later goes on from there."""
    path = urlsplit(page.url).path
    if page.has_form("/begin"):
        return browser.post(page, action="/begin", fields={})
    if path.endswith("/practice"):
        return browser.post(page, action="/practice", fields={"answer": "Just trying this out."})
    if "/more/" in path:
        # What follows on an answer may be skipped; the answers of the demo are to the planned questions.
        below = path[path.index("/questions/") :]
        return browser.post(page, action=below, fields={"answer": "", "go": "skip"})
    if "/questions/" in path:
        number = int(path.rpartition("/")[2])
        answer = answers[number - 1] if number <= len(answers) else ""
        return browser.post(page, action=f"/questions/{number}", fields={"answer": answer, "go": "next"})
    if page.has_form("/submit"):
        questions = sum("/more/" not in link for link in page.links("/questions/"))
        if questions < len(answers):
            raise Surprised(f"the interview has {questions} questions, and there are {len(answers)} answers")
        return browser.post(page, action="/submit", fields={})
    return None


def decide(ports: Ports, reviewer: Reviewer, candidate: str) -> Page:
    """The reviewer signs in, opens the case from the queue and confirms the band; returns the page that follows."""
    with ScriptedBrowser(ports.evenhand_url) as browser:
        page = browser.open("/sign-in")
        page = browser.post(page, action="/sign-in", fields={"email": reviewer.email, "password": reviewer.password})
        page = browser.open("/review")
        cases = [link for link in page.links("/review/") if urlsplit(link).path.count("/") == 2]  # noqa: PLR2004 - /review/<id>
        if not cases:
            raise Surprised(f"nobody waits in the queue, not even {candidate}")
        return browser.post(browser.open(cases[0]), action="/decision", fields={})


def wait_for_field(witness: Witness, application_id: str, field: str, values: Sequence[str]) -> Profile:
    """Wait until a custom field of the ATS has one of these values; the profile as it is then."""

    def look() -> Profile | None:
        profile = witness.profile(application_id)
        return profile if profile["custom_fields"].get(field) in values else None

    return wait_for(f"{field} = {' or '.join(values)}", look)


def wait_for_result(witness: Witness, application_id: str) -> Profile:
    """Wait until completion, band and note are all there; "Completed" alone also stands there before the review."""

    def look() -> Profile | None:
        profile = witness.profile(application_id)
        done = profile["custom_fields"].get(COMPLETION) == Completion.COMPLETED
        return profile if done and profile["custom_fields"].get(BAND) and profile["notes"] else None

    return wait_for("the result in the ATS", look)
