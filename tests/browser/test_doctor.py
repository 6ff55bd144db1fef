"""The doctor's page in a real browser: by keyboard, without scripts, accessible with what it found."""

import pytest
from playwright.async_api import expect

from tests.browser.axe import violations
from tests.browser.chromium import DESK, PHONE
from tests.browser.conftest import OpenPage, Serve
from tests.browser.team_pages import SESSION_COOKIE
from tests.fixtures.doctor_report import FINDINGS, report
from tests.fixtures.fake_team_services import FakeDoctor, FakeTeamServices, team_app

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("width", [PHONE, DESK])
async def test_from_operations_to_every_finding_by_keyboard(
    width: int, serve: Serve, open_page: OpenPage, *, scripts: bool
) -> None:
    """The link, the button, then what is wrong; nothing is wider than the window, and axe finds nothing."""
    base_url = await serve(team_app())
    page = await open_page(base_url, width=width, scripts=scripts)
    await page.context.add_cookies([{"name": SESSION_COOKIE[0], "value": SESSION_COOKIE[1], "url": base_url}])
    await page.goto("/operations")
    await page.get_by_role("link", name="Have everything looked at by the doctor").press("Enter")
    await page.get_by_role("button", name="Look now").press("Enter")
    await expect(page.get_by_role("button", name="Look again")).to_be_visible()
    await expect(page).to_have_title("3 things to mend · Doctor · Evenhand")
    for finding in FINDINGS:
        await expect(page.get_by_text(finding.reason)).to_be_visible()
    assert await page.locator("html").evaluate("one => one.scrollWidth <= one.clientWidth")
    if scripts:
        assert await violations(page) == []


async def test_a_healthy_house(serve: Serve, open_page: OpenPage) -> None:
    """It says so in words, and in colours that can be read."""
    base_url = await serve(team_app(FakeTeamServices(doctor=FakeDoctor(report()))))
    page = await open_page(base_url, theme="dark")
    await page.context.add_cookies([{"name": SESSION_COOKIE[0], "value": SESSION_COOKIE[1], "url": base_url}])
    await page.goto("/operations/doctor")
    await page.get_by_role("button", name="Look now").click()
    await expect(page.get_by_role("status")).to_contain_text("All is well")
    assert await violations(page) == []
