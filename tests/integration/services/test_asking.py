"""Follow-ups over the real house: asked once, by what is missing, under their question, and never pressed on anybody."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa

from orchestrator.db.models.account import Role
from orchestrator.db.models.audit import AuditRow
from orchestrator.db.models.follow_up import FollowUpRow
from orchestrator.db.models.interview import InterviewRow, RubricRow
from orchestrator.db.repositories import interviews
from orchestrator.db.repositories.retention import forget_words
from orchestrator.demo.browser import Page
from orchestrator.domain.followups import FollowUpReason
from orchestrator.domain.interview import InterviewState
from orchestrator.domain.transcript import Speaker
from orchestrator.services.views import Account
from rubrics.loader import find
from tests.fixtures.house import SDR, House, running_house
from tests.integration.services.people import (
    ROOMY,
    Candidate,
    Newcomer,
    fresh_sqlite,
    interview_of,
    interviewed,
    newcomer,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
ON = ("rubric: customer-support/first-interview\n", "rubric: customer-support/first-interview\n    follow_ups: 2\n")
RUBRIC = find("customer-support/first-interview")
CAUSE = RUBRIC.question("unclear-cause")
KNEW, AFTER = CAUSE.probes
THIN = "A neighbour could not open her mail, and in the end I helped her with it."
FULL = (
    "A visitor could not print. I asked what she saw, so I tried the same page from my own account. She could print again. "
    "A week later I checked again, and I wrote a guide for the desk."
)
S = InterviewState
ROBIN = Account(id=uuid.uuid4(), email="robin@northwind.example", name="Robin", role=Role.ADMIN)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house that asks follow-ups, which the tests of this module share, each with a newcomer of its own."""
    folder = tmp_path_factory.mktemp("asking")
    async with running_house(fresh_sqlite(sqlite_template, folder), folder, changes=(ROOMY, ON)) as running:
        yield running


async def begun(house: House, *, job: int = 0) -> tuple[Newcomer, str]:
    """Somebody who has agreed, and their link."""
    application = await newcomer(house, job=job)
    link = await house.invite(application.id, job=job)
    with Candidate(link) as candidate:
        await candidate.begin()
    return application, link


async def decisions(house: House, application: Newcomer) -> list[tuple[str, int, str | None, FollowUpReason]]:
    """What was decided about an application's follow-ups."""
    interview = await interview_of(house, application)
    async with house.runtime.database.reading() as session:
        rows = await session.scalars(
            sa.select(FollowUpRow).where(FollowUpRow.interview_id == interview.id).order_by(FollowUpRow.decided_at)
        )
        return [(row.question_id, row.place, row.probe_id, row.reason) for row in rows]


async def more(candidate: Candidate, number: int, place: int, text: str, *, go: str = "next") -> Page:
    """Answer a follow-up."""
    path = f"/questions/{number}/more/{place}"
    return await candidate.send(path, path, {"answer": text, "go": go})


async def test_a_thin_answer_is_followed_up_and_graders_see_it(house: House) -> None:
    """Two at most, each below its question, then the next question; the transcript has both under the question's id."""
    application, link = await begun(house)
    with Candidate(link) as candidate:
        page = await candidate.answer(1, THIN)
        assert page.url.endswith("/questions/1/more/1")
        assert page.heading == KNEW.text
        assert "You can skip it. There is at most one more about this question." in page.text("main")
        assert "Question 1 of 5 · one more about it" in page.text(".progress__text")
        page = await more(candidate, 1, 1, "I looked at it.")
        assert page.url.endswith("/questions/1/more/2")
        assert page.heading == AFTER.text
        page = await more(candidate, 1, 2, "She wrote that it worked.")
        assert page.url.endswith("/questions/2")
        check = await candidate.open("/check")
        assert "She wrote that it worked." in check.text("main")
        await candidate.submit()
        done = await candidate.open("/done")
        assert AFTER.text in done.text("main")
    interview = await interview_of(house, application)
    async with house.runtime.database.reading() as session:
        turns = (await interviews.transcript(session, interview.id)).turns
    about = [(turn.speaker, turn.text) for turn in turns if turn.question_id == CAUSE.id]
    assert about[1:] == [
        (Speaker.CANDIDATE, THIN),
        (Speaker.INTERVIEWER, KNEW.text),
        (Speaker.CANDIDATE, "I looked at it."),
        (Speaker.INTERVIEWER, AFTER.text),
        (Speaker.CANDIDATE, "She wrote that it worked."),
    ]
    assert [row[1:] for row in await decisions(house, application)] == [
        (1, KNEW.id, FollowUpReason.MISSING),
        (2, AFTER.id, FollowUpReason.MISSING),
    ]
    await house.until_field(application.id, "interview_completion", "In review")
    timeline = await house.runtime.services.operating.timeline(interview.application_id, viewer=ROBIN)
    told = [item.title for item in timeline.items if "ollow-up" in item.title]
    assert told == [f"Follow-up asked: {KNEW.id}", f"Follow-up asked: {AFTER.id}"]


