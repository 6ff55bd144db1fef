"""Cases that wait longer than they should: administrators are told by mail, of each case once.

The time is planned together with the case, as work that outlives every restart. Who decided, or had the candidate asked
again, before it comes hears nothing of it.
"""

import time
import uuid
from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.config.schema import Configuration
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.scoring import CaseRow, CaseState
from orchestrator.db.repositories import credential_warnings as people
from orchestrator.db.repositories import interviews, reopenings, review_desk, scoring
from orchestrator.db.session import Database
from orchestrator.domain.audit import AuditEvent
from orchestrator.mail.review_mail import CASE_OVERDUE, OverdueContext, render_overdue
from orchestrator.ports import Clock, Mail, Mailer
from orchestrator.services.exchange import HELD_FOR
from orchestrator.services.review_kinds import CaseOverdue, TellOfCase
from orchestrator.services.steps import SYSTEM
from orchestrator.work.job import Handler, Job
from orchestrator.work.limits import keep_lease
from orchestrator.work.outcome import Done, LeaseLost, Outcome, Retry
from orchestrator.work.payload import Payload
from orchestrator.work.queue import enqueue
from orchestrator.work.stops import refuse_if_stopped

SOON = 60.0
"""Seconds until it is looked again where somebody has decided, and can still take it back."""

CONTACT = "contact"
"""Who is told, in keys and in the audit log, where there is no administrator: the contact of evenhand.yaml."""


class _Waiting(NamedTuple):
    """A case that is open, with its interview. ``held``: it is about to be decided."""

    case: CaseRow
    interview: InterviewRow
    held: bool


class Overdue:
    """Finds out who is to be told, and tells them."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        configuration: Configuration,
        mailer: Mailer,
        base_url: str,
        mail_domain: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._configuration = configuration
        self._mailer = mailer
        self._base_url = base_url
        self._domain = mail_domain

    def handlers(self) -> Mapping[type[Payload], Handler]:
        """The handlers of its work."""
        return {CaseOverdue: self.look, TellOfCase: self.tell}

    async def look(self, payload: CaseOverdue, job: Job) -> Outcome | None:
        """Plan a mail to each administrator, if the case still waits."""
        async with self._database.reading() as session:
            waiting = await _waiting(session, payload.case_id)
            to: list[uuid.UUID | None] = [one.id for one in await people.administrators(session)]
        if waiting is None:
            return Done()
        if waiting.held:
            return Retry(reason="somebody has decided, and can still take it back", after=SOON, counted=False)
        early = (waiting.case.due_at - self._clock.now()).total_seconds()
        if early > 0:
            # The clock of the database, by which work is planned, is ahead of ours.
            return Retry(reason="it is not due yet", after=early, counted=False)
        async with job.finish() as tx:
            for account_id in to or [None]:
                await enqueue(
                    tx,
                    TellOfCase(case_id=payload.case_id, account_id=account_id),
                    dedupe=f"case-told:{payload.case_id}:{_account(account_id)}",
                    subject=f"interview:{waiting.interview.id}",
                )
        return None

    async def tell(self, payload: TellOfCase, job: Job) -> Outcome | None:
        """Send one mail, unless the case was decided meanwhile.

        SMTP cannot say whether a message was taken before a crash, so every attempt looks first, where it can.

        Raises:
            Stopped: somebody stopped everything, the connection or the program by hand; it waits.
            LeaseLost: the work was taken over or cancelled meanwhile.
        """
        async with self._database.reading() as session:
            waiting = await _waiting(session, payload.case_id)
            to = await self._recipient(session, payload.account_id)
            overdue = await review_desk.overdue(session, now=self._clock.now())
        if waiting is None or to is None:
            return Done()
        mail = self._mail(waiting, to, payload, others=max(0, overdue.cases - 1))
        if not await self._mailer.accepted(mail.message_id):
            made_sure = time.monotonic()
            async with self._database.transaction() as tx:
                await refuse_if_stopped(
                    tx.session,
                    connection=waiting.interview.application.connection,
                    program=waiting.interview.program_key,
                )
                if not await keep_lease(tx, job.held, seconds=HELD_FOR):
                    raise LeaseLost(f"{job.kind} {job.id} is no longer held by this worker")
            await self._mailer.send(mail, confirm=partial(job.hold_again, made_sure))
        async with job.finish() as tx:
            details: dict[str, object] = {"case": payload.case_id.hex, "account": _account(payload.account_id)}
            subject = str(waiting.interview.id)
            tx.audit(
                AuditEvent(
                    at=self._clock.now(), actor=SYSTEM, tag="system:case:overdue", subject=subject, details=details
                )
            )
        return None

    async def _recipient(self, session: AsyncSession, account_id: uuid.UUID | None) -> tuple[str, str] | None:
        if account_id is None:
            company = self._configuration.company
            return company.contact_name, company.contact_email
        found = await people.administrator(session, account_id)
        return (found.name, found.email) if found else None

    def _mail(self, waiting: _Waiting, to: tuple[str, str], payload: TellOfCase, *, others: int) -> Mail:
        name, address = to
        written = render_overdue(
            OverdueContext(
                employer=self._configuration.company.name,
                program=waiting.interview.program.title,
                job_title=waiting.interview.application.job_title,
                link=f"{self._base_url}/review/{payload.case_id}",
                opened_at=waiting.case.opened_at,
                due_at=waiting.case.due_at,
                first_name=name,
                others=others,
            )
        )
        return Mail(
            message_id=f"<{payload.case_id.hex}.{CASE_OVERDUE}.{_account(payload.account_id)}@{self._domain}>",
            to=address,
            to_name=name,
            subject=written.subject,
            text=written.text,
            html=written.html,
        )


async def _waiting(session: AsyncSession, case_id: uuid.UUID) -> _Waiting | None:
    case = await scoring.case_by_id(session, case_id)
    interview = await interviews.by_id(session, case.interview_id) if case else None
    if case is None or interview is None or case.state is not CaseState.OPEN:
        return None
    held = (await review_desk.live(session, case_id)).held is not None
    return _Waiting(case, interview, held or bool(await reopenings.held_in(session, [case_id])))


def _account(account_id: uuid.UUID | None) -> str:
    return CONTACT if account_id is None else account_id.hex
