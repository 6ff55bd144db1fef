"""Fuzz every vendor's verify and parse in process: ``python -m tests.fuzz.webhooks --bodies 1000000 --seed 1``.

What may come out: SignatureInvalid, PayloadInvalid, or events as the contract has them, within 50 ms. Everything else
is a crash; its smallest reproduction is printed and the exit code is 1. The same seed gives the same bodies.
"""

import argparse
import random
import sys
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from tests.fuzz.mutate import Mutator
from tests.fuzz.shrink import shrink_bytes, shrink_headers
from tests.fuzz.vendors import Target, take, targets

LONGEST_SECONDS = 0.050
MOST_CRASHES = 5
SHOWN_BYTES = 600
_SIGNED, _SIGNED_AND_BENT = 0.5, 0.65


@dataclass(frozen=True)
class Delivery:
    """One made-up webhook. ``bent`` says whether the headers were changed after signing."""

    headers: Mapping[str, str]
    body: bytes
    bent: bool


@dataclass(frozen=True)
class Crash:
    """What broke, where, and the smallest delivery that breaks it."""

    vendor: str
    what: str
    delivery: Delivery


@dataclass
class Tally:
    """How it went."""

    bodies: int = 0
    accepted: int = 0
    refused: int = 0
    slowest: float = 0.0
    crashes: list[Crash] = field(default_factory=list)

    def last_line(self) -> str:
        """The line that others read."""
        return f"bodies={self.bodies} accepted={self.accepted} refused={self.refused} crashes={len(self.crashes)}"


class Caught:
    """Keeps whatever a block raises: here every exception is a finding, and none may end the run unseen."""

    def __init__(self) -> None:
        self.error: Exception | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> bool:
        self.error = error if isinstance(error, Exception) else None
        return self.error is not None

    @property
    def place(self) -> str:
        """Type and innermost frame: two errors of one place are one defect."""
        if self.error is None:
            return ""
        frame = traceback.extract_tb(self.error.__traceback__)[-1]
        return f"{type(self.error).__name__} in {frame.name}"


def deliveries(target: Target, chance: random.Random) -> Iterator[Delivery]:
    """Made-up deliveries without end: half of them signed as the vendor signs, the others not, or not quite."""
    mutator = Mutator(chance, target.payloads)
    while True:
        body = mutator.body()
        kind = chance.random()
        headers = dict(chance.choice(target.headers))
        if kind < _SIGNED_AND_BENT:
            headers |= target.signed(body)
            body = target.sealed(body)
        bent = kind >= _SIGNED
        yield Delivery(mutator.headers(headers) if bent else headers, body, bent)


def fuzz(target: Target, *, bodies: int, seed: int, tally: Tally) -> None:
    """Give a vendor so many deliveries; stops early after a few different crashes."""
    source = deliveries(target, random.Random(f"{seed}/{target.key}"))
    places: set[str] = set()
    for delivery in source:
        if tally.bodies >= bodies or len(places) >= MOST_CRASHES:
            return
        tally.bodies += 1
        started = time.perf_counter()
        with Caught() as caught:
            if take(target, delivery.headers, delivery.body):
                tally.accepted += 1
            else:
                tally.refused += 1
        taken = time.perf_counter() - started
        if taken > LONGEST_SECONDS:
            taken = min(taken, *(seconds(target, delivery) for _ in range(3)))
        tally.slowest = max(tally.slowest, taken)
        place = caught.place or ("too slow" if taken > LONGEST_SECONDS else "")
        if place and place not in places:
            places.add(place)
            tally.crashes.append(Crash(target.key, _described(caught, taken), smallest(target, delivery, place)))


def seconds(target: Target, delivery: Delivery) -> float:
    """How long one delivery takes; the machine may have been busy the first time."""
    started = time.perf_counter()
    with Caught():
        take(target, delivery.headers, delivery.body)
    return time.perf_counter() - started


def smallest(target: Target, delivery: Delivery, place: str) -> Delivery:
    """The smallest delivery that breaks in the same place. Signed headers are made anew for every body."""

    def breaks(headers: Mapping[str, str], body: bytes) -> bool:
        if place == "too slow":
            return seconds(target, Delivery(headers, body, delivery.bent)) > LONGEST_SECONDS
        with Caught() as caught:
            take(target, headers, body)
        return caught.place == place

    def headers_for(body: bytes) -> Mapping[str, str]:
        return delivery.headers if delivery.bent else {**delivery.headers, **target.signed(body)}

    body = shrink_bytes(delivery.body, lambda candidate: breaks(headers_for(candidate), candidate))
    headers = shrink_headers(headers_for(body), lambda candidate: breaks(candidate, body))
    return Delivery(headers, body, delivery.bent)


def _described(caught: Caught, taken: float) -> str:
    if caught.error is None:
        return f"took {taken * 1000:.0f} ms"
    return "".join(traceback.format_exception(caught.error, limit=-3)).rstrip()


def report(crash: Crash) -> str:
    """A crash in words, ready to be made into a test."""
    body = crash.delivery.body
    shown = repr(body) if len(body) <= SHOWN_BYTES else f"{body[:SHOWN_BYTES]!r} … ({len(body)} bytes)"
    return f"CRASH {crash.vendor}: {crash.what}\n  headers = {dict(crash.delivery.headers)!r}\n  body = {shown}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.webhooks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bodies", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    found = targets()
    total = Tally()
    started = time.monotonic()
    for number, target in enumerate(found):
        share = given.bodies // len(found) + (number < given.bodies % len(found))
        tally = Tally()
        fuzz(target, bodies=share, seed=given.seed, tally=tally)
        sys.stdout.write(f"{target.key}: {tally.last_line()} slowest_ms={tally.slowest * 1000:.1f}\n")
        total.bodies += tally.bodies
        total.accepted += tally.accepted
        total.refused += tally.refused
        total.crashes += tally.crashes
    for crash in total.crashes:
        sys.stdout.write(report(crash) + "\n")
    sys.stdout.write(f"vendors={len(found)} seed={given.seed} seconds={time.monotonic() - started:.1f}\n")
    sys.stdout.write(total.last_line() + "\n")
    return 1 if total.crashes else 0


if __name__ == "__main__":
    sys.exit(main())
