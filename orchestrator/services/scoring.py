"""Scoring: blind the transcript, have it graded, verify every quote, and say whether a person must decide."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from functools import reduce

from msgspec import to_builtins

from orchestrator.db.base import new_id
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.scoring import ResultRow, ScorecardRow
from orchestrator.db.repositories import interviews, spending
from orchestrator.db.session import Database, Transaction
from orchestrator.domain.audit import AuditEvent
from orchestrator.domain.conformal import CalibrationSet
from orchestrator.domain.interview import Command, Finalise, InterviewState, SendToReview
from orchestrator.domain.result import Finality, result_of
from orchestrator.domain.scoring import Scorecard, Usage
from orchestrator.domain.transcript import Transcript
from orchestrator.domain.uncertainty import ReviewReason, review_reasons
from orchestrator.errors import GradingFailed
from orchestrator.grading.budget import added, usage_of
from orchestrator.ports import Clock, Grader
from orchestrator.services.judging import Judgement, Spoken, judge, ungraded
from orchestrator.services.kinds import ScoreInterview
from orchestrator.services.links import LinkMaker
from orchestrator.services.steps import SYSTEM, Steps
from orchestrator.work.job import Job
from orchestrator.work.outcome import Done, Outcome
from rubrics.loader import from_snapshot
from rubrics.schema import Rubric

MODEL_ATTEMPTS = 5
"""After so many tries a person decides without the machine: the candidate must not wait for a model."""


class Scoring:
    """Turns submitted transcripts into scorecards."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        grader: Grader,
        samples: int,
        steps: Steps,
        links: LinkMaker,
        calibrations: Sequence[CalibrationSet] = (),
    ) -> None:
        self._database = database
        self._clock = clock
        self._grader = grader
        self._samples = samples
        self._steps = steps
        self._links = links
        self._calibrations = calibrations

    async def score(self, payload: ScoreInterview, job: Job) -> Outcome | None:
        """Grade one interview. The model is asked outside any transaction."""
        async with self._database.reading() as session:
            interview = await interviews.by_id(session, payload.interview_id)
            if interview is None or not _awaits(interview, payload):
                return Done()
            transcript = await interviews.transcript(session, interview.id)
            rubric = from_snapshot(await interviews.rubric_content(session, interview.rubric_hash))
            spent = reduce(added, await spending.spent_in_vain(session, interview.id, round_=interview.round), Usage())
        judgement = await self._judged(interview, _spoken(interview, rubric, transcript), job, spent)
        reasons = review_reasons(
            judgement.card, rubric, interview.program.review, judgement.flags, calibrations=self._calibrations
        )
        async with job.finish() as tx:
            current = await interviews.by_id(tx.session, interview.id, lock=True)
            if current is not None and _awaits(current, payload):
                await self._settle(tx, current, rubric, judgement.card, reasons)
        return None

    async def _judged(self, interview: InterviewRow, spoken: Spoken, job: Job, spent: Usage) -> Judgement:
        """Judge an interview; an empty card where grading failed for good, or for the last time.

        ``spent`` is what earlier tries took in vain; what this one takes in vain is kept for the next.
        """
        try:
            return await judge(self._grader, spoken, samples=self._samples, spent=spent)
        except GradingFailed as error:
            taken = usage_of(error)
            if not error.retryable or job.attempt >= MODEL_ATTEMPTS:
                return ungraded(self._grader, spoken, spent=added(spent, taken))
            if taken.requests:
                await self._note_spent(interview, job, taken)
            raise

    async def _note_spent(self, interview: InterviewRow, job: Job, taken: Usage) -> None:
        details = {"round": interview.round, "attempt": job.attempt, "usage": to_builtins(taken)}
        async with self._database.transaction() as tx:
            tx.audit(
                AuditEvent(
                    at=self._clock.now(), actor=SYSTEM, tag=spending.FAILED, subject=str(interview.id), details=details
                )
            )

    async def _settle(
        self,
        tx: Transaction,
        interview: InterviewRow,
        rubric: Rubric,
        card: Scorecard,
        reasons: tuple[ReviewReason, ...],
    ) -> None:
        now = self._clock.now()
        scorecard = ScorecardRow(
            id=new_id(),
            interview_id=interview.id,
            revision=interview.round,
            created_at=now,
            card=card,
            reasons=[reason.value for reason in reasons],
        )
        tx.session.add(scorecard)
        await tx.session.flush()
        details = {
            "scorecard": scorecard.id.hex,
            "rubric": card.rubric_hash,
            "rater": card.rater.name,
            "prompt": card.rater.prompt_hash,
            "band": card.band,
            "reasons": [reason.value for reason in reasons],
        }
        tx.audit(
            AuditEvent(at=now, actor=SYSTEM, tag="system:interview:scored", subject=str(interview.id), details=details)
        )
        command: Command = SendToReview(tuple(reason.value for reason in reasons))
        if not reasons:
            store_result(
                tx, interview, rubric, scorecard, finality=Finality.POLICY, band=None, links=self._links, now=now
            )
            await tx.session.flush()
            command = Finalise()
        await self._steps.take(tx, interview, command, actor=SYSTEM, now=now)


def _spoken(interview: InterviewRow, rubric: Rubric, transcript: Transcript) -> Spoken:
    candidate = interview.application.candidate
    return Spoken(
        rubric=rubric,
        rubric_hash=interview.rubric_hash,
        plan=interview.plan,
        transcript=transcript,
        names=(candidate.first_name, candidate.last_name),
        contacts=(*candidate.emails, *candidate.phones),
    )


def store_result(
    tx: Transaction,
    interview: InterviewRow,
    rubric: Rubric,
    scorecard: ScorecardRow,
    *,
    finality: Finality,
    band: str | None,
    links: LinkMaker,
    now: datetime,
) -> None:
    """Store the final result that the write-back will carry."""
    audit_ref = f"EH-{uuid.uuid4().hex[:20].upper()}"
    result = result_of(
        scorecard.card,
        rubric,
        revision=scorecard.revision,
        finality=finality,
        band=band,
        link=links.result(audit_ref),
        audit_ref=audit_ref,
    )
    tx.session.add(
        ResultRow(
            id=new_id(),
            interview_id=interview.id,
            revision=scorecard.revision,
            scorecard_id=scorecard.id,
            finality=finality,
            audit_ref=audit_ref,
            result=result,
            created_at=now,
        )
    )


def _awaits(interview: InterviewRow, payload: ScoreInterview) -> bool:
    return interview.state is InterviewState.SUBMITTED and interview.round == payload.round
