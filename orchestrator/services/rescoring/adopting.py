"""Using a later reading in the place of what stands: chosen by a reviewer with a reason, never by software.

It is held and agreed on as a decision is, and becomes a new decision beside those before it. The scorecard that stood
stays; the reading becomes one with the next revision, and the ATS is told by the usual write-back.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime

from orchestrator.db.base import new_id
from orchestrator.db.models.adoption import AdoptionRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.rescoring import RescoringRow
from orchestrator.db.models.scoring import (
    CaseKind,
    CaseRow,
    CaseState,
    DecisionRow,
    DecisionVerdict,
    HeldState,
    ScorecardRow,
)
from orchestrator.db.repositories import interviews
from orchestrator.db.session import Database, Transaction
from orchestrator.domain.interview import Finalise, InterviewState
from orchestrator.domain.result import Finality
from orchestrator.domain.review import Choice, Step, step
from orchestrator.errors import InputInvalid, Missing, Stale
from orchestrator.ports import Clock
from orchestrator.services.links import LinkMaker
from orchestrator.services.rescoring.checks import MOVED_ON, Standing, hindrance, hindrance_of, standing
from orchestrator.services.rescoring.held import SettleAdoption, log_adoption
from orchestrator.services.review.holds import need_reason
from orchestrator.services.scoring import store_result
from orchestrator.services.steps import SYSTEM, Steps
from orchestrator.services.views import Account
from orchestrator.work.admin import Selection, cancel
from orchestrator.work.job import Job
from orchestrator.work.outcome import Outcome
from orchestrator.work.queue import enqueue
from rubrics.loader import from_snapshot
from rubrics.schema import Rubric


class Adopting:
    """Lets people use later readings."""

    def __init__(self, *, database: Database, clock: Clock, steps: Steps, links: LinkMaker) -> None:
        self._database = database
        self._clock = clock
        self._steps = steps
        self._links = links

    async def adopt(self, rescoring_id: uuid.UUID, *, actor: Account, reason: str, seen: str = "") -> None:
        """Choose a later reading, or agree with a colleague who chose it.

        Where a person decided otherwise than the software, that decision would be replaced: ``seen`` is its id as the
        page told it.

        Raises:
            Missing: there is no such reading.
            InputInvalid: no reason, or a person's decision would be replaced that was not seen.
            Stale: it cannot be used, or something else was chosen already.
        """
        async with self._database.transaction() as tx:
            row, interview = await _locked(tx, rescoring_id)
            found = await standing(tx.session, interview, lock=True)
            rubric = from_snapshot(await interviews.rubric_content(tx.session, row.rubric_hash))
            await _refuse(tx, interview, found, row, rubric, actor)
            if found.overridden is not None and seen != found.overridden.id.hex:
                message = "Please confirm that you have seen the decision which this would replace."
                raise InputInvalid(message, fields={"seen": message})
            await self._drop(tx, found.outlived)
            now, waiting = self._clock.now(), found.live(HeldState.WAITING)
            comes = step(interview.program.review.second_person, _choice(actor, row, found), _waiting(waiting))
            if comes is Step.OWN:
                raise Stale("You have chosen already. A colleague has to agree, or to choose otherwise.")
            if comes is not Step.AGREES:
                need_reason(reason)
            if waiting is not None and comes is Step.REPLACES:
                waiting.state, waiting.ended_at = HeldState.REPLACED, now
                # Before the next one is there: only one may wait.
                await tx.session.flush()
            chosen = _row(interview, row, actor, reason, now)
            tx.session.add(chosen)
            if comes in {Step.WAITS, Step.REPLACES}:
                self._log(tx, f"account:{actor.id}", "proposed", chosen)
                return
            chosen.agrees_with = waiting.id if waiting else None
            await self._hold(tx, interview, chosen)

    async def undo(self, interview_id: uuid.UUID, *, actor: Account) -> None:
        """Take one's own choice back: a colleague's in whose place it waited waits again.

        Raises:
            Missing: there is no such interview.
            Stale: it is final by now, or somebody else's.
        """
        async with self._database.transaction() as tx:
            interview = await interviews.by_id(tx.session, interview_id, lock=True)
            if interview is None:
                raise Missing("There is no such interview.")
            found = await standing(tx.session, interview, lock=True)
            row = found.live(HeldState.HELD) or found.live(HeldState.WAITING)
            if row is None:
                raise Stale("This is final by now, and can no longer be taken back.")
            if row.actor_id != actor.id:
                raise Stale("Only the person who chose can take it back.")
            before = _replaced_by(found, row) if row.state is HeldState.WAITING else None
            row.state, row.ended_at = HeldState.UNDONE, self._clock.now()
            self._log(tx, f"account:{actor.id}", "undone", row)
            # Before an earlier choice waits again: only one may wait.
            await tx.session.flush()
            if before is not None:
                before.state, before.ended_at = HeldState.WAITING, None
            await cancel(tx, Selection(dedupe_prefix=_dedupe(row)))

    async def settle(self, payload: SettleAdoption, job: Job) -> Outcome | None:
        """The time is over: the reading takes the place of what stood, unless the interview moved on meanwhile."""
        async with job.finish() as tx:
            chosen = await tx.session.get(AdoptionRow, payload.adoption_id)
            if chosen is None:
                return None
            interview = await interviews.by_id(tx.session, chosen.interview_id, lock=True)
            await tx.session.refresh(chosen)
            if interview is not None and chosen.state is HeldState.HELD:
                await self._settle(tx, interview, chosen)
        return None

    async def _hold(self, tx: Transaction, interview: InterviewRow, chosen: AdoptionRow) -> None:
        held_for = interview.program.review.held_for
        chosen.state, chosen.final_at = HeldState.HELD, chosen.decided_at + held_for
        await tx.session.flush()
        self._log(tx, f"account:{chosen.actor_id}", "chosen", chosen)
        if not held_for:
            await self._settle(tx, interview, chosen)
            return
        await enqueue(
            tx,
            SettleAdoption(adoption_id=chosen.id),
            dedupe=_dedupe(chosen),
            subject=f"interview:{interview.id}",
            run_at=chosen.final_at,
        )

    async def _settle(self, tx: Transaction, interview: InterviewRow, chosen: AdoptionRow) -> None:
        now = self._clock.now()
        found = await standing(tx.session, interview, lock=True)
        if interview.version != chosen.interview_version or await hindrance(tx.session, interview, found, viewer=None):
            await self._drop(tx, [chosen])
            return
        row = await tx.session.get_one(RescoringRow, chosen.rescoring_id)
        first = await self._end(tx, chosen, now)
        scorecard = await _scorecard(tx, row, found, now)
        chosen.scorecard_id = scorecard.id
        case = await _case(tx, interview, row, found, now)
        tx.session.add(_decision(case, scorecard, first, now))
        # From here on the interview is read with the rubric behind its scorecard; its steps tell the earlier one.
        interview.rubric_hash = row.rubric_hash
        rubric = from_snapshot(await interviews.rubric_content(tx.session, row.rubric_hash))
        store_result(tx, interview, rubric, scorecard, finality=Finality.PERSON, band=None, links=self._links, now=now)
        await tx.session.flush()
        self._log(tx, f"account:{chosen.actor_id}", "adopted", chosen, **_facts(scorecard, found))
        if interview.state is InterviewState.IN_REVIEW:
            await self._steps.take(tx, interview, Finalise(), actor=f"account:{chosen.actor_id}", now=now)
        else:
            # No step is taken: what was final is final still, with another result.
            await self._steps.write_result(tx, interview, now=now)

    async def _drop(self, tx: Transaction, chosen: Sequence[AdoptionRow]) -> None:
        for row in chosen:
            row.state, row.ended_at = HeldState.DROPPED, self._clock.now()
            self._log(tx, SYSTEM, "dropped", row)
        # Before another one waits or is held: only one may.
        await tx.session.flush()

    async def _end(self, tx: Transaction, chosen: AdoptionRow, now: datetime) -> AdoptionRow:
        """Mark as final; gives the choice whose reason counts."""
        chosen.state, chosen.ended_at = HeldState.FINAL, now
        if chosen.agrees_with is None:
            return chosen
        first = await tx.session.get_one(AdoptionRow, chosen.agrees_with)
        first.state, first.ended_at = HeldState.FINAL, now
        return first

    def _log(self, tx: Transaction, actor: str, what: str, row: AdoptionRow, **facts: object) -> None:
        log_adoption(tx, actor, what, row, self._clock.now(), **facts)


async def _locked(tx: Transaction, rescoring_id: uuid.UUID) -> tuple[RescoringRow, InterviewRow]:
    row = await tx.session.get(RescoringRow, rescoring_id)
    interview = await interviews.by_id(tx.session, row.interview_id, lock=True) if row else None
    if row is None or interview is None:
        raise Missing("There is no such reading.")
    return row, interview


async def _refuse(
    tx: Transaction, interview: InterviewRow, found: Standing, row: RescoringRow, rubric: Rubric, actor: Account
) -> None:
    hindered = await hindrance(tx.session, interview, found, viewer=actor)
    hindered = hindered or await hindrance_of(tx.session, interview, found, row, rubric)
    if hindered:
        raise Stale(hindered)
    if found.live(HeldState.HELD) is not None:
        raise Stale("Someone has chosen a reading already. Their choice stands.")


def _row(interview: InterviewRow, row: RescoringRow, actor: Account, reason: str, now: datetime) -> AdoptionRow:
    return AdoptionRow(
        id=new_id(),
        interview_id=interview.id,
        rescoring_id=row.id,
        interview_version=interview.version,
        actor_id=actor.id,
        actor_name=actor.name,
        reason=reason.strip(),
        decided_at=now,
        state=HeldState.WAITING,
    )


async def _scorecard(tx: Transaction, row: RescoringRow, found: Standing, now: datetime) -> ScorecardRow:
    if found.scorecard is None:
        raise Stale(MOVED_ON)
    scorecard = ScorecardRow(
        id=new_id(),
        interview_id=row.interview_id,
        revision=found.scorecard.revision + 1,
        created_at=now,
        card=row.card,
        reasons=list(row.reasons),
    )
    tx.session.add(scorecard)
    await tx.session.flush()
    return scorecard


async def _case(tx: Transaction, interview: InterviewRow, row: RescoringRow, found: Standing, now: datetime) -> CaseRow:
    """The open case, decided with this; of a result that was final already, a case that is opened and decided at once."""
    case = found.case
    if case is None:
        case = CaseRow(
            id=new_id(),
            interview_id=interview.id,
            kind=CaseKind.RESULT,
            reasons=list(row.reasons),
            message=None,
            opened_at=now,
            due_at=now,
        )
        tx.session.add(case)
    case.state, case.closed_at = CaseState.DECIDED, now
    await tx.session.flush()
    return case


def _decision(case: CaseRow, scorecard: ScorecardRow, first: AdoptionRow, now: datetime) -> DecisionRow:
    return DecisionRow(
        id=new_id(),
        case_id=case.id,
        interview_id=case.interview_id,
        scorecard_id=scorecard.id,
        actor_id=first.actor_id,
        actor_name=first.actor_name,
        verdict=DecisionVerdict.CONFIRM,
        band=scorecard.card.band,
        reason=first.reason,
        decided_at=now,
    )


def _facts(scorecard: ScorecardRow, found: Standing) -> dict[str, str | None]:
    """What became of it for the audit chain; ``replaces``: a person's earlier decision, in whose place it stands."""
    replaced = found.decision.id.hex if found.decision else None
    return {"scorecard": scorecard.id.hex, "band": scorecard.card.band, "replaces": replaced}


def _choice(actor: Account, row: RescoringRow, found: Standing) -> Choice:
    """As reviewing sees it: two people agree where they use the same reading; it departs where the band would change."""
    return Choice(actor.id, row.id.hex, departs=row.card.band != _band(found))


def _band(found: Standing) -> str | None:
    if found.decision is not None:
        return found.decision.band
    return found.scorecard.card.band if found.scorecard else None


def _waiting(waiting: AdoptionRow | None) -> Choice | None:
    return None if waiting is None else Choice(waiting.actor_id, waiting.rescoring_id.hex, departs=True)


def _replaced_by(found: Standing, row: AdoptionRow) -> AdoptionRow | None:
    """The choice in whose place this one waited, which ended in the moment in which this one was made."""
    gone = (one for one in found.adoptions if one.state is HeldState.REPLACED and one.ended_at == row.decided_at)
    # Nobody replaces their own choice.
    known = (one for one in gone if one.interview_version == row.interview_version and one.actor_id != row.actor_id)
    return next(known, None)


def _dedupe(row: AdoptionRow) -> str:
    return f"adopt:{row.id}"
