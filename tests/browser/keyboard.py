"""Moving through a page without a pointer."""

import pytest
from playwright.async_api import Page


async def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control of this name has the focus."""
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.innerText.trim()") == name:
            return
    pytest.fail(f"Tab never reaches {name!r}")
