"""While somebody's choice of a later reading is held or waits, the review desk knows: nothing else is decided meanwhile."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from orchestrator.db.models.adoption import AdoptionRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.models.scoring import DecisionRow, HeldDecisionRow
from orchestrator.domain.program import FourEyes
from orchestrator.errors import Stale
from tests.integration.services.people import Colleague, Newcomer, fresh_sqlite
from tests.integration.services.rows import clock_moved, later
from tests.integration.services.test_adopting import STRONG, adopting, read_again
from tests.integration.services.test_overdue import A_DAY_AND_MORE, look_now, mails_about, troubles
from tests.integration.services.test_review_desk import MINUTE, WHY, Desk, opened

pytestmark = pytest.mark.asyncio(loop_scope="module")
CHOSEN = "later reading of this interview has been chosen"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """A desk that the tests of this module share, each with a newcomer of its own."""
    folder = tmp_path_factory.mktemp("adoptions")
    async with opened(fresh_sqlite(sqlite_template, folder), folder) as shared:
        yield shared


async def nothing_else(desk: Desk, application: Newcomer, case: uuid.UUID) -> None:
    """Neither confirming, nor another band, nor closing, nor asking again; and nothing of it is kept."""
    for actor in (desk.robin, desk.kim):
        for refused in (
            desk.reviewing.decide_result(case, actor=actor, band=None, reason=""),
            desk.reviewing.decide_result(case, actor=actor, band=STRONG.key, reason=WHY),
            desk.reviewing.close_unscored(case, actor=actor, reason=WHY),
            desk.reviewing.ask_again(case, actor=actor, reason=WHY),
        ):
            with pytest.raises(Stale, match=CHOSEN):
                await refused
    assert await desk.rows(HeldDecisionRow, application) == []
    assert await desk.rows(DecisionRow, application) == []


async def page_says(desk: Desk, case: uuid.UUID, interview: uuid.UUID, *said: str) -> None:
    """Robin's page of the case tells who chose and links to the readings; it has no form that decides."""
    with Colleague(desk.house) as robin:
        await robin.sign_in()
        page = await robin.open(f"/review/{case}")
        assert page.status == 200
        for words in ("Kim has chosen a later reading of this interview", WHY, *said):
            assert words in page.text("main")
        link = page.tree.css_first(".team-proposal a")
        assert link is not None
        assert link.attributes["href"] == f"/rescorings/{interview}"
        for form in ("decision", "close", "ask-again"):
            assert not page.has_form(f"/review/{case}/{form}")


@pytest.mark.parametrize("kind", ["sqlite_url", "postgres_url"])
async def test_what_is_held_decides_the_case(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """For its minute the case is decided as by any other decision, open again when it is undone, and then its."""
    async with opened(request.getfixturevalue(kind), tmp_path) as desk:
        application, case = await desk.case(**MINUTE)
        interview, reading = await read_again(desk, application)
        await adopting(desk).adopt(reading, actor=desk.kim, reason=WHY)
        await nothing_else(desk, application, case)
        assert await desk.queued(case) is None
        assert not (await desk.reviewing.case(case, viewer=desk.robin)).open
        await page_says(desk, case, interview, "It is final soon.")
        await adopting(desk).undo(interview, actor=desk.kim)
        seen = await desk.reviewing.case(case, viewer=desk.robin)
        assert (seen.open, seen.proposal) == (True, None)
        assert await desk.queued(case) is not None

        await adopting(desk).adopt(reading, actor=desk.kim, reason=WHY)
        async with later(desk.house, minutes=2):
            assert (await desk.told(application))["interview_band"] == STRONG.label
        assert [row.state.value for row in await desk.rows(AdoptionRow, application)] == ["undone", "final"]


async def test_what_waits_for_a_second_person_waits_in_the_queue(desk: Desk) -> None:
    """With who chose it; also where only departing needs two people, a confirmation does not pass it by."""
    application, case = await desk.case(**MINUTE, four_eyes=FourEyes.OVERRIDES)
    interview, reading = await read_again(desk, application)
    await adopting(desk).adopt(reading, actor=desk.kim, reason=WHY)
    await nothing_else(desk, application, case)
    for viewer, mine in ((desk.kim, True), (desk.robin, False)):
        queued = await desk.queued(case, viewer)
        assert queued is not None
        assert queued.proposed_by is not None
        assert (queued.proposed_by.name, queued.proposed_by.me) == ("Kim", mine)
        seen = await desk.reviewing.case(case, viewer=viewer)
        assert (seen.open, seen.can_ask_again, seen.proposal is not None) == (True, False, True)
    await page_says(desk, case, interview, "A second person has to agree.")
    await adopting(desk).adopt(reading, actor=desk.robin, reason="")
    assert await desk.queued(case) is None
    async with later(desk.house, minutes=2):
        assert (await desk.told(application))["interview_band"] == STRONG.label


async def test_nobody_is_told_of_a_case_for_which_a_reading_is_held(desk: Desk) -> None:
    """If it is taken back, they are told after all."""
    application, case = await desk.case(**MINUTE)
    interview, reading = await read_again(desk, application)
    with clock_moved(desk.house, **A_DAY_AND_MORE):
        before = await troubles(desk)
        await adopting(desk).adopt(reading, actor=desk.kim, reason=WHY)
        await look_now(desk, case)
        assert mails_about(desk, case) == []
        assert await troubles(desk) != before
        await adopting(desk).undo(interview, actor=desk.kim)
        await look_now(desk, case)
        assert len(mails_about(desk, case)) == 1
        assert await troubles(desk) == before


async def test_a_choice_that_the_interview_outgrew_stands_in_nobodys_way(desk: Desk) -> None:
    """It was made before a later step and comes to nothing: the case is open, and is decided as if it were not there."""
    application, case = await desk.case(**MINUTE)
    interview, reading = await read_again(desk, application)
    await adopting(desk).adopt(reading, actor=desk.kim, reason=WHY)
    async with desk.house.runtime.database.transaction() as tx:
        # As every step does.
        (await tx.session.get_one(InterviewRow, interview)).version += 1
    assert await desk.queued(case) is not None
    await desk.reviewing.decide_result(case, actor=desk.robin, band=None, reason="")
    assert len(await desk.rows(HeldDecisionRow, application)) == 1
