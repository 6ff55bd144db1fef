"""The candidate's journey in a real browser: without scripts, by keyboard, with autosave, on a broken connection."""

import asyncio
import re

import pytest
from playwright.async_api import Page, Route, expect

from orchestrator.domain.interview import Alternative, InterviewState
from tests.browser.axe import violations
from tests.browser.chromium import PHONE
from tests.browser.conftest import OpenPage, Serve
from tests.browser.keyboard import tab_to
from tests.fixtures.fake_services import ANSWERS, QUESTIONS, FakeInterviewing, candidate_app, interviews

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def fake() -> FakeInterviewing:
    return FakeInterviewing(interviews())


async def press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name, exact=True).click()


async def test_the_whole_journey_without_scripts(fake: FakeInterviewing, serve: Serve, open_page: OpenPage) -> None:
    """Welcome, practice, five questions, a correction, handing in, download: plain forms do it all."""
    page = await open_page(await serve(candidate_app(fake)), scripts=False)
    await page.goto("/i/invited")
    await page.get_by_text("What AI does, and what it does not").click()
    await expect(page.get_by_text("It does not see your name.")).to_be_visible()
    await press(page, "Agree and begin")
    await page.get_by_role("textbox").fill("A bakery that I like")
    await press(page, "Go to the first question")
    for number, answer in enumerate(ANSWERS, start=1):
        await expect(page).to_have_title(re.compile(f"^Question {number} of 5"))
        await page.get_by_role("textbox").fill(answer)
        await press(page, "Next question" if number < len(ANSWERS) else "Check your answers")
    await page.get_by_role("link", name="Change question 2").click()
    await page.get_by_role("textbox").fill("A better answer")
    await press(page, "Go to all answers")
    await expect(page.get_by_text("A better answer")).to_be_visible()
    await press(page, "Hand in my answers")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, Mara")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Download my answers").click()
    assert (await download.value).suggested_filename == "my-answers.txt"
    kept = fake.interviews["invited"]
    assert kept.state is InterviewState.SUBMITTED
    assert list(kept.answers.values()) == [ANSWERS[0], "A better answer", *ANSWERS[2:]]


async def test_help_and_withdrawal_without_scripts(fake: FakeInterviewing, serve: Serve, open_page: OpenPage) -> None:
    """The help link is in the same corner of every page; withdrawing says first what it means."""
    page = await open_page(await serve(candidate_app(fake)), scripts=False)
    corners = []
    for path in ("/i/invited", "/i/begun/practice", "/i/begun/questions/1", "/i/begun/check", "/i/submitted/done"):
        await page.goto(path)
        corners.append(await page.get_by_role("link", name="Help", exact=True).bounding_box())
    assert len({str(corner) for corner in corners}) == 1
    await page.goto("/i/begun/questions/1")
    await page.get_by_role("link", name="Help", exact=True).click()
    await press(page, "Send my request")
    await expect(page.get_by_role("alert")).to_contain_text("Choose what would help you.")
    await page.get_by_label("A person instead").check()
    await press(page, "Send my request")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your request has arrived")
    assert fake.interviews["begun"].requests == [(Alternative.PERSON, "")]
    await page.goto("/i/halfway/help")
    await page.get_by_text("Withdraw from this interview").click()
    await expect(page.get_by_text("This cannot be taken back here")).to_be_visible()
    await press(page, "Yes, withdraw")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("You have withdrawn")


