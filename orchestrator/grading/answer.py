"""What a model sent back, read strictly: a reply that breaks the schema is no reply, and nothing is coerced.

An answer gives a verdict on every indicator and no level. The answers of earlier prompts, with a level, are refused like
any other that breaks the schema: a level that the model named must not stand for one that the checklist gave. Scorecards
that were made from them stay as they are.
"""

import re
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from orchestrator.domain.scorecard import REFUSED
from orchestrator.domain.scoring import CompetencyClaim, IndicatorVerdict, QuoteClaim, Showing, Usage
from orchestrator.grading.prompting import indicator_ids
from rubrics.schema import Competency

FINISHED = (None, "stop")
MAX_QUOTES = 8
_LETTERS = re.compile(r"[^0-9a-z]+")
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
    shown: Showing


class _Answer(Struct, frozen=True, forbid_unknown_fields=True):
    indicators: dict[str, _Verdict]
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
    """Turn one answer into a claim: a verdict on each indicator, in the rubric's order. The level is not the model's to give.

    Raises:
        AnswerInvalid: the answer breaks the schema: a missing or unknown indicator or field, a word other than yes, no and
            contradicted, a level.
    """
    if answered.refused:
        return CompetencyClaim(competency=competency.id, level=None, reason=REFUSED)
    try:
        answer = msgspec.json.decode(answered.content.encode(errors="replace"), type=_Answer)
    except _UNREADABLE as error:
        raise AnswerInvalid("the model's answer does not follow the schema") from error
    asked = indicator_ids(competency)
    if set(answer.indicators) != set(asked):
        raise AnswerInvalid("the model's answer does not hold the indicators of the rubric")
    return CompetencyClaim(
        competency=competency.id,
        level=None,
        reason=answer.rationale,
        verdicts=tuple(_read(indicator, answer.indicators[indicator]) for indicator in asked),
    )


def echoes(answered: Answered, secrets: Sequence[str]) -> bool:
    """Say whether an answer repeats what no answer may hold, whatever the case and with whatever marks in between.

    A model that repeats the code word or a boundary line did what somebody in the transcript told it.
    """
    said = _LETTERS.sub("", answered.content.casefold())
    return any(_LETTERS.sub("", secret.casefold()) in said for secret in secrets)


def _read(indicator: str, verdict: _Verdict) -> IndicatorVerdict:
    quotes = tuple(QuoteClaim(quote.turn, quote.text) for quote in verdict.quotes)
    return IndicatorVerdict(indicator=indicator, showing=verdict.shown, quotes=quotes)


class _Billed(Struct, frozen=True):
    usage: _Tokens | None = None
