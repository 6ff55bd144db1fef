"""What has been kept long enough is removed, nothing newer is, and the pages that showed it still open kindly."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from orchestrator.db.models.interview import DraftRow, TurnRow
from orchestrator.domain.interview import InterviewState
from orchestrator.services.kinds import ApplyRetention, PollConnection
from orchestrator.work.queue import enqueue
from tests.fixtures.house import House, running_house
from tests.integration.services.people import (
    ANSWERS,
    ROOMY,
    Candidate,
    Colleague,
    Newcomer,
    interview_of,
    move_to,
    newcomer,
    newest_link,
    open_case,
)
from tests.integration.services.rows import clock_moved, count, holders, later, settled, still_held

MESSAGE = "I would rather speak with somebody about my eyesight."
SENTENCES = tuple(sentence.strip() for answer in ANSWERS for sentence in answer.split(". ") if len(sentence) > 20)
S = InterviewState


async def apply_retention(house: House) -> None:
    """Do what the clock does every hour."""
    async with house.runtime.database.transaction() as tx:
        await enqueue(tx, ApplyRetention())
    await settled(house)


async def go_live(house: House) -> None:
    """Poll for the first time, which only finds out where the ATS stands."""
    async with house.runtime.database.transaction() as tx:
        await enqueue(tx, PollConnection(connection="sandbox"))
    await settled(house)


async def arrive(house: House) -> tuple[Newcomer, str]:
    """Somebody new is invited, found by a poll: deliveries would look stale to a clock that was moved."""
    application = await newcomer(house)
    await move_to(house, application, "First Interview")
    async with house.runtime.database.transaction() as tx:
        await enqueue(tx, PollConnection(connection="sandbox"))
    await house.mail_to(application.email)
    await settled(house)
    return application, newest_link(house, application)


async def take(house: House, link: str) -> None:
    """Answer everything and hand in."""
    with Candidate(link) as candidate:
        await candidate.begin()
        for number, answer in enumerate(ANSWERS, start=1):
            await candidate.answer(number, answer)
        await candidate.submit()
    await settled(house)


async def decided(house: House, application: Newcomer) -> None:
    """A colleague confirms."""
    with Colleague(house) as robin:
        await robin.sign_in()
        await robin.send(f"/review/{await open_case(house, application)}", "/decision")
    await settled(house)


async def words_of(house: House, application: Newcomer) -> tuple[int, int]:
    """How many turns and drafts are held of an application's interview."""
    interview = await interview_of(house, application)
    async with house.runtime.database.reading() as session:
        turns = sa.select(sa.func.count()).where(TurnRow.interview_id == interview.id)
        drafts = sa.select(sa.func.count()).where(DraftRow.interview_id == interview.id)
        return await session.scalar(turns) or 0, await session.scalar(drafts) or 0


async def test_words_go_a_year_after_the_end(sqlite_url: str, tmp_path: Path) -> None:
    """Every sentence of the older interview is in no table any more; the younger one keeps everything."""
    async with running_house(sqlite_url, tmp_path, changes=(ROOMY,), subscribe=False) as house:
        await go_live(house)
        old, old_link = await arrive(house)
        await take(house, old_link)
        await decided(house, old)
        before = await house.sandbox.profile(old.id)
        assert await words_of(house, old) == (10, 5)
        assert await still_held(house.runtime.database, SENTENCES) == set(SENTENCES)

        with clock_moved(house, days=364):
            await apply_retention(house)
            assert await words_of(house, old) == (10, 5)
        with clock_moved(house, days=366):
            await apply_retention(house)
        assert await words_of(house, old) == (0, 0)
        assert await still_held(house.runtime.database, SENTENCES) == set()
        assert await house.sandbox.profile(old.id) == before

        with clock_moved(house, days=10):
            young, young_link = await arrive(house)
            await take(house, young_link)
            await decided(house, young)
        with clock_moved(house, days=370):
            await apply_retention(house)
        assert await words_of(house, young) == (10, 5)
        with clock_moved(house, days=376):
            await apply_retention(house)
        assert await words_of(house, young) == (0, 0)
        await pages_open_kindly(house, old, old_link)
        await house.runtime.services.operating.verify_audit()


async def test_what_is_ours_is_known_again_without_its_words(sqlite_url: str, tmp_path: Path) -> None:
    """After the words went, a new interview still replaces our old summary in the ATS: it is ours, no conflict."""
    again = ("re_entry: never", "re_entry: after_finished")
    async with running_house(sqlite_url, tmp_path, changes=(ROOMY, again), subscribe=False) as house:
        await go_live(house)
        person, link = await arrive(house)
        await take(house, link)
        await decided(house, person)
        old = await house.field(person.id, "interview_summary")
        with clock_moved(house, days=366):
            await apply_retention(house)
        house.mails.clear()
        await move_to(house, person, "Application Review")
        await move_to(house, person, "First Interview")
        async with house.runtime.database.transaction() as tx:
            await enqueue(tx, PollConnection(connection="sandbox"))
        await house.mail_to(person.email)
        with Candidate(newest_link(house, person)) as candidate:
            await candidate.begin()
            for number, answer in enumerate(reversed(ANSWERS), start=1):
                await candidate.answer(number, answer)
            await candidate.submit()
        await settled(house)
        await decided(house, person)
        assert await house.runtime.services.operating.conflicts() == ()
        assert await house.field(person.id, "interview_summary") != old


