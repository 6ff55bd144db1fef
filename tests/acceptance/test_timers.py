"""Reminders and the end of a link: durable timers that ask what is true when they fire."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from orchestrator.db.models.scoring import CaseKind
from orchestrator.domain.interview import InterviewState
from tests.fixtures.house import House, running_house
from tests.integration.services.people import (
    ANSWERS,
    ROOMY,
    Candidate,
    Colleague,
    Newcomer,
    fresh_sqlite,
    interview_of,
    interviewed,
    mails_to,
    newcomer,
    newest_link,
    open_case,
)
from tests.integration.services.rows import clock_moved, later, settled

pytestmark = pytest.mark.asyncio(loop_scope="module")
S = InterviewState


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house that the tests of this module share, each with a newcomer of its own."""
    folder = tmp_path_factory.mktemp("timers")
    async with running_house(fresh_sqlite(sqlite_template, folder), folder, changes=(ROOMY,)) as running:
        yield running


async def invited(house: House) -> tuple[Newcomer, str]:
    """A newcomer with a link, and everything quiet."""
    application = await newcomer(house)
    link = await house.invite(application.id)
    await settled(house)
    return application, link


@pytest.mark.parametrize("begun", [False, True])
async def test_two_reminders_then_the_end(*, begun: bool, house: House) -> None:
    """48 h and 120 h after the invitation, whether begun or not; at 7 days the ATS says "Expired", and nothing more."""
    application, link = await invited(house)
    if begun:
        with Candidate(link) as candidate:
            await candidate.begin()
            await candidate.answer(1, ANSWERS[0])
        await settled(house)
    async with later(house, hours=47):
        assert mails_to(house, application) == ["invitation"]
    async with later(house, hours=49):
        assert mails_to(house, application) == ["invitation", "reminder"]
    async with later(house, hours=119):
        assert mails_to(house, application) == ["invitation", "reminder"]
    async with later(house, hours=121):
        assert mails_to(house, application) == ["invitation", "reminder", "reminder"]
    async with later(house, days=6, hours=23):
        assert (await interview_of(house, application)).state is (S.IN_PROGRESS if begun else S.INVITED)
    async with later(house, days=7, minutes=1):
        assert (await interview_of(house, application)).state is S.EXPIRED
    await house.until_field(application.id, "interview_completion", "Expired")
    async with later(house, days=30):
        assert mails_to(house, application) == ["invitation", "reminder", "reminder"]
    assert newest_link(house, application) == link


async def test_nobody_who_handed_in_is_reminded(house: House) -> None:
    """Neither reminder nor expiry touch an interview that was handed in."""
    application = await newcomer(house)
    await interviewed(house, application)
    await house.until_field(application.id, "interview_completion", "In review")
    await settled(house)
    async with later(house, days=8):
        assert mails_to(house, application) == ["invitation", "completion"]
        assert (await interview_of(house, application)).state is S.IN_REVIEW
    assert await house.field(application.id, "interview_completion") == "In review"


async def test_a_link_is_over_before_its_timer_says_so(house: House) -> None:
    """The clock alone decides what a candidate may do: no answer is taken, no consent, and the page says why."""
    application, link = await invited(house)
    with Candidate(link) as candidate:
        welcome = await candidate.open()
        with clock_moved(house, days=7, seconds=1):
            assert (await candidate.open()).heading == "The time for this link is over"
            assert (await candidate.send_from(welcome, "/begin")).heading == "The time for this link is over"
        assert (await interview_of(house, application)).state is S.INVITED
        await candidate.begin()
        question = await candidate.open("/questions/1")
        with clock_moved(house, days=7, seconds=1):
            late = await candidate.send_from(question, "/questions/1", {"answer": "Too late.", "go": "next"})
            assert late.heading == "The time for this link is over"
            assert (await candidate.draft(question, 1, "Too late.")).status_code == 409
        assert (await candidate.open("/questions/1")).text("textarea") == ""


async def test_a_late_reminder_does_not_advertise_a_dead_link(house: House) -> None:
    """After a pause of all workers the reminders are due when the link is over already: they are not sent."""
    application, _ = await invited(house)
    async with later(house, days=7, minutes=1):
        assert mails_to(house, application) == ["invitation"]
    assert (await interview_of(house, application)).state is S.EXPIRED


async def test_an_extended_round_has_timers_of_its_own(house: House) -> None:
    """The old round's timers do nothing; the new one is reminded from its own beginning and ends after seven days."""
    application, link = await invited(house)
    async with later(house, days=3):
        assert mails_to(house, application) == ["invitation", "reminder"]
        with Candidate(link) as candidate:
            await candidate.ask("adjustment", "Another week, please.")
        await house.work()
        case = await open_case(house, application, CaseKind.ADJUSTMENT)
        with Colleague(house) as robin:
            await robin.sign_in()
            await robin.answer(case, resume=True)
        await house.work()
        so_far = ["invitation", "reminder", "alternative-received", "continued"]
        assert mails_to(house, application) == so_far

        async with later(house, days=1, hours=23):
            assert mails_to(house, application) == so_far
        async with later(house, days=4, minutes=1):
            assert mails_to(house, application) == [*so_far, "reminder"]
            assert (await interview_of(house, application)).state is S.INVITED
        async with later(house, days=5, minutes=1):
            assert mails_to(house, application) == [*so_far, "reminder", "reminder"]
        new_link = newest_link(house, application)
        assert new_link != link
        async with later(house, days=6, hours=23):
            assert (await interview_of(house, application)).state is S.INVITED
            with Candidate(new_link) as candidate:
                assert "first interview" in (await candidate.open()).heading
        async with later(house, days=7, minutes=1):
            assert (await interview_of(house, application)).state is S.EXPIRED
        assert mails_to(house, application) == [*so_far, "reminder", "reminder"]
