"""The review desk over HTTP: whose cases, what can be undone, two pairs of eyes, reading blind, and how reviewing goes."""

import inspect
import re
import uuid

import pytest

from orchestrator.domain.review import Habit
from orchestrator.services.review.reviewing import Reviewing
from orchestrator.web.review_services import ReviewDesk
from orchestrator.web.review_words import HABITS
from tests.fixtures.fake_team_services import FakeReviewing, FakeTeamServices, quiet_services
from tests.fixtures.team_cases import (
    ADJUSTMENT,
    BLIND,
    DECIDED,
    HELD,
    KIM,
    NEAR_CUT,
    OWN_PROPOSAL,
    PROPOSED,
    RUBRIC,
)
from tests.integration.web.team_browsing import browsing

REASON = "The second answer names the next step and the time."


def _links(page: str) -> list[str]:
    return re.findall(r'class="team-row" href="/review/([^"]+)"', page)


def _counts(page: str) -> list[str]:
    return re.findall(r'class="tabs__count">(\d+)<', page)


def test_the_desk_the_service_and_the_fake_agree() -> None:
    """Every call of the review pages has the same parameters and result in the real service and in the fake."""
    calls = [
        name for name, member in vars(ReviewDesk).items() if inspect.isfunction(member) and not name.startswith("_")
    ]
    assert calls
    for name in calls:
        wanted = inspect.signature(getattr(ReviewDesk, name))
        assert inspect.signature(getattr(Reviewing, name)) == wanted, name
        assert inspect.signature(getattr(FakeReviewing, name)) == wanted, name


def test_every_habit_has_its_words() -> None:
    """No code of the machine reaches the page."""
    assert set(HABITS) == {habit.value for habit in Habit}


async def test_the_queue_says_how_long_people_wait_and_whose_cases_there_are() -> None:
    """All, mine, nobody's, each with its number; what is none of these words shows all."""
    async with browsing() as browser:
        everything = (await browser.get("/review")).text
        mine = (await browser.get("/review?show=mine")).text
        free = (await browser.get("/review?show=unassigned")).text
        odd = (await browser.get("/review?show=theirs")).text
    assert _counts(everything) == _counts(mine) == ["10", "1", "8"]
    assert _links(mine) == [str(OWN_PROPOSAL)]
    assert str(PROPOSED) not in free
    assert (len(_links(everything)), len(_links(free)), len(_links(odd))) == (10, 8, 10)
    assert "The longest wait is 30 h; nine of ten wait no longer than 5 h. 1 is overdue." in everything
    assert everything.count(">You<") == 1


async def test_a_filter_that_finds_nobody_says_why() -> None:
    """It is not as if nobody waited."""
    services = FakeTeamServices(reviewing=FakeReviewing([]))
    services.reviewing.cases = {NEAR_CUT: FakeTeamServices().reviewing.cases[NEAR_CUT]}
    async with browsing(services=services) as browser:
        page = (await browser.get("/review?show=mine")).text
        assert "None of them is here" in page
        assert "1 person waits" in page
        assert "Nobody waits" not in page


async def test_what_can_be_undone_stands_above_the_queue_and_on_its_case() -> None:
    """One post takes it back, and the case can be decided again."""
    async with browsing() as browser:
        queue = (await browser.get("/review")).text
        case = (await browser.get(f"/review/{HELD}")).text
        for page in (queue, case):
            assert f'action="/review/{HELD}/undo"' in page
            assert "It can be taken back until" in page
        assert "Decided by Ada Okafor" in case
        assert (await browser.post(f"/review/{HELD}/undo")).status_code == 303
        again = (await browser.get(f"/review/{HELD}")).text
        assert "Confirm “Solid evidence”" in again
        assert f"/review/{HELD}/undo" not in again


async def test_what_is_final_cannot_be_undone() -> None:
    """409 with the reason, and what stands."""
    async with browsing() as browser:
        answer = await browser.post(f"/review/{DECIDED}/undo")
        assert answer.status_code == 409
        assert "can no longer be taken back" in answer.text
        assert "Nothing was changed" in answer.text
        assert "Decided by Ada Okafor" in answer.text


async def test_a_band_that_is_chosen_blind_too_late_changes_nothing() -> None:
    """409 with what stands, where somebody decided meanwhile."""
    async with browsing() as browser:
        answer = await browser.post(f"/review/{DECIDED}/reading", band="mixed")
        assert answer.status_code == 409
        assert "Someone was faster" in answer.text
        assert browser.services.reviewing.decisions == []


async def test_a_second_person_agrees_or_chooses_otherwise() -> None:
    """One key agrees with the colleague's band; every other band, the recommended one too, is another decision."""
    async with browsing() as browser:
        page = (await browser.get(f"/review/{PROPOSED}")).text
        assert "Kim Achebe has decided; a second person has to agree" in page
        assert re.search(r'name="band" value="strong">\s*<button[^>]*data-key="c"[^>]*>Agree: “Strong evidence”', page)
        assert re.findall(r'type="radio" name="band" value="(\w+)"', page) == [
            "solid",
            "mixed",
            "limited",
            "not_enough",
        ]
        assert (await browser.post(f"/review/{PROPOSED}/decision", band="strong", reason=REASON)).status_code == 303


