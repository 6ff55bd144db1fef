"""Kombo's API for one integration: one method per request. Answers are decoded by the mapping's structs."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import httpx

from adapters.contract.errors import NotFound
from adapters.kit.http import TIMEOUT, HttpAnswer, HttpClient
from adapters.kit.payload import decode
from adapters.kombo import codes, mapping
from adapters.kombo.mapping import Enveloped, Page, checked

PAGE_SIZE = 250
"""The largest that Kombo gives."""


def connect(
    base_url: str,
    api_key: str,
    *,
    integration_id: str,
    transport: httpx.AsyncBaseTransport | None = None,
    timeout: httpx.Timeout = TIMEOUT,
) -> HttpClient:
    """The client of one integration."""
    return HttpClient(
        base_url,
        headers={"Authorization": f"Bearer {api_key}", "X-Integration-Id": integration_id},
        hints=codes.hints,
        judge=codes.judge,
        transport=transport,
        timeout=timeout,
    )


class KomboClient:
    """Requests about applications. Every method raises the contract's errors."""

    def __init__(self, http: HttpClient, *, integration_id: str, page_size: int = PAGE_SIZE) -> None:
        self._http, self._integration_id, self._page_size = http, integration_id, page_size

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def application(self, application_id: str) -> mapping.ApplicationAnswer:
        """Read one application, by Kombo's id or by the ATS's."""
        body = await self._http.read("/ats/applications", params=mapping.filter_of(application_id))
        page = decode(body, Enveloped[Page[mapping.ApplicationAnswer]], what="the application").data
        return mapping.only(page.results, application_id)

    async def job(self, job_id: str) -> mapping.JobAnswer:
        """Read one job.

        Raises:
            NotFound: Kombo shows no such job (any more).
        """
        body = await self._http.read("/ats/jobs", params={"ids": checked(job_id), "include_deleted": "true"})
        page = decode(body, Enveloped[Page[mapping.JobAnswer]], what="the job").data
        found = next((job for job in page.results if job.id == job_id), None)
        if found is None:
            raise NotFound("Kombo shows no such job")
        return found

    async def applications(self, cursor: str | None, *, updated_after: str | None) -> HttpAnswer:
        """Read one page of applications, and the answer's clock."""
        query = {"include_deleted": "true"} | ({"updated_after": updated_after} if updated_after else {})
        return await self._http.read_answer("/ats/applications", params=self._page(cursor) | query)

    async def stages(self, cursor: str | None) -> tuple[Sequence[mapping.StageAnswer], str | None]:
        """Read one page of stages."""
        body = await self._http.read("/ats/application-stages", params=self._page(cursor))
        page = decode(body, Enveloped[Page[mapping.StageAnswer]], what="the list of stages").data
        return page.results, page.next or None

    async def add_note(self, application_id: str, note: Mapping[str, object]) -> None:
        """Add a note; Kombo says that it did, and no more."""
        await self._http.write("POST", f"/ats/applications/{checked(application_id)}/notes", body=note)

    async def integration(self) -> HttpAnswer:
        """Read about the integration, and the answer's clock."""
        return await self._http.read_answer(f"/integrations/{quote(self._integration_id, safe=':')}")

    def _page(self, cursor: str | None) -> dict[str, str | int]:
        return {"page_size": self._page_size, **({"cursor": cursor} if cursor else {})}
