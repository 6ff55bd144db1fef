"""What a candidate can choose on every screen: another way, a person, to stop; and that reading changes nothing."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa

from orchestrator.db.models.interview import ConsentRow
from orchestrator.db.models.scoring import CaseKind, CaseRow, CaseState, ScorecardRow
from orchestrator.domain.interview import Alternative, InterviewState
from tests.fixtures.house import House, running_house
from tests.integration.services.people import (
    ANSWERS,
    ROOMY,
    Candidate,
    Colleague,
    Newcomer,
    fresh_sqlite,
    in_review,
    interview_of,
    interviewed,
    mails_to,
    newcomer,
    newest_link,
    open_case,
)
from tests.integration.services.rows import clock_moved, count, dump, holders, later, settled

pytestmark = pytest.mark.asyncio(loop_scope="module")
PRACTICE = "A practice sentence that nobody else would ever write: teal lighthouse."
LONG = "x" * 8001
S = InterviewState
Reach = Callable[[House, Newcomer], Awaitable[str]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house that the tests of this module share, each with a newcomer of its own."""
    folder = tmp_path_factory.mktemp("choices")
    async with running_house(fresh_sqlite(sqlite_template, folder), folder, changes=(ROOMY,)) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def colleague(house: House) -> AsyncIterator[Colleague]:
    """A colleague who is signed in."""
    with Colleague(house) as robin:
        await robin.sign_in()
        yield robin


async def invited(house: House, application: Newcomer) -> str:
    """Only invited."""
    return await house.invite(application.id)


async def answering(house: House, application: Newcomer) -> str:
    """One answer given."""
    link = await house.invite(application.id)
    with Candidate(link) as candidate:
        await candidate.begin()
        await candidate.answer(1, ANSWERS[0])
    return link


async def submitted(house: House, application: Newcomer) -> str:
    """Handed in, and nothing scored yet."""
    return await interviewed(house, application)


async def reviewed(house: House, application: Newcomer) -> str:
    """Waits for a person's decision."""
    await in_review(house, application)
    return newest_link(house, application)


async def paused(house: House, application: Newcomer) -> str:
    """Asked for a person."""
    link = await house.invite(application.id)
    with Candidate(link) as candidate:
        await candidate.ask("person")
    await house.until_field(application.id, "interview_completion", "Alternative requested")
    return link


REACHED: dict[str, Reach] = {
    "invited": invited,
    "answering": answering,
    "submitted": submitted,
    "in review": reviewed,
}


@pytest.mark.parametrize("kind", list(Alternative))
@pytest.mark.parametrize("where", REACHED)
async def test_asking_for_another_way_stops_every_clock(where: str, kind: Alternative, house: House) -> None:
    """From every screen: a case of its own kind, "Alternative requested", a mail; no score, no reminder, no expiry."""
    application = await newcomer(house)
    link = await REACHED[where](house, application)
    with Candidate(link) as candidate:
        page = await candidate.ask(kind.value, "I read slowly.\r\nThank you.")
        assert page.heading == "Your request has arrived"
        await house.until_field(application.id, "interview_completion", "Alternative requested")
        await settled(house)

        case = await open_case(house, application, CaseKind(kind.value))
        queue = {item.case_id: item for item in await house.runtime.services.reviewing.queue()}
        assert queue[case].band_label is None
        assert await house.field(application.id, "interview_band") is None
        assert mails_to(house, application)[-1] == "alternative-received"
        cards = await cards_of(house, application)
        assert cards == (1 if where == "in review" else 0)

        before = mails_to(house, application)
        async with later(house, days=8):
            assert mails_to(house, application) == before
        assert (await interview_of(house, application)).state is S.PAUSED
        assert await cards_of(house, application) == cards
        assert await house.field(application.id, "interview_completion") == "Alternative requested"


async def cards_of(house: House, application: Newcomer) -> int:
    """How many scorecards there are of an application's interview."""
    interview = await interview_of(house, application)
    statement = sa.select(sa.func.count()).where(ScorecardRow.interview_id == interview.id)
    async with house.runtime.database.reading() as session:
        return await session.scalar(statement) or 0


