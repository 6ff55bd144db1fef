"""Glue between the port and whoever speaks the JSON of this adapter."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import httpx

from adapters.contract.errors import PayloadInvalid
from adapters.contract.events import Event
from adapters.contract.inspection import Inspection
from adapters.contract.manifest import Manifest
from adapters.contract.model import Application, ChangedPage, FieldDefinition, FieldValue, Note, Stage, Visibility
from adapters.generic import mapping, webhook
from adapters.generic.client import GenericClient
from adapters.generic.egress import Reach
from adapters.generic.manifest import MANIFEST
from adapters.kit.clock import vendor_time
from adapters.kit.http import TIMEOUT, utc_now
from adapters.kit.payload import decode


class GenericAdapter:
    """One connection; implements ``Adapter`` and ``Inspector``.

    ``base_url`` is where deliveries go, exactly as it stands; ``read_url`` is where records are read, whole or below
    it. ``transport`` and ``clock`` are for tests.
    """

    def __init__(
        self,
        base_url: str,
        read_token: str,
        *,
        read_url: str,
        signing_secrets: Sequence[str],
        reach: Reach = Reach.PUBLIC,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._clock = clock
        self._client = GenericClient(
            deliver_to=base_url,
            read_from=read_url,
            token=read_token,
            secrets=signing_secrets,
            reach=reach,
            transport=transport,
            timeout=timeout,
            clock=clock,
        )

    @property
    def manifest(self) -> Manifest:
        """Facts about such connections."""
        return MANIFEST

    def verify(self, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> None:
        """Check a delivery's signature; see :func:`adapters.generic.standard.verify`."""
        webhook.verify(headers, body, secrets=secrets, now=now)

    def parse(self, headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:
        """Say what a delivery means; see :func:`adapters.generic.webhook.parse`."""
        return webhook.parse(headers, body)

    async def read_application(self, application_id: str) -> Application:
        """Re-read one application at ``read_url``."""
        body = await self._client.about("application", application_id)
        record = decode(body, mapping.ApplicationOne, what="the application").application
        return mapping.to_application(record, application_id)

    async def list_changed(self, cursor: str | None, *, since: datetime | None = None) -> ChangedPage:
        """List applications that changed; the cursor is theirs, and so is any overlap.

        Raises:
            PayloadInvalid: there is said to be more behind the cursor that we came with.
        """
        page = decode(await self._client.changes(cursor, since), mapping.Changes, what="the list of changes")
        if page.more and page.cursor == cursor:
            raise PayloadInvalid("paging goes in circles: the same cursor came back")
        ids = tuple(dict.fromkeys(page.application_ids))
        return ChangedPage(application_ids=ids, cursor=page.cursor, more=page.more)

    async def list_stages(self) -> tuple[Stage, ...]:
        """List every stage."""
        answer = await self._client.everything("stages")
        found = decode(answer.body, mapping.StageList, what="the list of stages")
        return tuple(mapping.to_stage(record) for record in found.stages)

    async def list_fields(self) -> tuple[FieldDefinition, ...]:
        """List the custom fields that may be written."""
        answer = await self._client.everything("definitions")
        found = decode(answer.body, mapping.DefinitionList, what="the list of fields")
        return tuple(mapping.to_definition(record) for record in found.definitions)

    async def read_fields(self, application_id: str) -> Mapping[str, FieldValue]:
        """Read the custom fields of one application."""
        body = await self._client.about("fields", application_id)
        return decode(body, mapping.Values, what="the fields").fields

    async def write_fields(
        self, application_id: str, values: Mapping[str, FieldValue], *, expected: Mapping[str, FieldValue]
    ) -> None:
        """Deliver a wish for these values, with what was read before: a receiver that can compare answers 409.

        Raises:
            Refused: ``endpoint_gone`` after 410, else the receiver's code.
            OutcomeUnknown: the delivery was sent and not answered.
        """
        message = mapping.fields_message(application_id, values, expected)
        await self._client.deliver(message, message_id=mapping.wish_id(message, self._clock()))

    async def list_notes(self, application_id: str) -> tuple[Note, ...]:
        """List every note, oldest first."""
        body = await self._client.about("notes", application_id)
        notes = decode(body, mapping.NoteList, what="the list of notes").notes
        return tuple(mapping.to_note(note) for note in sorted(notes, key=lambda note: note.created_at))

    async def add_note(self, application_id: str, body: str, *, visibility: Visibility) -> Note:
        """Deliver a wish for a note. Middleware often answers before the note is there: then its id is the delivery's.

        Raises:
            Refused: ``endpoint_gone`` after 410, else the receiver's code.
            OutcomeUnknown: the delivery was sent and not answered.
        """
        message = mapping.note_message(application_id, body, visibility)
        message_id = mapping.message_id(message)
        answer = await self._client.deliver(message, message_id=message_id)
        try:
            return mapping.to_note(decode(answer, mapping.NoteOne, what="the note").note)
        except PayloadInvalid:
            return Note(
                id=message_id,
                body=body,
                author=mapping.AUTHOR,
                visibility=visibility,
                created_at=self._clock(),
            )

    async def inspect(self) -> Inspection:
        """Ask for the stages: the clock is told by the answer."""
        answer = await self._client.everything("stages")
        decode(answer.body, mapping.StageList, what="the list of stages")
        return Inspection(server_time=vendor_time(answer.headers))

    async def aclose(self) -> None:
        """Release connections."""
        await self._client.aclose()
