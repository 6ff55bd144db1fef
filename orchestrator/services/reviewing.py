"""Review: the queue, the case, and what a person decides. The machine's recommendation stays beside the decision."""

import uuid
from datetime import datetime

from orchestrator.db.base import new_id
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.scoring import CaseKind, CaseRow, CaseState, DecisionRow, DecisionVerdict, ScorecardRow
from orchestrator.db.repositories import interviews, scoring
from orchestrator.db.session import Database, Transaction
from orchestrator.domain.audit import AuditEvent
from orchestrator.domain.interview import Close, Command, Finalise, HandOver, Reopen, allowed
from orchestrator.domain.result import Finality
from orchestrator.domain.uncertainty import ReviewReason
from orchestrator.errors import InputInvalid, Missing, Stale
from orchestrator.ports import Clock
from orchestrator.services.cards import band_choices, card_view, decision_view, turn_views
from orchestrator.services.links import LinkMaker
from orchestrator.services.scoring import store_result
from orchestrator.services.steps import Steps
from orchestrator.services.views import Account, CaseView, QueueItem
from rubrics.loader import from_snapshot
from rubrics.schema import Rubric

MIN_REASON = 10


class Reviewing:
    """What people decide about cases."""

    def __init__(self, *, database: Database, clock: Clock, steps: Steps, links: LinkMaker) -> None:
        self._database = database
        self._clock = clock
        self._steps = steps
        self._links = links

    async def queue(self) -> tuple[QueueItem, ...]:
        """Every open case, who waits longest first."""
        now = self._clock.now()
        async with self._database.reading() as session:
            rows = await scoring.open_cases(session)
            cards = await scoring.scorecards_of(session, [row.interview.id for row in rows])
            labels: dict[str, dict[str, str]] = {}
            for digest in {row.interview.rubric_hash for row in rows}:
                rubric = from_snapshot(await interviews.rubric_content(session, digest))
                labels[digest] = {band.key: band.label for band in rubric.bands}
        items = []
        for case, interview in rows:
            card = cards.get(interview.id) if case.kind is CaseKind.RESULT else None
            items.append(
                QueueItem(
                    case_id=case.id,
                    kind=case.kind,
                    candidate=_name(interview),
                    job_title=interview.application.job_title,
                    program=interview.program.title,
                    reasons=tuple(ReviewReason(reason) for reason in case.reasons),
                    band_label=labels[interview.rubric_hash][card.card.band] if card else None,
                    opened_at=case.opened_at,
                    due_at=case.due_at,
                    overdue=case.due_at < now,
                )
            )
        return tuple(items)

    async def case(self, case_id: uuid.UUID, *, viewer: Account) -> CaseView:
        """One case with everything needed to decide; the view is logged.

        Raises:
            Missing: there is no such case.
        """
        async with self._database.transaction() as tx:
            case = await scoring.case_by_id(tx.session, case_id)
            interview = await interviews.by_id(tx.session, case.interview_id) if case else None
            if case is None or interview is None:
                raise Missing("There is no such case.")
            view = await self._view(tx, interview, case, audit_ref=None)
            self._log(tx, viewer, "case:viewed", interview.id, {"case": case.id.hex})
        return view

    async def result(self, audit_ref: str, *, viewer: Account) -> CaseView:
        """The final result that a write-back link names; the view is logged.

        Raises:
            Missing: there is no such result.
        """
        async with self._database.transaction() as tx:
            row = await scoring.result_by_ref(tx.session, audit_ref)
            interview = await interviews.by_id(tx.session, row.interview_id) if row else None
            if row is None or interview is None:
                raise Missing("There is no result with this reference.")
            case = await scoring.case_of_result(tx.session, interview.id)
            view = await self._view(tx, interview, case, audit_ref=audit_ref, final=row.result.band_label)
            self._log(tx, viewer, "result:viewed", interview.id, {"audit_ref": audit_ref})
        return view

    async def decide_result(self, case_id: uuid.UUID, *, actor: Account, band: str | None, reason: str) -> None:
        """Confirm the machine's band (``band`` None or the same), or override it with a reason.

        Raises:
            InputInvalid: an override without a reason of at least ten characters, or an unknown band.
            Stale: somebody else decided already.
        """
        async with self._database.transaction() as tx:
            case, interview = await self._open(tx, case_id, CaseKind.RESULT)
            scorecard = await self._scorecard(tx, interview)
            rubric = from_snapshot(await interviews.rubric_content(tx.session, interview.rubric_hash))
            chosen = band or scorecard.card.band
            if chosen not in {b.key for b in rubric.bands}:
                raise InputInvalid("Please choose one of the bands.", fields={"band": "choose one"})
            verdict = DecisionVerdict.CONFIRM if chosen == scorecard.card.band else DecisionVerdict.OVERRIDE
            if verdict is DecisionVerdict.OVERRIDE:
                _need_reason(reason)
            now = self._clock.now()
            self._decide(tx, case, scorecard, actor, verdict, chosen, reason, now)
            store_result(
                tx, interview, rubric, scorecard, finality=Finality.PERSON, band=chosen, links=self._links, now=now
            )
            await tx.session.flush()
            await self._steps.take(tx, interview, Finalise(), actor=_actor(actor), now=now)

    async def close_unscored(self, case_id: uuid.UUID, *, actor: Account, reason: str) -> None:
        """End a case without a band; completion becomes "Not scored by AI".

        Raises:
            InputInvalid: no reason.
            Stale: somebody else decided already.
        """
        _need_reason(reason)
        async with self._database.transaction() as tx:
            case, interview = await self._open(tx, case_id, CaseKind.RESULT)
            scorecard = await self._scorecard(tx, interview)
            now = self._clock.now()
            self._decide(tx, case, scorecard, actor, DecisionVerdict.CLOSE_UNSCORED, None, reason, now)
            await tx.session.flush()
            await self._steps.take(tx, interview, Close(), actor=_actor(actor), now=now)

    async def answer_request(self, case_id: uuid.UUID, *, actor: Account, resume: bool, reason: str) -> None:
        """Answer an adjustment or a request for a person: go on with a new link and new time, or take over.

        Raises:
            InputInvalid: no reason.
            Stale: somebody else answered already; to go on: there is a newer interview of the same program.
        """
        _need_reason(reason)
        async with self._database.transaction() as tx:
            case, interview = await self._open(tx, case_id, CaseKind.ADJUSTMENT, CaseKind.PERSON)
            now = self._clock.now()
            verdict = DecisionVerdict.CONTINUE if resume else DecisionVerdict.HAND_OVER
            self._decide(tx, case, None, actor, verdict, None, reason, now)
            await tx.session.flush()
            command: Command = Reopen() if resume else HandOver()
            if resume and await interviews.has_newer(tx.session, interview):
                raise Stale(
                    "This candidate has a newer interview of this program. Please take this request over instead."
                )
            if not allowed(interview.state, command):
                raise Stale("This interview has moved on meanwhile. Please look at it again.")
            await self._steps.take(tx, interview, command, actor=_actor(actor), now=now)

    async def _open(self, tx: Transaction, case_id: uuid.UUID, *kinds: CaseKind) -> tuple[CaseRow, InterviewRow]:
        seen = await scoring.case_by_id(tx.session, case_id)
        if seen is None:
            raise Missing("There is no such case.")
        # The interview first, then the case: every writer takes locks in this order.
        interview = await interviews.by_id(tx.session, seen.interview_id, lock=True)
        case = await scoring.case_by_id(tx.session, case_id, lock=True)
        if case is None or interview is None or case.kind not in kinds:
            raise Missing("There is no such case.")
        await tx.session.refresh(case)
        if case.state is not CaseState.OPEN:
            raise Stale("Someone has decided this case already. Their decision stands.")
        return case, interview

    @staticmethod
    async def _scorecard(tx: Transaction, interview: InterviewRow) -> ScorecardRow:
        scorecard = await scoring.latest_scorecard(tx.session, interview.id)
        if scorecard is None:
            raise Stale("The scores of this interview are no longer there. It can only be closed by retention.")
        return scorecard

    def _decide(
        self,
        tx: Transaction,
        case: CaseRow,
        scorecard: ScorecardRow | None,
        actor: Account,
        verdict: DecisionVerdict,
        band: str | None,
        reason: str,
        now: datetime,
    ) -> None:
        case.state, case.closed_at = CaseState.DECIDED, now
        tx.session.add(
            DecisionRow(
                id=new_id(),
                case_id=case.id,
                interview_id=case.interview_id,
                scorecard_id=scorecard.id if scorecard else None,
                actor_id=actor.id,
                actor_name=actor.name,
                verdict=verdict,
                band=band,
                reason=reason.strip(),
                decided_at=now,
            )
        )
        details: dict[str, object] = {
            "case": case.id.hex,
            "verdict": verdict.value,
            "band": band,
            "machine_band": scorecard.card.band if scorecard else None,
        }
        self._log(tx, actor, "case:decided", case.interview_id, details)

    async def _view(
        self,
        tx: Transaction,
        interview: InterviewRow,
        case: CaseRow | None,
        *,
        audit_ref: str | None,
        final: str | None = None,
    ) -> CaseView:
        rubric: Rubric = from_snapshot(await interviews.rubric_content(tx.session, interview.rubric_hash))
        # A case about an adjustment is private: no score stands beside it.
        about_result = case is None or case.kind is CaseKind.RESULT
        scorecard = await scoring.latest_scorecard(tx.session, interview.id) if about_result else None
        transcript = await interviews.transcript(tx.session, interview.id) if about_result else None
        decision = await scoring.decision_of(tx.session, case.id) if case else None
        card = scorecard.card if scorecard else None
        return CaseView(
            case_id=case.id if case else None,
            kind=case.kind if case else CaseKind.RESULT,
            open=case is not None and case.state is CaseState.OPEN,
            interview_id=interview.id,
            application_id=interview.application_id,
            candidate=_name(interview),
            job_title=interview.application.job_title,
            program=interview.program.title,
            reasons=tuple(ReviewReason(reason) for reason in (case.reasons if case else ())),
            message=case.message if case else None,
            opened_at=case.opened_at if case else None,
            due_at=case.due_at if case else None,
            card=card_view(card, rubric, interview.program.review) if card else None,
            turns=turn_views(transcript, card, rubric) if transcript else (),
            bands=band_choices(rubric),
            decision=decision_view(decision, rubric) if decision else None,
            final_band_label=final,
            audit_ref=audit_ref,
        )

    def _log(self, tx: Transaction, actor: Account, what: str, subject: uuid.UUID, details: dict[str, object]) -> None:
        tx.audit(
            AuditEvent(
                at=self._clock.now(), actor=_actor(actor), tag=f"account:{what}", subject=str(subject), details=details
            )
        )


def _need_reason(reason: str) -> None:
    if len(reason.strip()) < MIN_REASON:
        message = f"Please say why in at least {MIN_REASON} characters. It is kept beside the decision."
        raise InputInvalid(message, fields={"reason": message})


def _actor(account: Account) -> str:
    return f"account:{account.id}"


def _name(interview: InterviewRow) -> str:
    candidate = interview.application.candidate
    return f"{candidate.first_name} {candidate.last_name}".strip()
