"""Glue between the port and Ashby's API."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import httpx
import msgspec

from adapters.ashby import mapping, webhook
from adapters.ashby.client import PAGE_SIZE, connect
from adapters.ashby.manifest import MANIFEST
from adapters.contract.errors import Conflict, PayloadInvalid, Refused
from adapters.contract.events import Event
from adapters.contract.inspection import Inspection, WebhookRegistration
from adapters.contract.manifest import Manifest
from adapters.contract.model import (
    Application,
    ChangedPage,
    FieldDefinition,
    FieldValue,
    Note,
    Stage,
    Visibility,
)
from adapters.kit.pagination import walk
from adapters.kit.payload import decode

# Sync tokens need no overlap. Where one is refused, everything is listed again and told from this long before the
# newest change of the last whole sweep: longer than a change can take to appear in the list.
OVERLAP = timedelta(minutes=10)


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """Where a listing stands.

    ``token`` limits a sweep to what changed since the last one, ``page`` is the vendor's cursor inside the sweep,
    ``after`` limits a sweep without a token, ``newest`` is the latest change seen in this sweep.
    """

    token: str | None = None
    page: str | None = None
    after: datetime | None = None
    newest: datetime | None = None


class AshbyAdapter:
    """One connection to one Ashby organisation; implements ``Adapter`` and ``Inspector``. ``transport`` is for tests."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        webhook_id: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        page_size: int = PAGE_SIZE,
    ) -> None:
        self._page_size = page_size
        self._webhook_id = webhook_id
        self._client = connect(base_url, api_key, transport=transport)

    @property
    def manifest(self) -> Manifest:
        """Facts about Ashby."""
        return MANIFEST

    def verify(self, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> None:
        """Check a delivery's signature; see :func:`adapters.ashby.webhook.verify`."""
        webhook.verify(headers, body, secrets=secrets, now=now)

    def parse(self, headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:
        """Say what a delivery means; see :func:`adapters.ashby.webhook.parse`."""
        return webhook.parse(headers, body)

    async def read_application(self, application_id: str) -> Application:
        """Re-read one application with its history and its job; the candidate's record only where an address lacks."""
        answer = await self._client.application(application_id)
        history = [row async for row in walk(lambda cursor: self._client.history(application_id, cursor))]
        job = mapping.to_job(await self._client.job(answer.job.id))
        told = answer.candidate.primary_email_address is not None
        person = None if told else await self._client.candidate(answer.candidate.id)
        return mapping.to_application(answer, history, job, person)

    async def list_changed(self, cursor: str | None, *, since: datetime | None = None) -> ChangedPage:
        """List changed applications. After a whole sweep Ashby's sync token tells what changed since.

        Raises:
            PayloadInvalid: the cursor is none of ours.
        """
        at = decode(cursor.encode(), Cursor, what="the cursor") if cursor else Cursor(after=since)
        try:
            page = await self._client.applications(sync_token=at.token, cursor=at.page, limit=self._page_size)
        except Refused as refused:
            if refused.code not in mapping.START_AGAIN or (at.token is None and at.page is None):
                raise
            return ChangedPage(application_ids=(), cursor=_text(Cursor(after=at.after)), more=True)
        following = page.following
        if following is not None and following == at.page:
            raise PayloadInvalid("paging goes in circles: the ATS repeated a cursor")
        seen = [row.updated_at for row in page.results] + ([at.newest] if at.newest else [])
        newest = max(seen, default=None)
        limited = at.token is None and at.after is not None
        ids = [row.id for row in page.results if not limited or at.after is None or row.updated_at >= at.after]
        ahead = (
            Cursor(token=at.token, page=following, after=at.after, newest=newest)
            if following is not None
            else Cursor(token=page.sync_token or at.token, after=_before(newest) if newest else at.after)
        )
        # One application may be twice on a page that was put together while it changed.
        return ChangedPage(application_ids=tuple(dict.fromkeys(ids)), cursor=_text(ahead), more=following is not None)

    async def list_stages(self) -> tuple[Stage, ...]:
        """List the stages of every published interview plan, plan by plan, in order."""
        return tuple(
            [
                mapping.to_stage(stage)
                async for plan in walk(self._client.plans)
                for stage in await self._client.stages(plan.id)
            ]
        )

    async def list_fields(self) -> tuple[FieldDefinition, ...]:
        """List the custom fields of applications that can hold a result."""
        return mapping.to_fields([field async for field in walk(self._client.fields)])

    async def read_fields(self, application_id: str) -> Mapping[str, FieldValue]:
        """Read the custom fields of one application, by field id."""
        return mapping.to_values(await self._client.application(application_id))

    async def write_fields(
        self,
        application_id: str,
        values: Mapping[str, FieldValue],
        *,
        expected: Mapping[str, FieldValue],
    ) -> None:
        """Write these fields and no others, in one call.

        Ashby cannot compare as it writes: the last look is taken after the definitions were read, right before.

        Raises:
            Conflict: another value stands there than ``expected``; nothing was sent.
            Refused: ``unknown_field``, ``unknown_option`` or ``cannot_clear`` before anything is sent.
            OutcomeUnknown: the request was sent and not answered.
        """
        known = {field.key: field for field in await self.list_fields()}
        for key, value in values.items():
            _check(known.get(key), value)
        now = await self.read_fields(application_id) if expected else {}
        if any(now.get(key) != expected[key] for key in values if key in expected):
            raise Conflict("somebody changed a field since it was read")
        await self._client.write_values(application_id, values)

    async def list_notes(self, application_id: str) -> tuple[Note, ...]:
        """List the notes of the application's candidate, oldest first: Ashby has no notes on applications."""
        candidate_id = (await self._client.application(application_id)).candidate.id
        notes = [mapping.to_note(note) async for note in walk(lambda cursor: self._client.notes(candidate_id, cursor))]
        return tuple(sorted(notes, key=lambda note: note.created_at))

    async def add_note(self, application_id: str, body: str, *, visibility: Visibility) -> Note:
        """Add a note to the application's candidate under the name of the API key.

        Raises:
            OutcomeUnknown: not answered, or answered in a shape that cannot be read.
        """
        candidate_id = (await self._client.application(application_id)).candidate.id
        private = visibility is Visibility.PRIVATE
        return mapping.to_note(await self._client.add_note(candidate_id, body, private=private))

    async def inspect(self) -> Inspection:
        """Ask what the API key may do, and how the webhook stands where its id is among the options."""
        key = await self._client.key()
        hooks: tuple[WebhookRegistration, ...] | None = None
        if self._webhook_id is not None:
            hook = await self._client.webhook(self._webhook_id)
            hooks = (WebhookRegistration(url=hook.request_url, events=(hook.webhook_type,), enabled=hook.enabled),)
        scopes = None if key.scopes is None else frozenset(mapping.to_scope(scope) for scope in key.scopes)
        return Inspection(acting_as=key.title, scopes=scopes, webhooks=hooks)

    async def aclose(self) -> None:
        """Release connections."""
        await self._client.aclose()


def _check(field: FieldDefinition | None, value: FieldValue) -> None:
    if field is None:
        raise Refused("applications have no such field, or one of a kind that holds no result", code="unknown_field")
    if value is None:
        raise Refused(f"the ATS documents no way to empty the field {field.name!r}", code="cannot_clear")
    if field.options and value not in field.options:
        raise Refused(f"the field {field.name!r} has no such option", code="unknown_option")


def _before(newest: datetime) -> datetime:
    try:
        return newest - OVERLAP
    except OverflowError:
        # The year 1: a broken record, but nothing to stop polling for.
        return newest


def _text(cursor: Cursor) -> str:
    return msgspec.json.encode(cursor).decode()
