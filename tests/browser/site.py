"""What a page and a site are, for screenshots and for the checks that every page must pass."""

from collections.abc import Callable
from dataclasses import dataclass

from litestar import Litestar


@dataclass(frozen=True)
class Page:
    """A page by the name of its picture and its path; ``unfold`` opens every fold before looking."""

    name: str
    path: str
    unfold: bool = False
    status: int = 200


@dataclass(frozen=True)
class Site:
    """An application with its pages. ``cookies`` (name, value) are set before the first visit."""

    make_app: Callable[[], Litestar]
    pages: tuple[Page, ...]
    cookies: tuple[tuple[str, str], ...] = ()
