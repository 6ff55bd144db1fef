"""Scoring stored transcripts again, with a newer rubric or another grader: beside the result, never over it.

Nothing is written to an ATS and no case is opened: what comes out stands beside the result for people to read. Each
interview is read outside any transaction and stored in one of its own, so that what was paid for is kept.
"""

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence

from msgspec import Struct, to_builtins

from orchestrator.db.base import new_id
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.rescoring import RescoringRow
from orchestrator.db.models.scoring import ScorecardRow
from orchestrator.db.repositories import interviews, rescorings, scoring
from orchestrator.db.session import Database
from orchestrator.domain.audit import AuditEvent
from orchestrator.domain.conformal import CalibrationSet
from orchestrator.domain.explainer import Explanation, explain
from orchestrator.domain.result_parts import Read
from orchestrator.domain.scoring import Scorecard
from orchestrator.domain.transcript import Transcript
from orchestrator.domain.uncertainty import ReviewReason, review_reasons
from orchestrator.errors import GradingFailed, InputInvalid, Missing
from orchestrator.grading.budget import usage_of
from orchestrator.ports import Clock, Grader
from orchestrator.services.judging import Spoken, judge
from orchestrator.services.rescoring.adopting import Adopting
from orchestrator.services.rescoring.checks import BLIND, hindrance, hindrance_of, standing
from orchestrator.services.rescoring.views import RescoringView, adoption_view, later, override_view
from orchestrator.services.views import Account
from rubrics.loader import from_snapshot, snapshot
from rubrics.schema import Rubric, content_hash

_HASH_LENGTH = 64


class Rescored(Struct, frozen=True, kw_only=True):
    """One transcript that was read again: the card of the result, the new one, and which change moved it."""

    interview_id: uuid.UUID
    rubric: str
    version: str
    rater: str
    card: Scorecard
    reasons: tuple[str, ...]
    explanation: Explanation


class _Reading(Struct, frozen=True):
    card: Scorecard
    reasons: tuple[ReviewReason, ...]


class _Stored(Struct, frozen=True):
    interview: InterviewRow
    scorecard: ScorecardRow
    rubric: Rubric
    transcript: Transcript


