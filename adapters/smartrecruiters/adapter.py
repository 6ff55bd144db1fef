"""Glue between the port and SmartRecruiters' API."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from adapters.contract.delivery import Answer
from adapters.contract.errors import (
    AdapterError,
    Conflict,
    NotFound,
    OutcomeUnknown,
    PayloadInvalid,
    PermissionMissing,
    Refused,
)
from adapters.contract.events import Event
from adapters.contract.inspection import Inspection, WebhookRegistration
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
from adapters.kit.clock import vendor_time
from adapters.kit.http import utc_now
from adapters.kit.payload import decode
from adapters.smartrecruiters import answers, mapping, webhook
from adapters.smartrecruiters.client import PAGE, SmartRecruitersClient
from adapters.smartrecruiters.manifest import MANIFEST

# Candidates are searched in an index that lags behind, in no documented order, while they change: a sweep begins this
# long before the last one began, or before the newest change that it saw. Not confirmed by the vendor; generous.
OVERLAP = timedelta(minutes=10)


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """Where a listing stands. ``page`` is the vendor's place in a sweep that began at ``began``."""

    after: datetime | None = None
    page: str | None = None
    newest: datetime | None = None
    began: datetime | None = None


class SmartRecruitersAdapter:
    """One connection to one SmartRecruiters account; implements ``Adapter``, ``Greeter`` and ``Inspector``."""

    def __init__(
        self, client: SmartRecruitersClient, *, clock: Callable[[], datetime] = utc_now, page_size: int = PAGE
    ) -> None:
        self._client = client
        self._clock = clock
        self._page_size = page_size

    @property
    def manifest(self) -> Manifest:
        """Facts about SmartRecruiters."""
        return MANIFEST

    def greet(self, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str]) -> Answer | None:
        """Answer a handshake; see :func:`adapters.smartrecruiters.webhook.greet`."""
        return webhook.greet(headers, body, secrets=secrets)

    def verify(self, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> None:
        """Check a delivery's signature; see :func:`adapters.smartrecruiters.webhook.verify`."""
        webhook.verify(headers, body, secrets=secrets, now=now)

    def parse(self, headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:
        """Say what a delivery means; see :func:`adapters.smartrecruiters.webhook.parse`."""
        return webhook.parse(headers, body)

    async def read_application(self, application_id: str) -> Application:
        """Re-read one application: candidate, history of statuses, job.

        Raises:
            NotFound: the candidate has no application to this job.
            Transient: the history does not show the last move yet.
        """
        candidate_id, job_id = mapping.split(application_id)
        candidate = await self._client.candidate(candidate_id)
        assignment = candidate.assignment(job_id)
        if assignment is None:
            raise NotFound("the candidate has no application to this job")
        # After the candidate, so that stage and entry are never older than the rest.
        visits = await self._client.history(candidate_id, job_id)
        if mapping.lags(visits, assignment):
            # Moved between the two requests, or a history that lags: the candidate as of now tells which.
            candidate = await self._client.candidate(candidate_id)
        return mapping.to_application(candidate, visits, await self._client.job(job_id))

    async def list_changed(self, cursor: str | None, *, since: datetime | None = None) -> ChangedPage:
        """List the applications of changed candidates; see OVERLAP for where a sweep begins.

        Raises:
            PayloadInvalid: the cursor is none of ours, or the ATS does not page as expected.
        """
        at = decode(cursor.encode(), Cursor, what="the cursor") if cursor else Cursor(after=since)
        began = at.began or self._clock()
        params: dict[str, str | int] = {"limit": self._page_size}
        if at.after is not None:
            params["updatedAfter"] = at.after.isoformat(timespec="milliseconds")
        if at.page is not None:
            params["pageId"] = at.page
        page = await self._client.candidates(params)
        following = page.next_page_id
        if following is not None and following == at.page:
            raise PayloadInvalid("paging goes in circles: the ATS repeated a cursor")
        if following is None and at.page is None and page.total_found > len(page.content):
            raise PayloadInvalid("the ATS told of more candidates than it listed, and of no next page")
        newest = max((one.updated_on for one in page.content if one.updated_on), default=at.newest)
        newest = max(newest, at.newest) if newest and at.newest else newest
        return ChangedPage(
            application_ids=tuple(dict.fromkeys(one for row in page.content for one in row.application_ids)),
            cursor=msgspec.json.encode(_next(at, following, newest, began)).decode(),
            more=following is not None,
        )

    async def list_stages(self) -> tuple[Stage, ...]:
        """List every status and every sub-status of every hiring process."""
        return mapping.to_stages(await self._client.processes())

    async def list_fields(self) -> tuple[FieldDefinition, ...]:
        """List the candidate properties of those types that Evenhand can write."""
        fields = await self._client.properties()
        return tuple([mapping.to_field(field, await self._client.options(field)) for field in fields])

    async def read_fields(self, application_id: str) -> Mapping[str, FieldValue]:
        """Read the properties that have a value of a type that Evenhand can write."""
        candidate_id, job_id = mapping.split(application_id)
        values = await self._client.values(candidate_id, job_id)
        fields = {field.id: field for field in await self._client.properties()} if values else {}
        read = {
            one.id: mapping.to_value(one, await self._client.options(fields[one.id]))
            for one in values
            if one.id in fields
        }
        return {key: value for key, value in read.items() if value is not None}

    async def write_fields(
        self,
        application_id: str,
        values: Mapping[str, FieldValue],
        *,
        expected: Mapping[str, FieldValue],
    ) -> None:
        """Write these properties and no others, in one request.

        This ATS cannot compare as it writes: the last look is taken after the definitions were read, right before.

        Raises:
            Conflict: another value stands there than ``expected``; nothing was sent.
            Refused: ``unknown_field``, ``unknown_option`` or ``wrong_type``; nothing was sent.
            OutcomeUnknown: the request was sent and not answered.
        """
        candidate_id, job_id = mapping.split(application_id)
        fields = {field.id: field for field in await self._client.properties()}
        if not values.keys() <= fields.keys():
            raise Refused("a property is not there, or is of a type that cannot be written", code="unknown_field")
        options = {key: await self._client.options(fields[key]) for key in values}
        batch = [mapping.from_value(fields[key], value, options[key]) for key, value in values.items()]
        held = await self._client.values(candidate_id, job_id) if expected else ()
        now = {one.id: mapping.to_value(one, options[one.id]) for one in held if one.id in options}
        if any(now.get(key) != expected[key] for key in values if key in expected):
            raise Conflict("somebody changed a property since it was read")
        await self._client.write_values(candidate_id, job_id, batch)

    async def list_notes(self, application_id: str) -> tuple[Note, ...]:
        """List every message about the candidate, oldest first."""
        candidate_id, _ = mapping.split(application_id)
        notes = [mapping.to_note(one, candidate_id=candidate_id) for one in await self._client.messages(candidate_id)]
        return tuple(sorted(notes, key=lambda note: note.created_at))

    async def add_note(self, application_id: str, body: str, *, visibility: Visibility) -> Note:
        """Share a message about the candidate, and read it back, for the answer is only its id.

        Raises:
            OutcomeUnknown: not answered, or not found afterwards.
        """
        candidate_id, job_id = mapping.split(application_id)
        message = mapping.from_note(body, candidate_id=candidate_id, job_id=job_id, visibility=visibility)
        answer = await self._client.share(message)
        try:
            note_id = decode(answer, answers.CreatedAnswer, what="the answer to the message").id
            return next(note for note in await self.list_notes(application_id) if note.id == note_id)
        except StopIteration:
            raise OutcomeUnknown("the message was sent, but is not listed yet") from None
        except AdapterError as error:
            # The message is there; calling this a refusal would make the caller write it a second time.
            raise OutcomeUnknown(f"the message was sent, but not read back: {error}") from error

    async def inspect(self) -> Inspection:
        """Ask for the user, the account and the subscriptions; what the credentials may not see is None."""
        answer = await self._client.me()
        return Inspection(
            account=await self._account(),
            acting_as=decode(answer.body, answers.UserAnswer, what="the user").id,
            server_time=vendor_time(answer.headers),
            webhooks=await self._webhooks(),
        )

    async def aclose(self) -> None:
        """Release connections."""
        await self._client.aclose()

    async def _account(self) -> str | None:
        try:
            return (await self._client.company()).name
        except (PermissionMissing, NotFound):
            return None

    async def _webhooks(self) -> tuple[WebhookRegistration, ...] | None:
        try:
            found = await self._client.subscriptions()
        except (PermissionMissing, NotFound):
            return None
        return tuple(mapping.to_registration(one) for one in found)


def _next(at: Cursor, page: str | None, newest: datetime | None, began: datetime) -> Cursor:
    if page is not None:
        return Cursor(after=at.after, page=page, newest=newest, began=began)
    if newest is None:
        return Cursor(after=at.after)
    return Cursor(after=min(newest, began) - OVERLAP)
