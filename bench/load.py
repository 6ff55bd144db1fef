"""wrk, with signed requests that are each sent once; what it measured."""

import shutil
import subprocess
from pathlib import Path

import msgspec

from bench.deliveries import write_requests
from bench.harness import Void

CONNECTIONS = 32
REPLAY = Path(__file__).with_name("replay.lua")


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one load. Times in milliseconds; ``refused`` counts answers other than 2xx by status."""

    requests: int
    microseconds: int
    wrapped: int
    refused: dict[str, int]
    broken: int
    p50: float
    p99: float
    longest: float

    @property
    def acknowledged(self) -> int:
        """Requests that were answered 2xx."""
        return self.requests - sum(self.refused.values())

    @property
    def per_second(self) -> float:
        """Acknowledged requests a second."""
        return self.acknowledged / (self.microseconds / 1_000_000)

    def require_clean(self, name: str) -> None:
        """Raise Void when anything was refused or broken, or a request was sent twice."""
        if self.wrapped:
            raise Void(f"{name}: the prepared requests ran out; prepare more")
        if self.refused or self.broken:
            raise Void(f"{name}: refused {self.refused}, connections broken {self.broken}")


def wrk(
    host: str, *, seconds: int, most_per_second: int, folder: Path, seed: int, connections: int = CONNECTIONS
) -> Load:
    """Send distinct signed requests to ``host`` (name:port) as fast as they are answered, for some seconds.

    ``most_per_second`` bounds how many are prepared.

    Raises:
        Void: wrk is not installed or said nothing.
    """
    program = shutil.which("wrk")
    if program is None:
        raise Void("wrk is not installed (Debian: apt-get install wrk)")
    prepared = folder / "requests.bin"
    write_requests(prepared, host, most_per_second * seconds, seed=seed)
    command = [program, "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(REPLAY)]
    try:
        told = subprocess.run(  # noqa: S603 - fixed arguments, no shell
            [*command, f"http://{host}/", "--", str(prepared)],
            capture_output=True, text=True, timeout=seconds + 90, check=False,
        )  # fmt: skip
    finally:
        prepared.unlink()
    line = next((line for line in told.stdout.splitlines() if line.startswith("{")), None)
    if line is None:
        raise Void(f"wrk said nothing: {told.stderr[-300:]}")
    return msgspec.json.decode(line, type=Load)
