"""Sections as text: the table on the terminal, and the same in Markdown for docs/performance.md."""

import math
from collections.abc import Iterable, Sequence

from bench.harness import Comparison, Figure, Goal, Section

WIDTH = 118


def number(value: float) -> str:
    """Three figures that matter, no false precision."""
    if math.isnan(value):
        return "–"
    if abs(value) >= 100:  # noqa: PLR2004 - from here on, decimals say nothing
        return f"{value:,.0f}"
    return f"{value:.3g}" if value else "0"


def spread(figure: Figure) -> str:
    """Median and range, or why there is none."""
    if figure.void:
        return f"void: {figure.void}"
    return f"{number(figure.median)} ({number(figure.lowest)}–{number(figure.highest)})"


def verdict(*, met: bool | None) -> str:
    """One word."""
    return {True: "met", False: "MISSED", None: ""}[met]


def comparison_row(one: Comparison) -> tuple[str, str, str, str]:
    """Name, ratio with its range, target, verdict."""
    lowest, highest = min(one.ratios, default=math.nan), max(one.ratios, default=math.nan)
    target = "" if one.target is None else f"{'≤' if one.at_most else '≥'} {one.target:g}"
    return one.name, f"{one.ratio:.2f} ({lowest:.2f}–{highest:.2f})", target, verdict(met=one.met)


def goal_row(one: Goal) -> tuple[str, str, str, str]:
    """Name, value, target, verdict."""
    target = f"{'≥' if one.at_least else '≤'} {one.target:g} {one.figure.unit}"
    return one.figure.name, spread(one.figure), target, verdict(met=one.met)


def plain(section: Section) -> str:
    """A section for the terminal."""
    lines = ["", f"({section.key}) {section.title}", "=" * WIDTH]
    lines += [f"  {figure.name:<58} {spread(figure):>42} {figure.unit}" for figure in section.figures]
    rows = _targets(section)
    if rows:
        lines += ["-" * WIDTH]
        lines += [f"  {name:<58} {value:>24} {target:>14}  {word}" for name, value, target, word in rows]
    lines += [f"  · {remark}" for remark in section.remarks]
    return "\n".join(lines)


def markdown(section: Section) -> str:
    """A section's tables for a page."""
    parts = []
    if section.figures:
        rows = [(figure.name, spread(figure), figure.unit) for figure in section.figures]
        parts.append(_table(("measured", "median (lowest–highest)", "unit"), rows))
    if rows_ := _targets(section):
        parts.append(_table(("compared", "ratio or value", "target", ""), rows_))
    parts += [f"- {remark}" for remark in section.remarks] and ["\n".join(f"- {remark}" for remark in section.remarks)]
    return "\n\n".join(parts) + "\n"


def _targets(section: Section) -> list[tuple[str, str, str, str]]:
    return [*map(comparison_row, section.comparisons), *map(goal_row, section.goals)]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows]
    return "\n".join(lines)
