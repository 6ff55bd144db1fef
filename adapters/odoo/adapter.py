"""Glue between the port and Odoo's API."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import httpx
import msgspec

from adapters.contract.errors import Conflict, Refused
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
from adapters.kit.http import HttpClient, utc_now
from adapters.kit.payload import decode
from adapters.odoo import fields, mapping, markup, webhook
from adapters.odoo.answers import StageMessageAnswer
from adapters.odoo.client import Domain, OdooClient, judge, read_hints
from adapters.odoo.manifest import MANIFEST

PAGE_SIZE = 100
# Odoo tries again by itself when two write the same record, for half a minute and longer.
TIMEOUT = httpx.Timeout(60.0, connect=5.0)
# A change is dated when its request began and is seen when that ends: no request takes longer than this.
OVERLAP = mapping.LONGEST_REQUEST
DATABASE = "X-Odoo-Database"


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """Where a listing stands.

    ``mark`` is the newest change when the sweep began, ``last_id`` how far it came. ``asked`` is when it began, where
    the mark is so young that the same list may mean something new: Odoo dates changes in whole seconds, and an earlier
    one may be committed later. Without it two sweeps of one list would have one cursor, and pass for one.
    """

    after: datetime | None = None
    mark: datetime | None = None
    asked: datetime | None = None
    last_id: int = 0


class OdooAdapter:
    """One connection to one database of Odoo; implements ``Adapter`` and ``Inspector``.

    ``base_url`` is Odoo's address without a path, ``database`` its database where the server holds several.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        database: str = "",
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        clock: Callable[[], datetime] = utc_now,
        page_size: int = PAGE_SIZE,
    ) -> None:
        self._page_size = page_size
        self._clock = clock
        self._stage_subtype: int | None = None
        self._client = OdooClient(
            HttpClient(
                base_url,
                headers={"Authorization": f"bearer {api_key}", **({DATABASE: database} if database else {})},
                hints=read_hints,
                judge=judge,
                transport=transport,
                timeout=timeout,
                clock=clock,
            )
        )

    @property
    def manifest(self) -> Manifest:
        """Facts about Odoo."""
        return MANIFEST

    def verify(self, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> None:
        """Check a delivery's capability; see :func:`adapters.odoo.webhook.verify`."""
        webhook.verify(headers, body, secrets=secrets, now=now)

    def parse(self, headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:
        """Say what a delivery means; see :func:`adapters.odoo.webhook.parse`."""
        return webhook.parse(headers, body)

    async def read_application(self, application_id: str) -> Application:
        """Re-read one applicant with job, stage and the message that told of the latest change of stage.

        Stage and messages come with one answer, so that a move in between cannot make an entry that never was.
        """
        applicant = await self._client.applicant(mapping.to_record_id(application_id))
        job_id, stage_id = mapping.pipeline_of(applicant)
        return mapping.to_application(
            applicant,
            job=await self._client.job(job_id),
            stage=await self._client.stage(stage_id),
            stage_message=await self._latest_stage_message(applicant.message_ids),
        )

    async def list_changed(self, cursor: str | None, *, since: datetime | None = None) -> ChangedPage:
        """List changed applicants by id; the next sweep begins 120 s before the newest change that stood when this began.

        By ``write_date``: ``date_last_stage_update`` does not move when somebody is refused or archived.

        Raises:
            PayloadInvalid: the cursor is none of ours.
        """
        at = decode(cursor.encode(), Cursor, what="the cursor") if cursor else Cursor(after=since)
        window = [["write_date", ">=", mapping.from_moment(at.after)]] if at.after else []
        if at.mark is None:
            at = await self._begin_sweep(window, at)
        if at.mark is None:
            return _page((), at, more=False)
        found = await self._client.changed([*window, ["id", ">", at.last_id]], order="id asc", limit=self._page_size)
        ids = tuple(str(row.id) for row in found)
        if len(found) == self._page_size:
            return _page(ids, msgspec.structs.replace(at, last_id=found[-1].id), more=True)
        return _page(ids, Cursor(after=at.mark - OVERLAP, asked=at.asked), more=False)

    async def list_stages(self) -> tuple[Stage, ...]:
        """List the stages of every job, in the order of the board."""
        return tuple(mapping.to_stage(stage) for stage in await self._client.stages())

    async def list_fields(self) -> tuple[FieldDefinition, ...]:
        """List the fields that an administrator added to applicants and that Evenhand can write."""
        return tuple(fields.to_definition(key, answer) for key, answer in (await self._custom()).items())

    async def read_fields(self, application_id: str) -> Mapping[str, FieldValue]:
        """Read the custom fields; one without a value is None."""
        record_id = mapping.to_record_id(application_id)
        defined = await self._custom()
        values = await self._client.values(record_id, list(defined))
        return {key: fields.from_odoo(answer, values.get(key)) for key, answer in defined.items()}

    async def write_fields(
        self, application_id: str, values: Mapping[str, FieldValue], *, expected: Mapping[str, FieldValue]
    ) -> None:
        """Write these custom fields, all or none.

        Odoo cannot compare as it writes: the last look is taken after the definitions were read, right before.

        Raises:
            Conflict: another value stands there than ``expected``; nothing was sent.
            Refused: before anything is sent, where a field does not exist (``unknown_field``; standard fields count as
                unknown, so contact data and stages cannot be written) or cannot hold the value.
        """
        record_id = mapping.to_record_id(application_id)
        defined = await self._custom()
        for key in values:
            if key not in defined:
                raise Refused(f"applicants have no custom field {key!r} that can be written", code="unknown_field")
        raw = {key: fields.to_odoo(key, defined[key], value) for key, value in values.items()}
        looked = [key for key in values if key in expected]
        now = await self._client.values(record_id, looked) if looked else {}
        if any(fields.from_odoo(defined[key], now.get(key)) != expected[key] for key in looked):
            raise Conflict("somebody changed a field since it was read")
        await self._client.write_values(record_id, raw)

    async def list_notes(self, application_id: str) -> tuple[Note, ...]:
        """List every internal note, oldest first."""
        found = await self._client.notes(mapping.to_record_id(application_id))
        return tuple(mapping.to_note(message) for message in found)

    async def add_note(self, application_id: str, body: str, *, visibility: Visibility) -> Note:
        """Add an internal note under the name of the key's user.

        Raises:
            Refused: ``no_private_notes``: Odoo shows a note to every user who may see the applicant.
            OutcomeUnknown: not answered, or answered in a shape that cannot be read.
        """
        if visibility is not Visibility.TEAM:
            raise Refused("Odoo has no private notes: write 'note: team' in the field map", code="no_private_notes")
        return mapping.to_note(await self._client.add_note(mapping.to_record_id(application_id), markup.to_html(body)))

    async def inspect(self) -> Inspection:
        """Ask about the company, the user, its groups and its keys' end. Automation rules are for administrators only."""
        me = await self._client.me()
        groups = [*mapping.NEEDED_GROUPS, *mapping.MORE_THAN_NEEDED]
        held = [group for group in groups if await self._client.has_group(me.id, group)]
        return Inspection(
            account=mapping.linked_name(me.company_id),
            acting_as=me.name,
            scopes=frozenset(held),
            expires_at=min(await self._client.key_ends(), default=None),
            server_time=await self._client.server_time(),
        )

    async def aclose(self) -> None:
        """Release connections."""
        await self._client.aclose()

    async def _begin_sweep(self, window: Domain, at: Cursor) -> Cursor:
        newest = await self._client.changed(window, order="write_date desc", limit=1)
        if not newest:
            return Cursor(after=at.after)
        mark, now = mapping.to_moment(newest[0].write_date), self._clock()
        return Cursor(after=at.after, mark=mark, asked=now if now - mark < 2 * OVERLAP else None)

    async def _custom(self) -> dict[str, fields.FieldAnswer]:
        return fields.custom(await self._client.fields())

    async def _latest_stage_message(self, message_ids: Sequence[int]) -> StageMessageAnswer | None:
        # The id never changes in one database, so it is asked for once.
        if self._stage_subtype is None:
            self._stage_subtype = await self._client.stage_subtype()
        if self._stage_subtype is None:
            raise Refused("this Odoo does not keep changes of stage", code="no_stage_history")
        return await self._client.latest_message(message_ids, subtype=self._stage_subtype)


def _page(ids: tuple[str, ...], cursor: Cursor, *, more: bool) -> ChangedPage:
    return ChangedPage(application_ids=ids, cursor=msgspec.json.encode(cursor).decode(), more=more)
