"""Answers of simulated candidates that were written by hand, one file for each rubric of the library."""

import importlib.resources
from collections.abc import Mapping
from functools import cache

import msgspec
from msgspec import Struct

from orchestrator.domain.simulated_candidates import Persona, Sheet
from rubrics.document import decode


class WrittenAnswers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """What each of the five says to one question."""

    strong: str
    middling: str
    weak: str
    terse: str
    non_native: str

    def by_persona(self) -> Mapping[Persona, str]:
        """The same by persona."""
        return {Persona(name): text for name, text in msgspec.to_builtins(self).items()}


class AnswerSheet(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file: the answers to the questions of one rubric."""

    rubric: str
    answers: dict[str, WrittenAnswers]


@cache
def sheet_of(rubric_id: str) -> Sheet:
    """The answers to a rubric by question id and persona; empty where nobody wrote any."""
    file = importlib.resources.files("orchestrator.services.rehearsal") / "answers" / f"{rubric_id}.yaml"
    if not file.is_file():
        return {}
    text = file.read_text(encoding="utf-8")
    sheet = decode(text, file=str(file), type=AnswerSheet, schema=msgspec.json.schema(AnswerSheet))
    return {question: written.by_persona() for question, written in sheet.answers.items()}