async def test_the_journey_by_keyboard_alone(fake: FakeInterviewing, serve: Serve, open_page: OpenPage) -> None:
    """Tab, Space and Enter reach everything, and the focus can always be seen."""
    page = await open_page(await serve(candidate_app(fake)))
    await page.goto("/i/invited")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    await tab_to(page, "Agree and begin")
    outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/practice")
    await tab_to(page, "Go to the first question")
    await page.keyboard.press("Enter")
    for number in range(1, len(QUESTIONS) + 1):
        await page.wait_for_url(f"**/questions/{number}")
        await page.get_by_role("textbox").focus()
        await page.keyboard.type(f"Answer {number}")
        await tab_to(page, "Next question" if number < len(QUESTIONS) else "Check your answers")
        await page.keyboard.press("Enter")
    await page.wait_for_url("**/check")
    await tab_to(page, "Hand in my answers")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/done")
    assert fake.interviews["invited"].answers == {
        key: f"Answer {number}" for number, (key, _, _) in enumerate(QUESTIONS, start=1)
    }


async def test_drafts_are_saved_while_writing(fake: FakeInterviewing, serve: Serve, open_page: OpenPage) -> None:
    """Without any button: the text is kept, the page says so quietly, and another device has it."""
    base_url = await serve(candidate_app(fake))
    page = await open_page(base_url)
    await page.goto("/i/begun/questions/2")
    await page.get_by_role("textbox").fill("Half a thou")
    await expect(page.locator("[data-saved-words]")).to_have_text(re.compile(r"^Saved"))
    await expect(page.get_by_role("status")).to_have_text("Your answer is saved.")
    assert fake.interviews["begun"].answers == {"order": "Half a thou"}
    await expect(page.locator("[data-saved-words]")).to_have_text(re.compile(r"Saved \d+ s ago"))
    other = await open_page(base_url)
    await other.goto("/i/begun/questions/2")
    await expect(other.get_by_role("textbox")).to_have_value("Half a thou")


async def test_leaving_the_box_saves_at_once(fake: FakeInterviewing, serve: Serve, open_page: OpenPage) -> None:
    """Who puts the phone away loses nothing."""
    page = await open_page(await serve(candidate_app(fake)))
    await page.goto("/i/begun/questions/1")
    await page.get_by_role("textbox").fill("Written")
    async with page.expect_response("**/draft") as answer:
        await page.get_by_role("textbox").blur()
    assert (await answer.value).status == 200
    assert fake.interviews["begun"].answers == {"cause": "Written"}


async def test_a_lost_connection_is_said_and_mended(fake: FakeInterviewing, serve: Serve, open_page: OpenPage) -> None:
    """Offline: the page says that it is not saved; back online it saves by itself."""
    page = await open_page(await serve(candidate_app(fake)))
    await page.goto("/i/begun/questions/1")
    await page.context.set_offline(True)
    await page.get_by_role("textbox").fill("On the train")
    await page.get_by_role("textbox").blur()
    await expect(page.get_by_role("status")).to_contain_text("there is no connection")
    assert await violations(page) == []
    await page.context.set_offline(False)
    await expect(page.get_by_role("status")).to_have_text("Your answer is saved.")
    assert fake.interviews["begun"].answers == {"cause": "On the train"}


async def test_a_draft_for_a_closed_interview_stops_trying(
    fake: FakeInterviewing, serve: Serve, open_page: OpenPage
) -> None:
    """Handed in on another device: the page says that it is out of date instead of trying for ever."""
    page = await open_page(await serve(candidate_app(fake)))
    await page.goto("/i/answered/questions/1")
    fake.interviews["answered"].state = InterviewState.SUBMITTED
    await page.get_by_role("textbox").fill("Too late")
    await page.get_by_role("textbox").blur()
    await expect(page.get_by_role("status")).to_contain_text("this page is out of date")
    assert fake.interviews["answered"].answers["cause"] == ANSWERS[0]


