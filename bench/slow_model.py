"""A model that takes its time and writes down how many requests it has at once: ``python -m bench.slow_model --port 8410``."""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TextIO

from tests.fixtures.model_stub import Behaviour, Call, ModelStub, Reply, graded, running_model_stub


def slow(delay: float, record: TextIO | None, stub: list[ModelStub]) -> Behaviour:
    """Answer well after ``delay`` seconds; every beginning and end is a line in ``record``: seconds, and 1 or -1."""
    answered = graded(5)

    def note(change: int) -> None:
        if record is not None:
            record.write(f"{time.time():.6f} {change}\n")

    async def answer(call: Call) -> Reply | None:
        note(1)
        # The stub keeps every request to count them; over thousands that would cost more than the answer.
        stub[0].calls.clear()
        began = time.monotonic()
        reply = await answered(call)
        await asyncio.sleep(max(0.0, delay - (time.monotonic() - began)))
        note(-1)
        return reply

    return answer


async def serve(port: int, delay: float, path: Path | None) -> None:
    """Serve until cancelled."""
    made: list[ModelStub] = []
    with ExitStack() as stack:
        record = stack.enter_context(path.open("w", encoding="ascii", buffering=1)) if path else None
        async with running_model_stub(slow(delay, record, made), port=port) as stub:
            made.append(stub)
            sys.stdout.write(f"{stub.base_url}\n")
            sys.stdout.flush()
            await asyncio.Event().wait()


def main(argv: Sequence[str] | None = None) -> None:
    """Run until ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--delay", type=float, default=0.5, help="seconds that each answer takes")
    parser.add_argument("--record", type=Path, help="file for the number of requests over time")
    options = parser.parse_args(argv)
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(options.port, options.delay, options.record))


if __name__ == "__main__":
    main()
