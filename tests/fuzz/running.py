"""A whole Evenhand in a thread of its own, with something behind every kind of address, for callers without a loop."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import httpx

from tests.fixtures.databases import migrate_to_head
from tests.fixtures.house import REVIEWER, House, running_house

T = TypeVar("T")
READY_SECONDS = 60
CSRF_COOKIE, SESSION_COOKIE = "evenhand_csrf", "evenhand_session"
WAITING, BEGUN, ASKED = "app_000001", "app_000002", "app_000003"


@dataclass(frozen=True)
class Caller:
    """Who asks: headers and cookies of every request. A stranger has neither."""

    name: str
    headers: Mapping[str, str]
    cookies: Mapping[str, str]


@dataclass(frozen=True)
class Door:
    """A running Evenhand as callers see it. ``known`` are values that lead somewhere, by the name of the parameter."""

    url: str
    stranger: Caller
    admin: Caller
    known: Mapping[str, tuple[str, ...]]

    def alive(self) -> bool:
        """Whether the server still answers."""
        return httpx.get(f"{self.url}/healthz", trust_env=False, timeout=10).status_code == 200


_addresses = count(1)


def another_address() -> dict[str, str]:
    """A header that makes the request come from an address of its own, so that no rate limit hides what is behind it."""
    number = next(_addresses)
    return {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}


@contextmanager
def running_door(folder: Path) -> Iterator[Door]:
    """Evenhand on a fresh SQLite database in ``folder``, with interviews in several states and a case to review."""
    url = f"sqlite+aiosqlite:///{folder / 'evenhand.db'}"
    migrate_to_head(url)
    ready: Future[Door] = Future()
    leave = threading.Event()
    thread = threading.Thread(target=asyncio.run, args=(_run(url, folder, ready, leave),), name="evenhand")
    thread.start()
    try:
        yield ready.result(timeout=READY_SECONDS)
    finally:
        leave.set()
        thread.join(READY_SECONDS)


async def _run(url: str, folder: Path, ready: Future[Door], leave: threading.Event) -> None:
    try:
        async with running_house(url, folder) as house:
            ready.set_result(await _furnished(house))
            await asyncio.to_thread(leave.wait)
    except BaseException as error:
        if not ready.done():
            ready.set_exception(error)
        raise


async def _furnished(house: House) -> Door:
    links = [await house.invite(application) for application in (WAITING, BEGUN, ASKED)]
    tokens = [link.rpartition("/")[2] for link in links]
    services = house.runtime.services
    for token in tokens[1:]:
        view = await services.interviewing.view(token)
        await services.interviewing.consent(token, notice_hash=view.notice.hash)
    async with httpx.AsyncClient(base_url=house.url, trust_env=False, follow_redirects=False) as browser:
        await browser.get(f"/i/{tokens[2]}/help", headers={"Accept": "text/html"})
        form = {"kind": "person", "message": "Please call me.", "_csrf_token": browser.cookies[CSRF_COOKIE]}
        answer = await browser.post(f"/i/{tokens[2]}/help", data=form)
        assert answer.status_code == 303, answer.text
        form = {"email": REVIEWER.email, "password": REVIEWER.password, "_csrf_token": browser.cookies[CSRF_COOKIE]}
        answer = await browser.post("/sign-in", data=form)
        assert answer.status_code == 303, answer.text
        csrf = browser.cookies[CSRF_COOKIE]
        cookies = {CSRF_COOKIE: csrf, SESSION_COOKIE: browser.cookies[SESSION_COOKIE]}
    cases = await services.reviewing.queue()
    applications = await services.operating.applications()
    return Door(
        url=house.url,
        stranger=Caller("stranger", {}, {}),
        admin=Caller("admin", {"X-CSRFToken": csrf}, cookies),
        known={
            "token": tuple(tokens),
            "number": ("1", "2", "3"),
            "case_id": tuple(str(case.case_id) for case in cases),
            "application_id": tuple(str(item.application_id) for item in applications),
            "connection": ("sandbox",),
            "work_id": ("1", "2"),
        },
    )


def run(step: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine for a caller without a loop."""
    return asyncio.run(step)
