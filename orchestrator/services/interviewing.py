"""The candidate's side: read the notice, consent, answer, hand in, ask for a person, withdraw."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.config.schema import Configuration
from orchestrator.db.models.interview import ConsentRow, DraftRow, InterviewRow
from orchestrator.db.repositories import follow_ups, interviews
from orchestrator.db.session import Database, Transaction
from orchestrator.domain.followups import limit_of
from orchestrator.domain.interview import (
    Alternative,
    AskForAlternative,
    Command,
    Consent,
    Expire,
    InterviewState,
    Submit,
    Withdraw,
    allowed,
)
from orchestrator.domain.notice import Notice, NoticeFacts, notice
from orchestrator.errors import InputInvalid, Missing, RequestRefused, Stale
from orchestrator.grading.followup import Chooser, EmbeddedChooser
from orchestrator.ports import Clock
from orchestrator.services.asking import (
    Asking,
    Decisions,
    asked_of,
    follow_up_views,
    is_settled,
    keys_of,
    transcript_of,
)
from orchestrator.services.candidate_views import CandidateView, QuestionView
from orchestrator.services.kinds import ExpireInterview
from orchestrator.services.links import LinkMaker
from orchestrator.services.steps import SYSTEM, Steps
from orchestrator.services.views import NoticeSection, NoticeView
from orchestrator.work.job import Job
from orchestrator.work.outcome import Done, Outcome
from orchestrator.work.stops import refuse_if_stopped
from rubrics.loader import from_snapshot
from rubrics.schema import Probe, Rubric

MAX_ANSWER = 8000
MAX_MESSAGE = 2000
CANDIDATE = "candidate"


class Saved(Struct, frozen=True):
    """When an answer was saved, and the revision that it has now."""

    at: datetime
    revision: int


class Interviewing:
    """What a candidate's link can do. Reading changes nothing; every change is a step of the state machine or a draft."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        configuration: Configuration,
        steps: Steps,
        links: LinkMaker,
        chooser: Chooser | None = None,
    ) -> None:
        self._links = links
        self._database = database
        self._clock = clock
        self._configuration = configuration
        self._steps = steps
        self._asking = Asking(database=database, clock=clock, chooser=chooser or EmbeddedChooser())

    async def view(self, token: str) -> CandidateView:
        """The interview as its candidate sees it.

        Raises:
            Missing: unknown or revoked link.
        """
        async with self._database.reading() as session:
            interview_id = await interviews.id_by_token(session, self._links.fingerprint(token))
            interview = await interviews.by_id(session, interview_id) if interview_id else None
            if interview is None:
                raise Missing(_UNKNOWN_LINK)
            drafts = await interviews.drafts(session, interview.id)
            decisions = await _decisions(session, interview)
            rubric = from_snapshot(await interviews.rubric_content(session, interview.rubric_hash))
        company, shown = self._configuration.company, self._notice(interview)
        due = timedelta(hours=interview.program.review.due_hours)
        return CandidateView(
            interview_id=interview.id,
            state=self._state(interview),
            employer=company.name,
            job_title=interview.application.job_title,
            first_name=interview.application.candidate.first_name,
            contact_name=company.contact_name,
            contact_email=company.contact_email,
            minutes=round(interview.plan.minutes),
            questions=_questions(interview, rubric, drafts, decisions),
            practice_text=rubric.practice.text,
            practice_hint=rubric.practice.hint,
            notice=NoticeView(
                version=shown.version,
                hash=shown.hash,
                summary=shown.summary,
                sections=tuple(NoticeSection(s.heading, s.paragraphs) for s in shown.sections),
            ),
            expires_at=interview.expires_at,
            submitted_at=interview.submitted_at,
            answer_by=interview.submitted_at + due if interview.submitted_at else None,
            alternative_open=interview.state is InterviewState.PAUSED,
            # Nobody can hand in without an answer: where none is left, retention has removed them.
            answers_removed=interview.submitted_at is not None and not drafts,
        )

    async def consent(self, token: str, *, notice_hash: str) -> None:
        """Agree to the notice as it was shown.

        Raises:
            Stale: the notice changed since, or the interview has moved on.
        """
        async with self._database.transaction() as tx:
            interview = await self._locked(tx, token)
            shown = self._notice(interview)
            if notice_hash != shown.hash:
                raise Stale("What we tell you about this interview changed a moment ago. Please read it once more.")
            if interview.state is InterviewState.IN_PROGRESS:
                return
            await self._take(tx, interview, Consent(notice_hash))
            tx.session.add(
                ConsentRow(
                    interview_id=interview.id,
                    notice_version=shown.version,
                    notice_hash=shown.hash,
                    notice_text=shown.text,
                    agreed_at=self._clock.now(),
                )
            )

    async def save(self, token: str, question_id: str, text: str, *, revision: int | None) -> Saved:
        """Keep an answer that was written on top of a revision (0: none yet); the same text again changes nothing.

        Raises:
            InputInvalid: longer than 8,000 characters, or no such question.
            RequestRefused: no revision was given.
            Stale: another text was saved meanwhile, the answers were handed in, or the link ran out.
        """
        if len(text) > MAX_ANSWER:
            message = f"Please keep your answer under {MAX_ANSWER:,} characters. It has {len(text):,} now."
            raise InputInvalid(message, fields={"answer": message})
        now = self._clock.now()
        async with self._database.transaction() as tx:
            interview = await self._locked(tx, token)
            if self._state(interview) is not InterviewState.IN_PROGRESS:
                raise Stale("Answers can no longer be changed here. Your earlier answers are safe.")
            if question_id not in keys_of(interview.plan, await _decisions(tx.session, interview)):
                raise InputInvalid("There is no such question in this interview.")
            if revision is None:
                raise RequestRefused("The answer does not say which saved answer it replaces. Load the page again.")
            plain = _plain(text)
            kept = (await interviews.drafts(tx.session, interview.id)).get(question_id)
            if kept is not None and kept.text == plain:
                return Saved(kept.saved_at, kept.revision)
            saved = await interviews.save_draft(
                tx.session, interview_id=interview.id, question_id=question_id, text=plain, at=now, seen=revision
            )
        if saved is None:
            raise Stale("This answer was changed on another device or in another window.")
        return Saved(now, saved)

    async def follow_up(self, token: str, question_id: str) -> None:
        """Decide, after an answer was given, whether one more question is asked about it; twice is the same as once.

        Raises:
            Missing: unknown or revoked link.
        """
        async with self._database.reading() as session:
            interview_id = await interviews.id_by_token(session, self._links.fingerprint(token))
            interview = await interviews.by_id(session, interview_id) if interview_id else None
        if interview is None:
            raise Missing(_UNKNOWN_LINK)
        if interview.program.most_follow_ups and self._state(interview) is InterviewState.IN_PROGRESS:
            await self._asking.follow_up(interview, question_id)

    async def submit(self, token: str) -> None:
        """Hand the answers in; handing in twice is the same as once.

        Raises:
            InputInvalid: nothing at all was answered.
            Stale: the link ran out, or the interview has moved on.
        """
        async with self._database.transaction() as tx:
            interview = await self._locked(tx, token)
            if interview.submitted_at is not None and interview.state is not InterviewState.IN_PROGRESS:
                return
            # Before anything is said about the answers: whoever cannot hand in any more must not be asked for them.
            self._check(interview, Submit())
            drafts = await interviews.drafts(tx.session, interview.id)
            if not any(draft.text.strip() for draft in drafts.values()):
                raise InputInvalid("Please answer at least one question before you hand in. You can skip the others.")
            asked = await _asked(tx.session, interview)
            await interviews.keep_transcript(tx.session, interview.id, transcript_of(interview.plan, asked, drafts))
            await self._take(tx, interview, Submit())

    async def ask(self, token: str, kind: Alternative, message: str) -> None:
        """Ask for an adjustment or for a person. Asking again while a request is open changes nothing."""
        if len(message) > MAX_MESSAGE:
            text = f"Please keep your message under {MAX_MESSAGE:,} characters."
            raise InputInvalid(text, fields={"message": text})
        async with self._database.transaction() as tx:
            interview = await self._locked(tx, token)
            if interview.state is not InterviewState.PAUSED:
                await self._take(tx, interview, AskForAlternative(kind, _plain(message)))

    async def withdraw(self, token: str) -> None:
        """Withdraw; doing it twice is the same as once."""
        async with self._database.transaction() as tx:
            interview = await self._locked(tx, token)
            if interview.state is not InterviewState.WITHDRAWN:
                await self._take(tx, interview, Withdraw())

    async def expire(self, payload: ExpireInterview, job: Job) -> Outcome | None:
        """End the link of one round, if it is still open."""
        async with job.finish() as tx:
            interview = await interviews.by_id(tx.session, payload.interview_id, lock=True)
            if interview is None or interview.round != payload.round or not allowed(interview.state, Expire()):
                return Done()
            # The time of candidates who hear nothing does not run out; the end of the stop sets this timer anew.
            await refuse_if_stopped(
                tx.session, connection=interview.application.connection, program=interview.program_key
            )
            await self._steps.take(tx, interview, Expire(), actor=SYSTEM, now=self._clock.now())
        return None

    async def _locked(self, tx: Transaction, token: str) -> InterviewRow:
        interview_id = await interviews.id_by_token(tx.session, self._links.fingerprint(token))
        interview = await interviews.by_id(tx.session, interview_id, lock=True) if interview_id else None
        if interview is None:
            raise Missing(_UNKNOWN_LINK)
        return interview

    async def _take(self, tx: Transaction, interview: InterviewRow, command: Command) -> None:
        self._check(interview, command)
        await self._steps.take(
            tx, interview, command, actor=f"{CANDIDATE}:{_short(interview.id)}", now=self._clock.now()
        )

    def _check(self, interview: InterviewRow, command: Command) -> None:
        if self._state(interview) is InterviewState.EXPIRED and not allowed(InterviewState.EXPIRED, command):
            raise Stale("The time for this interview has run out. You can still ask us for more time.")
        if not allowed(interview.state, command):
            raise Stale("This interview has moved on since you opened the page. Please look again.")

    def _state(self, interview: InterviewRow) -> InterviewState:
        """The state to show: a link whose time is over is expired even before the timer has said so."""
        if allowed(interview.state, Expire()) and self._clock.now() >= interview.expires_at:
            return InterviewState.EXPIRED
        return interview.state

    def _notice(self, interview: InterviewRow) -> Notice:
        company, settings = self._configuration.company, self._configuration.notice
        return notice(
            NoticeFacts(
                version=settings.version,
                employer=company.name,
                job_title=interview.application.job_title,
                contact_name=company.contact_name,
                contact_email=company.contact_email,
                transcript_days=self._configuration.retention.transcripts,
                privacy_url=settings.privacy_url,
                extra=settings.extra,
                calibration=settings.calibration,
            )
        )


