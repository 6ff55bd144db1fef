"""docs/states.md says what the code does."""

import runpy
from pathlib import Path

import pytest

from orchestrator.domain import states_page as module
from orchestrator.domain.interview import TRANSITIONS, InterviewState
from orchestrator.domain.states_page import states_page

PAGE = Path(__file__).parents[3] / "docs" / "states.md"


def test_the_page_is_in_step_with_the_code() -> None:
    """The committed page is what the generator writes; write it anew with `python -m orchestrator.domain.states_page`."""
    assert PAGE.read_text(encoding="utf-8") == states_page()


def test_the_module_prints_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    """Run as a program, the module writes the page and nothing else."""
    runpy.run_path(str(module.__file__), run_name="__main__")
    assert capsys.readouterr().out == states_page()


def test_the_page_has_every_state_and_every_step() -> None:
    """Each state has a row and each step has a row and an arrow."""
    page = states_page()
    assert all(f"| `{state}` |" in page for state in InterviewState)
    for (state, command), target in TRANSITIONS.items():
        assert f"| `{state}` | {command.__name__} | `{target}` |" in page
        assert f"  {state} --> {target}: {command.__name__}" in page
