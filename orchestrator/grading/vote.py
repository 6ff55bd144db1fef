"""Votes: which model gives which sample, and in which order it sees the anchors.

Models of several families can share the samples, so that no family's taste decides alone. Nothing of ours writes questions
or answers with a model; where somebody does, the grader should be of another family than the writer.
"""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import permutations

from msgspec import Struct

from rubrics.schema import LEVELS


class Ballot(Struct, frozen=True, kw_only=True):
    """One sample: its number from 0, who gives it, the order of the anchors, and its seed."""

    sample: int
    model: str
    order: tuple[int, ...]
    seed: int | None


def model_names(text: str) -> tuple[str, ...]:
    """Read ``name`` or ``name1, name2``, each once."""
    return tuple(dict.fromkeys(filter(None, map(str.strip, text.split(",")))))


def ballots(models: Sequence[str], samples: int, *, seed: int | None) -> tuple[Ballot, ...]:
    """The samples of one grading: at least one from each model, in turns.

    The first sample sees the anchors from the bottom up, the second from the top down, every further one in an order that
    the seed mixes and that no sample had before; the orders start over once all are used up.
    """
    count = max(samples, len(models))
    orders = list(_orders(count, seed or 0))
    return tuple(
        Ballot(
            sample=sample,
            model=models[sample % len(models)],
            order=orders[sample],
            seed=None if seed is None else seed + sample,
        )
        for sample in range(count)
    )


def _orders(count: int, seed: int) -> Iterator[tuple[int, ...]]:
    plain = tuple(LEVELS)
    rest = [order for order in permutations(LEVELS) if order not in {plain, plain[::-1]}]
    mixed = [plain, plain[::-1], *sorted(rest, key=lambda order: hashlib.sha256(f"{seed}{order}".encode()).digest())]
    for sample in range(count):
        yield mixed[sample % len(mixed)]
