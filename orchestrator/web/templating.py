"""Templates: strict (an unknown name is an error), escaped, with the few filters that pages need."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template.config import TemplateConfig
from markupsafe import Markup

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def day(at: datetime) -> str:
    """A date in words, in UTC: *Tuesday 4 August 2026*."""
    at = at.astimezone(UTC)
    return f"{_WEEKDAYS[at.weekday()]} {at.day} {_MONTHS[at.month - 1]} {at.year}"


def moment(at: datetime) -> str:
    """A date and time, in UTC: *4 Aug 2026, 14:05 UTC*."""
    at = at.astimezone(UTC)
    return f"{at.day} {_MONTHS[at.month - 1][:3]} {at.year}, {at:%H:%M} UTC"


def when(at: datetime, form: str = "day") -> Markup:
    """A ``<time>`` in words; with JavaScript it is rewritten for the reader's own locale and time zone.

    ``form`` is ``day`` or ``moment``.
    """
    words = {"day": day, "moment": moment}[form](at)
    return Markup('<time datetime="{}" data-when="{}">{}</time>').format(at.astimezone(UTC).isoformat(), form, words)


def span(length: timedelta) -> str:
    """A length of time in one unit, rounded to what a person would say: *3 days*, *2 hours*, *5 minutes*."""
    minutes = max(0, round(length.total_seconds() / 60))
    for size, unit in ((1440, "day"), (60, "hour")):
        if minutes >= size:
            return plural(round(minutes / size), unit)
    return plural(minutes, "minute")


def plural(count: int, noun: str) -> str:
    """A number with its noun: *1 question*, *5 questions*."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


@cache
def environment(static: Callable[[str], str]) -> Environment:
    """The Jinja environment, the same for the same ``static``, which gives the address of a packaged file."""
    jinja = Environment(
        loader=PackageLoader("orchestrator.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.globals["static"] = static
    jinja.filters.update(day=day, moment=moment, when=when, span=span, plural=plural)
    return jinja


def template_config(static: Callable[[str], str]) -> TemplateConfig[JinjaTemplateEngine]:
    """The same for Litestar."""
    return TemplateConfig(instance=JinjaTemplateEngine.from_environment(environment(static)))
