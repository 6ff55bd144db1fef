"""Small labelled sets for the tests of the bench, made by hand."""

from collections.abc import Sequence
from typing import Any

from orchestrator.domain.scoring import Usage
from orchestrator.evaluation.items import Item, LabelledSet
from orchestrator.evaluation.measuring import Measured, measure
from orchestrator.evaluation.outcome import Outcome
from orchestrator.evaluation.verdict import GraderFacts, Verdict


def item(number: int = 0, **changes: Any) -> Item:
    """An item whose answer is its own, at level 2 of 3."""
    facts: dict[str, Any] = {
        "id": f"a{number}",
        "question": "Why does ice float?",
        "reference": "Ice is less dense than water.",
        "answer": f"Because ice number {number} is less dense.",
        "level": 2,
        "max_level": 3,
    }
    return Item(**(facts | changes))


def items(*levels: int, **changes: Any) -> tuple[Item, ...]:
    """One item for each level."""
    return tuple(item(number, level=level, **changes) for number, level in enumerate(levels))


def labelled(found: Sequence[Item]) -> LabelledSet:
    """A set that no file holds."""
    return LabelledSet(name="made.jsonl", sha256="0" * 64, items=tuple(found))


def verdicts(*levels: int | None, **changes: Any) -> list[list[Verdict]]:
    """One sample for each level."""
    return [[Verdict(level=one, value=None if one is None else float(one), **changes)] for one in levels]


def measured(found: Sequence[Item], samples: Sequence[Sequence[Verdict]], **changes: Any) -> Outcome:
    """What the bench makes of verdicts."""
    facts: dict[str, Any] = {
        "labelled": labelled(found),
        "samples": samples,
        "facts": GraderFacts(kind="embedded"),
        "seed": 1,
        "file_items": len(found),
        "resamples": 160,
    }
    return measure(Measured(**(facts | changes)), made_at="2026-11-22T12:00:00+00:00", seconds=1.0)


SPENT = Usage(requests=1, input_tokens=1000, output_tokens=100)
