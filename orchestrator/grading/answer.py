"""What a model sent back, read strictly: a reply that breaks the schema is no reply, and nothing is coerced."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from orchestrator.domain.scorecard import REFUSED
from orchestrator.domain.scoring import CompetencyClaim, QuoteClaim, Usage
from orchestrator.grading.prompting import indicator_ids
from rubrics.schema import Competency, Level

FINISHED = (None, "stop")
MAX_QUOTES = 20
# Broken UTF-8 and nesting without end come through msgspec as Python's own errors.
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class AnswerInvalid(Exception):
    """The model's answer cannot be used. The message never repeats what the model wrote."""


class Answered(Struct, frozen=True, kw_only=True):
    """One completion: the text or a refusal, what it cost, and which model said that it answered."""

    content: str
    refused: bool
    usage: Usage
    model: str


class _Message(Struct, frozen=True):
    content: str | None = None
    refusal: str | None = None


class _Choice(Struct, frozen=True):
    message: _Message
    finish_reason: str | None = None


_Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class _Tokens(Struct, frozen=True):
    prompt_tokens: _Count = 0
    completion_tokens: _Count = 0


class _Completion(Struct, frozen=True):
    choices: Annotated[tuple[_Choice, ...], Meta(min_length=1)]
    model: str = ""


class _Quote(Struct, frozen=True, forbid_unknown_fields=True):
    turn: int
    text: str


class _Verdict(Struct, frozen=True, forbid_unknown_fields=True):
    quotes: Annotated[tuple[_Quote, ...], Meta(max_length=MAX_QUOTES)]
    indicators: tuple[str, ...]
    sufficient: bool
    level: Level | None
    rationale: Annotated[str, Meta(max_length=4000)]


def read_usage(body: bytes) -> Usage:
    """Tokens of a completion, whether or not its answer can be used; zero where the endpoint says nothing sensible."""
    try:
        tokens = msgspec.json.decode(body, type=_Billed).usage or _Tokens()
    except _UNREADABLE:
        tokens = _Tokens()
    return Usage(requests=1, input_tokens=tokens.prompt_tokens, output_tokens=tokens.completion_tokens)


def read_completion(body: bytes) -> Answered:
    """Read the body of a chat completion.

    Raises:
        AnswerInvalid: it is no completion, or it was cut off.
    """
    try:
        completion = msgspec.json.decode(body, type=_Completion)
    except _UNREADABLE as error:
        raise AnswerInvalid("the endpoint's answer is no chat completion") from error
    choice = completion.choices[0]
    refused = bool(choice.message.refusal) or choice.finish_reason == "content_filter"
    if not refused and choice.finish_reason not in FINISHED:
        raise AnswerInvalid("the model's answer was cut off")
    return Answered(
        content=choice.message.content or "", refused=refused, usage=read_usage(body), model=completion.model
    )


def read_claim(answered: Answered, competency: Competency) -> CompetencyClaim:
    """Turn one answer into a claim. Without sufficient evidence there is no level, whatever else was said.

    Raises:
        AnswerInvalid: the answer breaks the schema: a level outside 1 to 5, an unknown indicator, a missing field.
    """
    if answered.refused:
        return CompetencyClaim(competency=competency.id, level=None, reason=REFUSED)
    try:
        verdict = msgspec.json.decode(answered.content.encode(errors="replace"), type=_Verdict)
    except _UNREADABLE as error:
        raise AnswerInvalid("the model's answer does not follow the schema") from error
    if not set(verdict.indicators) <= set(indicator_ids(competency)):
        raise AnswerInvalid("the model's answer names an indicator that the rubric does not have")
    return CompetencyClaim(
        competency=competency.id,
        level=verdict.level if verdict.sufficient else None,
        reason=verdict.rationale,
        quotes=tuple(QuoteClaim(quote.turn, quote.text) for quote in verdict.quotes),
        indicators=tuple(dict.fromkeys(verdict.indicators)),
    )


class _Billed(Struct, frozen=True):
    usage: _Tokens | None = None
