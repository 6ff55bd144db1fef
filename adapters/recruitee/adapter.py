"""Glue between the port and Recruitee's API."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import httpx
from msgspec import Struct, json, structs

from adapters.contract.delivery import Answer
from adapters.contract.errors import OutcomeUnknown, PayloadInvalid
from adapters.contract.events import Event
from adapters.contract.inspection import Inspection
from adapters.contract.manifest import Manifest
from adapters.contract.model import (
    Application,
    ChangedPage,
    Note,
    Stage,
    Visibility,
)
from adapters.kit.clock import vendor_time
from adapters.kit.fieldless import WithoutFields
from adapters.kit.http import TIMEOUT, HttpClient, utc_now
from adapters.kit.pagination import walk
from adapters.kit.payload import decode
from adapters.recruitee import mapping, webhook
from adapters.recruitee.client import RecruiteeClient
from adapters.recruitee.manifest import MANIFEST

PAGE_SIZE = 500
# Recruitee cannot list by time of change: every sweep looks at every candidate and passes on those that changed since
# the last one began by its clock, and a little before, for changes that are shown late.
OVERLAP = timedelta(minutes=2)
# Pages are cut by counting. Each begins this many rows before the end of the last, so that one who was deleted
# meanwhile makes no gap; whoever was seen there is left out.
TAIL = 20
# Where none of them is found, a sweep goes back a page; so often only, or a list in no order would never end.
MOST_BACKS = 20


class Cursor(Struct, frozen=True, kw_only=True):
    """Where a sweep stands: changes ``after``, rows passed, the last candidates seen, when it began, and its number.

    ``backs`` is how often it went back a page.
    The number makes no two cursors the same, however coarse the clock.
    """

    after: datetime | None = None
    offset: int = 0
    tail: tuple[int, ...] = ()
    began: datetime | None = None
    sweep: int = 0
    backs: int = 0


class RecruiteeAdapter(WithoutFields):
    """One connection to one company; implements ``Adapter``, ``Greeter`` and ``Inspector``.

    ``base_url`` is https://api.recruitee.com, ``company`` the company's id. ``transport`` and ``clock`` are for tests.
    """

    def __init__(
        self,
        base_url: str,
        api_token: str,
        *,
        company: str,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        clock: Callable[[], datetime] = utc_now,
        page_size: int = PAGE_SIZE,
    ) -> None:
        self._clock, self._page_size = clock, page_size
        headers = {"Authorization": f"Bearer {api_token}"}
        http = HttpClient(base_url, headers=headers, transport=transport, timeout=timeout, clock=clock)
        self._client = RecruiteeClient(http, company=company)

    @property
    def manifest(self) -> Manifest:
        """Facts about Recruitee."""
        return MANIFEST

    def greet(self, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str]) -> Answer | None:  # noqa: ARG002 - the port's signature
        """Answer the unsigned test of a new webhook; see :func:`adapters.recruitee.webhook.greet`."""
        return webhook.greet(body)

    def verify(self, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> None:
        """Check a delivery's signature; see :func:`adapters.recruitee.webhook.verify`."""
        webhook.verify(headers, body, secrets=secrets, now=now)

    def parse(self, headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:
        """Say what a delivery means; see :func:`adapters.recruitee.webhook.parse`."""
        return webhook.parse(headers, body)

    async def read_application(self, application_id: str) -> Application:
        """Re-read a candidate's place in a job.

        Raises:
            NotFound: no such candidate, or not in this job (any more).
        """
        candidate_id, offer_id = mapping.parts_of(application_id)
        body = await self._client.candidate(candidate_id)
        candidate = decode(body, mapping.CandidateOne, what="the candidate").candidate
        placement = mapping.placement_of(candidate, offer_id)
        return mapping.to_application(candidate, placement, await self._offer(offer_id))

    async def list_changed(self, cursor: str | None, *, since: datetime | None = None) -> ChangedPage:
        """List applications that changed, newest candidate first.

        Raises:
            PayloadInvalid: the cursor is none of ours.
        """
        at = decode(cursor.encode(), Cursor, what="the cursor") if cursor else Cursor(after=_aware(since))
        answer = await self._client.candidates(offset=at.offset, limit=self._page_size)
        page = decode(answer.body, mapping.CandidateList, what="the list of candidates")
        rows = page.candidates
        began = at.began or page.generated_at or vendor_time(answer.headers) or self._clock()
        seen = [place for place, row in enumerate(rows) if row.id in at.tail]
        if at.tail and not seen and at.backs < MOST_BACKS:
            # More were deleted meanwhile than the tail is long: whoever slipped past is on the page before.
            offset = max(0, at.offset - self._page_size)
            back = structs.replace(at, offset=offset, tail=(), began=began, backs=at.backs + 1)
            return ChangedPage(application_ids=(), cursor=json.encode(back).decode(), more=True)
        fresh = rows[seen[-1] + 1 :] if seen else rows
        # Half a page at most, so that the next page is never the same one.
        again = min(TAIL, len(rows) // 2)
        following = (
            Cursor(
                after=at.after,
                offset=at.offset + len(rows) - again,
                tail=tuple(row.id for row in rows[len(rows) - again :]),
                began=began,
                sweep=at.sweep,
                backs=at.backs,
            )
            if fresh
            else Cursor(after=began - OVERLAP, sweep=at.sweep + 1)
        )
        changed = [name for row in fresh for name in _changed(row, at.after)]
        return ChangedPage(
            application_ids=tuple(dict.fromkeys(changed)),
            cursor=json.encode(following).decode(),
            more=bool(fresh),
        )

    async def list_stages(self) -> tuple[Stage, ...]:
        """List the stages of every job for which people are hired, each once."""

        async def fetch(cursor: str | None) -> tuple[Sequence[int], str | None]:
            offset = int(cursor or "0")
            answer = await self._client.offers(offset=offset, statuses=mapping.HIRING)
            rows = decode(answer.body, mapping.OfferList, what="the list of jobs").offers
            new = [row.id for row in rows if row.id not in found]
            found.update(new)
            return new, str(offset + len(rows)) if new else None

        found: set[int] = set()
        stages: dict[Stage, None] = {}
        async for offer_id in walk(fetch):
            offer = await self._offer(offer_id)
            stages |= dict.fromkeys(mapping.to_stage(stage) for stage in offer.pipeline_template.stages)
        return tuple(stages)

    async def list_notes(self, application_id: str) -> tuple[Note, ...]:
        """List every note on the candidate that the token's owner may read, oldest first."""
        candidate_id, _ = mapping.parts_of(application_id)
        notes = decode(await self._client.notes(candidate_id), mapping.NoteList, what="the list of notes").notes
        return tuple(mapping.to_note(note) for note in mapping.oldest_first(notes))

    async def add_note(self, application_id: str, body: str, *, visibility: Visibility) -> Note:
        """Add a note to the candidate as the token's owner.

        Raises:
            Unsupported: a private note.
            OutcomeUnknown: not answered, or answered in a shape that cannot be read.
        """
        candidate_id, _ = mapping.parts_of(application_id)
        answer = await self._client.add_note(candidate_id, mapping.to_body(body, visibility))
        try:
            return mapping.to_note(decode(answer, mapping.NoteOne, what="the note").note)
        except PayloadInvalid as error:
            # The note is there; calling this a refusal would make the caller write it a second time.
            raise OutcomeUnknown(f"the note was sent, but {error}") from error

    async def inspect(self) -> Inspection:
        """Ask for one job: Recruitee tells its clock and, of the token, only whether it opens this company."""
        answer = await self._client.offers(offset=0, limit=1)
        decode(answer.body, mapping.OfferList, what="the list of jobs")
        return Inspection(server_time=vendor_time(answer.headers))

    async def aclose(self) -> None:
        """Release connections."""
        await self._client.aclose()

    async def _offer(self, offer_id: int) -> mapping.OfferAnswer:
        return decode(await self._client.offer(offer_id), mapping.OfferOne, what="the job").offer


def _changed(row: mapping.CandidateAnswer, after: datetime | None) -> list[str]:
    """The applications of a candidate that changed; a change of the candidate is one of all of them."""
    return [
        mapping.application_id(row.id, place.offer_id)
        for place in row.placements
        if after is None or any(at is None or at >= after for at in (row.updated_at, place.updated_at))
    ]


def _aware(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment else None
