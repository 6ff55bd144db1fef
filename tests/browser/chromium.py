"""Chromium and a server on loopback for browser tests and screenshots."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Literal

import uvicorn
from litestar import Litestar
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, Page, ViewportSize, async_playwright

Theme = Literal["light", "dark"]
PHONE, NARROW, DESK = 375, 320, 1440
THEMES: tuple[Theme, ...] = ("light", "dark")
# Read while this module is loaded: the tests run without the settings of the machine.
_CHROMIUM = os.environ.get("EVENHAND_CHROMIUM")
_PARTS = (".css", ".js", ".svg")
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
    """The browser to use: EVENHAND_CHROMIUM, else one on the path, else the one that Playwright installed (None)."""
    return _CHROMIUM or shutil.which("chromium") or shutil.which("google-chrome")


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


def screen(width: int) -> ViewportSize:
    """A screen of this width (CSS pixels) and the height that goes with it."""
    return {"width": width, "height": 720 if width < DESK else 900}


async def context(
    browser: Browser, base_url: str, *, width: int = PHONE, theme: Theme = "light", scripts: bool = True
) -> BrowserContext:
    """A fresh browser profile with a screen of this width (CSS pixels) and these settings."""
    return await browser.new_context(
        base_url=base_url,
        viewport=screen(width),
        color_scheme=theme,
        java_script_enabled=scripts,
        locale="en-GB",
        timezone_id="Europe/Lisbon",
        reduced_motion="reduce",
    )


async def unfold(page: Page) -> None:
    """Open everything that folds."""
    await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")


def listen(page: Page, troubles: list[str]) -> Callable[[], None]:
    """Note script errors, breaches of the content policy and whatever else the browser complains of; call to stop.

    An answer that says no and a lost connection are no trouble where the page itself says so; a missing part of it is.
    """

    def hear(line: ConsoleMessage) -> None:
        if line.type == "error" and not _said_by_the_page(line):
            troubles.append(line.text)

    def catch(error: Error) -> None:
        troubles.append(str(error))

    def stop() -> None:
        page.remove_listener("console", hear)
        page.remove_listener("pageerror", catch)

    page.on("console", hear)
    page.on("pageerror", catch)
    return stop


def _said_by_the_page(line: ConsoleMessage) -> bool:
    if "ERR_INTERNET_DISCONNECTED" in line.text:
        return True
    return line.text.startswith("Failed to load resource") and not line.location["url"].endswith(_PARTS)
