"""Cases that wait longer than they should: administrators are told by mail, of each case once.

The time is planned together with the case, as work that outlives every restart. Who decided, or had the candidate asked
again, before it comes hears nothing of it.
"""

import uuid
from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.scoring import CaseKind, CaseRow, CaseState, HeldState
from orchestrator.db.repositories import adoptions, interviews, reopenings, review_desk, scoring
from orchestrator.db.session import Database
from orchestrator.domain.audit import AuditEvent
from orchestrator.mail.render import RenderedMail
from orchestrator.mail.review_mail import CASE_OVERDUE, OverdueContext, render_overdue
from orchestrator.ports import Clock
from orchestrator.services.review_kinds import CaseOverdue, TellOfCase
from orchestrator.services.steps import SYSTEM
from orchestrator.services.team_post import Recipient, TeamPost, account_key
from orchestrator.work.job import Handler, Job
from orchestrator.work.outcome import Done, Outcome, Retry
from orchestrator.work.payload import Payload
from orchestrator.work.queue import enqueue

SOON = 60.0
"""Seconds until it is looked again where somebody has decided, and can still take it back."""


class _Waiting(NamedTuple):
    """A case that is open, with its interview. ``held``: it is about to be decided."""

    case: CaseRow
    interview: InterviewRow
    held: bool


class Overdue:
    """Finds out who is to be told, and tells them."""

    def __init__(self, *, database: Database, clock: Clock, post: TeamPost) -> None:
        self._database = database
        self._clock = clock
        self._post = post

    def handlers(self) -> Mapping[type[Payload], Handler]:
        """The handlers of its work."""
        return {CaseOverdue: self.look, TellOfCase: self.tell}

    async def look(self, payload: CaseOverdue, job: Job) -> Outcome | None:
        """Plan a mail to each administrator, if the case still waits."""
        async with self._database.reading() as session:
            waiting = await _waiting(session, payload.case_id)
            to = await self._post.everybody(session)
        if waiting is None:
            return Done()
        if waiting.held:
            return Retry(reason="somebody has decided, and can still take it back", after=SOON, counted=False)
        early = (waiting.case.due_at - self._clock.now()).total_seconds()
        if early > 0:
            # The clock of the database, by which work is planned, is ahead of ours.
            return Retry(reason="it is not due yet", after=early, counted=False)
        async with job.finish() as tx:
            for account_id in to:
                await enqueue(
                    tx,
                    TellOfCase(case_id=payload.case_id, account_id=account_id),
                    dedupe=f"case-told:{payload.case_id}:{account_key(account_id)}",
                    subject=f"interview:{waiting.interview.id}",
                )
        return None

    async def tell(self, payload: TellOfCase, job: Job) -> Outcome | None:
        """Send one mail, unless the case was decided meanwhile.

        Raises:
            Stopped: somebody stopped everything, the connection or the program by hand; it waits.
            LeaseLost: the work was taken over or cancelled meanwhile.
        """
        async with self._database.reading() as session:
            waiting = await _waiting(session, payload.case_id)
            to = await self._post.recipient(session, payload.account_id)
            overdue = await review_desk.overdue(session, now=self._clock.now())
        if waiting is None or to is None:
            return Done()
        interview = waiting.interview
        await self._post.hand_over(
            f"{payload.case_id.hex}.{CASE_OVERDUE}.{account_key(payload.account_id)}",
            to,
            self._written(waiting, to, others=max(0, overdue.cases - 1)),
            job,
            connection=interview.application.connection,
            program=interview.program_key,
        )
        async with job.finish() as tx:
            details: dict[str, object] = {"case": payload.case_id.hex, "account": account_key(payload.account_id)}
            subject = str(waiting.interview.id)
            tx.audit(
                AuditEvent(
                    at=self._clock.now(), actor=SYSTEM, tag="system:case:overdue", subject=subject, details=details
                )
            )
        return None

    def _written(self, waiting: _Waiting, to: Recipient, *, others: int) -> RenderedMail:
        return render_overdue(
            OverdueContext(
                employer=self._post.employer,
                program=waiting.interview.program.title,
                job_title=waiting.interview.application.job_title,
                link=f"{self._post.base_url}/review/{waiting.case.id}",
                opened_at=waiting.case.opened_at,
                due_at=waiting.case.due_at,
                first_name=to.name,
                others=others,
            )
        )


async def _waiting(session: AsyncSession, case_id: uuid.UUID) -> _Waiting | None:
    case = await scoring.case_by_id(session, case_id)
    interview = await interviews.by_id(session, case.interview_id) if case else None
    if case is None or interview is None or case.state is not CaseState.OPEN:
        return None
    held = (await review_desk.live(session, case_id)).held is not None
    reading = await adoptions.live(session, interview.id) if case.kind is CaseKind.RESULT else None
    held = held or (reading is not None and reading.state is HeldState.HELD)
    return _Waiting(case, interview, held or bool(await reopenings.held_in(session, [case_id])))
