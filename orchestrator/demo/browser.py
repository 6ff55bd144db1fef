"""A scripted browser: reads pages, fills forms and posts them, as a person without JavaScript would.

Not the adapters' HTTP client on purpose: it keeps cookies, follows redirects and sees pages, never an API.
"""

from collections.abc import Mapping
from typing import Self

import httpx
from selectolax.lexbor import LexborHTMLParser, LexborNode

from orchestrator.errors import EvenhandError

TIMEOUT = httpx.Timeout(20.0)


class Surprised(EvenhandError):
    """A page was not as a person would expect it."""


class Page:
    """A page as it was read."""

    def __init__(self, response: httpx.Response) -> None:
        self.url = str(response.url)
        self.status = response.status_code
        self.tree = LexborHTMLParser(response.text)

    @property
    def heading(self) -> str:
        """The first heading."""
        return self.text("h1")

    def text(self, selector: str) -> str:
        """The text of the first match, with single spaces; empty without one."""
        node = self.tree.css_first(selector)
        return " ".join(node.text().split()) if node else ""

    def form(self, action: str) -> LexborNode | None:
        """The first form whose address ends with ``action``."""
        for form in self.tree.css("form"):
            if (form.attributes.get("action") or "").rstrip("/").endswith(action):
                return form
        return None

    def has_form(self, action: str) -> bool:
        """Whether there is a form whose address ends with ``action``."""
        return self.form(action) is not None

    def links(self, part: str) -> list[str]:
        """Addresses of links that contain ``part``."""
        found = (node.attributes.get("href") or "" for node in self.tree.css("a[href]"))
        return [href for href in found if part in href]


class ScriptedBrowser:
    """One browser with its own cookies."""

    def __init__(self, base_url: str) -> None:
        self._client = httpx.Client(
            base_url=base_url, follow_redirects=True, timeout=TIMEOUT, trust_env=False, headers={"Accept": "text/html"}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def open(self, address: str) -> Page:
        """Open a page.

        Raises:
            Surprised: it is not there.
        """
        return self._page(self._client.get(address))

    def post(self, page: Page, *, action: str, fields: Mapping[str, str]) -> Page:
        """Fill the form whose address ends with ``action`` (hidden fields are kept) and send it.

        Raises:
            Surprised: the page has no such form, or what follows is an error page.
        """
        form = page.form(action)
        if form is None:
            raise Surprised(f"the page {page.heading!r} has no form for {action!r}")
        values = {
            node.attributes["name"] or "": node.attributes.get("value") or ""
            for node in form.css("input[type=hidden][name]")
        }
        address = httpx.URL(page.url).join(form.attributes.get("action") or "")
        origin = f"{address.scheme}://{address.netloc.decode()}"
        return self._page(self._client.post(address, data={**values, **fields}, headers={"Origin": origin}))

    @staticmethod
    def _page(response: httpx.Response) -> Page:
        page = Page(response)
        if response.is_error:
            raise Surprised(f"the page {page.heading!r} answered {response.status_code}")
        return page
