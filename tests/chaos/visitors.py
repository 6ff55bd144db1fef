"""The people at Evenhand's pages: candidates with a link, and a reviewer. Each keeps at it while servers die and come back.

They send what the pages' forms would send, to any of the web processes, each candidate from an address of their own.
"""

import asyncio
import random
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urlsplit

import httpx

from orchestrator.demo.script import Reviewer
from orchestrator.demo.show import read_answers
from tests.chaos.plan import Candidate, Decision, Person
from tests.chaos.roles import HOST

ANSWERS = tuple(read_answers(None))
PATIENCE_SECONDS = 900.0
"""Longer than any storm: 300 kills in a row, as N=20000 ends with, leave no page standing for minutes. Whoever is invited
comes back later; only who is never let in again is lost."""
MOST_QUESTIONS = 20
REVIEWER = Reviewer("robin@northwind-outdoor.example", "Robin Reviewer", "a-long-enough-password")
NEXT_LOOK = 0.5

_CSRF = re.compile(r'name="_csrf_token" value="([^"]+)"')
_NOTICE = re.compile(r'name="notice_hash" value="([^"]+)"')
_CASE = re.compile(r'"/review/([0-9a-f-]{36})"')
_RADIO = re.compile(r'type="radio" name="band" value="([^"]+)"')
_HIDDEN_BAND = re.compile(r'type="hidden" name="band" value="([^"]+)"')
_WHO = re.compile(r"Chaos (\d+)")


class TurnedAway(RuntimeError):
    """A page answered what its visitor must never see: the message says which and what."""


class Web:
    """All web processes behind one door. Cookies are the visitors' own affair."""

    def __init__(self, ports: Sequence[int], *, seed: int) -> None:
        self._ports = tuple(ports)
        self._dice = random.Random(seed)
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(10.0, pool=None),
            verify=False,  # plain HTTP on loopback; reading certificates would only cost time
            trust_env=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        )
        self.retries = 0

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def ask(
        self, method: str, path: str, *, cookies: Mapping[str, str], address: str, form: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Ask until some process answers with something that is no passing trouble.

        Raises:
            TurnedAway: none did for a long time.
        """
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        last = ""
        while asyncio.get_running_loop().time() < deadline:
            origin = f"http://{HOST}:{self._dice.choice(self._ports)}"
            headers = {
                "Accept": "text/html",
                "Origin": origin,
                "X-Forwarded-For": address,
                "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
            }
            try:
                answer = await self._client.request(method, f"{origin}{path}", headers=headers, data=form)
            except httpx.TransportError as error:
                last = type(error).__name__
            else:
                if answer.status_code != HTTPStatus.TOO_MANY_REQUESTS and not answer.is_server_error:
                    return answer
                last = str(answer.status_code)
            self.retries += 1
            await asyncio.sleep(self._dice.uniform(0.05, 0.3))
        raise TurnedAway(f"{method} {_masked(path)}: {last} for {PATIENCE_SECONDS:.0f} seconds")


class Visitor:
    """One browser: an address, and the cookies that it was given."""

    def __init__(self, web: Web, address: str) -> None:
        self._web, self._address = web, address
        self._cookies: dict[str, str] = {}
        self._token = ""

    async def open(self, path: str) -> httpx.Response:
        """Read a page; its form token is used from now on."""
        answer = self._kept(await self._web.ask("GET", path, cookies=self._cookies, address=self._address))
        if token := _CSRF.search(answer.text):
            self._token = token.group(1)
        return answer

    async def post(self, path: str, **form: str) -> httpx.Response:
        """Send a form."""
        form["_csrf_token"] = self._token
        return self._kept(await self._web.ask("POST", path, cookies=self._cookies, address=self._address, form=form))

    def _kept(self, answer: httpx.Response) -> httpx.Response:
        for header in answer.headers.get_list("set-cookie"):
            name, _, value = header.partition(";")[0].partition("=")
            self._cookies[name.strip()] = value.strip()
        return answer


async def take_interview(web: Web, person: Person, link: str) -> None:
    """Agree, answer every question, hand in; or only agree.

    Raises:
        TurnedAway: a page did not lead on.
    """
    here = urlsplit(link).path.rstrip("/")
    visitor = Visitor(web, f"10.{person.number >> 16 & 255}.{person.number >> 8 & 255}.{person.number & 255}")
    welcome = await visitor.open(here)
    notice = _NOTICE.search(welcome.text)
    if notice is None:
        raise TurnedAway(f"person {person.number}: the welcome page answered {welcome.status_code} without a notice")
    await _led_on(visitor, f"{here}/begin", notice_hash=notice.group(1))
    if person.candidate is Candidate.BEGIN:
        return
    for number in range(1, MOST_QUESTIONS):
        text = ANSWERS[(number - 1) % len(ANSWERS)]
        following = await _led_on(visitor, f"{here}/questions/{number}", answer=text, revision="0", go="next")
        while "/more/" in following:
            following = await _led_on(visitor, following, answer="", revision="0", go="skip")
        if following.endswith("/check"):
            break
    done = await _led_on(visitor, f"{here}/submit")
    if not done.endswith("/done"):
        raise TurnedAway(f"person {person.number}: handing in led elsewhere")


async def _led_on(visitor: Visitor, path: str, **form: str) -> str:
    answer = await visitor.post(path, **form)
    if answer.status_code != HTTPStatus.SEE_OTHER:
        raise TurnedAway(f"POST {_masked(path)} answered {answer.status_code}")
    return answer.headers["location"]


def _masked(path: str) -> str:
    return re.sub(r"/i/[^/]+", "/i/…", path)


class ReviewDesk:
    """A reviewer who looks at the queue again and again and does with each case what the plan says."""

    def __init__(self, web: Web, people: Sequence[Person]) -> None:
        self._people = people
        self._visitor = Visitor(web, "10.255.255.1")
        self.decided = 0
        self.waiting = 0

    async def work(self, enough: asyncio.Event) -> None:
        """Decide until told that it is enough."""
        await self._visitor.open("/sign-in")
        await self._visitor.post("/sign-in", email=REVIEWER.email, password=REVIEWER.password, next="/review")
        while not enough.is_set():
            queue = await self._visitor.open("/review")
            cases = list(dict.fromkeys(_CASE.findall(queue.text)))
            self.waiting = len(cases)
            for case in cases:
                await self._decide(case)
            try:
                await asyncio.wait_for(enough.wait(), NEXT_LOOK)
            except TimeoutError:
                continue

    async def _decide(self, case: str) -> None:
        page = (await self._visitor.open(f"/review/{case}")).text
        who, band = _WHO.search(page), _HIDDEN_BAND.search(page)
        if who is None or band is None:
            return  # decided meanwhile: an answer was lost on the way, the decision was not
        decision = self._people[int(who.group(1))].decision
        others = [key for key in _RADIO.findall(page) if key != band.group(1)]
        if decision is Decision.CLOSE:
            await self._visitor.post(f"/review/{case}/close", reason="The answers are about something else.")
        elif decision is Decision.OVERRIDE and others:
            reason = "The second answer shows more than the quotes do."
            await self._visitor.post(f"/review/{case}/decision", band=others[0], reason=reason)
        else:
            await self._visitor.post(f"/review/{case}/decision", band=band.group(1), reason="")
        self.decided += 1
