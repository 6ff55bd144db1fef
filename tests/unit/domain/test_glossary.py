"""Codes that people meet are explained: in the glossary, or on the page of states."""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

import pytest

from adapters.contract.model import StageKind
from orchestrator.domain.interview import Completion, InterviewState
from orchestrator.domain.trigger import Reason
from orchestrator.domain.uncertainty import ReviewReason

DOCS = Path(__file__).parents[3] / "docs"
CODES: list[tuple[str, type[StrEnum]]] = [
    ("glossary.md", StageKind),
    ("glossary.md", Reason),
    ("glossary.md", ReviewReason),
    ("states.md", InterviewState),
]


def _unexplained(page: str, codes: Iterable[str]) -> list[str]:
    """Codes without a row of a table that begins with them."""
    rows = {line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| `")}
    return [code for code in codes if f"`{code}`" not in rows]


@pytest.mark.parametrize(("page", "kind"), CODES)
def test_every_code_has_its_row(page: str, kind: type[StrEnum]) -> None:
    """A new code is explained before it is shown to anyone."""
    assert _unexplained((DOCS / page).read_text(encoding="utf-8"), kind) == []


def test_every_completion_value_is_on_the_page_of_states() -> None:
    """What the ATS shows can be looked up."""
    page = (DOCS / "states.md").read_text(encoding="utf-8")
    assert [value for value in Completion if f"| {value} |" not in page] == []


def test_a_code_without_a_row_is_found() -> None:
    """A mention in passing is no explanation."""
    assert _unexplained("see `b`\n| `a` | words |\n", ["a", "b"]) == ["b"]
