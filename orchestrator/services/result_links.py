"""Result links: links that are told with orders and open without an account, where the vendor or the customer needs that.

Who follows one sees what the ATS was told, and no more: how far the interview is, and once the ATS has the result its band,
subscores, bullets and audit reference. What a stop holds, it holds here too. A link lives for some days from when it was
last told, dies when it is revoked, when its connection gives none any more, when every order was taken back and when its
result is gone, and every view of it is in the audit log.
"""

import hmac
import uuid
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct, structs
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.contract.assessment import Progress
from orchestrator.db.base import new_id
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.result_link import ResultLinkRow
from orchestrator.db.repositories import result_links as rows
from orchestrator.db.repositories import stops
from orchestrator.db.repositories.result_links import LinkedInterview
from orchestrator.db.session import Database, Transaction
from orchestrator.domain.audit import AuditEvent
from orchestrator.domain.interview import COMPLETION, Completion, InterviewState
from orchestrator.domain.result import Result
from orchestrator.errors import InputInvalid, Missing
from orchestrator.ports import Clock
from orchestrator.services.connections import AtsConnection, Connections
from orchestrator.services.links import TOKEN, LinkMaker
from orchestrator.services.order_progress import progress

LONGER = timedelta(days=1)
"""A link that is told again is given new time where that is worth a line in the audit log."""

QUIET = timedelta(hours=1)
"""For so long the log says once of a link that it opens no more, however often somebody tries."""

DEAD = "This link does not open a result."
_UNKNOWN = "There is no result link of that name."
_NO_REASON = "Say why in a few words; it is kept in the audit log."
_WORDS = {
    Progress.WAITING: Completion.INVITED,
    Progress.STARTED: Completion.IN_PROGRESS,
    Progress.COMPLETED: Completion.COMPLETED,
    Progress.CANCELLED: Completion.NOT_SCORED,
}


class LinkState(StrEnum):
    """Whether a result link opens."""

    OPEN = "open"
    EXPIRED = "expired"
    REVOKED = "revoked"
    CLOSED = "closed"  # its connection gives no such links any more
    CANCELLED = "cancelled"  # every order of its interview was taken back


class SharedResult(Struct, frozen=True, kw_only=True):
    """What somebody without an account sees. ``full`` is the page behind sign-in. PII class: evaluation of a person.

    ``outdated`` where a newer interview took its place: then there is nothing else.
    """

    completion: Completion
    outdated: bool
    full: str
    expires_at: datetime
    band_label: str | None = None
    subscores: tuple[tuple[str, str], ...] = ()
    bullets: tuple[str, ...] = ()
    audit_ref: str | None = None


class ResultLinkItem(Struct, frozen=True, kw_only=True):
    """A result link in a list. ``audit_ref`` is None until there is a result."""

    id: uuid.UUID
    connection: str
    state: LinkState
    audit_ref: str | None
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


