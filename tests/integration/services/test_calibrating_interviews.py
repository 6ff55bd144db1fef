"""Interviews as items, on the pages: blinded, beside the machine's levels after the reveal, and numbers only at the end."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import cast

import pytest
import pytest_asyncio
import sqlalchemy as sa

from orchestrator.db.models.account import Role
from orchestrator.db.models.audit import AuditRow
from orchestrator.db.models.interview import InterviewRow
from orchestrator.db.repositories.retention import forget_words
from orchestrator.demo.browser import Page
from orchestrator.demo.script import Reviewer, take_interview
from orchestrator.domain.interview import InterviewState
from tests.fixtures.house import REVIEWER, House, running_house
from tests.integration.services.people import ANSWERS, ROOMY, Colleague, fresh_sqlite, interview_of, newcomer
from tests.integration.services.rows import still_held

pytestmark = pytest.mark.asyncio(loop_scope="module")
KIM = Reviewer("kim@northwind-outdoor.example", "Kim Recruiter", "another-long-password")
NOTE = "Says that she asked twice; that is level four."
AGREED = "We read level four as asking before testing."


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house with a second colleague."""
    folder = tmp_path_factory.mktemp("calibrating")
    async with running_house(fresh_sqlite(sqlite_template, folder), folder, changes=(ROOMY,)) as running:
        await running.runtime.services.accounts.create(
            email=KIM.email, name=KIM.name, role=Role.RECRUITER, password=KIM.password
        )
        yield running


async def ended_interview(house: House) -> InterviewRow:
    """Somebody who named themselves in an answer, taken to the end: how a person decided is not what matters here."""
    application = await newcomer(house)
    link = await house.invite(application.id)
    answers = [f"{ANSWERS[0]} By the way, Wren Newcomer is my name.", *ANSWERS[1:]]
    await asyncio.to_thread(take_interview, house.ports, link, answers)
    await house.until_field(application.id, "interview_completion", "In review")
    interview = await interview_of(house, application)
    async with house.runtime.database.transaction() as tx:
        await tx.session.execute(
            sa.update(InterviewRow)
            .where(InterviewRow.id == interview.id)
            .values(state=InterviewState.FINAL, finished_at=house.clock.now())
        )
    return interview


def named_on(page: Page) -> list[str]:
    """Names of the candidate that stand on a page."""
    return [name for name in ("Wren", "Newcomer") if name in (page.tree.html or "")]


def levels_on(page: Page, level: str, **notes: str) -> dict[str, str]:
    """The same level for every competency that the form of a page asks for."""
    names = {node.attributes["name"] or "" for node in page.tree.css("input[type=radio]")}
    return {**dict.fromkeys(names, level), **{f"note-{key}": note for key, note in notes.items()}}


async def make_session(house: House, admin: Colleague, *interviews: uuid.UUID) -> str:
    """Fill the form as an admin does; the path of the session."""
    page = await admin.open("/calibration/new")
    [rubric] = [
        link for link in page.links("/calibration/new?rubric=") if "customer" in page.text(f'a[href="{link}"]').lower()
    ]
    page = await admin.open(rubric)
    assert named_on(page) == []
    raters = [node.attributes["value"] or "" for node in page.tree.css("input[name=raters]")]
    fields = {
        "title": "November",
        "interviews": [str(interview) for interview in interviews],
        "gold": ["steady-and-plain"],
        "raters": raters,
    }
    page = await admin.send_from(page, "/calibration/new", cast("Mapping[str, str]", fields))
    assert (page.status, page.heading) == (200, "November")
    return page.url.removeprefix(house.url)


async def rate_everything(rater: Colleague, session: str, level: str) -> Page:
    """From item to item as the pages lead, then hand in."""
    page = await rater.open(f"{session}/items/1")
    for _ in range(2):
        assert named_on(page) == []
        [action] = [form.attributes["action"] or "" for form in page.tree.css("form[action$=ratings]")]
        page = await rater.send_from(page, action, levels_on(page, level, **{"finding-the-cause": NOTE}))
    assert page.has_form("/hand-in")
    return await rater.send_from(page, "/hand-in")