async def pages_open_kindly(house: House, application: Newcomer, link: str) -> None:
    """Candidate's, case, result and timeline pages are there and show no removed word."""
    interview = await interview_of(house, application)
    result = str(await house.field(application.id, "interview_link"))
    with Candidate(link) as candidate:
        assert (await candidate.open()).heading.startswith("Thank you")
        assert (await candidate.open("/answers.txt")).status == 200
    with Colleague(house) as robin:
        await robin.sign_in()
        for path in (result, f"/operations/applications/{interview.application_id}"):
            page = await robin.open(path)
            assert (page.status, page.heading) == (200, "Wren Newcomer")
            assert not [sentence for sentence in SENTENCES if sentence in page.text("body")]


async def test_waiting_ends(sqlite_url: str, tmp_path: Path) -> None:
    """Requests, reviews and expired links that nobody acted on are closed after 90 days, and younger ones are not."""
    async with running_house(sqlite_url, tmp_path, changes=(ROOMY,), subscribe=False) as house:
        await go_live(house)
        reviewed, link = await arrive(house)
        await take(house, link)
        asking, link = await arrive(house)
        with Candidate(link) as candidate:
            await candidate.ask("person", MESSAGE)
        silent, _ = await arrive(house)
        async with later(house, days=8):
            assert (await interview_of(house, silent)).state is S.EXPIRED
        with clock_moved(house, days=89):
            await apply_retention(house)
        assert [(await interview_of(house, who)).state for who in (reviewed, asking, silent)] == [
            S.IN_REVIEW,
            S.PAUSED,
            S.EXPIRED,
        ]
        open_one, _ = await arrive(house)
        with clock_moved(house, days=91):
            await apply_retention(house)
        assert (await interview_of(house, open_one)).state is S.INVITED
        for who in (reviewed, asking):
            assert (await interview_of(house, who)).state is S.CLOSED
            await house.until_field(who.id, "interview_completion", "Not scored by AI")
        assert (await interview_of(house, silent)).state is S.EXPIRED
        with clock_moved(house, days=99):
            await apply_retention(house)
        assert (await interview_of(house, silent)).state is S.CLOSED
        assert await house.runtime.services.reviewing.queue() == ()

        assert await holders(house.runtime.database, MESSAGE) == {"review_case.message"}
        with clock_moved(house, days=91 + 366):
            await apply_retention(house)
        assert await holders(house.runtime.database, MESSAGE) == set()


async def test_deliveries_sessions_and_finished_work(sqlite_url: str, tmp_path: Path) -> None:
    """Bodies after 30 days, unless they still wait; sessions when they end; work 30 days after it was done."""
    async with running_house(sqlite_url, tmp_path, changes=(ROOMY,)) as house:
        database = house.runtime.database
        await house.invite((await newcomer(house)).id)
        await settled(house)
        with Colleague(house) as robin:
            await robin.sign_in()
        bodies = "SELECT count(*) FROM delivery WHERE body IS NOT NULL"
        total = await count(database, bodies)
        waiting = await make_one_wait(house)
        with clock_moved(house, days=29):
            await apply_retention(house)
            assert await count(database, bodies) == total
            assert await count(database, "SELECT count(*) FROM account_session") == 0
        with clock_moved(house, days=31):
            await apply_retention(house)
        assert await count(database, bodies) == 1
        assert await count(database, "SELECT count(*) FROM delivery WHERE body IS NOT NULL AND dedupe = :d", d=waiting)
        assert await count(database, "SELECT count(*) FROM delivery") == total

        await age_work(house)
        await apply_retention(house)
        kept = {
            name: await count(database, "SELECT count(*) FROM work WHERE worker = :name", name=name) for name in AGES
        }
        assert kept == {"done-old": 0, "done-young": 1, "dead-old": 1, "cancelled-old": 0}


AGES = {"done-old": 31, "done-young": 29, "dead-old": 300, "cancelled-old": 31}


async def make_one_wait(house: House) -> str:
    """Let one delivery look as if it was never processed; its key."""
    async with house.runtime.database.transaction() as tx:
        key = str(await tx.session.scalar(sa.text("SELECT min(dedupe) FROM delivery WHERE body IS NOT NULL")))
        await tx.session.execute(sa.text("UPDATE delivery SET state = 'received' WHERE dedupe = :key"), {"key": key})
    return key


async def age_work(house: House) -> None:
    """Let four settled items of work look older than they are. The engine keeps time by the database's clock."""
    async with house.runtime.database.transaction() as tx:
        found = (
            await tx.session.execute(sa.text("SELECT id FROM work WHERE state = 'done' ORDER BY id LIMIT 4"))
        ).all()
        for (id_,), (name, days) in zip(found, AGES.items(), strict=True):
            ended = datetime.now(UTC) - timedelta(days=days)
            values = {"id": id_, "name": name, "state": name.partition("-")[0], "ended": ended.timestamp()}
            await tx.session.execute(
                sa.text("UPDATE work SET worker = :name, state = :state, finished_at = :ended WHERE id = :id"), values
            )