class ResultLinks:
    """Issues result links, opens and revokes them."""

    def __init__(self, *, database: Database, clock: Clock, connections: Connections, links: LinkMaker) -> None:
        self._database = database
        self._clock = clock
        self._connections = connections
        self._links = links

    async def issue(self, interview_id: uuid.UUID, connection: AtsConnection) -> str | None:
        """The link to tell, with its whole time before it; None where the connection gives none, or it was revoked.

        What is told after a link was over is another link: the old one stays dead, wherever it lies.
        """
        if not gives_links(connection):
            return None
        async with self._database.transaction() as tx:
            if not await rows.hold(tx.session, interview_id):
                return None
            issued, now = await rows.of_interview(tx.session, interview_id), self._clock.now()
            if any(link.revoked_at for link in issued):
                return None
            until = now + timedelta(days=connection.settings.result_links.days)
            mine = next((link for link in reversed(issued) if self._made_here(link)), None)
            if mine is None or self._end(mine) <= now:
                if mine is not None:
                    # Also where somebody gives links more time again.
                    mine.expires_at = min(mine.expires_at, now)
                generation = max((link.generation for link in issued), default=0) + 1
                self._add(tx, interview_id, connection, generation, now=now)
                return self._links.shared_result(interview_id, generation)
            if self._end(mine) < until - LONGER:
                mine.issued_at, mine.expires_at = now, until
                self._audit(tx, "system", "renewed", interview_id, mine.id, until=until.isoformat())
            return self._links.shared_result(interview_id, mine.generation)

    async def living(self, session: AsyncSession, interview_id: uuid.UUID, connection: AtsConnection) -> str | None:
        """The link where it was issued and opens now, for an order that has this interview."""
        for link in await rows.of_interview(session, interview_id):
            mine = self._made_here(link) and link.connection == connection.key
            if mine and self._state(link, ordered=True) is LinkState.OPEN:
                return self._links.shared_result(interview_id, link.generation)
        return None

    async def view(self, token: str) -> SharedResult:
        """What a link shows to somebody without an account.

        Every view is logged; that a link opens no more is logged once in a while (``QUIET``).

        Raises:
            Missing: one answer for a token that nobody was given and for a link that is dead, whatever it died of.
        """
        if not TOKEN.fullmatch(token):
            raise Missing(DEAD)
        shown: SharedResult | None = None
        async with self._database.transaction() as tx:
            found = await rows.behind(tx.session, self._links.result_fingerprint(token))
            reason = self._refusal(found) if found else None
            if found is not None and reason is None:
                shown = await self._shared(tx.session, found)
                facts = {"completion": shown.completion.value, "released": shown.audit_ref is not None}
                self._audit(tx, "visitor", "viewed", found.interview.id, found.link.id, **facts)
            elif found is not None:
                now = self._clock.now()
                if await rows.note_refusal(tx.session, found.link.id, now=now, unless_since=now - QUIET):
                    self._audit(tx, "visitor", "refused", found.interview.id, found.link.id, reason=reason)
        if shown is None:
            raise Missing(DEAD)
        return shown

    async def full_page(self, token: str) -> str | None:
        """Where somebody with an account reads all of it, also behind a dead link; None for a token nobody was given."""
        async with self._database.reading() as session:
            found = await rows.behind(session, self._links.result_fingerprint(token))
            return _full_page(found.interview, found.result) if found else None

    async def of_result(self, audit_ref: str) -> ResultLinkItem | None:
        """The newest result link of the interview of a result, None where none was ever issued."""
        async with self._database.reading() as session:
            interview_id = await rows.interview_of(session, audit_ref)
            found = await rows.listed(session, interview_id=interview_id, limit=1) if interview_id else ()
            return self._item(found[0]) if found else None

    async def of_application(self, application_id: uuid.UUID) -> ResultLinkItem | None:
        """The newest result link of an application, with or without a result; None where none was ever issued."""
        async with self._database.reading() as session:
            found = await rows.listed(session, application_id=application_id, limit=1)
            return self._item(found[0]) if found else None

    async def listed(self, *, connection: str | None = None, limit: int = 50) -> tuple[ResultLinkItem, ...]:
        """Every result link, newest first; never a token."""
        async with self._database.reading() as session:
            found = await rows.listed(session, connection=connection, limit=limit)
            return tuple(self._item(one) for one in found)

    async def revoke(self, reference: str, *, reason: str, actor: str) -> None:
        """End the link of one interview for good; ``reference`` is an audit reference or the id of the link.

        To revoke what is revoked already changes nothing.

        Raises:
            InputInvalid: no reason was given.
            Missing: there is no such link.
        """
        said = reason.strip()
        if not said:
            raise InputInvalid(_NO_REASON, fields={"reason": _NO_REASON})
        async with self._database.transaction() as tx:
            interview_id = await rows.interview_of(tx.session, reference)
            if interview_id is None:
                raise Missing(_UNKNOWN)
            await rows.hold(tx.session, interview_id)
            issued = await rows.of_interview(tx.session, interview_id)
            if not issued:
                raise Missing(_UNKNOWN)
            for link in issued:
                if link.revoked_at is None:
                    link.revoked_at = self._clock.now()
                    self._audit(tx, actor, "revoked", interview_id, link.id, reason=said)

    def _add(
        self, tx: Transaction, interview_id: uuid.UUID, connection: AtsConnection, generation: int, *, now: datetime
    ) -> None:
        until = now + timedelta(days=connection.settings.result_links.days)
        link = ResultLinkRow(
            id=new_id(),
            interview_id=interview_id,
            connection=connection.key,
            generation=generation,
            token_hash=self._links.result_fingerprint(self._links.result_token(interview_id, generation)),
            issued_at=now,
            expires_at=until,
        )
        tx.session.add(link)
        self._audit(tx, "system", "issued", interview_id, link.id, until=until.isoformat())

    def _made_here(self, link: ResultLinkRow) -> bool:
        """Whether its token can be told again; of one that was made with another secret key it cannot."""
        known = self._links.result_fingerprint(self._links.result_token(link.interview_id, link.generation))
        return hmac.compare_digest(link.token_hash, known)

    def _refusal(self, found: LinkedInterview) -> str | None:
        state = self._state(found.link, ordered=found.ordered)
        if state is not LinkState.OPEN:
            return state.value
        if found.interview.state is InterviewState.FINAL and found.result is None:
            return "deleted"
        return None

    def _giver(self, link: ResultLinkRow) -> AtsConnection | None:
        """Its connection, None where that gives no links now."""
        return next((one for one in self._connections.all() if one.key == link.connection and gives_links(one)), None)

    def _end(self, link: ResultLinkRow) -> datetime:
        """When it ends: as it was issued, and sooner where the file gives links less time now."""
        giver = self._giver(link)
        if giver is None:
            return link.expires_at
        return min(link.expires_at, link.issued_at + timedelta(days=giver.settings.result_links.days))

    def _state(self, link: ResultLinkRow, *, ordered: bool) -> LinkState:
        if link.revoked_at is not None:
            return LinkState.REVOKED
        if self._end(link) <= self._clock.now():
            return LinkState.EXPIRED
        if self._giver(link) is None:
            return LinkState.CLOSED
        return LinkState.OPEN if ordered else LinkState.CANCELLED

    def _item(self, listed: rows.ListedLink) -> ResultLinkItem:
        link = listed.link
        return ResultLinkItem(
            id=link.id,
            connection=link.connection,
            state=self._state(link, ordered=listed.ordered),
            audit_ref=listed.audit_ref,
            issued_at=link.issued_at,
            expires_at=self._end(link),
            revoked_at=link.revoked_at,
        )

    async def _shared(self, session: AsyncSession, found: LinkedInterview) -> SharedResult:
        """What the ATS was told; while a stop holds what it would be told, no end and no result."""
        link, interview = found.link, found.interview
        final = interview.state is InterviewState.FINAL
        stop = await stops.holding(session, connection=link.connection, program=interview.program_key)
        untold = stop is not None or (final and not found.told)
        result = None if untold else found.result
        giver = self._giver(link)
        in_full = giver is not None and giver.settings.fields.completion is not None and not found.ours
        shared = SharedResult(
            completion=completion_said(interview, untold=untold, in_full=in_full),
            outdated=found.outdated,
            full=_full_page(interview, result),
            expires_at=self._end(link),
        )
        if found.outdated or not final or result is None:
            return shared
        return structs.replace(
            shared,
            band_label=result.band_label,
            subscores=tuple((subscore.name, subscore.text) for subscore in result.subscores),
            bullets=tuple(bullet.text for bullet in result.bullets),
            audit_ref=result.audit_ref,
        )

    def _audit(
        self, tx: Transaction, actor: str, verb: str, interview_id: uuid.UUID, link_id: uuid.UUID, **facts: object
    ) -> None:
        tx.audit(
            AuditEvent(
                at=self._clock.now(),
                actor=actor,
                tag=f"{actor.partition(':')[0]}:result-link:{verb}",
                subject=str(interview_id),
                details={"link": link_id.hex, **facts},
            )
        )