async def ended_and_forgotten(
    house: House, admin: Colleague, session: str, interview: uuid.UUID, theirs: int, known: int
) -> None:
    """Close, let the words go, and look: levels stay, notes about the interview do not, those about gold do.

    Until then, who read the interview is in the chain.
    """
    closed = await admin.send(session, "/close")
    assert not closed.has_form("/close")
    assert not (await admin.open(f"{session}/items/{theirs}")).has_form("/agreed")
    looks = sa.select(AuditRow.actor).where(
        AuditRow.tag == "account:calibration:viewed", AuditRow.subject == str(interview)
    )
    async with house.runtime.database.reading() as reading:
        assert len(set(await reading.scalars(looks))) == 2
    async with house.runtime.database.transaction() as tx:
        await forget_words(tx.session, interview)
    gone = await admin.open(f"{session}/items/{theirs}")
    assert "The answers were removed" in gone.text("main")
    assert "4 of 5" in gone.text("main")
    assert NOTE not in gone.text("main")
    assert AGREED not in gone.text("main")
    assert NOTE in (await admin.open(f"{session}/items/{known}")).text("main")


async def test_an_interview_is_rated_blind_revealed_and_forgotten(house: House) -> None:
    """No name on any page; the machine's levels only after the reveal; with the words go the notes, the levels stay."""
    interview = await ended_interview(house)
    with Colleague(house, REVIEWER) as robin, Colleague(house, KIM) as kim:
        await robin.sign_in()
        await kim.sign_in()
        session = await make_session(house, robin, interview.id)
        assert (await kim.open("/calibration/new")).status == 403
        blind = await kim.open(f"{session}/items/1")
        assert "The software" not in blind.text("main")
        assert (await kim.open(f"{session}/report")).status == 404
        waiting = await rate_everything(kim, session, "2")
        assert "Handed in" in waiting.text("main")
        revealed = await rate_everything(robin, session, "4")
        assert "Differences, the largest first" in revealed.text("main")

        positions = {item: await robin.open(f"{session}/items/{item}") for item in (1, 2)}
        [theirs] = [item for item, page in positions.items() if "The software" in page.text("main")]
        [known] = [item for item, page in positions.items() if "Known level" in page.text("main")]
        assert {theirs, known} == {1, 2}
        page = positions[theirs]
        assert named_on(page) == []
        for shown in ("Robin Reviewer", "Kim Recruiter", "2 of 5", "4 of 5", NOTE):
            assert shown in page.text("main")
        fields = {"level-finding-the-cause": "3", "note-finding-the-cause": AGREED}
        saved = await kim.send(f"{session}/items/{theirs}", "/agreed", fields)
        assert "Saved." in saved.text("main")
        report = await robin.open(f"{session}/report")
        assert "Krippendorff" in report.text("main")
        assert "stricter than the others" in report.text("main")
        assert named_on(report) == []
        await ended_and_forgotten(house, robin, session, interview.id, theirs, known)
    assert await still_held(house.runtime.database, [AGREED, "is my name"]) == set()


async def test_a_form_that_is_refused_keeps_what_was_typed(house: House) -> None:
    """A note without a level, a title that is missing: 422, said by the field, and everything still there."""
    with Colleague(house, REVIEWER) as robin:
        await robin.sign_in()
        session = await make_session(house, robin)
        page = await robin.open(f"{session}/items/1")
        refused = await robin.send_from(
            page, "/ratings", {"note-ordering-work": "Looks good to me.", "level-calming-conflict": "5"}
        )
        assert refused.status == 422
        assert "Choose a level" in refused.text("#level-ordering-work-error")
        assert refused.text("#note-ordering-work") == "Looks good to me."
        assert refused.tree.css_first("input[name=level-calming-conflict][value='5'][checked]") is not None
        saved = await robin.send_from(page, "/ratings", {"level-calming-conflict": "none"})
        assert saved.status == 200
        assert saved.tree.css_first("input[name=level-calming-conflict][value=none][checked]") is not None
        early = await robin.open(session)
        assert not early.has_form("/hand-in")

        new = await robin.open((await robin.open("/calibration/new")).links("/calibration/new?rubric=")[0])
        empty = await robin.send_from(new, "/calibration/new", {"title": "", "gold": "uneven"})
        assert empty.status == 422
        assert "Give the session a title" in empty.text(".errors")
        assert empty.tree.css_first("input[name=gold][value=uneven][checked]") is not None
        odd = await robin.send_from(new, "/calibration/new", {"title": "Odd", "raters": "nobody"})
        assert (odd.status, "choose from the list" in odd.text(".errors")) == (422, True)
