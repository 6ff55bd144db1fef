"""The embedded grader: no key, no network, the same answer every time, always provisional.

It looks for the rubric's own cues in the answers to the questions that ask for a competency, and says what it found. It
reads words, not meaning: the caller gives its levels a wide error and sends every case to a person.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from orchestrator.domain import levels
from orchestrator.domain.blinding import Span
from orchestrator.domain.evidence import MIN_QUOTE
from orchestrator.domain.scorecard import NO_ANSWER
from orchestrator.domain.scoring import CompetencyClaim, QuoteClaim, Rater, RaterKind
from orchestrator.domain.suspicion import suspicious
from orchestrator.domain.transcript import Transcript
from orchestrator.grading.account import ACCOUNT, Signal, signals
from orchestrator.grading.showing import Heard, heard, taken_back, topic_of
from orchestrator.ports import GradingReply, GradingRequest
from rubrics.schema import Competency, Rubric

NAME = "embedded"
VERSION = 2
MIN_CONTENT_WORDS = 12
MAX_QUOTES = 3
# Content words that a sentence must share with the rubric before its account counts: a story about something else does not.
ON_TOPIC_WORDS = 2
_LOW, _MIDDLE, _HIGH, _TOP = 2, 3, 4, 5
_FOR_HIGH, _FOR_TOP = 2, 4


class Found(Struct, frozen=True):
    """An indicator that an answer shows, with the level whose anchor it belongs to."""

    level: int
    indicator: str
    text: str


class EmbeddedGrader:
    """Grades by the cues of the rubric."""

    provisional = True

    async def grade(self, request: GradingRequest) -> GradingReply:
        """Grade every competency once: another sample would say the same. Never fails.

        In a thread of its own: it takes processor time and waits for nobody, so a page would wait for it.
        """
        claims = await asyncio.to_thread(_claims, request)
        rater = Rater(kind=RaterKind.EMBEDDED, name=NAME, parameters={"version": VERSION})
        return GradingReply(rater=rater, samples=(claims,))

    async def aclose(self) -> None:
        """Nothing to release."""


def _claims(request: GradingRequest) -> tuple[CompetencyClaim, ...]:
    spans = suspicious(request.transcript)
    return tuple(
        _claim(request.rubric, competency, request.transcript, spans) for competency in request.rubric.competencies
    )


def _claim(
    rubric: Rubric, competency: Competency, transcript: Transcript, spans: Mapping[int, Sequence[Span]]
) -> CompetencyClaim:
    questions = [question for question in rubric.questions if competency.id in question.competencies]
    asked = {question.id for question in questions}
    turns = [turn for turn in transcript.candidate_turns if turn.question_id in asked and turn.text.strip()]
    if not turns:
        return _abstain(competency, NO_ANSWER)
    said = heard(turns, competency, questions, spans)
    if sum(len(one.sentence.content) for one in said) < MIN_CONTENT_WORDS:
        return _abstain(competency, "The answer is too short to rate.")
    shown = {indicator for one in said for indicator in one.shown}
    found = [Found(a.level, i.id, i.text) for a in competency.anchors for i in a.indicators if i.id in shown]
    topic = topic_of(competency, questions)
    told = signals([one.text for one in said if one.shown or len(one.sentence.content & topic) >= ON_TOPIC_WORDS])
    level = _level(competency, found, told, taken_back(said, turns, questions))
    if level is None:
        return _abstain(competency, "None of the rubric's indicators was found in the answer.")
    return CompetencyClaim(
        competency=competency.id,
        level=level,
        reason=_rationale(found, told),
        quotes=_quotes(said, found, level, {turn.index: turn.text.strip() for turn in turns}),
        indicators=tuple(one.indicator for one in found),
    )


def _level(
    competency: Competency, found: Sequence[Found], told: Sequence[Signal], denied: Collection[str]
) -> int | None:
    """By cues and account where the competency has cues, otherwise by the rule for checklists; None if nothing stands."""
    if any(indicator.cues for anchor in competency.anchors for indicator in anchor.indicators):
        return level_of(found, told) if found else None
    return levels.level_of(competency, {one.indicator for one in found}, denied)


def level_of(found: Sequence[Found], told: Sequence[Signal]) -> int:
    """The level that at least one found indicator, and the account around it, speak for.

    Indicators of levels 4 and 5 speak for a high level, and an account with three of its four parts counts as one more of
    them: two make a 4, four with two of level 5 among them make a 5. Where the answer shows as much from levels 1 and 2
    as from above, it is one level less.
    """
    count = Counter(one.level for one in found)
    weak, high = count[1] + count[2], count[4] + count[5]
    if weak == len(found):
        return 1 if count[1] > count[2] else 2
    strength = high + (len(told) >= ACCOUNT)
    level = _MIDDLE
    if high and strength >= _FOR_HIGH:
        level = _TOP if count[5] >= _FOR_HIGH and strength >= _FOR_TOP else _HIGH
    return level - 1 if weak * 2 >= len(found) else level


def _abstain(competency: Competency, reason: str) -> CompetencyClaim:
    return CompetencyClaim(competency=competency.id, level=None, reason=reason)


def _quotes(
    said: Sequence[Heard], found: Sequence[Found], level: int, turns: Mapping[int, str]
) -> tuple[QuoteClaim, ...]:
    """The sentences that show most on the side of the scale where the level lies; a short one takes its whole turn."""
    sides = {one.indicator: one.level for one in found if (one.level > _LOW) == (level > _LOW)}
    telling = [one for one in said if any(indicator in sides for indicator in one.shown)]
    telling.sort(key=lambda one: -max(sides.get(indicator, 0) for indicator in one.shown))
    return tuple(
        QuoteClaim(one.turn, one.text if len(one.text) >= MIN_QUOTE else turns[one.turn])
        for one in telling[:MAX_QUOTES]
    )


def _rationale(found: Sequence[Found], told: Sequence[Signal]) -> str:
    shown = "; ".join(f"{one.text} (level {one.level})" for one in found)
    account = f" The answer gives {', '.join(told)}." if told else ""
    return f"Found by the rubric's cues: {shown}.{account}"
