"""Cursor paging: a page says where the next one starts; the cursor is opaque to the caller."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

from adapters.sandbox.server.errors import Problem

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True):
    """``items`` in order; ``next_cursor`` is None on the last page."""

    items: list[T]
    next_cursor: str | None = None


def page_limit(asked: int | None, *, default: int, most: int) -> int:
    """How many items a page has.

    Raises:
        Problem: 400, the limit is not between 1 and ``most``.
    """
    if asked is None:
        return default
    if not 1 <= asked <= most:
        raise Problem(400, "bad_limit", f"limit is between 1 and {most}")
    return asked


def write_cursor(position: tuple[str, int]) -> str:
    """Wrap a position."""
    return urlsafe_b64encode(msgspec.json.encode(position)).decode()


def read_cursor(cursor: str | None) -> tuple[str, int] | None:
    """Unwrap a position.

    Raises:
        Problem: 400, we did not write this cursor.
    """
    if not cursor:
        return None
    try:
        return msgspec.json.decode(urlsafe_b64decode(cursor), type=tuple[str, int])
    except ValueError as error:
        raise Problem(400, "bad_cursor", "this cursor is not one of ours") from error


def slice_page(items: Sequence[T], *, cursor: str | None, limit: int) -> Page[T]:
    """Page through a list that is short enough to hold in memory."""
    _, start = read_cursor(cursor) or ("", 0)
    end = start + limit
    return Page(list(items[start:end]), write_cursor(("", end)) if end < len(items) else None)
