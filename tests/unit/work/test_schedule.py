"""The retry schedule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.work.schedule import JITTER, MAX_RETRY_AFTER, SCHEDULE, delay, horizon


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 2), (2, 10), (5, 600), (9, 21600), (40, 21600)])
def test_waits_grow_and_the_last_repeats(attempt: int, seconds: float) -> None:
    """Without jitter the list is the truth."""
    assert delay(attempt, retry_after=None, random=lambda: 0.0) == seconds


@given(
    attempt=st.integers(1, 100),
    retry_after=st.none() | st.floats(-10, 1e9, allow_nan=False),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_waits_stay_within_their_bounds(attempt: int, retry_after: float | None, chance: float) -> None:
    """Never less than asked for, never more than the cap and its jitter, never negative."""
    wait = delay(attempt, retry_after=retry_after, random=lambda: chance)
    least = (
        SCHEDULE[min(attempt, len(SCHEDULE)) - 1] if retry_after is None else min(max(retry_after, 0), MAX_RETRY_AFTER)
    )
    assert least <= wait <= least * (1 + JITTER)


def test_ten_attempts_outlast_a_night() -> None:
    """The default number of attempts survives an outage of half a day, and three survive seconds."""
    assert horizon(10) > 10 * 3600
    assert horizon(3) == 12
    assert horizon(1) == 0
