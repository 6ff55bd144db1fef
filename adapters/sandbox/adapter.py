"""Glue between the port and the sandbox's API."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
import msgspec

from adapters.contract.adapter import ForwardMove
from adapters.contract.errors import OutcomeUnknown, PayloadInvalid, PermissionMissing, Refused
from adapters.contract.events import Event
from adapters.contract.inspection import Inspection
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
from adapters.kit.http import TIMEOUT, HttpClient, utc_now
from adapters.kit.pagination import walk
from adapters.kit.payload import decode
from adapters.sandbox import mapping, webhook
from adapters.sandbox.client import NoteAnswer, SandboxClient, read_hints
from adapters.sandbox.manifest import MANIFEST

PAGE_SIZE = 100
# A change may be committed a little after a later one was listed; looking back this far finds it.
OVERLAP = timedelta(seconds=30)


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """Where a listing stands. ``page`` is the vendor's cursor inside a sweep, ``newest`` the latest change seen."""

    after: datetime | None = None
    page: str | None = None
    newest: datetime | None = None


class SandboxAdapter:
    """One connection to one sandbox ATS; implements ``Adapter``, ``ForwardMover`` and ``Inspector``.

    ``base_url`` is the sandbox's address without a path, ``api_key`` its key. ``transport`` is for tests.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        clock: Callable[[], datetime] = utc_now,
        page_size: int = PAGE_SIZE,
    ) -> None:
        self._page_size = page_size
        self._client = SandboxClient(
            HttpClient(
                base_url,
                headers={"Authorization": f"Bearer {api_key}"},
                hosts=frozenset(MANIFEST.hosts),
                hints=read_hints,
                transport=transport,
                timeout=timeout,
                clock=clock,
            )
        )

    @property
    def manifest(self) -> Manifest:
        """Facts about the sandbox."""
        return MANIFEST

    def verify(self, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> None:
        """Check a delivery's signature; see :func:`adapters.sandbox.webhook.verify`."""
        webhook.verify(headers, body, secrets=secrets, now=now)

    def parse(self, headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:
        """Say what a delivery means; see :func:`adapters.sandbox.webhook.parse`."""
        return webhook.parse(headers, body)

    async def read_application(self, application_id: str) -> Application:
        """Re-read one application."""
        return mapping.to_application(await self._client.application(application_id))

    async def list_changed(self, cursor: str | None, *, since: datetime | None = None) -> ChangedPage:
        """List changed applications; a sweep that ended begins again 30 s before the newest change that it saw.

        Raises:
            PayloadInvalid: the cursor is none of ours.
        """
        at = decode(cursor.encode(), Cursor, what="the cursor") if cursor else Cursor(after=since)
        page = await self._client.applications(
            updated_after=at.after.isoformat() if at.after else None, cursor=at.page, limit=self._page_size
        )
        newest = max((row.updated_at for row in page.items), default=at.newest)
        if at.newest is not None and newest is not None:
            newest = max(newest, at.newest)
        more = page.next_cursor is not None
        if more and page.next_cursor == at.page:
            raise PayloadInvalid("paging goes in circles: the ATS repeated a cursor")
        following = (
            Cursor(after=at.after, page=page.next_cursor, newest=newest)
            if more
            else Cursor(after=newest - OVERLAP if newest else at.after, newest=newest)
        )
        return ChangedPage(
            application_ids=tuple(row.id for row in page.items),
            cursor=msgspec.json.encode(following).decode(),
            more=more,
        )

    async def list_stages(self) -> tuple[Stage, ...]:
        """List the stages of every job, job by job, in pipeline order."""

        async def fetch(cursor: str | None) -> tuple[Sequence[str], str | None]:
            page = await self._client.jobs(cursor)
            return [job.id for job in page.items], page.next_cursor

        return tuple([stage async for job_id in walk(fetch) for stage in await self._stages(job_id)])

    async def list_fields(self) -> tuple[FieldDefinition, ...]:
        """List the custom fields of applications."""
        return tuple(mapping.to_field(field) for field in await self._client.fields())

    async def read_fields(self, application_id: str) -> Mapping[str, FieldValue]:
        """Read the custom fields that have a value."""
        return await self._client.values(application_id)

    async def write_fields(
        self, application_id: str, values: Mapping[str, FieldValue], *, expected: Mapping[str, FieldValue]
    ) -> None:
        """Write these fields and no others, all or none, and only where ``expected`` still stands there."""
        await self._client.write_values(application_id, values, expected=expected)

    async def list_notes(self, application_id: str) -> tuple[Note, ...]:
        """List every note, oldest first."""

        async def fetch(cursor: str | None) -> tuple[Sequence[NoteAnswer], str | None]:
            page = await self._client.notes(application_id, cursor)
            return page.items, page.next_cursor

        return tuple([mapping.to_note(note) async for note in walk(fetch)])

    async def add_note(self, application_id: str, body: str, *, visibility: Visibility) -> Note:
        """Add a note under the name of the API key.

        Raises:
            OutcomeUnknown: not answered, or answered in a shape that cannot be read.
        """
        answer = await self._client.add_note(application_id, body=body, visibility=mapping.VISIBILITY_WORDS[visibility])
        try:
            return mapping.to_note(decode(answer, NoteAnswer, what="the note"))
        except PayloadInvalid as error:
            # The note is there; calling this a refusal would make the caller write it a second time.
            raise OutcomeUnknown(f"the note was sent, but {error}") from error

    async def advance(self, move: ForwardMove) -> None:
        """Move forward, after asking the ATS itself what kind of stage it is.

        Raises:
            Refused: ``terminal_stage`` where the ATS says that the stage ends an application, whatever the stage map
                says; ``unknown_stage`` where the job has no such stage.
            OutcomeUnknown: the request was sent and not answered.
        """
        job_id = (await self._client.application(move.application_id)).job.id
        stage = next((stage for stage in await self._stages(job_id) if stage.id == move.stage.id), None)
        if stage is None:
            raise Refused("the job has no such stage", code="unknown_stage")
        if stage.kind is not None and stage.kind.terminal:
            raise Refused("the stage ends an application; only a person moves there", code="terminal_stage")
        # Made again, so that no move that was put together by other means gets through.
        checked = ForwardMove(application_id=move.application_id, stage=move.stage)
        await self._client.move(checked.application_id, checked.stage.id)

    async def inspect(self) -> Inspection:
        """Ask what the key may do, for the clock, and for the webhooks; None where the key may not see those."""
        key, date = await self._client.key()
        try:
            hooks = tuple(mapping.to_registration(hook) for hook in await self._client.webhooks())
        except PermissionMissing:
            hooks = None
        return Inspection(
            acting_as=key.name,
            scopes=mapping.to_scopes(key),
            expires_at=key.expires_at,
            server_time=_moment(date),
            webhooks=hooks,
        )

    async def aclose(self) -> None:
        """Release connections."""
        await self._client.aclose()

    async def _stages(self, job_id: str) -> list[Stage]:
        return [mapping.to_stage(stage) for stage in await self._client.stages(job_id)]


def _moment(date: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(date) if date else None
    except ValueError:
        return None
