"""Merge's ATS API of one linked account: one method per request. Answers are decoded by the mapping's structs."""

from collections.abc import Mapping, Sequence

from adapters.kit.http import HttpAnswer, HttpClient
from adapters.kit.payload import decode
from adapters.merge import mapping
from adapters.merge.mapping import Page, checked

PAGE_SIZE = 100
"""The largest that Merge gives."""


class MergeClient:
    """Requests to the API. Every method raises the contract's errors."""

    def __init__(self, http: HttpClient, *, page_size: int = PAGE_SIZE) -> None:
        self._http, self._page_size = http, page_size

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def application(self, application_id: str) -> mapping.ApplicationAnswer:
        """Read one application with candidate, job and stage."""
        body = await self._http.read(f"/applications/{checked(application_id)}", params={"expand": mapping.EXPAND})
        return decode(body, mapping.ApplicationAnswer, what="the application")

    async def applications(self, cursor: str | None, *, modified_after: str | None) -> HttpAnswer:
        """Read one page of applications, and the answer's clock."""
        query = {"include_deleted_data": "true"} | ({"modified_after": modified_after} if modified_after else {})
        return await self._http.read_answer("/applications", params=self._page(cursor) | query)

    async def stages(self, cursor: str | None) -> tuple[Sequence[mapping.StageAnswer], str | None]:
        """Read one page of stages."""
        body = await self._http.read("/job-interview-stages", params=self._page(cursor))
        page = decode(body, Page[mapping.StageAnswer], what="the list of stages")
        return page.results, page.next or None

    async def activities(self, cursor: str | None, *, user: str) -> tuple[Sequence[mapping.ActivityAnswer], str | None]:
        """Read one page of what one user did."""
        body = await self._http.read("/activities", params=self._page(cursor) | {"user_id": user})
        page = decode(body, Page[mapping.ActivityAnswer], what="the list of notes")
        return page.results, page.next or None

    async def add_activity(self, request: Mapping[str, object]) -> bytes:
        """Write an activity, at once and not later."""
        return await self._http.write("POST", "/activities", body=request)

    async def activity_meta(self) -> mapping.Meta:
        """Read what the ATS takes of a new activity."""
        return decode(await self._http.read("/activities/meta/post"), mapping.Meta, what="the description of notes")

    async def account(self) -> HttpAnswer:
        """Read about the linked account, and the answer's clock."""
        return await self._http.read_answer("/account-details")

    def _page(self, cursor: str | None) -> dict[str, str | int]:
        return {"page_size": self._page_size, **({"cursor": cursor} if cursor else {})}