async def test_an_answer_that_shows_it_all_is_not_followed_up_and_stays_so(house: House) -> None:
    """Nothing is missing: nothing is asked, with its reason on record; a thinner text later does not ask again."""
    application, link = await begun(house)
    with Candidate(link) as candidate:
        assert (await candidate.answer(1, FULL)).url.endswith("/questions/2")
        assert (await candidate.answer(1, THIN)).url.endswith("/questions/2")
        assert (await candidate.open("")).url.endswith("/questions/2"), "the question is done"
    assert await decisions(house, application) == [(CAUSE.id, 1, None, FollowUpReason.NOTHING_MISSING)]
    interview = await interview_of(house, application)
    async with house.runtime.database.reading() as session:
        events = await session.scalars(sa.select(AuditRow).where(AuditRow.subject == str(interview.id)))
        told = [event.event.details for event in events if event.tag == "system:interview:follow-up"]
    assert [one["reason"] for one in told] == ["nothing_missing"]
    assert str(told[0]["why"]).startswith("Nothing more was asked: the answers show something")
    assert THIN not in str(told)


async def test_skipping_ends_the_questions_about_it(house: House) -> None:
    """Skipped is skipped: no second one, the next question follows, and the answer can still be given from the last page."""
    application, link = await begun(house)
    with Candidate(link) as candidate:
        await candidate.answer(1, THIN)
        page = await more(candidate, 1, 1, "half a thou", go="skip")
        assert page.url.endswith("/questions/2")
        assert "Skipped" in (await candidate.open("/check")).text(".answers__more")
        assert (await more(candidate, 1, 1, "I tried it myself.")).url.endswith("/questions/2")
        assert "I tried it myself." in (await candidate.open("/check")).text(".answers__more")
    assert [row[2:] for row in await decisions(house, application)] == [
        (KNEW.id, FollowUpReason.MISSING),
        (None, FollowUpReason.PASSED_OVER),
    ]


async def test_who_has_nothing_to_add_is_not_asked(house: House) -> None:
    """Said at the end of the answer: no follow-up. A question that was left out has none either."""
    application, link = await begun(house)
    with Candidate(link) as candidate:
        assert (await candidate.answer(1, f"{THIN} That's all.")).url.endswith("/questions/2")
        assert (await candidate.answer(2, "")).url.endswith("/questions/3")
    assert await decisions(house, application) == [(CAUSE.id, 1, None, FollowUpReason.NOTHING_TO_ADD)]


async def test_the_interview_goes_on_where_it_stopped(house: House) -> None:
    """On another device: at the follow-up that waits; with only a draft, at the question whose follow-up is undecided."""
    _, link = await begun(house)
    with Candidate(link) as desk, Candidate(link) as phone:
        page = await desk.open("/questions/1")
        token = page.tree.css_first("input[name=_csrf_token]")
        assert token is not None
        fields = {"answer": THIN, "revision": "0", "_csrf_token": token.attributes["value"] or ""}
        drafted = await asyncio.to_thread(
            desk._browser.post_raw, f"{desk._path}/questions/1/draft", fields, {"Accept": "application/json"}
        )
        assert drafted.status_code == 200
        assert (await phone.open("")).url.endswith("/questions/1")
        assert (await desk.answer(1, THIN)).url.endswith("/more/1")
        page = await phone.open("")
        assert page.url.endswith("/questions/1/more/1")
        path = "/questions/1/more/1"
        back = await phone.send_from(page, path, {"answer": "", "go": "back"})
        assert back.url.endswith("/questions/1")
        assert (await desk.open("")).url.endswith("/more/1"), "going back passes nothing over"


