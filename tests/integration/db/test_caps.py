"""What a capped program has started is counted right, and what is long past is not counted again."""

from datetime import timedelta

import sqlalchemy as sa

from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.repositories.caps import Started
from orchestrator.db.session import Database
from tests.fixtures.scored_interviews import TAKEN, scored_interview
from tests.unit.grading.examples import ANSWERS, RUBRIC

PROGRAM = "support-pilot"
NOW = TAKEN + timedelta(hours=2)


async def start(database: Database, *minutes: int) -> None:
    """Interviews that were started so many minutes after the first moment."""
    for minute in minutes:
        await scored_interview(database, RUBRIC, ANSWERS, number=minute, program_key=PROGRAM)


async def count(database: Database, started: Started, *, most: int | None = 100) -> int:
    """What the started interviews of the program are counted as, two hours after the first moment."""
    async with database.reading() as session:
        return await started.in_all(session, PROGRAM, most=most, now=NOW)


async def test_what_is_remembered_and_what_came_since_are_one_number(database: Database) -> None:
    """The remembered part ends an hour before now; what lies on its edge, or came later, is counted once."""
    started = Started(many=3)
    await start(database, 1, 2, 3, 4, 59)
    assert await count(database, started) == 5
    await start(database, 60, 61, 119)
    assert [await count(database, started, most=most) for most in (100, 8, 7, 5, 3, None)] == [8, 8, 7, 5, 3, 0]
    assert await count(database, Started()) == 8


async def test_what_is_long_past_is_not_counted_again(database: Database) -> None:
    """Rows before the remembered moment are not read any more: seen by making them another program's."""
    started = Started(many=3)
    await start(database, 1, 2, 3, 4, 90)
    assert await count(database, started) == 5
    async with database.transaction() as tx:
        await tx.session.execute(sa.update(InterviewRow).values(program_key="another"))
    assert await count(database, started) == 4
    assert await count(database, Started()) == 0


async def test_a_clock_that_is_set_back_counts_nothing_twice(database: Database) -> None:
    """Decisions come in any order: an earlier moment after a later one changes nothing."""
    started = Started(many=3)
    await start(database, *range(40, 50), *range(70, 75))
    for minutes in (120, 105, 120, 105, 120):
        async with database.reading() as session:
            moment = TAKEN + timedelta(minutes=minutes)
            assert await started.in_all(session, PROGRAM, most=100, now=moment) == 15


async def test_days_are_counted_from_their_beginning(database: Database) -> None:
    """A cap for a day counts what was started since its midnight, up to the cap."""
    await start(database, 1, 2, 3)
    since = TAKEN + timedelta(minutes=2)
    async with database.reading() as session:
        counts = [await Started.since(session, PROGRAM, since, most=most) for most in (10, 1, None)]
    assert counts == [2, 1, 0]