@pytest.mark.parametrize("where", ["answering", "in review"])
async def test_going_on_gives_a_new_link_and_the_interview_completes(
    where: str, house: House, colleague: Colleague
) -> None:
    """The team goes on: the old link is dead, a new one comes by mail, earlier answers are kept, and it completes."""
    application = await newcomer(house)
    old = await REACHED[where](house, application)
    with Candidate(old) as candidate:
        await candidate.ask("adjustment", "More time, please.")
        await settled(house)
        case = await open_case(house, application, CaseKind.ADJUSTMENT)
        page = await colleague.answer(case, resume=True)
        assert page.status == 200
        await house.mail_to(application.email, subject="new link")
        await settled(house)
        assert (await candidate.open()).status == 404
        assert (await candidate.open("/questions/1")).status == 404

    link = newest_link(house, application)
    assert link != old
    with Candidate(link) as candidate:
        await candidate.begin()
        assert ANSWERS[0] in (await candidate.open("/questions/1")).text("textarea")
        for number, answer in enumerate(ANSWERS, start=1):
            await candidate.answer(number, answer)
        assert "/done" in (await candidate.submit()).url
    await house.until_field(application.id, "interview_completion", "In review")
    case = await open_case(house, application)
    await colleague.send(f"/review/{case}", "/decision")
    await house.until_field(application.id, "interview_completion", "Completed")
    assert await house.field(application.id, "interview_band") is not None
    await settled(house)
    assert len((await house.sandbox.profile(application.id))["notes"]) == 1
    assert mails_to(house, application).count("completion") == (2 if where == "in review" else 1)


async def test_after_the_time_is_over_a_candidate_can_still_ask(house: House, colleague: Colleague) -> None:
    """An expired link asks for more time and is opened again with a link of its own."""
    application = await newcomer(house)
    link = await house.invite(application.id)
    async with later(house, days=7, minutes=1):
        pass
    await house.until_field(application.id, "interview_completion", "Expired")
    with Candidate(link) as candidate:
        assert (await candidate.open()).heading == "The time for this link is over"
        await candidate.send("", "/help", {"message": "I was ill."})
        await house.until_field(application.id, "interview_completion", "Alternative requested")
        assert (await interview_of(house, application)).state is S.PAUSED
        case = await open_case(house, application, CaseKind.ADJUSTMENT)
    await colleague.answer(case, resume=True)
    await house.until_field(application.id, "interview_completion", "Invited")
    await house.mail_to(application.email, subject="new link")
    with Candidate(newest_link(house, application)) as candidate:
        assert "/practice" in (await candidate.begin()).url


async def test_handing_over_is_final(house: House, colleague: Colleague) -> None:
    """A person takes over: nothing of the interview can be done any more, and the page says so kindly."""
    application = await newcomer(house)
    link = await answering(house, application)
    with Candidate(link) as candidate:
        await candidate.ask("person")
        await settled(house)
        case = await open_case(house, application, CaseKind.PERSON)
        asked = await colleague.open(f"/review/{case}")
        await colleague.answer(case, resume=False)
        await settled(house)
        mails = mails_to(house, application)
        assert (await interview_of(house, application)).state is S.HANDED_OVER
        assert (await candidate.open()).heading == "A person takes over from here"
        assert (await candidate.open("/questions/1")).heading == "A person takes over from here"
        assert await house.field(application.id, "interview_completion") == "Alternative requested"
        again = await colleague.send_from(asked, "/answer", {"resume": "yes", "reason": "I did not know of it."})
        assert again.status == 409
        await settled(house)
        assert mails_to(house, application) == mails


async def test_withdrawing_before_the_thanks_were_sent_sends_nothing_more(house: House) -> None:
    """A mail that waits when somebody withdraws is not sent any more."""
    application = await newcomer(house)
    link = await submitted(house, application)
    with Candidate(link) as candidate:
        await candidate.withdraw()
    await house.until_field(application.id, "interview_completion", "Withdrawn")
    await settled(house)
    assert mails_to(house, application) == ["invitation"]


