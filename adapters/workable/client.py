"""Workable's REST API v3: one struct per answer, one method per request. The names are those of recorded traffic."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Annotated, TypeVar
from urllib.parse import parse_qsl, quote, urlsplit

from msgspec import Meta, Struct

from adapters.contract.errors import PayloadInvalid
from adapters.kit.http import HttpAnswer, HttpClient
from adapters.kit.payload import Moment, Word, decode
from adapters.workable.pace import Pace

T = TypeVar("T")
API = "/spi/v3"
PAGE_SIZE = 100


class Subject(Struct, frozen=True, kw_only=True):
    """Whatever has an id."""

    id: Word


class JobRef(Struct, frozen=True, kw_only=True):
    """A job; ``shortcode`` identifies it."""

    shortcode: Word


class CandidateAnswer(Struct, frozen=True, kw_only=True):
    """A candidate in a job: what the contract calls an application. PII class: identity and contact."""

    id: Word
    stage: str
    job: JobRef | None = None
    name: str | None = None
    firstname: str | None = None
    lastname: str | None = None
    email: str | None = None
    phone: str | None = None
    stage_kind: str | None = None
    disqualified: bool | None = None
    withdrew: bool | None = None
    hired_at: str | None = None
    outlet: str | None = None
    updated_at: Moment | None = None


class JobLocation(Struct, frozen=True, kw_only=True):
    """Where a job is."""

    city: str | None = None
    country: str | None = None


class JobAnswer(Struct, frozen=True, kw_only=True):
    """A job."""

    shortcode: Word
    title: str
    state: str
    code: str | None = None
    department: str | None = None
    location: JobLocation | None = None


class StageAnswer(Struct, frozen=True, kw_only=True):
    """A stage; ``slug`` identifies it, its name is what a candidate shows."""

    slug: Word
    name: str
    kind: str | None = None


class MemberAnswer(Struct, frozen=True, kw_only=True):
    """A user of the account."""

    id: Word
    name: str | None = None


class StageRef(Struct, frozen=True, kw_only=True):
    """A stage in an activity."""

    name: str
    slug: Word


class ActivityAnswer(Struct, frozen=True, kw_only=True):
    """Something that happened to a candidate; a move has a ``target_stage``. PII class: free text about a person."""

    id: Word
    action: str
    created_at: Moment
    action_stage: StageRef | None = None
    target_stage: StageRef | None = None
    member: MemberAnswer | None = None
    body: str | None = None
    visibility_roles: tuple[str, ...] | None = None


class AccountAnswer(Struct, frozen=True, kw_only=True):
    """An account that the token opens."""

    name: str


class SubscriptionAnswer(Struct, frozen=True, kw_only=True):
    """A webhook; ``target`` is the address."""

    target: str
    event: str
    valid_until: Moment | None = None


class Paging(Struct, frozen=True, kw_only=True):
    """``next`` is the whole address of the next page, absent on the last one."""

    next: str | None = None


class CandidateOne(Struct, frozen=True, kw_only=True):
    """One candidate, wrapped."""

    candidate: CandidateAnswer


class CandidateRow(Struct, frozen=True, kw_only=True):
    """A candidate in a list; one without a job is in a talent pool."""

    id: Word
    job: JobRef | None = None


class CandidatePage(Struct, frozen=True, kw_only=True):
    """A page of candidates, oldest first."""

    candidates: tuple[CandidateRow, ...]
    paging: Paging | None = None


class JobPage(Struct, frozen=True, kw_only=True):
    """A page of jobs."""

    jobs: tuple[JobRef, ...]
    paging: Paging | None = None


class ActivityPage(Struct, frozen=True, kw_only=True):
    """A page of activities, oldest first."""

    activities: tuple[ActivityAnswer, ...]
    paging: Paging | None = None


class MemberPage(Struct, frozen=True, kw_only=True):
    """A page of users."""

    members: tuple[MemberAnswer, ...]
    paging: Paging | None = None


class _Stages(Struct, frozen=True, kw_only=True):
    stages: tuple[StageAnswer, ...]


class _Accounts(Struct, frozen=True, kw_only=True):
    accounts: Annotated[tuple[AccountAnswer, ...], Meta(min_length=1)]


class _Subscriptions(Struct, frozen=True, kw_only=True):
    subscriptions: tuple[SubscriptionAnswer, ...]


def following(paging: Paging | None) -> str | None:
    """The query of the next page. Only it is taken from the address, so that no request goes anywhere else.

    Raises:
        PayloadInvalid: the address is none.
    """
    if paging is None or not paging.next:
        return None
    try:
        query = urlsplit(paging.next).query
    except ValueError:
        query = ""
    if not query:
        raise PayloadInvalid("the address of the next page is not one")
    return query


class WorkableClient:
    """Requests to the API. Every method raises the contract's errors."""

    def __init__(
        self,
        http: HttpClient,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._http = http
        self._pace = Pace(clock=clock, sleep=sleep)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def room(self, requests: int) -> None:
        """Wait until so many requests have room in one window of the vendor's, as far as is known."""
        await self._pace.room(requests)

    async def candidate(self, candidate_id: str) -> bytes:
        """Read one candidate, undecoded: its custom attributes are read by another shape than the rest."""
        return (await self._get(f"/candidates/{_segment(candidate_id)}")).body

    async def candidates(self, query: Mapping[str, str]) -> tuple[CandidatePage, HttpAnswer]:
        """Read one page of candidates, and the whole answer for its clock."""
        answer = await self._get("/candidates", query)
        return decode(answer.body, CandidatePage, what="the list of candidates"), answer

    async def activities(self, candidate_id: str, query: str | None) -> ActivityPage:
        """Read one page of what happened to a candidate."""
        path = f"/candidates/{_segment(candidate_id)}/activities"
        return await self._page(path, query, ActivityPage, "the list of activities")

    async def job(self, shortcode: str) -> JobAnswer:
        """Read one job."""
        return decode((await self._get(f"/jobs/{_segment(shortcode)}")).body, JobAnswer, what="the job")

    async def jobs(self, query: str | None) -> JobPage:
        """Read one page of jobs."""
        return await self._page("/jobs", query, JobPage, "the list of jobs")

    async def stages(self, shortcode: str | None = None) -> tuple[StageAnswer, ...]:
        """Read the stages of a job, or of the account's own pipeline."""
        path = "/stages" if shortcode is None else f"/jobs/{_segment(shortcode)}/stages"
        return decode((await self._get(path)).body, _Stages, what="the list of stages").stages

    async def attributes(self) -> bytes:
        """Read the definitions of custom attributes, undecoded."""
        return (await self._get("/custom_attributes")).body

    async def set_attribute(self, candidate_id: str, body: Mapping[str, object]) -> None:
        """Set one custom attribute of a candidate; ``body`` as in the mapping."""
        await self._put("PATCH", f"/candidates/{_segment(candidate_id)}/update_custom_attribute_value", body)

    async def add_comment(self, candidate_id: str, body: Mapping[str, object]) -> bytes:
        """Add a comment; the raw answer."""
        return await self._put("POST", f"/candidates/{_segment(candidate_id)}/comments", body)

    async def account(self) -> tuple[AccountAnswer, HttpAnswer]:
        """Read the first account that the token opens, and the whole answer for its clock."""
        answer = await self._get("/accounts")
        return decode(answer.body, _Accounts, what="the list of accounts").accounts[0], answer

    async def members(self, query: str | None) -> MemberPage:
        """Read one page of the account's users."""
        return await self._page("/members", query, MemberPage, "the list of members")

    async def subscriptions(self) -> tuple[SubscriptionAnswer, ...]:
        """Read the webhooks that this token sees."""
        body = (await self._get("/subscriptions")).body
        return decode(body, _Subscriptions, what="the list of webhooks").subscriptions

    async def _page(self, path: str, query: str | None, shape: type[T], what: str) -> T:
        params = {"limit": str(PAGE_SIZE)} if query is None else dict(parse_qsl(query))
        return decode((await self._get(path, params)).body, shape, what=what)

    async def _get(self, path: str, params: Mapping[str, str] | None = None) -> HttpAnswer:
        await self._pace.turn()
        answer = await self._http.read_answer(API + path, params=params)
        self._pace.learn(answer.headers)
        return answer

    async def _put(self, method: str, path: str, body: Mapping[str, object]) -> bytes:
        await self._pace.turn()
        return await self._http.write(method, API + path, body=body)


def _segment(vendor_id: str) -> str:
    return quote(vendor_id, safe="")
