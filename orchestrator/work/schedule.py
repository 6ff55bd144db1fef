"""How long to wait before the next attempt: an explicit list, with jitter."""

from collections.abc import Callable
from itertools import accumulate

SCHEDULE = (2.0, 10.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 10800.0, 21600.0)
"""Seconds after the first, second, … attempt; the last one repeats."""

JITTER = 0.25
"""A wait is stretched by up to this share of itself, so that what failed together does not return together."""

MAX_RETRY_AFTER = 6 * 3600.0
"""Seconds; an ATS that asks for more is asked again after this."""


def delay(attempt: int, *, retry_after: float | None, random: Callable[[], float]) -> float:
    """Seconds to wait after failed ``attempt`` (counted from 1).

    ``retry_after`` is what the other side asked for, in seconds: never less than that, up to MAX_RETRY_AFTER, whatever
    the schedule says. ``random`` gives a number in [0, 1).
    """
    if retry_after is None:
        wait = SCHEDULE[min(max(attempt, 1), len(SCHEDULE)) - 1]
    else:
        wait = min(max(retry_after, 0.0), MAX_RETRY_AFTER)
    return wait * (1 + JITTER * random())


def horizon(max_attempts: int) -> float:
    """Seconds between the first and the last of ``max_attempts``, without jitter: how long an outage may last."""
    waits = (SCHEDULE[min(attempt, len(SCHEDULE)) - 1] for attempt in range(1, max_attempts))
    return list(accumulate(waits, initial=0.0))[-1]
