"""Review: the queue, the case, and what a person decides. The machine's recommendation stays beside the decision."""

import uuid
from datetime import datetime

from orchestrator.db.base import new_id
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.scoring import (
    BlindReadingRow,
    CaseKind,
    CaseRow,
    CaseState,
    DecisionRow,
    DecisionVerdict,
    ScorecardRow,
)
from orchestrator.db.repositories import interviews, review_desk, scoring
from orchestrator.db.session import Database, Transaction
from orchestrator.domain.audit import AuditEvent
from orchestrator.domain.interview import Command, HandOver, Reopen, allowed
from orchestrator.errors import InputInvalid, Missing, Stale
from orchestrator.ports import Clock
from orchestrator.services.links import LinkMaker
from orchestrator.services.review.asking_again import AskingAgain
from orchestrator.services.review.cases import asks_blind, case_view
from orchestrator.services.review.holds import Chosen, Holding, SettleDecision, locked_case, need_reason
from orchestrator.services.review.quality import quality_view
from orchestrator.services.review.queue import held_items, queue_items
from orchestrator.services.review_kinds import SettleReopening
from orchestrator.services.steps import Steps
from orchestrator.services.views import Account, CaseView, HeldItem, QualityView, QueueItem
from orchestrator.work.job import Job
from orchestrator.work.outcome import Outcome
from rubrics.loader import from_snapshot


