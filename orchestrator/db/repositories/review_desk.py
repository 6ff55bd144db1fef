"""What leads to a decision about a result: choices that are held or wait, blind readings, openings, assignments."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.db.models.account import AccountRow
from orchestrator.db.models.application import ApplicationRow, CandidateRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.reopening import ReopeningRow
from orchestrator.db.models.scoring import (
    BlindReadingRow,
    CaseAssignmentRow,
    CaseOpeningRow,
    CaseRow,
    CaseState,
    DecisionVerdict,
    HeldDecisionRow,
    HeldState,
)
from orchestrator.db.repositories.adoptions import decides_case
from orchestrator.db.repositories.intake import insert

LIVE = (HeldState.WAITING, HeldState.HELD)
STOOD = (HeldState.HELD, HeldState.WAITING, HeldState.FINAL, HeldState.REPLACED)


class Live(NamedTuple):
    """What is chosen for a case and not yet final: what waits for a second person, and what only its time is to pass for."""

    waiting: HeldDecisionRow | None
    held: HeldDecisionRow | None


class Person(NamedTuple):
    """A member of the team."""

    id: uuid.UUID
    name: str


class Pace(NamedTuple):
    """Of a choice, what says how somebody reviews. ``opened_at`` None: when they opened the case is not known."""

    actor_id: uuid.UUID
    verdict: DecisionVerdict
    opened_at: datetime | None
    decided_at: datetime


class Late(NamedTuple):
    """Cases that still wait after their time, and since when the first of them does."""

    cases: int
    oldest: datetime | None


class HeldCase(NamedTuple):
    """A held choice with what says whom it is about."""

    row: HeldDecisionRow
    first_name: str
    last_name: str
    rubric_hash: str


async def live(session: AsyncSession, case_id: uuid.UUID) -> Live:
    """What is chosen for a case and not yet final."""
    rows = await session.scalars(
        sa.select(HeldDecisionRow).where(HeldDecisionRow.case_id == case_id, HeldDecisionRow.state.in_(LIVE))
    )
    by_state = {row.state: row for row in rows}
    return Live(by_state.get(HeldState.WAITING), by_state.get(HeldState.HELD))


async def live_in(session: AsyncSession, case_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, HeldDecisionRow]:
    """The same for many cases; what is held goes before what waits."""
    rows = await session.scalars(
        sa.select(HeldDecisionRow)
        .where(HeldDecisionRow.case_id.in_(case_ids), HeldDecisionRow.state.in_(LIVE))
        .order_by(sa.case((HeldDecisionRow.state == HeldState.HELD, 1), else_=0))
    )
    return {row.case_id: row for row in rows}


async def held_by(session: AsyncSession, account_id: uuid.UUID) -> Sequence[HeldCase]:
    """What somebody decided and can still take back, the newest first."""
    rows = await session.execute(
        sa.select(HeldDecisionRow, CandidateRow.first_name, CandidateRow.last_name, InterviewRow.rubric_hash)
        .join(CaseRow, CaseRow.id == HeldDecisionRow.case_id)
        .join(InterviewRow, InterviewRow.id == HeldDecisionRow.interview_id)
        .join(ApplicationRow, ApplicationRow.id == InterviewRow.application_id)
        .join(CandidateRow, CandidateRow.id == ApplicationRow.candidate_id)
        .where(
            HeldDecisionRow.actor_id == account_id,
            HeldDecisionRow.state == HeldState.HELD,
            CaseRow.state == CaseState.OPEN,
        )
        .order_by(HeldDecisionRow.decided_at.desc())
    )
    return [HeldCase(*row) for row in rows]


async def replaced_by(session: AsyncSession, row: HeldDecisionRow) -> HeldDecisionRow | None:
    """The choice in whose place this one waited, which ended in the moment in which this one was made."""
    rows = await session.scalars(
        sa.select(HeldDecisionRow)
        .where(
            HeldDecisionRow.case_id == row.case_id,
            HeldDecisionRow.state == HeldState.REPLACED,
            HeldDecisionRow.ended_at == row.decided_at,
            # Nobody replaces their own choice.
            HeldDecisionRow.actor_id != row.actor_id,
        )
        .order_by(HeldDecisionRow.decided_at.desc(), HeldDecisionRow.id.desc())
        .limit(1)
    )
    return rows.one_or_none()


async def final_choices(session: AsyncSession, case_id: uuid.UUID) -> Sequence[HeldDecisionRow]:
    """Who made the decision of a case, in order; two where two people had to agree."""
    rows = await session.scalars(
        sa.select(HeldDecisionRow)
        .where(HeldDecisionRow.case_id == case_id, HeldDecisionRow.state == HeldState.FINAL)
        .order_by(HeldDecisionRow.decided_at)
    )
    return rows.all()


async def drop_live(session: AsyncSession, interview_id: uuid.UUID, *, at: datetime) -> Sequence[HeldDecisionRow]:
    """Nothing of what was chosen comes about: the cases ended otherwise. Returns what was dropped, in order."""
    live = (
        sa.select(HeldDecisionRow)
        .where(HeldDecisionRow.interview_id == interview_id, HeldDecisionRow.state.in_(LIVE))
        .order_by(HeldDecisionRow.decided_at)
        # As it is now, not as this transaction may have read it before it had the interview's lock.
        .execution_options(populate_existing=True)
    )
    rows = (await session.scalars(live)).all()
    for row in rows:
        row.state, row.ended_at = HeldState.DROPPED, at
    await session.flush()
    return rows


async def note_opening(session: AsyncSession, case_id: uuid.UUID, account_id: uuid.UUID, *, at: datetime) -> None:
    """Keep when somebody opened a case for the first time."""
    await session.execute(
        insert(session, CaseOpeningRow)
        .values(case_id=case_id, account_id=account_id, at=at)
        .on_conflict_do_nothing(index_elements=["case_id", "account_id"])
    )


async def opened_at(session: AsyncSession, case_id: uuid.UUID, account_id: uuid.UUID) -> datetime | None:
    """When somebody opened a case for the first time."""
    row = await session.get(CaseOpeningRow, (case_id, account_id))
    return row.at if row else None


async def keep_reading(session: AsyncSession, reading: BlindReadingRow) -> bool:
    """Keep a blind reading; False where this person had given one, which stands."""
    kept = await session.execute(
        insert(session, BlindReadingRow)
        .values(
            case_id=reading.case_id,
            account_id=reading.account_id,
            scorecard_id=reading.scorecard_id,
            band=reading.band,
            machine_band=reading.machine_band,
            at=reading.at,
        )
        .on_conflict_do_nothing(index_elements=["case_id", "account_id"])
        .returning(BlindReadingRow.case_id)
    )
    return kept.scalar_one_or_none() is not None


async def reading_of(session: AsyncSession, case_id: uuid.UUID, account_id: uuid.UUID) -> str | None:
    """The band that somebody chose blind."""
    row = await session.get(BlindReadingRow, (case_id, account_id))
    return row.band if row else None


async def read_by(session: AsyncSession, account_id: uuid.UUID, case_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of these cases that somebody has read blind."""
    rows = await session.scalars(
        sa.select(BlindReadingRow.case_id).where(
            BlindReadingRow.account_id == account_id, BlindReadingRow.case_id.in_(case_ids)
        )
    )
    return set(rows)


