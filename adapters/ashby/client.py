"""Ashby's API: calls over POST, one method per call. A refusal may come with status 200 and is judged by its code."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

import httpx
from msgspec import Struct

from adapters.ashby import answers, mapping
from adapters.ashby.manifest import MANIFEST
from adapters.contract.errors import AdapterError, AuthRejected, OutcomeUnknown, PayloadInvalid, PermissionMissing
from adapters.contract.model import FieldValue
from adapters.kit.http import AnswerHints, HttpClient
from adapters.kit.payload import decode

T = TypeVar("T")
# The answers of this version are what the mapping knows.
ACCEPT = "application/json; version=1"
PAGE_SIZE = 100
LONGEST_CODE = 80


class Results(Struct, Generic[T], frozen=True):
    """An answer about one record."""

    results: T


class Page(Struct, Generic[T], frozen=True, rename="camel"):
    """One page of a list; ``sync_token`` stands on the last one only."""

    results: tuple[T, ...]
    more_data_available: bool = False
    next_cursor: str | None = None
    sync_token: str | None = None

    @property
    def following(self) -> str | None:
        """The cursor of the next page, None after the last.

        Raises:
            PayloadInvalid: more is promised and no cursor given.
        """
        if self.more_data_available and not self.next_cursor:
            raise PayloadInvalid("the ATS promises another page without a cursor")
        return self.next_cursor if self.more_data_available else None


class _ErrorInfo(Struct, frozen=True):
    code: str | None = None


class _Outcome(Struct, frozen=True, rename="camel"):
    success: bool
    error_info: _ErrorInfo | None = None
    errors: object = None

    @property
    def code(self) -> str:
        """The code of a refusal; ``errors`` is the old place, with texts or with objects that have a message."""
        if self.error_info and self.error_info.code:
            return self.error_info.code[:LONGEST_CODE]
        first = self.errors[0] if isinstance(self.errors, list) and self.errors else None
        word = first.get("message") if isinstance(first, dict) else first
        known = isinstance(word, str) and word.replace("_", "").isalnum()
        return word[:LONGEST_CODE] if isinstance(word, str) and known else "refused"


def _outcome(body: bytes) -> _Outcome:
    return decode(body, _Outcome, what="the answer")


def read_hints(body: bytes) -> AnswerHints:
    """Read the code from an error answer."""
    try:
        return AnswerHints(code=_outcome(body).code)
    except PayloadInvalid:
        return AnswerHints()


def judge(status: int, body: bytes) -> AdapterError | None:
    """Tell a key that is not known from one that may too little: Ashby answers 403 to both.

    Where no permission is named, the connection pauses, as it must for a key that was revoked: paused work goes on
    later, and given up one by one it would not.
    """
    # Where the code of a missing permission stands differs; that it is about one is what counts.
    if status != httpx.codes.FORBIDDEN or mapping.PERMISSION_WORD in body.lower():
        return None
    return AuthRejected("the ATS rejected the API key")


def connect(base_url: str, api_key: str, *, transport: httpx.AsyncBaseTransport | None = None) -> "AshbyClient":
    """Make a client; nothing is sent yet."""
    basic = b64encode(f"{api_key}:".encode()).decode()
    http = HttpClient(
        base_url,
        headers={"Authorization": f"Basic {basic}", "Accept": ACCEPT},
        hosts=frozenset(MANIFEST.hosts),
        hints=read_hints,
        judge=judge,
        transport=transport,
    )
    return AshbyClient(http)


class AshbyClient:
    """Calls of the API. Every method raises the contract's errors."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def application(self, application_id: str) -> answers.ApplicationAnswer:
        """Read one application."""
        body = {"applicationId": application_id}
        return (await self._ask("application.info", body, Results[answers.ApplicationAnswer])).results

    async def applications(
        self, *, sync_token: str | None, cursor: str | None, limit: int
    ) -> Page[answers.ApplicationRow]:
        """Read one page of applications: all, or those changed since ``sync_token`` was given."""
        body: dict[str, object] = {"limit": limit}
        if sync_token is not None:
            body["syncToken"] = sync_token
        if cursor is not None:
            body["cursor"] = cursor
        return await self._ask("application.list", body, Page[answers.ApplicationRow])

    async def history(self, application_id: str, cursor: str | None) -> tuple[Sequence[answers.HistoryRow], str | None]:
        """Read one page of an application's visits of stages."""
        page = await self._ask(
            "application.listHistory",
            {"applicationId": application_id, **_at(cursor)},
            Page[answers.HistoryRow],
        )
        return page.results, page.following

    async def candidate(self, candidate_id: str) -> answers.CandidateAnswer:
        """Read one candidate."""
        return (await self._ask("candidate.info", {"id": candidate_id}, Results[answers.CandidateAnswer])).results

    async def job(self, job_id: str) -> answers.JobAnswer:
        """Read one job with its location."""
        body = {"id": job_id, "expand": ["location"]}
        return (await self._ask("job.info", body, Results[answers.JobAnswer])).results

    async def plans(self, cursor: str | None) -> tuple[Sequence[answers.PlanAnswer], str | None]:
        """Read one page of published interview plans."""
        page = await self._ask("interviewPlan.list", _at(cursor), Page[answers.PlanAnswer])
        return page.results, page.following

    async def stages(self, plan_id: str) -> tuple[answers.StageAnswer, ...]:
        """Read the stages of a plan, in order."""
        body = {"interviewPlanId": plan_id}
        return (await self._ask("interviewStage.list", body, Page[answers.StageAnswer])).results

    async def fields(self, cursor: str | None) -> tuple[Sequence[answers.FieldAnswer], str | None]:
        """Read one page of definitions of custom fields, of every kind of record."""
        page = await self._ask("customField.list", _at(cursor), Page[answers.FieldAnswer])
        return page.results, page.following

    async def write_values(self, application_id: str, values: Mapping[str, FieldValue]) -> None:
        """Write custom fields of one application in one call: two calls at once would race."""
        pairs = [{"fieldId": key, "fieldValue": value} for key, value in values.items()]
        await self._write(
            "customField.setValues",
            {"objectId": application_id, "objectType": mapping.FIELD_OBJECT, "values": pairs},
        )

    async def notes(self, candidate_id: str, cursor: str | None) -> tuple[Sequence[answers.NoteAnswer], str | None]:
        """Read one page of a candidate's notes."""
        page = await self._ask(
            "candidate.listNotes", {"candidateId": candidate_id, **_at(cursor)}, Page[answers.NoteAnswer]
        )
        return page.results, page.following

    async def add_note(self, candidate_id: str, text: str, *, private: bool) -> answers.NoteAnswer:
        """Add a note to a candidate; nobody is notified.

        Raises:
            OutcomeUnknown: not answered, or answered in a shape that cannot be read.
        """
        answer = await self._write(
            "candidate.createNote",
            {
                "candidateId": candidate_id,
                "note": {"type": "text/plain", "value": text},
                "sendNotifications": False,
                "isPrivate": private,
            },
        )
        try:
            return decode(answer, Results[answers.NoteAnswer], what="the note").results
        except PayloadInvalid as error:
            # The note is there; calling this a refusal would make the caller write it a second time.
            raise OutcomeUnknown(f"the note was sent, but {error}") from error

    async def update_assessment(self, update: object) -> None:
        """Tell how an assessment stands."""
        await self._write("assessment.update", update)

    async def key(self) -> answers.KeyAnswer:
        """Read what the API key may do."""
        return (await self._ask("apiKey.info", {}, Results[answers.KeyAnswer])).results

    async def webhook(self, webhook_id: str) -> answers.WebhookAnswer:
        """Read one webhook; Ashby has no list of them."""
        return (await self._ask("webhook.info", {"webhookId": webhook_id}, Results[answers.WebhookAnswer])).results

    async def _ask(self, call: str, body: object, shape: type[T]) -> T:
        try:
            answer = await self._http.ask(f"/{call}", body=body)
        except PermissionMissing as error:
            raise _named(error, call) from None
        outcome = _outcome(answer)
        if not outcome.success:
            raise mapping.to_error(outcome.code, call, writes=False)
        return decode(answer, shape, what=f"the answer of {call}")

    async def _write(self, call: str, body: object) -> bytes:
        try:
            answer = await self._http.write("POST", f"/{call}", body=body)
        except PermissionMissing as error:
            raise _named(error, call) from None
        try:
            outcome = _outcome(answer)
        except PayloadInvalid as error:
            raise OutcomeUnknown(f"the request was sent, but {error}") from error
        if not outcome.success:
            raise mapping.to_error(outcome.code, call, writes=True)
        return answer


def _at(cursor: str | None) -> dict[str, object]:
    return {"limit": PAGE_SIZE, **({"cursor": cursor} if cursor is not None else {})}


def _named(error: PermissionMissing, call: str) -> PermissionMissing:
    return PermissionMissing(str(error), scope=mapping.PERMISSIONS.get(call))
