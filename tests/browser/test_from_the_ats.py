"""From the link in the ATS to a decision, in a whole house and by keyboard alone: at most two actions, below thirty seconds.

The link is read from the ATS. Nothing else is known about the case, and the pointer is never used.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.chromium import DESK
from tests.browser.conftest import OpenPage
from tests.browser.hands import Hands
from tests.fixtures.house import REVIEWER, House, running_house
from tests.integration.services.people import ROOMY, Newcomer, in_review, newcomer
from tests.integration.services.rows import settled

pytestmark = pytest.mark.asyncio(loop_scope="session")
MOST_ACTIONS, MOST_SECONDS = 2, 30.0
REASON = "She checked again after the fix."


@asynccontextmanager
async def _waiting(sqlite_url: str, tmp_path: Path) -> AsyncIterator[tuple[House, Newcomer, str]]:
    """A house, somebody whose result a person must decide, and the link that the ATS shows beside them."""
    async with running_house(sqlite_url, tmp_path, changes=(ROOMY,)) as house:
        application = await newcomer(house)
        await in_review(house, application)
        await settled(house)
        yield house, application, str(await house.field(application.id, "interview_link"))


async def _sign_in(page: Page, hands: Hands) -> None:
    """Where the link led: an address, a password, Enter. The first field has the focus already, or Tab leads to it."""
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    for _ in range(10):
        if await page.get_by_label("E-mail address").evaluate("one => one === document.activeElement"):
            break
        await hands.press("Tab")
    await hands.type(REVIEWER.email)
    await hands.press("Tab")
    await hands.type(REVIEWER.password)
    await hands.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Wren Newcomer")


async def test_confirming_is_one_action(sqlite_url: str, tmp_path: Path, open_page: OpenPage) -> None:
    """Signed in already: the link, then c. The band that was recommended stands in the ATS when the minute is over."""
    async with _waiting(sqlite_url, tmp_path) as (house, application, link):
        page = await open_page(house.url, width=DESK)
        await page.goto(link)
        await _sign_in(page, Hands(page))
        hands = Hands(page)
        await page.goto(link)
        with hands.action():
            await hands.press("c")
        await expect(page.get_by_role("heading", name=f"Decided by {REVIEWER.name}")).to_be_visible()
        assert hands.actions <= MOST_ACTIONS
        assert hands.seconds < MOST_SECONDS
        band = await page.locator(".team-beside dd").last.inner_text()
        await house.until_field(application.id, "interview_completion", "Completed")
        assert await house.field(application.id, "interview_band") == band


async def test_overriding_is_two_actions(sqlite_url: str, tmp_path: Path, open_page: OpenPage) -> None:
    """First a band, then the reason with Ctrl+Enter; the band that was chosen stands in the ATS."""
    async with _waiting(sqlite_url, tmp_path) as (house, application, link):
        page = await open_page(house.url, width=DESK)
        await page.goto(link)
        await _sign_in(page, Hands(page))
        hands = Hands(page)
        await page.goto(link)
        with hands.action():
            await hands.press("o", "Space")
        chosen = await page.locator("label:has(#decision-band:checked)").inner_text()
        with hands.action():
            await hands.press("Tab")
            await hands.type(REASON)
            await hands.press("Control+Enter")
        await expect(page.get_by_role("heading", name=f"Decided by {REVIEWER.name}")).to_be_visible()
        assert hands.actions <= MOST_ACTIONS
        assert hands.seconds < MOST_SECONDS
        await house.until_field(application.id, "interview_completion", "Completed")
        assert await house.field(application.id, "interview_band") == chosen


async def test_whoever_must_sign_in_first_is_led_on_to_the_case(
    sqlite_url: str, tmp_path: Path, open_page: OpenPage
) -> None:
    """The sign-in is not counted as an action, but its keys and its page are in the time."""
    async with _waiting(sqlite_url, tmp_path) as (house, _, link):
        page = await open_page(house.url, width=DESK)
        hands = Hands(page)
        await page.goto(link)
        await _sign_in(page, hands)
        with hands.action():
            await hands.press("c")
        await expect(page.get_by_role("heading", name=f"Decided by {REVIEWER.name}")).to_be_visible()
        assert hands.actions <= MOST_ACTIONS
        assert hands.seconds < MOST_SECONDS
