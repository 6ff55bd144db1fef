"""A small good rubric, and ways to spoil it at a known line."""

from pathlib import Path

from rubrics.document import Document, convert, parse
from rubrics.schema import Rubric
from rubrics.schema_json import rubric_schema

GOOD = (Path(__file__).parent / "good.yaml").read_text(encoding="utf-8")


def spoiled(old: str, new: str) -> tuple[str, int]:
    """Replace the first `old` by `new`; returns the text and the 1-based line of the change."""
    before, found, after = GOOD.partition(old)
    assert found, f"good.yaml does not contain {old!r}"
    same = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    return before + new + after, (before + old[:same]).count("\n") + 1


def read(text: str) -> tuple[Rubric, Document]:
    document = parse(text, file="good.yaml")
    return convert(document, type=Rubric, schema=rubric_schema()), document
