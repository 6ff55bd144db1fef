"""The prompt for a question with a reference answer, the answer's schema, and how a model's reply is read.

The bench has a prompt of its own: labelled sets have a reference, where a rubric has anchors. What protects a rubric's
prompt holds here as well: the answer is data, in a message of its own, behind a line that nobody could foresee.
"""

import hashlib
import importlib.resources
from collections.abc import Mapping
from functools import cache
from typing import Annotated

import msgspec
from jinja2 import DictLoader, Environment, StrictUndefined, select_autoescape
from msgspec import Meta, Struct

from orchestrator.domain.transcript import Speaker, Transcript, Turn
from orchestrator.evaluation.items import Item
from orchestrator.evaluation.verdict import Verdict
from orchestrator.grading.answer import AnswerInvalid
from orchestrator.grading.prompting import turns_json

_TEMPLATES = ("system.j2", "answer.j2")
_MAX_QUOTES = 20
_FOLD = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\u00a0": " "})
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Prompt(Struct, frozen=True):
    """The two messages of one call."""

    system: str
    user: str


class _Reply(Struct, frozen=True, forbid_unknown_fields=True):
    quotes: Annotated[tuple[str, ...], Meta(max_length=_MAX_QUOTES)]
    level: int | None


def prompt_for(item: Item, *, boundary: str) -> Prompt:
    """Lay out one call. ``boundary`` must be fresh for each call."""
    templates = _environment()
    answer = turns_json(Transcript((Turn(0, Speaker.CANDIDATE, item.answer, "answer"),)))
    return Prompt(
        templates.get_template("system.j2").render(
            question=item.question, reference=item.reference, max_level=item.max_level
        ),
        templates.get_template("answer.j2").render(boundary=boundary, answer=answer),
    )


def reply_schema(max_level: int) -> Mapping[str, object]:
    """JSON schema of a reply: quotes first, the level last."""
    return {
        "type": "object",
        "properties": {
            "quotes": {"type": "array", "items": {"type": "string"}},
            "level": {"type": ["integer", "null"], "enum": [*range(max_level + 1), None]},
        },
        "required": ["quotes", "level"],
        "additionalProperties": False,
    }


def read_reply(content: str, item: Item) -> Verdict:
    """Read a model's text. A quote that does not stand in the answer, letter by letter, is counted as fabricated.

    Quotation marks, dashes and white space may differ, as they do where a reply is typeset.

    Raises:
        AnswerInvalid: it breaks the schema; nothing is coerced.
    """
    try:
        reply = msgspec.json.decode(content.encode(errors="replace"), type=_Reply)
    except _UNREADABLE as error:
        raise AnswerInvalid("the model's answer does not follow the schema") from error
    if reply.level is not None and not 0 <= reply.level <= item.max_level:
        raise AnswerInvalid("the model's answer names a level that the scale does not have")
    answer = _folded(item.answer)
    return Verdict(
        level=reply.level,
        value=None if reply.level is None else float(reply.level),
        quotes=len(reply.quotes),
        fabricated=sum(not _folded(quote) or _folded(quote) not in answer for quote in reply.quotes),
    )


@cache
def prompt_hash() -> str:
    """SHA-256 (hex) over the templates and the schema."""
    parts = [*sorted(_sources().items()), ("schema", msgspec.json.encode(reply_schema(1)).decode())]
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()


def words_hash(item: Item) -> str:
    """SHA-256 (hex) over everything that a model is told of an item: a recording of other words is no recording of it."""
    prompt = prompt_for(item, boundary="boundary")
    return hashlib.sha256(msgspec.json.encode(prompt)).hexdigest()


def _folded(text: str) -> str:
    return " ".join(text.translate(_FOLD).split())


@cache
def _sources() -> Mapping[str, str]:
    folder = importlib.resources.files("orchestrator.evaluation") / "prompts"
    return {name: (folder / name).read_text(encoding="utf-8") for name in _TEMPLATES}


@cache
def _environment() -> Environment:
    # Prompts are plain text: escaping for HTML would change what was written.
    return Environment(
        loader=DictLoader(_sources()), autoescape=select_autoescape(()), undefined=StrictUndefined, trim_blocks=True
    )
