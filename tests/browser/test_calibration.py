"""Calibration in a real browser: rated by keyboard alone, and refused forms that can be mended without a pointer."""

import re

import pytest
from playwright.async_api import Page, expect

from orchestrator.domain.calibration import Rating
from tests.browser.axe import violations
from tests.browser.calibration_pages import SESSION_COOKIE
from tests.browser.chromium import DESK
from tests.browser.conftest import OpenPage, Serve
from tests.browser.keyboard import tab_to
from tests.fixtures.fake_team_services import ADMIN
from tests.fixtures.team_calibration import RATING, FakeCalibrating, calibration_app

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _open(fake: FakeCalibrating, serve: Serve, open_page: OpenPage, *, scripts: bool = True) -> Page:
    base_url = await serve(calibration_app(fake))
    page = await open_page(base_url, width=DESK, scripts=scripts)
    await page.context.add_cookies([{"name": SESSION_COOKIE[0], "value": SESSION_COOKIE[1], "url": base_url}])
    return page


async def test_an_item_is_rated_by_keyboard(serve: Serve, open_page: OpenPage) -> None:
    """From the list with j and Enter, to the open item, a level by the arrow keys, a note, and saved with Enter."""
    fake = FakeCalibrating()
    page = await _open(fake, serve, open_page)
    await page.goto("/calibration")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(rf"/calibration/{RATING}$"))
    await tab_to(page, "Rate item 3")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(r"/items/3$"))
    first = page.locator("#level-finding-the-cause")
    await first.focus()
    for _ in range(3):
        await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Rules two causes out.")
    await tab_to(page, "Save and go on")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Saved.")).to_be_visible()
    assert fake.acts == [("rate", RATING, 3, {"finding-the-cause": Rating(4, "Rules two causes out.")}, ADMIN.id)]


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_note_without_a_level_can_be_mended(
    serve: Serve,
    open_page: OpenPage,
    scripts: bool,  # noqa: FBT001 - what pytest passes
) -> None:
    """The summary leads to the level that is missing, the note is still there, and the page stays accessible."""
    page = await _open(FakeCalibrating(), serve, open_page, scripts=scripts)
    await page.goto(f"/calibration/{RATING}/items/3")
    await page.locator("#note-ordering-work").fill("Sees one fault.")
    await page.get_by_role("button", name="Save and go on").click()
    await expect(page).to_have_title(re.compile("^Error: "))
    await expect(page.locator("#note-ordering-work")).to_have_value("Sees one fault.")
    if scripts:
        await expect(page.locator(".errors")).to_be_focused()
        assert await violations(page) == []
    await page.get_by_role("link", name="Choose a level").click()
    await expect(page).to_have_url(re.compile("#level-ordering-work$"))
