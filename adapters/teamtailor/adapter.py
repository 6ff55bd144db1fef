"""Glue between the port and Teamtailor's API."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec

from adapters.contract.errors import (
    AdapterError,
    Conflict,
    NotFound,
    OutcomeUnknown,
    PayloadInvalid,
    Refused,
    Unsupported,
)
from adapters.contract.events import Event
from adapters.contract.inspection import Inspection
from adapters.contract.manifest import Capability, Manifest
from adapters.contract.model import Application, ChangedPage, FieldDefinition, FieldValue, Note, Stage, Visibility
from adapters.kit.clock import vendor_time
from adapters.kit.http import utc_now
from adapters.kit.payload import decode
from adapters.teamtailor import answers, mapping, webhook
from adapters.teamtailor.client import PAGE, TeamtailorClient
from adapters.teamtailor.manifest import MANIFEST
from adapters.teamtailor.sweep import Cursor, Row, take


class TeamtailorAdapter:
    """One connection to one Teamtailor account; implements ``Adapter`` and ``Inspector``. ``act_as`` is a user's id."""

    def __init__(
        self, client: TeamtailorClient, *, act_as: str, clock: Callable[[], datetime] = utc_now, page_size: int = PAGE
    ) -> None:
        self._client = client
        self._act_as = act_as
        self._clock = clock
        self._page_size = page_size

    @property
    def manifest(self) -> Manifest:
        """Facts about Teamtailor."""
        return MANIFEST

    def verify(self, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> None:
        """Check a delivery's signature; see :func:`adapters.teamtailor.webhook.verify`."""
        webhook.verify(headers, body, secrets=secrets, now=now)

    def parse(self, headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:
        """Say what a delivery means; see :func:`adapters.teamtailor.webhook.parse`."""
        return webhook.parse(headers, body)

    async def read_application(self, application_id: str) -> Application:
        """Re-read one application, all in one request."""
        return mapping.to_application(await self._read(application_id))

    async def list_changed(self, cursor: str | None, *, since: datetime | None = None) -> ChangedPage:
        """List changed applications; see :mod:`adapters.teamtailor.sweep` for where a sweep begins, and what it reads twice.

        Raises:
            PayloadInvalid: the cursor is none of ours, or the ATS pages in circles.
        """
        at = decode(cursor.encode(), Cursor, what="the cursor") if cursor else Cursor(after=since)
        now = self._clock()
        params: dict[str, str | int] = {"page[size]": self._page_size}
        if at.after is not None:
            params[mapping.CHANGED_SINCE] = at.after.isoformat(timespec="seconds")
        page = await self._client.applications(at.address, params)
        rows = [Row(row.id, row.attributes.updated_at) for row in page.data]
        step = take(at, rows, following=page.links.next, now=now)
        return ChangedPage(application_ids=step.ids, cursor=msgspec.json.encode(step.cursor).decode(), more=step.more)

    async def list_stages(self) -> tuple[Stage, ...]:
        """List the stages of every job."""
        return tuple(mapping.to_stage(one.id, one.attributes) for one in await self._client.stages())

    async def list_fields(self) -> tuple[FieldDefinition, ...]:
        """List the custom fields of candidates of those kinds that Evenhand can write."""
        return tuple(definition for _, definition in await self._fields())

    async def read_fields(self, application_id: str) -> Mapping[str, FieldValue]:
        """Read the custom fields of the application's candidate; they belong to the person, not to the application."""
        candidate_id = mapping.candidate_of(await self._read(application_id))
        names = {field_id: definition.key for field_id, definition in await self._fields()}
        found = await self._client.values(candidate_id)
        return {names[field]: mapping.to_value(one) for one in found if (field := _field_of(one)) in names}

    async def write_fields(
        self,
        application_id: str,
        values: Mapping[str, FieldValue],
        *,
        expected: Mapping[str, FieldValue],
    ) -> None:
        """Write these custom fields, one request for each that does not hold its value already.

        Raises:
            Conflict: another value stands there than ``expected``; nothing was sent.
            Refused: ``unknown_field``, ``unknown_option`` or ``wrong_type``; nothing was sent.
            OutcomeUnknown: a request was sent and not answered, or was refused after others were carried out.
        """
        candidate_id = mapping.candidate_of(await self._read(application_id))
        fields = mapping.by_key(await self._fields())
        if not values.keys() <= fields.keys():
            raise Refused("a custom field is not there, or is of a kind that cannot be written", code="unknown_field")
        for key, value in values.items():
            mapping.check_value(fields[key][1], value)
        held = {_field_of(one): one for one in await self._client.values(candidate_id)}
        for key, value in values.items():
            now = mapping.to_value(held[fields[key][0]]) if fields[key][0] in held else None
            if key in expected and now not in (value, expected[key]):
                raise Conflict("somebody changed a field since it was read")
        written = 0
        for key, value in values.items():
            field_id = fields[key][0]
            old = held.get(field_id)
            if value == (mapping.to_value(old) if old else None):
                continue
            try:
                await self._write(value, old=old, field_id=field_id, candidate_id=candidate_id)
            except AdapterError as error:
                if not written:
                    raise
                # What is written cannot be taken back; who reads back finds what is missing.
                raise OutcomeUnknown(f"{written} of {len(values)} custom fields were written: {error}") from error
            written += 1

    async def list_notes(self, application_id: str) -> tuple[Note, ...]:
        """List every note about the application's candidate, oldest first."""
        candidate_id = mapping.candidate_of(await self._read(application_id))
        notes = [mapping.to_note(one) for one in await self._client.notes(candidate_id)]
        return tuple(sorted(notes, key=lambda note: (note.created_at, len(note.id), note.id)))

    async def add_note(self, application_id: str, body: str, *, visibility: Visibility) -> Note:
        """Add a note about the candidate in the name of ``act_as``; everybody who sees the candidate reads it.

        Raises:
            Unsupported: a private note, which Teamtailor does not have.
            OutcomeUnknown: not answered, or answered in a shape that cannot be read.
        """
        if visibility is not Visibility.TEAM:
            raise Unsupported(Capability.PRIVATE_NOTES)
        candidate_id = mapping.candidate_of(await self._read(application_id))
        document = mapping.new_note(body, candidate_id=candidate_id, user_id=self._act_as)
        answer = await self._client.add_note(document)
        try:
            note = decode(answer, answers.One[answers.NoteData], what="the note").data
        except PayloadInvalid as error:
            # The note is there; calling this a refusal would make the caller write it a second time.
            raise OutcomeUnknown(f"the note was sent, but {error}") from error
        named = note.relationships.user.data
        told = mapping.to_note(note)
        return told if named else msgspec.structs.replace(told, author=self._act_as)

    async def inspect(self) -> Inspection:
        """Ask for the account and the clock; Teamtailor tells neither webhooks nor what a key may do."""
        answer = await self._client.company()
        company = decode(answer.body, answers.One[answers.CompanyData], what="the account").data
        return Inspection(
            account=company.attributes.name,
            acting_as=self._act_as,
            server_time=vendor_time(answer.headers),
        )

    async def aclose(self) -> None:
        """Release connections."""
        await self._client.aclose()

    async def _read(self, application_id: str) -> answers.ApplicationAnswer:
        try:
            checked = msgspec.convert(application_id, answers.Id)
        except msgspec.ValidationError:
            raise NotFound("no application of this ATS has such an id") from None
        return await self._client.application(checked)

    async def _fields(self) -> list[tuple[str, FieldDefinition]]:
        return [(one.id, mapping.to_field(one, included)) for one, included in await self._client.fields()]

    async def _write(
        self, value: FieldValue, *, old: answers.ValueData | None, field_id: str, candidate_id: str
    ) -> None:
        if old is not None:
            await self._client.change_value(old.id, mapping.changed_value(value, value_id=old.id))
        else:
            await self._client.add_value(mapping.new_value(value, field_id=field_id, candidate_id=candidate_id))


def _field_of(value: answers.ValueData) -> str:
    named = value.relationships.custom_field.data
    return named.id if named else ""
