"""Glue between the port and Kombo's API."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256

import httpx
from msgspec import Struct, json

from adapters.contract.errors import OutcomeUnknown, PayloadInvalid, Refused, Unsupported
from adapters.contract.events import Event
from adapters.contract.inspection import Inspection
from adapters.contract.manifest import Manifest
from adapters.contract.model import Application, ChangedPage, FieldDefinition, FieldValue, Note, Stage, Visibility
from adapters.kit.http import TIMEOUT, utc_now
from adapters.kit.pagination import walk
from adapters.kit.payload import decode
from adapters.kombo import codes, mapping, webhook
from adapters.kombo.client import PAGE_SIZE, KomboClient, connect
from adapters.kombo.manifest import MANIFEST

# By Kombo's clock alone: what changed is what Kombo changed. Rows of a sync that is still being written may show late.
OVERLAP = timedelta(minutes=10)
FIELDS = "custom fields"


class Cursor(Struct, frozen=True, kw_only=True):
    """Where a sweep stands: changes ``after``, Kombo's own cursor, when the sweep began, and its number.

    The number makes no two cursors the same, however coarse the clock.
    """

    after: datetime | None = None
    page: str | None = None
    began: datetime | None = None
    sweep: int = 0


class KomboAdapter:
    """One integration; implements ``Adapter`` and ``Inspector``. ``transport`` and ``clock`` are for tests."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        integration_id: str,
        tool: str | None = None,
        act_as: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        clock: Callable[[], datetime] = utc_now,
        page_size: int = PAGE_SIZE,
    ) -> None:
        http = connect(base_url, api_key, integration_id=integration_id, transport=transport, timeout=timeout)
        self._client = KomboClient(http, integration_id=integration_id, page_size=page_size)
        self._tool, self._act_as, self._clock = tool, act_as, clock

    @property
    def manifest(self) -> Manifest:
        """Facts about Kombo."""
        return MANIFEST

    def verify(self, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> None:
        """Check a delivery's signature; see :func:`adapters.kombo.webhook.verify`."""
        webhook.verify(headers, body, secrets=secrets, now=now)

    def parse(self, headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:
        """Say what a delivery means; see :func:`adapters.kombo.webhook.parse`."""
        return webhook.parse(headers, body)

    async def read_application(self, application_id: str) -> Application:
        """Re-read one application, as Kombo saw it in its last sync; ``remote:`` and the ATS's id will do."""
        answer = await self._client.application(application_id)
        if answer.job is None:
            raise PayloadInvalid("the application has no job: this ATS does not tell Kombo")
        return mapping.to_application(answer, await self._client.job(answer.job.id))

    async def list_changed(self, cursor: str | None, *, since: datetime | None = None) -> ChangedPage:
        """List applications that Kombo changed, the deleted ones too.

        Raises:
            PayloadInvalid: the cursor is none of ours, or Kombo repeated its own.
        """
        at = decode(cursor.encode(), Cursor, what="the cursor") if cursor else Cursor(after=since)
        answer = await self._client.applications(at.page, updated_after=_moment(at.after))
        what = "the list of applications"
        page = decode(answer.body, mapping.Enveloped[mapping.Page[mapping.ApplicationRow]], what=what).data
        if page.next and page.next == at.page:
            raise PayloadInvalid("paging goes in circles: the same cursor came back")
        began = at.began or _date(answer.headers) or self._clock()
        following = (
            Cursor(after=at.after, page=page.next, began=began, sweep=at.sweep)
            if page.next
            else Cursor(after=began - OVERLAP, sweep=at.sweep + 1)
        )
        return ChangedPage(
            application_ids=tuple(dict.fromkeys(row.id for row in page.results)),
            cursor=json.encode(following).decode(),
            more=bool(page.next),
        )

    async def list_stages(self) -> tuple[Stage, ...]:
        """List every stage of every job."""
        found = [mapping.to_stage(row) async for row in walk(self._client.stages) if row.remote_deleted_at is None]
        return tuple(dict.fromkeys(found))

    async def list_fields(self) -> tuple[FieldDefinition, ...]:
        """Nothing: Kombo has no request that writes a custom field.

        Raises:
            Unsupported: always.
        """
        raise Unsupported(FIELDS)

    async def read_fields(self, application_id: str) -> Mapping[str, FieldValue]:  # noqa: ARG002 - the port's signature
        """Nothing; see ``list_fields``.

        Raises:
            Unsupported: always.
        """
        raise Unsupported(FIELDS)

    async def write_fields(
        self,
        application_id: str,  # noqa: ARG002 - the port's signature
        values: Mapping[str, FieldValue],  # noqa: ARG002 - the port's signature
        *,
        expected: Mapping[str, FieldValue],  # noqa: ARG002 - the port's signature
    ) -> None:
        """Nothing; see ``list_fields``.

        Raises:
            Unsupported: always.
        """
        raise Unsupported(FIELDS)

    async def list_notes(self, application_id: str) -> tuple[Note, ...]:
        """No notes, after making sure that the application is there: Kombo writes notes and shows none."""
        await self._client.application(application_id)
        return ()

    async def add_note(self, application_id: str, body: str, *, visibility: Visibility) -> Note:
        """Add a note for the team. It can never be read back, so one without an answer is not sent again.

        Raises:
            Unsupported: a private note.
            Refused: ``outcome_unknown`` where nobody knows whether it is there: a person looks, and replays or not.
        """
        note = mapping.to_note(body, visibility, tool=self._tool, act_as=self._act_as)
        try:
            await self._client.add_note(application_id, note)
        except OutcomeUnknown:
            raise _unsure() from None
        except Refused as refused:
            raise (_unsure() if refused.code in codes.UNSURE else refused) from None
        name = sha256(f"{application_id}\n{body}".encode()).hexdigest()[:32]
        return Note(id=name, body=body, author=self._act_as or "", visibility=visibility, created_at=self._clock())

    async def inspect(self) -> Inspection:
        """Ask about the integration."""
        answer = await self._client.integration()
        found = decode(answer.body, mapping.Enveloped[mapping.IntegrationAnswer], what="the integration").data
        return Inspection(account=mapping.account_of(found), acting_as=self._act_as, server_time=_date(answer.headers))

    async def aclose(self) -> None:
        """Release connections."""
        await self._client.aclose()


def _unsure() -> Refused:
    words = "nobody knows whether the note is there, and Kombo shows no notes: look in the ATS before it is sent again"
    return Refused(words, code="outcome_unknown")


def _moment(moment: datetime | None) -> str | None:
    """In the form that Kombo documents, with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None


def _date(headers: Mapping[str, str]) -> datetime | None:
    try:
        told = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)