async def assign(session: AsyncSession, case_id: uuid.UUID, account_id: uuid.UUID | None, *, at: datetime) -> None:
    """Give a case to somebody, or to nobody."""
    if account_id is None:
        await session.execute(sa.delete(CaseAssignmentRow).where(CaseAssignmentRow.case_id == case_id))
        return
    await session.execute(
        insert(session, CaseAssignmentRow)
        .values(case_id=case_id, account_id=account_id, at=at)
        .on_conflict_do_update(index_elements=["case_id"], set_={"account_id": account_id, "at": at})
    )


async def assignees(session: AsyncSession, case_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Person]:
    """Who looks after which case."""
    rows = await session.execute(
        sa.select(CaseAssignmentRow.case_id, AccountRow.id, AccountRow.name)
        .join(AccountRow, AccountRow.id == CaseAssignmentRow.account_id)
        .where(CaseAssignmentRow.case_id.in_(case_ids))
    )
    return {case_id: Person(account_id, name) for case_id, account_id, name in rows}


async def team(session: AsyncSession) -> Sequence[Person]:
    """Everybody who can review, by name."""
    rows = await session.execute(
        sa.select(AccountRow.id, AccountRow.name).where(AccountRow.disabled_at.is_(None)).order_by(AccountRow.name)
    )
    return [Person(*row) for row in rows]


async def chosen_since(session: AsyncSession, since: datetime) -> Sequence[HeldDecisionRow]:
    """Every choice that stood since then, whatever a second person made of it; what was taken back never counts."""
    rows = await session.scalars(
        sa.select(HeldDecisionRow).where(HeldDecisionRow.decided_at >= since, HeldDecisionRow.state.in_(STOOD))
    )
    return rows.all()


async def paces_since(session: AsyncSession, since: datetime, *, limit: int) -> Sequence[Pace]:
    """The same without reasons and names, and at most ``limit`` of them: the newest."""
    rows = await session.execute(
        sa.select(
            HeldDecisionRow.actor_id, HeldDecisionRow.verdict, HeldDecisionRow.opened_at, HeldDecisionRow.decided_at
        )
        .where(HeldDecisionRow.decided_at >= since, HeldDecisionRow.state.in_(STOOD))
        .order_by(HeldDecisionRow.decided_at.desc())
        .limit(limit)
    )
    return [Pace(*row) for row in rows]


async def readings_since(session: AsyncSession, since: datetime) -> Sequence[tuple[BlindReadingRow, str]]:
    """Every blind reading since then, with the hash of its rubric."""
    rows = await session.execute(
        sa.select(BlindReadingRow, InterviewRow.rubric_hash)
        .join(CaseRow, CaseRow.id == BlindReadingRow.case_id)
        .join(InterviewRow, InterviewRow.id == CaseRow.interview_id)
        .where(BlindReadingRow.at >= since)
    )
    return [(row, digest) for row, digest in rows]


async def overdue(session: AsyncSession, *, now: datetime) -> Late:
    """Open cases whose time is over, but for those that somebody has just decided."""
    held = sa.or_(
        sa.exists().where(HeldDecisionRow.case_id == CaseRow.id, HeldDecisionRow.state == HeldState.HELD),
        sa.exists().where(ReopeningRow.case_id == CaseRow.id, ReopeningRow.state == HeldState.HELD),
        decides_case(),
    )
    found = await session.execute(
        sa.select(sa.func.count(), sa.func.min(CaseRow.due_at)).where(
            CaseRow.state == CaseState.OPEN, CaseRow.due_at < now, ~held
        )
    )
    return Late(*found.one())


async def open_case_of(session: AsyncSession, application_id: uuid.UUID) -> uuid.UUID | None:
    """The case of an application that waits longest."""
    rows = await session.scalars(
        sa.select(CaseRow.id)
        .join(InterviewRow, InterviewRow.id == CaseRow.interview_id)
        .where(InterviewRow.application_id == application_id, CaseRow.state == CaseState.OPEN)
        .order_by(CaseRow.opened_at, CaseRow.id)
        .limit(1)
    )
    return rows.one_or_none()
