"""Glue between the port and Lever's API."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from adapters.contract.errors import PayloadInvalid
from adapters.contract.events import Event
from adapters.contract.inspection import Inspection, WebhookRegistration
from adapters.contract.manifest import Manifest
from adapters.contract.model import (
    Application,
    ChangedPage,
    Job,
    Note,
    Stage,
    Visibility,
)
from adapters.kit.fieldless import WithoutFields
from adapters.kit.http import utc_now
from adapters.kit.pagination import walk
from adapters.kit.payload import decode
from adapters.lever import mapping, webhook
from adapters.lever.answers import Opportunity
from adapters.lever.client import PAGE_SIZE, LeverClient
from adapters.lever.manifest import MANIFEST

# Lever says neither in what order it lists nor how soon a change is to be seen there; this much is listed again.
OVERLAP = timedelta(minutes=5)


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """Where a listing stands.

    ``page`` is the vendor's offset inside a sweep, ``began`` when it began, ``newest`` the latest change seen in it.
    """

    after: datetime | None = None
    page: str | None = None
    newest: datetime | None = None
    began: datetime | None = None


class LeverAdapter(WithoutFields):
    """One connection to one Lever account; implements ``Adapter`` and ``Inspector``.

    ``act_as`` is the id of the user in whose name notes are written, None for the API key's own.
    """

    def __init__(
        self,
        client: LeverClient,
        *,
        act_as: str | None = None,
        clock: Callable[[], datetime] = utc_now,
        page_size: int = PAGE_SIZE,
    ) -> None:
        self._client = client
        self._act_as = act_as
        self._clock = clock
        self._page_size = page_size

    @property
    def manifest(self) -> Manifest:
        """Facts about Lever."""
        return MANIFEST

    def verify(self, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> None:
        """Check a delivery's signature; see :func:`adapters.lever.webhook.verify`."""
        webhook.verify(headers, body, secrets=secrets, now=now)

    def parse(self, headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:
        """Say what a delivery means; see :func:`adapters.lever.webhook.parse`."""
        return webhook.parse(headers, body)

    async def read_application(self, application_id: str) -> Application:
        """Re-read one opportunity with its posting, the name of its stage, and why it ended if it did."""
        answer = await self._client.opportunity(application_id)
        stages = [stage async for stage in walk(self._client.stages)]
        job = await self._job(answer)
        ended_by = answer.archived.reason if answer.archived else None
        reason = await self._client.reason(ended_by) if ended_by else None
        return mapping.to_application(answer, job=job, stages=stages, reason=reason)

    async def list_changed(self, cursor: str | None, *, since: datetime | None = None) -> ChangedPage:
        """List changed opportunities; a sweep that ended begins again five minutes before the newest change it saw.

        But never later than five minutes before it began itself: who moved while it ran may have been passed already.

        Raises:
            PayloadInvalid: the cursor is none of ours.
        """
        at = decode(cursor.encode(), Cursor, what="the cursor") if cursor else Cursor(after=since)
        began = at.began or self._clock()
        page = await self._client.opportunities(
            changed_since=mapping.to_milliseconds(at.after) if at.after else None,
            offset=at.page,
            limit=self._page_size,
        )
        following = page.following
        if following is not None and following == at.page:
            raise PayloadInvalid("paging goes in circles: the ATS repeated an offset")
        seen = [mapping.to_moment(row.updated_at) for row in page.data] + ([at.newest] if at.newest else [])
        newest = max(seen, default=None)
        ahead = (
            Cursor(after=at.after, page=following, newest=newest, began=began)
            if following is not None
            else Cursor(after=min(newest, began) - OVERLAP if newest else at.after)
        )
        return ChangedPage(
            # One opportunity may be twice on a page that was put together while it changed.
            application_ids=tuple(dict.fromkeys(row.id for row in page.data)),
            cursor=msgspec.json.encode(ahead).decode(),
            more=following is not None,
        )

    async def list_stages(self) -> tuple[Stage, ...]:
        """List the stages of the account's one pipeline, and the one in which we see ended opportunities."""
        return (*[mapping.to_stage(stage) async for stage in walk(self._client.stages)], mapping.ENDED)

    async def list_notes(self, application_id: str) -> tuple[Note, ...]:
        """List the notes of one opportunity, oldest first, without those that somebody deleted."""
        notes = [
            mapping.to_note(note)
            async for note in walk(lambda offset: self._client.notes(application_id, offset))
            if note.deleted_at is None
        ]
        return tuple(sorted(notes, key=lambda note: note.created_at))

    async def add_note(self, application_id: str, body: str, *, visibility: Visibility) -> Note:
        """Add a note; a private one is "secret" in Lever.

        Raises:
            OutcomeUnknown: not answered, or answered in a shape that cannot be read.
        """
        secret = visibility is Visibility.PRIVATE
        answer = await self._client.add_note(application_id, body, secret=secret, written_by=self._act_as)
        return mapping.to_note(answer)

    async def inspect(self) -> Inspection:
        """Ask for the webhooks, the clock, and the name of the user in whose name is written."""
        hooks, server_time = await self._client.webhooks()
        user = await self._client.user(self._act_as) if self._act_as else None
        return Inspection(
            acting_as=user.name if user else None,
            server_time=server_time,
            webhooks=tuple(WebhookRegistration(url=hook.url, events=(hook.event,)) for hook in hooks),
        )

    async def aclose(self) -> None:
        """Release connections."""
        await self._client.aclose()

    async def _job(self, answer: Opportunity) -> Job:
        # Lever allows several; only the last is what the person is considered for now.
        if not answer.applications:
            return mapping.NO_JOB
        application = await self._client.application(answer.id, answer.applications[-1])
        if application.posting is None:
            return mapping.NO_JOB
        return mapping.to_job(await self._client.posting(application.posting))