async def test_ones_own_choice_waits_and_can_only_be_undone() -> None:
    """No way to agree with oneself."""
    async with browsing() as browser:
        page = (await browser.get(f"/review/{OWN_PROPOSAL}")).text
        assert "You have decided; a second person has to agree" in page
        assert "/decision" not in page
        assert "/close" not in page
        assert (await browser.post(f"/review/{OWN_PROPOSAL}/undo")).status_code == 303
        assert "Confirm “Solid evidence”" in (await browser.get(f"/review/{OWN_PROPOSAL}")).text


async def test_a_case_that_is_read_blind_shows_no_band_before_ones_own() -> None:
    """The criteria and the answers; then both bands, and neither is in the queue before."""
    async with browsing() as browser:
        queue = (await browser.get("/review")).text
        row = queue[queue.index(str(BLIND)) :]
        row = row[: row.index("</tr>")]
        assert "chip--band" not in row
        assert "Read first, then compare" in row
        page = (await browser.get(f"/review/{BLIND}")).text
        assert "chip--band" not in page
        assert "<mark" not in page
        assert "Timeline" not in page
        assert RUBRIC.competencies[0].definition in page
        missing = await browser.post(f"/review/{BLIND}/reading")
        assert missing.status_code == 422
        assert 'id="reading-band-error"' in missing.text
        assert (await browser.post(f"/review/{BLIND}/reading", band="mixed")).status_code == 303
        page = (await browser.get(f"/review/{BLIND}")).text
        assert page.index("You chose") < page.index("What the software recommends")
        assert "Confirm “Solid evidence”" in page


@pytest.mark.parametrize("case_id", [NEAR_CUT, ADJUSTMENT])
async def test_a_case_is_taken_given_on_and_given_back(case_id: uuid.UUID) -> None:
    """Each by its button; who is no colleague is refused by the field."""
    async with browsing() as browser:
        assert "With nobody yet" in (await browser.get(f"/review/{case_id}")).text
        for to, said in ((str(uuid.UUID(int=1)), "With you"), (str(KIM), "With Kim Achebe"), ("", "With nobody yet")):
            assert (await browser.post(f"/review/{case_id}/assign", to=to)).status_code == 303
            assert said in (await browser.get(f"/review/{case_id}")).text
        for to in ("nobody", str(uuid.UUID(int=99))):
            refused = await browser.post(f"/review/{case_id}/assign", to=to)
            assert refused.status_code == 422
            assert "Please choose a colleague." in refused.text


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (f"/review/{BLIND}/reading", {"band": "mixed"}),
        (f"/review/{HELD}/undo", {}),
        (f"/review/{NEAR_CUT}/assign", {"to": str(KIM)}),
    ],
)
async def test_strangers_and_forged_forms_change_nothing(path: str, fields: dict[str, str]) -> None:
    """Without an account to the sign-in, without the form's token refused; nothing is kept of either."""
    for session, status in ((None, 303), ("admin", 403)):
        async with browsing(session) as browser:
            answer = await (browser.forge(path, **fields) if session else browser.post(path, **fields))
            assert answer.status_code == status
            assert browser.services.reviewing.decisions == []
            assert browser.services.reviewing.cases[NEAR_CUT].assignee is None


@pytest.mark.parametrize(
    "path", ["/review?show=mine", "/review/quality", f"/review/applications/{uuid.UUID(int=0xA0)}"]
)
async def test_pages_of_the_desk_need_an_account(path: str) -> None:
    """A stranger is led to the sign-in and sees no name."""
    async with browsing(None) as browser:
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["location"].startswith("/sign-in")) == (303, True)
        assert "Okafor" not in answer.text


async def test_a_level_is_explained_by_what_was_found_and_what_was_not() -> None:
    """The indicators of the met anchor, those of the next one that are missing, and the words around each quote."""
    competency = RUBRIC.competencies[0]
    found = next(anchor for anchor in competency.anchors if anchor.level == 4).indicators[0].text
    missing = next(anchor for anchor in competency.anchors if anchor.level == 5).indicators[1].text
    async with browsing() as browser:
        page = (await browser.get(f"/review/{NEAR_CUT}")).text
    assert page.index("Found in the answers") < page.index(found) < page.index("Not found in the answers")
    assert missing in page
    assert "I asked her to try again after we had reset it" in page.partition("</blockquote>")[2][:200]


async def test_a_link_of_the_ats_leads_to_the_case_or_to_the_timeline() -> None:
    """To what waits, else to what happened."""
    application = uuid.UUID(int=0xA0)
    async with browsing("recruiter") as browser:
        browser.services.reviewing.linked[NEAR_CUT] = application
        answer = await browser.get(f"/review/applications/{application}")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/review/{NEAR_CUT}")
        browser.services.reviewing.linked.clear()
        answer = await browser.get(f"/review/applications/{application}")
        assert answer.headers["location"] == f"/operations/applications/{application}"


async def test_how_reviewing_goes_is_for_administrators() -> None:
    """A recruiter gets 403 and no link; an administrator reads words and intervals, with nobody yet as well."""
    async with browsing("recruiter") as browser:
        assert (await browser.get("/review/quality")).status_code == 403
        assert "/review/quality" not in (await browser.get("/review")).text
    async with browsing() as browser:
        assert "/review/quality" in (await browser.get("/review")).text
        page = (await browser.get("/review/quality")).text
        assert "Half of the cases took less than 10 seconds" in page
        assert "76 % (38 of 50; 95 % interval 63 to 86 %)" in page
        assert "not known" in page
        assert "never_differs" not in page
    async with browsing(services=quiet_services()) as browser:
        page = (await browser.get("/review/quality")).text
        assert "Nobody has decided yet" in page
        assert "No case was read blind first" in page