def gives_links(connection: AtsConnection) -> bool:
    """Whether orders of a connection are told with links that open without an account: its file says, or its vendor.

    Never where it takes no orders any more.
    """
    asked = connection.settings.result_links.reachable
    return connection.desk is not None and (connection.adapter.manifest.reachable_results if asked is None else asked)


def completion_said(interview: InterviewRow, *, untold: bool, in_full: bool) -> Completion:
    """How far an interview is, in the words that its ATS has of it.

    ``in_full`` where the ATS has the completion field; else it has what orders are told, which is less. ``untold`` where an
    end is not to be said yet. That somebody asked for an alternative is never said: not every ATS is told that with an order.
    """
    if not in_full:
        return _begun(interview) if untold else _WORDS[progress(interview)]
    match interview.state:
        case InterviewState.HANDED_OVER if not untold:
            return Completion.NOT_SCORED
        case InterviewState.PAUSED:
            return _so_far(interview)
        case state:
            return _so_far(interview) if untold else COMPLETION[state]


def _so_far(interview: InterviewRow) -> Completion:
    return Completion.IN_REVIEW if interview.submitted_at else _begun(interview)


def _begun(interview: InterviewRow) -> Completion:
    return Completion.IN_PROGRESS if interview.consented_at else Completion.INVITED


def _full_page(interview: InterviewRow, result: Result | None) -> str:
    if result is not None:
        return f"/results/{result.audit_ref}"
    if interview.state is InterviewState.IN_REVIEW:
        return f"/review/applications/{interview.application_id}"
    return f"/operations/applications/{interview.application_id}"
