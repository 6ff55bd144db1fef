"""Places of what the report draws, in SVG units. The template only sets them down."""

from msgspec import Struct

from orchestrator.evaluation.outcome import Bounds, Outcome

WIDTH = 420
_LEFT, _RIGHT, _TOP = 80, 20, 14
_ROW = 46
_CELL = 64
_SQUARE, _EDGE = 300, 44


class Tick(Struct, frozen=True):
    """A mark on an axis."""

    at: float
    label: str


class IntervalRow(Struct, frozen=True, kw_only=True):
    """A figure with its interval as a bar; ``said`` is the same in words."""

    name: str
    y: float
    at: float
    low: float
    high: float
    said: str


class IntervalPlot(Struct, frozen=True, kw_only=True):
    """Figures below each other on one axis from 0 to 1."""

    height: float
    rows: tuple[IntervalRow, ...]
    ticks: tuple[Tick, ...]


class Cell(Struct, frozen=True, kw_only=True):
    """One pair of levels. ``strength`` (0 to 1) is its share of the row; ``equal`` marks the diagonal."""

    x: float
    y: float
    count: int
    strength: float
    equal: bool


class MatrixPlot(Struct, frozen=True, kw_only=True):
    """People's levels down, the grader's across."""

    width: float
    height: float
    size: float
    cells: tuple[Cell, ...]
    across: tuple[Tick, ...]
    down: tuple[Tick, ...]


class Dot(Struct, frozen=True, kw_only=True):
    """A fifth of the scale. ``radius`` grows with the root of ``n``."""

    x: float
    y: float
    radius: float
    n: int
    grader: float
    people: float


class ReliabilityPlot(Struct, frozen=True, kw_only=True):
    """The grader's mean across, the people's mean up; on the diagonal both agree."""

    size: float
    edge: float
    dots: tuple[Dot, ...]
    ticks: tuple[Tick, ...]


def intervals(outcome: Outcome) -> IntervalPlot:
    """Kappa of the grader, of the baselines and of the people among themselves."""
    people = outcome.people
    found: list[tuple[str, float | None, Bounds]] = [
        (f"This grader ({outcome.grader.model or outcome.grader.kind})", outcome.qwk, outcome.qwk_ci),
        ("Words, trained (TF-IDF)", outcome.baselines.tfidf.qwk, outcome.baselines.tfidf.qwk_ci),
        ("Length only, trained", outcome.baselines.length.qwk, outcome.baselines.length.qwk_ci),
        ("Curve on length, trained", outcome.baselines.length_curve.qwk, outcome.baselines.length_curve.qwk_ci),
    ]
    if people is not None:
        found.insert(1, ("People among themselves", people.qwk, people.qwk_ci))
    rows = [
        _row(name, value, bounds or (value, value), y=_TOP + _ROW * place + 34)
        for place, (name, value, bounds) in enumerate(found)
        if value is not None
    ]
    return IntervalPlot(
        height=_TOP + _ROW * len(found) + 24,
        rows=tuple(rows),
        ticks=tuple(Tick(_across(tenth / 10), f"{tenth / 10:g}") for tenth in range(0, 11, 2)),
    )


def matrix(outcome: Outcome) -> MatrixPlot | None:
    """None where the set mixes scales."""
    table = outcome.matrix
    if table is None:
        return None
    levels = range(len(table))
    cells = [
        Cell(
            x=_LEFT + _CELL * grader,
            y=_TOP + 20 + _CELL * people,
            count=table[people][grader],
            strength=round(table[people][grader] / max(sum(table[people]), 1), 3),
            equal=people == grader,
        )
        for people in levels
        for grader in levels
    ]
    return MatrixPlot(
        width=_LEFT + _CELL * len(table) + _RIGHT,
        height=_TOP + 20 + _CELL * len(table) + 44,
        size=_CELL,
        cells=tuple(cells),
        across=tuple(Tick(_LEFT + _CELL * (level + 0.5), str(level)) for level in levels),
        down=tuple(Tick(_TOP + 20 + _CELL * (level + 0.5), str(level)) for level in levels),
    )


def reliability(outcome: Outcome) -> ReliabilityPlot:
    """Dots for the fifths of the scale that the grader used."""
    most = max((one.n for one in outcome.reliability), default=1)
    return ReliabilityPlot(
        size=_SQUARE,
        edge=_EDGE,
        dots=tuple(
            Dot(
                x=_EDGE + one.grader * _SQUARE,
                y=_TOP + (1 - one.people) * _SQUARE,
                radius=4 + 10 * (one.n / most) ** 0.5,
                n=one.n,
                grader=one.grader,
                people=one.people,
            )
            for one in outcome.reliability
        ),
        ticks=tuple(Tick(quarter / 4, f"{quarter / 4:g}") for quarter in range(5)),
    )


def _row(name: str, value: float, bounds: tuple[float, float], *, y: float) -> IntervalRow:
    low, high = bounds
    return IntervalRow(
        name=name,
        y=y,
        at=_across(value),
        low=_across(low),
        high=_across(high),
        said=f"{value:.3f} ({low:.3f} to {high:.3f})",
    )


def _across(value: float) -> float:
    """Kappa below 0 stands at 0: its number is beside it."""
    return _RIGHT + min(max(value, 0.0), 1.0) * (WIDTH - 2 * _RIGHT)
