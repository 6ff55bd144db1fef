"""What part (c) measures through: where a flow takes deliveries in, where its posts arrive, and how hard it is asked."""

import httpx
import msgspec

from bench.load import CONNECTIONS

MOST_PER_SECOND = 12000


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How a flow is loaded.

    ``lasts`` multiplies the seconds of a load, so that a slow flow answers often enough for a rate to mean something.
    ``still`` is how many seconds without a post say that no more will come, and ``most_per_second`` bounds how many
    requests are prepared.
    """

    connections: int = CONNECTIONS
    lasts: int = 1
    still: float = 1.0
    most_per_second: int = MOST_PER_SECOND


class Door(msgspec.Struct, frozen=True):
    """One flow: its ``host`` (name:port) for deliveries, and the address below which its posts are counted."""

    name: str
    host: str
    sink: str
    pace: Pace = Pace()

    def counts(self) -> tuple[int, float]:
        """How many posts have come so far, and the monotonic time of the last."""
        answer = httpx.get(f"{self.sink}/result", trust_env=False, timeout=10).json()
        return answer["posts"], answer["last"]
