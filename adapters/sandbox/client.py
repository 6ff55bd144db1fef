"""The sandbox ATS's REST API as it documents itself: one struct per answer, one method per request."""

import json
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

from msgspec import Struct

from adapters.contract.errors import PayloadInvalid
from adapters.contract.model import FieldValue
from adapters.kit.http import AnswerHints, HttpClient
from adapters.kit.payload import decode


class StageAnswer(Struct, frozen=True, kw_only=True):
    """A stage."""

    id: str
    name: str
    kind: str | None


class JobAnswer(Struct, frozen=True, kw_only=True):
    """A job."""

    id: str
    title: str
    department: str | None
    location: str | None
    requisition_ref: str | None
    status: str


class CandidateAnswer(Struct, frozen=True, kw_only=True):
    """A candidate. PII class: identity and contact."""

    id: str
    first_name: str
    last_name: str
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    locale: str | None
    time_zone: str | None


class StageEntryAnswer(Struct, frozen=True, kw_only=True):
    """The entry into the current stage."""

    id: str
    entered_at: datetime


class ApplicationAnswer(Struct, frozen=True, kw_only=True):
    """An application. PII class: identity and contact."""

    id: str
    candidate: CandidateAnswer
    job: JobAnswer
    stage: StageAnswer
    stage_entry: StageEntryAnswer
    disposition: str | None
    source: str | None
    updated_at: datetime


class ApplicationRowAnswer(Struct, frozen=True, kw_only=True):
    """An application in a listing."""

    id: str
    updated_at: datetime


class FieldAnswer(Struct, frozen=True, kw_only=True):
    """The definition of a custom field."""

    key: str
    name: str
    kind: str
    options: tuple[str, ...]
    max_length: int | None


class NoteAnswer(Struct, frozen=True, kw_only=True):
    """A note. PII class: free text about a person."""

    id: str
    body: str
    author: str
    visibility: str
    created_at: datetime


class KeyAnswer(Struct, frozen=True, kw_only=True):
    """The API key itself: its name and what it may do."""

    name: str
    scopes: tuple[str, ...]
    expires_at: datetime | None = None


class WebhookAnswer(Struct, frozen=True, kw_only=True):
    """A subscription."""

    url: str
    events: tuple[str, ...]
    active: bool


class WebhookPage(Struct, frozen=True):
    """A page of subscriptions."""

    items: tuple[WebhookAnswer, ...]
    next_cursor: str | None


class JobPage(Struct, frozen=True):
    """A page of jobs."""

    items: tuple[JobAnswer, ...]
    next_cursor: str | None


class StagePage(Struct, frozen=True):
    """A page of stages."""

    items: tuple[StageAnswer, ...]
    next_cursor: str | None


class ApplicationPage(Struct, frozen=True):
    """A page of application rows."""

    items: tuple[ApplicationRowAnswer, ...]
    next_cursor: str | None


class FieldPage(Struct, frozen=True):
    """A page of field definitions."""

    items: tuple[FieldAnswer, ...]
    next_cursor: str | None


class NotePage(Struct, frozen=True):
    """A page of notes."""

    items: tuple[NoteAnswer, ...]
    next_cursor: str | None


class _ProblemAnswer(Struct, frozen=True):
    code: str | None = None
    required_scope: str | None = None


def read_hints(body: bytes) -> AnswerHints:
    """Read code and missing scope from a problem document; nothing where it is none."""
    try:
        problem = decode(body, _ProblemAnswer, what="the error")
    except PayloadInvalid:
        return AnswerHints()
    return AnswerHints(code=problem.code, scope=problem.required_scope)


class SandboxClient:
    """Requests to the API. Every method raises the contract's errors."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def key(self) -> tuple[KeyAnswer, str | None]:
        """Read what the key may do, and the date that the answer carries."""
        answer = await self._http.read_answer("/api/v1/me")
        return decode(answer.body, KeyAnswer, what="the API key"), answer.headers.get("date")

    async def webhooks(self) -> tuple[WebhookAnswer, ...]:
        """Read the subscriptions."""
        return decode(await self._http.read("/api/v1/webhooks"), WebhookPage, what="the list of webhooks").items

    async def application(self, application_id: str) -> ApplicationAnswer:
        """Read one application."""
        body = await self._http.read(f"/api/v1/applications/{_segment(application_id)}")
        return decode(body, ApplicationAnswer, what="the application")

    async def applications(self, *, updated_after: str | None, cursor: str | None, limit: int) -> ApplicationPage:
        """Read one page of applications, oldest change first."""
        params: dict[str, str | int] = {"limit": limit}
        if updated_after is not None:
            params["updated_after"] = updated_after
        if cursor is not None:
            params["cursor"] = cursor
        body = await self._http.read("/api/v1/applications", params=params)
        return decode(body, ApplicationPage, what="the list of applications")

    async def jobs(self, cursor: str | None) -> JobPage:
        """Read one page of jobs."""
        body = await self._http.read("/api/v1/jobs", params={"cursor": cursor} if cursor else None)
        return decode(body, JobPage, what="the list of jobs")

    async def stages(self, job_id: str) -> tuple[StageAnswer, ...]:
        """Read the stages of a job."""
        body = await self._http.read(f"/api/v1/jobs/{_segment(job_id)}/stages")
        return decode(body, StagePage, what="the list of stages").items

    async def fields(self) -> tuple[FieldAnswer, ...]:
        """Read the definitions of custom fields."""
        return decode(await self._http.read("/api/v1/fields"), FieldPage, what="the list of fields").items

    async def values(self, application_id: str) -> Mapping[str, FieldValue]:
        """Read the custom fields of one application."""
        body = await self._http.read(f"/api/v1/applications/{_segment(application_id)}/custom_fields")
        return decode(body, dict[str, FieldValue], what="the custom fields")

    async def write_values(
        self, application_id: str, values: Mapping[str, FieldValue], *, expected: Mapping[str, FieldValue]
    ) -> None:
        """Write custom fields where ``expected`` still stands in them."""
        # Escaped to ASCII, for that is all that a header may hold.
        condition = json.dumps({key: expected.get(key) for key in values})
        await self._http.write(
            "PATCH",
            f"/api/v1/applications/{_segment(application_id)}/custom_fields",
            body=dict(values),
            headers={"If-Values": condition},
        )

    async def notes(self, application_id: str, cursor: str | None) -> NotePage:
        """Read one page of notes."""
        path = f"/api/v1/applications/{_segment(application_id)}/notes"
        body = await self._http.read(path, params={"cursor": cursor} if cursor else None)
        return decode(body, NotePage, what="the list of notes")

    async def add_note(self, application_id: str, *, body: str, visibility: str) -> bytes:
        """Add a note; the raw answer, which :func:`decode_note` reads."""
        return await self._http.write(
            "POST",
            f"/api/v1/applications/{_segment(application_id)}/notes",
            body={"body": body, "visibility": visibility},
        )

    async def move(self, application_id: str, stage_id: str) -> None:
        """Move an application. Only :meth:`SandboxAdapter.advance` calls this."""
        await self._http.write(
            "POST", f"/api/v1/applications/{_segment(application_id)}/move", body={"stage_id": stage_id}
        )


def _segment(vendor_id: str) -> str:
    return quote(vendor_id, safe="")
