"""Pictures of every page, on a phone and on a desk, light and dark: ``python -m tests.browser.shots OUTDIR [NAME-PART]``."""

import asyncio
import sys
from pathlib import Path

from playwright.async_api import Browser, Page

from tests.browser.chromium import DESK, PHONE, THEMES, context, launched, screen, serving, unfold
from tests.browser.pages import SITES
from tests.browser.site import Site
from tests.browser.states import COOKIES, State, states

# A picture of the whole page has no window to stick to, and nothing to scroll in. The content policy forbids a style
# sheet for it, so each style is set by itself.
_LAY_OUT = """for (const one of document.querySelectorAll(".team-confirm, .team-case__talk"))
  Object.assign(one.style, {position: "static", maxHeight: "none"})"""


async def shoot_site(browser: Browser, site: Site, folder: Path, part: str) -> int:
    """Take the pictures of one site whose names contain ``part``; gives their number."""
    taken = 0
    wanted = [one for one in site.pages if part in one.name]
    if not wanted:
        return 0
    async with serving(site.make_app()) as base_url:
        profile = await context(browser, base_url)
        await profile.add_cookies([{"name": n, "value": v, "url": base_url} for n, v in site.cookies])
        for one in wanted:
            page = await profile.new_page()
            await page.goto(one.path)
            if one.unfold:
                await unfold(page)
            taken += await _take(page, folder, one.name)
            await page.close()
        await profile.close()
    return taken


async def shoot_state(browser: Browser, state: State, folder: Path) -> int:
    """Take the pictures of one state; gives their number."""
    async with serving(state.make_app()) as base_url:
        profile = await context(browser, base_url, width=DESK)
        await profile.add_cookies([{"name": n, "value": v, "url": base_url} for n, v in COOKIES])
        page = await profile.new_page()
        await page.goto(state.path)
        if state.act is not None:
            await state.act(page)
        taken = await _take(page, folder, state.name)
        await profile.close()
    return taken


async def _take(page: Page, folder: Path, name: str) -> int:
    await page.evaluate(_LAY_OUT)
    taken = 0
    for width in (PHONE, DESK):
        await page.set_viewport_size(screen(width))
        for theme in THEMES:
            await page.emulate_media(color_scheme=theme)
            await page.screenshot(path=folder / f"{name}-{width}-{theme}.png", full_page=True)
            taken += 1
    return taken


async def shoot(folder: Path, part: str) -> int:
    """Take every picture; gives their number."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with launched() as browser:
        taken = [await shoot_site(browser, site, folder, part) for site in SITES]
        return sum(taken + [await shoot_state(browser, one, folder) for one in states() if part in one.name])


if __name__ == "__main__":
    target = Path(sys.argv[1])
    taken = asyncio.run(shoot(target, sys.argv[2] if len(sys.argv) > 2 else ""))
    sys.stdout.write(f"{taken} pictures in {target}\n")
