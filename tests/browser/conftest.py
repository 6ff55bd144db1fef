"""Browser fixtures. They live on the session's event loop: a module that uses them says
``pytestmark = pytest.mark.asyncio(loop_scope="session")``.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import pytest_asyncio
from litestar import Litestar
from playwright.async_api import Browser, Page

from tests.browser.chromium import DESK, PHONE, Theme, context, launched, listen, screen, serving, unfold
from tests.browser.site import Page as Looked
from tests.browser.site import Site

OpenPage = Callable[..., Awaitable[Page]]
Serve = Callable[[Litestar], Awaitable[str]]
Visit = Callable[[Site, Looked], AbstractAsyncContextManager[Page]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all tests of a worker."""
    async with launched() as one:
        yield one


@pytest_asyncio.fixture(loop_scope="session")
async def serve() -> AsyncIterator[Serve]:
    """Serve applications until the test ends."""
    async with AsyncExitStack() as stack:

        async def start(app: Litestar) -> str:
            return await stack.enter_async_context(serving(app))

        yield start


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser) -> AsyncIterator[OpenPage]:
    """Open pages, each in its own profile; whatever the browser complains of fails the test."""
    async with AsyncExitStack() as stack:
        troubles: list[str] = []

        async def start(base_url: str, *, width: int = PHONE, theme: Theme = "light", scripts: bool = True) -> Page:
            profile = await context(browser, base_url, width=width, theme=theme, scripts=scripts)
            stack.push_async_callback(profile.close)
            page = await profile.new_page()
            page.set_default_timeout(10_000)
            listen(page, troubles)
            return page

        yield start
        assert troubles == []


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def visit(browser: Browser) -> AsyncIterator[Visit]:
    """Look at a page of a site on a desk in daylight; each site runs once, in one tab, until the session ends.

    A wrong status, and whatever the browser complains of while the page is looked at, fails the test.
    """
    tabs: dict[Site, Page] = {}
    async with AsyncExitStack() as stack:

        async def tab_of(site: Site) -> Page:
            if site not in tabs:
                base_url = await stack.enter_async_context(serving(site.make_app()))
                profile = await context(browser, base_url, width=DESK)
                stack.push_async_callback(profile.close)
                await profile.add_cookies([{"name": n, "value": v, "url": base_url} for n, v in site.cookies])
                tabs[site] = await profile.new_page()
            return tabs[site]

        @asynccontextmanager
        async def look(site: Site, one: Looked) -> AsyncIterator[Page]:
            troubles: list[str] = []
            page = await tab_of(site)
            stop = listen(page, troubles)
            await page.set_viewport_size(screen(DESK))
            answer = await page.goto(one.path)
            assert answer is not None
            assert answer.status == one.status
            if one.unfold:
                await unfold(page)
            yield page
            stop()
            assert troubles == []

        yield look
