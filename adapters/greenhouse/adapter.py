"""Glue between the port and Harvest v3."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from adapters.contract.errors import Conflict, OutcomeUnknown, PayloadInvalid
from adapters.contract.events import Event
from adapters.contract.inspection import Inspection
from adapters.contract.manifest import Manifest
from adapters.contract.model import Application, ChangedPage, FieldDefinition, FieldValue, Note, Stage, Visibility
from adapters.greenhouse import mapping, webhook
from adapters.greenhouse.client import PAGE_SIZE, GreenhouseClient, numeric, read_row
from adapters.greenhouse.manifest import MANIFEST
from adapters.greenhouse.rows import (
    ActivityRow,
    ApplicationRow,
    CandidateRow,
    FieldRow,
    JobRow,
    NoteRow,
    StageRow,
    VisitRow,
)
from adapters.kit.http import utc_now
from adapters.kit.payload import Moment, decode

OVERLAP = timedelta(minutes=2)
"""How far a sweep looks back before the moment the last one began: what was being committed then was not listed, and
the clocks of the machines that stamp changes and answer requests differ."""


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """Where a listing stands. ``page`` is the vendor's cursor inside a sweep, ``began`` when it began, by their clock."""

    after: Moment | None = None
    page: str | None = None
    began: Moment | None = None


