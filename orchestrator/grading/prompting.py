"""The prompt of the model grader: versioned templates, the answer's JSON schema, and the hash that identifies both.

The parts that all calls share come first, so that a provider's prompt cache can serve them; what the candidate said comes
last, in a message of its own, as JSON between two lines that nobody could have foreseen (N11).
"""

import hashlib
import importlib.resources
import re
from collections.abc import Mapping, Sequence
from functools import cache

import msgspec
from jinja2 import DictLoader, Environment, StrictUndefined, select_autoescape
from msgspec import Struct

from orchestrator.domain.transcript import Transcript
from rubrics.schema import LEVELS, Competency, Rubric

_TEMPLATES = ("system.j2", "competency.j2", "transcript.j2")
# Marks that chat templates give a meaning to. In JSON they can be written as escapes: a model reads the same text, but no
# tokenizer and no reader sees a structure that the candidate made up.
_STRUCTURAL = re.compile(r"[<>|`]|\[(?=/?(?:INST|SYS|SYSTEM)\b)", re.IGNORECASE)


class Prompt(Struct, frozen=True):
    """The two messages of one call."""

    system: str
    user: str


def prompt_for(
    rubric: Rubric, competency: Competency, transcript: Transcript, *, boundary: str, descending: bool = False
) -> Prompt:
    """Lay out one call. ``boundary`` must be fresh for each call; ``descending`` shows the anchors from 5 down to 1."""
    anchors = sorted(competency.anchors, key=lambda anchor: anchor.level, reverse=descending)
    questions = [question for question in rubric.questions if competency.id in question.competencies]
    templates = _environment()
    system = templates.get_template("system.j2").render()
    described = templates.get_template("competency.j2").render(
        competency=competency, anchors=anchors, questions=questions
    )
    user = templates.get_template("transcript.j2").render(boundary=boundary, turns=turns_json(transcript))
    return Prompt(f"{system}\n\n{described}", user)


def turns_json(transcript: Transcript) -> str:
    """The turns as a JSON list that decodes to exactly what was said; structural marks are escaped."""
    turns = [
        {"turn": turn.index, "speaker": turn.speaker.value, "question": turn.question_id, "text": turn.text}
        for turn in transcript.turns
    ]
    return _STRUCTURAL.sub(lambda mark: f"\\u{ord(mark.group()):04x}", msgspec.json.encode(turns).decode())


def reply_schema(indicators: Sequence[str]) -> Mapping[str, object]:
    """JSON schema of one answer, evidence before judgement: the order of the fields is the order of the thinking."""
    text = {"type": "string"}
    quote = _object({"turn": {"type": "integer"}, "text": text})
    return _object(
        {
            "quotes": {"type": "array", "items": quote},
            "indicators": {"type": "array", "items": {"type": "string", "enum": list(indicators)}},
            "sufficient": {"type": "boolean"},
            "level": {"type": ["integer", "null"], "enum": [*LEVELS, None]},
            "rationale": text,
        }
    )


def indicator_ids(competency: Competency) -> tuple[str, ...]:
    """Every indicator id of a competency, from the lowest level up."""
    return tuple(indicator.id for anchor in competency.anchors for indicator in anchor.indicators)


@cache
def prompt_hash() -> str:
    """SHA-256 (hex) over the template sources and the schema: which prompt was used, whatever the rubric."""
    parts = [*sorted(_sources().items()), ("schema", msgspec.json.encode(reply_schema(())).decode())]
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()


def _object(properties: Mapping[str, object]) -> Mapping[str, object]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


@cache
def _sources() -> Mapping[str, str]:
    folder = importlib.resources.files("orchestrator.grading") / "prompts"
    return {name: (folder / name).read_text(encoding="utf-8") for name in _TEMPLATES}


@cache
def _environment() -> Environment:
    # Prompts are plain text: escaping for HTML would change what the candidate said.
    return Environment(
        loader=DictLoader(_sources()), autoescape=select_autoescape(()), undefined=StrictUndefined, trim_blocks=True
    )