class Rescoring:
    """Reads stored transcripts again."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        grader: Grader,
        rubrics: Mapping[str, Rubric],
        adopting: Adopting,
        samples: int = 1,
        calibrations: Sequence[CalibrationSet] = (),
    ) -> None:
        self.adopting = adopting
        self._database = database
        self._clock = clock
        self._grader = grader
        self._rubrics = rubrics
        self._samples = samples
        self._calibrations = calibrations

    async def of_program(self, program: str) -> Sequence[uuid.UUID]:
        """The interviews of a program that can be read again: scored, in review or final, their words still held."""
        async with self._database.reading() as session:
            return await rescorings.readable(session, program=program)

    async def rubric(self, reference: str) -> Rubric:
        """A rubric by its id, or by the content hash of one that was used before.

        Raises:
            Missing: there is neither.
        """
        if reference in self._rubrics:
            return self._rubrics[reference]
        if len(reference) == _HASH_LENGTH:
            async with self._database.reading() as session:
                content = await rescorings.snapshot_of(session, reference)
            if content is not None:
                return from_snapshot(content)
        raise Missing(
            f"There is no rubric {reference!r}: give the id of one, or the content hash of one that was used."
        )

    async def rescore(
        self, interview_ids: Sequence[uuid.UUID], rubric: Rubric | None, *, actor: str, keep: bool = True
    ) -> AsyncIterator[Rescored]:
        """Read one transcript after the other; each is yielded as soon as it is read, and stored.

        ``rubric`` None: the one that each interview was planned with, by the grader of today. ``keep`` False: nothing is
        stored but who read it, in the audit chain.

        Raises:
            Missing: there is no such interview, or it cannot be read again.
            InputInvalid: the rubric asks none of the questions that were asked.
            GradingFailed: the grader gave nothing usable; what was yielded before is kept.
        """
        for interview_id in interview_ids:
            stored = await self._stored(interview_id)
            chosen = rubric or stored.rubric
            reading = await self._paid(stored, chosen, actor=actor)
            if keep:
                await self._keep(stored, chosen, reading, actor=actor)
            else:
                await self._log(interview_id, "system:interview:reread", actor)
            before = Read(card=stored.scorecard.card, rubric=stored.rubric)
            yield Rescored(
                interview_id=interview_id,
                rubric=chosen.id,
                version=chosen.version,
                rater=reading.card.rater.name,
                card=reading.card,
                reasons=tuple(reason.value for reason in reading.reasons),
                explanation=explain(before, Read(card=reading.card, rubric=chosen)),
            )

    async def view(self, interview_id: uuid.UUID, *, viewer: Account) -> RescoringView:
        """What was read again of one interview. Who looks is kept in the audit chain.

        Raises:
            Missing: there is no such interview, or it was never scored.
        """
        async with self._database.reading() as session:
            interview = await interviews.by_id(session, interview_id)
            scorecard = await scoring.latest_scorecard(session, interview_id)
            if interview is None or scorecard is None:
                raise Missing("There is no such interview, or it was never scored.")
            rows = await rescorings.of_interview(session, interview_id)
            hashes = {scorecard.card.rubric_hash, *(row.rubric_hash for row in rows)}
            known = {one: from_snapshot(await interviews.rubric_content(session, one)) for one in hashes}
            found = await standing(session, interview)
            none_of_them = await hindrance(session, interview, found, viewer=viewer) or ""
            hindered = {
                row.id: await hindrance_of(session, interview, found, row, known[row.rubric_hash]) or "" for row in rows
            }
        await self._log(interview_id, "account:rescoring:viewed", f"account:{viewer.id}")
        before = Read(card=scorecard.card, rubric=known[scorecard.card.rubric_hash])
        blind = none_of_them == BLIND
        if blind:
            rows = ()
        return RescoringView(
            hindrance=none_of_them,
            override=None if blind else override_view(found, before.rubric),
            interview_id=interview_id,
            application_id=interview.application_id,
            rubric=before.rubric.id,
            version=before.rubric.version,
            rater=before.card.rater.name,
            readings=tuple(
                later(row, before, known[row.rubric_hash], adoption_view(row, found, viewer), hindered[row.id])
                for row in rows
            ),
        )

    async def _stored(self, interview_id: uuid.UUID) -> _Stored:
        async with self._database.reading() as session:
            interview = await interviews.by_id(session, interview_id)
            if interview is None or interview.state not in rescorings.READ_AGAIN:
                raise Missing(f"There is no interview {interview_id} in review or final.")
            scorecard = await scoring.latest_scorecard(session, interview_id)
            transcript = await interviews.transcript(session, interview_id)
            if scorecard is None or not transcript.turns:
                raise Missing(f"Of the interview {interview_id}, there is no score or its words were removed.")
            rubric = from_snapshot(await interviews.rubric_content(session, scorecard.card.rubric_hash))
        return _Stored(interview, scorecard, rubric, transcript)

    async def _read(self, stored: _Stored, rubric: Rubric) -> _Reading:
        asked = {turn.question_id for turn in stored.transcript.turns}
        if not asked & {question.id for question in rubric.questions}:
            raise InputInvalid(f"The rubric {rubric.id} {rubric.version} asks none of the questions that were asked.")
        candidate = stored.interview.application.candidate
        spoken = Spoken(
            rubric=rubric,
            rubric_hash=content_hash(rubric),
            plan=stored.interview.plan,
            transcript=stored.transcript,
            names=(candidate.first_name, candidate.last_name),
            contacts=(*candidate.emails, *candidate.phones),
        )
        judgement = await judge(self._grader, spoken, samples=self._samples)
        policy = stored.interview.program.review
        reasons = review_reasons(judgement.card, rubric, policy, judgement.flags, calibrations=self._calibrations)
        return _Reading(judgement.card, reasons)

    async def _paid(self, stored: _Stored, rubric: Rubric, *, actor: str) -> _Reading:
        """Read; where that fails, what it took until then stands in the audit chain all the same."""
        try:
            return await self._read(stored, rubric)
        except GradingFailed as error:
            taken = usage_of(error)
            if taken.requests:
                details = {"usage": to_builtins(taken), "rubric": content_hash(rubric)}
                await self._log(stored.interview.id, "system:interview:rescoring-failed", actor, details)
            raise

    async def _log(
        self, interview_id: uuid.UUID, tag: str, actor: str, details: Mapping[str, object] | None = None
    ) -> None:
        """Write down who read, before it is shown (N9)."""
        async with self._database.transaction() as tx:
            subject = str(interview_id)
            tx.audit(AuditEvent(at=self._clock.now(), actor=actor, tag=tag, subject=subject, details=details or {}))

    async def _keep(self, stored: _Stored, rubric: Rubric, reading: _Reading, *, actor: str) -> None:
        now, digest = self._clock.now(), content_hash(rubric)
        row = RescoringRow(
            id=new_id(),
            interview_id=stored.interview.id,
            revision=stored.scorecard.revision,
            rubric_hash=digest,
            card=reading.card,
            reasons=[reason.value for reason in reading.reasons],
            made_at=now,
            actor=actor,
        )
        details: dict[str, object] = {
            "rescoring": row.id.hex,
            "scorecard": stored.scorecard.id.hex,
            "rubric": digest,
            "rater": reading.card.rater.name,
            "prompt": reading.card.rater.prompt_hash,
            "band": reading.card.band,
        }
        snapshot_row = {
            "content_hash": digest,
            "rubric_id": rubric.id,
            "version": rubric.version,
            "content": snapshot(rubric),
            "stored_at": now,
        }
        async with self._database.transaction() as tx:
            # Looked at again: retention may have removed the words, or the candidate withdrawn, while the grader read.
            current = await interviews.by_id(tx.session, stored.interview.id, lock=True)
            held = await interviews.transcript(tx.session, stored.interview.id)
            if current is None or current.state not in rescorings.READ_AGAIN or held != stored.transcript:
                raise Missing(f"The interview {stored.interview.id} changed while it was read; nothing was kept.")
            await interviews.keep_rubric(tx.session, snapshot_row)
            tx.session.add(row)
            subject = str(stored.interview.id)
            tx.audit(AuditEvent(at=now, actor=actor, tag="system:interview:rescored", subject=subject, details=details))
