"""Puts the figures of a run into docs/performance.md: ``python -m bench.document RESULTS.json [PAGE]``.

Between ``<!-- figures:KEY -->`` and ``<!-- /figures -->`` everything is replaced; the words around it are people's.
"""

import re
import sys
from pathlib import Path

import msgspec

from bench.harness import Comparison, Figure, Goal, Section
from bench.machine import ROOT
from bench.rendering import markdown

PAGE = ROOT / "docs" / "performance.md"
_BLOCK = re.compile(r"(<!-- figures:(\w+) -->\n).*?(<!-- /figures -->)", re.DOTALL)


class _Compared(msgspec.Struct):
    name: str
    ours: str
    theirs: str
    target: float | None
    at_most: bool


class _Wanted(msgspec.Struct):
    name: str
    target: float
    at_least: bool


class _Part(msgspec.Struct):
    key: str
    title: str
    figures: list[Figure]
    comparisons: list[_Compared]
    goals: list[_Wanted]
    remarks: list[str]


class Results(msgspec.Struct):
    """What ``python -m bench --json`` wrote."""

    machine: dict[str, str | float | None]
    quick: bool
    seconds: float
    sections: list[_Part]


def section_of(part: _Part) -> Section:
    """A section as it was when it was measured."""
    named = {figure.name: figure for figure in part.figures}
    return Section(
        key=part.key,
        title=part.title,
        figures=tuple(part.figures),
        comparisons=tuple(
            Comparison(
                name=one.name,
                ours=named[one.ours],
                theirs=named[one.theirs],
                target=one.target,
                at_most=one.at_most,
            )
            for one in part.comparisons
        ),
        goals=tuple(
            Goal(figure=named[one.name], target=one.target, at_least=one.at_least)
            for one in part.goals
            if one.name in named
        ),
        remarks=tuple(part.remarks),
    )


def machine_words(results: Results) -> str:
    """Where and when, as a list."""
    about = results.machine
    lines = [f"- {name.replace('_', ' ')}: {value}" for name, value in about.items()]
    if results.quick:
        lines.append("- a quick run: three short rounds, to see that it runs, not to quote")
    return "\n".join(lines) + "\n"


def filled(page: str, results: Results) -> str:
    """The page with the figures of a run; what was not measured stays as it was.

    A run of one part says beside that part where and when it was; that of the others stays as it was, too.
    """
    blocks = {part.key: markdown(section_of(part)) for part in results.sections}
    (only, *more) = blocks
    blocks["machine" if more else f"machine_{only}"] = machine_words(results)

    def replaced(found: re.Match[str]) -> str:
        text = blocks.get(found.group(2))
        return found.group(0) if text is None else f"{found.group(1)}\n{text}\n{found.group(3)}"

    return _BLOCK.sub(replaced, page)


def main(arguments: list[str]) -> None:
    """Fill the page in place."""
    results = msgspec.json.decode(Path(arguments[0]).read_bytes(), type=Results)
    page = Path(arguments[1]) if len(arguments) > 1 else PAGE
    page.write_text(filled(page.read_text("utf-8"), results), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
