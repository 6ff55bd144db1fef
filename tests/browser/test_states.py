"""What pages become when they are used: as open to everyone as they were when they opened."""

import pytest

from tests.browser.axe import COLOUR_RULES, violations
from tests.browser.chromium import DESK, NARROW, PHONE, screen
from tests.browser.conftest import OpenPage, Serve
from tests.browser.states import COOKIES, State, states

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("state", states(), ids=lambda state: state.name)
async def test_every_state_is_open_to_everyone(state: State, serve: Serve, open_page: OpenPage) -> None:
    """No violation of WCAG 2.2 AA on a desk and on a phone, in daylight and in the dark; nothing beside 320 pixels."""
    base_url = await serve(state.make_app())
    page = await open_page(base_url, width=DESK)
    page.set_default_timeout(30_000)  # a rehearsal reads eight interviews
    await page.context.add_cookies([{"name": name, "value": value, "url": base_url} for name, value in COOKIES])
    await page.goto(state.path)
    if state.act is not None:
        await state.act(page)
    wrong: dict[str, object] = {}
    for width in (DESK, PHONE):
        await page.set_viewport_size(screen(width))
        wrong[f"{width} light"] = await violations(page)
        await page.emulate_media(color_scheme="dark")
        wrong[f"{width} dark"] = await violations(page, COLOUR_RULES)
        await page.emulate_media(color_scheme="light")
    await page.set_viewport_size(screen(NARROW))
    wrong["too wide by"] = max(0, await page.evaluate("document.documentElement.scrollWidth") - NARROW)
    assert {look: found for look, found in wrong.items() if found} == {}
