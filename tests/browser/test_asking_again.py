"""Asking a candidate again by keyboard alone, and the page of the second attempt."""

import pytest
from playwright.async_api import expect

from tests.browser.axe import violations
from tests.browser.chromium import DESK
from tests.browser.conftest import OpenPage, Serve
from tests.browser.team_pages import SESSION_COOKIE
from tests.fixtures.fake_team_services import FakeTeamServices, team_app
from tests.fixtures.team_cases import DECIDED, OVERDUE

pytestmark = pytest.mark.asyncio(loop_scope="session")
REASON = "Only letters arrived; the keyboard may have been locked."


async def test_asking_again_needs_no_pointer(serve: Serve, open_page: OpenPage) -> None:
    """a leads to the reason, Ctrl+Enter sends it, u takes it back; nothing goes without a reason, and letters stay letters."""
    services = FakeTeamServices()
    base_url = await serve(team_app(services))
    page = await open_page(base_url, width=DESK)
    await page.context.add_cookies([{"name": SESSION_COOKIE[0], "value": SESSION_COOKIE[1], "url": base_url}])
    await page.goto(f"/review/{OVERDUE}")
    await page.keyboard.press("a")
    await expect(page.locator("#ask-again-reason")).to_be_focused()
    await page.keyboard.type("a cat")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("alert")).to_contain_text("at least 10 characters")
    await expect(page.locator("#ask-again-reason")).to_have_value("a cat")
    assert services.reviewing.decisions == []
    await page.keyboard.press("a")
    await page.keyboard.press("Control+a")
    await page.keyboard.type(REASON)
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("heading", name="Ada Okafor has the candidate asked again")).to_be_visible()
    assert [(case, reason) for case, _, _, reason in services.reviewing.decisions] == [(OVERDUE, REASON)]
    assert await violations(page) == []
    await page.keyboard.press("u")
    await expect(page.get_by_role("link", name="Ask the candidate again")).to_be_visible()
    assert services.reviewing.decisions[-1][-1] == "undo"


async def test_the_first_attempt_unfolds_beside_the_second(serve: Serve, open_page: OpenPage) -> None:
    """It is there for whoever wants to read it, and folded for everybody else."""
    base_url = await serve(team_app())
    page = await open_page(base_url, width=DESK)
    await page.context.add_cookies([{"name": SESSION_COOKIE[0], "value": SESSION_COOKIE[1], "url": base_url}])
    await page.goto(f"/review/{DECIDED}")
    told = page.get_by_text("the line may have broken")
    await expect(told).to_be_hidden()
    await page.get_by_text("First attempt, before the candidate was asked again").click()
    await expect(told).to_be_visible()
    assert await violations(page) == []
