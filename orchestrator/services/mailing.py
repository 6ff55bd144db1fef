"""Mail to candidates: written when it is sent, so that it says what is true then, and sent once."""

import time
from datetime import datetime, timedelta
from functools import partial

from orchestrator.config.schema import Configuration
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.repositories import interviews
from orchestrator.db.session import Database
from orchestrator.domain.audit import AuditEvent
from orchestrator.domain.interview import OPEN_TO_CANDIDATE, InterviewState
from orchestrator.mail.render import MailContext, MailName, render
from orchestrator.ports import Clock, Mail, Mailer
from orchestrator.services.exchange import HELD_FOR
from orchestrator.services.kinds import SendMail
from orchestrator.services.links import LinkMaker
from orchestrator.services.steps import SYSTEM
from orchestrator.work.job import Job
from orchestrator.work.limits import keep_lease
from orchestrator.work.outcome import Done, LeaseLost, Outcome
from orchestrator.work.stops import refuse_if_stopped

NEEDS_OPEN = frozenset({MailName.INVITATION, MailName.REMINDER, MailName.CONTINUED, MailName.ASKED_AGAIN})
THANKED = frozenset({InterviewState.SUBMITTED, InterviewState.IN_REVIEW, InterviewState.FINAL, InterviewState.CLOSED})


class Mailing:
    """Sends what the work table says."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        mailer: Mailer,
        configuration: Configuration,
        links: LinkMaker,
        mail_domain: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._mailer = mailer
        self._configuration = configuration
        self._links = links
        self._domain = mail_domain

    async def send(self, payload: SendMail, job: Job) -> Outcome | None:
        """Send one mail, unless it is no longer true: another round began, or nothing is open any more.

        SMTP cannot say whether a message was taken before a crash, so every attempt looks first, where it can.
        """
        name = MailName(payload.template)
        async with self._database.reading() as session:
            interview = await interviews.by_id(session, payload.interview_id)
        if interview is None or interview.round != payload.round:
            return Done()
        if not _still_true(interview, name, now=self._clock.now()) or self._overtaken(interview, name, payload.number):
            return Done()
        mail = self._write(interview, name, payload)
        if mail is None:
            return Done()
        if not await self._mailer.accepted(mail.message_id):
            made_sure = time.monotonic()
            if not await self._ready(interview, name, job):
                return Done()
            await self._mailer.send(mail, confirm=partial(job.hold_again, made_sure))
        async with job.finish() as tx:
            details = {"template": name.value, "round": payload.round, "number": payload.number}
            subject = str(payload.interview_id)
            tx.audit(
                AuditEvent(at=self._clock.now(), actor=SYSTEM, tag="system:mail:sent", subject=subject, details=details)
            )
        return None

    async def _ready(self, interview: InterviewRow, name: MailName, job: Job) -> bool:
        """Make sure that the work is ours and that the link of the mail opens; False where it would not be true any more.

        With a new secret key the link is another one than at the last mail.

        Raises:
            LeaseLost: the work was taken over or cancelled meanwhile.
            Stopped: somebody stopped everything, the connection or the program by hand.
        """
        now = self._clock.now()
        async with self._database.transaction() as tx:
            await refuse_if_stopped(
                tx.session, connection=interview.application.connection, program=interview.program_key
            )
            if name in NEEDS_OPEN:
                current = await interviews.by_id(tx.session, interview.id, lock=True)
                if current is None or current.round != interview.round or not _still_true(current, name, now=now):
                    return False
                token = self._links.token(interview.id, interview.round)
                await interviews.keep_link(
                    tx.session,
                    interview_id=interview.id,
                    token_hash=self._links.fingerprint(token),
                    round_=interview.round,
                    at=now,
                )
            if not await keep_lease(tx, job.held, seconds=HELD_FOR):
                raise LeaseLost(f"{job.kind} {job.id} is no longer held by this worker")
        return True

    def _overtaken(self, interview: InterviewRow, name: MailName, number: int) -> bool:
        """After an outage two reminders can be due at once: the later one says all, the earlier one would be noise."""
        policy = interview.program.invitation
        if name is not MailName.REMINDER or number >= len(policy.reminder_hours):
            return False
        days = policy.valid_days if interview.round == 1 else policy.extension_days
        began = interview.expires_at - timedelta(days=days)
        return self._clock.now() >= began + timedelta(hours=policy.reminder_hours[number])

    def _write(self, interview: InterviewRow, name: MailName, payload: SendMail) -> Mail | None:
        candidate = interview.application.candidate
        if not candidate.emails:
            return None
        company = self._configuration.company
        due = timedelta(hours=interview.program.review.due_hours)
        context = MailContext(
            employer=company.name,
            job_title=interview.application.job_title,
            link=self._links.candidate(interview.id, interview.round),
            first_name=candidate.first_name,
            minutes=round(interview.plan.minutes),
            question_count=len(interview.plan.questions),
            expires_at=interview.expires_at,
            contact_name=company.contact_name,
            contact_email=company.contact_email,
            answer_by=(interview.submitted_at or self._clock.now()) + due,
            number=max(1, payload.number),
        )
        written = render(name, context)
        return Mail(
            message_id=f"<{interview.id.hex}.{name.value}.{payload.round}.{payload.number}@{self._domain}>",
            to=candidate.emails[0],
            to_name=f"{candidate.first_name} {candidate.last_name}".strip(),
            subject=written.subject,
            text=written.text,
            html=written.html,
        )


def _still_true(interview: InterviewRow, name: MailName, *, now: datetime) -> bool:
    if name in NEEDS_OPEN:
        # A timer can be late: a link whose time is over is not advertised, though its expiry has not run yet.
        return interview.state in OPEN_TO_CANDIDATE and now < interview.expires_at
    if name is MailName.ALTERNATIVE_RECEIVED:
        return interview.state is InterviewState.PAUSED
    # Thanks that were overtaken: whoever withdrew gets nothing more, whoever asked for a person reads of no AI.
    return interview.state in THANKED