class Reviewing:
    """What people decide about cases."""

    def __init__(self, *, database: Database, clock: Clock, steps: Steps, links: LinkMaker) -> None:
        self._database = database
        self._clock = clock
        self._steps = steps
        self._holding = Holding(database=database, clock=clock, steps=steps, links=links)
        self._asking = AskingAgain(database=database, clock=clock, steps=steps)

    async def queue(self) -> tuple[QueueItem, ...]:
        """Every open case, who waits longest first."""
        async with self._database.reading() as session:
            return await queue_items(session, viewer=None, now=self._clock.now())

    async def queue_for(self, viewer: Account) -> tuple[QueueItem, ...]:
        """The same as the viewer may see it: of what they must read blind first, nothing of the software's view."""
        async with self._database.reading() as session:
            return await queue_items(session, viewer=viewer, now=self._clock.now())

    async def held(self, viewer: Account) -> tuple[HeldItem, ...]:
        """What the viewer decided and can still take back, the newest first."""
        async with self._database.reading() as session:
            return await held_items(session, viewer=viewer)

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
            view = await case_view(tx, interview, case, viewer=viewer)
            if view.open and view.kind is CaseKind.RESULT:
                await review_desk.note_opening(tx.session, case_id, viewer.id, at=self._clock.now())
            self._log(tx, viewer, "case:viewed", interview.id, {"case": case.id.hex})
        return view

    async def case_of(self, application_id: uuid.UUID) -> uuid.UUID | None:
        """The open case of an application that waits longest, for a link of the ATS that names the application."""
        async with self._database.reading() as session:
            return await review_desk.open_case_of(session, application_id)

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
            case = await scoring.case_of_result(tx.session, row)
            view = await case_view(tx, interview, case, viewer=viewer, result=row)
            self._log(tx, viewer, "result:viewed", interview.id, {"audit_ref": audit_ref})
        return view

    async def read_blind(self, case_id: uuid.UUID, *, actor: Account, band: str) -> None:
        """Keep the band that somebody chose before the software's was shown; a first choice stands.

        Raises:
            InputInvalid: an unknown band.
            Stale: somebody decided already, or there is nothing to read blind.
        """
        async with self._database.transaction() as tx:
            case, interview = await self._open(tx, case_id, CaseKind.RESULT)
            scorecard = await self._scorecard(tx, interview)
            if not asks_blind(case, interview, scorecard):
                raise Stale("This case is not read blind first.")
            await self._known_band(tx, interview, band)
            reading = BlindReadingRow(
                case_id=case.id,
                account_id=actor.id,
                scorecard_id=scorecard.id,
                band=band,
                machine_band=scorecard.card.band,
                at=self._clock.now(),
            )
            if await review_desk.keep_reading(tx.session, reading):
                self._log(tx, actor, "case:read_blind", interview.id, {"case": case.id.hex, "band": band})

    async def decide_result(self, case_id: uuid.UUID, *, actor: Account, band: str | None, reason: str) -> None:
        """Confirm the machine's band (``band`` None or the same), or override it with a reason.

        It is final after the time that the program's review policy gives for taking it back, and where the policy asks
        for two people once they agree.

        Raises:
            InputInvalid: an override without a reason of at least ten characters, an unknown band, or not read blind yet.
            Stale: somebody else decided already.
        """
        async with self._database.transaction() as tx:
            case, interview = await self._open(tx, case_id, CaseKind.RESULT)
            scorecard = await self._scorecard(tx, interview)
            await self._refuse_unread(tx, case, interview, scorecard, actor)
            recommended = scorecard.card.band
            chosen = band or recommended
            await self._known_band(tx, interview, chosen)
            verdict = DecisionVerdict.CONFIRM if chosen == recommended else DecisionVerdict.OVERRIDE
            choice = Chosen(scorecard=scorecard, actor=actor, verdict=verdict, band=chosen, reason=reason)
            await self._holding.choose(tx, case, interview, choice)

    async def close_unscored(self, case_id: uuid.UUID, *, actor: Account, reason: str) -> None:
        """End a case without a band; completion becomes "Not scored by AI". Held and agreed on as any decision.

        Raises:
            InputInvalid: no reason, or not read blind yet.
            Stale: somebody else decided already.
        """
        async with self._database.transaction() as tx:
            case, interview = await self._open(tx, case_id, CaseKind.RESULT)
            scorecard = await self._scorecard(tx, interview)
            await self._refuse_unread(tx, case, interview, scorecard, actor)
            verdict = DecisionVerdict.CLOSE_UNSCORED
            choice = Chosen(scorecard=scorecard, actor=actor, verdict=verdict, band=None, reason=reason)
            await self._holding.choose(tx, case, interview, choice)

    async def ask_again(self, case_id: uuid.UUID, *, actor: Account, reason: str) -> None:
        """Have the candidate asked again, because the answers could not be read; held as any decision, once for an interview.

        Two people need not agree on it: it decides nothing about the candidate.

        Raises:
            InputInvalid: no reason, or not read blind yet.
            Stale: somebody else decided already, the candidate was asked again before, or this is no case for it.
        """
        async with self._database.transaction() as tx:
            case, interview = await self._open(tx, case_id, CaseKind.RESULT)
            scorecard = await self._scorecard(tx, interview)
            await self._refuse_unread(tx, case, interview, scorecard, actor)
            await self._asking.ask(tx, case, interview, scorecard, actor=actor, reason=reason)

    async def undo(self, case_id: uuid.UUID, *, actor: Account) -> None:
        """Take one's own decision back before it is final.

        Raises:
            Missing: there is no such case.
            Stale: it is final by now, or somebody else's.
        """
        if not await self._asking.undo(case_id, actor=actor):
            await self._holding.undo(case_id, actor=actor)

    async def settle(self, payload: SettleDecision, job: Job) -> Outcome | None:
        """Work: the time for taking a decision back is over."""
        return await self._holding.settle(payload, job)

    async def settle_reopening(self, payload: SettleReopening, job: Job) -> Outcome | None:
        """Work: the same where the candidate is to be asked again."""
        return await self._asking.settle(payload, job)

    async def assign(self, case_id: uuid.UUID, *, actor: Account, to: uuid.UUID | None) -> None:
        """Give an open case to somebody of the team (oneself, too), or to nobody. It locks nobody out.

        Raises:
            InputInvalid: there is no such account.
            Stale: the case is decided.
        """
        async with self._database.transaction() as tx:
            case, interview = await self._open(tx, case_id, *CaseKind)
            if to is not None and to not in {person.id for person in await review_desk.team(tx.session)}:
                raise InputInvalid("Please choose a colleague.", fields={"to": "Please choose a colleague."})
            await review_desk.assign(tx.session, case.id, to, at=self._clock.now())
            self._log(tx, actor, "case:assigned", interview.id, {"case": case.id.hex, "to": to.hex if to else None})

    async def quality(self) -> QualityView:
        """How reviewing goes: pace and differing per reviewer, agreement of blind readings."""
        async with self._database.reading() as session:
            return await quality_view(session, now=self._clock.now())

    async def answer_request(self, case_id: uuid.UUID, *, actor: Account, resume: bool, reason: str) -> None:
        """Answer an adjustment or a request for a person: go on with a new link and new time, or take over.

        Raises:
            InputInvalid: no reason.
            Stale: somebody else answered already; to go on: there is a newer interview of the same program.
        """
        need_reason(reason)
        async with self._database.transaction() as tx:
            case, interview = await self._open(tx, case_id, CaseKind.ADJUSTMENT, CaseKind.PERSON)
            now = self._clock.now()
            verdict = DecisionVerdict.CONTINUE if resume else DecisionVerdict.HAND_OVER
            self._answer(tx, case, actor, verdict, reason, now)
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
        case, interview = await locked_case(tx, case_id)
        if case.kind not in kinds:
            raise Missing("There is no such case.")
        if case.state is not CaseState.OPEN:
            raise Stale("Someone has decided this case already. Their decision stands.")
        return case, interview

    @staticmethod
    async def _scorecard(tx: Transaction, interview: InterviewRow) -> ScorecardRow:
        scorecard = await scoring.latest_scorecard(tx.session, interview.id)
        if scorecard is None:
            raise Stale("The scores of this interview are no longer there. It can only be closed by retention.")
        return scorecard

    @staticmethod
    async def _known_band(tx: Transaction, interview: InterviewRow, band: str) -> None:
        rubric = from_snapshot(await interviews.rubric_content(tx.session, interview.rubric_hash))
        if band not in {one.key for one in rubric.bands}:
            raise InputInvalid("Please choose one of the bands.", fields={"band": "choose one"})

    @staticmethod
    async def _refuse_unread(
        tx: Transaction, case: CaseRow, interview: InterviewRow, scorecard: ScorecardRow, actor: Account
    ) -> None:
        if not asks_blind(case, interview, scorecard):
            return
        if await review_desk.reading_of(tx.session, case.id, actor.id) is None:
            message = "Please choose the band that you would give first, before you see what the software recommends."
            raise InputInvalid(message, fields={"band": message})

    def _answer(
        self, tx: Transaction, case: CaseRow, actor: Account, verdict: DecisionVerdict, reason: str, now: datetime
    ) -> None:
        case.state, case.closed_at = CaseState.DECIDED, now
        tx.session.add(
            DecisionRow(
                id=new_id(),
                case_id=case.id,
                interview_id=case.interview_id,
                scorecard_id=None,
                actor_id=actor.id,
                actor_name=actor.name,
                verdict=verdict,
                band=None,
                reason=reason.strip(),
                decided_at=now,
            )
        )
        details: dict[str, object] = {
            "case": case.id.hex,
            "verdict": verdict.value,
            "band": None,
            "machine_band": None,
        }
        self._log(tx, actor, "case:decided", case.interview_id, details)

    def _log(self, tx: Transaction, actor: Account, what: str, subject: uuid.UUID, details: dict[str, object]) -> None:
        tx.audit(
            AuditEvent(
                at=self._clock.now(), actor=_actor(actor), tag=f"account:{what}", subject=str(subject), details=details
            )
        )


def _actor(account: Account) -> str:
    return f"account:{account.id}"
