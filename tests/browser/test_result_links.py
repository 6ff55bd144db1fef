"""Result links in a real browser: by keyboard, and where something was refused."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.axe import violations
from tests.browser.chromium import DESK
from tests.browser.conftest import OpenPage, Serve
from tests.browser.team_pages import SESSION_COOKIE
from tests.fixtures.fake_team_services import PASSWORD, RECRUITER, FakeTeamServices, team_app
from tests.fixtures.team_cases import AUDIT_REF
from tests.fixtures.team_result_links import FINAL

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_signing_in_leads_on_to_the_whole_result(serve: Serve, open_page: OpenPage) -> None:
    """By keyboard, from the link of the ATS; the same link then leads there at once."""
    base_url = await serve(team_app())
    page = await open_page(base_url, width=DESK)
    await page.goto(f"/r/{FINAL}")
    await page.get_by_role("link", name="Sign in to see all of it").focus()
    await page.keyboard.press("Enter")
    await page.get_by_label("E-mail address").fill(RECRUITER.email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Evidence")).to_be_visible()
    assert page.url == f"{base_url}/results/{AUDIT_REF}"
    await page.goto(f"/r/{FINAL}")
    assert page.url == f"{base_url}/results/{AUDIT_REF}"


@pytest.mark.parametrize("scripts", [pytest.param(True, id="scripts"), pytest.param(False, id="no scripts")])
async def test_a_link_is_ended_on_the_page_of_its_result(serve: Serve, open_page: OpenPage, *, scripts: bool) -> None:
    """Without a reason it is refused in words, accessibly and with the focus; with one it is over."""
    services = FakeTeamServices()
    base_url = await serve(team_app(services))
    page = await open_page(base_url, width=DESK, scripts=scripts)
    await page.context.add_cookies([{"name": SESSION_COOKIE[0], "value": SESSION_COOKIE[1], "url": base_url}])
    await page.goto(f"/results/{AUDIT_REF}")
    await page.get_by_text("Revoke it").click()
    await page.get_by_role("button", name="Revoke the link").click()
    await expect(page).to_have_title(re.compile("^Error: "))
    await expect(page.get_by_label("Why?")).to_have_attribute("aria-invalid", "true")
    if scripts:
        await expect(page.locator(".errors")).to_be_focused()
        assert await violations(page) == []
    await page.get_by_label("Why?").fill("It was passed on.")
    await page.get_by_role("button", name="Revoke the link").click()
    await expect(page.get_by_role("status").get_by_text("It was revoked")).to_be_visible()
    assert [reason for _, reason, _ in services.result_links.revoked] == ["It was passed on."]
    await expect(page.get_by_role("button", name="Revoke the link")).to_have_count(0)
    if scripts:
        assert await violations(page) == []
