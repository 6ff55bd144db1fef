"""Rehearsals in a real browser: by keyboard, without scripts, accessible with everything that they show."""

from uuid import UUID

import pytest
from playwright.async_api import Page, expect

from tests.browser.axe import COLOUR_RULES, violations
from tests.browser.chromium import DESK, NARROW, PHONE, screen
from tests.browser.conftest import OpenPage, Serve
from tests.browser.team_pages import SESSION_COOKIE
from tests.fixtures.rehearsal_pages import NOT_YET, PROPOSED, READ_AGAIN, RehearsalPages, rehearsal_app

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def opened(open_page: OpenPage, base_url: str, path: str, *, width: int = PHONE, scripts: bool = True) -> Page:
    """A page of the team's."""
    page = await open_page(base_url, width=width, scripts=scripts)
    await page.context.add_cookies([{"name": SESSION_COOKIE[0], "value": SESSION_COOKIE[1], "url": base_url}])
    await page.goto(path)
    return page


async def complaints(page: Page) -> dict[str, object]:
    """What is wrong on a phone, in daylight and in the dark, and how much is cut off at 320 pixels."""
    wrong: dict[str, object] = {"light": await violations(page)}
    await page.emulate_media(color_scheme="dark")
    wrong["dark"] = await violations(page, COLOUR_RULES)
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size(screen(NARROW))
    wrong["too wide by"] = max(0, await page.evaluate("document.documentElement.scrollWidth") - NARROW)
    await page.set_viewport_size(screen(PHONE))
    return {look: found for look, found in wrong.items() if found}


async def test_a_rehearsal_is_open_to_everyone(serve: Serve, open_page: OpenPage) -> None:
    """The list, a program, everybody in a table, and one in full: each without a complaint."""
    page = await opened(open_page, await serve(rehearsal_app()), "/rehearsal")
    assert await complaints(page) == {}
    await page.get_by_role("link", name="Customer support, first interview").click()
    assert await complaints(page) == {}
    await page.get_by_role("button", name="Rehearse").click()
    await expect(page.get_by_role("status")).to_contain_text("Everybody came out as one would expect")
    assert await complaints(page) == {}
    await page.get_by_role("button", name="Look at Instructing").click()
    await expect(page.get_by_role("heading", name="Instructing")).to_be_visible()
    assert await complaints(page) == {}


@pytest.mark.parametrize("interview", [READ_AGAIN, NOT_YET])
async def test_later_readings_are_open_to_everyone(interview: UUID, serve: Serve, open_page: OpenPage) -> None:
    """With two later readings, and with none."""
    page = await opened(open_page, await serve(rehearsal_app()), f"/rescorings/{interview}", width=DESK)
    assert await complaints(page) == {}


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_reading_is_used_by_keyboard(serve: Serve, open_page: OpenPage, *, scripts: bool) -> None:
    """A colleague's proposal is agreed to after the decision was read that it replaces: without a mouse, without a complaint."""
    services = RehearsalPages()
    page = await opened(
        open_page, await serve(rehearsal_app(services)), f"/rescorings/{PROPOSED}", width=DESK, scripts=scripts
    )
    await page.get_by_text("Agree", exact=True).press("Enter")
    first = page.get_by_role("listitem").filter(has_text="Kim wants to use this reading")
    await expect(first.get_by_text("She told of the second call on the phone")).to_be_visible()
    if scripts:
        assert await complaints(page) == {}
        await page.set_viewport_size(screen(DESK))
    await first.get_by_role("checkbox").press("Space")
    await first.get_by_role("button", name="Agree and use this reading").press("Enter")
    await expect(page.get_by_role("heading", name="Scored again")).to_be_visible()
    assert [(str(one), seen) for one, _, _, seen in services.rescoring.adopting.adopted] == [(str(UUID(int=20)), "d7")]


@pytest.mark.parametrize("scripts", [True, False])
async def test_own_answers_by_keyboard(serve: Serve, open_page: OpenPage, *, scripts: bool) -> None:
    """Unfold, type, send: the answer stands in the conversation, and in its box to be changed."""
    page = await opened(
        open_page, await serve(rehearsal_app()), "/rehearsal/support-pilot", width=DESK, scripts=scripts
    )
    await page.get_by_text("The questions").press("Enter")
    box = page.get_by_label("Tell us about a time when you helped someone")
    await box.focus()
    await page.keyboard.type("I asked what error she saw and when it had started, and found that the cable was loose.")
    await page.get_by_role("button", name="Read my answers").press("Enter")
    await expect(page.get_by_role("heading", name="Your answers", exact=True)).to_be_visible()
    talk = page.get_by_role("region", name="Conversation")
    await expect(talk).to_contain_text("found that the cable was loose")
    await expect(box).to_have_value(
        "I asked what error she saw and when it had started, and found that the cable was loose."
    )
