"""Glue between the port and Merge's API."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
from msgspec import Struct, json

from adapters.contract.errors import OutcomeUnknown, PayloadInvalid, Unsupported
from adapters.contract.events import Event
from adapters.contract.inspection import Inspection
from adapters.contract.manifest import Manifest
from adapters.contract.model import Application, ChangedPage, FieldDefinition, FieldValue, Note, Stage, Visibility
from adapters.kit.http import TIMEOUT, HttpClient, utc_now
from adapters.kit.pagination import walk
from adapters.kit.payload import decode
from adapters.merge import mapping, webhook
from adapters.merge.client import PAGE_SIZE, MergeClient
from adapters.merge.manifest import MANIFEST

# By Merge's clock alone: modified_at is when Merge changed the record, whatever the ATS behind it says. Rows of a sync
# that is still being written may show a little late.
OVERLAP = timedelta(minutes=10)
FIELDS = "custom fields"


class Cursor(Struct, frozen=True, kw_only=True):
    """Where a sweep stands: changes ``after``, Merge's own cursor, when the sweep began, and its number.

    The number makes no two cursors the same, however coarse the clock.
    """

    after: datetime | None = None
    page: str | None = None
    began: datetime | None = None
    sweep: int = 0


class MergeAdapter:
    """One linked account; implements ``Adapter`` and ``Inspector``. ``transport`` and ``clock`` are for tests."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        account_token: str,
        *,
        act_as: str,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        clock: Callable[[], datetime] = utc_now,
        page_size: int = PAGE_SIZE,
    ) -> None:
        headers = {"Authorization": f"Bearer {api_key}", "X-Account-Token": account_token}
        http = HttpClient(base_url, headers=headers, transport=transport, timeout=timeout, clock=clock)
        self._client = MergeClient(http, page_size=page_size)
        self._act_as, self._clock = act_as, clock
        self._private = False

    @property
    def manifest(self) -> Manifest:
        """Facts about Merge."""
        return MANIFEST

    def verify(self, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> None:
        """Check a delivery's signature; see :func:`adapters.merge.webhook.verify`."""
        webhook.verify(headers, body, secrets=secrets, now=now)

    def parse(self, headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:
        """Say what a delivery means; see :func:`adapters.merge.webhook.parse`."""
        return webhook.parse(headers, body)

    async def read_application(self, application_id: str) -> Application:
        """Re-read one application, as Merge saw it in its last sync."""
        return mapping.to_application(await self._client.application(application_id))

    async def list_changed(self, cursor: str | None, *, since: datetime | None = None) -> ChangedPage:
        """List applications that Merge changed, the deleted ones too.

        Raises:
            PayloadInvalid: the cursor is none of ours, or Merge repeated its own.
        """
        at = decode(cursor.encode(), Cursor, what="the cursor") if cursor else Cursor(after=_utc(since))
        after = at.after.isoformat().replace("+00:00", "Z") if at.after else None
        answer = await self._client.applications(at.page, modified_after=after)
        page = decode(answer.body, mapping.Page[mapping.ApplicationRow], what="the list of applications")
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
        found = [mapping.to_stage(row) async for row in walk(self._client.stages) if not row.remote_was_deleted]
        return tuple(dict.fromkeys(found))

    async def list_fields(self) -> tuple[FieldDefinition, ...]:
        """Nothing: Merge writes no custom fields, and what it passes through unseen is not ours to send.

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
        """List the notes of our own user on the candidate, oldest first: Merge lists by user, not by candidate."""
        candidate = (await self._client.application(application_id)).candidate.id

        async def fetch(cursor: str | None) -> tuple[Sequence[mapping.ActivityAnswer], str | None]:
            return await self._client.activities(cursor, user=self._act_as)

        return mapping.notes_of(candidate, [row async for row in walk(fetch)])

    async def add_note(self, application_id: str, body: str, *, visibility: Visibility) -> Note:
        """Add a note to the candidate in the chosen user's name.

        Raises:
            Refused: private, where the ATS has no private notes; or Merge answered with errors.
            OutcomeUnknown: not answered, or answered in a shape that cannot be read.
        """
        candidate = (await self._client.application(application_id)).candidate.id
        if visibility is Visibility.PRIVATE and not self._private:
            mapping.check_private(await self._client.activity_meta())
            self._private = True
        answer = await self._client.add_activity(mapping.to_activity(candidate, body, visibility, act_as=self._act_as))
        try:
            written = decode(answer, mapping.Written, what="the note")
            mapping.check_written(written)
            return mapping.to_note(written.model or mapping.ActivityAnswer())
        except PayloadInvalid as error:
            # The note is there; calling this a refusal would make the caller write it a second time.
            raise OutcomeUnknown(f"the note was sent, but {error}") from error

    async def inspect(self) -> Inspection:
        """Ask about the linked account."""
        answer = await self._client.account()
        account = decode(answer.body, mapping.AccountAnswer, what="the linked account")
        return Inspection(
            account=mapping.account_of(account), acting_as=self._act_as, server_time=_date(answer.headers)
        )

    async def aclose(self) -> None:
        """Release connections."""
        await self._client.aclose()


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment else None


def _date(headers: Mapping[str, str]) -> datetime | None:
    try:
        told = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)
