"""What the checks of the pages take for granted."""

import re
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from tests.browser.pages import EVERY

_COLOURS = {"color-scheme", "color", "background", "background-color", "border-color"}
_DARK = re.compile(r"prefers-color-scheme[^{]*\{((?:[^{}]*\{[^{}]*\})*)[^{}]*\}")
_PROPERTY = re.compile(r"[{;]\s*(?!--)([a-z-]+)\s*:")
_STYLED = sorted(
    path
    for package in ("orchestrator.web", "orchestrator.mail.catching", "orchestrator.mail", "adapters.sandbox.server")
    for pattern in ("static/**/*.css", "templates/_layout.html")
    for path in Path(str(files(package))).glob(pattern)
)


def properties_in_the_dark(text: str) -> set[str]:
    """The properties that a style sheet sets for a theme, custom ones left out."""
    return {name for block in _DARK.findall(text) for name in _PROPERTY.findall(block)}


@pytest.mark.parametrize("path", _STYLED, ids=lambda path: path.name)
def test_a_theme_changes_colours_only(path: Path) -> None:
    """In the dark axe looks at colours alone: nothing else may be different there."""
    assert properties_in_the_dark(path.read_text("utf-8")) <= _COLOURS


def test_another_property_would_be_noticed() -> None:
    """A theme that hides something or moves it is found."""
    text = "@media (prefers-color-scheme: dark) { :root { --ink: #fff; } .note { color: red; display: none } }"
    assert properties_in_the_dark(text) == {"color", "display"}


def test_every_page_has_a_name_of_its_own() -> None:
    """One picture would overwrite another."""
    assert [name for name, times in Counter(page.name for _, page in EVERY).items() if times > 1] == []
