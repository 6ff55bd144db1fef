"""The design system on one page; ``?theme=`` shows it in each theme. Served in the demo and in development only."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Template

THEMES = (
    ("", "Your setting"),
    ("light", "Light"),
    ("dark", "Dark"),
    ("contrast", "High contrast, light"),
    ("contrast-dark", "High contrast, dark"),
)
_CUTS = tuple(
    SimpleNamespace(at=at, label=label)
    for at, label in (
        (1.0, "Limited evidence"),
        (2.6, "Mixed evidence"),
        (3.4, "Solid evidence"),
        (4.2, "Strong evidence"),
    )
)
_BANDS = (
    ("strong", "Strong evidence"),
    ("solid", "Solid evidence"),
    ("mixed", "Mixed evidence"),
    ("limited", "Limited evidence"),
    ("not_enough", "Not enough evidence"),
)
_TIMELINE = tuple(
    SimpleNamespace(at=datetime(2026, 8, 4, 9, minute, tzinfo=UTC), kind=kind, title=title, detail=detail, facts=facts)
    for minute, kind, title, detail, facts in (
        (2, "event", "Stage changed", "Applied → First interview", (("Delivery", "webhook"),)),
        (3, "decision", "Interview started", "The program “Support pilot” covers this job and stage.", ()),
        (41, "review", "Confirmed by Ada Recruiter", "Solid evidence", (("Waited", "12 minutes"),)),
    )
)


def design_handlers() -> list[HTTPRouteHandler]:
    """The one route."""

    @get("/design", include_in_schema=False)
    async def design(request: Request[Any, Any, Any]) -> Template:
        asked = request.query_params.get("theme", "")
        theme = asked if asked in dict(THEMES) else ""
        return Template(
            "design/page.html",
            context={"themes": THEMES, "theme": theme, "cuts": _CUTS, "bands": _BANDS, "timeline_items": _TIMELINE},
        )

    return [design]
