"""``evenhand`` under cProfile from SIGUSR1 on, so that imports and start-up do not drown what is asked about.

``python -m bench.profiled OUT serve --port 8400``
"""

import cProfile
import signal
import sys
from types import FrameType

from orchestrator.__main__ import main


def profiled(out: str, arguments: list[str]) -> None:
    """Run the command line; write the profile when it ends."""
    profile = cProfile.Profile()

    def start(_number: int, _frame: FrameType | None) -> None:
        profile.enable()

    signal.signal(signal.SIGUSR1, start)
    sys.argv = ["evenhand", *arguments]
    try:
        main()
    finally:
        profile.disable()
        profile.dump_stats(out)


if __name__ == "__main__":
    profiled(sys.argv[1], sys.argv[2:])
