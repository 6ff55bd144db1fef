"""From a person's choice to a final decision: held for a while in which it can be taken back, agreed on by two where asked.

While a choice is held or waits, nothing follows from it: there is no result, the interview is in review, and the ATS hears
nothing. The work that makes it final is planned in the same transaction and outlives every restart.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from msgspec import Struct

from orchestrator.db.base import new_id
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.scoring import (
    CaseRow,
    CaseState,
    DecisionRow,
    DecisionVerdict,
    HeldDecisionRow,
    HeldState,
    ScorecardRow,
)
from orchestrator.db.repositories import adoptions, interviews, reopenings, review_desk, scoring
from orchestrator.db.session import Database, Transaction
from orchestrator.domain.interview import Close, Command, Finalise, allowed
from orchestrator.domain.result import Finality
from orchestrator.domain.review import Choice, Step, step
from orchestrator.errors import InputInvalid, Missing, Stale
from orchestrator.ports import Clock
from orchestrator.services.links import LinkMaker
from orchestrator.services.review_log import log_choice
from orchestrator.services.scoring import store_result
from orchestrator.services.steps import SYSTEM, Steps
from orchestrator.services.views import Account
from orchestrator.work.admin import Selection, cancel
from orchestrator.work.job import Job
from orchestrator.work.outcome import Outcome
from orchestrator.work.payload import Payload
from orchestrator.work.queue import enqueue
from rubrics.loader import from_snapshot

MIN_REASON = 10


class SettleDecision(Payload, frozen=True, kw_only=True):
    """Make a held decision final, unless it was taken back."""

    kind: ClassVar[str] = "decision.settle"
    held_id: uuid.UUID


class Chosen(Struct, frozen=True, kw_only=True):
    """What somebody chose for a result, having seen ``scorecard``. ``band`` None: to close the case without one."""

    scorecard: ScorecardRow
    actor: Account
    verdict: DecisionVerdict
    band: str | None
    reason: str


class Holding:
    """Keeps choices until they are final."""

    def __init__(self, *, database: Database, clock: Clock, steps: Steps, links: LinkMaker) -> None:
        self._database = database
        self._clock = clock
        self._steps = steps
        self._links = links

    async def choose(self, tx: Transaction, case: CaseRow, interview: InterviewRow, chosen: Chosen) -> None:
        """Take a choice about an open case whose lock the caller holds.

        Raises:
            InputInvalid: the choice departs from the recommendation, and no reason was given.
            Stale: somebody decided already or chose a later reading, or this person's own choice waits for a second one.
        """
        live = await review_desk.live(tx.session, case.id)
        if live.held is not None or await reopenings.held_in(tx.session, [case.id]):
            raise Stale("Someone has decided this case already. Their decision stands.")
        await refuse_chosen(tx, interview)
        now, policy = self._clock.now(), interview.program.review
        comes = step(policy.second_person, _choice(chosen), _waiting(live.waiting))
        if comes is Step.OWN:
            raise Stale("You have decided already. A colleague has to agree, or to decide otherwise.")
        if chosen.verdict is not DecisionVerdict.CONFIRM and comes is not Step.AGREES:
            need_reason(chosen.reason)
        if live.waiting is not None and comes is Step.REPLACES:
            live.waiting.state, live.waiting.ended_at = HeldState.REPLACED, now
            # Before the next one is there: only one may wait.
            await tx.session.flush()
        row = await self._row(tx, case, chosen, now)
        tx.session.add(row)
        if comes in {Step.WAITS, Step.REPLACES}:
            log_choice(tx, _actor(chosen.actor), "proposed", row, now)
            return
        row.state, row.final_at = HeldState.HELD, now + policy.held_for
        row.agrees_with = live.waiting.id if live.waiting else None
        await tx.session.flush()
        log_choice(tx, _actor(chosen.actor), "decided", row, now, machine_band=chosen.scorecard.card.band)
        if policy.held_for:
            await self._plan(tx, row, row.final_at)
        else:
            await self._finalise(tx, case, interview, row, now)

    async def undo(self, case_id: uuid.UUID, *, actor: Account) -> None:
        """Take one's own choice back: the case waits again as it did before, for a second person too where it did.

        Raises:
            Missing: there is no such case.
            Stale: it is final by now, or somebody else's.
        """
        async with self._database.transaction() as tx:
            case, _ = await locked_case(tx, case_id)
            live = await review_desk.live(tx.session, case_id)
            row = live.held or live.waiting
            if case.state is not CaseState.OPEN or row is None:
                raise Stale("This decision is final by now, and can no longer be taken back.")
            if row.actor_id != actor.id:
                raise Stale("Only the person who decided can take a decision back.")
            now, waited = self._clock.now(), row.state is HeldState.WAITING
            row.state, row.ended_at = HeldState.UNDONE, now
            log_choice(tx, _actor(actor), "undone", row, now)
            # Before an earlier choice waits again: only one may wait.
            await tx.session.flush()
            before = await review_desk.replaced_by(tx.session, row) if waited else None
            if before is not None:
                before.state, before.ended_at = HeldState.WAITING, None
            await cancel(tx, Selection(dedupe_prefix=_dedupe(row)))

    async def settle(self, payload: SettleDecision, job: Job) -> Outcome | None:
        """The time is over: what was chosen becomes the decision, unless the case ended otherwise meanwhile."""
        async with job.finish() as tx:
            found = await _locked_held(tx, payload.held_id)
            if found is not None:
                await self._settle(tx, *found)
        return None

    async def _settle(self, tx: Transaction, case: CaseRow, interview: InterviewRow, row: HeldDecisionRow) -> None:
        now = self._clock.now()
        if case.state is CaseState.OPEN and allowed(interview.state, _command(row)):
            await self._finalise(tx, case, interview, row, now)
        else:
            _drop(tx, row, actor=SYSTEM, now=now)

    async def _finalise(
        self, tx: Transaction, case: CaseRow, interview: InterviewRow, row: HeldDecisionRow, now: datetime
    ) -> None:
        case.state, case.closed_at = CaseState.DECIDED, now
        row.state, row.ended_at = HeldState.FINAL, now
        first = row
        if row.agrees_with is not None:
            first = await tx.session.get_one(HeldDecisionRow, row.agrees_with)
            first.state, first.ended_at = HeldState.FINAL, now
        tx.session.add(
            DecisionRow(
                id=new_id(),
                case_id=case.id,
                interview_id=interview.id,
                scorecard_id=row.scorecard_id,
                actor_id=first.actor_id,
                actor_name=first.actor_name,
                verdict=row.verdict,
                band=row.band,
                reason=first.reason,
                decided_at=row.decided_at,
            )
        )
        if row.band is not None:
            scorecard = await tx.session.get_one(ScorecardRow, row.scorecard_id)
            rubric = from_snapshot(await interviews.rubric_content(tx.session, interview.rubric_hash))
            store_result(
                tx, interview, rubric, scorecard, finality=Finality.PERSON, band=row.band, links=self._links, now=now
            )
        await tx.session.flush()
        await self._steps.take(tx, interview, _command(row), actor=f"account:{row.actor_id}", now=now)

    async def _row(self, tx: Transaction, case: CaseRow, chosen: Chosen, now: datetime) -> HeldDecisionRow:
        return HeldDecisionRow(
            id=new_id(),
            case_id=case.id,
            interview_id=case.interview_id,
            scorecard_id=chosen.scorecard.id,
            actor_id=chosen.actor.id,
            actor_name=chosen.actor.name,
            verdict=chosen.verdict,
            band=chosen.band,
            reason=chosen.reason.strip(),
            opened_at=await review_desk.opened_at(tx.session, case.id, chosen.actor.id),
            decided_at=now,
            state=HeldState.WAITING,
        )

    @staticmethod
    async def _plan(tx: Transaction, row: HeldDecisionRow, at: datetime) -> None:
        await enqueue(
            tx,
            SettleDecision(held_id=row.id),
            dedupe=_dedupe(row),
            subject=f"interview:{row.interview_id}",
            run_at=at,
        )


async def drop_held(tx: Transaction, held_id: uuid.UUID, *, actor: str, reason: str, now: datetime) -> None:
    """Give up what is held because its work never comes: the case is back in the queue, as before it was decided.

    Nothing happens where it is no longer held. A first choice that it agreed with waits on.
    """
    found = await _locked_held(tx, held_id)
    if found is not None:
        _drop(tx, found[2], actor=actor, now=now, reason=reason.strip())


async def lock_held(tx: Transaction, held_ids: Iterable[uuid.UUID]) -> None:
    """Lock the cases of what is held, before their work is changed: every writer takes locks in this order."""
    for held_id in sorted(held_ids):
        await _locked_held(tx, held_id)


async def locked_case(tx: Transaction, case_id: uuid.UUID) -> tuple[CaseRow, InterviewRow]:
    """A case and its interview, locked until the transaction ends.

    Raises:
        Missing: there is no such case.
    """
    seen = await scoring.case_by_id(tx.session, case_id)
    if seen is None:
        raise Missing("There is no such case.")
    # The interview first, then the case: every writer takes locks in this order.
    interview = await interviews.by_id(tx.session, seen.interview_id, lock=True)
    case = await scoring.case_by_id(tx.session, case_id, lock=True)
    if case is None or interview is None:
        raise Missing("There is no such case.")
    await tx.session.refresh(case)
    return case, interview


async def refuse_chosen(tx: Transaction, interview: InterviewRow) -> None:
    """Refuse to decide about an interview, whose lock the caller holds, while a later reading of it is chosen.

    Raises:
        Stale: a choice to use a later reading is held, or waits for a second person.
    """
    if await adoptions.live(tx.session, interview.id) is not None:
        raise Stale(
            "A later reading of this interview has been chosen. Nothing else can be decided unless that is taken back."
        )


def need_reason(reason: str) -> None:
    """Refuse a reason that is too short to mean anything in a year."""
    if len(reason.strip()) < MIN_REASON:
        message = f"Please say why in at least {MIN_REASON} characters. It is kept beside the decision."
        raise InputInvalid(message, fields={"reason": message})


async def _locked_held(tx: Transaction, held_id: uuid.UUID) -> tuple[CaseRow, InterviewRow, HeldDecisionRow] | None:
    seen = await tx.session.get(HeldDecisionRow, held_id)
    if seen is None:
        return None
    case, interview = await locked_case(tx, seen.case_id)
    await tx.session.refresh(seen)
    return (case, interview, seen) if seen.state is HeldState.HELD else None


def _drop(tx: Transaction, row: HeldDecisionRow, *, actor: str, now: datetime, **facts: object) -> None:
    row.state, row.ended_at = HeldState.DROPPED, now
    log_choice(tx, actor, "dropped", row, now, **facts)


def _actor(account: Account) -> str:
    return f"account:{account.id}"


def _command(row: HeldDecisionRow) -> Command:
    return Close() if row.band is None else Finalise()


def _choice(chosen: Chosen) -> Choice:
    return Choice(chosen.actor.id, chosen.band, departs=chosen.verdict is not DecisionVerdict.CONFIRM)


def _waiting(row: HeldDecisionRow | None) -> Choice | None:
    return None if row is None else Choice(row.actor_id, row.band, departs=row.verdict is not DecisionVerdict.CONFIRM)


def _dedupe(row: HeldDecisionRow) -> str:
    return f"settle:{row.id}"
