"""Drift: moves that only polling found although the ATS should have told of them."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from msgspec import Struct

GRACE = timedelta(minutes=10)
"""How long before or after a poll found a move a delivery about it may come: then the poll was merely faster."""

REPORTED = timedelta(days=7)
"""What is reported: the moves of so many days."""

KEPT = timedelta(days=90)
"""How long the counts of a day are kept."""


class Found(Struct, frozen=True, kw_only=True):
    """A move that a poll found: when, and when it was, if the ATS says."""

    seen_at: datetime
    entered_at: datetime | None = None

    @property
    def lag(self) -> float | None:
        """How many seconds after the move it was found; clocks may differ."""
        return None if self.entered_at is None else max(0.0, (self.seen_at - self.entered_at).total_seconds())


class Drift(Struct, frozen=True, kw_only=True):
    """How many moves only polling found, the last of them, and how late: seconds, on average and at most.

    The lags are None where the ATS does not say when a move was.
    """

    moves: int = 0
    dated: int = 0
    lag_total: float = 0.0
    lag_most: float = 0.0
    last_at: datetime | None = None

    @property
    def lag_average(self) -> float | None:
        """Seconds; None where no move is dated."""
        return self.lag_total / self.dated if self.dated else None

    def and_(self, other: "Drift") -> "Drift":
        """Both together."""
        times = [at for at in (self.last_at, other.last_at) if at is not None]
        return Drift(
            moves=self.moves + other.moves,
            dated=self.dated + other.dated,
            lag_total=self.lag_total + other.lag_total,
            lag_most=max(self.lag_most, other.lag_most),
            last_at=max(times, default=None),
        )


def by_day(found: Iterable[Found]) -> dict[date, Drift]:
    """Count moves by the day (UTC) on which they were found."""
    days: dict[date, Drift] = {}
    for move in found:
        lag = move.lag
        one = Drift(
            moves=1, dated=int(lag is not None), lag_total=lag or 0.0, lag_most=lag or 0.0, last_at=move.seen_at
        )
        day = move.seen_at.date()
        days[day] = days.get(day, Drift()).and_(one)
    return days


def span(seconds: float) -> str:
    """So long, in words."""
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = round(seconds / size)
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return "less than a minute"
