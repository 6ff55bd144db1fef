"""Chromium and a server on loopback for browser tests and screenshots."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import uvicorn
from litestar import Litestar
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

Theme = Literal["light", "dark"]
PHONE, NARROW, DESK = 375, 320, 1440
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium_path() -> str | None:
    """The browser to use: CHROMIUM, else one on the path, else the one that Playwright installed (None)."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def serving(app: Litestar) -> AsyncIterator[str]:
    """Serve an application on a free port of loopback; gives its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="on"))
    running = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not running.done():  # noqa: ASYNC110 - uvicorn has no event to wait for
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        listener.close()


async def context(
    browser: Browser, base_url: str, *, width: int = PHONE, theme: Theme = "light", scripts: bool = True
) -> BrowserContext:
    """A fresh browser profile with a screen of this width (CSS pixels) and these settings."""
    return await browser.new_context(
        base_url=base_url,
        viewport={"width": width, "height": 720 if width < DESK else 900},
        color_scheme=theme,
        java_script_enabled=scripts,
        locale="en-GB",
        timezone_id="Europe/Lisbon",
        reduced_motion="reduce",
    )


async def unfold(page: Page) -> None:
    """Open everything that folds."""
    await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
