"""Every page: accessible, nothing cut off on a small screen, targets large enough, focus visible."""

import pytest
from playwright.async_api import Page as Tab

from tests.browser.axe import violations
from tests.browser.chromium import DESK, NARROW, PHONE, Theme, unfold
from tests.browser.conftest import OpenPage, Serve
from tests.browser.pages import SITES, Page, Site

pytestmark = pytest.mark.asyncio(loop_scope="session")

_SITES = pytest.mark.parametrize("site", SITES, ids=[site.pages[0].name.split("-")[0] for site in SITES])
# In CSS pixels; links inside a sentence are exempt (WCAG 2.5.8), a candidate's other targets are at least 44.
_SMALL_TARGETS = """() => [...document.querySelectorAll('a, button, summary, input, textarea, select')]
  .filter(one => !one.closest('p, li, .unseen') && !one.matches('.skip, [type=hidden], [type=radio]') && one.checkVisibility())
  .map(one => [one.outerHTML.slice(0, 80), Math.round(one.getBoundingClientRect().height)])
  .filter(([, height]) => height < 44)"""


async def _visit(tab: Tab, page: Page) -> None:
    answer = await tab.goto(page.path)
    assert answer is not None
    assert answer.status == page.status, page.name
    if page.unfold:
        await unfold(tab)


async def _open(site: Site, serve: Serve, open_page: OpenPage, *, width: int, theme: Theme = "light") -> Tab:
    base_url = await serve(site.make_app())
    tab = await open_page(base_url, width=width, theme=theme)
    await tab.context.add_cookies([{"name": name, "value": value, "url": base_url} for name, value in site.cookies])
    return tab


@_SITES
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK])
async def test_axe_finds_nothing(site: Site, width: int, theme: Theme, serve: Serve, open_page: OpenPage) -> None:
    """No violation of WCAG 2.2 AA or of good practice on any page, in either theme."""
    tab = await _open(site, serve, open_page, width=width, theme=theme)
    found: dict[str, list[str]] = {}
    for page in site.pages:
        await _visit(tab, page)
        if wrong := await violations(tab):
            found[page.name] = wrong
    assert found == {}


@_SITES
async def test_nothing_is_cut_off_at_320_pixels(site: Site, serve: Serve, open_page: OpenPage) -> None:
    """WCAG 1.4.10: no page scrolls sideways on the smallest screen."""
    tab = await _open(site, serve, open_page, width=NARROW)
    wide = {}
    for page in site.pages:
        await _visit(tab, page)
        width = await tab.evaluate("document.documentElement.scrollWidth")
        if width > NARROW:
            wide[page.name] = width
    assert wide == {}


async def test_candidates_have_large_targets(serve: Serve, open_page: OpenPage) -> None:
    """On a phone everything that can be pressed is at least 44 pixels high."""
    site = SITES[0]
    tab = await _open(site, serve, open_page, width=PHONE)
    small = {}
    for page in site.pages:
        if page.name.startswith("candidate-"):
            await _visit(tab, page)
            if found := await tab.evaluate(_SMALL_TARGETS):
                small[page.name] = found
    assert small == {}


async def test_the_check_itself_finds_what_is_wrong(open_page: OpenPage) -> None:
    """A picture without a text and a field without a label do not pass."""
    tab = await open_page("http://127.0.0.1")
    await tab.set_content("<main><h1>Wrong</h1><img src='data:,'><input></main>")
    found = " ".join(await violations(tab))
    assert "image-alt" in found
    assert "label" in found
