"""Glue between the port and Workable's API."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import httpx

from adapters.contract.errors import AdapterError, Conflict, NotFound, OutcomeUnknown, PayloadInvalid, Transient
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
    StageEntryRef,
    Visibility,
)
from adapters.kit.clock import vendor_time
from adapters.kit.http import TIMEOUT, HttpClient, utc_now
from adapters.kit.pagination import walk
from adapters.kit.payload import decode
from adapters.kit.sweeps import Sweep
from adapters.workable import mapping, webhook
from adapters.workable.client import (
    PAGE_SIZE,
    ActivityAnswer,
    CandidateAnswer,
    CandidateOne,
    MemberAnswer,
    Subject,
    WorkableClient,
    following,
)
from adapters.workable.manifest import MANIFEST
from adapters.workable.pace import wait_of

# A sweep lists people in the order in which they came, so that whoever changes while it runs may have been passed
# already: the next one begins where this one began by Workable's clock, and a little before, for changes shown late.
OVERLAP = timedelta(minutes=2)


class WorkableAdapter:
    """One connection to one Workable account; implements ``Adapter`` and ``Inspector``.

    ``base_url`` is the account's address (https://acme.workable.com), ``act_as`` the id of the member who comments.
    ``transport``, ``clock`` and ``sleep`` are for tests.
    """

    def __init__(
        self,
        base_url: str,
        api_token: str,
        *,
        act_as: str,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        clock: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        page_size: int = PAGE_SIZE,
    ) -> None:
        self._act_as, self._clock, self._page_size = act_as, clock, page_size
        http = HttpClient(
            base_url,
            headers={"Authorization": f"Bearer {api_token}"},
            wait=wait_of,
            transport=transport,
            timeout=timeout,
            clock=clock,
        )
        self._client = WorkableClient(http, clock=clock, sleep=sleep)

    @property
    def manifest(self) -> Manifest:
        """Facts about Workable."""
        return MANIFEST

    def verify(self, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> None:
        """Check a delivery's signature; see :func:`adapters.workable.webhook.verify`."""
        webhook.verify(headers, body, secrets=secrets, now=now)

    def parse(self, headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:
        """Say what a delivery means; see :func:`adapters.workable.webhook.parse`."""
        return webhook.parse(headers, body)

    async def read_application(self, application_id: str) -> Application:
        """Re-read a candidate with job and history.

        Raises:
            NotFound: the candidate is in no job (a talent pool).
            Transient: the history does not show the last move yet.
        """
        body = await self._client.candidate(application_id)
        answer = decode(body, CandidateOne, what="the candidate").candidate
        if answer.job is None:
            raise NotFound("the candidate is in no job")
        job = await self._client.job(answer.job.shortcode)
        slug, entry = await self._place(answer, answer.job.shortcode)
        return mapping.to_application(answer, job, mapping.to_stage(slug, answer.stage, answer.stage_kind), entry)

    async def list_changed(self, cursor: str | None, *, since: datetime | None = None) -> ChangedPage:
        """List changed candidates with a job, as they came; the next sweep starts two minutes before this one did.

        Raises:
            PayloadInvalid: the cursor is none of ours.
        """
        at = Sweep.at(cursor, since=since)
        query = dict(parse_qsl(at.page)) if at.page is not None else {"limit": str(self._page_size)}
        if at.page is None and at.after is not None:
            query[mapping.CHANGED_SINCE] = at.after.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        page, answer = await self._client.candidates(query)
        return at.listed(
            [row.id for row in page.candidates if row.job is not None],
            following=following(page.paging),
            now=vendor_time(answer.headers) or self._clock(),
            overlap=OVERLAP,
        )

    async def list_stages(self) -> tuple[Stage, ...]:
        """List the stages of the account's pipeline and of every job's own, each once."""

        async def fetch(query: str | None) -> tuple[Sequence[str], str | None]:
            page = await self._client.jobs(query)
            return [job.shortcode for job in page.jobs], following(page.paging)

        answers = list(await self._client.stages())
        async for shortcode in walk(fetch):
            answers += await self._client.stages(shortcode)
        return tuple(dict.fromkeys(mapping.to_stage(one.slug, one.name, one.kind) for one in answers))

    async def list_fields(self) -> tuple[FieldDefinition, ...]:
        """List the custom attributes that can hold something of ours."""
        return tuple(definition for definition, _ in (await self._fields()).values())

    async def read_fields(self, application_id: str) -> Mapping[str, FieldValue]:
        """Read the custom attributes that hold something.

        Raises:
            PayloadInvalid: this account does not show them on candidates.
        """
        body = await self._client.candidate(application_id)
        values = decode(body, mapping.CandidateValues, what="the candidate")
        return mapping.to_values(values, await self._fields())

    async def write_fields(
        self,
        application_id: str,
        values: Mapping[str, FieldValue],
        *,
        expected: Mapping[str, FieldValue],
    ) -> None:
        """Write these custom attributes, one request each, after checking all of them.

        Workable cannot compare as it writes. So the last look is taken right before, and only when all the requests
        after it have room in one window: a window that ends between them would be ten seconds in which people write.

        Raises:
            Conflict: another value stands there than ``expected``; nothing was sent.
            Refused: an attribute cannot hold its value; nothing was written.
            OutcomeUnknown: a request was not answered, or refused after others had been carried out: read back.
        """
        fields = await self._fields()
        updates = [mapping.to_update(key, value, fields) for key, value in sorted(values.items())]
        if expected:
            await self._client.room(1 + len(updates))
            body = await self._client.candidate(application_id)
            now = mapping.to_values(decode(body, mapping.CandidateValues, what="the candidate"), fields)
            if any(now.get(key) != expected[key] for key in values if key in expected):
                raise Conflict("somebody changed a custom attribute since it was read")
        for done, update in enumerate(updates):
            try:
                await self._client.set_attribute(application_id, update)
            except AdapterError as error:
                if not done:
                    raise
                raise OutcomeUnknown(
                    f"{done} of {len(updates)} custom attributes were written, then: {error}"
                ) from error

    async def list_notes(self, application_id: str) -> tuple[Note, ...]:
        """List every comment that the token may read, oldest first."""
        activities = mapping.in_order(await self._activities(application_id))
        return tuple(mapping.to_note(each) for each in activities if each.action == mapping.COMMENT)

    async def add_note(self, application_id: str, body: str, *, visibility: Visibility) -> Note:
        """Add a comment in the name of the chosen member.

        Raises:
            OutcomeUnknown: not answered, or answered in a shape that cannot be read.
        """
        comment = mapping.to_comment(body, member_id=self._act_as, visibility=visibility)
        answer = await self._client.add_comment(application_id, comment)
        try:
            written = decode(answer, Subject, what="the comment").id
        except PayloadInvalid as error:
            # The comment is there; calling this a refusal would make the caller write it a second time.
            raise OutcomeUnknown(f"the comment was sent, but {error}") from error
        return await self._shown(application_id, written) or Note(
            id=written, body=body, author=self._act_as, visibility=visibility, created_at=self._clock()
        )

    async def inspect(self) -> Inspection:
        """Ask about the account, the member who comments and the webhooks; Workable tells no scopes of a token."""
        account, answer = await self._client.account()
        hooks = await self._client.subscriptions()

        async def fetch(query: str | None) -> tuple[Sequence[MemberAnswer], str | None]:
            page = await self._client.members(query)
            return page.members, following(page.paging)

        named = [member.name async for member in walk(fetch) if member.id == self._act_as]
        now = self._clock()
        return Inspection(
            account=account.name,
            acting_as=named[0] if named else None,
            server_time=vendor_time(answer.headers),
            webhooks=tuple(
                WebhookRegistration(
                    url=hook.target,
                    events=(hook.event,),
                    enabled=hook.valid_until is None or hook.valid_until > now,
                )
                for hook in hooks
            ),
        )

    async def aclose(self) -> None:
        """Release connections."""
        await self._client.aclose()

    async def _place(self, candidate: CandidateAnswer, shortcode: str) -> tuple[str, StageEntryRef]:
        """The slug of the stage, which the candidate only names, and the entry into it, from the history."""
        stage, entry = mapping.last_entry(await self._activities(candidate.id))
        if stage.name == candidate.stage:
            return stage.slug, entry
        # The stage may have another name now than when the candidate came into it.
        if mapping.slug_of(candidate.stage, await self._client.stages(shortcode)) == stage.slug:
            return stage.slug, entry
        raise Transient("the history of the application does not show its last move yet")

    async def _shown(self, candidate_id: str, comment_id: str) -> Note | None:
        """The comment as Workable shows it; a list that lags or fails does not unmake an acknowledged write."""
        try:
            notes = await self.list_notes(candidate_id)
        except AdapterError:
            return None
        return next((note for note in notes if note.id == comment_id), None)

    async def _activities(self, candidate_id: str) -> list[ActivityAnswer]:
        async def fetch(query: str | None) -> tuple[Sequence[ActivityAnswer], str | None]:
            page = await self._client.activities(candidate_id, query)
            return page.activities, following(page.paging)

        return [activity async for activity in walk(fetch)]

    async def _fields(self) -> dict[str, tuple[FieldDefinition, Mapping[str, str]]]:
        body = await self._client.attributes()
        return mapping.to_fields(decode(body, mapping.AttributeList, what="the list of custom attributes"))
