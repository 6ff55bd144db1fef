"""Consent in a real browser: by keyboard from the connection to the vendor's door, without scripts, accessible."""

import pytest
from playwright.async_api import expect

from tests.browser.axe import violations
from tests.browser.chromium import DESK, NARROW, PHONE, Theme
from tests.browser.conftest import OpenPage, Serve
from tests.browser.team_pages import CONNECTION_PAGE, SESSION_COOKIE
from tests.fixtures.fake_team_services import team_app

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    ("width", "theme", "scripts"),
    [(NARROW, "light", True), (PHONE, "dark", True), (DESK, "light", True), (DESK, "dark", False)],
)
async def test_from_the_connection_to_the_vendors_door(
    width: int, theme: Theme, serve: Serve, open_page: OpenPage, *, scripts: bool
) -> None:
    """Where it leads, what it may do, and a way back; nothing is wider than the window, and axe finds nothing."""
    base_url = await serve(team_app())
    page = await open_page(base_url, width=width, theme=theme, scripts=scripts)
    await page.context.add_cookies([{"name": SESSION_COOKIE[0], "value": SESSION_COOKIE[1], "url": base_url}])
    await page.goto(CONNECTION_PAGE)
    await page.get_by_role("button", name="Connect again").press("Enter")
    door = page.get_by_role("link", name="Go on to Greenhouse Recruiting")
    await expect(door).to_have_attribute("href", "https://ats.example/authorize?client_id=us&state=a-state")
    await expect(page.get_by_text("sign in and to agree at ats.example")).to_be_visible()
    assert await page.locator("html").evaluate("one => one.scrollWidth <= one.clientWidth")
    if scripts:
        assert await violations(page) == []
    await page.get_by_role("link", name="Not now").press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("northlight")
