"""Browser fixtures. They live on the session's event loop: a module that uses them says
``pytestmark = pytest.mark.asyncio(loop_scope="session")``.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest_asyncio
from litestar import Litestar
from playwright.async_api import Browser, Page

from tests.browser.chromium import PHONE, Theme, context, launched, serving

OpenPage = Callable[..., Awaitable[Page]]
Serve = Callable[[Litestar], Awaitable[str]]


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
    """Open pages, each in its own profile; a script error or a breach of the content policy fails the test."""
    async with AsyncExitStack() as stack:
        troubles: list[str] = []

        async def start(base_url: str, *, width: int = PHONE, theme: Theme = "light", scripts: bool = True) -> Page:
            profile = await context(browser, base_url, width=width, theme=theme, scripts=scripts)
            stack.push_async_callback(profile.close)
            page = await profile.new_page()
            page.set_default_timeout(10_000)
            page.on("pageerror", lambda error: troubles.append(str(error)))
            page.on("console", lambda line: troubles.append(line.text) if "Content Security" in line.text else None)
            return page

        yield start
        assert troubles == []
