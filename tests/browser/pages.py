"""Every page that exists, for screenshots and accessibility checks. Each area adds its pages to ``SITES``."""

from collections.abc import Callable
from dataclasses import dataclass

from litestar import Litestar

from tests.fixtures.fake_services import candidate_app


@dataclass(frozen=True)
class Page:
    """A page by the name of its picture and its path; ``unfold`` opens every fold before looking."""

    name: str
    path: str
    unfold: bool = False
    status: int = 200


@dataclass(frozen=True)
class Site:
    """An application on fakes with its pages. ``cookies`` (name, value) are set before the first visit."""

    make_app: Callable[[], Litestar]
    pages: tuple[Page, ...]
    cookies: tuple[tuple[str, str], ...] = ()


CANDIDATE = Site(
    candidate_app,
    (
        Page("candidate-welcome", "/i/invited"),
        Page("candidate-welcome-unfolded", "/i/invited", unfold=True),
        Page("candidate-welcome-again", "/i/invited-again"),
        Page("candidate-practice", "/i/begun/practice"),
        Page("candidate-question-first", "/i/begun/questions/1"),
        Page("candidate-question-answered", "/i/halfway/questions/2"),
        Page("candidate-question-last", "/i/answered/questions/5"),
        Page("candidate-check", "/i/answered/check"),
        Page("candidate-check-open", "/i/halfway/check"),
        Page("candidate-done", "/i/submitted/done"),
        Page("candidate-done-unfolded", "/i/submitted/done", unfold=True),
        Page("candidate-help", "/i/halfway/help"),
        Page("candidate-help-closed", "/i/final/help"),
        Page("candidate-alternative", "/i/paused"),
        Page("candidate-handed-over", "/i/handed-over"),
        Page("candidate-expired", "/i/expired"),
        Page("candidate-cancelled", "/i/cancelled"),
        Page("candidate-withdrawn", "/i/withdrawn"),
        Page("candidate-unknown-link", "/i/no-such-link", status=404),
        Page("error-not-found", "/nowhere", status=404),
        Page("design", "/design", unfold=True),
        Page("design-contrast", "/design?theme=contrast", unfold=True),
        Page("design-contrast-dark", "/design?theme=contrast-dark", unfold=True),
    ),
)

SITES: tuple[Site, ...] = (CANDIDATE,)
