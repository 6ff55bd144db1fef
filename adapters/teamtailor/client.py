"""Teamtailor's JSON:API: one method per request."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TypeVar
from urllib.parse import quote

from adapters.contract.errors import PayloadInvalid
from adapters.kit.http import AnswerHints, HttpAnswer, HttpClient
from adapters.kit.pagination import walk
from adapters.kit.payload import decode
from adapters.teamtailor import answers, mapping

T = TypeVar("T")
# The most that the vendor gives; not confirmed.
PAGE = 30


def read_hints(body: bytes) -> AnswerHints:
    """Read the first mistake's code; nothing where there is none."""
    try:
        problem = decode(body, answers.ProblemAnswer, what="the error")
    except PayloadInvalid:
        return AnswerHints()
    return AnswerHints(code=next((str(item.code) for item in problem.errors if item.code is not None), None))


class TeamtailorClient:
    """Requests to the API. Every method raises the contract's errors."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def application(self, application_id: str) -> answers.ApplicationAnswer:
        """Read a job application with candidate, job and stage."""
        path = f"/v1/job-applications/{_segment(application_id)}"
        body = await self._http.read(path, params={"include": "candidate,job,stage"})
        return decode(body, answers.ApplicationAnswer, what="the application")

    async def applications(self, at: str | None, params: Mapping[str, str | int]) -> answers.Page[answers.RowData]:
        """Read one page of job applications; ``at`` is the address of a next page that the ATS gave."""
        body = await (self._http.read(at) if at else self._http.read("/v1/job-applications", params=params))
        return decode(body, answers.Page[answers.RowData], what="the list of applications")

    async def stages(self) -> list[answers.StageData]:
        """Read the stages of every job."""
        pages = self._pages("/v1/stages", {}, answers.Page[answers.StageData])
        return [one async for page in pages for one in page.data]

    async def fields(self) -> list[tuple[answers.FieldData, tuple[answers.Resource, ...]]]:
        """Read the custom fields of candidates that can be written, each with what came along."""
        pages = self._pages("/v1/custom-fields", {"include": "custom-field-options"}, answers.Page[answers.FieldData])
        return [(one, page.included) async for page in pages for one in page.data if mapping.writable(one)]

    async def values(self, candidate_id: str) -> list[answers.ValueData]:
        """Read the values of custom fields on one candidate."""
        path = f"/v1/candidates/{_segment(candidate_id)}/custom-field-values"
        pages = self._pages(path, {"include": "custom-field"}, answers.Page[answers.ValueData])
        return [one async for page in pages for one in page.data]

    async def add_value(self, document: Mapping[str, object]) -> None:
        """Write a value that was not there."""
        await self._http.write("POST", "/v1/custom-field-values", body=document)

    async def change_value(self, value_id: str, document: Mapping[str, object]) -> None:
        """Write a value in the place of another."""
        await self._http.write("PATCH", f"/v1/custom-field-values/{_segment(value_id)}", body=document)

    async def notes(self, candidate_id: str) -> list[answers.NoteData]:
        """Read the notes about a candidate."""
        params = {mapping.ABOUT_CANDIDATE: candidate_id, "include": "candidate,user"}
        pages = self._pages("/v1/notes", params, answers.Page[answers.NoteData])
        return [one async for page in pages for one in page.data if mapping.about(one, candidate_id)]

    async def add_note(self, document: Mapping[str, object]) -> bytes:
        """Add a note; the raw answer."""
        return await self._http.write("POST", "/v1/notes", body=document)

    async def company(self) -> HttpAnswer:
        """Read the customer's account."""
        return await self._http.read_answer("/v1/company")

    async def _pages(
        self, path: str, params: Mapping[str, str], shape: type[answers.Page[T]]
    ) -> AsyncIterator[answers.Page[T]]:
        async def fetch(cursor: str | None) -> tuple[Sequence[answers.Page[T]], str | None]:
            first: dict[str, str | int] = {**params, "page[size]": PAGE}
            body = await (self._http.read(cursor) if cursor else self._http.read(path, params=first))
            page = decode(body, shape, what="the list")
            return [page], page.links.next

        async for page in walk(fetch):
            yield page


def _segment(vendor_id: str) -> str:
    return quote(vendor_id, safe="")
