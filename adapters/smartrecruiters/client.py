"""SmartRecruiters' REST API: one method per request. Not more at once than the vendor lets one credential do."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TypeVar
from urllib.parse import quote

from adapters.contract.errors import PayloadInvalid, Transient
from adapters.contract.model import FieldValue
from adapters.kit.http import AnswerHints, HttpAnswer, HttpClient
from adapters.kit.oauth import OAuth
from adapters.kit.pagination import walk
from adapters.kit.payload import decode
from adapters.smartrecruiters import answers, mapping

T = TypeVar("T")
PAGE = 100
# The vendor lets a credential ask 8 things at once; a second process of ours has the other half.
AT_ONCE = 4
SUBSCRIPTIONS = "/webhooks-api/v201907/subscriptions"


def read_hints(body: bytes) -> AnswerHints:
    """Read the first mistake's code; nothing where there is none."""
    try:
        problem = decode(body, answers.ProblemAnswer, what="the error")
    except PayloadInvalid:
        return AnswerHints()
    return AnswerHints(code=next((item.code for item in problem.errors if item.code), None))


class SmartRecruitersClient:
    """Requests to the API. Every method raises the contract's errors."""

    def __init__(self, http: HttpClient, *, oauth: OAuth | None = None) -> None:
        self._http = http
        self._oauth = oauth
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._search = asyncio.Lock()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()
        if self._oauth is not None:
            await self._oauth.aclose()

    async def candidate(self, candidate_id: str) -> answers.CandidateAnswer:
        """Read a candidate with every application."""
        return decode(
            await self._read(f"/candidates/{_segment(candidate_id)}"), answers.CandidateAnswer, what="the candidate"
        )

    async def candidates(self, params: Mapping[str, str | int]) -> answers.CandidatePage:
        """Search candidates; the vendor takes one such request at a time."""
        async with self._search:
            body = await self._read("/candidates", params)
        return decode(body, answers.CandidatePage, what="the list of candidates")

    async def history(self, candidate_id: str, job_id: str) -> tuple[answers.VisitAnswer, ...]:
        """Read the whole history of statuses of one application; nobody says in which order its pages come.

        Raises:
            Transient: the pages have fewer lines than the ATS says that there are.
        """
        path = f"{_application(candidate_id, job_id)}/status/history"
        total = 0

        async def fetch(cursor: str | None) -> tuple[Sequence[answers.VisitAnswer], str | None]:
            nonlocal total
            # Nobody confirmed that it pages: only where there is more than came is a second page asked for.
            params = {"limit": PAGE, "offset": int(cursor)} if cursor else None
            page = decode(await self._read(path, params), answers.HistoryAnswer, what="the history")
            total = page.total_found
            return page.content, _next_offset(cursor, len(page.content), total)

        visits = tuple([one async for one in walk(fetch)])
        if len(visits) < total:
            raise Transient("the history of the application is not whole")
        return visits

    async def job(self, job_id: str) -> answers.JobAnswer:
        """Read a job."""
        return decode(await self._read(f"/jobs/{_segment(job_id)}"), answers.JobAnswer, what="the job")

    async def processes(self) -> tuple[answers.ProcessAnswer, ...]:
        """Read every hiring process."""
        body = await self._read("/configuration/hiring-processes")
        return decode(body, answers.ProcessPage, what="the list of hiring processes").content

    async def properties(self) -> list[answers.PropertyAnswer]:
        """Read the definitions of candidate properties that can be mapped."""
        path = "/configuration/candidate-properties"

        async def fetch(cursor: str | None) -> tuple[Sequence[answers.PropertyAnswer], str | None]:
            page = await self._page(path, cursor, answers.PropertyPage)
            return page.content, _next_offset(cursor, len(page.content), page.total_found)

        return [one async for one in walk(fetch) if mapping.writable(one)]

    async def options(self, field: answers.PropertyAnswer) -> tuple[answers.OptionAnswer, ...]:
        """Read the values that may be chosen; none where the property is no choice."""
        if not mapping.chooses(field):
            return ()
        path = f"/configuration/candidate-properties/{_segment(field.id)}/values"

        async def fetch(cursor: str | None) -> tuple[Sequence[answers.OptionAnswer], str | None]:
            page = await self._page(path, cursor, answers.OptionPage)
            return page.content, _next_offset(cursor, len(page.content), page.total_found)

        return tuple([one async for one in walk(fetch)])

    async def values(self, candidate_id: str, job_id: str) -> tuple[answers.ValueAnswer, ...]:
        """Read the properties of one application."""
        body = await self._read(f"{_application(candidate_id, job_id)}/properties")
        return decode(body, answers.ValuePage, what="the properties").content

    async def write_values(self, candidate_id: str, job_id: str, batch: Sequence[Mapping[str, FieldValue]]) -> None:
        """Write these properties of one application, all in one request."""
        async with self._slots:
            await self._http.write("PUT", f"{_application(candidate_id, job_id)}/properties", body=batch)

    async def messages(self, candidate_id: str) -> list[answers.MessageAnswer]:
        """Read every message about a candidate."""

        async def fetch(cursor: str | None) -> tuple[Sequence[answers.MessageAnswer], str | None]:
            params: dict[str, str | int] = {"candidateId": candidate_id, "limit": PAGE}
            if cursor is not None:
                params["pageId"] = cursor
            page = decode(await self._read("/messages", params), answers.MessagePage, what="the list of messages")
            return page.content, page.next_page_id

        return [one async for one in walk(fetch)]

    async def share(self, message: Mapping[str, object]) -> bytes:
        """Share a message; the raw answer."""
        async with self._slots:
            return await self._http.write("POST", "/messages/shares", body=message)

    async def me(self) -> HttpAnswer:
        """Read the user of the credentials."""
        async with self._slots:
            return await self._http.read_answer("/users/me")

    async def company(self) -> answers.CompanyAnswer:
        """Read the customer's account."""
        return decode(await self._read("/configuration/company"), answers.CompanyAnswer, what="the account")

    async def subscriptions(self) -> tuple[answers.SubscriptionAnswer, ...]:
        """Read every webhook subscription."""
        body = await self._read(SUBSCRIPTIONS)
        return decode(body, answers.SubscriptionPage, what="the list of subscriptions").content

    async def _read(self, path: str, params: Mapping[str, str | int] | None = None) -> bytes:
        async with self._slots:
            return await self._http.read(path, params=params)

    async def _page(self, path: str, cursor: str | None, shape: type[T]) -> T:
        body = await self._read(path, {"limit": PAGE, "offset": int(cursor or 0)})
        return decode(body, shape, what="the list")


def _next_offset(cursor: str | None, found: int, total: int) -> str | None:
    following = int(cursor or 0) + found
    return str(following) if found and following < total else None


def _application(candidate_id: str, job_id: str) -> str:
    return f"/candidates/{_segment(candidate_id)}/jobs/{_segment(job_id)}"


def _segment(vendor_id: str) -> str:
    return quote(vendor_id, safe="")
