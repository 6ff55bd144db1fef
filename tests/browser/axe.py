"""The accessibility check."""

from collections.abc import Sequence

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
# Everything that a theme can change: themes set colours and nothing else.
COLOUR_RULES = ("color-contrast", "link-in-text-block")
_HERE = "typeof window.axe === 'object'"
# resultTypes spares axe the details of everything that is right; its findings stay the same. A frame holds a mail, which
# forbids scripts and would be waited for in vain: mails are checked by themselves.
_RUN = """async (only) => {
  const found = await axe.run(document, {runOnly: only, resultTypes: ["violations"], iframes: false});
  return found.violations.map(one => `${one.id}: ${one.help} at ${one.nodes.map(node => node.target).join(", ")}`);
}"""


async def violations(page: Page, only: Sequence[str] = TAGS) -> list[str]:
    """What axe finds wrong on the page as it stands now, one line each; ``only`` has tags or rules of axe."""
    if not await page.evaluate(_HERE):
        await page.evaluate(AXE_SCRIPT)  # stays in the page for the next look
    lines: list[str] = await page.evaluate(_RUN, list(only))
    return lines
