"""Walk through cursor pages without ever going in circles."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

from adapters.contract.errors import PayloadInvalid

T = TypeVar("T")
MOST_PAGES = 10_000

Fetch = Callable[[str | None], Awaitable[tuple[Sequence[T], str | None]]]


async def walk(fetch: Fetch[T], *, most_pages: int = MOST_PAGES) -> AsyncIterator[T]:
    """Yield every item of every page. ``fetch`` takes a cursor (None first) and returns items and the next cursor.

    Raises:
        PayloadInvalid: the ATS repeated a cursor, or has more than ``most_pages`` pages.
    """
    cursor: str | None = None
    seen: set[str] = set()
    for _ in range(most_pages):
        items, cursor = await fetch(cursor)
        for item in items:
            yield item
        if cursor is None:
            return
        if cursor in seen:
            raise PayloadInvalid("paging goes in circles: the ATS repeated a cursor")
        seen.add(cursor)
    raise PayloadInvalid(f"paging does not end: more than {most_pages} pages")


_NEXT = re.compile(r"<([^>]*)>\s*;[^,]*\brel=\"?next\"?(?=[\s;,]|$)", re.IGNORECASE)


def next_link(header: str | None) -> str | None:
    """The address of the next page in a Link header (RFC 8288), None on the last page."""
    found = _NEXT.search(header or "")
    return found.group(1) if found else None
