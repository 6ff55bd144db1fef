"""The report of an outcome as one HTML file: nothing to load, no script, readable in light and dark and on paper."""

import importlib.resources
from functools import cache

from jinja2 import DictLoader, Environment, StrictUndefined, select_autoescape

from orchestrator.evaluation import drawing
from orchestrator.evaluation.outcome import Bounds, Outcome
from orchestrator.evaluation.tables import rows

_TEMPLATES = ("report.html",)


def page(outcome: Outcome) -> str:
    """The whole file as text."""
    return (
        _environment()
        .get_template("report.html")
        .render(
            outcome=outcome,
            rows=rows(outcome),
            intervals=drawing.intervals(outcome),
            matrix=drawing.matrix(outcome),
            reliability=drawing.reliability(outcome),
            width=drawing.WIDTH,
        )
    )


def share(value: float | None, bounds: Bounds = None) -> str:
    """A share in per cent with its interval."""
    if value is None:
        return "not known"
    if bounds is None:
        return f"{value:.1%}"
    return f"{value:.1%} ({bounds[0]:.1%} to {bounds[1]:.1%})"


@cache
def _environment() -> Environment:
    folder = importlib.resources.files("orchestrator.evaluation") / "templates"
    sources = {name: (folder / name).read_text(encoding="utf-8") for name in _TEMPLATES}
    environment = Environment(
        loader=DictLoader(sources),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["share"] = share
    return environment
