"""Notes may repeat what a candidate said: whoever forgets and whoever writes one wait for each other, and none is left."""

import asyncio
import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa

from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.repositories import calibration as rows
from orchestrator.db.repositories import interviews
from orchestrator.db.repositories.retention import forget_words
from orchestrator.db.session import Database
from orchestrator.domain.calibration import Rating
from orchestrator.domain.interview import InterviewState
from orchestrator.errors import InputInvalid, Stale
from orchestrator.services.calibration.calibrating import Calibrating
from orchestrator.services.calibration.views import NewSession
from tests.fixtures.scored_interviews import TAKEN, scored_interview
from tests.integration.services.calibration_team import ADA, BEN, COMPETENCIES, DIGEST, EVE, RUBRIC, staffed
from tests.integration.services.locks import somebody_waits
from tests.integration.services.rows import still_held
from tests.integration.services.test_retaining import apply

SAID = "they never called me back"
NOTED = {COMPETENCIES[0]: Rating(4, f"Says that {SAID}.")}


async def with_interview(database: Database) -> tuple[Calibrating, uuid.UUID, uuid.UUID]:
    """A session over one interview, which ended long ago; the ids of the session and the interview."""
    calibrating = await staffed(database)
    answers = {question.id: f"A customer waited and {SAID}, so I rang them." for question in RUBRIC.questions}
    interview = await scored_interview(database, RUBRIC, answers, state=InterviewState.FINAL)
    async with database.transaction() as tx:
        ended = sa.update(InterviewRow).where(InterviewRow.id == interview)
        await tx.session.execute(ended.values(finished_at=TAKEN - timedelta(days=4000)))
    new = NewSession(title="Practice", rubric=DIGEST, interviews=(interview,), raters=(ADA.id, BEN.id))
    return calibrating, await calibrating.make(new, actor=EVE), interview


async def forget(database: Database, interview: uuid.UUID) -> None:
    """Remove the words, as retention does."""
    async with database.transaction() as tx:
        await forget_words(tx.session, interview)


async def test_no_note_after_the_words_are_gone(database: Database) -> None:
    """While rating nothing at all is kept, afterwards the level alone."""
    calibrating, session_id, interview = await with_interview(database)
    await calibrating.rate(session_id, 1, NOTED, actor=ADA)
    await forget(database, interview)
    with pytest.raises(Stale, match="removed"):
        await calibrating.rate(session_id, 1, NOTED, actor=BEN)
    await calibrating.reveal(session_id, actor=EVE)
    with pytest.raises(InputInvalid, match="words cannot"):
        await calibrating.agree(session_id, 1, NOTED, actor=EVE)
    await calibrating.agree(session_id, 1, {COMPETENCIES[0]: Rating(4)}, actor=EVE)
    assert await still_held(database, [SAID]) == set()


@pytest.mark.parametrize("revealed", [False, True], ids=["rate", "agree"])
async def test_who_writes_a_note_waits_for_who_forgets(postgres_database: Database, *, revealed: bool) -> None:
    """The note that was begun before the words were gone for good is refused, and nothing of it is held."""
    calibrating, session_id, interview = await with_interview(postgres_database)
    if revealed:
        await calibrating.rate(session_id, 1, {COMPETENCIES[0]: Rating(3)}, actor=ADA)
        await calibrating.reveal(session_id, actor=EVE)
    write = calibrating.agree if revealed else calibrating.rate
    async with postgres_database.transaction() as tx:
        await interviews.by_id(tx.session, interview, lock=True)
        await forget_words(tx.session, interview)
        noting = asyncio.create_task(write(session_id, 1, NOTED, actor=ADA))
        await somebody_waits(postgres_database)
    with pytest.raises((Stale, InputInvalid), match="removed"):
        await noting
    assert await still_held(postgres_database, [SAID]) == set()


async def test_who_forgets_waits_for_who_writes_a_note(postgres_database: Database) -> None:
    """Retention finds the note that was being written when it began."""
    calibrating, session_id, interview = await with_interview(postgres_database)
    async with postgres_database.transaction() as tx:
        await interviews.by_id(tx.session, interview, lock=True)
        [item] = await rows.items(tx.session, [session_id])
        key: dict[str, object] = {"item_id": item.id, "account_id": ADA.id, "competency": COMPETENCIES[0]}
        await rows.keep_rating(tx.session, {**key, "level": 4, "note": SAID, "rated_at": TAKEN})
        forgetting = asyncio.create_task(apply(postgres_database))
        await somebody_waits(postgres_database)
    await forgetting
    assert await still_held(postgres_database, [SAID]) == set()
    view = await calibrating.item(session_id, 1, viewer=ADA)
    assert view.competencies[0].mine == Rating(4, "")
