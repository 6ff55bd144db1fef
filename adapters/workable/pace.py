"""Workable's window of requests: how much of it is left, and when the next one begins."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta

WINDOW = timedelta(seconds=10)
LEFT = "x-rate-limit-remaining"
RESET = "x-rate-limit-reset"


def wait_of(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds until the window of a 429 ends; None where the answer does not say."""
    end = _reset(headers)
    return None if end is None else max(0.0, (end - now).total_seconds())


class Pace:
    """What is left of the vendor's window of requests, as far as its answers tell; writes are not told about."""

    def __init__(self, *, clock: Callable[[], datetime], sleep: Callable[[float], Awaitable[None]]) -> None:
        self._clock, self._sleep = clock, sleep
        self._left, self._end = 0, datetime.min.replace(tzinfo=UTC)

    async def turn(self) -> None:
        """Wait until the window that is known to be used up has ended, at most one window."""
        now = self._clock()
        if now >= self._end:
            return
        if self._left > 0:
            self._left -= 1
            return
        await self._sleep(min(self._end - now, WINDOW).total_seconds())

    async def room(self, requests: int) -> None:
        """Wait until the window ends that is known to have fewer requests left, at most one window."""
        now = self._clock()
        if now < self._end and self._left < requests:
            await self._sleep(min(self._end - now, WINDOW).total_seconds())

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take over what an answer says."""
        left, end = headers.get(LEFT, ""), _reset(headers)
        if end is not None and left.isascii() and left.isdigit():
            self._left, self._end = int(left), end


def _reset(headers: Mapping[str, str]) -> datetime | None:
    text = headers.get(RESET, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 11):  # noqa: PLR2004 - digits of a far future in seconds
        return None
    return datetime.fromtimestamp(int(text), UTC)
