"""Lever's REST API: one method per request."""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Generic, TypeVar
from urllib.parse import quote

from msgspec import Struct

from adapters.contract.errors import OutcomeUnknown, PayloadInvalid
from adapters.kit.http import AnswerHints, HttpClient
from adapters.kit.oauth import OAuth
from adapters.kit.payload import decode
from adapters.lever import answers, mapping

T = TypeVar("T")
PAGE_SIZE = 100


class Single(Struct, Generic[T], frozen=True):
    """An answer about one record."""

    data: T


class Page(Struct, Generic[T], frozen=True, rename="camel"):
    """One page of a list; some lists have neither ``hasNext`` nor ``next``."""

    data: tuple[T, ...]
    has_next: bool = False
    next: str | None = None

    @property
    def following(self) -> str | None:
        """The offset of the next page, None after the last.

        Raises:
            PayloadInvalid: more is promised and no offset given.
        """
        if self.has_next and not self.next:
            raise PayloadInvalid("the ATS promises another page without an offset")
        return self.next if self.has_next else None


class _ErrorAnswer(Struct, frozen=True):
    code: str | None = None


def read_hints(body: bytes) -> AnswerHints:
    """Read the code from an error answer; nothing where there is none."""
    try:
        return AnswerHints(code=decode(body, _ErrorAnswer, what="the error").code)
    except PayloadInvalid:
        return AnswerHints()


class LeverClient:
    """Requests to the API. Every method raises the contract's errors. ``oauth`` is closed with it."""

    def __init__(self, http: HttpClient, oauth: OAuth | None = None) -> None:
        self._http = http
        self._oauth = oauth

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()
        if self._oauth is not None:
            await self._oauth.aclose()

    async def opportunity(self, opportunity_id: str) -> answers.Opportunity:
        """Read one opportunity."""
        return await self._one(f"/v1/opportunities/{_segment(opportunity_id)}", answers.Opportunity)

    async def opportunities(
        self, *, changed_since: int | None, offset: str | None, limit: int
    ) -> Page[answers.OpportunityRow]:
        """Read one page of opportunities: all, or those changed since a moment in milliseconds."""
        params = {**_at(offset), "limit": limit}
        if changed_since is not None:
            params[mapping.CHANGED_SINCE] = changed_since
        body = await self._http.read("/v1/opportunities", params=params)
        return decode(body, Page[answers.OpportunityRow], what="the list of opportunities")

    async def application(self, opportunity_id: str, application_id: str) -> answers.ApplicationAnswer:
        """Read what ties an opportunity to a posting."""
        path = f"/v1/opportunities/{_segment(opportunity_id)}/applications/{_segment(application_id)}"
        return await self._one(path, answers.ApplicationAnswer)

    async def posting(self, posting_id: str) -> answers.Posting:
        """Read one posting."""
        return await self._one(f"/v1/postings/{_segment(posting_id)}", answers.Posting)

    async def reason(self, reason_id: str) -> answers.ReasonAnswer:
        """Read a reason why opportunities end."""
        return await self._one(f"/v1/archive_reasons/{_segment(reason_id)}", answers.ReasonAnswer)

    async def stages(self, offset: str | None) -> tuple[Sequence[answers.StageAnswer], str | None]:
        """Read one page of the account's stages."""
        body = await self._http.read("/v1/stages", params=_at(offset))
        page = decode(body, Page[answers.StageAnswer], what="the list of stages")
        return page.data, page.following

    async def notes(self, opportunity_id: str, offset: str | None) -> tuple[Sequence[answers.NoteAnswer], str | None]:
        """Read one page of an opportunity's notes."""
        body = await self._http.read(f"/v1/opportunities/{_segment(opportunity_id)}/notes", params=_at(offset))
        page = decode(body, Page[answers.NoteAnswer], what="the list of notes")
        return page.data, page.following

    async def add_note(
        self, opportunity_id: str, text: str, *, secret: bool, written_by: str | None
    ) -> answers.NoteAnswer:
        """Add a note; nobody is notified.

        Raises:
            OutcomeUnknown: not answered, or answered in a shape that cannot be read.
        """
        by = f"?{mapping.WRITTEN_BY}={_segment(written_by)}" if written_by else ""
        answer = await self._http.write(
            "POST",
            f"/v1/opportunities/{_segment(opportunity_id)}/notes{by}",
            body={"value": text, "secret": secret, "notifyFollowers": False},
        )
        try:
            return decode(answer, Single[answers.NoteAnswer], what="the note").data
        except PayloadInvalid as error:
            # The note is there; calling this a refusal would make the caller write it a second time.
            raise OutcomeUnknown(f"the note was sent, but {error}") from error

    async def user(self, user_id: str) -> answers.UserAnswer:
        """Read one user of Lever."""
        return await self._one(f"/v1/users/{_segment(user_id)}", answers.UserAnswer)

    async def webhooks(self) -> tuple[tuple[answers.WebhookAnswer, ...], datetime | None]:
        """Read every webhook, and the time of Lever's clock."""
        answer = await self._http.read_answer("/v1/webhooks")
        page = decode(answer.body, Page[answers.WebhookAnswer], what="the list of webhooks")
        return page.data, _clock(answer.headers.get("date"))

    async def _one(self, path: str, shape: type[T]) -> T:
        return decode(await self._http.read(path), Single[shape], what="the answer").data  # type: ignore[valid-type] # a type at run time


def _clock(date: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(date).astimezone(UTC) if date else None
    except ValueError:
        return None


def _at(offset: str | None) -> dict[str, str | int]:
    return {"limit": PAGE_SIZE, **({"offset": offset} if offset is not None else {})}


def _segment(vendor_id: str) -> str:
    return quote(vendor_id, safe="")
