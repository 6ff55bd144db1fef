"""The prompt of the model grader: versioned templates, the answer's JSON schema, and the hash that identifies both.

The parts that all calls share come first, so that a provider's prompt cache can serve them: the instructions, then the
competency. What differs from call to call comes behind: the code word that no answer may repeat, and, in a message of its
own, what the candidate said, as JSON between two lines that nobody could have foreseen (N11).
"""

import hashlib
import importlib.resources
import re
from collections.abc import Mapping, Sequence
from functools import cache
from secrets import token_hex
from typing import Self

import msgspec
from jinja2 import DictLoader, Environment, StrictUndefined, select_autoescape
from msgspec import Struct

from orchestrator.domain.scoring import Showing
from orchestrator.domain.transcript import Transcript
from rubrics.schema import LEVELS, Competency, Rubric

_TEMPLATES = ("system.j2", "competency.j2", "canary.j2", "transcript.j2")
# Marks that chat templates give a meaning to. In JSON they can be written as escapes: a model reads the same text, but no
# tokenizer and no reader sees a structure that the candidate made up.
_STRUCTURAL = re.compile(r"[<>|`]|\[(?=/?(?:INST|SYS|SYSTEM)\b)", re.IGNORECASE)


class Prompt(Struct, frozen=True):
    """The two messages of one call, and the words that its answer must not hold."""

    system: str
    user: str
    secrets: tuple[str, ...]


class Layout(Struct, frozen=True, kw_only=True):
    """What differs between two calls for one competency. ``boundary`` and ``canary`` must be fresh for each call."""

    boundary: str
    canary: str
    order: tuple[int, ...] = LEVELS

    @classmethod
    def fresh(cls, order: tuple[int, ...] = LEVELS) -> Self:
        """A layout with a boundary and a code word that nobody can know; ``order`` is that of the anchors' levels."""
        return cls(boundary=f"transcript-{token_hex(8)}", canary=f"code-{token_hex(8)}", order=order)


def prompt_for(rubric: Rubric, competency: Competency, transcript: Transcript, layout: Layout) -> Prompt:
    """Lay out one call."""
    anchors = sorted(competency.anchors, key=lambda anchor: layout.order.index(anchor.level))
    questions = [question for question in rubric.questions if competency.id in question.competencies]
    templates = _environment()
    system = templates.get_template("system.j2").render()
    described = templates.get_template("competency.j2").render(
        competency=competency, anchors=anchors, questions=questions
    )
    code_word = templates.get_template("canary.j2").render(canary=layout.canary)
    user = templates.get_template("transcript.j2").render(boundary=layout.boundary, turns=turns_json(transcript))
    return Prompt(f"{system}\n\n{described}\n\n{code_word}", user, (layout.canary, layout.boundary))


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
    verdict = _object(
        {
            "quotes": {"type": "array", "items": quote},
            "shown": {"type": "string", "enum": [showing.value for showing in Showing]},
        }
    )
    return _object({"indicators": _object(dict.fromkeys(indicators, verdict)), "rationale": text})


def indicator_ids(competency: Competency, order: Sequence[int] = LEVELS) -> tuple[str, ...]:
    """Every indicator id of a competency, anchor by anchor, from the lowest level up or in another order of the levels."""
    anchors = sorted(competency.anchors, key=lambda anchor: order.index(anchor.level))
    return tuple(indicator.id for anchor in anchors for indicator in anchor.indicators)


@cache
def prompt_hash() -> str:
    """SHA-256 (hex) over the template sources and the schema: which prompt was used, whatever the rubric."""
    parts = [*sorted(_sources().items()), ("schema", msgspec.json.encode(reply_schema(("indicator",))).decode())]
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
