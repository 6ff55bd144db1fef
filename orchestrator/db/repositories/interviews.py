"""Interviews, links, drafts, turns, and what the trigger needs to know of them."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from orchestrator.db.base import new_id
from orchestrator.db.models.application import ApplicationRow
from orchestrator.db.models.interview import DraftRow, InterviewRow, LinkRow, RubricRow, TurnRow
from orchestrator.db.models.writeback import WriteBackRow
from orchestrator.db.repositories.caps import Started
from orchestrator.db.repositories.intake import insert
from orchestrator.domain.interview import TERMINAL, InterviewState
from orchestrator.domain.program import Program
from orchestrator.domain.transcript import Transcript, Turn
from orchestrator.domain.trigger import History

_TOOK_PLACE = (TERMINAL - {InterviewState.CANCELLED}) | {InterviewState.EXPIRED}
_WITH_CANDIDATE = joinedload(InterviewRow.application).joinedload(ApplicationRow.candidate)


async def by_id(session: AsyncSession, interview_id: uuid.UUID, *, lock: bool = False) -> InterviewRow | None:
    """An interview with its application and candidate.

    ``lock`` holds both until the transaction ends, the application first: every writer takes them in this order, and
    work enqueued under the lock keeps its place in the application's lane.
    """
    if lock:
        mine = sa.select(InterviewRow.application_id).where(InterviewRow.id == interview_id).scalar_subquery()
        await session.execute(sa.select(ApplicationRow.id).where(ApplicationRow.id == mine).with_for_update())
        await session.execute(sa.select(InterviewRow.id).where(InterviewRow.id == interview_id).with_for_update())
    return (
        await session.execute(sa.select(InterviewRow).where(InterviewRow.id == interview_id).options(_WITH_CANDIDATE))
    ).scalar_one_or_none()


async def id_by_token(session: AsyncSession, token_hash: str) -> uuid.UUID | None:
    """The interview that a link opens; None for an unknown or revoked link."""
    return (
        await session.execute(
            sa.select(LinkRow.interview_id).where(LinkRow.token_hash == token_hash, LinkRow.revoked_at.is_(None))
        )
    ).scalar_one_or_none()


async def keep_link(
    session: AsyncSession, *, interview_id: uuid.UUID, token_hash: str, round_: int, at: datetime
) -> None:
    """Store a link unless it is there; one that was revoked stays revoked."""
    await session.execute(
        insert(session, LinkRow)
        .values(id=new_id(), interview_id=interview_id, token_hash=token_hash, round=round_, created_at=at)
        .on_conflict_do_nothing(index_elements=["token_hash"])
    )


async def step(session: AsyncSession, interview: InterviewRow, values: Mapping[str, object]) -> bool:
    """Compare and set: True where the interview still had the version that the caller saw."""
    result = await session.execute(
        sa.update(InterviewRow)
        .where(InterviewRow.id == interview.id, InterviewRow.version == interview.version)
        .values(version=InterviewRow.version + 1, **values)
        .returning(InterviewRow.id)
        .execution_options(synchronize_session=False)
    )
    return result.scalar_one_or_none() is not None


async def revoke_links(session: AsyncSession, interview_id: uuid.UUID, *, at: datetime) -> None:
    """End every link to an interview."""
    await session.execute(
        sa.update(LinkRow)
        .where(LinkRow.interview_id == interview_id, LinkRow.revoked_at.is_(None))
        .values(revoked_at=at)
    )


async def keep_rubric(session: AsyncSession, row: Mapping[str, object]) -> None:
    """Store a rubric once per content hash."""
    await session.execute(
        insert(session, RubricRow).values(**row).on_conflict_do_nothing(index_elements=["content_hash"])
    )


async def rubric_content(session: AsyncSession, content_hash: str) -> bytes:
    """The rubric as it was when the interview was planned."""
    return (
        await session.execute(sa.select(RubricRow.content).where(RubricRow.content_hash == content_hash))
    ).scalar_one()


async def save_draft(
    session: AsyncSession, *, interview_id: uuid.UUID, question_id: str, text: str, at: datetime, seen: int
) -> int | None:
    """Keep an answer written on top of revision ``seen`` (0: none yet); the new revision, None where it is another now."""
    statement = insert(session, DraftRow).values(
        interview_id=interview_id, question_id=question_id, text=text, saved_at=at, revision=1
    )
    saved = await session.execute(
        statement.on_conflict_do_update(
            index_elements=["interview_id", "question_id"],
            set_={"text": text, "saved_at": at, "revision": DraftRow.revision + 1},
            where=DraftRow.revision == seen,
        ).returning(DraftRow.revision)
    )
    return saved.scalar_one_or_none()


async def drafts(session: AsyncSession, interview_id: uuid.UUID) -> dict[str, DraftRow]:
    """Answers so far, by question."""
    rows = await session.scalars(sa.select(DraftRow).where(DraftRow.interview_id == interview_id))
    return {row.question_id: row for row in rows}


async def keep_transcript(session: AsyncSession, interview_id: uuid.UUID, transcript: Transcript) -> None:
    """Store the turns in place of any earlier ones of this interview."""
    await session.execute(sa.delete(TurnRow).where(TurnRow.interview_id == interview_id))
    session.add_all(
        TurnRow(
            interview_id=interview_id,
            index=turn.index,
            speaker=turn.speaker,
            question_id=turn.question_id,
            text=turn.text,
        )
        for turn in transcript.turns
    )


async def transcript(session: AsyncSession, interview_id: uuid.UUID) -> Transcript:
    """The stored turns in order."""
    rows = await session.scalars(sa.select(TurnRow).where(TurnRow.interview_id == interview_id).order_by(TurnRow.index))
    return Transcript(tuple(Turn(row.index, row.speaker, row.text, row.question_id) for row in rows))


async def history(
    session: AsyncSession,
    *,
    application_id: uuid.UUID,
    programs: Sequence[Program],
    started: Started,
    now: datetime,
    live_since: datetime,
) -> History:
    """What the trigger needs to know: interviews of the application, and what capped programs have started.

    A day begins at midnight UTC. Capped programs are locked first on PostgreSQL, so that two decisions at once cannot both take the last place.
    """
    states = (
        await session.scalars(sa.select(InterviewRow.state).where(InterviewRow.application_id == application_id))
    ).all()
    day_began = now.replace(hour=0, minute=0, second=0, microsecond=0)
    total: dict[str, int] = {}
    today: dict[str, int] = {}
    for program in programs:
        if program.cap.total is None and program.cap.per_day is None:
            continue
        if session.get_bind().dialect.name == "postgresql":
            await session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"cap:{program.key}"))))
        total[program.key] = await started.in_all(session, program.key, most=program.cap.total, now=now)
        today[program.key] = await started.since(session, program.key, day_began, most=program.cap.per_day)
    return History(
        live_since=live_since,
        open_interviews=sum(state not in TERMINAL and state is not InterviewState.EXPIRED for state in states),
        # A cancelled interview never took place: a move that was a slip must not cost the candidate the next one.
        finished_interviews=sum(state in _TOOK_PLACE for state in states),
        started_total=total,
        started_today=today,
    )


async def not_begun(
    session: AsyncSession, *, application_id: uuid.UUID, stage_entry_id: uuid.UUID | None
) -> Sequence[InterviewRow]:
    """Interviews of an application that nobody has begun, other than those of this stage entry."""
    statement = sa.select(InterviewRow).where(
        InterviewRow.application_id == application_id, InterviewRow.state == InterviewState.INVITED
    )
    if stage_entry_id is not None:
        statement = statement.where(InterviewRow.stage_entry_id != stage_entry_id)
    return (await session.scalars(statement.options(_WITH_CANDIDATE))).all()


async def has_newer(session: AsyncSession, interview: InterviewRow) -> bool:
    """Whether another interview of the same program came after this one, and was not cancelled."""
    later = sa.exists().where(
        InterviewRow.application_id == interview.application_id,
        InterviewRow.program_key == interview.program_key,
        InterviewRow.created_at > interview.created_at,
        InterviewRow.state != InterviewState.CANCELLED,
    )
    return bool((await session.execute(sa.select(later))).scalar())


async def next_write_back(session: AsyncSession, application_id: uuid.UUID) -> int:
    """The sequence number of the next write-back of an application, counting from 1; the caller holds its lane."""
    highest = await session.scalar(
        sa.select(sa.func.max(WriteBackRow.sequence)).where(WriteBackRow.application_id == application_id)
    )
    return (highest or 0) + 1
