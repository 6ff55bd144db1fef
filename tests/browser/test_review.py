"""Reviewing by keyboard alone: to a decision in two actions, and back within the minute. Its time is in test_from_the_ats.py."""

import uuid

import pytest
from playwright.async_api import Page, expect

from tests.browser.axe import violations
from tests.browser.chromium import DESK
from tests.browser.conftest import OpenPage, Serve
from tests.browser.team_pages import SESSION_COOKIE
from tests.fixtures.fake_team_services import FakeTeamServices, team_app
from tests.fixtures.team_cases import BLIND, HELD, NEAR_CUT, PROPOSED

pytestmark = pytest.mark.asyncio(loop_scope="session")
APPLICATION = uuid.UUID(int=0xA0)
REASON = "She checked once more after the fix, which counts."


@pytest.fixture
def services() -> FakeTeamServices:
    made = FakeTeamServices()
    made.reviewing.linked[NEAR_CUT] = APPLICATION
    return made


async def _signed_in(services: FakeTeamServices, serve: Serve, open_page: OpenPage) -> Page:
    base_url = await serve(team_app(services))
    page = await open_page(base_url, width=DESK)
    await page.context.add_cookies([{"name": SESSION_COOKIE[0], "value": SESSION_COOKIE[1], "url": base_url}])
    return page


async def test_confirming_from_the_link_is_one_key(
    services: FakeTeamServices, serve: Serve, open_page: OpenPage
) -> None:
    """Open the link, press c. One more key takes it back."""
    page = await _signed_in(services, serve, open_page)
    await page.goto(f"/review/applications/{APPLICATION}")
    await page.keyboard.press("c")
    await expect(page.get_by_role("heading", name="Decided by Ada Okafor")).to_be_visible()
    assert [(case, band) for case, _, band, _ in services.reviewing.decisions] == [(NEAR_CUT, "solid")]


async def test_overriding_from_the_link_is_a_choice_and_a_saving(
    services: FakeTeamServices, serve: Serve, open_page: OpenPage
) -> None:
    """First action: o and a band. Second: the reason, sent with Ctrl+Enter. No pointer, and no way past the reason."""
    page = await _signed_in(services, serve, open_page)
    await page.goto(f"/review/applications/{APPLICATION}")
    await page.keyboard.press("o")
    await page.keyboard.press("Space")
    await page.keyboard.press("Tab")
    await expect(page.get_by_label("Why?").first).to_be_focused()
    await page.keyboard.type(REASON)
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("heading", name="Decided by Ada Okafor")).to_be_visible()
    assert [(band, reason) for _, _, band, reason in services.reviewing.decisions] == [("strong", REASON)]


async def test_undo_is_one_key_on_the_case_and_above_the_queue(
    services: FakeTeamServices, serve: Serve, open_page: OpenPage
) -> None:
    """u on the case; u on the queue; the case can then be confirmed again."""
    page = await _signed_in(services, serve, open_page)
    await page.goto(f"/review/{HELD}")
    await expect(page.get_by_text("It can be taken back for")).to_be_visible()
    await page.keyboard.press("u")
    await expect(page.get_by_role("button", name="Confirm “Solid evidence”")).to_be_visible()
    services.reviewing.cases[HELD] = FakeTeamServices().reviewing.cases[HELD]
    await page.goto("/review")
    await page.keyboard.press("u")
    await expect(page.get_by_role("button", name="Confirm “Solid evidence”")).to_be_visible()
    assert [what for *_, what in services.reviewing.decisions] == ["undo", "undo"]


async def test_when_the_minute_is_over_undo_is_not_offered(
    services: FakeTeamServices, serve: Serve, open_page: OpenPage
) -> None:
    """The seconds count down, and at their end the button is off and its key does nothing."""
    page = await _signed_in(services, serve, open_page)
    await page.clock.install()
    await page.goto(f"/review/{HELD}")
    await expect(page.get_by_text("It can be taken back for")).to_be_visible()
    await page.clock.fast_forward(61_000)
    await expect(page.get_by_text("It becomes final now.")).to_be_visible()
    await expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    assert await violations(page) == []
    await page.keyboard.press("u")
    assert services.reviewing.decisions == []


async def test_reading_first_and_then_comparing_needs_no_pointer(
    services: FakeTeamServices, serve: Serve, open_page: OpenPage
) -> None:
    """o leads to the bands, arrows choose, Enter keeps; the software's band appears only then, and c decides."""
    page = await _signed_in(services, serve, open_page)
    await page.goto(f"/review/{BLIND}")
    await page.keyboard.press("o")
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("radio", name="Solid evidence")).to_be_checked()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("before you saw what the software recommends: the same")).to_be_visible()
    assert await violations(page) == []
    await page.keyboard.press("c")
    await expect(page.get_by_role("heading", name="Decided by Ada Okafor")).to_be_visible()
    assert [band for _, _, band, _ in services.reviewing.decisions] == ["solid", "solid"]


async def test_a_second_person_agrees_with_one_key(
    services: FakeTeamServices, serve: Serve, open_page: OpenPage
) -> None:
    """t takes the case, c agrees with what the colleague chose."""
    page = await _signed_in(services, serve, open_page)
    await page.goto(f"/review/{PROPOSED}")
    await page.keyboard.press("t")
    await expect(page.get_by_text("With you")).to_be_visible()
    await page.keyboard.press("c")
    await expect(page.get_by_role("heading", name="Decided by")).to_be_visible()
    assert [band for _, _, band, _ in services.reviewing.decisions] == ["strong"]
