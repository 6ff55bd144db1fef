"""Every page of every site: accessible, nothing cut off on a small screen, targets large enough, no complaint of the browser."""

import pytest

from tests.browser.axe import COLOUR_RULES, violations
from tests.browser.chromium import DESK, NARROW, PHONE, screen
from tests.browser.conftest import OpenPage, Visit
from tests.browser.pages import EVERY
from tests.browser.site import Page, Site

pytestmark = pytest.mark.asyncio(loop_scope="session")

_EVERY_PAGE = pytest.mark.parametrize(("site", "page"), EVERY, ids=[page.name for _, page in EVERY])
# In CSS pixels; links inside a sentence are exempt (WCAG 2.5.8), a candidate's other targets are at least 44.
_SMALL_TARGETS = """() => [...document.querySelectorAll('a, button, summary, input, textarea, select')]
  .filter(one => !one.closest('p, li, .unseen') && !one.matches('.skip, [type=hidden], [type=radio]') && one.checkVisibility())
  .map(one => [one.outerHTML.slice(0, 80), Math.round(one.getBoundingClientRect().height)])
  .filter(([, height]) => height < 44)"""


@_EVERY_PAGE
async def test_every_page_is_open_to_everyone(site: Site, page: Page, visit: Visit) -> None:
    """No violation of WCAG 2.2 AA on a desk and on a phone, in daylight and in the dark; no sideways scrolling at 320
    pixels (1.4.10); on candidate pages everything that can be pressed is at least 44 pixels high on a phone.
    """
    wrong: dict[str, object] = {}
    async with visit(site, page) as tab:
        for width in (DESK, PHONE):
            await tab.set_viewport_size(screen(width))
            wrong[f"{width} light"] = await violations(tab)
            await tab.emulate_media(color_scheme="dark")
            wrong[f"{width} dark"] = await violations(tab, COLOUR_RULES)
            await tab.emulate_media(color_scheme="light")
        if page.name.startswith("candidate-"):
            wrong["small targets"] = await tab.evaluate(_SMALL_TARGETS)
        await tab.set_viewport_size(screen(NARROW))
        wrong["too wide by"] = max(0, await tab.evaluate("document.documentElement.scrollWidth") - NARROW)
    assert {look: found for look, found in wrong.items() if found} == {}


async def test_the_check_itself_finds_what_is_wrong(open_page: OpenPage) -> None:
    """A picture without a text and a field without a label do not pass; nor does text that only the dark theme hides."""
    tab = await open_page("http://127.0.0.1")
    await tab.set_content(
        "<style>@media (prefers-color-scheme: dark) { h1 { color: #777; background: #666 } }</style>"
        "<main><h1>Wrong</h1><img src='data:,'><input></main>"
    )
    found = " ".join(await violations(tab))
    assert "image-alt" in found
    assert "label" in found
    assert "color-contrast" not in found
    await tab.emulate_media(color_scheme="dark")
    assert "color-contrast" in " ".join(await violations(tab))
