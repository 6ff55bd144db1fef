"""Headers about limits. Each vendor spells them in its own way, and each spelling says the same.

Greenhouse and SmartRecruiters document ``X-RateLimit-*`` and Workable ``X-Rate-Limit-*``, which is recorded; that
Teamtailor sends the same is not confirmed by the vendor; ``RateLimit-*`` is the draft standard. Lever, Ashby, Recruitee,
Merge, Kombo and Odoo document none: of those only a 429 and its Retry-After are heard.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from math import isfinite

from adapters.contract.allowance import Allowance
from adapters.kit.clock import vendor_time

LEFT = ("x-ratelimit-remaining", "x-rate-limit-remaining", "ratelimit-remaining")
RESET = ("x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset")

LONGEST = 6 * 3600.0
"""Seconds; no window of a limit is longer, so a larger number is a mistake and counts as this."""

_EPOCH, _MILLISECONDS = 1e9, 1e12
"""From here on a number is a moment: seconds (from 2001 on) or milliseconds since 1970. Below it is a span of seconds."""


def seconds_to_reset(value: str | None, *, now: datetime) -> float | None:
    """Seconds until a window ends, from a span or from a moment; None where it is absent or no number."""
    try:
        number = float(value or "")
    except ValueError:
        return None
    if not isfinite(number):
        return None
    if number >= _EPOCH:
        number = (number / 1000 if number >= _MILLISECONDS else number) - now.timestamp()
    return min(max(0.0, number), LONGEST)


def allowance_of(headers: Mapping[str, str], *, clock: Callable[[], datetime]) -> Allowance | None:
    """What an answer says is left; ``headers`` have lower-case names. None where it does not say."""
    left = next((headers[name] for name in LEFT if name in headers), "")
    if not (left.isascii() and left.isdigit()):
        return None
    reset = next((headers[name] for name in RESET if name in headers), None)
    # A moment that the ATS names is one of its own clock: by ours, ten seconds could be seventy, or none.
    now = vendor_time(headers) or clock()
    return Allowance(left=int(left[:9]), seconds=seconds_to_reset(reset, now=now))
