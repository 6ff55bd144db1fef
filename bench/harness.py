"""What every measurement has in common: figures with all their values, ratios of the same run, targets, sections.

Two things are only ever compared within one run, in turn (A B A B ...), so that a slow spell of the machine hits both.
"""

import argparse
import asyncio
import inspect
import statistics
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import msgspec

ROUNDS, QUICK_ROUNDS = 5, 3
SECONDS, QUICK_SECONDS = 6, 2
APPLICATIONS = 1_000_000

Measure = Callable[[], float | Awaitable[float]]


class Void(RuntimeError):
    """A measurement that does not count, with the reason: something was lost, refused or never ready."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How to measure.

    ``folder`` is a fresh scratch folder, ``seconds`` is how long one load of one round lasts, and ``applications`` is the
    size of the bulk-loaded history in part e.
    """

    folder: Path
    quick: bool = False
    rounds: int = ROUNDS
    seconds: int = SECONDS
    n8n: bool = False
    applications: int = APPLICATIONS
    databases: tuple[str, ...] = ("sqlite", "postgres")


def options_of(given: argparse.Namespace, folder: Path) -> Options:
    """The options that the command line asked for."""
    return Options(
        folder=folder,
        quick=given.quick,
        rounds=QUICK_ROUNDS if given.quick else ROUNDS,
        seconds=QUICK_SECONDS if given.quick else SECONDS,
        n8n=given.n8n,
        applications=given.applications,
        databases=tuple(given.databases.split(",")),
    )


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was measured: a value per round. ``void`` says why it does not count, where it does not."""

    name: str
    unit: str
    values: tuple[float, ...]
    void: str | None = None

    @property
    def median(self) -> float:
        """The middle of the values; not a number where there are none."""
        return statistics.median(self.values) if self.values else float("nan")

    @property
    def lowest(self) -> float:
        """The least value."""
        return min(self.values, default=float("nan"))

    @property
    def highest(self) -> float:
        """The greatest value."""
        return max(self.values, default=float("nan"))


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Ours over theirs, round by round. ``target`` is the least ratio wanted, or the most with ``at_most``; None: printed only."""

    name: str
    ours: Figure
    theirs: Figure
    target: float | None = None
    at_most: bool = False

    @property
    def ratios(self) -> tuple[float, ...]:
        """One ratio per round; of the medians where the rounds do not pair."""
        if len(self.ours.values) == len(self.theirs.values) and all(self.theirs.values):
            return tuple(a / b for a, b in zip(self.ours.values, self.theirs.values, strict=True))
        return (self.ours.median / self.theirs.median,) if self.theirs.values and self.theirs.median else ()

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        return statistics.median(self.ratios) if self.ratios else float("nan")

    @property
    def met(self) -> bool | None:
        """Whether the target was met; None without a target. What is void meets nothing."""
        if self.target is None:
            return None
        if self.ours.void or self.theirs.void:
            return False
        return self.ratio <= self.target if self.at_most else self.ratio >= self.target


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """A target for one figure by itself: at most (or with ``at_least`` no less than) so much, by its median."""

    figure: Figure
    target: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the target was met."""
        if self.figure.void:
            return False
        return self.figure.median >= self.target if self.at_least else self.figure.median <= self.target


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the bench. ``remarks`` are sentences that a reader needs to judge the figures."""

    key: str
    title: str
    figures: tuple[Figure, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    goals: tuple[Goal, ...] = ()
    remarks: tuple[str, ...] = ()


def interleave(rounds: int, measures: Mapping[str, Measure], *, unit: str) -> dict[str, Figure]:
    """Measure each in turn, ``rounds`` times: A B C A B C ... A measure returns one value, plain or awaited.

    A measure that raises Void is not asked again; its figure says why, and the others go on.
    """
    values: dict[str, list[float]] = {name: [] for name in measures}
    voids: dict[str, str] = {}
    with asyncio.Runner() as runner:
        for _ in range(rounds):
            for name, measure in measures.items():
                if name in voids:
                    continue
                try:
                    found = measure()
                    values[name].append(runner.run(_awaited(found)) if inspect.isawaitable(found) else found)
                except Void as error:
                    voids[name] = str(error)
    return {
        name: Figure(name=name, unit=unit, values=tuple(each), void=voids.get(name)) for name, each in values.items()
    }


async def _awaited(found: Awaitable[float]) -> float:
    return await found


def section_facts(section: Section) -> dict[str, object]:
    """A section as JSON has it: every raw value, every ratio, and whether each target was met."""
    return {
        "key": section.key,
        "title": section.title,
        "figures": [_figure_facts(figure) for figure in section.figures],
        "comparisons": [
            {
                "name": one.name,
                "ours": one.ours.name,
                "theirs": one.theirs.name,
                "ratios": one.ratios,
                "ratio": one.ratio,
                "target": one.target,
                "at_most": one.at_most,
                "met": one.met,
            }
            for one in section.comparisons
        ],
        "goals": [
            {
                "name": one.figure.name,
                "unit": one.figure.unit,
                "median": one.figure.median,
                "target": one.target,
                "at_least": one.at_least,
                "met": one.met,
            }
            for one in section.goals
        ],
        "remarks": section.remarks,
    }


def _figure_facts(figure: Figure) -> dict[str, object]:
    spread = {"median": figure.median, "lowest": figure.lowest, "highest": figure.highest}
    return {"name": figure.name, "unit": figure.unit, "values": figure.values, **spread, "void": figure.void}


def targets_missed(sections: Sequence[Section]) -> list[str]:
    """Names of the comparisons and goals that were measured and not met."""
    return [
        f"({section.key}) {name}"
        for section in sections
        for name, met in (
            *((one.name, one.met) for one in section.comparisons),
            *((one.figure.name, one.met) for one in section.goals),
        )
        if met is False
    ]
