"""Follow-ups in a real browser: without scripts, by keyboard alone, and saved while somebody writes."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenPage, Serve
from tests.browser.keyboard import tab_to
from tests.fixtures.fake_services import FOLLOW_UPS, FakeInterviewing, candidate_app, interviews

pytestmark = pytest.mark.asyncio(loop_scope="session")
KNEW, AFTER = FOLLOW_UPS["cause"]


@pytest.fixture
def fake() -> FakeInterviewing:
    return FakeInterviewing(interviews())


async def test_follow_ups_without_scripts(fake: FakeInterviewing, serve: Serve, open_page: OpenPage) -> None:
    """Asked after an answer, answered, skipped, and on the page with all answers: plain forms do it all."""
    page = await open_page(await serve(candidate_app(fake)), scripts=False)
    heading = page.get_by_role("heading", level=1)
    await page.goto("/i/probing/questions/1")
    await page.get_by_role("textbox").fill("I helped a visitor who could not print.")
    await page.get_by_role("button", name="Next question").click()
    await expect(heading).to_have_text(KNEW)
    await expect(page.get_by_role("list", name="So far")).to_contain_text("I helped a visitor who could not print.")
    await page.get_by_role("textbox").fill("I tried another account.")
    await page.get_by_role("button", name="Go on").click()
    await expect(heading).to_have_text(AFTER)
    await page.get_by_role("button", name="Skip this one").click()
    await expect(page).to_have_title(re.compile("^Question 2 of 5"))
    await page.goto("/i/probing/check")
    await expect(page.get_by_role("heading", level=3, name=AFTER)).to_be_visible()
    await page.get_by_role("link", name="Answer what was asked after question 1, 2 of 2").click()
    await expect(heading).to_have_text(AFTER)
    assert fake.interviews["probing"].answers == {
        "cause": "I helped a visitor who could not print.",
        "cause/1": "I tried another account.",
        "cause/2": "",
    }


async def test_a_follow_up_by_keyboard_alone(fake: FakeInterviewing, serve: Serve, open_page: OpenPage) -> None:
    """The box has the question for its name, its draft is kept meanwhile, and skipping gives up what was typed."""
    page = await open_page(await serve(candidate_app(fake)))
    await page.goto("/i/asked/questions/1/more/1")
    box = page.get_by_role("textbox", name=KNEW)
    await box.focus()
    await page.keyboard.type("It only happened with")
    await expect(page.get_by_role("status")).to_have_text("Your answer is saved.")
    assert fake.interviews["asked"].answers["cause/1"] == "It only happened with"
    await page.keyboard.type(" her account.")
    await tab_to(page, "Go on")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/more/2")
    await page.get_by_role("textbox", name=AFTER).focus()
    await page.keyboard.type("Hm")
    await tab_to(page, "Skip this one")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/questions/2")
    answers = fake.interviews["asked"].answers
    assert (answers["cause/1"], answers["cause/2"]) == ("It only happened with her account.", "")
