"""Glue between the port and Merge's API."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import httpx

from adapters.contract.errors import AdapterError, OutcomeUnknown, PayloadInvalid, Refused
from adapters.contract.events import Event
from adapters.contract.inspection import Inspection
from adapters.contract.manifest import Manifest
from adapters.contract.model import Application, ChangedPage, Note, Stage, Visibility
from adapters.kit.clock import vendor_time
from adapters.kit.fieldless import WithoutFields
from adapters.kit.http import TIMEOUT, HttpClient, utc_now
from adapters.kit.pagination import walk
from adapters.kit.payload import decode
from adapters.kit.sweeps import Sweep
from adapters.merge import mapping, webhook
from adapters.merge.client import PAGE_SIZE, MergeClient
from adapters.merge.manifest import MANIFEST

# By Merge's clock alone: modified_at is when Merge changed the record, whatever the ATS behind it says. Rows of a sync
# that is still being written may show a little late.
OVERLAP = timedelta(minutes=10)


class MergeAdapter(WithoutFields):
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
        at = Sweep.at(cursor, since=since)
        after = at.after.isoformat().replace("+00:00", "Z") if at.after else None
        answer = await self._client.applications(at.page, modified_after=after)
        page = decode(answer.body, mapping.Page[mapping.ApplicationRow], what="the list of applications")
        return at.listed(
            [row.id for row in page.results],
            following=page.next or None,
            now=vendor_time(answer.headers) or self._clock(),
            overlap=OVERLAP,
        )

    async def list_stages(self) -> tuple[Stage, ...]:
        """List every stage of every job."""
        found = [mapping.to_stage(row) async for row in walk(self._client.stages) if not row.remote_was_deleted]
        return tuple(dict.fromkeys(found))

    async def list_notes(self, application_id: str) -> tuple[Note, ...]:
        """List the notes of our own user on the candidate, oldest first: Merge lists by user, not by candidate."""
        return await self._notes((await self._client.application(application_id)).candidate.id)

    async def add_note(self, application_id: str, body: str, *, visibility: Visibility) -> Note:
        """Add a note to the candidate in the chosen user's name.

        Raises:
            Refused: private, where the ATS has no private notes; or Merge answered with errors. ``outcome_unknown`` where
                nobody knows whether it is there: a person looks, and replays or not.
        """
        candidate = (await self._client.application(application_id)).candidate.id
        if visibility is Visibility.PRIVATE and not self._private:
            mapping.check_private(await self._client.activity_meta())
            self._private = True
        request = mapping.to_activity(candidate, body, visibility, act_as=self._act_as)
        try:
            written = decode(await self._client.add_activity(request), mapping.Written, what="the note")
            mapping.check_written(written)
            return mapping.to_note(written.model or mapping.ActivityAnswer())
        except (OutcomeUnknown, PayloadInvalid):
            return await self._sent(candidate, body)

    async def inspect(self) -> Inspection:
        """Ask about the linked account."""
        answer = await self._client.account()
        account = decode(answer.body, mapping.AccountAnswer, what="the linked account")
        return Inspection(
            account=mapping.account_of(account), acting_as=self._act_as, server_time=vendor_time(answer.headers)
        )

    async def aclose(self) -> None:
        """Release connections."""
        await self._client.aclose()

    async def _notes(self, candidate_id: str) -> tuple[Note, ...]:
        async def fetch(cursor: str | None) -> tuple[Sequence[mapping.ActivityAnswer], str | None]:
            return await self._client.activities(cursor, user=self._act_as)

        return mapping.notes_of(candidate_id, [row async for row in walk(fetch)])

    async def _sent(self, candidate_id: str, body: str) -> Note:
        """The note that was sent and not answered, if Merge lists it.

        Nobody confirmed that Merge does so before its next sync, hours later maybe: one that is not listed now may be
        there, and whoever looks again in a minute and sends it again has written it twice.
        """
        with suppress(AdapterError):
            for note in reversed(await self._notes(candidate_id)):
                if body in note.body:
                    return note
        words = "nobody knows whether the note is there: look in the ATS, or after Merge's next sync, before it is sent again"
        raise Refused(words, code="outcome_unknown")