_UNKNOWN_LINK = "This link does not open anything any more. The newest mail from us has the right one."


async def _decisions(session: AsyncSession, interview: InterviewRow) -> Decisions:
    # Most programs ask no follow-ups: their pages need not look for any.
    return await follow_ups.decided(session, interview.id) if interview.program.most_follow_ups else {}


async def _asked(session: AsyncSession, interview: InterviewRow) -> Mapping[str, tuple[Probe, ...]]:
    decisions = await _decisions(session, interview)
    if not decisions:
        return {}
    return asked_of(from_snapshot(await interviews.rubric_content(session, interview.rubric_hash)), decisions)


def _questions(
    interview: InterviewRow, rubric: Rubric, drafts: Mapping[str, DraftRow], decisions: Decisions
) -> tuple[QuestionView, ...]:
    asked = asked_of(rubric, decisions)
    views = []
    for number, planned in enumerate(interview.plan.questions, start=1):
        draft, question = drafts.get(planned.id), rubric.question(planned.id)
        limit = limit_of(question, interview.program.most_follow_ups)
        views.append(
            QuestionView(
                id=planned.id,
                number=number,
                text=planned.text,
                why=planned.why,
                minutes=planned.minutes,
                answer=draft.text if draft else "",
                saved_at=draft.saved_at if draft else None,
                revision=draft.revision if draft else 0,
                follow_ups=follow_up_views(question, asked[planned.id], drafts),
                most_follow_ups=limit,
                decided=is_settled(decisions.get(planned.id, ()), limit),
            )
        )
    return tuple(views)


def _plain(text: str) -> str:
    """One kind of line end and no control characters: browsers send two, and quotes must be found as they were typed."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(character for character in lines if character >= " " or character in "\n\t")


def _short(interview_id: uuid.UUID) -> str:
    return interview_id.hex[-12:]
