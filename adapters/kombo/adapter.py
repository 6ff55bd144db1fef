"""Glue between the port and Kombo's API."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import httpx

from adapters.contract.errors import OutcomeUnknown, PayloadInvalid, Refused, Unsupported
from adapters.contract.events import Event
from adapters.contract.inspection import Inspection
from adapters.contract.manifest import Manifest
from adapters.contract.model import Application, ChangedPage, Note, Stage, Visibility
from adapters.kit.clock import vendor_time
from adapters.kit.fieldless import WithoutFields
from adapters.kit.http import TIMEOUT, utc_now
from adapters.kit.pagination import walk
from adapters.kit.payload import decode
from adapters.kit.sweeps import Sweep
from adapters.kombo import codes, mapping, webhook
from adapters.kombo.client import PAGE_SIZE, KomboClient, connect
from adapters.kombo.manifest import MANIFEST

# By Kombo's clock alone: what changed is what Kombo changed. Rows of a sync that is still being written may show late.
OVERLAP = timedelta(minutes=10)
READING_NOTES = "notes to be read"


class KomboAdapter(WithoutFields):
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
        at = Sweep.at(cursor, since=since)
        answer = await self._client.applications(at.page, updated_after=_moment(at.after))
        what = "the list of applications"
        page = decode(answer.body, mapping.Enveloped[mapping.Page[mapping.ApplicationRow]], what=what).data
        return at.listed(
            [row.id for row in page.results],
            following=page.next or None,
            now=vendor_time(answer.headers) or self._clock(),
            overlap=OVERLAP,
        )

    async def list_stages(self) -> tuple[Stage, ...]:
        """List every stage of every job."""
        found = [mapping.to_stage(row) async for row in walk(self._client.stages) if row.remote_deleted_at is None]
        return tuple(dict.fromkeys(found))

    async def list_notes(self, application_id: str) -> tuple[Note, ...]:
        """Nothing, after making sure that the application is there: Kombo writes notes and shows none.

        Raises:
            Unsupported: always, where the application is there.
        """
        await self._client.application(application_id)
        raise Unsupported(READING_NOTES)

    async def add_note(self, application_id: str, body: str, *, visibility: Visibility) -> Note:
        """Add a note for the team. It can never be read back: whoever asked must not ask again without a person's look.

        Raises:
            Unsupported: a private note.
            OutcomeUnknown: not answered, or answered that something went wrong, and not what.
        """
        note = mapping.to_note(body, visibility, tool=self._tool, act_as=self._act_as)
        try:
            await self._client.add_note(application_id, note)
        except Refused as refused:
            if refused.code in codes.UNSURE:
                raise OutcomeUnknown("Kombo does not say whether the ATS took the note") from None
            raise
        name = sha256(f"{application_id}\n{body}".encode()).hexdigest()[:32]
        return Note(id=name, body=body, author=self._act_as or "", visibility=visibility, created_at=self._clock())

    async def inspect(self) -> Inspection:
        """Ask about the integration."""
        answer = await self._client.integration()
        found = decode(answer.body, mapping.Enveloped[mapping.IntegrationAnswer], what="the integration").data
        return Inspection(
            account=mapping.account_of(found), acting_as=self._act_as, server_time=vendor_time(answer.headers)
        )

    async def aclose(self) -> None:
        """Release connections."""
        await self._client.aclose()


def _moment(moment: datetime | None) -> str | None:
    """In the form that Kombo documents, with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None