async def test_follow_ups_are_kept_as_drafts_with_their_revisions(house: House) -> None:
    """Written in two windows: the second sees both texts. A follow-up that was never asked takes no answer."""
    _, link = await begun(house)
    with Candidate(link) as desk, Candidate(link) as phone:
        await desk.answer(1, THIN)
        path = "/questions/1/more/1"
        old = await phone.open(path)
        await more(desk, 1, 1, "From the desk.")
        asked = await phone.send_from(old, path, {"answer": "From the phone.", "go": "next"})
        assert asked.status == 409
        assert KNEW.text in asked.text("main")
        assert "From the desk." in asked.text("main")
        chosen = await phone.send_from(asked, path, {"answer": "From the phone.", "go": "next"})
        assert chosen.url.endswith("/questions/1/more/2")
        assert (await phone.open("/questions/1/more/3")).url.endswith("/questions/1/more/2"), "where it goes on"
        assert (await phone.open("/questions/2/more/1")).url.endswith("/questions/1/more/2")


async def test_an_interview_from_before_goes_on_without(house: House) -> None:
    """Its program, as it was stored, says nothing of follow-ups: none are asked, whatever the configuration says now."""
    application, link = await begun(house)
    interview = await interview_of(house, application)
    async with house.runtime.database.transaction() as tx:
        stored = str(
            (await tx.session.execute(sa.text("SELECT program FROM interview WHERE id = :id"), {"id": interview.id.hex}))
            .scalar_one()
        )  # fmt: skip
        assert '"follow_ups":2' in stored
        await tx.session.execute(
            sa.text("UPDATE interview SET program = :program WHERE id = :id"),
            {"program": stored.replace(',"follow_ups":2', ""), "id": interview.id.hex},
        )
    with Candidate(link) as candidate:
        assert (await candidate.answer(1, THIN)).url.endswith("/questions/2")
    assert await decisions(house, application) == []


async def test_a_probe_that_nobody_may_ask_is_never_shown(house: House) -> None:
    """Planted into the stored rubric: it is left out as if it were not planned, and the next one is asked."""
    _, link = await begun(house)
    with Candidate(link) as candidate:
        async with house.runtime.database.transaction() as tx:
            row = (await tx.session.scalars(sa.select(RubricRow).where(RubricRow.rubric_id == RUBRIC.id))).one()
            clean = row.content
            row.content = clean.replace(KNEW.text.encode(), b"How old are you?")
            assert row.content != clean
        try:
            page = await candidate.answer(1, THIN)
            assert page.heading == AFTER.text
        finally:
            async with house.runtime.database.transaction() as tx:
                row = (await tx.session.scalars(sa.select(RubricRow).where(RubricRow.rubric_id == RUBRIC.id))).one()
                row.content = clean


async def test_the_scripted_candidate_gets_through(house: House) -> None:
    """The demo's candidate answers the planned questions and skips the rest; the second program asks by itself."""
    for job in (0, SDR):
        application = await newcomer(house, job=job)
        await interviewed(house, application, job=job)
        assert (await interview_of(house, application)).state is S.SUBMITTED
        assert await decisions(house, application)


async def test_retention_removes_what_was_decided(house: House) -> None:
    """Together with the words: nothing is left of what an answer did not show."""
    application, link = await begun(house)
    with Candidate(link) as candidate:
        await candidate.answer(1, THIN)
    interview = await interview_of(house, application)
    async with house.runtime.database.transaction() as tx:
        await forget_words(tx.session, interview.id)
    assert await decisions(house, application) == []


@pytest.mark.asyncio(loop_scope="function")
async def test_many_windows_get_one_follow_up_between_them(database_url: str, tmp_path: Path) -> None:
    """On both databases: decided at the same time in several processes' stead, it is asked and kept once."""
    async with running_house(database_url, tmp_path, changes=(ON,)) as house:
        application, link = await begun(house)
        token = link.rsplit("/", 1)[-1]
        interviewing = house.runtime.services.interviewing
        await interviewing.save(token, CAUSE.id, THIN, revision=0)
        await asyncio.gather(*(interviewing.follow_up(token, CAUSE.id) for _ in range(6)))
        assert await decisions(house, application) == [(CAUSE.id, 1, KNEW.id, FollowUpReason.MISSING)]
        async with house.runtime.database.reading() as session:
            events = await session.scalars(sa.select(AuditRow.tag).where(AuditRow.tag == "system:interview:follow-up"))
            assert len(events.all()) == 1
            assert (await session.scalars(sa.select(InterviewRow.version))).one() == 2