async def test_another_device_is_noticed_quietly(fake: FakeInterviewing, serve: Serve, open_page: OpenPage) -> None:
    """The text stays in the box, nothing is overwritten, and a button leads to both texts, of which one is chosen."""
    page = await open_page(await serve(candidate_app(fake)))
    await page.goto("/i/answered/questions/1")
    fake.interviews["answered"].answers["cause"] = "From the telephone"
    fake.interviews["answered"].revisions["cause"] = 2
    await page.get_by_role("textbox").fill("From the desk")
    await page.get_by_role("textbox").blur()
    await expect(page.get_by_role("status")).to_contain_text("Changed on another device")
    await expect(page.get_by_role("link", name="Load the saved answer")).to_be_visible()
    await expect(page.get_by_role("textbox")).to_have_value("From the desk")
    assert await violations(page) == []
    await press(page, "Next question")
    await expect(page.get_by_role("heading", level=1)).to_have_text("You have two answers to this question")
    await expect(page.get_by_text("From the telephone")).to_be_visible()
    assert await violations(page) == []
    assert fake.interviews["answered"].answers["cause"] == "From the telephone"
    await press(page, "Save this answer instead")
    await page.wait_for_url("**/questions/2")
    assert fake.interviews["answered"].answers["cause"] == "From the desk"


async def test_a_lost_answer_to_a_draft_is_not_another_device(
    fake: FakeInterviewing, serve: Serve, open_page: OpenPage
) -> None:
    """A draft arrives but the word that it did is lost: the script knows its own text again and goes on saving."""
    page = await open_page(await serve(candidate_app(fake)))
    await page.goto("/i/begun/questions/1")

    async def deliver_and_drop(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await page.route("**/draft", deliver_and_drop, times=1)
    await page.get_by_role("textbox").fill("First")
    await page.get_by_role("textbox").blur()
    await expect(page.get_by_role("status")).to_contain_text("there is no connection")
    assert fake.interviews["begun"].answers == {"cause": "First"}
    await page.get_by_role("textbox").fill("First and second")
    await expect(page.get_by_role("status")).to_have_text("Your answer is saved.", timeout=15_000)
    assert fake.interviews["begun"].answers == {"cause": "First and second"}


async def test_a_button_waits_for_the_draft_that_is_under_way(
    fake: FakeInterviewing, serve: Serve, open_page: OpenPage
) -> None:
    """Nobody is asked to choose between two texts of their own because they pressed a button quickly."""
    page = await open_page(await serve(candidate_app(fake)))
    await page.goto("/i/begun/questions/1")
    pressed = asyncio.Event()

    async def deliver_late(route: Route) -> None:
        answer = await route.fetch()
        await pressed.wait()
        await route.fulfill(response=answer)

    await page.route("**/draft", deliver_late, times=1)
    await page.get_by_role("textbox").fill("First")
    async with page.expect_request("**/draft"):
        await page.get_by_role("textbox").blur()
    await page.get_by_role("textbox").fill("First and second")
    await page.get_by_role("button", name="Next question").click(no_wait_after=True)
    pressed.set()
    await page.wait_for_url("**/questions/2")
    assert fake.interviews["begun"].answers == {"cause": "First and second"}


async def test_the_error_summary_takes_the_focus(fake: FakeInterviewing, serve: Serve, open_page: OpenPage) -> None:
    """A too long answer comes back with the summary in focus; its link leads to the field."""
    page = await open_page(await serve(candidate_app(fake)))
    await page.goto("/i/begun/questions/1")
    await page.get_by_role("textbox").fill("word " * 1700)
    await press(page, "Next question")
    await expect(page.get_by_role("alert")).to_be_focused()
    assert await violations(page) == []
    await page.get_by_role("alert").get_by_role("link").click()
    await expect(page.get_by_role("textbox")).to_be_focused()


async def test_the_box_grows_with_the_answer(fake: FakeInterviewing, serve: Serve, open_page: OpenPage) -> None:
    """A long answer is seen as a whole up to most of the screen's height."""
    page = await open_page(await serve(candidate_app(fake)), width=PHONE)
    await page.goto("/i/begun/questions/3")
    box = page.get_by_role("textbox")
    before = await box.evaluate("one => one.clientHeight")
    await box.fill("A line\n" * 12)
    assert await box.evaluate("one => one.clientHeight") > before