@pytest.mark.parametrize("where", [*REACHED, "paused", "expired"])
async def test_withdrawing_is_possible_from_everywhere(where: str, house: House) -> None:
    """ "Withdrawn" in the ATS, nothing in the queue, no further mail, nothing scored, the page says goodbye."""
    application = await newcomer(house)
    if where == "expired":
        link = await house.invite(application.id)
        async with later(house, days=7, minutes=1):
            pass
        await house.until_field(application.id, "interview_completion", "Expired")
    else:
        link = await (paused if where == "paused" else REACHED[where])(house, application)
    if where != "submitted":
        await settled(house)
    before = mails_to(house, application)
    with Candidate(link) as candidate:
        assert (await candidate.withdraw()).heading == "You have withdrawn from this interview"
        await house.until_field(application.id, "interview_completion", "Withdrawn")
        async with later(house, days=8):
            pass
        await settled(house)
        for path in ("", "/questions/1", "/check", "/done"):
            assert (await candidate.open(path)).heading == "You have withdrawn from this interview"
    assert mails_to(house, application) == before
    assert (await interview_of(house, application)).state is S.WITHDRAWN
    assert await cards_of(house, application) == (1 if where == "in review" else 0)
    interview = await interview_of(house, application)
    statement = sa.select(sa.func.count()).where(CaseRow.interview_id == interview.id, CaseRow.state == CaseState.OPEN)
    async with house.runtime.database.reading() as session:
        assert await session.scalar(statement) == 0


async def test_consent_is_for_the_notice_that_was_shown(house: House) -> None:
    """A stale notice is 409 and changes nothing; the consent that counts keeps version, hash and the whole text."""
    application = await newcomer(house)
    link = await house.invite(application.id)
    await settled(house)
    with Candidate(link) as candidate:
        before = await dump(house.runtime.database)
        page = await candidate.send("", "/begin", {"notice_hash": "0" * 64})
        assert page.status == 409
        assert "changed since you opened it" in page.text("main")
        assert await dump(house.runtime.database) == before

        welcome = await candidate.open()
        shown = welcome.form("/begin")
        assert shown is not None
        field = shown.css_first("input[name=notice_hash]")
        assert field is not None
        await candidate.begin()
        await candidate.send_from(welcome, "/begin")
    interview = await interview_of(house, application)
    async with house.runtime.database.reading() as session:
        row = (await session.scalars(sa.select(ConsentRow).where(ConsentRow.interview_id == interview.id))).one()
    assert (row.notice_version, row.notice_hash) == ("2026-11", field.attributes["value"])
    assert "People see the result with your words, and people decide." in row.notice_text
    assert "365 days" in row.notice_text


@pytest.mark.parametrize("where", [*REACHED, "paused", "expired"])
async def test_reading_changes_nothing(where: str, house: House) -> None:
    """A GET of every candidate page leaves every row of every table as it was."""
    application = await newcomer(house)
    reach = {**REACHED, "paused": paused, "expired": answering}[where]
    link = await reach(house, application)
    await settled(house)
    with Candidate(link) as candidate, clock_moved(house, days=8 if where == "expired" else 0):
        before = await dump(house.runtime.database)
        for path in ("", "/practice", "/questions/1", "/questions/5", "/questions/99", "/check", "/done", "/help"):
            page = await candidate.open(path)
            assert page.status == 200, (path, page.status)
            assert page.heading
        assert (await candidate.open("/help?kind=person")).status == 200
        assert (await candidate.open("/answers.txt")).status == 200
        assert await dump(house.runtime.database) == before


async def test_answers_follow_the_candidate_to_another_device(house: House) -> None:
    """A second browser without any cookie shows what was saved, and goes on where the first one stopped."""
    application = await newcomer(house)
    link = await answering(house, application)
    with Candidate(link) as telephone:
        page = await telephone.open()
        assert page.url.endswith("/questions/2")
        assert ANSWERS[0] in (await telephone.open("/questions/1")).text("textarea")
        await telephone.answer(2, "From the telephone.")
    with Candidate(link) as computer:
        assert (await computer.open("/questions/2")).text("textarea") == "From the telephone."


