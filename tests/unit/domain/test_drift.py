"""Counting what only polling found: sums that do not depend on the order, and words for how late."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.drift import Drift, Found, by_day, span
from tests.unit.domain.samples import NOW

MOVES = st.builds(
    lambda after, lag: Found(
        seen_at=NOW + timedelta(hours=after),
        entered_at=None if lag is None else NOW + timedelta(hours=after, seconds=-lag),
    ),
    st.integers(0, 90),
    st.none() | st.integers(-60, 9000),
)


@given(st.lists(MOVES, max_size=12), st.integers(0, 12))
def test_days_add_up(moves: list[Found], cut: int) -> None:
    """Counted at once or in two portions, every move is in the day it was found on, once."""
    whole = by_day(moves)
    assert sum(one.moves for one in whole.values()) == len(moves)
    assert all(one.last_at is not None and one.last_at.date() == day for day, one in whole.items())
    halves = by_day(moves[:cut]), by_day(moves[cut:])
    for day, one in whole.items():
        assert halves[0].get(day, Drift()).and_(halves[1].get(day, Drift())) == one


def test_lags_count_only_where_the_ats_dates_a_move() -> None:
    """The average is over the dated ones; a clock that runs ahead makes no negative lag."""
    moves = [_found(60), _found(180), _found(None), _found(-30)]
    (found,) = by_day(moves).values()
    assert (found.moves, found.dated, found.lag_most, found.lag_average) == (4, 3, 180.0, 80.0)
    assert Drift(moves=1).lag_average is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3.0, "less than a minute"), (60.0, "1 minute"), (400.0, "7 minutes"), (3600.0, "1 hour"), (200_000.0, "2 days")],
)
def test_spans_in_words(seconds: float, words: str) -> None:
    """As a person would say it."""
    assert span(seconds) == words


def _found(lag: float | None) -> Found:
    seen: datetime = NOW
    return Found(seen_at=seen, entered_at=None if lag is None else seen - timedelta(seconds=lag))