class GreenhouseAdapter:
    """One connection to one Greenhouse account; implements ``Adapter`` and ``Inspector``.

    ``act_as`` is the number of the user in whose name the credentials act, None for the credentials' own.
    """

    def __init__(
        self,
        client: GreenhouseClient,
        *,
        act_as: int | None = None,
        clock: Callable[[], datetime] = utc_now,
        page_size: int = PAGE_SIZE,
    ) -> None:
        self._client, self._act_as, self._clock, self._page_size = client, act_as, clock, page_size

    @property
    def manifest(self) -> Manifest:
        """Facts about Greenhouse."""
        return MANIFEST

    def verify(self, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> None:
        """Check a delivery's signature; see :func:`adapters.greenhouse.webhook.verify`."""
        webhook.verify(headers, body, secrets=secrets, now=now)

    def parse(self, headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:
        """Say what a delivery means; see :func:`adapters.greenhouse.webhook.parse`."""
        return webhook.parse(headers, body)

    async def read_application(self, application_id: str) -> Application:
        """Re-read one application: four listings, five where it moves in between.

        Raises:
            NotFound: it is not there, may not be seen, or is a prospect.
            Transient: the history of its stages does not show its last move yet.
        """
        row = await self._application(application_id)
        job_id = mapping.job_number(row)
        visits = await self._client.rows("application_stages", VisitRow, application_ids=str(row.id))
        visit = mapping.current_visit(row, visits)
        name = mapping.told_stage_name(row, visit)
        if name is None:
            name = (await self._client.row("job_interview_stages", StageRow, visit.job_interview_stage_id)).name
        candidate = await self._client.row("candidates", CandidateRow, row.candidate_id)
        job = await self._client.row("jobs", JobRow, job_id)
        return mapping.to_application(row, visit=visit, stage_name=name, candidate=candidate, job=job)

    async def list_changed(self, cursor: str | None, *, since: datetime | None = None) -> ChangedPage:
        """List changed applications; a sweep that ended begins again two minutes before it began.

        Raises:
            PayloadInvalid: the cursor is none of ours, or the ATS repeated its own.
        """
        at = decode(cursor.encode(), Cursor, what="the cursor") if cursor else Cursor(after=since)
        filters = mapping.since_filter(at.after) if at.after else {}
        page = await self._client.page("applications", filters, at.page, size=self._page_size)
        if page.cursor is not None and page.cursor == at.page:
            raise PayloadInvalid("paging goes in circles: the ATS repeated a cursor")
        rows = [read_row(row, ApplicationRow, "applications") for row in page.rows]
        began = at.began or page.at or self._clock()
        following = (
            Cursor(after=began - OVERLAP)
            if page.cursor is None
            else Cursor(after=at.after, page=page.cursor, began=began)
        )
        return ChangedPage(
            application_ids=tuple(str(row.id) for row in rows if not mapping.is_prospect(row)),
            cursor=msgspec.json.encode(following).decode(),
            more=page.cursor is not None,
        )

    async def list_stages(self) -> tuple[Stage, ...]:
        """List the stages in use of every job."""
        rows = await self._client.rows("job_interview_stages", StageRow)
        return tuple(mapping.to_stage(row) for row in rows if row.active)

    async def list_fields(self) -> tuple[FieldDefinition, ...]:
        """List the custom fields of applications that can be written."""
        return tuple((await self._fields()).values())

    async def read_fields(self, application_id: str) -> Mapping[str, FieldValue]:
        """Read the custom fields of one application; a stand-in is told of what is no single value."""
        return mapping.to_values(await self._application(application_id))

    async def write_fields(
        self, application_id: str, values: Mapping[str, FieldValue], *, expected: Mapping[str, FieldValue]
    ) -> None:
        """Write these fields, and send the others back as they were read a moment before.

        Nobody has confirmed whether Greenhouse merges or replaces the collection; sending all of it is right either
        way, but what a person writes into another field between the two requests may be lost.

        Raises:
            Refused: a field cannot hold its value; nothing was sent.
            Conflict: another value stands there than ``expected``; nothing was sent.
            OutcomeUnknown: the request was sent and not answered.
        """
        mapping.check_values(values, await self._fields())
        row = await self._application(application_id)
        now = mapping.to_values(row)
        if any(now.get(key) != expected[key] for key in values if key in expected):
            raise Conflict("somebody changed a field since it was read")
        await self._client.write_values(application_id, mapping.written_values(row, values))

    async def list_notes(self, application_id: str) -> tuple[Note, ...]:
        """List the notes of one application, all pages, oldest first; e-mails and other activity are left out."""
        number = numeric(application_id)
        listed = await self._client.rows("notes", msgspec.Raw, application_ids=number)
        rows = [
            read_row(one, NoteRow, "notes")
            for one in listed
            if mapping.is_note(read_row(one, ActivityRow, "notes"), number)
        ]
        return tuple(mapping.to_note(row) for row in sorted(rows, key=lambda row: (row.created_at, row.id)))

    async def add_note(self, application_id: str, body: str, *, visibility: Visibility) -> Note:
        """Add a note; a private one is for Site Admins and the hiring team's admins only. It can never be changed.

        Raises:
            OutcomeUnknown: not answered, or answered in a shape that cannot be read.
        """
        row = await self._application(application_id)
        answer = await self._client.add_note(
            mapping.written_note(row, body, visibility=visibility, act_as=self._act_as)
        )
        try:
            return mapping.to_note(decode(answer, NoteRow, what="the note"))
        except PayloadInvalid as error:
            # The note is there; calling this a refusal would make the caller write it a second time.
            raise OutcomeUnknown(f"the note was sent, but {error}") from error

    async def inspect(self) -> Inspection:
        """Ask for the clock. Harvest v3 lists neither webhooks nor, in any way that is known, the scopes of a token."""
        page = await self._client.page("jobs", {}, None, size=1)
        acting = "the integration's own service user" if self._act_as is None else f"user {self._act_as}"
        return Inspection(acting_as=acting, server_time=page.at)

    async def aclose(self) -> None:
        """Release connections."""
        await self._client.aclose()

    async def _application(self, application_id: str) -> ApplicationRow:
        return await self._client.row("applications", ApplicationRow, application_id)

    async def _fields(self) -> dict[str, FieldDefinition]:
        rows = await self._client.rows("custom_fields", FieldRow, field_type=mapping.APPLICATION_FIELDS)
        options = await self._client.options([row.id for row in rows if mapping.has_options(row)])
        return mapping.to_fields(rows, options)
