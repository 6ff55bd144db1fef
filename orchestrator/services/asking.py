"""Follow-ups in an interview: what was asked, and the decision whether one more question is asked about a question.

A decision is made once for each place and kept with its reason; it is not made again, however an answer is edited later,
and two windows at once get one follow-up between them. A model, where one is asked, is asked outside any transaction.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from orchestrator.db.models.follow_up import FollowUpRow
from orchestrator.db.models.interview import DraftRow, InterviewRow
from orchestrator.db.repositories import follow_ups, interviews
from orchestrator.db.session import Database
from orchestrator.domain.audit import AuditEvent
from orchestrator.domain.followups import (
    Decision,
    Exchange,
    Followed,
    FollowUpReason,
    answer_key,
    because,
    decide,
    is_due,
    limit_of,
    transcript_with,
)
from orchestrator.domain.interview import InterviewState
from orchestrator.domain.scorecard import prepare
from orchestrator.domain.transcript import Plan, Transcript
from orchestrator.grading.followup import Chooser, follow_up_request, needs_of
from orchestrator.ports import Clock
from orchestrator.services.candidate_views import FollowUpView
from orchestrator.services.steps import SYSTEM
from rubrics.loader import from_snapshot
from rubrics.schema import Probe, Question, Rubric

Decisions = Mapping[str, Sequence[FollowUpRow]]
Drafts = Mapping[str, DraftRow]


class _Standing(Struct, frozen=True):
    """Where an interview stands with one question."""

    interview: InterviewRow
    rubric: Rubric
    question: Question
    drafts: Drafts
    decisions: Decisions

    @property
    def rows(self) -> Sequence[FollowUpRow]:
        return self.decisions.get(self.question.id, ())

    @property
    def limit(self) -> int:
        return limit_of(self.question, self.interview.program.most_follow_ups)


class Asking:
    """Decides about follow-ups. ``chooser`` picks among what the answers have not shown."""

    def __init__(self, *, database: Database, clock: Clock, chooser: Chooser) -> None:
        self._database = database
        self._clock = clock
        self._chooser = chooser

    async def follow_up(self, interview: InterviewRow, question_id: str) -> None:
        """Decide whether one more question is asked now, if that is due; doing it again changes nothing."""
        async with self._database.reading() as session:
            rubric = from_snapshot(await interviews.rubric_content(session, interview.rubric_hash))
            standing = _Standing(
                interview,
                rubric,
                rubric.question(question_id),
                await interviews.drafts(session, interview.id),
                await follow_ups.decided(session, interview.id),
            )
        exchange = _exchange(standing.question.id, standing.drafts, standing.rows)
        if is_settled(standing.rows, standing.limit) or not is_due(exchange):
            return
        decision = await self._decide(standing, exchange)
        await self._keep(standing, decision, place=len(exchange.follow_ups) + 1)

    async def _decide(self, standing: _Standing, exchange: Exchange) -> Decision:
        rubric, question = standing.rubric, standing.question
        blinded = _blinded(standing)
        asked = frozenset(one.probe for one in exchange.follow_ups)
        found = needs_of(rubric, question, blinded, asked=asked)
        decision = decide(exchange, limit=standing.limit, found=found)
        if decision.probe is None:
            return decision
        picked = await self._chooser.choose(follow_up_request(rubric, question, blinded, found))
        if picked is None:
            return Decision(FollowUpReason.MODEL_SAW_NOTHING_MISSING)
        need = next(need for need in found if need.probe.id == picked)
        return Decision(FollowUpReason.MISSING, picked, need.missing)

    async def _keep(self, standing: _Standing, decision: Decision, *, place: int) -> None:
        now, question = self._clock.now(), standing.question
        async with self._database.transaction() as tx:
            current = await interviews.by_id(tx.session, standing.interview.id, lock=True)
            if current is None or current.state is not InterviewState.IN_PROGRESS:
                return
            if not await follow_ups.keep(
                tx.session,
                interview_id=current.id,
                question_id=question.id,
                place=place,
                decision=decision,
                at=now,
            ):
                return
            details = {
                "question": question.id,
                "place": place,
                "probe": decision.probe,
                "reason": decision.reason.value,
                "why": because(decision, standing.rubric),
                "missing": list(decision.missing),
                "rubric": current.rubric_hash,
            }
            tx.audit(
                AuditEvent(
                    at=now, actor=SYSTEM, tag="system:interview:follow-up", subject=str(current.id), details=details
                )
            )


def asked_of(rubric: Rubric, decisions: Decisions) -> Mapping[str, tuple[Probe, ...]]:
    """The probes that were asked, by question, in the order in which they were asked."""
    return {
        question.id: tuple(
            probe for row in decisions.get(question.id, ()) for probe in question.probes if probe.id == row.probe_id
        )
        for question in rubric.questions
    }


def is_settled(rows: Sequence[FollowUpRow], limit: int) -> bool:
    """Say whether no further follow-up will be asked: none are, all were, or it was decided so."""
    return len(rows) >= limit or any(row.probe_id is None for row in rows)


def follow_up_views(question: Question, probes: Sequence[Probe], drafts: Drafts) -> tuple[FollowUpView, ...]:
    """The follow-ups of a question as its candidate sees them."""
    kept = [(probe, drafts.get(answer_key(question.id, probe.id))) for probe in probes]
    return tuple(
        FollowUpView(
            id=answer_key(question.id, probe.id),
            place=place,
            text=probe.text,
            answer=draft.text if draft else "",
            saved_at=draft.saved_at if draft else None,
            revision=draft.revision if draft else 0,
        )
        for place, (probe, draft) in enumerate(kept, start=1)
    )


def keys_of(plan: Plan, decisions: Decisions) -> frozenset[str]:
    """Under which keys answers may be kept: the planned questions, and the follow-ups that were asked."""
    asked = {answer_key(row.question_id, row.probe_id) for rows in decisions.values() for row in rows if row.probe_id}
    return frozenset({question.id for question in plan.questions} | asked)


def transcript_of(plan: Plan, asked: Mapping[str, Sequence[Probe]], drafts: Drafts) -> Transcript:
    """What is handed in: questions, follow-ups and answers in the order in which they belong together."""
    texts = {question_id: [(probe.id, probe.text) for probe in probes] for question_id, probes in asked.items()}
    return transcript_with(plan, {key: draft.text for key, draft in drafts.items()}, texts)


def _exchange(question_id: str, drafts: Drafts, rows: Sequence[FollowUpRow]) -> Exchange:
    def told(key: str) -> str | None:
        return drafts[key].text if key in drafts else None

    asked = [row.probe_id for row in rows if row.probe_id]
    return Exchange(
        answer=told(question_id) or "",
        follow_ups=tuple(Followed(probe, told(answer_key(question_id, probe))) for probe in asked),
    )


def _blinded(standing: _Standing) -> Transcript:
    """The question's turns without what tells who speaks: a chooser sees no more than a grader does (N8)."""
    candidate = standing.interview.application.candidate
    only = Plan(tuple(q for q in standing.interview.plan.questions if q.id == standing.question.id))
    return prepare(
        transcript_of(only, asked_of(standing.rubric, standing.decisions), standing.drafts),
        names=(candidate.first_name, candidate.last_name),
        contacts=(*candidate.emails, *candidate.phones),
    ).transcript
