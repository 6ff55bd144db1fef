"""Asking a candidate again: once for an interview, and only where what was handed in could not be read as an answer.

It is held like a decision, so that it can be taken back, and nothing follows from it until its time is over. Then the
interview begins again with a new link and new time. What was handed in the first time is kept, nothing of it is ever
written to the ATS, and the first score becomes no result.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.base import new_id
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.reopening import ReopeningRow
from orchestrator.db.models.scoring import CaseKind, CaseRow, CaseState, HeldState, ScorecardRow
from orchestrator.db.repositories import interviews, reopenings, review_desk
from orchestrator.db.session import Database, Transaction
from orchestrator.domain.audit import AuditEvent
from orchestrator.domain.interview import AskAgain, allowed
from orchestrator.domain.review import may_ask_again
from orchestrator.domain.uncertainty import ReviewReason
from orchestrator.errors import Stale
from orchestrator.ports import Clock
from orchestrator.services.rescoring.held import SettleAdoption
from orchestrator.services.review.holds import (
    SettleDecision,
    drop_held,
    lock_held,
    locked_case,
    need_reason,
    refuse_chosen,
)
from orchestrator.services.review_kinds import SettleReopening
from orchestrator.services.steps import SYSTEM, Steps
from orchestrator.services.views import Account, HeldItem
from orchestrator.work.admin import Selection, cancel
from orchestrator.work.job import Job
from orchestrator.work.outcome import Outcome
from orchestrator.work.queue import enqueue

HELD_KINDS = (SettleDecision.kind, SettleReopening.kind, SettleAdoption.kind)
"""Work that makes final what somebody decided: without it, what is held would never end."""


class AskingAgain:
    """Has candidates asked again."""

    def __init__(self, *, database: Database, clock: Clock, steps: Steps) -> None:
        self._database = database
        self._clock = clock
        self._steps = steps

    async def ask(
        self,
        tx: Transaction,
        case: CaseRow,
        interview: InterviewRow,
        scorecard: ScorecardRow,
        *,
        actor: Account,
        reason: str,
    ) -> None:
        """Have the candidate of an open case, whose lock the caller holds, asked again.

        Raises:
            InputInvalid: no reason of at least ten characters.
            Stale: somebody decided already or chose a later reading, the candidate was asked again before, or this is no
                case for it.
        """
        need_reason(reason)
        await refuse_chosen(tx, interview)
        await self._refuse(tx.session, case, interview, scorecard)
        now, held_for = self._clock.now(), interview.program.review.held_for
        row = ReopeningRow(
            id=new_id(),
            interview_id=interview.id,
            case_id=case.id,
            round=interview.round,
            actor_id=actor.id,
            actor_name=actor.name,
            reason=reason.strip(),
            asked_at=now,
            final_at=now + held_for,
            state=HeldState.HELD,
        )
        tx.session.add(row)
        await tx.session.flush()
        _log(tx, _actor(row), "asked_again", row, now, final_at=row.final_at.isoformat())
        if held_for:
            await enqueue(
                tx,
                SettleReopening(held_id=row.id),
                dedupe=_dedupe(row),
                subject=f"interview:{interview.id}",
                run_at=row.final_at,
            )
        else:
            await self._finalise(tx, interview, row, now)

    async def undo(self, case_id: uuid.UUID, *, actor: Account) -> bool:
        """Take it back; False where nothing of this kind is held for the case.

        Raises:
            Missing: there is no such case.
            Stale: it is somebody else's.
        """
        async with self._database.transaction() as tx:
            case, interview = await locked_case(tx, case_id)
            row = await reopenings.of_interview(tx.session, interview.id)
            if row is None or (row.case_id, row.state, case.state) != (case_id, HeldState.HELD, CaseState.OPEN):
                return False
            if row.actor_id != actor.id:
                raise Stale("Only the person who decided can take a decision back.")
            now = self._clock.now()
            row.state, row.ended_at = HeldState.UNDONE, now
            _log(tx, _actor(row), "undone", row, now)
            await cancel(tx, Selection(dedupe_prefix=_dedupe(row)))
        return True

    async def settle(self, payload: SettleReopening, job: Job) -> Outcome | None:
        """The time is over: the candidate is asked, unless the case, or the application, ended otherwise meanwhile."""
        async with job.finish() as tx:
            found = await _locked(tx, payload.held_id)
            if found is not None:
                case, interview, row = found
                now = self._clock.now()
                if case.state is CaseState.OPEN and await _still_asks(tx.session, interview):
                    await self._finalise(tx, interview, row, now)
                else:
                    _drop(tx, row, actor=SYSTEM, now=now)
        return None

    @staticmethod
    async def _refuse(session: AsyncSession, case: CaseRow, interview: InterviewRow, scorecard: ScorecardRow) -> None:
        stands = await reopenings.of_interview(session, interview.id)
        if (stands is not None and stands.case_id == case.id) or (await review_desk.live(session, case.id)).held:
            raise Stale("Someone has decided this case already. Their decision stands.")
        if not can_ask(case, scorecard, stands):
            raise Stale(
                "A candidate can be asked again once, where the answers could not be read. This is no such case any more."
            )
        if interview.application.snapshot.disposition is not None:
            raise Stale("Your applicant tracking system shows that this application has ended. Nobody is asked again.")
        if await interviews.has_newer(session, interview):
            raise Stale("This candidate has a newer interview of this program. Please close this case without a band.")

    async def _finalise(self, tx: Transaction, interview: InterviewRow, row: ReopeningRow, now: datetime) -> None:
        row.state, row.ended_at = HeldState.FINAL, now
        # The turns of the interview will be those of the next attempt.
        row.answers = await interviews.transcript(tx.session, interview.id)
        await reopenings.ask_follow_ups_anew(tx.session, interview.id)
        await tx.session.flush()
        await self._steps.take(tx, interview, AskAgain(), actor=_actor(row), now=now)


async def _still_asks(session: AsyncSession, interview: InterviewRow) -> bool:
    ended = interview.application.snapshot.disposition is not None
    return allowed(interview.state, AskAgain()) and not ended and not await interviews.has_newer(session, interview)


def can_ask(case: CaseRow, scorecard: ScorecardRow | None, stands: ReopeningRow | None) -> bool:
    """Whether the candidate of a case can be asked again; ``stands``: that they were, or are about to be."""
    if case.kind is not CaseKind.RESULT or case.state is not CaseState.OPEN or scorecard is None or stands is not None:
        return False
    rated = any(score.level is not None for score in scorecard.card.scores)
    return may_ask_again([ReviewReason(reason) for reason in case.reasons], rated=rated)


async def held_reopenings(session: AsyncSession, *, viewer: Account) -> Sequence[HeldItem]:
    """What somebody can still take back."""
    return [
        HeldItem(one.case_id, f"{one.first_name} {one.last_name}".strip(), None, one.final_at, asks_again=True)
        for one in await reopenings.held_by(session, viewer.id)
    ]


async def give_up(tx: Transaction, held_id: uuid.UUID, *, actor: str, reason: str, now: datetime) -> None:
    """Give up what is held, of either kind, because its work never comes: the case is back in the queue."""
    await drop_held(tx, held_id, actor=actor, reason=reason, now=now)
    found = await _locked(tx, held_id)
    if found is not None:
        _drop(tx, found[2], actor=actor, now=now, reason=reason.strip())


async def lock_choices(tx: Transaction, held_ids: Iterable[uuid.UUID]) -> None:
    """Lock the cases of what is held, of either kind, before their work is changed: every writer locks in this order."""
    for held_id in sorted(held_ids):
        await lock_held(tx, [held_id])
        await _locked(tx, held_id)


def held_kinds(kinds: Collection[str] | None) -> tuple[str, ...]:
    """Those of these kinds of work that hold something; all of them where ``kinds`` sets no limit."""
    return tuple(kind for kind in HELD_KINDS if not kinds or kind in kinds)


async def _locked(tx: Transaction, held_id: uuid.UUID) -> tuple[CaseRow, InterviewRow, ReopeningRow] | None:
    seen = await tx.session.get(ReopeningRow, held_id)
    if seen is None:
        return None
    case, interview = await locked_case(tx, seen.case_id)
    await tx.session.refresh(seen)
    return (case, interview, seen) if seen.state is HeldState.HELD else None


def _drop(tx: Transaction, row: ReopeningRow, *, actor: str, now: datetime, **facts: object) -> None:
    row.state, row.ended_at = HeldState.DROPPED, now
    _log(tx, actor, "dropped", row, now, **facts)


def _log(tx: Transaction, actor: str, what: str, row: ReopeningRow, now: datetime, **facts: object) -> None:
    details = {"case": row.case_id.hex, "verdict": "ask_again", "round": row.round, **facts}
    subject = str(row.interview_id)
    tx.audit(AuditEvent(at=now, actor=actor, tag=f"account:case:{what}", subject=subject, details=details))


def _actor(row: ReopeningRow) -> str:
    return f"account:{row.actor_id}"


def _dedupe(row: ReopeningRow) -> str:
    return f"reopen:{row.id}"
