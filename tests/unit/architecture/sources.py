"""Where the sources are, and what the checkers have in common."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

import adapters
import orchestrator
import rubrics

ROOT = Path(__file__).parents[3]
PRODUCT = tuple(Path(package.__file__ or "").parent for package in (orchestrator, adapters, rubrics))
TESTS = (ROOT / "tests",)
# In the wheel, the migrations lie inside orchestrator; they are written by a generator and never change.
LEFT_OUT = {"__pycache__", "migrations"}


class Source(Struct, frozen=True):
    """A file: where it is as people would write it, and its text."""

    name: str
    text: str

    @property
    def tree(self) -> ast.Module:
        """The text as Python."""
        return _parsed(self.text)


@functools.cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


def python(*folders: Path) -> list[Source]:
    """Every Python file below these folders."""
    return _sources(folders, {".py"})


def texts(*folders: Path) -> list[Source]:
    """Every file that people read or write below these folders."""
    return _sources(folders, {".py", ".md", ".yaml", ".toml", ".html", ".txt", ".j2", ".css", ".js", ".json", ".mako"})


def _sources(folders: tuple[Path, ...], suffixes: set[str]) -> list[Source]:
    found = [
        Source(str(path.relative_to(folder.parent)), path.read_text(encoding="utf-8"))
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.suffix in suffixes and not LEFT_OUT & set(path.relative_to(folder).parts)
    ]
    assert found, "a check that looks at nothing finds nothing"
    return found


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call with the dotted name of what is called; empty where it has none."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield dotted(node.func), node


def dotted(node: ast.expr) -> str:
    """``a.b.c`` of an attribute chain; calls and subscripts in it are passed through."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            return f"{dotted(value)}.{name}"
        case ast.Call(func=func):
            return dotted(func)
        case ast.Subscript(value=value):
            return dotted(value)
        case _:
            return ""


def percentile(values: list[int], share: float) -> int:
    """The value that at least this share of the values does not exceed."""
    return sorted(values)[max(0, -int(-len(values) * share // 1) - 1)]
