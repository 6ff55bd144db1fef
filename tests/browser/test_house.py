"""The real thing in a real browser: services, database and sandbox ATS, from the candidate's phone to the recruiter's board."""

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from orchestrator.db.models.interview import DraftRow
from orchestrator.demo.show import read_answers
from tests.browser.axe import violations
from tests.browser.chromium import DESK, PHONE
from tests.browser.conftest import OpenPage
from tests.browser.keyboard import tab_to
from tests.fixtures.house import REVIEWER, House, running_house

pytestmark = pytest.mark.asyncio(loop_scope="session")

ANSWERS = list(read_answers(None))


async def accessible(page: Page) -> None:
    """Nothing for axe to find here."""
    assert await violations(page) == [], page.url


async def drafts(house: House) -> set[str]:
    """Every answer that the database holds as a draft."""
    async with house.runtime.database.reading() as session:
        return set(await session.scalars(sa.select(DraftRow.text)))


async def answer_everything(page: Page, house: House) -> None:
    """From the welcome page to the thank-you page by keys alone; the first draft is in the database before any button."""
    await tab_to(page, "Agree and begin")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/practice")
    await tab_to(page, "Go to the first question")
    await page.keyboard.press("Enter")
    for number, answer in enumerate(ANSWERS, start=1):
        await page.wait_for_url(f"**/questions/{number}")
        await page.get_by_role("textbox").focus()
        await page.keyboard.insert_text(answer)
        if number == 1:
            await accessible(page)
            await expect(page.locator("[data-saved-words]")).to_have_text(re.compile("^Saved"))
            assert await drafts(house) == {answer}
        await tab_to(page, "Next question" if number < len(ANSWERS) else "Check your answers")
        await page.keyboard.press("Enter")
    await page.wait_for_url("**/check")
    await accessible(page)
    await tab_to(page, "Hand in my answers")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, Amara")


async def sign_in(page: Page) -> None:
    """As the reviewer, by keys; ends on the queue."""
    await page.goto("/sign-in")
    await page.get_by_label("E-mail address").focus()
    await page.keyboard.insert_text(REVIEWER.email)
    await page.keyboard.press("Tab")
    await page.keyboard.insert_text(REVIEWER.password)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Review queue")


async def test_from_the_phone_to_the_board(sqlite_url: str, tmp_path: Path, open_page: OpenPage) -> None:
    """A candidate answers on a phone, a reviewer confirms with two keys, the ATS shows the band; axe finds nothing."""
    async with running_house(sqlite_url, tmp_path) as house:
        application = house.sandbox.pilot.application_ids[0]
        phone = await open_page(house.url, width=PHONE)
        await phone.goto(await house.invite(application))
        await accessible(phone)
        await answer_everything(phone, house)
        await accessible(phone)
        await house.until_field(application, "interview_completion", "In review")

        desk = await open_page(house.url, width=DESK)
        await sign_in(desk)
        await accessible(desk)
        await desk.keyboard.press("j")
        await expect(desk.get_by_role("link", name="Amara Okafor")).to_be_focused()
        await desk.keyboard.press("Enter")
        await desk.wait_for_url("**/review/*-*")
        await accessible(desk)
        band = await desk.locator(".team-reading .chip--band").inner_text()
        await desk.keyboard.press("c")
        await expect(desk.get_by_role("heading", name=f"Decided by {REVIEWER.name}")).to_be_visible()
        await accessible(desk)
        await house.until_field(application, "interview_band", band)

        for path, heading in (("/operations", "Operations"), ("/operations?show=sync", "Operations")):
            await desk.goto(path)
            await expect(desk.get_by_role("heading", level=1)).to_have_text(heading)
            await accessible(desk)
        await desk.goto("/operations?show=applications")
        await desk.get_by_role("link", name="Amara Okafor").click()
        await expect(desk.get_by_text(REVIEWER.name).first).to_be_visible()
        await accessible(desk)

        await desk.goto(f"{house.sandbox.base_url}/applications/{application}")
        await expect(desk.locator("#form-interview_band .chip")).to_have_text(band)
        await accessible(desk)