async def test_handing_in_twice_is_the_same_as_once(house: House) -> None:
    """The second press changes nothing, and what was handed in cannot be changed any more."""
    application = await newcomer(house)
    link = await answering(house, application)
    with Candidate(link) as candidate:
        question, check = await candidate.open("/questions/1"), await candidate.open("/check")
        assert (await candidate.send_from(check, "/submit")).url.endswith("/done")
        before = await dump(house.runtime.database)
        assert (await candidate.send_from(check, "/submit")).url.endswith("/done")
        late = await candidate.send_from(question, "/questions/1", {"answer": "Something else.", "go": "next"})
        assert late.url.endswith("/done")
        assert await dump(house.runtime.database) == before
        token = link.rpartition("/")[2]
        draft = await candidate.draft(question, 1, "Something else.")
        assert (draft.status_code, token in draft.text) == (409, False)
        assert await dump(house.runtime.database) == before
    await settled(house)
    assert mails_to(house, application).count("completion") == 1


async def test_handing_in_needs_an_answer_and_an_open_interview(house: House) -> None:
    """Nothing answered is a kind 422; an interview whose time is over leads to the page that says so."""
    application = await newcomer(house)
    link = await house.invite(application.id)
    with Candidate(link) as candidate:
        await candidate.begin()
        check = await candidate.open("/check")
        empty = await candidate.send_from(check, "/submit")
        assert (empty.status, empty.heading) == (422, "Check your answers")
        with clock_moved(house, days=8):
            over = await candidate.send_from(check, "/submit")
        assert over.heading == "The time for this link is over"


async def test_answers_have_a_limit_that_is_said(house: House) -> None:
    """8,000 characters fit, one more is a 422 that keeps what was typed on the page and stores nothing."""
    application = await newcomer(house)
    link = await answering(house, application)
    with Candidate(link) as candidate:
        assert (await candidate.answer(2, LONG[:-1])).url.endswith("/questions/3")
        question = await candidate.open("/questions/3")
        refused = await candidate.send_from(question, "/questions/3", {"answer": LONG, "go": "next"})
        assert refused.status == 422
        assert refused.text("textarea") == LONG
        draft = await candidate.draft(question, 3, LONG)
        assert draft.status_code == 422
        assert (await candidate.open("/questions/3")).text("textarea") == ""
        assert await holders(house.runtime.database, LONG) == set()


async def test_an_unknown_link_opens_nothing(house: House) -> None:
    """404 with a kind page for every address below it, and nothing changes."""
    before = await dump(house.runtime.database)
    async with httpx.AsyncClient(base_url=house.url, headers={"Accept": "text/html"}) as stranger:
        for path in ("", "/practice", "/questions/1", "/check", "/done", "/help", "/answers.txt"):
            answer = await stranger.get(f"/i/{'a' * 43}{path}", follow_redirects=True)
            assert answer.status_code == 404, path
            assert "a person reads it" in answer.text
    assert await dump(house.runtime.database) == before


async def test_the_practice_answer_is_nowhere(house: House) -> None:
    """The box has no name; and even if a browser sends the words, no table has them afterwards."""
    application = await newcomer(house)
    link = await house.invite(application.id)
    with Candidate(link) as candidate:
        await candidate.begin()
        page = await candidate.open("/practice")
        assert not page.tree.css("textarea[name]")
        after = await candidate.send_from(page, "/practice", {"answer": PRACTICE, "practice": PRACTICE})
        assert after.url.endswith("/questions/1")
        await candidate.answer(1, ANSWERS[0])
        await candidate.submit()
    await settled(house)
    assert await holders(house.runtime.database, "teal lighthouse") == set()
    assert "turn.text" in await holders(house.runtime.database, ANSWERS[0])
    assert await count(house.runtime.database, "SELECT count(*) FROM turn") > 0
